#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench: figures beside the peer or the limit they are compared with, in one run. Nothing is asserted.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=build/release
T=$(mktemp -d "${TMPDIR:-/tmp}/benchd-bench.XXXXXX") || exit 1
PIDS=
trap 'for p in $PIDS; do kill $p 2>/dev/null; done; rm -rf "$T"' EXIT INT TERM
up() { # file to wait for
	n=0
	until [ -e "$1" ] || [ $n -ge 100 ]; do sleep 0.1; n=$((n + 1)); done
}

echo "machine: $(nproc) cores, $(uname -sr)"
echo
sh tests/bench/lines.sh

echo "== virtual time: the full 600G profile with bus decode, engine and judge (target >= 20000 x real time per core)"
$B/tests/bench/bench_virtual

echo
sh tests/bench/depot.sh

echo
echo "== signing in: what a PIN costs, whoever it is for (argon2id, 19 MiB, 2 passes)"
mkdir "$T/signin"
$B/tests/bench/bench_signin "$T/signin"

echo
echo "== the station at work: two bays of fixtures/sim.yaml, one running the full profile, speed 1, 20 s"
rm -rf "$T/sim" "$T/state"
$B/benchsim --fixture fixtures/sim.yaml --dir "$T/sim" --unit 1:RO600:RO600-24000101:T-1 --operator "$T/state/ctl.sock" >"$T/log" 2>&1 &
PIDS="$PIDS $!"
up "$T/sim/control"
$B/benchd --spawn --fixture fixtures/sim.yaml --profiles profiles --state "$T/state" --sim-dir "$T/sim" --port $((30000 + $$ % 20000)) >"$T/benchd.log" 2>&1 &
station=$!
PIDS="$station $PIDS"
$B/tests/bench/bench_station "$T/state" $station 20
kill $station
wait $station 2>/dev/null
