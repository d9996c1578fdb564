#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-format has nothing to change. TAP on stdout.
set -u
cd "$(dirname "$0")/../.." || exit 1
if ! command -v clang-format >/dev/null; then
	echo "ok 1 # SKIP clang-format is not installed"
	echo 1..1
	exit 0
fi
out=$(find src include drivers tests -name '*.[ch]' | grep -v '^tests/fake/gpiod_v2/' | xargs clang-format --dry-run -Werror 2>&1)
rc=$?
if [ $rc = 0 ]; then echo "ok 1 - the sources are formatted"; else
	echo "not ok 1 - the sources are formatted"
	echo "$out" | grep -E '(error|warning):|^[^ ]*: |rror' | cut -d: -f1 | sort | uniq -c | head -n 20 | sed 's/^/# /'
	echo "$out" | grep -v ': error: code should be' | grep -i 'error' | head -n 3 | sed 's/^/# /'
fi
echo 1..1
exit $rc
