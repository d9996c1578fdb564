#!/bin/sh
# SPDX-License-Identifier: MIT
# depot.sh: a station whose depot has BENCH_RUNS runs (100000; 1000000 takes a quarter of an hour and 7 GB under TMPDIR to make;
# BENCH_STATE: the folder of one that mkdepot made before): decision, verdict and searches in a reader, start-up, the same over HTTP beside
# a 404 of the same server, the feed beside nginx serving the same bytes, how the daemons grow over BENCH_REQUESTS (0: not asked), how late
# benchd's loop is meanwhile, and what benchctl verify takes. Nothing is asserted.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=build/release
RUNS=${BENCH_RUNS:-100000}
T=$(mktemp -d "${TMPDIR:-/tmp}/benchd-depot.XXXXXX") || exit 1
PIDS=
trap 'for p in $PIDS; do kill $p 2>/dev/null; done; wait; rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
up() { # file to wait for
	n=0
	until [ -e "$1" ] || [ $n -ge 200 ]; do sleep 0.1; n=$((n + 1)); done
}
http() { "$B/tests/bench/bench_http" "$@"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

STATE=${BENCH_STATE:-$T/state}
REQUESTS=${BENCH_REQUESTS:-1000000}
begun=$(date +%s)
if [ -n "${BENCH_STATE:-}" ]; then
	made="$RUNS runs of $(((RUNS * 10 + 20) / 21)) tickets" # as mkdepot does
else
	made=$("$B/tests/bench/mkdepot" "$STATE" "$RUNS") || exit 1
fi
tickets=${made##*of }
tickets=${tickets%% *}
echo "== a depot after $made, $(du -m "$STATE/benchd.db" | cut -f1) MB, made in $(($(date +%s) - begun)) s; asked in a reader of this process"
"$B/tests/bench/bench_release" "$STATE" "$tickets" "$((REQUESTS / 10))"

"$B/benchsim" --fixture fixtures/sim.yaml --dir "$T/sim" >"$T/sim.log" 2>&1 &
PIDS="$PIDS $!"
up "$T/sim/control"
S=$STATE/http.sock
start() { # STATE: and how long until it answers
	at=$(date +%s%N)
	"$B/benchd" --spawn --fixture fixtures/sim.yaml --profiles profiles --state "$1" --sim-dir "$T/sim" \
		--port $((30000 + $$ % 20000)) >"$T/benchd.log" 2>&1 &
	station=$!
	PIDS="$station $PIDS"
	until curl -sf -o /dev/null --unix-socket "$1/http.sock" http://localhost/healthz; do sleep 0.01; done
	took=$((($(date +%s%N) - at) / 1000000))
}
start "$T/empty"
kill $station && wait $station
empty=$took
start "$STATE"
echo
echo "== exec to API up: $took ms, with an empty store $empty ms (target 300 ms)"
web=$(pgrep -P $station benchd-web)
each="-c $station,$web"
echo
echo "== the same over HTTP, one client of benchd-web, on its Unix socket (release and verdict: blocked ones too)"
printf '  %-46s %3s %8s %8s %9s %8s %8s\n' request "" "p50 us" "p99 us" "per s" "MB/s" "CPU us"
http $each -n 5000 "$S" "404 of benchd-web alone, for comparison" /nothing
http $each -n 5000 "$S" "404 of benchd: a ticket that is not there" /api/v1/tickets/none
before=$(rss $station)
http $each -n 3000 -r "$tickets" "$S" "release decision" /api/v1/tickets/T-%u/release
http $each -n 3000 -r "$tickets" "$S" "verdict" /api/v1/tickets/T-%u/verdict
pages=$((tickets * 7 / 1000 + 2)) # of some 6 items for each ticket: the last one is open
http $each -n $pages -f -o "$T/end" "$S" "feed from the beginning, 1000 a page" "/api/v1/results?limit=1000"
cursor=$(sed -n 's/.*"cursor":"\([^"]*\)".*/\1/p' "$T/end" | tail -n 1)
http $each -n 5000 "$S" "idle poll (CPU target: the 404's + 20 us)" "/api/v1/results?cursor=$cursor"
echo "  benchd grew by $(($(rss $station) - before)) KiB over these requests, its caches filled"

# a tenth of them decisions and verdicts
if [ "$REQUESTS" -gt 0 ]; then
	half=
	for i in 1 2; do
		http -n $((REQUESTS / 40)) -r "$tickets" "$S" "" /api/v1/tickets/T-%u/release >/dev/null
		http -n $((REQUESTS / 40)) -r "$tickets" "$S" "" /api/v1/tickets/T-%u/verdict >/dev/null
		http -n $((REQUESTS * 9 / 20)) -r "$tickets" "$S" "" /api/v1/tickets/T-%u >/dev/null
		half=${half:-"$(rss $station) $(rss $web)"}
	done
	echo "  growth over HTTP, $REQUESTS requests: benchd ${half% *} KiB at half of them, $(rss $station) KiB at the end; benchd-web ${half#* } KiB, $(rss $web) KiB (target 0)"
fi

http -n 1 -o "$T/page" "$S" "" "/api/v1/results?limit=1000" >/dev/null
if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then
	chmod 755 "$T"
	chmod 644 "$T/page"
	cat >"$T/nginx.conf" <<-EOF
		worker_processes 1; daemon off; pid $T/nginx.pid; error_log $T/nginx.log;
		events { worker_connections 16; }
		http { access_log off; keepalive_requests 1000000; server { listen unix:$T/nginx.sock; root $T; }
		client_body_temp_path $T/n1; proxy_temp_path $T/n2; fastcgi_temp_path $T/n3; uwsgi_temp_path $T/n4; scgi_temp_path $T/n5; }
	EOF
	PATH=$PATH:/usr/sbin nginx -c "$T/nginx.conf" -p "$T" 2>/dev/null &
	nginx=$!
	PIDS="$nginx $PIDS"
	up "$T/nginx.pid"
	http $each -n 200 "$S" "one page of the feed, again and again" "/api/v1/results?limit=1000"
	http -c "$(pgrep -d, -P $nginx)" -n 200 "$T/nginx.sock" "nginx, the same bytes from a file" /page
else
	echo "  nginx is not installed: the feed has no peer here (apt-get install nginx-light)"
fi

echo
echo "== benchd's loop while four clients ask without a pause (target: p99.9 within 2 x the idle reference thread's)"
clients=
for i in 1 2 3 4; do
	http -n 100000000 -r "$tickets" "$S" "" /api/v1/tickets/T-%u/release >/dev/null 2>&1 &
	clients="$clients $!"
done
PIDS="$clients $PIDS"
"$B/tests/bench/bench_station" "$STATE" $station 10
for p in $clients; do kill "$p"; done
kill $station && wait $station

echo
echo "== benchctl verify of that database"
openssl pkey -in "$STATE/keys/station.key" -pubout -out "$T/station.pem"
if [ -x /usr/bin/time ]; then
	/usr/bin/time -f "  %e s, %U s of CPU, %M KiB at most" "$B/benchctl" verify "$STATE/benchd.db" --key "$T/station.pem"
else
	begun=$(date +%s)
	"$B/benchctl" verify "$STATE/benchd.db" --key "$T/station.pem"
	echo "  $(($(date +%s) - begun)) s; /usr/bin/time is not installed: no word about memory (apt-get install time)"
fi
