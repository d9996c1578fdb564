# SPDX-License-Identifier: MIT
# Daemons that hang (SIGSTOP) in the middle of a run, an end by SIGTERM with outputs on, a bay that a run locks.
. tests/system/lib.sh

dropped() {
	output_is feed_valve 0 && output_is unit_power_supply 0
}
state_of() { at state ctl --json bay show "$1"; }

start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
add_tickets

check "a run is making water" begin_run unit_power_supply
kill -STOP "$STATION_PID"
check "benchd hangs: the outputs drop" wait_for 5 dropped
dropped_ms=$(changed_ms unit_power_supply)
kill -CONT "$STATION_PID"
check "benchd goes on: that run ended as error" wait_for 60 ended "$RUN" error
check "benchd goes on: the cause is the lost lease" has "lease lost" at reason.text ctl --json run show "$RUN"
check "benchd goes on: nothing was resumed" is "$dropped_ms" changed_ms unit_power_supply
check "the bay waits for a reset" is tripped state_of 1
check "reset of the bay" ctl bay reset 1
check "readies it" ready 1

check "another run is making water" begin_run unit_power_supply
io=$(child benchd-io)
kill -STOP "$io"
check "benchd-io hangs: the outputs drop" wait_for 6 dropped
check "benchd-io hangs: it is killed" wait_for 10 gone "$io"
check "benchd-io hangs: the run ends as error" wait_for 60 ended "$RUN" error
check "benchd-io hangs: the rig is safe" wait_for 30 has "ok 1" sim safe 1
check "a new benchd-io readies the bay" ready 1

check "a third run is making water" begin_run unit_power_supply
stop_station TERM
check "SIGTERM: exit code 0" test "$STATION_CODE" = 0
check "SIGTERM: outputs are off" dropped
check "SIGTERM: the rig is safe" has "ok 1" sim safe 1
start_station
check "the station starts again" ready 1
check "that run is recorded as aborted" ended "$RUN" aborted

check "a valve is welded" sim fault 1:rig_relay_welded_v02
begin_run >/dev/null
RUN=$(run_of 1)
check "the run finds it" wait_for 60 ended "$RUN" error
check "the bay is locked" wait_for 10 is locked state_of 1
check "for doctor too" has "bay 1 is locked: feed_flow" ctl doctor
alerted() { rm -f "$WORK/chain"; ctl export chain "$WORK/chain" && grep -q '"alert":"bay_locked".*"state":"raised"' "$WORK/chain"; }
check "and whoever is alerted" wait_for 10 alerted
check "nothing starts there" refused 2 "bay 1 is locked" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
check "it is mended" sim fault 1:none
check "a person resets it" ctl bay reset 1
check "and it is ready" ready 1
check "nothing was reported by a sanitizer" clean_logs
finish
