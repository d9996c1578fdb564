# SPDX-License-Identifier: MIT
# Unknown tickets and serials looked up in the ticketing system: found, not there, silent; a ticket made meanwhile is unconfirmed
# until it answers. The system is a small server in Python.
. tests/system/lib.sh
command -v python3 >/dev/null || { skip "python3 is not installed"; finish; }
cat >"$WORK/erp.py" <<'END'
import http.server, json, os, sys
work = sys.argv[1]
known = {"R-1": "RO600-24000101", "R-5": "RO600-24000105", "R-6": "RO600-24000999", "R-9": "RO600-24000109"}
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(work + "/asked", "a") as f:
            f.write(self.path + " " + self.headers.get("Authorization", "-") + "\n")
        if os.path.exists(work + "/silent"):
            self.rfile.read()  # says nothing until its client hangs up
            return
        code = self.path.rsplit("/", 1)[1]
        id = next((k for k, v in known.items() if code in (k, v)), None)
        body = {"errcode": 0, "errmsg": "ok", "data": {"no": id, "sn": known.get(id), "model": "RO600", "level": 4,
                "customer": {"name": "Zhang San", "phone": "13800138000"}}} if id else {"errcode": 404, "errmsg": "none"}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
with open(work + "/erp.port", "w") as f: f.write(str(s.server_address[1]))
s.serve_forever()
END
python3 "$WORK/erp.py" "$WORK" 2>/dev/null &
ERP=$!
wait_for 10 test -s "$WORK/erp.port"
echo s3cret-token >"$WORK/token"
cat >"$WORK/adapter.yaml" <<END
adapter: erp
url: http://127.0.0.1:$(cat "$WORK/erp.port")/ticket/{id}
serial_url: http://127.0.0.1:$(cat "$WORK/erp.port")/serial/{serial}
root: /data
serial_root: /data
token_file: $WORK/token
headers: ["Authorization: Bearer {token}"]
success: {pointer: /errcode, is: "0"}
fields: {id: /no, serial: /sn, model: /model, priority: /level}
END
check "an adapter is for the ticketing system's tickets" refused 2 "--tickets-owner ticketing" \
	"$BIN/benchd" --fixture "$FIXTURE" --ticket-adapter "$WORK/adapter.yaml"
sed 's/sn, model/sn, phone/' "$WORK/adapter.yaml" >"$WORK/bad.yaml"
check "customers' data are no member" refused 2 "phone: no member of a ticket" \
	"$BIN/benchd" --fixture "$FIXTURE" --tickets-owner ticketing --ticket-adapter "$WORK/bad.yaml"

start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station --tickets-owner ticketing --ticket-adapter "$WORK/adapter.yaml"
check "both bays are ready" ready 1 2
ctl --json events >"$WORK/events.txt" 2>&1 &
EXTRA_PIDS="$! $ERP"
heard() { grep -q "\"text\":\"$1\",\"result\":\"$2\"" "$WORK/events.txt"; }
at_bay() { is "$2" at scanned.ticket ctl --json bay show "$1" && is "$3" at scanned.serial ctl --json bay show "$1"; }
said_times() { is "$1" grep -c "\"text\":\"$2\",\"result\":\"$3\"" "$WORK/events.txt"; }

check "benchd-web is there" wait_for 20 curl -sf "http://127.0.0.1:$PORT/healthz"
found() { sim scan 1 R-1; wait_for 2 at_bay 1 R-1 ""; }
check "a ticket that only the ticketing system knows is found and selected" wait_for 15 found
check "with what it says of it" is 4 at priority ctl --json ticket show R-1
check "and who said it" has '"who":"adapter:erp"' ctl --json ticket events R-1
check "the token was sent" grep -q 'ticket/R-1 Bearer s3cret-token' "$WORK/asked"
check "a plate whose ticket is not here" sim scan 2 RO600-24000109
check "is found by its serial" wait_for 5 at_bay 2 R-9 RO600-24000109
check "a code that nobody knows" sim scan 2 R-404
check "is unknown" wait_for 5 heard R-404 unknown
sleep 1.2 # what a scanner sends twice within 1 s is one scan
sim scan 2 R-404
check "the second time too: the ticketing system makes tickets" wait_for 5 said_times 2 R-404 unknown
check "never a new one's" said_times 0 R-404 new_ticket

touch "$WORK/silent"
sim scan 2 R-5
check "silence for 2 s: unknown" wait_for 6 heard R-5 unknown
check "it was said that it is looked up" heard R-5 looking_up
sim scan 2 R-5
check "the same code again: a new ticket's" wait_for 6 heard R-5 new_ticket
sim scan 2 RO600-24000105
check "with the plate it is made" wait_for 6 heard RO600-24000105 ticket_made
unconfirmed() { has '"code":"ticket_unconfirmed"' ctl --json release show "$1"; }
check "unconfirmed, which blocks its release" unconfirmed R-5
sim scan 1 R-6
wait_for 6 heard R-6 unknown
sim scan 1 R-6
wait_for 6 heard R-6 new_ticket
sim scan 1 RO600-24000106
check "another one, with another plate than the ticketing system has" wait_for 6 heard RO600-24000106 ticket_made
rm "$WORK/silent"
confirmed() { has '"decision"' ctl --json release show "$1" && ! unconfirmed "$1"; }
check "it is confirmed when the system answers again" wait_for 60 confirmed R-5
check "one that differs is not" wait_for 60 grep -q "R-6 is for another serial" "$WORK/benchd.log"
check "it stays unconfirmed" unconfirmed R-6
check "and as it is here" is RO600-24000106 at serial ctl --json ticket show R-6
check "what no field names was kept nowhere" sh -c "! grep -rqa -e 13800138000 -e 'Zhang San' '$STATE' '$WORK/benchd.log'"
check "nor is the token in the log" sh -c "! grep -q s3cret '$WORK/benchd.log'"
check "nothing was reported by a sanitizer" clean_logs
finish
