# SPDX-License-Identifier: MIT
# benchd without --spawn: a benchd-io at another speed, one that sends what its fixture does not have.
. tests/system/lib.sh
SPEED=1
IO_PID=
start_io() { # WORDS...: a benchd-io that nobody spawned
	"$BIN/benchd-io" --fixture "$FIXTURE" --sim-dir "$SIM" --link "$STATE/io.sock" "$@" >>"$WORK/io.log" 2>&1 &
	IO_PID=$!
	EXTRA_PIDS=$IO_PID
}
stop_io() {
	kill -TERM "$IO_PID"
	wait_for 40 gone "$IO_PID" || kill -KILL "$IO_PID"
	wait "$IO_PID" 2>/dev/null
	EXTRA_PIDS=
}
told() { grep -c "$1" "$2"; } # TEXT FILE
is_past() { [ "$(rig_ms)" -ge "$1" ]; }
refusal="benchd-io is refused: it runs at speed 10, benchd at speed 1; let benchd --spawn start it"

check "--speed without --spawn: exit 2" refused 2 "add --spawn" timeout 10 "$BIN/benchd" --fixture "$FIXTURE" \
	--profiles profiles --state "$STATE" --sim-dir "$SIM" --speed 10
check "nothing was started" test ! -e "$STATE"
start_sim
"$BIN/benchd" --fixture "$FIXTURE" --profiles profiles --state "$STATE" --sim-dir "$SIM" >"$WORK/benchd.log" 2>&1 &
STATION_PID=$!
check "benchd without --spawn is there" wait_for 10 ctl bay list
start_io --speed 10
check "a benchd-io at another speed is refused" wait_for 20 grep -q "$refusal" "$WORK/benchd.log"
check "it says so itself" wait_for 10 grep -q "benchd runs at speed 1, this benchd-io at 10" "$WORK/io.log"
check "for four seconds it comes again and again" wait_for 10 is_past $(($(rig_ms) + 4000))
check "doctor shows it" has "rig rig1: $refusal" ctl doctor --port "$PORT"
check "the bay says it" is "$refusal" at reason ctl --json bay show 1
check "benchd told it once" is 1 told "rig1: benchd-io is refused" "$WORK/benchd.log"
check "benchd-io told it once" is 1 told "link to benchd: " "$WORK/io.log"
stop_io
start_io
check "one at benchd's speed is taken" ready 1
doctor_here() { # its word, where it is the station's: with a missing one it says none about bays
	ctl doctor --port "$PORT" >"$WORK/doctor.words" 2>&1
	cat "$WORK/doctor.words"
	grep -q 'bay 1 is ready' "$WORK/doctor.words"
}
check "and doctor is content" lacks "refused" doctor_here
stop_io
check "a reading of a channel that the fixture does not have: the link is closed" \
	"$BIN/tests/system/iopeer" "$FIXTURE" "$STATE/io.sock" 255
check "which channel it was" wait_for 5 grep -q "no channel 255 in $FIXTURE" "$WORK/benchd.log"
check "and benchd goes on" ctl bay list
check "nothing was reported by a sanitizer" clean_logs
finish
