# SPDX-License-Identifier: MIT
# benchd-web beside a station: what it takes and refuses on the wire, and what happens when either of them dies.
. tests/system/lib.sh
if ! command -v curl >/dev/null; then
	skip "curl is not installed"
	finish
fi
SOCK=$STATE/http.sock
WEB_PID=
U=http://localhost/api/v1
start_web() {
	"$BIN/benchd-web" --state "$STATE" --port "$PORT" >>"$WORK/web.log" 2>&1 &
	WEB_PID=$!
	wait_for 10 curl -sf --unix-socket "$SOCK" http://localhost/healthz
}
get() { curl -s -m 10 --unix-socket "$SOCK" "$@"; }
status() { get -o /dev/null -w '%{http_code}' "$@"; }

start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
child_web=$(child benchd-web)
check "a port that is held: exit 75" code 75 "$BIN/benchd-web" --state "$STATE" --port "$PORT" --socket "$WORK/other.sock"
check "which names its holder" has "pid $child_web" "$BIN/benchd-web" --state "$STATE" --port "$PORT" --socket "$WORK/other.sock"
check "an unknown flag: exit 2" code 2 "$BIN/benchd-web" --frobnicate
check "a header of 40 KB: 431" has 431 status -H "X-Big: $(head -c 40000 /dev/zero | tr '\0' x)" "$U/bays"
check "two Content-Length: 400" has 400 status -X POST -H 'Content-Length: 2' -H 'Content-Length: 3' "$U/bays/1/stop"
check "length and transfer coding: 400" has 400 status -X POST -H 'Transfer-Encoding: chunked' -H 'Content-Length: 2' -d '{}' "$U/bays/1/stop"
check "a chunked body: 411" has 411 status -X POST -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d '{}' "$U/bays/1/stop"
check "a body that is no JSON: 415" has 415 status -X PUT -H 'Content-Type: text/plain' -d '{}' "$U/tickets/T-1"
check "a page of another site: 403" has 403 status -H 'Origin: http://evil.example' "$U/bays"
check "without a token it may look" has 200 status "$U/runs"
check "and change nothing: 403" has 403 status -H 'Content-Type: application/json' -d '{"repair_seq":0}' "$U/tickets/T-1001/release"
check "with the station's token it is let in: there is no such ticket" has 404 status -H "Authorization: Bearer $(cat "$STATE/token")" -H 'Content-Type: application/json' \
	-d '{"repair_seq":0}' "$U/tickets/T-1001/release"
check "the socket is for user and group only" has 660 stat -c %a "$SOCK"
check "the token is for benchd and root alone" is 600 stat -c %a "$STATE/token"
check "the database is for the user only" is "600 600 600 " sh -c "stat -c %a '$STATE'/benchd.db '$STATE'/benchd.db-wal '$STATE'/benchd.db-shm | tr '\\n' ' '"
check "readyz says so" has ready get http://localhost/readyz

kill -KILL "$child_web"
check "benchd starts benchd-web again" wait_for 20 curl -sf --unix-socket "$SOCK" http://localhost/healthz
check "and the API answers" wait_for 10 has '"simulated":true' get "$U/station"

child_web=$(child benchd-web)
check "it is another process" test -n "$child_web"
stop_station KILL
check "benchd-web of --spawn ends with benchd" wait_for 10 gone "$child_web"
rm -f "$STATE"/*.sock
start_web
check "without benchd: 503 and when to come back" has "Retry-After" get -i "$U/bays"
check "and why" has station_gone get "$U/bays"
check "it is alive itself" has ok get http://localhost/healthz
kill -TERM $WEB_PID
wait_for 10 gone $WEB_PID
wait $WEB_PID
check "SIGTERM ends it with exit code 0" test $? = 0
check "its socket is gone" test ! -e "$SOCK"
check "nothing was reported by a sanitizer" sh -c "! grep -hE 'ERROR: AddressSanitizer|runtime error|WARNING: ThreadSanitizer|LeakSanitizer' $WORK/*.log"
finish
