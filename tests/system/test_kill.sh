# SPDX-License-Identifier: MIT
# kill -9 in the middle of a run: benchd, benchd-io with and without a dead-man line, benchd-web.
. tests/system/lib.sh

begin_run() { # waits until water runs
	ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick \
		>"$WORK/start.log" 2>&1 || { cat "$WORK/start.log"; return 1; }
	RUN=$(run_of 1)
	wait_for 40 has "ok 1" sim output feed_valve 1
}
dropped() { # outputs as the rig's side sees them
	has "ok 0" sim output feed_valve 1 && has "ok 0" sim output unit_power_supply 1
}
units="--unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002"

# ---- benchd ----
# shellcheck disable=SC2086
start_sim $units --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
add_tickets
check "a run is making water" begin_run
io=$(child benchd-io)
killed_ms=$(sim stats | sed -n 's/.*mono_ms=\([0-9]*\).*/\1/p')
kill -KILL "$STATION_PID"
wait "$STATION_PID" 2>/dev/null
STATION_PID=
check "benchd killed: the outputs drop" wait_for 5 dropped
changed_ms=$(sim output feed_valve 1 | sed -n 's/.*mono_ms=\([0-9]*\).*/\1/p')
check "benchd killed: they dropped within 600 ms as the rig saw it" \
	sh -c "echo killed at $killed_ms, dropped at $changed_ms; [ $changed_ms -ge $killed_ms ] && [ $changed_ms -le $((killed_ms + 600)) ]"
check "benchd-io ends by itself after its proof" wait_for 30 gone "$io"
check "benchd killed: the rig is safe" wait_for 30 has "ok 1" sim safe 1
start_station
check "after the restart the bay becomes ready" ready 1
check "the run was closed as interrupted" ended "$RUN" interrupted
check "no output was resumed" dropped

# ---- benchd-io, dead-man line ----
check "another run is making water" begin_run
io=$(child benchd-io)
kill -KILL "$io"
check "benchd-io killed: the outputs drop" wait_for 5 dropped
check "benchd-io killed: the run ends as error" wait_for 60 ended "$RUN" error
check "benchd-io killed: the cause is io_lost" has io_lost ctl --json run show "$RUN"
check "benchd-io killed: made safe" wait_for 30 has "ok 1" sim safe 1
check "benchd-io is started again and the bay ready" ready 1

# ---- benchd-web ----
check "a third run is making water" begin_run
web=$(child benchd-web)
kill -KILL "$web"
check "benchd-web killed: benchctl run abort still works" ctl run abort "$RUN"
check "benchd-web killed: the aborted run is recorded" wait_for 60 ended "$RUN" aborted
check "the bay is ready again" ready 1
check "a fourth run is making water" begin_run
wait_for 10 child benchd-web && kill -KILL "$(child benchd-web)"
check "benchd-web killed: the run reaches its verdict" wait_for 120 ended "$RUN" pass
stop_station TERM
stop_sim

# ---- benchd-io without a dead-man line ----
rm -rf "$STATE"
grep -v '^dead_man:' "$FIXTURE" >"$WORK/nodeadman.yaml"
FIXTURE=$WORK/nodeadman.yaml
# shellcheck disable=SC2086
start_sim $units --operator "$STATE/ctl.sock"
start_station
check "without a dead-man line: ready" ready 1
add_tickets
check "without a dead-man line: a run is making water" begin_run
kill -KILL "$(child benchd-io)"
check "without a dead-man line: made safe by benchd-io --make-safe" wait_for 30 dropped
check "without a dead-man line: the run ends as error" wait_for 60 ended "$RUN" error
check "without a dead-man line: io_lost" has io_lost ctl --json run show "$RUN"
check "without a dead-man line: the rig is safe" wait_for 30 has "ok 1" sim safe 1
finish
