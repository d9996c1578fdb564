#!/bin/sh
# SPDX-License-Identifier: MIT
# npm.sh FROM TO: what the package-lock.json of FROM pins, into TO/node_modules; nothing when it is there already. Exit 1, with
# the reason in one line, when npm or its registry cannot be reached: whoever needs it is skipped with that reason.
set -u
from=$1 to=$2
cmp -s "$from/package-lock.json" "$to/node_modules/.from.json" && exit 0
command -v npm >/dev/null || { echo "npm is not installed"; exit 1; }
mkdir -p "$to"
cp "$from/package.json" "$from/package-lock.json" "$to"
if ! (cd "$to" && timeout 240 npm ci --ignore-scripts --no-audit --no-fund) >"$to/npm.log" 2>&1; then
	echo "npm ci in $to: $(grep -m 1 -E 'ERR!|error' "$to/npm.log" || echo "no answer within 240 s")"
	rm -rf "$to/node_modules"
	exit 1
fi
cp "$from/package-lock.json" "$to/node_modules/.from.json"
