# SPDX-License-Identifier: MIT
# The real libgpiod and benchd-io's gpiod_v1.c on chips that tests/fake/gpioshim.c stands in for, by a preload: E-stop, pulses, lines
# by name on a chip by label, whatever its number, lines that others hold, a chip that refuses and one that goes.
SPEED=1
. tests/system/lib.sh
SHIM=$WORK/gpioshim.so
export GPIOSHIM="$WORK/gpio.state" GPIOSHIM_LABELS=bench,other
GPIOSHIM_NAMES=$(sed -n 's/.*{line: \([a-z_0-9]*\), direction.*/\1/p; s/.*options: {line: \([a-z_0-9]*\),.*/\1/p' "$FIXTURE" | tr '\n' ',')
export GPIOSHIM_NAMES
# Here it goes by the clock of the wall and about the chip: a benchsim that waits for its turn on a busy machine is no dead slave.
sed 's/port: "sim:gpio"/port: "bench"/; s/\(kind: modbus_rtu, .*turnaround: [0-9]* ms\)}/\1, reply_timeout: 250 ms}/' "$FIXTURE" >"$WORK/gpio.yaml"
sed '/^dead_man:/d' "$WORK/gpio.yaml" >"$WORK/sim.yaml" # benchsim sees no line of that chip

# byte OFFSET [VALUE]: of the chip's state; see tests/fake/gpioshim.c
byte() {
	if [ $# = 2 ]; then
		# shellcheck disable=SC2059
		printf "$(printf '\\%03o' "$2")" | dd of="$GPIOSHIM" bs=1 seek="$1" conv=notrunc status=none
	else
		od -An -tu1 -j"$1" -N1 "$GPIOSHIM" | tr -d ' '
	fi
}
line() { echo "$GPIOSHIM_NAMES" | tr ',' '\n' | grep -nx "$1" | sed 's/:.*//' | awk '{ print $1 - 1 }'; }
level() { byte $((64 + $(line "$1"))) "$2"; } # an input
held_as() { is "$2" byte $((128 + $(line "$1"))); }
drives() { is "$2" byte "$(line "$1")"; } # an output
beats() { wait_for 3 drives dead_man 1 && wait_for 3 drives dead_man 0 && wait_for 3 drives dead_man 1; }
start() { LD_PRELOAD=$SHIM start_station; }
make_safe() { LD_PRELOAD=$SHIM "$BIN/benchd-io" --fixture "$FIXTURE" --sim-dir "$SIM" --make-safe --log error; }
flow_is() { has "\"channel\":\"feed_flow\",\"value\":$1" ctl --json bay show 1; }
reset_if_tripped() { bay_is 1 ready || ctl bay reset 1; }
reason() { has "$1" ctl --json bay show 1; }

check "the stand-in builds" ${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$SHIM" tests/fake/gpioshim.c -ldl -lpthread
FIXTURE=$WORK/sim.yaml
start_sim --unit 1:RO600:RO600-24000101 --operator "$STATE/ctl.sock"
FIXTURE=$WORK/gpio.yaml
start
check "both bays are ready, their lines on a chip by its label" ready 1 2
check "the E-stop's line is held for edges" held_as estop 3
check "a lamp's line as an output" held_as red_1 1
check "the flow meter's line for edges" held_as feed_flow_1 3
check "no pulses are no flow" flow_is 0
byte 193 "$(line feed_flow_1)"
byte 194 25
check "25 pulses a second are 1.5 L/min" wait_for 10 flow_is 1.5
byte 194 0
check "none again are none" wait_for 10 flow_is 0

check "a ticket" add_tickets
check "a run is asked for" has run ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick
check "it is under way: a valve is open" wait_for 40 output_is supply_valve 1
check "and the dead-man line beats" beats
level estop 1
check "an edge of the E-stop shuts it" wait_for 5 output_is supply_valve 0
check "and trips the bay" wait_for 10 bay_is 1 tripped
level estop 0
check "which stays so when it is released" bay_is 1 tripped
check "until somebody resets it" wait_for 10 ctl bay reset 1
check "and the other one" ctl bay reset 2
check "then they are ready" ready 1 2
check "the other bay's lamp line was never let go" held_as red_2 1

check "another run" has run ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick
check "is under way" wait_for 40 output_is supply_valve 1
byte 192 1
check "R9: a chip that refuses a line's level takes the bay to safety by its relays" wait_for 5 output_is supply_valve 0
byte 192 0
check "then it is reset" wait_for 30 reset_if_tripped
ctl bay reset 2 >/dev/null 2>&1
check "and ready" ready 1 2

byte 192 2
check "R9: a chip that goes is missed" wait_for 10 bay_is 1 not_ready
check "by its name" reason "bench"
byte 192 0
check "one that is back is taken again" ready 1 2
check "with all its lines" held_as estop 3
stop_station TERM
check "lines are let go at the end" held_as estop 0

byte $((128 + $(line reset))) 9
check "R7: a line that another holds: exit 75, told by whom" refused 75 "line reset of chip bench is held by someone else" make_safe
byte $((128 + $(line reset))) 0
check "nothing is left held" held_as estop 0
export GPIOSHIM_LABELS=other,bench
start
check "R8: with another number it is found by its label" ready 1 2
check "R8: and its lines by their names" held_as red_1 1
check "the other chip is left alone" is 0 byte $((256 + 128))
stop_station TERM
export GPIOSHIM_LABELS=other,
check "a chip that is not there is named" has "no GPIO chip has the label bench" make_safe
check "nothing was reported by a sanitizer" clean_logs
finish
