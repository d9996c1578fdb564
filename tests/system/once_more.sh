#!/bin/sh
# SPDX-License-Identifier: MIT
# once_more.sh RESULTS AGAIN LABEL SCRIPT: a system test, its counts added to RESULTS. Real time on a machine that does other
# things too: a script that fails is run once more, which is told and its name added to AGAIN; twice is a failure.
set -u
results=$1
again=$2
name=$3/$(basename "$4" .sh)
one=$(mktemp build/system-result.XXXXXX) || exit 1
trap 'rm -f "$one" "$one.out"' EXIT
trap 'exit 130' INT TERM
sh tests/tally.sh "$one" "$name" sh tests/system/as_nobody.sh "$4" >"$one.out" 2>&1
if awk '$2 > 0 { bad = 1 } END { exit !bad }' "$one"; then
	: >"$one"
	echo "$name: once more" >>"$one.out"
	echo "$name" >>"$again"
	sh tests/tally.sh "$one" "$name" sh tests/system/as_nobody.sh "$4" >>"$one.out" 2>&1
fi
cat "$one.out"
cat "$one" >>"$results"
