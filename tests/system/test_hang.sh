# SPDX-License-Identifier: MIT
# Daemons that hang (SIGSTOP) in the middle of a run, and an end by SIGTERM with outputs on.
. tests/system/lib.sh

begin_run() { # waits until the unit has power
	ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick \
		>"$WORK/start.log" 2>&1 || { cat "$WORK/start.log"; return 1; }
	RUN=$(run_of 1)
	wait_for 40 has "ok 1" sim output unit_power_supply 1
}
dropped() {
	has "ok 0" sim output feed_valve 1 && has "ok 0" sim output unit_power_supply 1
}
ms_of() { sed -n 's/.*mono_ms=\([0-9]*\).*/\1/p'; }

start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
add_tickets

check "a run is making water" begin_run
hung_ms=$(sim stats | sed -n 's/^ok mono_ms=\([0-9]*\).*/\1/p')
kill -STOP "$STATION_PID"
check "benchd hangs: the outputs drop" wait_for 5 dropped
changed_ms=$(sim output unit_power_supply 1 | ms_of)
check "benchd hangs: they dropped within 600 ms of it" \
	sh -c "echo hung at $hung_ms, dropped at $changed_ms; [ $changed_ms -ge $hung_ms ] && [ $changed_ms -le $((hung_ms + 600)) ]"
kill -CONT "$STATION_PID"
check "benchd goes on: that run has not passed, it ended as tripped or error" \
	wait_for 60 sh -c "'$BIN/benchctl' --state '$STATE' --json run list | tr '{' '\\n' | grep -F '$RUN' | grep -qE '\"verdict\":\"(error|tripped)\"'"
check "benchd goes on: nothing was resumed" dropped
wait_for 4 bay_is 1 ready || ctl bay reset 1 >/dev/null 2>&1
check "the bay becomes ready" ready 1

check "another run is making water" begin_run
io=$(child benchd-io)
kill -STOP "$io"
check "benchd-io hangs: the outputs drop" wait_for 6 dropped
check "benchd-io hangs: it is killed" wait_for 10 gone "$io"
check "benchd-io hangs: the run ends as error" wait_for 60 ended "$RUN" error
check "benchd-io hangs: the rig is safe" wait_for 30 has "ok 1" sim safe 1
check "a new benchd-io readies the bay" ready 1

check "a third run is making water" begin_run
stop_station TERM
check "SIGTERM: exit code 0" test "$STATION_CODE" = 0
check "SIGTERM: outputs are off" dropped
check "SIGTERM: the rig is safe" has "ok 1" sim safe 1
start_station
check "the station starts again" ready 1
check "that run is recorded as aborted" ended "$RUN" aborted
finish
