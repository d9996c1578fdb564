#!/bin/sh
# SPDX-License-Identifier: MIT
# lines.sh [rtu|dead|bytes|estop|deaths]...: what the lines do, beside the peers, in one run. All times are the slave's stamps; nothing
# is asserted. BENCH_SECONDS: for each master; BENCH_PRESSES of the E-stop (20); BENCH_DEATHS of each daemon (1).
set -u
cd "$(dirname "$0")/../.." || exit 1
B=build/release
T=$(mktemp -d "${TMPDIR:-/tmp}/benchd-lines.XXXXXX") || exit 1
SIM=
STATION=
QUIET=--quiet-sensors # a rig without noise is frozen for a run
trap '[ -n "$STATION" ] && kill $STATION 2>/dev/null; [ -n "$SIM" ] && kill $SIM 2>/dev/null; wait; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
SECONDS_EACH=${BENCH_SECONDS:-5}
PYTHON=
for p in python3 /usr/bin/python3; do
	[ -z "$PYTHON" ] && "$p" -c 'import pymodbus.client' >/dev/null 2>&1 && PYTHON=$p
done

sim() { # fixture, more options: a fresh benchsim, so that its stamps are of one master
	[ -n "$SIM" ] && kill $SIM && wait $SIM 2>/dev/null
	rm -rf "$T/sim"
	"$B/benchsim" --dir "$T/sim" $QUIET --fixture "$@" >"$T/sim.log" 2>&1 &
	SIM=$!
	n=0
	until [ -e "$T/sim/control" ] || [ $n -ge 100 ]; do
		sleep 0.1
		n=$((n + 1))
	done
}
stats() { "$B/tests/system/simctl" "$T/sim/control" stats "$1" | tr ' ;' '\n\n'; }
stat_of() { sed -n "s/^$1=//p" "$2" | head -n 1; }
quiet() { # figures of a few milliseconds mean little on a busy machine: said beside them
	awk -v cores="$(nproc)" '{ busy = $1 > cores / 4
		printf "   load before: %s %s on %d cores%s\n", $1, $2, cores, busy ? " (BUSY: times are the machine\047s too)" : "" }' \
		/proc/loadavg
}
calc() { awk "BEGIN { printf \"$1\", ($2) }"; }

# Run a master on the line; sets transactions, cpu_us.
master() { # name baud seconds units
	case $1 in
	mbpoll)
		# polls at its fastest, 11 ms behind each answer; its CPU is the process's
		cpu=$(python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(1e6 * (u.ru_utime + u.ru_stime))' timeout "$3" mbpoll -m rtu -q -a "$(seq -s , 1 "$4")" -b "$2" -P none -t 4 -0 -r 0 -c 10 \
			-l 11 -o 0.1 "$T/sim/line")
		stats line >"$T/stats"
		answered=$(($(stat_of requests "$T/stats") - $(stat_of silent "$T/stats")))
		printf 'transactions=%d cpu_us=%s\n' "$answered" "$(calc %.1f "$cpu / ($answered + 1e-9)")" >"$T/result"
		;;
	pymodbus) "$PYTHON" tests/bench/bench_pymodbus.py "$T/sim/line" "$2" "$3" "$4" >"$T/result" 2>/dev/null ;;
	*) "$B/tests/bench/bench_rtu" "$1" "$T/sim" "$T/f.yaml" "$2" "$3" "$4" >"$T/result" ;;
	esac
	tr ' ' '\n' <"$T/result" >"$T/result.lines"
	stats line >"$T/stats"
	transactions=$(stat_of transactions "$T/result.lines")
	cpu_us=$(stat_of cpu_us "$T/result.lines")
}

present() { # is that master here?
	case $1 in
	mbpoll) command -v mbpoll >/dev/null ;;
	pymodbus) [ -n "$PYTHON" ] ;;
	esac
}

