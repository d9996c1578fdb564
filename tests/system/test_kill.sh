# SPDX-License-Identifier: MIT
# kill -9 in the middle of a run: benchd, benchd-io with and without a dead-man line, benchd-web.
. tests/system/lib.sh

# What carries energy or water here, as the rig's side sees it.
OUTPUTS="feed_valve supply_valve unit_power_supply supply_pump regulator"
dropped() {
	for o in $OUTPUTS; do output_is "$o" 0 || return 1; done
}
cut_not_commanded() { # every valve is without power while its relay still reads as commanded
	for o in feed_valve supply_valve unit_power_supply; do
		has "ok 0 " sim output "$o" 1 && has " commanded=1 " sim output "$o" 1 || return 1
	done
}
# Only --make-safe says this, into the station's log.
made_safe() { grep -q "^bay 1: safe: outputs read back, 3 conditions shown" "$WORK/benchd.log"; }
all_on() {
	for o in $OUTPUTS; do output_is "$o" 0 && return 1; done
	return 0
}
changes() { # when each changed last
	for o in $OUTPUTS; do echo "$o $(changed_ms "$o")"; done
}
within() { # since_ms limit_ms: every change of the file lies there
	awk -v from="$1" -v limit="$2" '{ print $1, "changed", $2 - from, "ms after the kill" }
		$2 < from || $2 > from + limit { bad = 1 } END { exit bad || NR == 0 }' "$WORK/changes"
}
unchanged() { changes | diff "$WORK/changes" -; }
units="--unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002"

# ---- benchd ----
# shellcheck disable=SC2086
start_sim $units --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
add_tickets
check "a run is making water, with the unit under power" begin_run unit_power_supply
check "all of it is on" all_on
io=$(child benchd-io)
killed_ms=$(rig_ms)
kill -KILL "$STATION_PID"
wait "$STATION_PID" 2>/dev/null
STATION_PID=
check "benchd killed: the outputs drop" wait_for 5 dropped
changes >"$WORK/changes"
check "benchd killed: each dropped within 600 ms as the rig saw it" within "$killed_ms" 600
check "benchd-io ends by itself after its proof" wait_for 30 gone "$io"
check "benchd killed: the rig is safe" wait_for 30 has "ok 1" sim safe 1
start_station
check "after the restart the bay becomes ready" ready 1
check "the run was closed as interrupted" ended "$RUN" interrupted
check "which says nothing of a bay that is locked" lacks "locked" ctl run show "$RUN"
check "and fails no ticket" is diagnosed at state ctl --json ticket show T-1001
check "no output was resumed: none has changed since" unchanged

# ---- benchd-io, dead-man line ----
check "another run is making water" begin_run
io=$(child benchd-io)
kill -KILL "$io"
check "benchd-io killed: the outputs drop" wait_for 5 dropped
check "benchd-io killed: the run ends as error" wait_for 60 ended "$RUN" error
check "benchd-io killed: the cause is io_lost" has io_lost ctl --json run show "$RUN"
check "benchd-io killed: made safe by benchd-io --make-safe, proven" wait_for 30 made_safe
check "benchd-io killed: the rig is safe" has "ok 1" sim safe 1
check "benchd-io is started again and the bay ready" ready 1

# ---- benchd-io dies and benchd cannot help: the line alone ----
check "a run for the dead-man line" begin_run unit_power_supply
io=$(child benchd-io)
kill -STOP "$STATION_PID"
kill -KILL "$io"
check "the dead-man line cuts the valves while the relays still read as on" wait_for 5 cut_not_commanded
kill -CONT "$STATION_PID"
check "benchd goes on: the run ends as error" wait_for 60 ended "$RUN" error
check "the rig is made safe" wait_for 30 has "ok 1" sim safe 1
check "benchd-io is started again once more and the bay ready" ready 1

# ---- benchd-web ----
check "a third run is making water" begin_run
web=$(child benchd-web)
check "there is a benchd-web to kill" test -n "$web"
kill -KILL "$web"
check "benchd-web killed: benchctl run abort still works" ctl run abort "$RUN"
check "benchd-web killed: the aborted run is recorded" wait_for 60 ended "$RUN" aborted
check "the bay is ready again" ready 1
check "a fourth run is making water" begin_run
wait_for 10 child benchd-web && kill -KILL "$(child benchd-web)"
reached() { wait_for 120 ended "$@" || { ctl run show "$1"; return 1; }; } # RUN VERDICT; else what was recorded
check "benchd-web killed: the run reaches its verdict" reached "$RUN" pass
stop_station TERM
stop_sim

# ---- benchd-io without a dead-man line ----
rm -rf "$STATE" "$WORK/benchd.log"
grep -v '^dead_man:' "$FIXTURE" >"$WORK/nodeadman.yaml"
FIXTURE=$WORK/nodeadman.yaml
# shellcheck disable=SC2086
start_sim $units --operator "$STATE/ctl.sock"
start_station
check "without a dead-man line: ready" ready 1
add_tickets
check "without a dead-man line: a run is making water" begin_run
kill -KILL "$(child benchd-io)"
check "without a dead-man line: the outputs drop" wait_for 30 dropped
check "without a dead-man line: by benchd-io --make-safe" wait_for 30 made_safe
check "without a dead-man line: the run ends as error" wait_for 60 ended "$RUN" error
check "without a dead-man line: io_lost" has io_lost ctl --json run show "$RUN"
check "without a dead-man line: the rig is safe" wait_for 30 has "ok 1" sim safe 1
check "nothing was reported by a sanitizer" clean_logs
finish
