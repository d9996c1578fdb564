# SPDX-License-Identifier: MIT
# Every benchctl command: its help, its --json, its exit codes, with and without a station.
. tests/system/lib.sh
json_of() { # what it prints is one JSON document
	"$BIN/benchctl" --state "$STATE" "$@" >"$WORK/out.json" 2>"$WORK/out.err"
	json_code=$?
	cat "$WORK/out.err"
	head -c 600 "$WORK/out.json"
	"$BIN/tests/system/jsonget" - <"$WORK/out.json" || return 1
	return $json_code
}
row() { # what a JSON reply and the text of the same command both hold
	row_text=$1
	shift
	has "$row_text" ctl "$@" && has "$row_text" ctl --json "$@"
}

# ---- help ----
"$BIN/benchctl" --help >"$WORK/help.txt"
check "benchctl --help exits 0" code 0 "$BIN/benchctl" --help
check "benchctl help is the same" is "$(cat "$WORK/help.txt")" "$BIN/benchctl" help
check "help COMMAND: its usage" refused 0 "usage: benchctl ticket add" "$BIN/benchctl" help ticket add
check "help of one word" refused 0 "usage: benchctl doctor" "$BIN/benchctl" help doctor
check "help of a group" refused 0 "  ticket compare" "$BIN/benchctl" help ticket
check "help of no command" refused 2 'did you mean "ticket"' "$BIN/benchctl" help tickets
check "without a command: usage, exit 2" refused 2 "usage: benchctl" "$BIN/benchctl"
check "--version" has "benchctl $(sed 's/[[:space:]]//g' VERSION 2>/dev/null)" "$BIN/benchctl" --version
"$BIN/benchctl" --json --help | "$BIN/tests/system/jsonget" 'commands.*.command' >"$WORK/commands"
while read -r want; do
	check "benchctl --help names $want" has "  $want" cat "$WORK/help.txt"
	# shellcheck disable=SC2086
	check "$want --help: usage, exit 0" refused 0 "usage: benchctl $want" "$BIN/benchctl" $want --help
	# shellcheck disable=SC2086
	check "$want with an unknown option: exit 2" refused 2 "frobnicate is unknown" "$BIN/benchctl" $want --frobnicate
done <"$WORK/commands"
check "the help lists no other command" is "$(wc -l <"$WORK/commands")" grep -c '^  [a-z]' "$WORK/help.txt"
check "a slip of the pen gets a hint" refused 2 'did you mean "ticket add"' "$BIN/benchctl" ticket ad
check "an option's slip gets a hint" refused 2 'did you mean --serial' "$BIN/benchctl" ticket add T-1 --seral X
check "a word too many is named" refused 2 '"x" is one word too many' "$BIN/benchctl" bay list x
check "the word that is missing is named" refused 2 "ticket add: ID is missing" "$BIN/benchctl" ticket add
check "also behind one in brackets" refused 2 "run answer: ANSWER is missing" "$BIN/benchctl" run answer
check "an option given twice is named" refused 2 "run start: --bay is given twice; give it once" \
	"$BIN/benchctl" run start --bay 1 --ticket T-1 --bay 2
check "--state too" refused 2 "--state is given twice" "$BIN/benchctl" --state a --state b bay list
check "a bay's name is missing: both ways to give it" refused 2 "name the bay: N, or --bay N" "$BIN/benchctl" bay stop
check "it is named once" refused 2 "name the bay once" "$BIN/benchctl" bay reset 1 --bay 2
check "a run is named once" refused 2 "name the run or its --bay, not both" "$BIN/benchctl" run abort x --bay 2
check "a missing word" refused 2 "usage: benchctl run show RUN" "$BIN/benchctl" run show

