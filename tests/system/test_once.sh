# SPDX-License-Identifier: MIT
# What makes something is done once per Idempotency-Key, also when it is asked for at once or after a kill; and when a token was
# used last is known after a restart.
. tests/system/lib.sh
if ! command -v curl >/dev/null || ! command -v sqlite3 >/dev/null; then
	skip "curl or sqlite3 is not installed"
	finish
fi
U=http://127.0.0.1:$PORT/api/v1
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "the bay is ready" ready 1
check "benchd-web listens" wait_for 10 curl -sf "http://127.0.0.1:$PORT/healthz"
TOKEN=$(cat "$STATE/token")
TODAY=$(date -u +%F)
add_tickets
ctl user add wang --roles supervisor,technician >/dev/null
BENCHCTL_PIN=8215 ctl user pin wang >/dev/null
ctl user add chen --roles supervisor >/dev/null
BENCHCTL_PIN=4712 ctl user pin chen >/dev/null
ADMIN=$(ctl --json token add admin --scopes admin --expires "$(date -u -d '+30 days' +%F)" | "$BIN/tests/system/jsonget" token)
post() { # KEY PATH BODY: status and answer
	curl -s -m 15 -w '%{http_code}' -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' -H "Idempotency-Key: $1" -d "$3" "$U/$2"
}
items() { at size ctl --json key show; } # of the chain
# same NAME KEY PATH BODY STATUS: sent once and once more, answered alike, recorded once; kept in NAME.first for later
same() {
	post "$2" "$3" "$4" >"$WORK/$1.first"
	same_items=$(items)
	post "$2" "$3" "$4" >"$WORK/$1.again"
	cat "$WORK/$1.first" "$WORK/$1.again"
	grep -q "}$5\$" "$WORK/$1.first" && cmp "$WORK/$1.first" "$WORK/$1.again" && [ "$same_items" = "$(items)" ]
}
another() { has '"code":"idempotency_key_reused"' post "$@"; }
SIGN='"sign":{"person":"wang","pin":"8215"}'
IMPORT='{"tickets":[{"id":"T-31","serial":"RO600-24000131","model":"RO600"},{"id":"T-32","serial":"RO600-24000132","model":"RO600"}]}'
NEW_TOKEN="{\"name\":\"erp\",\"scopes\":[\"read\"],\"expires\":\"$TODAY\"}"
CAL='"channel":"feed_pressure","reference":"g","certificate":"c","certificate_expires":"2099-01-01","tolerance":0.005,"uncertainty":0.001,"due":"2099-06-01","as_found":[{"reference":0,"reading":0}],"as_left":[{"reference":0,"reading":0}],"gain":1,"offset":0'

check "an import, twice" same import i-1 tickets/import "$IMPORT" 201
check "in another spelling it is the same" is "$(cat "$WORK/import.first")" post i-1 tickets/import "$(echo "$IMPORT" | sed 's/,/ , /g')"
check "another one under its key: refused" another i-1 tickets/import '{"tickets":[{"id":"T-33","serial":"RO600-24000133","model":"RO600"}]}'
check "and not done" refused 2 "no ticket" ctl ticket show T-33
check "a token, twice" same token t-1 tokens "$NEW_TOKEN" 201
check "its secret is the same one" has '"token":"btk_' cat "$WORK/token.again"
check "and another token under its key is refused" another t-1 tokens "{\"name\":\"erp2\",\"scopes\":[\"read\"],\"expires\":\"$TODAY\"}"
check "a second one of that name is refused: 409" has '}409' post t-2 tokens "$NEW_TOKEN"
ERP=$(sed 's/...$//' "$WORK/token.first" | "$BIN/tests/system/jsonget" token)
check "its secret is in no file of the station" sh -c "! grep -raqF '$ERP' '$STATE'"
check "a calibration, twice" same calibration c-1 bays/1/calibrations "{$CAL,$SIGN}" 201
check "another one under its key: refused" another c-1 bays/1/calibrations "{$CAL,\"sign\":{\"person\":\"chen\",\"pin\":\"4712\"}}"
check "is one revision" has 'feed_pressure          good   2 ' ctl calibration list
check "a profile submitted, twice" same submit p-1 profiles/ro600_quick/submit "{$SIGN}" 201
check "and approved, twice" same approve p-2 profiles/ro600_quick/approve '{"sign":{"person":"chen","pin":"4712"}}' 201
check "a key of another route is another request" has '}201' post p-1 tickets/T-31/clarification '{"note":"x"}'
check "what was refused is not kept" has '}422' post i-2 tickets/import '{"tickets":[]}'
check "and may be right the next time" has '}201' post i-2 tickets/import '{"tickets":[{"id":"T-34","serial":"RO600-24000134","model":"RO600"}]}'

# at once: one is done, the others are told so, or that it is under way
for i in 1 2 3 4 5 6; do
	post at-once tokens "{\"name\":\"six\",\"scopes\":[\"read\"],\"expires\":\"$TODAY\"}" >"$WORK/six.$i" &
	eval "six_$i=\$!"
