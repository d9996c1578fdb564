# SPDX-License-Identifier: MIT
# The board is lost, and the backup is older than the last record: put back on a bare folder by docs/restore.md. The client
# of the feed notices and gives back what it kept; nothing is released before, nothing forged is taken.
. tests/system/lib.sh
if ! command -v curl >/dev/null || ! command -v sqlite3 >/dev/null || ! command -v python3 >/dev/null; then
	skip "curl, sqlite3 or python3 is not installed"
	finish
fi
COPIES=$WORK/copies
KEPT=$WORK/kept # what the client of the feed keeps: pages with their proofs, and the documents of runs
mkdir "$KEPT"
web() { curl -s -m 30 --unix-socket "$STATE/http.sock" -H "Authorization: Bearer $(cat "$STATE/token")" -H 'Content-Type: application/json' "$@"; }
L=http://localhost/api/v1
listens() { wait_for 20 curl -sf "http://127.0.0.1:$PORT/healthz"; }
pin() { # PIN, then the command
	pin_is=$1
	shift
	env BENCHCTL_PIN="$pin_is" "$BIN/benchctl" --state "$STATE" "$@"
}
# As docs/restore.md tells a client to: each page as it came, the document of each finished run, the cursor.
cursor=
page=0
follow() {
	while :; do
		page=$((page + 1))
		web "$L/results?proof=1&limit=5&cursor=$cursor" >"$KEPT/page.$page.json"
		for run in $(at 'items.*.item.run' cat "$KEPT/page.$page.json" | sort -u); do
			case $run in ????????-*) [ -s "$KEPT/$run.json" ] || web "$L/runs/$run" >"$KEPT/$run.json" ;; esac
		done
		cursor=$(at cursor cat "$KEPT/page.$page.json")
		[ "$(at complete cat "$KEPT/page.$page.json")" = true ] || return 0
	done
}
"$BIN/tests/system/mkstore" "$STATE" 4
start_sim
start_station --backup "$COPIES"
check "the station is up" listens
ctl user add zhao --roles supervisor >/dev/null
ctl user add li_na --roles technician >/dev/null
check "a supervisor with a PIN" env BENCHCTL_PIN=271828 "$BIN/benchctl" --state "$STATE" user pin zhao
env BENCHCTL_PIN=1414 "$BIN/benchctl" --state "$STATE" user pin li_na >/dev/null
check "a backup" has verified ctl backup
items=$(at last.items ctl --json backup)
sleep 1 # backups are named by their second

# What comes after it: a release, a repair, and a run that fails.
check "a unit leaves" is 201 web -o /dev/null -w '%{http_code}' -d '{"repair_seq":0}' "$L/tickets/T-9000/release"
check "another is repaired" is 201 web -o /dev/null -w '%{http_code}' -d '{"action":"R01","by":"li_na"}' "$L/tickets/T-9001/repairs"
stop_station TERM
FAILED_RUN=00000000-0000-4000-8000-00000000fa11
"$BIN/tests/system/mkstore" "$STATE" add $FAILED_RUN T-9002 RO600-24000002 fail
start_station --backup "$COPIES"
check "it is up again" listens
check "a client follows the feed with its proofs" follow
check "it has the run that failed" sh -c "grep -q '\"verdict\":\"fail\"' '$KEPT/$FAILED_RUN.json'"
check "the run's record and its proof are in the second place" wait_for 60 test -s "$COPIES/runs/$FAILED_RUN.jsonl"
for b in "$COPIES"/benchd-*Z; do # only the first backup is left, as if the others had not been made yet
	[ "$(at items cat "$b/backup.json")" = "$items" ] || rm -rf "$b"
done
KEY=$WORK/station.key
cp "$STATE/keys/station.key" "$KEY"
ctl key show --pem >"$WORK/station.pem"
kill -KILL "$STATION_PID"
wait "$STATION_PID" 2>/dev/null
STATION_PID=
rm -rf "$STATE"

