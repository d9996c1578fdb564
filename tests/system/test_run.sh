# SPDX-License-Identifier: MIT
# The main job: two units side by side, one healthy, one with a torn membrane.
. tests/system/lib.sh

start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --fault 2:membrane_torn \
	--operator "$STATE/ctl.sock"
start_station
check "both bays are proven safe and ready" ready 1 2
check "two tickets are taken, one unit goes back by mail" add_tickets
ctl ticket add T-1002 --serial RO600-24000102 --model RO600 --mail-back --change >/dev/null
ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick --watch \
	>"$WORK/run1.log" 2>&1 &
p1=$!
ctl run start --bay 2 --ticket T-1002 --serial RO600-24000102 --type post_repair_qc --profile ro600_quick --watch \
	>"$WORK/run2.log" 2>&1 &
p2=$!
wait $p1; c1=$?
wait $p2; c2=$?
check "the healthy unit passes (exit code 0)" test $c1 = 0
check "the torn membrane fails (exit code 1)" test $c2 = 1
check "the failed measurement is named, with value, limit and unit" grep -qE "failed: rejection \(Rejection\) [0-9.]+ %, limits >= 90 %\$" "$WORK/run2.log"
check "head and verdict of the result say that it is simulated" sh -c \
	"grep -qE '^SIMULATED  bay 1 .* PASS\$' $WORK/run1.log && grep -qE 'verdict: PASS  SIMULATED' $WORK/run1.log"
check "so does every line while it runs" sh -c "! grep 'elapsed' $WORK/run1.log $WORK/run2.log | grep -v ':SIMULATED bay'"
verdicts_of() { at 'runs.*.verdict' ctl --json run list --ticket "$1"; }
check "the record has the pass" is pass verdicts_of T-1001
check "the record has the fail" is fail verdicts_of T-1002
found() { at 'runs.*.ticket' ctl --json run list "$@"; }
check "a run is found by model, verdict and time" is T-1002 found --model RO600 --verdict fail --from 2026-01-01T00:00:00Z
check "before that time there is none" is "" found --to 2026-01-01T00:00:00Z
check "of the next page the last is told" is "$(at runs.1.id ctl --json run list)" at runs.0.id ctl --json run list --limit 1 \
	--before "$(at next ctl --json run list --limit 1)"
check "and where the list goes on" has "there may be more: --before $(at runs.0.id ctl --json run list)" ctl run list --limit 1
check "rejection is recorded as failed" is fail measured "$(at runs.0.id ctl --json run list --ticket T-1002)" rejection
check "the healthy unit may not leave, for these reasons and no other" \
	is "acceptance_missing limit_assumed profile_not_releasable profile_unapproved simulated trial_run_missing " reasons T-1001
check "the torn one for one more" \
	is "limit_assumed profile_not_releasable profile_unapproved run_not_pass simulated trial_run_missing " reasons T-1002
check "each is blocked, and would be on a real rig" \
	sh -c "'$BIN/benchctl' --state '$STATE' --json release show T-1001 | '$BIN/tests/system/jsonget' would_be | grep -qx blocked"
check "release show: exit code 1" code 1 ctl release show T-1001
ctl key show --pem >"$WORK/station.pem"
ctl --json release show T-1001 >"$WORK/release.json"
check "it is signed by the station" has "as it was signed" ctl verify "$WORK/release.json" --key "$WORK/station.pem"
if command -v sqlite3 >/dev/null; then
	check "the database is whole" has ok sqlite3 "$STATE/benchd.db" 'PRAGMA integrity_check'
	check "two runs have ended in it" has 2 sqlite3 "$STATE/benchd.db" 'SELECT count(*) FROM run_end'
else
	skip "sqlite3 is not installed"
fi
check "each run has its trace" test "$(ls "$STATE"/segments/*.col | wc -l)" = 2
torn=$(at runs.0.id ctl --json run list --ticket T-1002)
check "the readings come as a table" ctl run trace "$torn" "$WORK/trace.csv"
check "of every channel" has ",feed_flow," cat "$WORK/trace.csv"
check "which is not written over" refused 2 "exists already" ctl run trace "$torn" "$WORK/trace.csv"
check "as many in JSON" is "$(($(wc -l <"$WORK/trace.csv") - 1))" sh -c "'$BIN/benchctl' --state '$STATE' --json run trace $torn | python3 -c 'import json, sys; rows = json.load(sys.stdin)[\"rows\"]; print(len(rows)); rows[0][\"at_s\"] + rows[0][\"raw\"]'"
check "of no run there is none" refused 2 "there is no run" ctl run trace nothing
stop_station TERM
check "the station stops with exit code 0" test "$STATION_CODE" = 0
check "bay 1 is physically safe" has "ok 1" sim safe 1
check "bay 2 is physically safe" has "ok 1" sim safe 2
check "no socket is left" test -z "$(find "$STATE" -type s)"
check "nothing was reported by a sanitizer" clean_logs
finish
