#!/bin/sh
# SPDX-License-Identifier: MIT
# Every test of the project, for `make check`. The last line is "N passed, N failed, N skipped".
# CHECK_ONLY="unit system ..." runs some of the parts. Two lanes: the system tests mostly wait for simulated time, so
# they run, two at a time, beside the builds and the unit tests of the other variants, which are nice to them: ten times wall
# time leaves the daemons a tenth of a second where a station has a second.
set -u
cd "$(dirname "$0")/.." || exit 1
parts=${CHECK_ONLY:-lint unit replay compile system dst fuzz asan tsan}
results=build/check-results
mkdir -p build/log
: >"$results"
make=${MAKE:-make}
has() { case " $parts " in *" $1 "*) return 0 ;; esac; return 1; }
tally() { sh tests/tally.sh "$results" "$@"; }
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
programs() { # folder: its test programs
	for p in "$1"/test_*; do
		[ -x "$p" ] && [ -f "$p" ] && case $p in *.d | *.o) ;; *) echo "$p" ;; esac
	done
}
all_of() { # folder, label: two at a time
	programs "$1" | while read -r p; do echo "$2/$(basename "$p") $p"; done |
		xargs -r -P 2 -L 1 sh tests/tally.sh "$results"
}
system_lane() {
	ls tests/system/test_*.sh | xargs -P 2 -n 1 sh tests/system/once_more.sh "$results" system
	for variant in asan tsan; do
		has $variant || continue
		until [ -e "build/$variant.built" ]; do sleep 1; done
		VARIANT=$variant SPEED=5 sh tests/system/once_more.sh "$results" $variant tests/system/test_run.sh
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
has lint && tally lint/layers sh tests/lint/layers.sh
has lint && tally lint/names sh tests/lint/names.sh
has lint && tally lint/test_names sh tests/lint/test_names.sh
has lint && tally lint/format sh tests/lint/format.sh
has lint && tally lint/openapi sh tests/lint/openapi.sh
has compile && tally lint/compile sh tests/lint/compile.sh
has unit && all_of build/release/tests/unit release
has replay && all_of build/release/tests/replay replay
has dst && TEST_TIMEOUT=500 all_of build/release/tests/dst dst
has compile && build clang CC=clang VARIANT=clang WERROR=1 CFLAGS=-O0 syntax
for variant in asan tsan; do
	has $variant || continue
	rm -f build/$variant/tests/unit/test_* # what is there is run
	case $variant in asan) set=unittests ;; tsan) set=threadtests ;; esac
	build $variant VARIANT=$variant all $set
	: >"build/$variant.built"
	all_of build/$variant/tests/unit $variant
done
has fuzz && tally fuzz sh tests/fuzz/short.sh
if has system; then
	wait "$lane"
	cat build/log/system-lane.out
fi

awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$results"