# ---- docs/restore.md ----
began=$(date +%s)
STATE=$WORK/spare
check "the runs in the second place tell that the backup is not all" refused 1 "--after-loss" ctl restore "$COPIES"
mkdir -p -m 700 "$STATE/keys" && cp "$KEY" "$STATE/keys/"
restore() { pin "$1" restore --after-loss "$COPIES" --reason "the board burnt" --as "$2" ${3:-}; }
check "a wrong PIN restores nothing" refused 1 "PIN is not right" restore 1111 zhao
check "nor does a technician" refused 1 "no supervisor" restore 1414 li_na
check "nobody did yet" test ! -e "$STATE/benchd.db"
check "as one document too" is no_pass at code restore 1111 zhao --json
check "a supervisor does" has "Nothing is released" restore 271828 zhao
start_station --backup "$COPIES"
check "the station is up on the spare board" listens
for t in T-9000 T-9001 T-9002 T-9003; do
	check "$t is not released: records are missing" is records_missing at 'reasons.*.code' ctl --json release show $t
done
check "a release is refused" is 409 web -o /dev/null -w '%{http_code}' -d '{"repair_seq":0}' "$L/tickets/T-9002/release"
check "the verdict says so too" is true at records_missing web "$L/tickets/T-9002/verdict"
web "$L/results?cursor=$cursor" >"$WORK/noticed.json"
check "the client notices by its cursor" is feed_changed at code cat "$WORK/noticed.json"
check "a new epoch" is 2 at epoch cat "$WORK/noticed.json"
resume=$(at resume cat "$WORK/noticed.json")
check "and is told where to go on" has '"type":"restored"' web "$L/results?cursor=$resume"
check "the loss is recorded: who, why, from where on" sh -c "sqlite3 -readonly '$STATE/benchd.db' \"SELECT bytes FROM chain WHERE type = 'restored'\" |
	grep '\"who\":\"zhao\"' | grep '\"reason\":\"the board burnt\"' | grep -q '\"after\":$items,'"
check "an import beside a station at work is refused" refused 2 "the station runs with this folder; end it first: systemctl stop benchd" ctl import "$KEPT"
stop_station TERM

forge() { mkdir "$WORK/forged" && sed 's/"verdict":"fail"/"verdict":"pass"/' "$1" >"$WORK/forged/page.json"; }
lost=$(grep -l '"verdict":"fail"' "$KEPT"/page.*.json)
check "a page is forged" forge "$lost"
check "what is forged is not taken" refused 1 "signed by no key of this station" ctl import "$WORK/forged"
check "while one is missing, the gap stays open" refused 1 "stays open" pin 271828 import --complete --as zhao "$lost"
check "what the client kept comes back" has "taken back" ctl import "$KEPT"
check "twice does no harm" has '"said":"0 taken back' ctl --json import "$KEPT" "$COPIES/runs"
check "no technician says that this was all" refused 1 "no supervisor" pin 1414 import --complete --as li_na
check "a supervisor does" has "releases are decided again" pin 271828 import --complete --as zhao
echo "# put back, noticed and complete after $(($(date +%s) - began)) s"
check "the database verifies" has whole "$BIN/benchctl" verify "$STATE/benchd.db" --key "$WORK/station.pem"

start_station --backup "$COPIES"
check "the station is up" listens
check "what left is not released twice" is already_released at 'reasons.*.code' ctl --json release show T-9000
check "what was repaired is to be tested again" is repair_after_run at 'reasons.*.code' ctl --json release show T-9001
check "what failed has failed" is run_not_pass at 'reasons.*.code' ctl --json release show T-9002
check "its verdict" is fail at verdict web "$L/tickets/T-9002/verdict"
check "it is found by its serial" has $FAILED_RUN ctl run list --serial RO600-24000002
check "and byte for byte as it was" sh -c "curl -s --unix-socket '$STATE/http.sock' '$L/runs/$FAILED_RUN' | cmp - '$KEPT/$FAILED_RUN.json'"
check "a unit nothing happened to may leave" is allowed at decision ctl --json release show T-9003
check "the feed tells what came back" sh -c "curl -s --unix-socket '$STATE/http.sock' '$L/results?limit=1000' | grep -q '\"imported\":{\"seq\"'"
check "nothing was reported by a sanitizer" clean_logs
finish