# ---- what both READMEs tell to type ----
echo help >>"$WORK/commands"
typed() { # README: each command of its code blocks and of its text, one a line, without the remark behind it
	sed -n 's/[[:space:]]*# .*//; s/^    \(benchctl .*\)/\1/p; s/^    \(make .*\)/\1/p' "$1" | sed 's/; /\n/g'
	grep -v '^    ' "$1" | grep -oE '`benchctl [a-z][^`]*`' | tr -d '\140' | sort -u
}
outline() { # README: its code, sections and points in their order, and the files it names
	sed -n 's/^\(##* \).*/\1/p; s/^\(- \).*/\1/p; s/^    .*/code/p' "$1"
	grep -oE '[A-Za-z@][A-Za-z/@-]*\.(md|yaml|c|csv|pem|txt|jsonl)' "$1" | grep -vE '^(README|zh-CN)' | sort -u
}
known() { # COMMAND LINE: its command is in the table and its options in that command's help
	# shellcheck disable=SC2086
	set -- $1
	known_name=$2
	grep -qx "$2 ${3:-}" "$WORK/commands" && known_name="$2 $3"
	grep -qx "$known_name" "$WORK/commands" || { echo "benchctl help knows no \"$2 ${3:-}\""; return 1; }
	# shellcheck disable=SC2086
	"$BIN/benchctl" $known_name --help >"$WORK/known.txt"
	for known_word; do
		case $known_word in
		--help | --json) ;;
		--[a-z]*) grep -qE "[ [(]$known_word( |$|])" "$WORK/known.txt" || { echo "$known_name has no $known_word"; return 1; } ;;
		esac
	done
}
typed README.md >"$WORK/typed"
typed README.zh-CN.md >"$WORK/typed.zh"
check "both READMEs tell the same commands" diff "$WORK/typed" "$WORK/typed.zh"
outline README.md >"$WORK/outline"
outline README.zh-CN.md >"$WORK/outline.zh"
check "they have the same sections, points and files" diff "$WORK/outline" "$WORK/outline.zh"
check "no command stands twice" is "" sh -c "grep '^benchctl' '$WORK/typed' | sort | uniq -d"
check "they are more than a handful" test "$(grep -c '^benchctl' "$WORK/typed")" -ge 25
grep '^benchctl' "$WORK/typed" | sort -u >"$WORK/typed.once"
while read -r want; do
	check "README: $want" known "$want"
done <"$WORK/typed.once"

# ---- no station ----
for want in "ticket show T-1" "ticket list" "run list" "run show x" "run abort --bay 1" "run answer --bay 1 yes" \
	"run watch --bay 1" "run start --bay 1 --ticket T-1" "release show T-1" "bay list" "bay show 1" "bay stop 1" \
	"bay reset 1" "profile list" "profile show ro600_quick" "events --count 1" "doctor" \
	"ticket add T-1 --serial RO600-24000101 --model RO600"; do
	# shellcheck disable=SC2086
	check "no station: $want: exit 3 and a reason" refused 3 "$STATE" ctl $want
done
check "no station: a JSON problem for programs" sh -c \
	"'$BIN/benchctl' --state '$STATE' --json bay list 2>/dev/null | '$BIN/tests/system/jsonget' detail"
check "profile check needs none" code 0 ctl profile check --fixture "$FIXTURE" profiles/ro600_full.yaml profiles/ro600_quick.yaml
check "fixture check needs none" code 0 ctl fixture check "$FIXTURE"
check "profile check --json" json_of --json profile check --fixture "$FIXTURE" profiles/ro600_quick.yaml
check "fixture check --json" json_of --json fixture check "$FIXTURE"
# At 4800 baud with no dead-man line the relays cannot be commanded safe in time.
sed '/^dead_man:/d; s/baud: 115200/baud: 4800/' "$FIXTURE" >"$WORK/slow.yaml"
check "it prints the plan of each line" has "plan of bus meters: 168 bytes and 8 transactions a second" ctl fixture check "$FIXTURE"
check "what each block takes" has "0..2 over holes      1  43.4 ms" ctl fixture check "$FIXTURE"
check "how long a write waits" has "36 %        47.6 ms     99 ms" ctl fixture check "$FIXTURE"
sed '/^  io:/s/115200/1200/' "$FIXTURE" >"$WORK/full.yaml"
check "a rate the wire cannot carry: which, by how much, what fits" refused 2 \
	"bus io cannot carry its reads: they take 488 % of its time; analog_1 alone takes 239 %, asked every 200 ms; all of them 4.9 times slower fit" ctl fixture check "$WORK/full.yaml"
sed '0,/done: 2026-01-15/s//done: 2999-01-15/' "$FIXTURE" >"$WORK/ahead.yaml"
check "a calibration yet to come is a mistake" refused 2 "done on 2999-01-15, which is yet to come" ctl fixture check "$WORK/ahead.yaml"
check "a file that is not there is named once" refused 2 "$WORK/nowhere: does not exist" ctl fixture check "$WORK/nowhere"
check "a line too slow to be safe is an error of fixture check" refused 2 "TOO SLOW" ctl fixture check "$WORK/slow.yaml"
check "and for programs" code 2 ctl --json fixture check "$WORK/slow.yaml"

check "a demo of a fixture that is not there: exit 2" refused 2 "does not exist" ctl demo --no-stay --dir "$WORK/demo" --fixture "$WORK/none.yaml"
check "a demo in a folder that cannot be made: exit 2 and what to do" refused 2 "name another --dir" ctl demo --no-stay --dir /proc/none