done
wait "$six_1" "$six_2" "$six_3" "$six_4" "$six_5" "$six_6"
check "of six at once all are answered with the one token or with 409" is 6 sh -c "grep -lE '}201\$|request_under_way.*}409\$' '$WORK'/six.* | wc -l"
check "one secret was given" is 1 sh -c "grep -ho 'btk_[0-9a-f]*' '$WORK'/six.* | sort -u | wc -l"
check "one token was added" is 1 sh -c "'$BIN/benchctl' --state '$STATE' --json export chain '$WORK/chain' >/dev/null; grep -c '\"type\":\"token_added\".*\"name\":\"six\"' '$WORK/chain'"

# a run: started once
check "somebody is on duty" env BENCHCTL_PIN=8215 "$BIN/benchctl" --state "$STATE" duty begin wang --bay 1
RUN_BODY='{"bay":"1","ticket":"T-1001","serial":"RO600-24000101","run_type":"post_repair_qc","profile":"ro600_quick"}'
post r-1 runs "$RUN_BODY" >"$WORK/run.1" &
run_1=$!
post r-1 runs "$RUN_BODY" >"$WORK/run.2" &
run_2=$!
wait $run_1 $run_2
cat "$WORK/run.1" "$WORK/run.2" >"$WORK/run.both"
check "of two starts at once one begins it" grep -q '}201$' "$WORK/run.1" "$WORK/run.2"
check "and the other begins none" is 1 sh -c "'$BIN/benchctl' --state '$STATE' --json run list | grep -o '\"id\":' | wc -l"
check "asked again while it goes on: the same run" has "\"run\":\"$(run_of 1)\"" post r-1 runs "$RUN_BODY"
check "another run under its key: refused" another r-1 runs "$(echo "$RUN_BODY" | sed s/T-1001/T-1002/)"
RUN=$(run_of 1)

# ---- a kill, and a start: the same answers
check "the token reads" is 200 curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $ERP" "$U/tickets"
used() { ctl --json token list | tr '{' '\n' | sed -n 's/.*"name":"erp".*"used_at":\("[^"]*"\|null\).*/\1/p'; }
USED=$(used)
check "its use is on disk within moments" wait_for 5 has 1 sqlite3 -readonly "$STATE/benchd.db" "SELECT count(*) FROM secret WHERE kind = 'token_used' AND name = 'erp'"
for i in 1 2 3 4 5; do curl -s -o /dev/null -H "Authorization: Bearer $ERP" "$U/tickets"; done
stop_station KILL
start_station
check "the station is back" wait_for 20 curl -sf "http://127.0.0.1:$PORT/healthz"
check "it knows when the token was used last, and wrote that once" wait_for 10 is "$USED" used
for what in import token calibration submit approve; do cp "$WORK/$what.first" "$WORK/$what.kept"; done
check "the import is answered as before" wait_for 10 is "$(cat "$WORK/import.kept")" post i-1 tickets/import "$IMPORT"
check "the token" is "$(cat "$WORK/token.kept")" post t-1 tokens "$NEW_TOKEN"
check "the calibration" is "$(cat "$WORK/calibration.kept")" post c-1 bays/1/calibrations "{$CAL,$SIGN}"
check "the approval" is "$(cat "$WORK/approve.kept")" post p-2 profiles/ro600_quick/approve '{"sign":{"person":"chen","pin":"4712"}}'
BENCHCTL_PIN=8215 ctl duty begin wang --bay 1 >/dev/null
check "and the run, which is over" has "\"run\":\"$RUN\"" post r-1 runs "$RUN_BODY"
check "none was started by that" is 1 sh -c "'$BIN/benchctl' --state '$STATE' --json run list | grep -o '\"id\":' | wc -l"
curl -s -o /dev/null -H "Authorization: Bearer $ERP" "$U/tickets"
USED=$(used)
stop_station TERM
start_station
check "an end in order keeps the last use to the second" wait_for 20 is "$USED" used
check "no PIN is kept, and no hash of a body that holds one" python3 - "$STATE/benchd.db" "{$SIGN}" <<'PY'
import hashlib, json, sqlite3, sys
kept = {bytes(r[0]) for r in sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute("SELECT body_sha256 FROM request")}
body = sys.argv[2]
one_spelling = lambda o: json.dumps(o, sort_keys=True, separators=(",", ":"))
sha256 = lambda text: hashlib.sha256(text.encode()).digest()
assert sha256('{"sign":{"person":"wang"}}') in kept, "what is compared is the body without it"
for text in (body, one_spelling(json.loads(body))):
    assert sha256(text) not in kept
PY
check "with the key changed the secret is not told again, nor another made" sh -c "'$BIN/benchctl' --state '$STATE' key rotate"
check "but that it was given" has 'revoke it and make another' post t-1 tokens "$NEW_TOKEN"
check "nothing was reported by a sanitizer" clean_logs
finish
