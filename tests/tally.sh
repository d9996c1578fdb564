#!/bin/sh
# SPDX-License-Identifier: MIT
# tally.sh RESULTS NAME COMMAND...: run one test program that speaks TAP, print a line, and add its counts to RESULTS
# ("passed failed skipped name"). Output is kept in build/log/NAME.log; shown when something failed.
set -u
results=$1 name=$2
shift 2
log=build/log/$(echo "$name" | tr '/ ' '__').log
mkdir -p build/log
start=$(date +%s)
CMOCKA_MESSAGE_OUTPUT=TAP timeout "${TEST_TIMEOUT:-300}" "$@" >"$log" 2>&1
rc=$?
times >>"$log"
cpu=$(tail -n 1 "$log" | awk '{ split($1, u, /[ms]/); split($2, k, /[ms]/); printf "%.1f", 60 * (u[1] + k[1]) + u[2] + k[2] }')
skipped=$(grep -ciE '^ *(not )?ok [0-9]+.*# *skip' "$log")
failed=$(grep -E '^ *not ok ' "$log" | grep -vciE '# *skip')
passed=$(grep -E '^ *ok ' "$log" | grep -vciE '# *skip')
if [ $rc -ne 0 ] && [ "$failed" = 0 ]; then failed=1; echo "exit code $rc" >>"$log"; fi
plan=$(sed -nE 's/^ *1\.\.([0-9]+).*/\1/p' "$log" | awk '{ n += $1 } END { print n }')
if [ -n "$plan" ] && [ "$failed" = 0 ] && [ "$plan" != $((passed + failed + skipped)) ]; then
	failed=1
	echo "it planned $plan tests and ran $((passed + skipped))" >>"$log"
fi
if [ $((passed + failed + skipped)) = 0 ]; then failed=1; echo "it ran no test" >>"$log"; fi
echo "$passed $failed $skipped $name" >>"$results"
printf '%-44s %4s passed %s%s (%s s, %s of CPU)\n' "$name" "$passed" "$([ "$failed" = 0 ] || echo "$failed FAILED ")" \
	"$([ "$skipped" = 0 ] || echo "$skipped skipped")" "$(($(date +%s) - start))" "$cpu"
grep -iE '^ *(not )?ok [0-9]+.*# *skip' "$log" | sed 's/^/    /'
[ "$failed" = 0 ] || { echo "---- $log"; grep -vE '^ *ok ' "$log" | tail -n 60; echo "----"; }
exit 0
