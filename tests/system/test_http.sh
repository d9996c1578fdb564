# SPDX-License-Identifier: MIT
# HTTP by curl: loopback with the token, the Unix socket, problems, events.
. tests/system/lib.sh
if ! command -v curl >/dev/null; then
	skip "curl is not installed"
	finish
fi
U=http://127.0.0.1:$PORT/api/v1
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station --lan-names bench.depot.example,192.168.1.7
check "the bay is ready" ready 1
check "benchd-web listens" wait_for 10 curl -sf "http://127.0.0.1:$PORT/healthz"
TOKEN=$(cat "$STATE/token")
get() { curl -s -m 10 -H "Authorization: Bearer $TOKEN" "$@"; }
status() { get -o /dev/null -w '%{http_code}' "$@"; }

check "without the token: 401" has 401 curl -s -o /dev/null -w '%{http_code}' "$U/station"
check "with a wrong token: 401" has 401 curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer x" "$U/station"
check "with the token: the station" has '"simulated":true' get "$U/station"
check "the Unix socket needs no token" has '"simulated":true' curl -s --unix-socket "$STATE/http.sock" http://localhost/api/v1/station
check "a foreign Host is refused" has 421 status -H 'Host: evil.example' "$U/station"
check "a name of --lan-names is answered, and is nobody of this machine" is 401 status -H 'Host: 192.168.1.7' "$U/station"
check "an unknown path is a problem" has '"status":404' get "$U/nothing"
check "a wrong method is 405" has 405 status -X DELETE "$U/station"
check "a ticket is created: 201" has 201 status -X PUT -H 'Content-Type: application/json' \
	-d '{"serial":"RO600-24000101","model":"RO600"}' "$U/tickets/T-1001"
check "the same again: 200" has 200 status -X PUT -H 'Content-Type: application/json' \
	-d '{"serial":"RO600-24000101","model":"RO600"}' "$U/tickets/T-1001"
check "an old If-Match: 412" has 412 status -X PUT -H 'Content-Type: application/json' -H 'If-Match: "77"' \
	-d '{"serial":"RO600-24000101","model":"RO600"}' "$U/tickets/T-1001"
check "If-None-Match: * creates only: 412" has 412 status -X PUT -H 'Content-Type: application/json' -H 'If-None-Match: *' \
	-d '{"serial":"RO600-24000104","model":"RO600"}' "$U/tickets/T-1001"
check "and changes nothing" has RO600-24000101 get "$U/tickets/T-1001"
check "customer data is refused: 422" has 422 status -X PUT -H 'Content-Type: application/json' \
	-d '{"serial":"RO600-24000101","model":"RO600","phone":"13800000000"}' "$U/tickets/T-2"
check "duplicate keys are refused" has 422 status -X PUT -H 'Content-Type: application/json' \
	-d '{"serial":"RO600-24000101","serial":"RO600-24000102","model":"RO600"}' "$U/tickets/T-2"
check "a body over 64 KiB: 413" has 413 sh -c "head -c 70000 /dev/zero | tr '\\0' ' ' | \
	curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer $TOKEN' -H 'Content-Type: application/json' -X PUT --data-binary @- '$U/tickets/T-2'"
put() { get -X PUT -H 'Content-Type: application/json' --data-binary "$1" "$U/tickets/T-2"; }
good='"serial":"RO600-24000101","model":"RO600"'
check "NaN is refused" has '"status":422' put "{$good,\"priority\":NaN}"
check "and infinity" has '"status":422' put "{$good,\"priority\":1e999}"
check "deep nesting is refused" has '"status":422' put "{$good,\"symptoms\":$(printf '%0200d' 0 | tr 0 '[')$(printf '%0200d' 0 | tr 0 ']')}"
check "a wrong type, by its pointer" has '"pointer":"/serial"' put '{"serial":7,"model":"RO600"}'
check "all of them" has '"pointer":"/mail_back"' put '{"serial":7,"model":"RO600","mail_back":"yes"}'
check "SQL in a serial is no serial" has '"pointer":"/serial"' put "{\"serial\":\"x'; DROP TABLE ticket; --\",\"model\":\"RO600\"}"
check "SQL in a query finds nothing" has '"tickets":[]' get "$U/tickets?serial=%27%20OR%20%271%27%3D%271"
check "a path in an id leads nowhere" has 404 status --path-as-is "$U/tickets/..%2F..%2Fetc%2Fpasswd"
check "nor does one in the address" has 404 status --path-as-is "$U/../../etc/passwd"
check "invalid UTF-8 is refused" has '"status":422' put "$(printf '{"serial":"RO600-\377\3764000101","model":"RO600"}')"
check "an overlong form of it too" has '"status":422' put "$(printf '{"serial":"\300\257","model":"RO600"}')"
check "10 MB: 413 before they are read" has 413 sh -c "head -c 10485760 /dev/zero | \
	curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer $TOKEN' -H 'Content-Type: application/json' -X PUT --data-binary @- '$U/tickets/T-2'"
