# SPDX-License-Identifier: MIT
# The change feed as the ticketing system lives on it: pages, cursors, waiting; each item byte for byte as it is chained.
. tests/system/lib.sh
if ! command -v curl >/dev/null || ! command -v sqlite3 >/dev/null; then
	skip "curl or sqlite3 is not installed"
	finish
fi
start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station
check "the bay is ready" ready 1
check "benchd-web listens" wait_for 10 curl -sf "http://127.0.0.1:$PORT/healthz"
TOKEN=$(cat "$STATE/token")
get() { curl -s -m 30 -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:$PORT/api/v1/$1"; }
status() { curl -s -m 30 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "$@"; }
member() { "$BIN/tests/system/jsonget" "$1" <"$2"; }
ctl ticket add T-1001 --serial RO600-24000101 --model RO600 >/dev/null
one_run() {
	begin_run supply_pump && ctl run abort "$RUN" >/dev/null && wait_for 60 ended "$RUN" aborted && ready 1
}

check "a run is made and ended" one_run
# All of it, two at a time, by the cursors.
cursor=
: >"$WORK/items"
pages=0
while :; do
	get "results?limit=2&cursor=$cursor" >"$WORK/page.json"
	[ $pages = 0 ] && cp "$WORK/page.json" "$WORK/first.json"
	# the items as they stand in the page, one a line
	python3 - "$WORK/page.json" >>"$WORK/items" <<'PY'
import json, sys
page = open(sys.argv[1], encoding="utf-8").read()
at, decoder = page.index("[") + 1, json.JSONDecoder()
while page[at] != "]":
    _, end = decoder.raw_decode(page, at)
    print(page[at:end])
    at = end + (page[end] == ",")
PY
	cursor=$(member cursor "$WORK/page.json")
	pages=$((pages + 1))
	[ "$(member complete "$WORK/page.json")" = true ] && [ $pages -lt 50 ] || break
done
sqlite3 -readonly "$STATE/benchd.db" "SELECT bytes FROM chain WHERE feed = 1 ORDER BY seq" >"$WORK/chained"
check "there is more than one page" test $pages -gt 1
check "the items are those of the chain, byte for byte, each once, in order" cmp "$WORK/items" "$WORK/chained"
check "the run's begin and end are among them" sh -c "grep -q '\"type\":\"run_started\"' '$WORK/items' && grep -q '\"type\":\"run_finished\"' '$WORK/items'"
get "results?cursor=$cursor" >"$WORK/empty.json"
check "after the last one nothing comes" is "" member items.0 "$WORK/empty.json"
check "and the page stays open" is false member complete "$WORK/empty.json"

# A full page is fixed for ever, whatever comes later; who waits gets the next item when it is there.
(get "results?cursor=$cursor&wait=25" >"$WORK/waited.json"; date +%s >"$WORK/waited.at") &
waiter=$!
EXTRA_PIDS=$waiter
began=$(date +%s)
check "another run" one_run
wait $waiter
check "who waited got an item" has '"type"' cat "$WORK/waited.json"
check "before the time was up" test "$(cat "$WORK/waited.at")" -lt $((began + 25))
check "the first page has not changed" sh -c "curl -s -H 'Authorization: Bearer $TOKEN' 'http://127.0.0.1:$PORT/api/v1/results?limit=2' | cmp - '$WORK/first.json'"
check "without items the wait ends by itself" sh -c "
	head=\$(curl -s -H 'Authorization: Bearer $TOKEN' 'http://127.0.0.1:$PORT/api/v1/results?limit=1000' | '$BIN/tests/system/jsonget' cursor)
	curl -s -m 10 -H 'Authorization: Bearer $TOKEN' \"http://127.0.0.1:$PORT/api/v1/results?cursor=\$head&wait=1\" | grep -q '\"items\":\\[\\]'"
etag=$(curl -s -D - -o /dev/null -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:$PORT/api/v1/results?limit=2" | sed -n 's/^[Ee][Tt]ag: *\(.*\)\r$/\1/p')
check "the ETag spares the bytes" is 304 status -H "If-None-Match: $etag" "http://127.0.0.1:$PORT/api/v1/results?limit=2"

# Who has seen everything is answered without a look at the disk, and yet: what was recorded is there at once, and who
# may no longer ask hears nothing.
polls() { # whole ticket ids: each is in the first poll after it was recorded, and nothing is in the next two
	cursor=$(get "results?limit=1000" | "$BIN/tests/system/jsonget" cursor)
	for id in "$@"; do
		get "results?cursor=$cursor" | grep -q '"items":\[\]' && get "results?cursor=$cursor" | grep -q '"items":\[\]' || return 1
		ctl ticket add "$id" --serial RO600-24000199 --model RO600 >/dev/null
		get "results?cursor=$cursor" >"$WORK/poll.json"
		grep -q "\"ticket\":\"$id\"" "$WORK/poll.json" || return 1
		cursor=$(member cursor "$WORK/poll.json")
	done
	get "results?cursor=$cursor" | grep -q '"items":\[\]' && [ "$(get "results?cursor=$cursor" | "$BIN/tests/system/jsonget" cursor)" = "$cursor" ]
}
check "poll after poll, each item is in the first one after it" polls T-1 T-2 T-3 T-4 T-5
check "and what a poll from memory has seen is acknowledged" wait_for 5 grep -q " $(echo "$cursor" | cut -d. -f3) $(echo "$cursor" | cut -d. -f4) " "$STATE/acknowledged"
secret=$(ctl --json token add poller --scopes read --expires "$(date -u -d '+30 days' +%F)" | "$BIN/tests/system/jsonget" token)
as_poller() { curl -s -m 30 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $secret" "http://127.0.0.1:$PORT/api/v1/results?cursor=$cursor"; }
check "a token polls" is "200 200 200" echo "$(as_poller) $(as_poller) $(as_poller)"
ctl token revoke poller >/dev/null
check "and hears nothing from the moment it is revoked" is 401 as_poller

# Cursors that are none, or of another chain.
U="http://127.0.0.1:$PORT/api/v1/results"
check "a cursor that is none: 400" is 400 status "$U?cursor=7"
check "a limit of 0: 400" is 400 status "$U?limit=0"
check "a limit of 1001: 400" is 400 status "$U?limit=1001"
check "a wait of 26 s: 400" is 400 status "$U?wait=26"
size=$(echo "$cursor" | cut -d. -f3)
instance=$(echo "$cursor" | cut -d. -f2)
root=$(echo "$cursor" | cut -d. -f4)
check "a cursor beyond the end: 409, the chain is shorter" has '"code":"feed_changed"' get "results?cursor=1.$instance.$((size + 1000)).$root"
check "of another station: 409" is 409 status "$U?cursor=1.$(echo "$instance" | tr 0-9a-f 1-9a-f0).$size.$root"
check "of a chain that was another one: 409" is 409 status "$U?cursor=1.$instance.$size.$(echo "$root" | tr 0-9a-f 1-9a-f0)"
check "what the client has seen is acknowledged" test -s "$STATE/acknowledged"
check "nothing was reported by a sanitizer" clean_logs
finish
