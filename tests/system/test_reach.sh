# SPDX-License-Identifier: MIT
# A fixture whose trips come too late is refused at start; what only makes safe takes it.
. tests/system/lib.sh
variant() { # NAME, then a sed program
	sed "$2" fixtures/sim.yaml >"$WORK/$1.yaml"
	! cmp -s "$WORK/$1.yaml" fixtures/sim.yaml
}
started() { # FIXTURE WORDS...: benchd-io on the simulated rig
	started_fixture=$1
	shift
	timeout 60 "$BIN/benchd-io" --fixture "$started_fixture" --sim-dir "$SIM" --speed "$SPEED" "$@"
}
slow() { started "$WORK/slow.yaml" --link "$WORK/nobody.sock"; }
# It starts: its end is that the link it has is none, with the safe state proven.
starts() { code 0 started "$1" --link fd:3 3</dev/null; }

check "a variant with slow relays and no dead-man line" variant slow '/^dead_man:/d; s/baud: 115200/baud: 4800/'
check "one with the line" variant covered 's/baud: 115200/baud: 4800/'
check "one with fast relays and no line" variant fast '/^dead_man:/d'
start_sim
check "the slow one is refused" code 2 slow
check "which output" has "output feed_valve (bay 1)" slow
check "how long" has " ms from an edge to safe" slow
check "why" has "until what is under way on bus io ends" slow
slow_words() { slow >"$WORK/slow.words" 2>&1; [ $? = 2 ] && cat "$WORK/slow.words"; }
check "the regulators, which no trip needs, are not named" lacks regulator slow_words
check "what would help" has "a higher baud rate" slow
check "the simulated rig has the relays fast" starts "$WORK/fast.yaml"
check "and has a dead-man line" starts fixtures/sim.yaml
stop_sim
FIXTURE=$WORK/covered.yaml
check "the slow rig comes up" start_sim
check "it is made safe all the same" code 0 started "$WORK/slow.yaml" --make-safe
check "with the line it starts" starts "$WORK/covered.yaml"
check "nothing was reported by a sanitizer" clean_logs
finish