# ---- a station ----
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "both bays are ready" ready 1 2
check "ticket add --json" json_of --json ticket add T-1001 --serial RO600-24000101 --model RO600 --symptoms S02,S09 --priority 3
check "which prints the ticket" is '["S02","S09"]' "$BIN/tests/system/jsonget" symptoms <"$WORK/out.json"
check "ticket add in words" has "T-1002" ctl ticket add T-1002 --serial RO600-24000102 --model RO600 --mail-back
check "ticket show" row RO600-24000101 ticket show T-1001
check "ticket show: priority, mail-back" sh -c "'$BIN/benchctl' --state '$STATE' ticket show T-1002 --json |
	'$BIN/tests/system/jsonget' mail_back | grep -qx true"
check "ticket list" row RO600-24000102 ticket list
check "newest first" is "T-1002 T-1001 " sh -c "'$BIN/benchctl' --state '$STATE' --json ticket list |
	'$BIN/tests/system/jsonget' 'tickets.*.id' | tr '\\n' ' '"
check "of one serial only" lacks T-1002 ctl ticket list --serial RO600-24000101
check "a state that is none: what is expected" refused 2 "?state= takes one of received" ctl ticket list --state frob
check "a ticket that is not there" refused 2 'T-404' ctl ticket show T-404
check "ticket add --change" has 9 at priority ctl --json ticket add T-1001 --serial RO600-24000101 --model RO600 --priority 9 --change
check "a ticket that exists: how to change it" refused 2 "to change it, add --change" \
	ctl ticket add T-1001 --serial RO600-24000101 --model RO600
check "a priority out of range" refused 2 "0 to 9" ctl ticket add T-3 --serial RO600-24000101 --model RO600 --priority 10
check "release show of a ticket without a run: exit 1" refused 1 "no_run" ctl release show T-1001
check "of a ticket that is not there: no answer, exit 2" refused 2 'there is no ticket "T-404"; see: benchctl ticket list' ctl release show T-404
check "nor is its release recorded" refused 2 'there is no ticket "T-404"' ctl release record T-404
check "and --json" is blocked at decision ctl --json release show T-1001
check "profile list" row ro600_full profile list
check "profile show" row rejection profile show ro600_quick
check "profile show of none" refused 2 "frob" ctl profile show frob
check "bay list" row rig1 bay list
check "bay show" row ready bay show 1
check "bay show --bay" row ready bay show --bay 1
check "bay show of none" refused 2 'no bay "9"' ctl bay show 9
check "run list without runs" is '[]' at runs ctl --json run list
check "run list of a bay that is not there: which there are" refused 2 'there is no bay "9"; the bays are 1, 2' ctl run list --bay 9
check "what cannot be written is no success" refused 3 "stdout: No space left on device" sh -c "'$BIN/benchctl' --state '$STATE' ticket list >/dev/full"
check "run list behind a run that is not there" refused 2 'there is no run "x"' ctl run list --before x
check "run list of a time that is none" refused 2 'like 2026-01-31T08:00:00Z' ctl run list --from yesterday
check "run list of a ticket that is not there" refused 2 'there is no ticket "T-404"' ctl run list --ticket T-404
check "of a ticket without runs it is empty" is '[]' at runs ctl --json run list --ticket T-1002 --bay 2
check "ticket list of a model that is none: which there are" refused 2 'does not know model "RO999"; it knows RO600' ctl ticket list --model RO999
check "of one without tickets it is empty" is '[]' at tickets ctl --json ticket list --model RO75
check "ticket events of none" refused 2 'there is no ticket "T-404"' ctl ticket events T-404
check "a dossier of none" refused 2 'no ticket and no run is of serial "X"' ctl unit dossier X
check "a form with two mistakes: each once" is 2 sh -c "'$BIN/benchctl' --state '$STATE' ticket add T-9 --serial '' --model '' 2>&1 | grep -c '^benchctl: '"
echo_comes_back() { # however a PIN's prompt ends
	python3 - "$BIN/benchctl" "$STATE" <<'END'
import os, pty, signal, sys, termios
echoes = lambda fd: bool(termios.tcgetattr(fd)[3] & termios.ECHO)
for end in ("\x03", signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], ["benchctl", "--state", sys.argv[2], "user", "pin", "wang"])
    signal.alarm(10)
    said = os.read(fd, 1000)
    while b"PIN" not in said:
        said += os.read(fd, 1000)
    hidden = not echoes(fd)
    os.write(fd, end.encode()) if isinstance(end, str) else os.kill(pid, end)
    ended = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    if not (hidden and ended and echoes(fd)):
        sys.exit(f"{end!r}: hidden {hidden}, ended by the signal {ended}, echo {echoes(fd)}")