rtu_row() { # baud gap_us ideal master title
	sim "$T/f.yaml" --wire "$1"
	master "$4" "$1" "$SECONDS_EACH" 1
	p50=$(stat_of period_p50_us "$T/stats")
	p95=$(stat_of period_p95_us "$T/stats")
	p99=$(stat_of period_p99_us "$T/stats")
	idle=$(stat_of idle_p50_us "$T/stats")
	printf '  %-30s %7.1f %7.1f %% %8.2f %8.2f %8.2f %8.2f %8.2f %6.1f %% %8.1f\n' "$5" \
		"$(calc %f "1e6 / $p50")" "$(calc %f "100 * 1e6 / $p50 / $3")" "$(calc %f "$p50 / 1e3")" "$(calc %f "$p95 / 1e3")" \
		"$(calc %f "$p99 / 1e3")" "$(calc %f "($p95 - $p50) / 1e3")" "$(calc %f "($idle - $2) / 1e3")" \
		"$(calc %f "100 * ($idle - $2) / $p50")" "$cpu_us"
	case $4 in
	bare) bare_cpu=$cpu_us ;;
	bare_gap) gap_cpu=$cpu_us ;;
	benchd)
		printf '  CPU per transaction: %s x the bare loop, %s x the bare loop that keeps t3.5 (target 1.3)\n' \
			"$(calc %.2f "$cpu_us / $bare_cpu")" "$(calc %.2f "$cpu_us / $gap_cpu")"
		;;
	esac
}

rtu() {
	echo "== RTU: 10 registers as fast as the master goes; slave paced at the line's rate, turnaround 1.5 to 2.5 ms"
	echo "   targets: idle beyond t3.5 at most 2 % of the period; p95-p50 no more than the bare loop's; CPU at most 1.3 x its."
	echo "   A master that keeps no silence (idle below 0) can pass the limit: slaves may then take two frames for one."
	for baud in 9600 115200; do
		sed "s/baud: 9600/baud: $baud/" tests/bench/rtu4.yaml >"$T/f.yaml"
		gap=$(calc %d "$baud > 19200 ? 1750 : 35e6 / $baud")
		ideal=$(calc %f "1e6 / (33 * 10e6 / $baud + 2000 + $gap)")
		printf '  %s baud, limit with t3.5: %.1f transactions a second\n' $baud "$ideal"
		printf '  %-30s %7s %9s %8s %8s %8s %8s %8s %8s %8s\n' master "per s" "of limit" "p50 ms" "p95 ms" "p99 ms" "p95-p50" \
			"idle ms" "of per." "CPU us"
		rtu_row $baud "$gap" "$ideal" bare "bare write/poll/read loop"
		rtu_row $baud "$gap" "$ideal" bare_gap "bare loop that keeps t3.5"
		rtu_row $baud "$gap" "$ideal" libmodbus "plain libmodbus loop"
		present mbpoll && rtu_row $baud "$gap" "$ideal" mbpoll "mbpoll -l 11"
		present pymodbus && rtu_row $baud "$gap" "$ideal" pymodbus "pymodbus (Debian's)"
		rtu_row $baud "$gap" "$ideal" benchd "benchd's bus thread"
	done
}

# Live slaves' answers a second with all four alive and with the fourth dead.
dead_row() { # master title
	for dead in no yes; do
		sim "$T/f.yaml" --wire 9600
		[ $dead = yes ] && "$B/tests/system/simctl" "$T/sim/control" fault slave4:dead >/dev/null
		master "$1" 9600 "$((3 * SECONDS_EACH))" 4
		[ $dead = no ] && live=$((transactions * 3 / 4))
	done
	printf '  %-30s %9.1f %9.1f %8.1f %%\n' "$2" "$(calc %f "$live / (3 * $SECONDS_EACH)")" \
		"$(calc %f "$transactions / (3 * $SECONDS_EACH)")" "$(calc %f "100 * $transactions / $live")"
}

dead() {
	echo "== one of four slaves dead, 9600 baud, time-out 100 ms: answers of the live three a second (target: 95 % kept)"
	cp tests/bench/rtu4.yaml "$T/f.yaml"
	printf '  %-30s %9s %9s %10s\n' master "all live" "one dead" kept
	dead_row bare_gap "bare loop that keeps t3.5"
	dead_row libmodbus "plain libmodbus loop"
	present mbpoll && dead_row mbpoll "mbpoll -l 11"
	present pymodbus && dead_row pymodbus "pymodbus, time-out 1 s"
	dead_row benchd "benchd's bus thread"
}

