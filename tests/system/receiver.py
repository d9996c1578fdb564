# SPDX-License-Identifier: MIT
"""receiver.py PORT LOG MODE SECRET: another machine that gets webhooks. What came goes to LOG, a JSON object a line; how it
answers stands in the file MODE and may change at any time:
	ok | STATUS | hang | slow | robot | robot-no | cut
Each request of Standard Webhooks is verified here, with Python's own HMAC."""
import base64, hashlib, hmac, json, sys, threading, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, log, mode_file, secret_file = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
lock = threading.Lock()


def keys():
    with open(secret_file, encoding="ascii") as f:
        return [base64.b64decode(line.strip()[6:]) for line in f if line.startswith("whsec_")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def verified(self, body):
        head = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}."
        given = self.headers.get("webhook-signature", "").split()
        made = ["v1," + base64.b64encode(hmac.new(k, head.encode() + body, hashlib.sha256).digest()).decode() for k in keys()]
        return given == made and abs(time.time() - int(self.headers["webhook-timestamp"])) < 30

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(mode_file, encoding="ascii") as f:
            mode = f.read().strip()
        entry = {"path": self.path, "id": self.headers["webhook-id"], "mode": mode, "verified": self.verified(body),
                 "body": json.loads(body), "bytes": body.decode(), "headers": dict(self.headers)}
        with lock, open(log, "a", encoding="utf-8") as f:
            f.write(json.dumps(entry, ensure_ascii=False) + "\n")
        if mode == "hang":
            self.rfile.read()  # until its client hangs up
            return
        if mode == "slow":
            time.sleep(0.3)
        if mode == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            self.close_connection = True
            return
        answer = b"{}"
        if mode.startswith("robot"):
            answer = json.dumps({"errcode": 93000 if mode == "robot-no" else 0, "errmsg": "ok"}).encode()
            status = 200
        else:
            status = int(mode) if mode.isdigit() else 200
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", f"http://127.0.0.1:{port}/elsewhere")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


Server(("127.0.0.1", port), Handler).serve_forever()
