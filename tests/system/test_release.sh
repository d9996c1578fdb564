# SPDX-License-Identifier: MIT
# A unit leaves: decided, recorded once over HTTP, verified by openssl after docs/verify.md, withdrawn; the key backed up and
# rotated. The store is made with facts that allow it (tests/fake/mkstore.h): no simulated run ever does.
. tests/system/lib.sh
if ! command -v openssl >/dev/null || ! command -v sqlite3 >/dev/null || ! command -v curl >/dev/null; then
	skip "openssl, sqlite3 or curl is not installed"
	finish
fi
U=http://127.0.0.1:$PORT/api/v1
ROOT=$PWD
check "a store whose units may leave" "$BIN/tests/system/mkstore" "$STATE" 3
"$BIN/tests/system/mkstore" "$STATE" add 00000000-0000-4000-8000-00000000f0f0 T-0 '=HYPERLINK("http://x","y"),1' fail
check "and a run that is much spoken of" "$BIN/tests/system/mkstore" "$STATE" notes 00000000-0000-4000-8000-000000000002 1500
start_sim
start_station
check "benchd-web listens" wait_for 20 curl -sf "http://127.0.0.1:$PORT/healthz"
web() { curl -s -m 10 --unix-socket "$STATE/http.sock" -H "Authorization: Bearer $(cat "$STATE/token")" -H 'Content-Type: application/json' "$@"; }
status() { web -o /dev/null -w '%{http_code}' "$@"; }
L=http://localhost/api/v1

check "the station's key as PEM" sh -c "'$BIN/benchctl' --state '$STATE' key show --pem >'$WORK/station.pem'"
check "the first unit may leave" is allowed at decision ctl --json release show T-9000
check "an unknown disposition is refused" has 400 status "$L/tickets/T-9000/release?disposition=sold"
check "scrapping it needs more" has not_unusable web "$L/tickets/T-9000/release?disposition=scrapped"

notes() { grep -o '"type":"note"' "$1" | wc -l; }
web "$L/runs/00000000-0000-4000-8000-000000000002/events" >"$WORK/events.json"
check "what is said of a run is told, however much" is 1500 notes "$WORK/events.json"
check "and that it is all" is true "$BIN/tests/system/jsonget" complete <"$WORK/events.json"
check "the verdict has a tag" has 'ETag: "' web -o /dev/null -D - "$L/tickets/T-9000/verdict"
TAG=$(web -o /dev/null -D - "$L/tickets/T-9000/verdict" | sed -n 's/^ETag: \("[0-9a-f]*"\).*/\1/p')
check "and is not sent twice" has 304 status -H "If-None-Match: $TAG" "$L/tickets/T-9000/verdict"
check "it is a pass" is pass at verdict web "$L/tickets/T-9000/verdict"
check "of no ticket there is none" has 404 status "$L/tickets/T-1/verdict"
check "a technician claims no ticket" has 403 status -d '{"station":"x"}' "$L/tickets/T-9000/claim"

# ---- recorded once ----
check "another repair_seq: 409" has 409 status -d '{"repair_seq":1}' "$L/tickets/T-9000/release"
check "without one: 422" has 422 status -d '{}' "$L/tickets/T-9000/release"
for i in 1 2 3 4 5 6; do
	web -o /dev/null -w '%{http_code}\n' -d '{"repair_seq":0}' "$L/tickets/T-9000/release" >"$WORK/at.$i" &
	eval "at_$i=\$!"
