# SPDX-License-Identifier: MIT
# benchd-io --make-safe: on a rig that nobody holds, with its words; on a rig left with outputs on; on a line that is not
# there; on a rig and on a port that somebody else holds.
. tests/system/lib.sh
make_safe() { "$BIN/benchd-io" --fixture "$FIXTURE" --sim-dir "$SIM" --make-safe --log error "$@"; }
units="--unit 1:RO600:RO600-24000101:T-1001"
# No dead-man line: what a dead benchd-io leaves on stays on until somebody comes.
grep -v '^dead_man:' "$FIXTURE" >"$WORK/nodeadman.yaml"
FIXTURE=$WORK/nodeadman.yaml

# shellcheck disable=SC2086
start_sim $units --operator "$STATE/ctl.sock"
make_safe >"$WORK/free.out" 2>&1
check "a free rig: exit 0" test $? = 0
check "it says per bay what was shown" is "bay 1: safe: outputs read back, 3 conditions shown
bay 2: safe: outputs read back, 3 conditions shown" cat "$WORK/free.out"
check "the relays' line is pulled out" sim unplug io
make_safe >"$WORK/pulled.out" 2>&1
check "a line that is not there: exit 3" test $? = 3
check "bay 1 is not called safe" has "bay 1: NOT PROVEN SAFE: " cat "$WORK/pulled.out"
check "nor is bay 2" has "bay 2: NOT PROVEN SAFE: " cat "$WORK/pulled.out"
check "no bay is" lacks ": safe:" cat "$WORK/pulled.out"
check "the line is plugged in again" sim plug io
check "and the rig is made safe" refused 0 "bay 2: safe" make_safe

flock --no-fork "$SIM/io" sleep 60 >/dev/null 2>&1 &
holder=$!
EXTRA_PIDS=$holder
wait_for 10 sh -c "! flock -n '$SIM/io' true"
check "a port that another program holds: exit 75, naming that process" refused 75 "is held by process $holder (" make_safe
kill "$holder"
wait "$holder" 2>/dev/null
EXTRA_PIDS=

start_station
check "a station takes the rig" ready 1 2
io=$(child benchd-io)
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do make_safe >/dev/null 2>&1; done
check "a held rig, also the 21st time: exit 75, naming the process" refused 75 "held by process $io" make_safe
check "the station was not disturbed" ready 1 2
check "both its bays were not either" is "  " sh -c \
	"'$BIN/benchctl' --state '$STATE' --json bay list | '$BIN/tests/system/jsonget' 'bays.*.reason' | tr '\\n' ' '"
check "--make-safe and --link together" code 2 make_safe --link "$WORK/none.sock"
# ---- a rig left with water running, and nobody there to drop it ----
check "a ticket" ctl ticket add T-1001 --serial RO600-24000101 --model RO600
check "a run is making water, with the unit under power" begin_run unit_power_supply
# ---- the same wires by another file, while they are in use: refused before a byte goes out ----
cp "$FIXTURE" "$WORK/copy.yaml"
sed 's/^fixture: rig1/fixture: rig9/' "$FIXTURE" >"$WORK/renamed.yaml"
sed 's/"sim:\(io\|meters\|gpio\|scan1\|scan2\)"/"sim:no_\1"/' "$WORK/renamed.yaml" >"$WORK/only_tcp.yaml"
by_file() { refused 75 "$2 of $WORK/$1.yaml is held by process $io of uid $(id -u)" make_safe --fixture "$WORK/$1.yaml"; }
check "by a copy of the file: exit 75, naming rig and process" by_file copy "rig rig1"
check "by a copy under another name: naming the first port" by_file renamed "port sim:io"
check "by a file that shares Modbus TCP alone, which has no lock of its own" by_file only_tcp "port sim:tcp"
wait_for 40 ended "$RUN" pass
check "the run goes on to its verdict" ended "$RUN" pass
check "the next one is making water, with the unit under power" begin_run unit_power_supply
kill -STOP "$STATION_PID"
kill -KILL "$io"
stop_station KILL
check "the unit's supply is still on" output_is unit_power_supply 1
check "and its water" output_is feed_valve 1
check "the rig is not safe" has "ok 0" sim safe 1
make_safe >"$WORK/left.out" 2>&1
check "--make-safe proves it: exit 0" test $? = 0
check "with what was shown" has "bay 1: safe: outputs read back, 3 conditions shown" cat "$WORK/left.out"
check "the unit's supply is off" output_is unit_power_supply 0
check "its water is off" output_is feed_valve 0
check "the rig is safe" has "ok 1" sim safe 1
check "nothing was reported by a sanitizer" clean_logs
finish
