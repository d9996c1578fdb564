# SPDX-License-Identifier: MIT
# A probe of the ECTDS10 class played by pymodbus on a pseudo-terminal of its own; prints the path of the other end.
# It takes another unit id in holding register 0x0200, and then listens to that alone.
import os, select, sys, threading, tty
from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import StartSerialServer
from pymodbus.transaction import ModbusRtuFramer


class Registers(ModbusSparseDataBlock):
    slaves = None

    def setValues(self, address, values, use_as_default=False):
        super().setValues(address, values)
        if address == 0x0200:
            self.move(values[0] if isinstance(values, list) else values)

    def move(self, unit):
        old = list(self.slaves.slaves())[0]
        if unit != old:
            self.slaves[unit] = self.slaves[old]
            del self.slaves[old]


def pipe(a, b):
    while True:
        for fd in select.select([a, b], [], [])[0]:
            os.write(b if fd == a else a, os.read(fd, 256))


first = int(sys.argv[1])
near, near_end = os.openpty()
far, far_end = os.openpty()
for fd in (near, near_end, far, far_end):
    tty.setraw(fd)
threading.Thread(target=pipe, args=(near, far), daemon=True).start()
block = Registers({0: 2630, 1: 0, 2: 1413, 3: 700, 4: 706, 0x22: 20, 0x0200: first, 0x0201: 3})
unit = ModbusSlaveContext(hr=block, ir=block, zero_mode=True)
Registers.slaves = ModbusServerContext(slaves={first: unit}, single=False)
print(os.ttyname(far_end), flush=True)
StartSerialServer(context=Registers.slaves, framer=ModbusRtuFramer, port=os.ttyname(near_end), baudrate=9600, timeout=0.02,
                  ignore_missing_slaves=True)