check "nothing was stored by the refused ones" has 404 status "$U/tickets/T-2"

bad_query() { # address, what the problem's detail says
	is 400 status "$U/$1" && has "$2" get "$U/$1" && has '"code":"query"' get "$U/$1" &&
		has "application/problem+json" get -o /dev/null -D - "$U/$1"
}
check "a number out of range is refused, naming it" bad_query "runs?limit=1001" "?limit= takes a whole number from 1 to 1000"
check "and none at all" bad_query "results?limit=" "?limit= takes a whole number"
check "a parameter twice" bad_query "runs?bay=1&bay=2" "?bay= stands twice"
check "an unknown one, with those that are known" bad_query "tickets?sreial=x" "expected one of code, serial, model"
check "malformed percent-encoding" bad_query "tickets?serial=%4" "?serial= takes 1 to 63 bytes of text"
check "a hidden NUL" bad_query "runs?ticket=%00" "?ticket= takes 1 to 63 bytes"
check "a word that is none of a choice" bad_query "tickets?state=frob" "?state= takes one of received|"
check "a time in another form" bad_query "tickets?due_before=tomorrow" "a time in UTC like"
check "an address without parameters" bad_query "station?x=1" "this address takes no parameter"
check "what is right is taken" is 200 status "$U/tickets?serial=RO600%2D24000101&limit=5&state=received"

start() { # name: its status into a file
	status -X POST -H 'Content-Type: application/json' -d '{"bay":"1","ticket":"T-1001","serial":"RO600-24000101","profile":"ro600_quick","operator":"'"$1"'"}' \
		"$U/runs" >"$WORK/start.$1"
}
start anna & p1=$!
start bela & p2=$!
start anna2 & p3=$!
wait $p1 $p2 $p3
check "two people start one bay, one of them by a double click: one run" is "201 409 409 " \
	sh -c "for f in '$WORK'/start.*; do cat \$f; echo; done | sort | tr '\n' ' '"
run=$(run_of 1)
ctl run abort "$run" >/dev/null
check "that one is on record, and no other" wait_for 20 is 1 sh -c "'$BIN/benchctl' --state '$STATE' --json run list | grep -o '\"id\"' | wc -l"
check "it ends" wait_for 20 ended "$run" aborted
check "the bay is ready again" ready 1

(curl -sN -m 60 -H "Authorization: Bearer $TOKEN" "$U/events" >"$WORK/events.txt") &
sse=$!
check "a run is started: 201" has 201 status -X POST -H 'Content-Type: application/json' \
	-d '{"bay":"1","ticket":"T-1001","serial":"RO600-24000101","profile":"ro600_quick"}' "$U/runs"
run=$(run_of 1)
check "the bay shows the run" has "$run" get "$U/bays/1"
check "live events come" wait_for 20 grep -q '"type":"progress"' "$WORK/events.txt"
check "a step is announced" wait_for 20 grep -q '"type":"step"' "$WORK/events.txt"
check "the run is aborted" has 202 status -X POST -H 'Content-Type: application/json' -d '{}' "$U/runs/$run/abort"
check "and announced when it is on disk" wait_for 60 grep -q '"type":"run_finished"' "$WORK/events.txt"
kill $sse 2>/dev/null
wait $sse 2>/dev/null
check "the document is served" has '"verdict":"aborted"' get "$U/runs/$run"
etag=$(get -D - -o /dev/null "$U/runs/$run" | sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p')
check "with an ETag that spares the bytes" has 304 status -H "If-None-Match: $etag" "$U/runs/$run"
get "$U/runs/$run" >"$WORK/a.json"
ctl --json run show "$run" >"$WORK/b.json"
check "HTTP and benchctl serve the same document" sh -c "tr -d '\\n' <$WORK/a.json >$WORK/a1; tr -d '\\n' <$WORK/b.json | cmp - $WORK/a1"
get "$U/results?limit=10" >"$WORK/r.json"
check "the results feed has it" has "$run" cat "$WORK/r.json"
cursor=$("$BIN/tests/system/jsonget" cursor <"$WORK/r.json")
check "nothing comes after the cursor" has '"items":[]' get "$U/results?cursor=$cursor"
mkdir -m 750 "$WORK/other"
"$BIN/benchd-web" --state "$WORK/other" --port $((PORT + 1)) >"$WORK/other-web.log" 2>&1 &
web=$!
EXTRA_PIDS=$web
check "another benchd-web listens" wait_for 20 curl -sf --unix-socket "$WORK/other/http.sock" http://localhost/healthz
http_row() { "$BIN/benchctl" --state "$WORK/other" doctor --port $((PORT + 1)) | grep -A 1 ' http '; }
check "doctor finds it at its socket" has "$WORK/other/http.sock" http_row
kill -KILL $web
wait $web 2>/dev/null
EXTRA_PIDS=
check "killed, it leaves its socket" test -S "$WORK/other/http.sock"
check "and doctor says that it does not run" has "benchd-web does not run" http_row
finish
