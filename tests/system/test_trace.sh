# SPDX-License-Identifier: MIT
# What the daemons record of every bus is played back through the bus machine and comes to the same ends.
SPEED=${SPEED:-5}
. tests/system/lib.sh
TRACES=$WORK/traces
PLAYER=$BIN/tests/replay/test_bus_replay
mkdir -p "$TRACES"
# holds BUS PATTERN COUNT: the recording has that at least so often (it is written out once a second)
holds() { [ "$(grep -c -- "$2" "$TRACES/$1.trace")" -ge "$3" ]; }
ups() { holds "$1" " ! - up" "$2"; }
# played BUS NAME COUNT: it plays back, and NAME was counted at least so often
played() {
	"$PLAYER" "$TRACES/$1.trace" >"$WORK/played.$1" || { cat "$WORK/played.$1"; return 1; }
	cat "$WORK/played.$1"
	counted=$(sed -n "s/.* $2=\([0-9]*\).*/\1/p" "$WORK/played.$1")
	[ "${counted:-0}" -ge "$3" ]
}
# spoilt BUS PATTERN OTHER: with the last PATTERN made another it does not play back
spoilt() {
	sed "$(grep -n -- "$2" "$TRACES/$1.trace" | tail -n 1 | cut -d : -f 1)s/$2/$3/" "$TRACES/$1.trace" >"$WORK/spoilt.trace"
	! cmp -s "$WORK/spoilt.trace" "$TRACES/$1.trace" && ! "$PLAYER" "$WORK/spoilt.trace"
}

start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --operator "$STATE/ctl.sock"
start_station --trace "$TRACES"
check "both bays are proven safe and ready" ready 1 2
check "two tickets are taken" add_tickets
check "a code is scanned" sim scan 1 T-1001
check "and recorded" wait_for 20 holds scan1 " < 542d31303031" 1
check "a run begins" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick
check "a probe of the other bay answers late" sim busfault permeate_probe_2:late=0.5
check "another code is scanned there" sim scan 2 RO600-24000102
check "and recorded too" wait_for 20 holds scan2 " < 524f3630302d" 1
check "replies that came late are recorded" wait_for 40 holds meters "late reply thrown away" 3
check "the probe answers in time again" sim busfault permeate_probe_2:none
check "so are pulses" wait_for 40 holds gpio " < - line=.* pulses=[1-9]" 20
check "so are writes of the regulator" wait_for 40 holds tcp " > 0110" 3
for line in io meters tcp gpio scan1; do
	check "$line is pulled out" sim unplug $line
	check "that is recorded" wait_for 20 holds $line " ! - down: " 1
	check "and it is plugged in" sim plug $line
	check "that too" wait_for 20 ups $line 2
done
stop_station TERM

check "every bus has its recording" test "$(ls "$TRACES" | tr '\n' ' ')" = "gpio.trace io.trace meters.trace scan1.trace scan2.trace tcp.trace "
check "the relays and inputs play back, every register as recorded" played io values 300
check "the meters play back, every register as recorded" played meters values 100
check "their late replies end as they did" played meters no_reply 3
check "Modbus TCP plays back, every register as recorded" played tcp values 100
check "the GPIO lines play back, every level and pulse as told" played gpio levels 1000
check "and every line that was set" played gpio transactions 20
check "the scanners play back" played scan1 transactions 1
check "both of them" played scan2 transactions 1
check "an answer of a meter told otherwise is noticed" spoilt meters " < 1503\\(....\\)" " < 1503\\1ff"
check "a GPIO line told otherwise is noticed" spoilt gpio " value=0" " value=1"
check "a GPIO pulse less is noticed" spoilt gpio " ! - line=\\(.*\\) pulses=\\([1-9]\\)" " ! - line=\\1 pulses=9\\2"
check "nothing was reported by a sanitizer" clean_logs
finish
