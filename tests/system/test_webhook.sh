# SPDX-License-Identifier: MIT
# Webhooks against another machine that fails, hangs, answers slowly, refuses, says 410 and restarts, and a station that is
# killed meanwhile: every item of the feed arrives, in order, and twice only with the same id. Signatures are verified there,
# by Python's HMAC. The robots' templates are those of webhooks/example.yaml.
. tests/system/lib.sh
if ! command -v python3 >/dev/null || ! command -v sqlite3 >/dev/null; then
	skip "python3 or sqlite3 is not installed"
	finish
fi
HOOK_PORT=$((PORT + 1))
ROBOT_PORT=$((PORT + 2))
umask 077
mkdir "$WORK/hooks"
random() { head -c 32 /dev/urandom | base64; }
echo "whsec_$(random)" >"$WORK/hooks/ticketing.secret"
echo "k-$(date +%s)&x" >"$WORK/hooks/wecom.key"
echo "t0ken" >"$WORK/hooks/dingtalk.token"
echo "SEC$(random)" >"$WORK/hooks/dingtalk.secret"
# the shipped examples, at this machine and in a hurry
sed -e "s|https://tickets.example.com/|http://127.0.0.1:$HOOK_PORT/|" -e "s|https://qyapi.weixin.qq.com/|http://127.0.0.1:$ROBOT_PORT/|" \
	-e "s|https://oapi.dingtalk.com/|http://127.0.0.1:$ROBOT_PORT/|" \
	-e "s|types: \[released, withdrawn, alert\]|types: [received, alert]|" \
	-e "s|^    url: .*|&\n    timeout: 0.5 s\n    retry: {first_wait: 0.05 s, longest_wait: 0.1 s, give_up: 100 s}|" \
	webhooks/example.yaml >"$WORK/hooks/hooks.yaml"
