# SPDX-License-Identifier: MIT
# --json of every command in benchctl's own table: one JSON document on stdout and nothing else, a problem where there is nothing to
# tell; events as one document a line; the demo as one.
. tests/system/lib.sh
DEMO=$WORK/demo
ask() { # arguments: exit code in CODE, stdout in out.json
	"$BIN/benchctl" --state "$STATE" --json "$@" >"$WORK/out.json" 2>"$WORK/out.err" </dev/null
	CODE=$?
}
is_json() { # what stands in out.json is one document
	head -c 300 "$WORK/out.json"
	"$BIN/tests/system/jsonget" - <"$WORK/out.json" >/dev/null && [ "$(wc -l <"$WORK/out.json")" = 1 ]
}
is_problem() { # exit code
	echo "exit code $CODE, expected $1"
	[ $CODE = "$1" ] && is_json && [ -n "$("$BIN/tests/system/jsonget" detail <"$WORK/out.json")" ]
}
each() { # all of the table: check name, then what to do with a command
	each_name=$1
	shift
	each_bad=
	while read -r each_command; do
		"$@" || each_bad="$each_bad; $each_command"
	done <"$WORK/commands"
	printf 'not so%s\n' "$each_bad" >"$WORK/each.out"
	check "$each_name" grep -qx "not so" "$WORK/each.out" || cat "$WORK/each.out"
	[ -z "$each_bad" ] || echo "# $each_bad"
}

ask --help
check "--json --help is the table of commands" is_json
"$BIN/tests/system/jsonget" 'commands.*.command' <"$WORK/out.json" >"$WORK/commands"
check "which has them all" sh -c "[ \$(wc -l <'$WORK/commands') -ge 21 ] && grep -qx demo '$WORK/commands'"

# shellcheck disable=SC2086
help_of() { ask $each_command --help && [ $CODE = 0 ] && is_json >/dev/null; }
each "help of each command" help_of
# shellcheck disable=SC2086
mistake() { ask $each_command --frobnicate; is_problem 2 >/dev/null; }
each "an unknown option of each: a problem, exit 2" mistake
# shellcheck disable=SC2086
too_many() { ask $each_command a b c d e f --help-; is_problem 2 >/dev/null; }
each "too many words for each: a problem, exit 2" too_many
# With what each needs; no station is there, but some need none.
plausible() {
	case $each_command in
	"ticket add") echo "T-1001 --serial RO600-24000101 --model RO600 --change" ;;
	"ticket import") echo "$WORK/tickets.csv" ;;
	"ticket repair") echo "T-1001 --action R01 --by anna" ;;
	"ticket accept") echo "T-1001 --employee anna --attended" ;;
	"ticket callback") echo "T-1001 fine" ;;
	ticket\ list | run\ list | user\ list | token\ list | bay\ list | profile\ list | doctor) ;;
	ticket\ * | "release show" | release\ *) echo "T-1001" ;;
	"unit dossier") echo "RO600-24000101" ;;
	"run start") echo "--bay 1 --ticket T-1001" ;;
	"run watch" | "run abort") echo "--bay 2" ;;
	"run answer") echo "--bay 2 yes" ;;
	"run note") echo "nonsense text" ;;
	"run void") echo "nonsense --reason training --note text --as anna" ;;
	"run show" | "run trace") echo "nonsense" ;;
	"device accept") echo "relays_2 --reason spare --as anna" ;;
	"user add") echo "anna --roles technician" ;;
	"duty begin") echo "anna --bay 2" ;;
	"duty end") echo "--bay 2" ;;
	"token add") echo "feed --scopes results --expires 2099-12-31" ;;
	"token revoke") echo "feed" ;;
	bay\ *) echo "2" ;;
	"profile check") echo "--fixture $FIXTURE profiles/ro600_quick.yaml" ;;
	"profile show") echo "ro600_quick" ;;
	"fixture check") echo "$FIXTURE" ;;
	events) echo "--count 1" ;;
	demo) echo "--dir /proc/none --fixture $FIXTURE --profiles profiles" ;;
	esac
}
printf 'id,serial,model\nT-2001,RO600-24000301,RO600\n' >"$WORK/tickets.csv"
# shellcheck disable=SC2046,SC2086
without_station() {
	ask $each_command $(plausible)
	case $each_command in "profile check" | "fixture check") [ $CODE = 0 ] && is_json >/dev/null ;; *) [ $CODE != 0 ] && is_json >/dev/null ;; esac
}
each "no station: one document of each" without_station

"$BIN/benchctl" demo --json --no-stay --speed 10 --dir "$DEMO" --port "$PORT" --fixture "$FIXTURE" --profiles "$PWD/profiles" \
	>"$WORK/demo.json" 2>"$WORK/demo.err" </dev/null &
demo=$!
EXTRA_PIDS=$demo
STATE=$DEMO/state
check "a station" wait_for 30 running 2
# shellcheck disable=SC2046,SC2086
with_station() {
	case $each_command in demo | "run watch" | "run abort" | "bay stop" | "user pin" | "token add") return 0 ;; esac
	ask $each_command $(plausible)
	is_json >/dev/null
}
each "a station: one document of each" with_station
ask events --count 3
check "events: a document a line" sh -c "[ \$(wc -l <'$WORK/out.json') = 3 ] && while read -r line; do
	printf '%s\n' \"\$line\" | '$BIN/tests/system/jsonget' type || exit 1; done <'$WORK/out.json'"
check "the demo ends" wait_for 90 gone "$demo"
wait "$demo"
check "as expected" test $? = 0
cp "$WORK/demo.json" "$WORK/out.json"
check "it is one document, nothing else" is_json
check "with both verdicts" is "pass fail " sh -c "'$BIN/tests/system/jsonget' 'runs.*.verdict' <'$WORK/demo.json' | tr '\n' ' '"
EXTRA_PIDS=
finish
