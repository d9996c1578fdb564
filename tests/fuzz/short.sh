#!/bin/sh
# SPDX-License-Identifier: MIT
# short.sh FUZZER...: each for a few seconds from its corpus in the tree. FUZZ_SECONDS (default 4). TAP on stdout.
set -u
cd "$(dirname "$0")/../.." || exit 1
mkdir -p build/log build/fuzz
n=0
bad=0
for f in "$@"; do
	n=$((n + 1))
	name=$(basename "$f")
	corpus=tests/fuzz/corpus/${name#fuzz_}
	work=build/fuzz/work-$name
	rm -rf "$work"
	mkdir -p "$work" "$corpus"
	if "$f" -max_total_time="${FUZZ_SECONDS:-4}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$name-" "$work" "$corpus" >"build/log/$name.log" 2>&1; then
		echo "ok $n - $name: $(grep -o 'number_of_executed_units: *[0-9]*' "build/log/$name.log" | grep -o '[0-9]*$') inputs"
	else
		echo "not ok $n - $name"
		tail -n 30 "build/log/$name.log" | sed 's/^/# /'
		bad=1
	fi
done
echo "1..$n"
exit $bad
