# SPDX-License-Identifier: MIT
# Commissioning: who answers on a line, another unit id, watchdogs proven by silence; on benchsim's devices and on a slave by
# pymodbus; and never on a line that a station holds.
SPEED=1
. tests/system/lib.sh
device() { "$BIN/benchctl" device "$@"; }
quick="--ids 1-2 --timeout 150 --baud 9600 --sim-dir $SIM"

# A line for each kind of device, each with unit id 1, as they are delivered; and one line with two.
{
	echo 'fixture: parts_alone'
	echo 'title: {en: Parts alone, zh: 单个部件}'
	echo 'simulated: yes'
	echo 'buses:'
	for n in probe relays currents pzem gauge meter tm eletech adam two; do
		echo "  $n: {kind: modbus_rtu, port: \"sim:$n\", baud: 9600}"
	done
	cat <<'YAML'
devices:
  probe: {driver: ectds10, bus: probe, unit: 1}
  relays: {driver: waveshare_relay8, bus: relays, unit: 1}
  currents: {driver: waveshare_ai8, bus: currents, unit: 1}
  pzem: {driver: pzem016, bus: pzem, unit: 1}
  gauge: {driver: pressure_i16, bus: gauge, unit: 1, options: {unit: kPa, decimals: 1, full_scale_mpa: 1}}
  meter: {driver: sdm120, bus: meter, unit: 1}
  tm: {driver: tm_r5, bus: tm, unit: 1, options: {watchdog_s: 1}}
  eletech: {driver: r421a08, bus: eletech, unit: 1}
  adam: {driver: adam4117, bus: adam, unit: 1}
  two_a: {driver: ectds10, bus: two, unit: 1}
  two_b: {driver: pressure_f32, bus: two, unit: 2}
bays:
  "1": {}
channels:
  - {name: feed_pressure, point: gauge.pressure, poll: 200 ms, stale: 1 s, range: -0.02..1.02 MPa, resolution: 0.0005 MPa,
     uncertainty: 0.002 MPa}
outputs:
  - {name: feed_valve, kind: valve, point: tm.relay1, safe: closed, max_on: 1 h, trips: no}
interlocks:
  over_pressure: {title: {en: Over-pressure, zh: 超压}, class: over_pressure, when: feed_pressure > 0.44 MPa, debounce: 2 s}
stop:
  - {set: feed_valve, to: closed, wait: 1 s}
proof:
  within: 20 s
  holds: [feed_pressure < 0.02 MPa]
YAML
} >"$WORK/alone.yaml"
FIXTURE=$WORK/alone.yaml
start_sim

# shellcheck disable=SC2086
found() { device scan "sim:$1" $quick; }
check "a probe is known" has "9600 8N1  unit 1  ectds10" found probe
check "a relay board" has "unit 1  waveshare_relay8" found relays
check "its sister with current inputs" has "unit 1  waveshare_ai8" found currents
check "a power meter" has "unit 1  pzem016" found pzem
check "a transmitter in another unit, saying so" has "pressure_i16: Pressure transmitter, integer register; its unit" found gauge
check "another meter" has "unit 1  sdm120" found meter
check "a board with a watchdog" has "unit 1  tm_r5" found tm
check "a board of commands" has "unit 1  r421a08" found eletech
check "a current input" has "unit 1  adam4117" found adam
check "two on one line" has "2 devices answer" found two
# shellcheck disable=SC2086
check "for programs" is "ectds10" at devices.0.driver device scan sim:probe $quick --json
# shellcheck disable=SC2086
check "nobody there: exit 1" code 1 device scan sim:probe --ids 6-6 --timeout 60 --baud 9600 --sim-dir "$SIM"
check "a port that is not there: exit 2" refused 2 "no such simulated port" device scan sim:none --sim-dir "$SIM"

# shellcheck disable=SC2086
check "the probe gets another id" has "unit id 1 is now 2 (ectds10" device set-address sim:probe 1 2 $quick
check "and answers there" has "unit 2  ectds10" found probe
# shellcheck disable=SC2086
check "so do the meter" has "is now 2 (sdm120" device set-address sim:meter 1 2 $quick
# shellcheck disable=SC2086
check "and the transmitter" has "is now 2 (pressure_i16" device set-address sim:gauge 1 2 $quick
# shellcheck disable=SC2086
check "a board with switches says so" refused 1 "is set by its DIP switches" device set-address sim:eletech 1 2 $quick
# shellcheck disable=SC2086
check "two devices on the line: refused" refused 1 "leave one on it" device set-address sim:two 1 2 $quick
# shellcheck disable=SC2086
check "not at that id: refused" refused 1 "has unit id 2" device set-address sim:probe 1 2 $quick
# shellcheck disable=SC2086
check "an id that is none: exit 2" code 2 device set-address sim:probe 2 248 $quick
check "too few words: exit 2" code 2 device set-address sim:probe 2

check "a watchdog is not proven without --yes" refused 2 "say --yes" device prove-watchdog "$FIXTURE" --sim-dir "$SIM"
check "with it, by silence" has "watchdog of 1 s proven" device prove-watchdog "$FIXTURE" --yes --sim-dir "$SIM"
check "the output is off again" output_is feed_valve 0
sed 's/tm_r5, bus: tm, unit: 1, options: {watchdog_s: 1}/register_map, bus: tm, unit: 1, options: {points: {relay1: {register: 0, quantity: state, direction: read_write}}, settings: {time: {register: 488, value: 30}}, watchdog_s: 1}/' \
	"$FIXTURE" >"$WORK/claims.yaml"
check "a board that takes longer than it says" refused 1 "NOT PROVEN: its output is still on" \
	device prove-watchdog "$WORK/claims.yaml" --yes --sim-dir "$SIM"
check "the output is off even so" output_is feed_valve 0

# ---- software that is not ours ----
PYTHON=
for p in python3 /usr/bin/python3; do
	[ -z "$PYTHON" ] && "$p" -c 'import pymodbus.server' >/dev/null 2>&1 && PYTHON=$p
done
if [ -n "$PYTHON" ]; then
	"$PYTHON" tests/system/pymodbus_probe.py 2 >"$WORK/slave.path" 2>"$WORK/slave.log" &
	slave=$!
	EXTRA_PIDS=$slave
	wait_for 10 test -s "$WORK/slave.path"
	line=$(cat "$WORK/slave.path")
	check "pymodbus' slave is known" has "unit 2  ectds10" device scan "$line" --ids 2-3 --timeout 200 --baud 9600
	check "and gets another id" has "unit id 2 is now 3 (ectds10" device set-address "$line" 2 3 --ids 2-3 --timeout 200
	check "where it answers" has "unit 3  ectds10" device scan "$line" --ids 2-3 --timeout 200 --baud 9600
	kill "$slave"
	wait "$slave" 2>/dev/null
	EXTRA_PIDS=
else
	skip "pymodbus is not installed"
fi
stop_sim

# ---- a station at work ----
FIXTURE=$PWD/fixtures/sim.yaml
SPEED=10
start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station
check "a station is ready" ready 1
# On a pty the simulator has the other end open too, and may be the one that is named.
check "its line is refused, naming who has it" refused 1 "is held by process" device scan sim:meters --sim-dir "$SIM"
check "set-address too" refused 1 "nothing was sent" device set-address sim:meters 21 5 --sim-dir "$SIM"
check "the station was not disturbed" ready 1
check "nothing was reported by a sanitizer" clean_logs
finish
