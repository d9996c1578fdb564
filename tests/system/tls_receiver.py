# SPDX-License-Identifier: MIT
"""tls_receiver.py LOG PORT CERTIFICATE KEY HOW: another machine that gets webhooks over TLS. Each request that gets through is a
line of LOG. HOW: ok | old (TLS 1.1 at most). /moved sends elsewhere."""
import ssl, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

log, port, certificate, key, how = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open(log, "a", encoding="ascii") as f:
            f.write(f"{port} {self.path} {self.connection.version()}\n")
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", f"https://localhost:{port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if how == "old":
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