END
}
check "the echo that a PIN's prompt takes away comes back, however it ends" echo_comes_back
check "on a terminal an empty list says so" has "(none)" script -qec "'$BIN/benchctl' --state '$STATE' run list" /dev/null
check "run show of none" refused 2 "nonsense" ctl run show nonsense
check "run watch without a run" refused 2 "nothing runs at bay 1" ctl run watch --bay 1
check "run answer without a run" refused 2 "nothing runs at bay 1" ctl run answer --bay 1 yes
check "run abort without a run" refused 2 "nothing runs at bay 1" ctl run abort --bay 1
check "--state without a folder says so" refused 2 "--state needs a folder" "$BIN/benchctl" --state
check "bay reset of a ready bay" refused 2 "only a tripped or locked bay is reset" ctl bay reset 1
check "bay reset --bay too" refused 2 "only a tripped or locked bay is reset" ctl bay reset --bay 1
check "bay stop of an idle bay" code 0 ctl bay stop 1
check "bay stop --bay too" code 0 ctl bay stop --bay 1
check "it is ready again" ready 1
check "doctor" has "bay 2 is ready" ctl doctor --port "$PORT"
mkdir -p "$WORK/sys/bus/usb-serial/devices/ttyUSB0" "$WORK/sys/bus/usb-serial/devices/ttyUSB1"
echo 16 >"$WORK/sys/bus/usb-serial/devices/ttyUSB0/latency_timer"
echo 2 >"$WORK/sys/bus/usb-serial/devices/ttyUSB1/latency_timer"
check "doctor names the adapter that holds replies back" has "USB adapter ttyUSB0 holds replies back by up to 16 ms" \
	ctl doctor --port "$PORT" --sys "$WORK/sys"
check "and no other" is 1 sh -c "'$BIN/benchctl' --state '$STATE' doctor --port '$PORT' --sys '$WORK/sys' | grep -c 'USB adapter'"
measured() { ctl doctor --port "$PORT" | grep -qE 'bus meters, read every \(planned\): feed_probe_1 [0-9]+ \(1000\) ms, .*power_2 [0-9]+ \(500\) ms'; }
check "doctor shows how often devices are read beside the plan" wait_for 30 measured
loaded() { ctl doctor --port "$PORT" | grep -qE 'bus meters is busy [1-9][0-9]* % of the time \(planned: [1-9][0-9]* %\); answers begin after ms \(planned: at most [1-9][0-9]*\): feed_probe_1 [0-9]+\.[0-9], .*power_2 [0-9]+\.[0-9]'; }
check "and what the line carries, how soon its devices answer" wait_for 30 loaded
sim busfault meters:late=0.12 >/dev/null
overloaded() { ctl doctor --port "$PORT" | grep -A1 'bus meters is busy' | grep -q "more than the line can carry"; }
check "a line that has to carry too much is a warning, with what to look for" wait_for 30 overloaded
sim busfault meters:none >/dev/null
check "doctor --json: no errors" is 0 at errors ctl --json doctor --port "$PORT"

ctl --json events --count 3 >"$WORK/events.txt" 2>&1 &
events=$!
EXTRA_PIDS=$events
check "run start --json" json_of --json run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
check "which prints the run's id" is "$(run_of 1)" "$BIN/tests/system/jsonget" run <"$WORK/out.json"
RUN=$(run_of 1)
ctl --json run watch --bay 1 >"$WORK/watch.json" 2>"$WORK/watch.err" &
watch=$!
EXTRA_PIDS="$events $watch"
check "run show of a live run" is running at state ctl --json run show "$RUN"
check "and in words" has running ctl run show "$RUN"
check "bay show of a live run" has "$RUN" ctl --json bay show 1
check "events --count ends by itself" wait_for 30 gone "$events"
check "an event a line" is 3 sh -c "wc -l <'$WORK/events.txt'"
check "each for this bay" is 3 grep -c '"bay":"1"' "$WORK/events.txt"
check "run abort --json" json_of --json run abort --bay 1
check "run watch ends with the run" wait_for 60 gone "$watch"
wait "$watch"
check "exit code 1: an aborted run is no pass" test $? = 1
check "run watch --json prints the record" is aborted "$BIN/tests/system/jsonget" verdict <"$WORK/watch.json"
check "run list" row "$RUN" run list
check "run list of another ticket" lacks "$RUN" ctl run list --ticket T-1002
check "run show of the record" row "$RUN" run show "$RUN"
EXTRA_PIDS=
io=$(child benchd-io)
stop_station KILL
check "benchd-io ends by itself" wait_for 30 gone "$io"
check "doctor without a station: exit 3" refused 3 "systemctl start benchd" ctl doctor
check "nothing was reported by a sanitizer" clean_logs
finish