done
wait "$at_1" "$at_2" "$at_3" "$at_4" "$at_5" "$at_6"
check "of six at once one is recorded" is 1 sh -c "cat '$WORK'/at.* | grep -c '^201\$'"
check "and five are told why not" is 5 sh -c "cat '$WORK'/at.* | grep -c '^409\$'"
check "the answer names the reason" has already_released web -d '{"repair_seq":0}' "$L/tickets/T-9000/release"
key() { web -H "Idempotency-Key: $1" -d "$2" "$L/tickets/T-9001/release"; }
key k1 '{"repair_seq":0}' >"$WORK/release.json"
key k1 '{"repair_seq":0}' >"$WORK/again.json"
check "the same key and body: the same bytes" cmp "$WORK/release.json" "$WORK/again.json"
check "it is a release" is allowed "$BIN/tests/system/jsonget" decision <"$WORK/release.json"
check "the same key with another body: 422" has 422 status -H 'Idempotency-Key: k1' -d '{"repair_seq":0,"drained":true}' \
	"$L/tickets/T-9001/release"

# ---- verified ----
verify() { "$BIN/benchctl" verify "$@" --key "$WORK/station.pem"; }
check "benchctl verifies the document" has "as it was signed" verify "$WORK/release.json"
sed 's/T-9001/T-9002/' "$WORK/release.json" >"$WORK/forged.json"
check "and refuses a changed one" refused 1 "was changed" verify "$WORK/forged.json"
check "the chain goes out" ctl export chain "$WORK/chain.jsonl"
check "and verifies" has whole verify "$WORK/chain.jsonl"
sed '$d' "$WORK/chain.jsonl" >"$WORK/cut.jsonl"
ACK=$(at size ctl --json key show):$(at root ctl --json key show)
check "a cut tail is found against what was acknowledged" refused 1 missing verify "$WORK/cut.jsonl" --acknowledged "$ACK"
check "the whole chain is not short" has whole verify "$WORK/chain.jsonl" --acknowledged "$ACK"
RUN=00000000-0000-4000-8000-000000000001
ctl --json run show $RUN | tr -d '\n' >"$WORK/run.json"
check "a run's record verifies through the chain" has "as it was signed" verify "$WORK/run.json" --chain "$WORK/chain.jsonl"
check "the open database verifies" has whole verify "$STATE/benchd.db"
sqlite3 "$STATE/benchd.db" "VACUUM INTO '$WORK/big.db'" && truncate -s 1500M "$WORK/big.db"
big() { (ulimit -v 262144 && verify "$WORK/big.db"); }
check "one of 1.5 GB does within 256 MiB of addresses" has whole big
rm -f "$WORK/big.db"

# ---- the same by openssl, as the page says ----
recipe() { # name, in a folder of its own
	rm -rf "$WORK/recipe"
	mkdir "$WORK/recipe"
	cp "$WORK/release.json" "$WORK/station.pem" "$WORK/run.json" "$WORK/recipe"
	cp "$WORK/copy.db" "$WORK/recipe/benchd.db"
	sed -n "/^\`\`\`sh recipe=$1\$/,/^\`\`\`\$/p" "$ROOT/docs/verify.md" | sed '1d;$d' >"$WORK/recipe/run"
	[ -s "$WORK/recipe/run" ] || return 1
	(cd "$WORK/recipe" && n=7 run=$RUN sh -eu ./run)
}
two_equal() { # of its lines
	equal_out=$("$@") || return 1
	echo "$equal_out"
	[ "$(echo "$equal_out" | wc -l)" = 2 ] && [ "$(echo "$equal_out" | uniq | wc -l)" = 1 ]
}
sqlite3 "$STATE/benchd.db" "VACUUM INTO '$WORK/copy.db'"
check "openssl verifies the document" has "Signature Verified Successfully" recipe document
check "and finds the key's id" is "$(at key ctl --json key show)" recipe id
check "and the first root" two_equal recipe first
check "and an item with its signature" has "Signature Verified Successfully" recipe item
check "and a run's record" two_equal recipe run
cp "$WORK/forged.json" "$WORK/release.json"
check "and refuses what was changed" code 1 recipe document

