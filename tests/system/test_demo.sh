# SPDX-License-Identifier: MIT
# The demo without a terminal, and Ctrl-C in the middle of it.
. tests/system/lib.sh

own() { pgrep -f "$WORK/demo" 2>/dev/null | grep -v "^$$\$"; }
none_left() { [ -z "$(own)" ]; }
"$BIN/benchctl" demo --dir "$WORK/demo" --port "$PORT" --fixture "$FIXTURE" --profiles "$PWD/profiles" >"$WORK/demo.log" 2>&1 </dev/null
code=$?
check "the demo comes out as expected (exit code 0)" test $code = 0
check "it shows the pass" has PASS cat "$WORK/demo.log"
check "everything is marked SIMULATED" has SIMULATED cat "$WORK/demo.log"
check "rejection is named as failed" sh -c "grep -iE 'reject' $WORK/demo.log | grep -iq fail"
check "the release reasons are shown" has profile_not_releasable cat "$WORK/demo.log"
check "would_be is shown" has would cat "$WORK/demo.log"
check "no process is left" wait_for 5 none_left
check "no socket is left" test -z "$(find "$WORK/demo" -type s 2>/dev/null)"
check "the record is kept" test -n "$(find "$WORK/demo" -name benchd.db)"
rm -rf "$WORK/demo"

for after in 1 4 9; do
	# a shell without job control starts background commands with SIGINT ignored
	env --default-signal=INT "$BIN/benchctl" demo --dir "$WORK/demo" --port "$PORT" --fixture "$FIXTURE" \
		--profiles "$PWD/profiles" >"$WORK/demo-$after.log" 2>&1 </dev/null &
	pid=$!
	sleep $after
	kill -INT $pid
	check "Ctrl-C after $after s ends the demo" wait_for 60 gone $pid
	wait $pid
	check "Ctrl-C after $after s: exit code 130" test $? = 130
	check "Ctrl-C after $after s: no process is left" wait_for 5 none_left
	check "Ctrl-C after $after s: no socket is left" test -z "$(find "$WORK/demo" -type s 2>/dev/null)"
	check "Ctrl-C after $after s: the safe state was proven" sh -c "! grep -i 'not proven' $WORK/demo-$after.log"
	rm -rf "$WORK/demo"
done
finish
