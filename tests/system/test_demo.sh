# SPDX-License-Identifier: MIT
# The demo without a terminal and on one, and Ctrl-C in it: before there is a station, while it proves, in the middle of the runs.
. tests/system/lib.sh
DEMO=$WORK/demo

demo_words() { echo "$BIN/benchctl demo --dir $DEMO --port $PORT --fixture $FIXTURE --profiles $PWD/profiles"; }
own() { pgrep -f "$DEMO" 2>/dev/null | grep -v "^$$\$"; }
none_left() { [ -z "$(own)" ]; }
# Files that have no business there once it has ended: records, token and logs are kept, nothing else.
stray() {
	(cd "$DEMO" && find . ! -type d ! -path ./state/benchd.db ! -path ./state/token ! -path './state/segments/*.col' \
		! -path ./benchsim.log ! -path ./benchd.log ! -path ./state/keys/station.key ! -path ./state/ballast)
	[ ! -e "$DEMO/sim" ] || echo "$DEMO/sim"
}
# Lines that are neither marked nor indented below a marked one nor the name of the folder.
unmarked() { grep -vE '^SIMULATED |^  +[^ ]|^$|^records are kept in ' "$1"; }
codes() { # reasons of a ticket, as the demo prints them
	sed -n "/^SIMULATED  ticket $1 .* may leave: NO\$/,/would_be/p" "$WORK/demo.log" |
		sed -n 's/^  - \([a-z_]*\): .*/\1/p' | grep -v '^clock_unsynced$' | sort | tr '\n' ' '
}
from_of_runs() { # who says which unit it was, of all runs
	for run in $(at 'runs.*.id' ctl --json run list); do at serial_from ctl --json run show "$run"; done | tr '\n' ' '
}
PASS_CODES="limit_assumed profile_not_releasable profile_unapproved simulated trial_run_missing "
FAIL_CODES="limit_assumed profile_not_releasable profile_unapproved run_not_pass simulated trial_run_missing "

# ---- no terminal ----
began_s=$(date +%s)
$(demo_words) >"$WORK/demo.log" 2>"$WORK/demo.err" </dev/null
code=$?
took_s=$(($(date +%s) - began_s))
check "the demo comes out as expected (exit code 0)" test $code = 0
check "within 90 s" test $took_s -le 90
check "with nothing to complain of" is "" cat "$WORK/demo.err"
check "it shows the pass" grep -qE '^SIMULATED  bay 1  ticket T-1001 .* PASS$' "$WORK/demo.log"
check "it shows the fail" grep -qE '^SIMULATED  bay 2  ticket T-1002 .* FAIL$' "$WORK/demo.log"
check "rejection is named as failed, with value, limit and unit" \
	grep -qE '^  failed: rejection \(Rejection\) [0-9.]+ %, limits >= 90 %$' "$WORK/demo.log"
check "step, elapsed time and live values are shown" \
	grep -qE '^SIMULATED bay 2 T-1002: step 3/5 H6 Produce, elapsed [0-9]:[0-9]+: feed .* MPa, permeate .* L/min' "$WORK/demo.log"
check "every line is marked SIMULATED, or belongs to one that is" is "" unmarked "$WORK/demo.log"
check "each result says so at its verdict" is 2 grep -cE '^  verdict: (PASS|FAIL)  SIMULATED ' "$WORK/demo.log"
check "the reasons for the healthy unit, and no other" is "$PASS_CODES" codes T-1001
check "the reasons for the torn one, and no other" is "$FAIL_CODES" codes T-1002
check "would_be is shown for both" is 2 grep -c '(would_be: blocked)$' "$WORK/demo.log"
check "it ends in proof" grep -qE '^SIMULATED  safe state proven; the station has ended, then the simulated rig$' "$WORK/demo.log"
check "no process is left" wait_for 5 none_left
check "no stray file is left" is "" stray
check "the record is kept" test -f "$DEMO/state/benchd.db"
check "with the traces of both runs" is 2 sh -c "ls '$DEMO'/state/segments/*.col | wc -l"
rm -rf "$DEMO"

# ---- a terminal ----
on_terminal() {
	script -qfec "echo \$\$ >$WORK/tty.pid; exec $(demo_words) --speed 10" "$WORK/tty.log" </dev/null >/dev/null 2>&1 &
	tty_pid=$!
	wait_for 10 test -s "$WORK/tty.pid"
}
if command -v script >/dev/null; then
	STATE=$DEMO/state
	check "the demo on a terminal" on_terminal
	demo_pid=$(cat "$WORK/tty.pid")
	check "it stays up when the runs have ended" wait_for 90 grep -aq "^SIMULATED  Try, in another terminal" "$WORK/tty.log"
	check "which it says" grep -aq "^SIMULATED  The station stays up until Ctrl-C" "$WORK/tty.log"
	check "with a bar" grep -aq '█' "$WORK/tty.log"
	check "the address" grep -aq "http://127.0.0.1:$PORT/api/v1/station" "$WORK/tty.log"
	check "and three commands to try" wait_for 5 has 3 grep -acE "^  [^ ]*/benchctl --state $STATE (bay|run) " "$WORK/tty.log"
	grep -aE "^  [^ ]*/benchctl --state $STATE (bay|run) list" "$WORK/tty.log" | tr -d '\r' >"$WORK/try.sh"
	check "which work" has T-1002 sh "$WORK/try.sh"
	check "the release answer of the healthy unit" is "$PASS_CODES" reasons T-1001
	check "the release answer of the torn one" is "$FAIL_CODES" reasons T-1002
	check "the records say that the scanner read the plates" is "scan scan " from_of_runs
	kill -INT "$demo_pid"
	check "Ctrl-C ends it" wait_for 60 gone "$tty_pid"
	wait "$tty_pid"
	check "exit code 130" test $? = 130
	check "Ctrl-C on the terminal: ends in proof" grep -aq "safe state proven; the station has ended" "$WORK/tty.log"
	check "Ctrl-C on the terminal: no process is left" wait_for 5 none_left
	check "Ctrl-C on the terminal: no stray file" is "" stray
	rm -rf "$DEMO"
else
	skip "script is not installed: no terminal"
fi

# ---- Ctrl-C ----
interrupt() { # name, line to wait for, how often Ctrl-C
	# a shell without job control starts background commands with SIGINT ignored
	# shellcheck disable=SC2046
	env --default-signal=INT $(demo_words) --speed 10 >"$WORK/demo-$1.log" 2>&1 </dev/null &
	pid=$!
	check "Ctrl-C $1: the demo is there" wait_for 60 grep -q "$2" "$WORK/demo-$1.log"
	kill -INT $pid
	[ "$3" = 1 ] || { wait_for 20 grep -q "stopping: outputs to safe" "$WORK/demo-$1.log" && kill -INT $pid; }
	check "Ctrl-C $1: the demo ends" wait_for 60 gone $pid
	wait $pid
	check "Ctrl-C $1: exit code 130" test $? = 130
	check "Ctrl-C $1: no process is left" wait_for 5 none_left
	check "Ctrl-C $1: no stray file" is "" stray
	if grep -q "benchd: proves" "$WORK/demo-$1.log"; then
		check "Ctrl-C $1: it ends in proof" grep -q "^SIMULATED  safe state proven; the station has ended" "$WORK/demo-$1.log"
	fi
	rm -rf "$DEMO"
}
interrupt at-start "benchsim: the simulated rig" 1
interrupt while-proving "benchd: proves both bays safe" 1
interrupt while-producing "bay 1 T-1001: step 3/5 H6" 1
interrupt twice "bay 2 T-1002: step 2/5 H2" 2
finish
