# SPDX-License-Identifier: MIT
# Shared by the system tests: real binaries over ptys, loopback TCP and Unix sockets, in a folder of their own. TAP on stdout.
# Everything started here is ended here, by its id.
set -u
VARIANT=${VARIANT:-release}
BIN=$PWD/build/$VARIANT
WORK=$(mktemp -d "${TMPDIR:-/tmp}/benchd-test.XXXXXX") || exit 1
STATE=$WORK/state
SIM=$WORK/sim
SPEED=${SPEED:-10}
FIXTURE=$PWD/fixtures/sim.yaml
PORT=$((20000 + $$ % 2500 * 5)) # and four behind it: none that listens, below those that are given to clients
taken() { # port: by whoever
	grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}
while taken $PORT || taken $((PORT + 1)) || taken $((PORT + 2)) || taken $((PORT + 3)) || taken $((PORT + 4)); do
	PORT=$((20000 + (PORT - 20000 + 5) % 12500))
done
SIM_PID=
STATION_PID=
EXTRA_PIDS= # ended at the end, whatever happens
TESTS=0
FAILED=0
export LC_ALL=C.UTF-8 LANG=C.UTF-8
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 TSAN_OPTIONS=halt_on_error=0:exitcode=66

check() { # name, then a command that must succeed
	TESTS=$((TESTS + 1))
	check_name=$1
	shift
	if "$@" >"$WORK/check.out" 2>&1; then
		echo "ok $TESTS - $check_name"
	else
		echo "not ok $TESTS - $check_name"
		echo "# $*"
		sed 's/^/# /' "$WORK/check.out" | tail -n 25
		FAILED=$((FAILED + 1))
	fi
}
skip() {
	TESTS=$((TESTS + 1))
	echo "ok $TESTS # SKIP $*"
}
finish() {
	stop_station TERM
	stop_sim
	for f in $EXTRA_PIDS; do kill -TERM "$f" 2>/dev/null; done
	if [ "$FAILED" -gt 0 ]; then
		for f in "$WORK"/*.log; do echo "# ---- $f"; tail -n 120 "$f" | sed 's/^/# /'; done
	fi
	echo "1..$TESTS"
	[ "$FAILED" = 0 ]
	exit $?
}
trap 'finish' INT TERM
trap 'rm -rf "$WORK"' EXIT

# wait_for SECONDS COMMAND...: until it succeeds
wait_for() {
	wait_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.1
	done
}
alive() { kill -0 "$1" 2>/dev/null; }
gone() { ! kill -0 "$1" 2>/dev/null; }
ctl() { "$BIN/benchctl" --state "$STATE" "$@"; }
sim() { "$BIN/tests/system/simctl" "$SIM/control" "$@"; }
# has TEXT COMMAND...: its output holds TEXT
has() {
	has_text=$1
	shift
	has_out=$("$@" 2>&1)
	printf '%s\n' "$has_out"
	case $has_out in *"$has_text"*) return 0 ;; esac
	return 1
}
# lacks TEXT COMMAND...: it succeeds and its output does not hold TEXT
lacks() {
	lacks_text=$1
	shift
	lacks_out=$("$@" 2>&1) || { printf '%s\n' "$lacks_out"; return 1; }
	printf '%s\n' "$lacks_out"
	case $lacks_out in *"$lacks_text"*) return 1 ;; esac
}
# at PATH COMMAND...: what stands at PATH of the JSON it prints
at() {
	at_path=$1
	shift
	"$@" 2>/dev/null | "$BIN/tests/system/jsonget" "$at_path"
}
# is WANTED COMMAND...: it prints exactly that
is() {
	is_want=$1
	shift
	is_out=$("$@")
	printf 'got "%s", expected "%s"\n' "$is_out" "$is_want"
	[ "$is_out" = "$is_want" ]
}
# refused CODE TEXT COMMAND...: it exits with CODE, and what it says holds TEXT
refused() {
	refused_want=$1 refused_text=$2
	shift 2
	refused_out=$("$@" 2>&1)
	refused_got=$?
	printf '%s\nexit code %s, expected %s with: %s\n' "$refused_out" $refused_got "$refused_want" "$refused_text"
	[ $refused_got = "$refused_want" ] || return 1
	case $refused_out in *"$refused_text"*) return 0 ;; esac
	return 1
}
# code N COMMAND...: it exits with N
code() {
	code_want=$1
	shift
	"$@"
	code_got=$?
	echo "exit code $code_got, expected $code_want"
	[ $code_got = "$code_want" ]
}

start_sim() {
	"$BIN/benchsim" --fixture "$FIXTURE" --dir "$SIM" --speed "$SPEED" --seed 7 "$@" >"$WORK/sim.log" 2>&1 &
	SIM_PID=$!
	wait_for 10 test -S "$SIM/control" || { cat "$WORK/sim.log"; return 1; }
}
stop_sim() {
	[ -n "$SIM_PID" ] || return 0
	kill -TERM "$SIM_PID" 2>/dev/null
	wait_for 10 gone "$SIM_PID" || kill -KILL "$SIM_PID"
	wait "$SIM_PID" 2>/dev/null
	SIM_PID=
}
start_station() {
	"$BIN/benchd" --spawn --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$STATE" --sim-dir "$SIM" \
		--speed "$SPEED" --port "$PORT" "$@" >>"$WORK/benchd.log" 2>&1 &
	STATION_PID=$!
}
stop_station() { # signal
	[ -n "$STATION_PID" ] || return 0
	kill -"$1" "$STATION_PID" 2>/dev/null
	wait_for 60 gone "$STATION_PID" || kill -KILL "$STATION_PID"
	wait "$STATION_PID" 2>/dev/null
	STATION_CODE=$?
	STATION_PID=
	return 0
}
bay_is() { # bay state
	has "\"bay\":\"$1\",\"rig\":\"rig1\",\"state\":\"$2\"" ctl --json bay list
}
ready() { # bays...
	for ready_bay in "$@"; do wait_for 60 bay_is "$ready_bay" ready || return 1; done
}
# child NAME: pid of the station's child of that name
child() {
	for child_pid in $(cat "/proc/$STATION_PID/task/$STATION_PID/children" 2>/dev/null); do
		[ "$(cat "/proc/$child_pid/comm" 2>/dev/null)" = "$1" ] && { echo "$child_pid"; return 0; }
	done
	return 1
}
add_tickets() {
	ctl ticket add T-1001 --serial RO600-24000101 --model RO600 >/dev/null &&
		ctl ticket add T-1002 --serial RO600-24000102 --model RO600 >/dev/null
}
# The run id of bay N, once there is one.
run_of() {
	ctl --json bay show "$1" | sed -n 's/.*"run":"\([0-9a-f-]\{36\}\)".*/\1/p'
}
running() { [ -n "$(run_of "$1")" ]; }
# begin_run [OUTPUT]: the quick run of T-1001 on bay 1, in RUN; waits until the rig's side sees OUTPUT on (else feed_valve)
begin_run() {
	ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick \
		>"$WORK/start.log" 2>&1 || { cat "$WORK/start.log"; return 1; }
	RUN=$(run_of 1)
	wait_for 40 output_is "${1:-feed_valve}" 1
}
# output_is OUTPUT VALUE [BAY]: as the rig's side sees it
output_is() { has "ok $2 " sim output "$1" "${3:-1}"; }
# When the rig's side saw OUTPUT change last, in ms of its monotonic clock; what time it is there now.
changed_ms() { sim output "$1" "${2:-1}" | sed -n 's/.*ok [^ ]* mono_ms=\([0-9]*\).*/\1/p'; }
rig_ms() { sim stats | sed -n 's/^ok mono_ms=\([0-9]*\).*/\1/p'; }
# The open question at bay N.
prompt_is() { is "$2" at prompt.id ctl --json bay show "$1"; }
# What holds back release of TICKET: its codes in one line, without the state of this machine's clock.
reasons() { at 'reasons.*.code' ctl --json release show "$1" | grep -v '^clock_unsynced$' | sort | tr '\n' ' '; }
# What RUN's record says of measurement ID: its verdict, one a line.
measured() {
	ctl --json run show "$1" >"$WORK/measured.json"
	"$BIN/tests/system/jsonget" 'measurements.*.id' <"$WORK/measured.json" >"$WORK/measured.ids"
	"$BIN/tests/system/jsonget" 'measurements.*.verdict' <"$WORK/measured.json" |
		paste -d ' ' "$WORK/measured.ids" - | sed -n "s/^$2 //p"
}
clean_logs() { # nothing was reported by a sanitizer
	! grep -hE 'ERROR: AddressSanitizer|runtime error|WARNING: ThreadSanitizer|LeakSanitizer' "$WORK"/*.log
}
# run ended with that verdict (its document is on disk): the list holds a verdict only then
ended() { # run verdict
	ended_row=$(ctl --json run list | tr '{' '\n' | grep -F "\"id\":\"$1\"")
	echo "$ended_row"
	case $ended_row in *"\"verdict\":\"$2\""*) return 0 ;; esac
	return 1
}
