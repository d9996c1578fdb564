# SPDX-License-Identifier: MIT
# benchsim read by programs that are not ours: mbpoll, pymodbus. And its manners: usage, refusals, cleaning up.
. tests/system/lib.sh

# lacks_value COMMAND...: it prints no register
lacks_value() { lacks_value_out=$("$@" 2>&1); printf '%s\n' "$lacks_value_out"; case $lacks_value_out in *"[3]:"*) return 1 ;; esac; }
# Each fault of the list is taken for a device and for a line, and ended.
every_fault() {
	"$BIN/benchsim" --list-faults | awk '$2 != "plant" { print $1 }' >"$WORK/faults"
	[ "$(wc -l <"$WORK/faults")" -ge 30 ] || return 1
	while read -r f; do
		has ok sim busfault "power_2:$f" || return 1
		[ "$f" = reboot ] || has ok sim busfault "meters:$f" || return 1
	done <"$WORK/faults"
	has ok sim busfault power_2:none && has ok sim busfault meters:none
}
start_sim --unit 1:RO600:RO600-24000101 --fault 1:membrane_torn
check "ports are there" test -L "$SIM/io" -a -L "$SIM/meters" -a -S "$SIM/gpio.gpio" -a -f "$SIM/tcp.tcp"
check "a bay without water is safe" has "ok 1" sim safe 1
TCP=$(sed 's/.*://' "$SIM/tcp.tcp")

if command -v mbpoll >/dev/null 2>&1; then
	check "mbpoll switches relays" mbpoll -m rtu -a 1 -b 115200 -P none -t 0 -r 1 "$SIM/io" 1 0 0 0 0 0 0 1
	check "and the world saw it" has "commanded=1" sim output supply_valve 1
	check "mbpoll reads a probe" has "[3]:" mbpoll -m rtu -a 21 -b 9600 -P none -t 4 -r 1 -c 5 -1 "$SIM/meters"
	check "mbpoll writes a setpoint by TCP" mbpoll -m tcp -p "$TCP" -a 1 -t 4 -r 1 127.0.0.1 250
	check "and the world saw that" has "commanded=0.25" sim output regulator 1
	probe() { mbpoll -m rtu -a 21 -b 9600 -P none -t 4 -r 1 -c 5 -o 0.3 -1 "$SIM/meters"; }
	for f in dead bad_crc truncated wrong_slave=100 wrong_function exception=2 late=2; do
		check "a probe with the fault $f is begun" has ok sim fault "feed_probe_1:$f"
		check "and mbpoll reads nothing from it" lacks_value probe
	done
	check "the fault is ended" has ok sim fault feed_probe_1:none
	check "and mbpoll reads it again" wait_for 5 has "[3]:" probe
else
	skip "mbpoll is not installed"
fi

PYTHON=
for p in python3 /usr/bin/python3; do
	[ -z "$PYTHON" ] && "$p" -c 'import pymodbus.client' >/dev/null 2>&1 && PYTHON=$p
done
by_pymodbus() {
	"$PYTHON" - "$SIM" "$TCP" <<'PY'
import sys
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
sim, port = sys.argv[1], int(sys.argv[2])
rtu = ModbusSerialClient(sim + "/meters", baudrate=9600, timeout=1)
assert rtu.connect()
probe = rtu.read_holding_registers(0, 5, slave=21)
assert not probe.isError() and 2300 < probe.registers[0] < 2700 and 480 < probe.registers[2] < 520, probe
power = rtu.read_input_registers(0, 10, slave=41)
assert not power.isError() and 2200 < power.registers[0] < 2400, power
assert rtu.read_holding_registers(0x1234, 1, slave=21).isError()
rtu.close()
tcp = ModbusTcpClient("127.0.0.1", port=port)
assert tcp.connect()
assert not tcp.write_register(0, 123, slave=1).isError()
assert tcp.read_holding_registers(0, 1, slave=1).registers == [123]
tcp.close()
PY
}
if [ -n "$PYTHON" ]; then
	check "pymodbus reads probe and meter, writes by TCP" by_pymodbus
else
	skip "pymodbus is not installed"
fi

check "every fault of --list-faults can be told" every_fault
check "a severity out of its range is refused with the right one" has "exception=K, K is 1 to 255 (code)" sim busfault power_2:exception=999
check "and so is one that has none" has "dead takes no number" sim busfault power_2:dead=1
check "two adapters are swapped" has ok sim swap io meters
check "and back" has ok sim swap io meters
check "an adapter of no name is refused" has "expected: swap NAME NAME" sim swap io nothing
check "the same folder is refused" code 75 "$BIN/benchsim" --fixture "$FIXTURE" --dir "$SIM"
check "naming who has it" has "pid $SIM_PID" "$BIN/benchsim" --fixture "$FIXTURE" --dir "$SIM"
check "a fault with a slip of the pen" has "did you mean 'membrane_torn'" "$BIN/benchsim" --fixture "$FIXTURE" \
	--dir "$WORK/other" --fault membrane_tron
check "exits 2" code 2 "$BIN/benchsim" --fixture "$FIXTURE" --dir "$WORK/other" --fault membrane_tron
check "and leaves no folder" test ! -e "$WORK/other"
check "a model that nobody can simulate exits 2, saying which can be" refused 2 "--unit wants a model with 600, 400, 800 or 75 in its code" \
	"$BIN/benchsim" --fixture "$FIXTURE" --dir "$WORK/other" --unit 1:XY1:S1
check "so does a line rate that there is not" refused 2 "--wire wants a rate of the kernel, 1200, 2400" \
	"$BIN/benchsim" --fixture "$FIXTURE" --dir "$WORK/other" --wire 12345
check "an unknown model is not mounted either" has "no unit of that model can be simulated" sim mount 1 XY1 S1
check "an unknown option exits 2" code 2 "$BIN/benchsim" --frobnicate
check "a fixture that is not there exits 2" code 2 "$BIN/benchsim" --fixture "$WORK/none.yaml" --dir "$WORK/other"
sed 's|sim:tcp|127.0.0.1:502|; s|sim:gpio|gpio-chip|; s|"sim:|"/dev/serial/by-id/|; s|^simulated:.*|simulated: no|' "$FIXTURE" >"$WORK/real.yaml"
check "a fixture without a port to simulate exits 2" code 2 timeout 10 "$BIN/benchsim" --fixture "$WORK/real.yaml" --dir "$WORK/other"
check "saying what to do" has "name its ports sim:NAME" timeout 10 "$BIN/benchsim" --fixture "$WORK/real.yaml" --dir "$WORK/other"
check "and leaves no folder either" test ! -e "$WORK/other"
check "help exits 0" code 0 "$BIN/benchsim" --help
check "quit is obeyed" has ok sim quit
check "nothing is left" wait_for 5 test ! -e "$SIM"
finish
