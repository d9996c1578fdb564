# SPDX-License-Identifier: MIT
# npm: ajv
# docs/openapi.json against a running station: every operation and status asked, every answer held against its schema by a
# validator that is not ours (tests/api/each.mjs), then requests made at random from the schemas (tests/api/fuzz.mjs).
. tests/system/lib.sh
MODULES=$PWD/build/api
if ! command -v node >/dev/null || ! command -v curl >/dev/null; then
	skip "node or curl is not installed"
	finish
fi
if ! why=$(sh tests/npm.sh tests/api build/api); then
	skip "no validator: $why"
	finish
fi
ALONE=$((PORT + 1))
OTHER=$WORK/other

# one broken profile, and one of two plates and a question
mkdir "$WORK/profiles"
cp -r profiles/models profiles/ro600_full.yaml profiles/ro600_quick.yaml "$WORK/profiles"
echo 'profile: broken' >"$WORK/profiles/broken.yaml"
sed -n "/^cat >.*plate.yaml/,/^END/p" tests/system/test_prompts.sh | sed '1d;$d' >"$WORK/profiles/plate.yaml"
# an endpoint that answers (tests/api/story.mjs), and refuses when it is told to
(umask 077 && mkdir "$WORK/hooks" && echo "whsec_$(head -c 32 /dev/urandom | base64)" >"$WORK/hooks/key")
cat >"$WORK/hooks/hooks.yaml" <<END
webhooks:
  ticketing:
    url: http://127.0.0.1:$((PORT + 2))/
    signing: [key]
    timeout: 0.5 s
    retry: {first_wait: 0.05 s, longest_wait: 0.1 s, give_up: 100 s}
END
# a printer for the bays, on a serial port
FIXTURE=$WORK/sim.yaml
sed -e 's|^  scan1:.*|&\n  labels: {kind: serial, port: "sim:labels", baud: 9600}|; s|^  scanner_1: .*|&\n  label_printer: {driver: zpl_printer, bus: labels}|' \
	-e 's|{scanner: scanner_\([12]\).code}|{scanner: scanner_\1.code, printer: label_printer}|' fixtures/sim.yaml >"$FIXTURE"
check "a store whose units may leave" "$BIN/tests/system/mkstore" "$STATE" 3
start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station --profiles "$WORK/profiles" --backup "$WORK/copies" --webhooks "$WORK/hooks/hooks.yaml"
check "the bay is ready" ready 1

# another station, with runs of four years: it keeps traces and the feed for a hundred days, once its clock is right
check "a store of years" "$BIN/tests/system/mkstore" "$OTHER" old 30
check "its clock is right" ${CC:-cc} -shared -fPIC -o "$WORK/syncshim.so" tests/fake/syncshim.c
LD_PRELOAD="$WORK/syncshim.so" "$BIN/benchd" --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$OTHER" \
	--keep-traces 1095 --keep-feed 1095 >"$WORK/other.log" 2>&1 &
other_pid=$!
EXTRA_PIDS=$other_pid
wait_for 10 test -S "$OTHER/web.sock"
"$BIN/benchd-web" --state "$OTHER" --port $ALONE >"$WORK/alone.log" 2>&1 &
EXTRA_PIDS="$EXTRA_PIDS $!"
for p in $PORT $ALONE; do check "benchd-web listens" wait_for 10 curl -sf "http://127.0.0.1:$p/healthz"; done

check "what is old is pruned" wait_for 10 grep -q "traces older than 1095 days went" "$WORK/other.log"
check "and no other trace" is 22 sh -c "ls '$OTHER'/segments | wc -l"
check "doctor has nothing to say of it" has "traces are kept 1095 days" "$BIN/benchctl" --state "$OTHER" doctor
check "the chain is whole" sh -c "'$BIN/benchctl' --state '$OTHER' key show --pem >'$WORK/other.pem' && '$BIN/benchctl' verify '$OTHER/benchd.db' --key '$WORK/other.pem'"

last=$(date -u -d '+30 days' +%F)
token() { # STATE NAME SCOPE
	"$BIN/benchctl" --state "$1" --json token add "$2" --scopes "$3" --expires "$last" | "$BIN/tests/system/jsonget" token
}
API_TOKENS="{\"read\":\"$(token "$STATE" t_read read)\",\"tickets\":\"$(token "$STATE" t_tickets tickets)\",\"run\":\"$(token "$STATE" t_run run)\",\"admin\":\"$(token "$STATE" t_admin admin)\"}"
API_ALONE_TOKEN=$(token "$OTHER" t_admin admin)
API_STATION=$(cat "$STATE/token")
ctl user add wang --roles supervisor >/dev/null
ctl user add li_na --roles technician --badge B-17 --qualify 'post_repair_qc:*:2026-01-05:2099-01-05' >/dev/null
ctl user add sun --roles supervisor >/dev/null
ctl user add feng --roles supervisor >/dev/null
BENCHCTL_PIN=8215 ctl user pin wang >/dev/null
BENCHCTL_PIN=6604 ctl user pin sun >/dev/null
BENCHCTL_PIN=7352 ctl user pin feng >/dev/null
BENCHCTL_PIN=4711 ctl user pin li_na >/dev/null
export API_HOOK_PORT=$((PORT + 2)) API_HOOK_KEY=$WORK/hooks/key API_TOKENS API_ALONE_TOKEN API_STATION API_PORT=$PORT API_PORT_ALONE=$ALONE API_ALONE_PID=$other_pid
export API_MODULES=$MODULES API_SIMCTL=$BIN/tests/system/simctl API_SIM=$SIM/control

api() { # PROGRAM WORDS...: what did not hold, and how much did
	node "tests/api/$@" >"$WORK/api.out" 2>&1
	api_code=$?
	grep -A12 '^not ok' "$WORK/api.out" | head -n 150
	tail -n 3 "$WORK/api.out"
	return $api_code
}
check "every operation and every status of docs/openapi.json" api each.mjs
tail -n 2 "$WORK/api.out" | sed 's/^/# /'
check "the station lives" alive "$STATION_PID"
check "requests made at random from the schemas" api fuzz.mjs --seconds "${API_FUZZ_SECONDS:-3}"
grep '^# ' "$WORK/api.out"
check "the station lives" alive "$STATION_PID"
check "and answers" wait_for 10 curl -sf "http://127.0.0.1:$PORT/healthz"
check "nothing was reported by a sanitizer" clean_logs
finish
