#!/bin/sh
# SPDX-License-Identifier: MIT
# Every test of the project, for `make check`. The last line is "N passed, N failed, N skipped".
# CHECK_ONLY="unit system ..." runs some of the parts.
set -u
cd "$(dirname "$0")/.." || exit 1
parts=${CHECK_ONLY:-lint unit replay compile system dst fuzz asan tsan}
results=build/check-results
mkdir -p build
: >"$results"
make=${MAKE:-make}
has() { case " $parts " in *" $1 "*) return 0 ;; esac; return 1; }
tally() { sh tests/tally.sh "$results" "$@"; }
build() { # name, make words...
	name=$1
	shift
	mkdir -p build/log
	if $make -s -j2 "$@" >"build/log/build-$name.log" 2>&1; then
		echo "1 0 0 build-$name" >>"$results"
		echo "build $name: ok"
	else
		echo "0 1 0 build-$name" >>"$results"
		echo "build $name: FAILED"
		tail -n 40 "build/log/build-$name.log"
	fi
}
unit_set() { # variant
	for t in build/$1/tests/unit/test_*; do
		[ -x "$t" ] && case $t in *.d | *.o) ;; *) tally "$1/$(basename "$t")" "$t" ;; esac
	done
}

build gcc WERROR=1 all tests
has lint && tally lint/layers sh tests/lint/layers.sh
has lint && tally lint/format sh tests/lint/format.sh
has unit && unit_set release
has replay && for t in build/release/tests/replay/test_*; do
	[ -x "$t" ] && tally "$(basename "$t")" "$t"
done
has compile && build clang CC=clang VARIANT=clang WERROR=1 all
has compile && tally lint/compile sh tests/lint/compile.sh
has system && for t in tests/system/test_*.sh; do
	[ -f "$t" ] && tally "system/$(basename "$t" .sh)" sh tests/system/as_nobody.sh "$t"
done
has dst && for t in build/release/tests/dst/test_*; do
	[ -x "$t" ] && TEST_TIMEOUT=400 tally "$(basename "$t")" "$t"
done
has fuzz && tally fuzz sh tests/fuzz/short.sh
for variant in asan tsan; do
	has $variant || continue
	build $variant VARIANT=$variant all tests
	unit_set $variant
	VARIANT=$variant tally "$variant/system" sh tests/system/as_nobody.sh tests/system/test_run.sh
done

awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$results"
