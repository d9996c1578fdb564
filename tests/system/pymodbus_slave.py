# SPDX-License-Identifier: MIT
# A slave by pymodbus (Debian's), for the tests of our master against software that is not ours:
#   pymodbus_slave.py rtu LINK UNIT REGISTER=VALUE...   a pseudo-terminal with a link to it
#   pymodbus_slave.py tcp FILE UNIT REGISTER=VALUE...   a port of the loopback, "127.0.0.1:PORT" in FILE
# Holding and input registers alike start with the values given. Each write is printed as "REGISTER=VALUE".
import os
import select
import socket
import sys
import threading
import tty

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.transaction import ModbusRtuFramer


class Told(ModbusSequentialDataBlock):
    def setValues(self, address, values):
        super().setValues(address, values)
        for i, v in enumerate(values):
            print(f"{address + i}={v}", flush=True)


def raw_pty():
    master, slave = os.openpty()
    tty.setraw(slave)
    return master, slave


def join(a, b):  # two masters: what comes from one goes to the other
    while True:
        for fd in select.select([a, b], [], [])[0]:
            os.write(b if fd == a else a, os.read(fd, 512))


kind, path, unit = sys.argv[1:4]
registers = [0] * 256
for word in sys.argv[4:]:
    at, value = word.split("=")
    registers[int(at)] = int(value, 0)
slave = ModbusSlaveContext(hr=Told(0, list(registers)), ir=ModbusSequentialDataBlock(0, list(registers)), zero_mode=True)
context = ModbusServerContext(slaves={int(unit): slave}, single=False)
if kind == "rtu":
    ours, theirs = raw_pty(), raw_pty()
    threading.Thread(target=join, args=(ours[0], theirs[0]), daemon=True).start()
    if os.path.islink(path):
        os.unlink(path)
    os.symlink(os.ttyname(theirs[1]), path)
    StartSerialServer(context=context, framer=ModbusRtuFramer, port=os.ttyname(ours[1]), baudrate=9600)
else:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with open(path, "w", encoding="ascii") as f:
        f.write(f"127.0.0.1:{port}\n")
    StartTcpServer(context=context, address=("127.0.0.1", port))