# ---- tables ----
ctl export runs "$WORK/runs.csv" && ctl export measurements "$WORK/measurements.csv" && ctl export results "$WORK/results.csv"
web "$L/export/runs?format=json" >"$WORK/runs.json"
web "$L/export/measurements?format=json&serial=RO600-24000001" >"$WORK/measurements.json"
check "the tables are what the records say, to python's csv" python3 - "$WORK" <<'PY'
import csv, json, sys
work = sys.argv[1]
def table(name):
    raw = open(f"{work}/{name}.csv", "rb").read()
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b"")
    return list(csv.DictReader(open(f"{work}/{name}.csv", encoding="utf-8-sig", newline=""), strict=True))
runs = table("runs")
assert [r["verdict"] for r in runs] == ["pass"] * 3 + ["fail"], runs
evil = runs[3]["serial"]
assert evil == "'=HYPERLINK(\"http://x\",\"y\"),1", evil
for name in ("runs", "measurements", "results"):
    for row in table(name):
        assert None not in row and None not in row.values(), row
        for cell in row.values():
            assert cell[:1] not in ("=", "+", "@", "\t", "\r"), row
rows = json.load(open(f"{work}/runs.json"))["rows"]
assert [r["run"] for r in rows] == [r["run"] for r in runs]
assert rows[3]["serial"] == '=HYPERLINK("http://x","y"),1'
one = json.load(open(f"{work}/measurements.json"))["rows"]
assert [(m["serial"], m["measurement"], m["verdict"]) for m in one] == [("RO600-24000001", "rejection", "pass")], one
assert "released" in [r["type"] for r in table("results")]
PY
check "a time with nothing in it: a head alone" is 1 sh -c "'$BIN/benchctl' --state '$STATE' export runs --from 2001-01-01T00:00:00Z --to 2001-01-02T00:00:00Z | wc -l"
check "of another model there is none" is "" at 'rows.0.run' web "$L/export/runs?format=json&model=RO75"
check "a table is text/csv" has "text/csv" web -o /dev/null -D - "$L/export/results"
check "another word is not found" is 404 status "$L/export/people"

# ---- withdrawn, overridden ----
check "a released ticket is released" is released at state ctl --json ticket show T-9001
check "and found as such" has T-9001 ctl ticket list --state released
check "the release is withdrawn" has 201 status -d '{"kind":"stop_shipment","reason":"wrong label"}' "$L/tickets/T-9000/withdraw"
check "once" has 409 status -d '{"kind":"recall","reason":"wrong label"}' "$L/tickets/T-9000/withdraw"
check "and a new run is needed" is withdrawn_after_run at 'reasons.*.code' ctl --json release show T-9000
check "nobody overrides without a signature" has 403 status -d '{"repair_seq":0,"reason":"because I say so","codes":["calibration"]}' \
	"$L/tickets/T-9000/override"

