#!/bin/sh
# SPDX-License-Identifier: MIT
# Every test of the project, for `make check`. The last line is "N passed, N failed, N skipped".
# CHECK_ONLY="unit system ..." runs some of the parts. Two lanes: the system tests mostly wait for simulated time, so
# they run, two at a time, beside all that computes, which is nice to them: ten times wall time leaves the daemons a tenth of a
# second where a station has a second. What computes is built first and run after, two at a time and the longest first: no
# core waits at the end for the other.
set -u
cd "$(dirname "$0")/.." || exit 1
parts=${CHECK_ONLY:-lint unit replay compile system dst fuzz asan tsan}
results=build/check-results
again=build/check-again
mkdir -p build/log
: >"$results"
: >"$again"
began=$(date +%s)
make=${MAKE:-make}
has() { case " $parts " in *" $1 "*) return 0 ;; esac; return 1; }
build() { # name, make words...
	name=$1
	shift
	if $make -s -j2 "$@" >"build/log/build-$name.log" 2>&1; then
		echo "1 0 0 build-$name" >>"$results"
		echo "build $name: ok"
	else
		echo "0 1 0 build-$name" >>"$results"
		echo "build $name: FAILED"
		tail -n 40 "build/log/build-$name.log"
	fi
}
programs() { # label, folder: a line "label/name program" for each of its test programs
	for p in "$2"/test_* "$2"/fuzz_*; do
		[ -x "$p" ] && [ -f "$p" ] && case $p in *.d | *.o) ;; *) echo "$1/${p##*/} $3$p" ;; esac
	done
}
longest_first() { # lines "label/name command..."; the rest as it comes
	sort -s -k 1,1 | awk '
		BEGIN { n = split("test_fault_bus test_fault_store test_store_faults test_segment test_sim_tank test_ctl_messages", long) }
		{ name = $1; sub(".*/", "", name); at = n + 1; for (i = 1; i <= n; i++) if (name == long[i]) at = i; print at "\t" $0 }' |
		sort -s -n -k 1,1 | cut -f 2
}
two_at_a_time() { longest_first | TEST_TIMEOUT=500 xargs -r -P 2 -L 1 sh tests/tally.sh "$results"; }
system_lane() {
	ls tests/system/test_*.sh | xargs -P 2 -n 1 sh tests/system/once_more.sh "$results" "$again" system
	for variant in asan tsan; do
		has $variant || continue
		until [ -e "build/$variant.built" ]; do sleep 1; done
		VARIANT=$variant SPEED=5 sh tests/system/once_more.sh "$results" "$again" $variant tests/system/test_run.sh
	done
}

rm -f build/asan.built build/tsan.built
build gcc WERROR=1 all tests
if has system; then
	sh tests/npm.sh tests/api build/api # or its test is skipped with that reason
	system_lane >build/log/system-lane.out 2>&1 &
	lane=$!
	renice -n 19 -p $$ >/dev/null 2>&1
fi
{
	has dst && programs dst build/release/tests/dst ""
	for l in layers names test_names format openapi; do has lint && echo "lint/$l sh tests/lint/$l.sh"; done
	has compile && echo "lint/compile sh tests/lint/compile.sh"
	has replay && programs replay build/release/tests/replay ""
	has unit && programs release build/release/tests/unit ""
} | two_at_a_time

# What is there is run.
rm -f build/asan/tests/unit/test_* build/tsan/tests/unit/test_* build/asan/tests/fuzz/fuzz_*
set --
has asan && set -- all unittests
has fuzz && set -- "$@" fuzzers
[ $# = 0 ] || build asan VARIANT=asan WERROR=1 "$@"
: >build/asan.built
# clang has seen what it built under asan; the rest it reads.
if has compile; then
	set --
	has asan && set -- SYNTAX='tests/dst/*.c tests/replay/*.c tests/bench/*.c'
	build clang CC=clang VARIANT=clang WERROR=1 CFLAGS=-O0 "$@" syntax
fi
has tsan && build tsan VARIANT=tsan all threadtests
: >build/tsan.built
{
	has fuzz && programs fuzz build/asan/tests/fuzz "sh tests/fuzz/short.sh "
	has asan && programs asan build/asan/tests/unit ""
	has tsan && programs tsan build/tsan/tests/unit ""
} | two_at_a_time
if has system; then
	wait "$lane"
	cat build/log/system-lane.out
fi

# Real time on a machine that does other things too: one or two may need it, more are a fault of ours.
count=$(wc -l <"$again")
[ "$count" = 0 ] || echo "system tests that were run once more: $count ($(paste -s -d ' ' "$again"))"
if [ "$count" -gt 2 ]; then
	echo "0 1 0 once_more" >>"$results"
	echo "more than 2 system tests needed a second run: FAILED"
fi
times >build/check-times
awk -v s=$(($(date +%s) - began)) 'NR == 2 { split($1, u, /[ms]/); split($2, k, /[ms]/)
	printf "%d s, %.1f CPU-minutes\n", s, u[1] + k[1] + (u[2] + k[2]) / 60 }' build/check-times
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$results"