receiver() { # name, port: starts it, its id in RECEIVER
	python3 tests/system/receiver.py "$2" "$WORK/$1.jsonl" "$WORK/$1.mode" "$WORK/hooks/ticketing.secret" >>"$WORK/$1.log" 2>&1 &
	RECEIVER=$!
	EXTRA_PIDS="$EXTRA_PIDS $RECEIVER"
}
mode() { echo "$2" >"$WORK/$1.mode"; }
ticket() { ctl ticket add "$1" --serial "RO600-24$(printf %06d "${1#T-}")" --model RO600 >/dev/null; }
# what the chain holds for the feed, one item a line
fed() { sqlite3 -readonly "$STATE/benchd.db" "SELECT bytes FROM chain WHERE feed = 1 AND seq > ${1:-0} ORDER BY seq"; }
# what was delivered (answered with yes), each the first time, byte for byte
cat >"$WORK/delivered.py" <<'PY'
import json, sys
seen, good = {}, ("ok", "slow", "robot", "200")
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    if not e["verified"] and "--any" not in sys.argv: sys.exit("not verified: " + line)
    if seen.setdefault(e["bytes"], e["id"]) != e["id"]: sys.exit("one item under two ids")
    if e["mode"] in good and e["id"] not in seen.setdefault("done", []):
        seen["done"].append(e["id"]); print(e["bytes"])
PY
delivered() { python3 "$WORK/delivered.py" "$WORK/hook.jsonl"; }
all_delivered() {
	fed >"$WORK/fed" && delivered >"$WORK/delivered" && grep -v '"type":"alert"' "$WORK/fed" >"$WORK/fed.tickets" &&
		cmp "$WORK/fed" "$WORK/delivered" && [ "$(wc -l <"$WORK/fed.tickets")" -ge "$1" ]
}
heard() { [ "$(wc -l <"$WORK/hook.jsonl")" -ge "$1" ]; }
webhook() { at "webhooks.$1.$2" ctl --json webhook list; }
: >"$WORK/hook.jsonl"
: >"$WORK/robot.jsonl"
mode hook ok
mode robot robot
receiver hook "$HOOK_PORT"
HOOK=$RECEIVER
receiver robot "$ROBOT_PORT"

chmod 644 "$WORK/hooks/wecom.key"
start_station --webhooks "$WORK/hooks/hooks.yaml"
check "the station answers" wait_for 10 ctl bay list
check "a test is delivered" wait_for 10 ctl webhook test ticketing
reader=$(ctl --json token add reader --scopes read --expires "$(date -u -d '+30 days' +%F)" | "$BIN/tests/system/jsonget" token)
curl -sN -m 1 -H "Authorization: Bearer $reader" "http://127.0.0.1:$PORT/api/v1/events" >"$WORK/events.txt"
check "somebody follows the events" grep -q "^retry" "$WORK/events.txt"
check "and a test is delivered all the same" ctl webhook test ticketing
: >"$WORK/hook.jsonl"
ticket T-1 && ticket T-2 && ticket T-3
check "items arrive as they are chained, signed, in order" wait_for 10 all_delivered 3
check "a secret that others may read sends nothing, and is told without its path" refused 2 "secret key: its file is open to others" ctl webhook test wecom
chmod 600 "$WORK/hooks/wecom.key"

# Trouble of every kind; a kill of the station in the middle of each.
n=3
for trouble in 500 hang slow cut 302 429; do
	mode hook $trouble
	before=$(wc -l <"$WORK/hook.jsonl")
	for _ in 1 2; do n=$((n + 1)); ticket "T-$n"; done
	wait_for 10 heard $((before + 1))
	case $trouble in 500 | hang | slow)
		stop_station KILL
		start_station --webhooks "$WORK/hooks/hooks.yaml"
		wait_for 20 ctl bay list ;;
	esac
	mode hook ok
	check "after $trouble all has arrived, in order, nothing twice under another id" wait_for 20 all_delivered $n
done
check "a redirect was not followed" lacks elsewhere cat "$WORK/hook.jsonl"
kill -TERM "$HOOK"
wait "$HOOK" 2>/dev/null
ticket T-20
check "nobody there is told" wait_for 10 has '"problem":"no answer: connect"' ctl --json webhook list
receiver hook "$HOOK_PORT"
check "and when it is back it gets the item" wait_for 20 all_delivered $((n + 1))

# Rotation without a restart: both secrets sign.
echo "whsec_$(random)" >>"$WORK/hooks/ticketing.secret"
ticket T-21
check "a second secret in the file signs too" wait_for 20 all_delivered $((n + 2))
check "two signatures" has " v1," python3 -c "
import json; print(json.loads(open('$WORK/hook.jsonl').readlines()[-1])['headers']['webhook-signature'])"

# An item that is refused becomes a dead letter, the next one goes; sent again it arrives under its id.
mode hook 422
ticket T-30
check "an item that is refused is given up" wait_for 20 has '"why":"answered 422"' ctl --json webhook dead ticketing
mode hook ok
ticket T-31
check "the next one is delivered" wait_for 10 has T-31 delivered
check "the refused one was not" lacks '"ticket":"T-30"' delivered
check "its alert came as an item of the feed" wait_for 10 has '"alert":"dead_letters"' delivered
check "it is sent again" ctl webhook resend ticketing all
check "and arrives" wait_for 10 has '"ticket":"T-30"' delivered
check "no letter is left" wait_for 10 has '"letters":[]' ctl --json webhook dead ticketing

# 410: nothing more is sent until somebody says so; then nothing is missing.
mode hook 410
ticket T-40
check "410 disables it" wait_for 10 is disabled webhook 0 state
mode hook ok
stop_station TERM
start_station --webhooks "$WORK/hooks/hooks.yaml"
check "the station is back" wait_for 20 ctl bay list
ticket T-41
check "for good" is disabled webhook 0 state
check "it is enabled" ctl webhook enable ticketing
check "and gets what it missed" wait_for 10 has T-41 delivered
check "from the first item on" has '"ticket":"T-40"' delivered

# Robots: a template of the file each.
cat >"$WORK/robots.py" <<'PY'
import base64, hashlib, hmac, json, sys, urllib.parse
folder, log = sys.argv[1], [json.loads(l) for l in open(sys.argv[2], encoding="utf-8")]
read = lambda name: open(folder + "/" + name).read().strip()
wecom = [e for e in log if "/cgi-bin/webhook/send" in e["path"] and e["body"]["msgtype"] == "text"]
ding = [e for e in log if "/robot/send" in e["path"] and e["body"]["msgtype"] == "markdown"]
assert wecom and ding, (len(wecom), len(ding))
assert all(urllib.parse.parse_qs(urllib.parse.urlsplit(e["path"]).query) == {"key": [read("wecom.key")]} for e in wecom)
assert any("死信" in e["body"]["text"]["content"] for e in wecom), wecom
q = urllib.parse.parse_qs(urllib.parse.urlsplit(ding[-1]["path"]).query)
secret = read("dingtalk.secret")
mac = hmac.new(secret.encode(), (q["timestamp"][0] + "\n" + secret).encode(), hashlib.sha256).digest()
assert q["sign"][0] == base64.b64encode(mac).decode(), q
assert q["access_token"] == [read("dingtalk.token")]
assert any("T-31" in e["body"]["markdown"]["text"] for e in ding)
PY
check "the robots got their JSON at their URL, DingTalk's signed" python3 "$WORK/robots.py" "$WORK/hooks" "$WORK/robot.jsonl"
mode robot robot-no
check "200 with another errcode is a refusal" refused 1 "answered 200 with errcode=93000" ctl webhook test wecom
check "no secret stands in a log or a problem" sh -c "! grep -qF -e \"\$(cat '$WORK/hooks/wecom.key')\" -e t0ken -e \"\$(cat '$WORK/hooks/dingtalk.secret')\" '$WORK/benchd.log' && ! grep -q whsec_ '$WORK/benchd.log'"
sed -i 's|{secret.key}|{secret.kay}|' "$WORK/hooks/hooks.yaml"
stop_station TERM
check "a mistake in the file: exit 2, told with its place" refused 2 "secret.kay} is unknown" "$BIN/benchd" --fixture "$FIXTURE" \
	--profiles "$PWD/profiles" --state "$STATE" --webhooks "$WORK/hooks/hooks.yaml"
check "nothing was reported by a sanitizer" clean_logs
finish
