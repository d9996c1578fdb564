# SPDX-License-Identifier: MIT
# bench_pymodbus.py PORT BAUD SECONDS UNITS: the same reads by Debian's pymodbus. Prints as bench_rtu does.
import sys
import time

from pymodbus.client import ModbusSerialClient

port, baud, seconds, units = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
client = ModbusSerialClient(port, baudrate=baud, timeout=1, retries=0)  # it takes whole seconds only
client.connect()
end, cpu, n, i = time.monotonic() + seconds, time.process_time(), 0, 0
while time.monotonic() < end:
    n += not client.read_holding_registers(0, 10, slave=i + 1).isError()
    i = (i + 1) % units
cpu = time.process_time() - cpu
client.close()
print("transactions=%d cpu_us=%.1f" % (n, 1e6 * cpu / n if n else 0))