# The meters of the demo's rig, polled by benchd-io: what came over the line beside what was planned.
bytes() {
	echo "== bytes on the wire against the planner's optimum: bus meters of fixtures/sim.yaml, 9600 baud, polled by benchd-io"
	sim fixtures/sim.yaml --wire 9600
	"$B/benchd-io" --fixture fixtures/sim.yaml --sim-dir "$T/sim" --link "$T/no.sock" >"$T/io.log" 2>&1 &
	STATION=$!
	sleep 3
	stats meters >"$T/stats"
	from=$(stat_of bytes "$T/stats")
	asked=$(stat_of requests "$T/stats")
	from_ms=$(stat_of mono_ms "$T/stats")
	sleep $((4 * SECONDS_EACH))
	stats meters >"$T/stats"
	span=$(calc %f "($(stat_of mono_ms "$T/stats") - $from_ms) / 1e3")
	"$B/benchctl" --json fixture check fixtures/sim.yaml | tr '{,' '\n\n' | sed -n '/"bus":"meters"/,/"write_wait_ms"/p' |
		tr -d '"' | tr ':' '=' >"$T/plan"
	printf '  %-30s %9s %9s\n' "" "planned" "measured"
	printf '  %-30s %9.1f %9.1f\n' "bytes a second" "$(stat_of bytes_per_s "$T/plan")" \
		"$(calc %f "($(stat_of bytes "$T/stats") - $from) / $span")" "transactions a second" \
		"$(stat_of transactions_per_s "$T/plan")" "$(calc %f "($(stat_of requests "$T/stats") - $asked) / $span")"
	kill $STATION
	wait $STATION 2>/dev/null
	STATION=
}

bays_are() { [ "$("$B/benchctl" --state "$T/state" bay list 2>/dev/null | grep -c " $1")" -ge 2 ]; }
wait_bays() {
	n=0
	until bays_are "$1" || [ $n -ge 300 ]; do
		sleep 0.1
		n=$((n + 1))
	done
}

# Refused as long as the condition stands.
reset_bay() {
	n=0
	until "$B/benchctl" --state "$T/state" bay reset "$1" >/dev/null 2>&1 || [ $n -ge 100 ]; do
		sleep 0.1
		n=$((n + 1))
	done
}

# From the edge as the chip stamps it to the last command of the drop: lamps on the chip, relays on the line.
estop() {
	echo "== E-stop edge to outputs commanded safe, the whole station idle (targets: GPIO 2 ms p99; Modbus as fixture check computes)"
	quiet
	sim fixtures/sim.yaml --wire 115200
	"$B/benchd" --spawn --fixture fixtures/sim.yaml --profiles profiles --state "$T/state" --sim-dir "$T/sim" \
		--port $((30000 + $$ % 20000)) >"$T/benchd.log" 2>&1 &
	STATION=$!
	wait_bays ready
	: >"$T/gpio"
	: >"$T/relays"
	for i in $(seq 1 "${BENCH_PRESSES:-20}"); do
		"$B/tests/system/simctl" "$T/sim/control" estop on >/dev/null
		sleep 0.2
		stats gpio >"$T/stats"
		edge=$(stat_of edge_us "$T/stats")
		# the dead-man line toggles by itself
		grep '^set_' "$T/stats" | grep -v dead_man | sed 's/.*=//' | sort -n | tail -n 1 |
			awk -v e="$edge" '$1 > e { print $1 - e }' >>"$T/gpio"
		stats io >"$T/stats"
		stat_of write_us "$T/stats" | awk -v e="$edge" '$1 > e { print $1 - e }' >>"$T/relays"
		"$B/tests/system/simctl" "$T/sim/control" estop off >/dev/null
		wait_bays tripped
		for bay in 1 2; do reset_bay $bay; done
		wait_bays ready
	done
	printf '  %-38s %8s %8s %8s %8s\n' "" "p50 ms" "p99 ms" "max ms" presses
	for what in gpio relays; do
		sort -n "$T/$what" | awk -v w="$what" '{ v[NR] = $1 }
			END { if (NR) printf "  %-38s %8.2f %8.2f %8.2f %8d\n", w == "gpio" ? "GPIO stand-in, last lamp" : "relays, last write in the 0.2 s after", \
				v[int((NR + 1) / 2)] / 1e3, v[int(NR * 0.99 + 0.999)] / 1e3, v[NR] / 1e3, NR; else printf "  %-38s nothing was commanded\n", w }'
	done
	"$B/benchctl" fixture check fixtures/sim.yaml | awk '/relays_/ && / ms / { for (i = 1; i < NF; i++)
		if ($(i + 1) == "ms" && $i > worst) worst = $i } END { printf "  fixture check computes %.1f ms at most for the relays\n", worst }'
	kill $STATION
	wait $STATION 2>/dev/null
	STATION=
}

