# SPDX-License-Identifier: MIT
# A device that is missing at start, a bus that dies during a run, E-stop and leak during a run.
. tests/system/lib.sh

start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --operator "$STATE/ctl.sock" \
	--bus-fault permeate_probe_2:dead
start_station
check "bay 1 is ready" ready 1
check "bay 2 is not ready" wait_for 30 bay_is 2 not_ready
check "and says which device" has permeate_probe_2 ctl bay show 2
check "a start there is refused with that reason" has permeate_probe_2 ctl run start --bay 2 --ticket T-1002
add_tickets
begin_run() {
	ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick >"$WORK/start.log" 2>&1 || {
		cat "$WORK/start.log"; return 1; }
	RUN=$(run_of 1)
	wait_for 40 has "ok 1" sim output feed_valve 1
}
check "the other bay runs" begin_run
check "the feed probe dies in the middle" sim busfault feed_probe_1:dead
check "the run ends as error" wait_for 60 ended "$RUN" error
check "naming the device" has feed_probe_1 ctl --json run show "$RUN"
check "the rig is safe" wait_for 30 has "ok 1" sim safe 1
check "the bay says what is missing" wait_for 30 has feed_probe_1 ctl bay show 1
check "the probe comes back" sim busfault feed_probe_1:none
check "and so does the bay" sh -c "true"
wait_for 4 bay_is 1 ready || ctl bay reset 1 >/dev/null 2>&1
check "the bay is ready again" ready 1

check "a run for the E-stop" begin_run
check "E-stop is pressed" sim estop on
check "the run is tripped" wait_for 60 ended "$RUN" tripped
check "outputs are off" has "ok 0" sim output unit_power_supply 1
check "it stays so after release" sim estop off
check "no output came back" has "ok 0" sim output unit_power_supply 1
check "the bay waits for a reset" has tripped ctl bay show 1
check "reset proves and readies it" ctl bay reset 1
check "ready after the reset" ready 1

check "a run for the leak" begin_run
check "the tray gets wet" sim fault 1:tray_leak
check "that run is tripped too" wait_for 60 ended "$RUN" tripped
check "the leak is a failed measurement" sh -c "'$BIN/benchctl' --state '$STATE' --json run show '$RUN' | grep -o '\"id\":\"leak\".*' | grep -q '\"verdict\":\"fail\"'"
finish
