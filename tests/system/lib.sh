# SPDX-License-Identifier: MIT
# Shared by the system tests: real binaries over ptys, loopback TCP and Unix sockets, in a folder of their own. TAP on stdout.
# Everything started here is ended here, by its id.
set -u
VARIANT=${VARIANT:-release}
BIN=$PWD/build/$VARIANT
WORK=$(mktemp -d /tmp/benchd-test.XXXXXX) || exit 1
STATE=$WORK/state
SIM=$WORK/sim
SPEED=${SPEED:-10}
FIXTURE=$PWD/fixtures/sim.yaml
PORT=$((20000 + $$ % 20000))
SIM_PID=
STATION_PID=
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
	if [ "$FAILED" -gt 0 ]; then
		for f in "$WORK"/*.log; do echo "# ---- $f"; tail -n 40 "$f" | sed 's/^/# /'; done
	fi
	rm -rf "$WORK"
	echo "1..$TESTS"
	[ "$FAILED" = 0 ]
	exit $?
}
trap 'finish' INT TERM

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
# run ended with that verdict (its document is on disk): the list holds a verdict only then
ended() { # run verdict
	ended_row=$(ctl --json run list | tr '{' '\n' | grep -F "\"id\":\"$1\"")
	echo "$ended_row"
	case $ended_row in *"\"verdict\":\"$2\""*) return 0 ;; esac
	return 1
}