child() { # name: pid of the station's child
	for pid in $(cat "/proc/$STATION/task/$STATION/children"); do
		[ "$(cat "/proc/$pid/comm")" = "$1" ] && echo "$pid"
	done
}
output() { "$B/tests/system/simctl" "$T/sim/control" output "$1" 1; } # ok VALUE mono_ms=WHEN IT CHANGED
mono_ms() { "$B/tests/system/simctl" "$T/sim/control" stats | sed -n 's/^ok mono_ms=\([0-9]*\).*/\1/p'; }
wait_output() { # name value seconds
	n=0
	until output "$1" | grep -q "^ok $2 "; do
		[ $n -lt $((20 * $3)) ] || return 1
		sleep 0.05
		n=$((n + 1))
	done
}
orphans() { # pids...: until they have ended by themselves; they hold the rig
	for pid in "$@"; do
		n=0
		while kill -0 "$pid" 2>/dev/null && [ $n -lt 300 ]; do
			sleep 0.1
			n=$((n + 1))
		done
	done
}

# A run is under way, its valve open and its unit powered; then a daemon dies. Until the rig's side sees the last of both off.
# Run time is ten times as fast, so that the unit is powered soon; leases, the link and the dead-man line keep wire time.
death() { # daemon signal
	rm -rf "$T/state"
	QUIET=
	sim fixtures/sim.yaml --speed 10 --unit 1:RO600:RO600-24000101:T-1 --operator "$T/state/ctl.sock"
	"$B/benchd" --spawn --fixture fixtures/sim.yaml --profiles profiles --state "$T/state" --sim-dir "$T/sim" \
		--speed 10 --port $((30000 + $$ % 20000)) >"$T/benchd.log" 2>&1 &
	STATION=$!
	wait_bays ready
	"$B/benchctl" --state "$T/state" ticket add T-1 --serial RO600-24000101 --model RO600 >/dev/null
	n=0 # one bay may be ready before the other
	until "$B/benchctl" --state "$T/state" run start --bay 1 --ticket T-1 --serial RO600-24000101 --profile ro600_quick >/dev/null 2>&1; do
		[ $n -lt 40 ] || break
		sleep 0.5
		n=$((n + 1))
	done
	children=$(cat "/proc/$STATION/task/$STATION/children")
	wait_output unit_power_supply 1 60 && wait_output feed_valve 1 30 || echo "no run" >>"$T/$1.$2"
	pid=$STATION
	[ "$1" = benchd ] || pid=$(child "$1")
	from=$(mono_ms)
	kill -"$2" "$pid"
	for name in feed_valve unit_power_supply; do
		wait_output $name 0 15
		output $name | awk -v from="$from" '$2 == 0 { sub("mono_ms=", "", $3); if ($3 >= from) print $3 - from }'
	done | sort -n | awk '{ n++; last = $1 } END { print n == 2 ? last : "never" }' >>"$T/$1.$2"
	kill $STATION 2>/dev/null
	wait $STATION 2>/dev/null
	STATION=
	orphans $children
}

deaths() {
	echo "== from a daemon's death in a run to valve and power off, on the rig's side"
	quiet
	printf '  %-38s %8s %8s   %s\n' "" target "worst ms" all
	for row in "benchd KILL 600 benchd dead" "benchd-io KILL 1000 benchd-io dead" "benchd-io STOP 2500 benchd-io hung"; do
		set -- $row
		n=0
		while [ $n -lt "${BENCH_DEATHS:-1}" ]; do
			death "$1" "$2"
			n=$((n + 1))
		done
		printf '  %-38s %8d %8s   %s\n' "$4 $5" "$3" "$(sort -n "$T/$1.$2" | tail -n 1)" "$(tr '\n' ' ' <"$T/$1.$2")"
	done
}

[ $# -gt 0 ] || set -- rtu dead bytes estop deaths
for part in "$@"; do
	case $part in
	rtu | dead | bytes | estop | deaths) $part ;;
	*) echo "lines.sh: no part $part" >&2 && exit 2 ;;
	esac
	echo
done
