# SPDX-License-Identifier: MIT
# The main job: two units side by side, one healthy, one with a torn membrane.
. tests/system/lib.sh

start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --fault 2:membrane_torn \
	--operator "$STATE/ctl.sock"
start_station
check "both bays are proven safe and ready" ready 1 2
check "two tickets are taken" add_tickets
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
check "the failed measurement is named" has "ejection" cat "$WORK/run2.log"
check "the result says that it is simulated" has SIMULATED cat "$WORK/run1.log"
ctl --json run list >"$WORK/list.json"
check "the record has the pass" has '"verdict":"pass"' cat "$WORK/list.json"
check "the record has the fail" has '"verdict":"fail"' cat "$WORK/list.json"
check "the release is blocked because simulated" has '"simulated"' ctl --json release show T-1001
check "the release names the profile" has '"profile_not_releasable"' ctl --json release show T-1001
check "the failed run blocks the release" has '"run_not_pass"' ctl --json release show T-1002
if command -v sqlite3 >/dev/null; then
	check "the database is whole" has ok sqlite3 "$STATE/benchd.db" 'PRAGMA integrity_check'
	check "two runs have ended in it" has 2 sqlite3 "$STATE/benchd.db" 'SELECT count(*) FROM run_end'
else
	skip "sqlite3 is not installed"
fi
check "each run has its trace" test "$(ls "$STATE"/segments/*.col | wc -l)" = 2
stop_station TERM
check "the station stops with exit code 0" test "$STATION_CODE" = 0
check "bay 1 is physically safe" has "ok" sim safe 1
check "bay 2 is physically safe" has "ok" sim safe 2
check "no socket is left" test -z "$(find "$STATE" -type s)"
check "nothing was reported by a sanitizer" sh -c "! grep -hE 'ERROR: AddressSanitizer|runtime error|WARNING: ThreadSanitizer|LeakSanitizer' $WORK/*.log"
finish
