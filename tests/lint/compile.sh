#!/bin/sh
# SPDX-License-Identifier: MIT
# What the ordinary build does not show: each header stands alone under gcc and clang, gpiod_v2.c compiles against
# libgpiod 2's declarations, and a tree that was never built is built. TAP on stdout.
set -u
cd "$(dirname "$0")/../.." || exit 1
n=0
bad=0
report() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; printf '%s\n' "$3" | head -n 20 | sed 's/^/# /'; bad=1; fi
}
flags="-std=c11 -D_GNU_SOURCE -Iinclude -I. -Wall -Wextra -Wpedantic -fsyntax-only $(pkg-config --cflags libmodbus jansson)"
for cc in gcc clang; do
	if ! command -v $cc >/dev/null; then
		n=$((n + 1))
		echo "ok $n # SKIP $cc is not installed"
		continue
	fi
	# shellcheck disable=SC2086
	out=$(for h in include/*/*.h; do printf '#include "%s"\nextern int a_header_may_hold_macros_alone;\n' "${h#include/}" | $cc $flags -x c - 2>&1 || echo "$h"; done)
	[ -z "$out" ]
	report $? "each header compiles alone with $cc" "$out"
done
for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	out=$(CC=$cc sh tests/fake/gpiod_v2/check.sh 2>&1)
	report $? "gpiod_v2.c compiles against libgpiod 2 with $cc" "$out"
done
# A tree without build/ is what everybody begins with, and nobody who works here sees it again.
fresh=$(mktemp -d)
tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C "$fresh"
out=$(make -n -C "$fresh" all tests 2>&1 >/dev/null)
[ -z "$out" ]
report $? "make all tests begins in a tree that was never built" "$out"
rm -rf "$fresh"
echo "1..$n"
exit $bad