check "a withdrawn one is not" is tested at state ctl --json ticket show T-9000
# A supervisor signs over the API; T-9002 is to be fetched, and nobody has accepted it.
for p in zhao:supervisor:27182 li:supervisor:31415 chen:technician:14142; do
	role=${p#*:}
	ctl user add "${p%%:*}" --roles "${role%:*}" >/dev/null
	env BENCHCTL_PIN="${p##*:}" "$BIN/benchctl" --state "$STATE" user pin "${p%%:*}" >/dev/null
done
VERSION=$(at version ctl --json ticket show T-9002)
check "the customer comes to fetch it" is 200 status -X PUT -H "If-Match: \"$VERSION\"" \
	-d '{"serial":"RO600-24000002","model":"RO600","mail_back":false}' "$L/tickets/T-9002"
check "so it waits for acceptance" is acceptance_missing at 'reasons.*.code' ctl --json release show T-9002
lift() { # person PIN codes
	web -o "$WORK/lift.json" -w '%{http_code}' -d "{\"repair_seq\":0,\"reason\":\"fetched by the daughter, called her\",\"codes\":[$3],\"sign\":{\"person\":\"$1\",\"pin\":\"$2\"}}" \
		"$L/tickets/T-9002/override"
}
check "a wrong PIN lifts nothing" is 403 lift zhao 27183 '"acceptance_missing"'
check "nor does a technician" is 403 lift chen 14142 '"acceptance_missing"'
check "nor who ran it" is 403 lift li 31415 '"acceptance_missing"'
check "a fail, a trip or the record itself is not lifted" is 422 lift zhao 27182 '"chain_broken"'
check "nor what does not block" is 422 lift zhao 27182 '"calibration"'
check "still blocked" is blocked at decision ctl --json release show T-9002
check "another supervisor lifts it" is 201 lift zhao 27182 '"acceptance_missing"'
check "it may leave" is allowed at decision ctl --json release show T-9002
check "who lifted it stands in the release" is zhao at override.who web -d '{"repair_seq":0}' "$L/tickets/T-9002/release"
check "and in the feed" has '"type":"override"' web "$L/results?limit=1000"
check "the ticket is released" is released at state ctl --json ticket show T-9002

# ---- a serial whose traces stay ----
hold() { # hold|unhold PERSON PIN
	env BENCHCTL_PIN="$3" "$BIN/benchctl" --state "$STATE" unit "$1" RO600-24000002 --reason "an insurer asks" --as "$2" 2>&1
}
check "a technician puts no serial on hold" sh -c '! "$@"' - env BENCHCTL_PIN=14142 "$BIN/benchctl" --state "$STATE" unit hold RO600-24000002 --reason none --as chen
check "a supervisor does" has set hold hold zhao 27182
check "once" has "on hold already" hold hold zhao 27182
check "it is listed with who asked and why" has "an insurer asks" ctl unit holds
check "for programs too" is zhao at holds.0.by ctl --json unit holds
check "the dossier says why" has "an insurer asks" ctl --json unit dossier RO600-24000002
check "and lifts it" has lifted hold unhold zhao 27182
check "it is listed no longer" is '{"holds":[]}' ctl --json unit holds
check "a hold needs a reason" refused 2 "needs --reason and --as" ctl unit hold RO600-24000002

# ---- the key ----
check "benchd-web cannot ask for the key" has 403 status -d '{"passphrase":"a long passphrase"}' "$L/key/backup"
OLD=$(at key ctl --json key show)
check "it is backed up" sh -c "echo 'a long passphrase' | '$BIN/benchctl' --state '$STATE' key backup '$WORK/sealed'"
check "sealed" has "id $OLD" cat "$WORK/sealed"
check "and rotated" ctl key rotate
check "another key signs now" lacks "$OLD" at key ctl --json key show
ctl key show --pem >"$WORK/new.pem"
ctl export chain "$WORK/longer.jsonl"
check "the chain verifies by the old key" has whole verify "$WORK/longer.jsonl"
check "and by the new one" has whole "$BIN/benchctl" verify "$WORK/longer.jsonl" --key "$WORK/new.pem"
openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout >"$WORK/other.pem"
check "but by no other" refused 1 "by this key" "$BIN/benchctl" verify "$WORK/longer.jsonl" --key "$WORK/other.pem"
stop_station TERM
mv "$STATE/keys" "$WORK/keys"
check "without its key it does not start" refused 74 backup "$BIN/benchd" --spawn --fixture "$FIXTURE" \
	--profiles "$PWD/profiles" --state "$STATE" --sim-dir "$SIM" --speed "$SPEED" --port "$PORT"
check "the sealed one comes back" sh -c "echo 'a long passphrase' | '$BIN/benchctl' --state '$STATE' key restore '$WORK/sealed'"
check "but is not the one that signs now" refused 74 "the chain is signed by" "$BIN/benchd" --spawn --fixture "$FIXTURE" \
	--profiles "$PWD/profiles" --state "$STATE" --sim-dir "$SIM" --speed "$SPEED" --port "$PORT"
check "nothing was reported" clean_logs
finish
