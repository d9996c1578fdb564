# SPDX-License-Identifier: MIT
"""Both ends of nginx, for test_lan.sh; `full` for test_label.sh, too.

lan.py tap PORT UPSTREAM LOG          between nginx and benchd-web: hands on, and writes down what nginx sent: a line [connection, text], null at its end
lan.py refused PORT CA NAME LOG       shapes RFC 9112 forbids: 400 or a closed connection, and nothing went on
lan.py changed PORT CA NAME LOG       shapes nginx lets through: what went on is exactly what stands here
lan.py http2 PORT CA NAME LOG         the same things said in HTTP/2's frames
lan.py full PORT                      in benchd-web's place: a listener whose queue is full
lan.py loris PORT CA NAME TOKEN       200 connections that drip, from 127.0.0.2: how each ended and when
Exit 1 when one of them went otherwise.
"""
import asyncio
import itertools
import json
import signal
import socket
import ssl
import sys
import time


def tls(ca, alpn):
    ctx = ssl.create_default_context(cafile=ca)
    ctx.set_alpn_protocols([alpn])
    return ctx


# ---- tap ----
async def pump(reader, writer, told):
    try:
        while data := await reader.read(65536):
            told(data.decode("latin-1"))
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def tap(port, upstream, path):
    log = open(path, "w", buffering=1)
    visits = itertools.count()

    async def visit(reader, writer):
        me = next(visits)

        def told(text):
            log.write(json.dumps([me, text]) + "\n")

        told("")
        there = await asyncio.open_connection("127.0.0.1", upstream)
        to = asyncio.create_task(pump(reader, there[1], told))
        await pump(there[0], writer, lambda text: None)
        # What is closed with bytes unread sends a reset, which overtakes the answer.
        await asyncio.wait([to], timeout=3)
        to.cancel()
        writer.close()
        there[1].close()
        told(None)

    server = await asyncio.start_server(visit, "127.0.0.1", port)
    await server.serve_forever()


class Tap:
    """What went on since the last look, connection by connection."""

    def __init__(self, path):
        self.path = path
        self.at = 0
        self.new()

    def new(self):
        visits, running, until = {}, set(), time.monotonic() + 5
        while True:
            with open(self.path) as f:
                f.seek(self.at)
                text = f.read()
            whole = text[: text.rfind("\n") + 1]
            self.at += len(whole)
            for me, said in map(json.loads, whole.splitlines()):
                (running.discard if said is None else running.add)(me)
                visits[me] = visits.get(me, "") + (said or "")
            if not running or time.monotonic() > until:
                return list(visits.values())
            time.sleep(0.01)


# ---- shapes ----
STOP = b"POST /api/v1/bays/1/stop HTTP/1.1"
SMUGGLED = b"GET /api/v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + SMUGGLED
JSON = b"Content-Type: application/json\r\n"
TE = b"Transfer-Encoding: chunked\r\n"


def ask(port, ctx, name, raw):
    """What came back until the connection was closed; None: it stayed open."""
    with socket.create_connection(("127.0.0.1", port)) as s, ctx.wrap_socket(s, server_hostname=name) as t:
        t.settimeout(4)
        got = b""
        try:
            t.sendall(raw)
            while data := t.recv(65536):
                got += data
        except TimeoutError:
            return None
        except OSError:
            pass
        return got


def writer_of(name):
    def h1(fields=b"", line=b"GET /api/v1/station HTTP/1.1", body=b"", host=b"Host: " + name.encode() + b"\r\n"):
        return line + b"\r\n" + host + b"Connection: close\r\n" + fields + b"\r\n" + body

    return h1


def forbidden(name):
    h1 = writer_of(name)
    mine = b"Host: " + name.encode() + b"\r\n"
    return {
        "length and coding": h1(b"Content-Length: 5\r\n" + TE, STOP, CHUNKED),
        "coding and length": h1(TE + b"Content-Length: 5\r\n", STOP, CHUNKED),
        "two lengths": h1(b"Content-Length: 2\r\nContent-Length: 60\r\n", STOP, b"{}" + SMUGGLED),
        "the same length twice": h1(b"Content-Length: 2\r\nContent-Length: 2\r\n", STOP, b"{}"),
        "a list of lengths": h1(b"Content-Length: 2, 2\r\n", STOP, b"{}"),
        "a length with a sign": h1(b"Content-Length: +2\r\n", STOP, b"{}"),
        "a hexadecimal length": h1(b"Content-Length: 0x2\r\n", STOP, b"{}"),
        "a negative length": h1(b"Content-Length: -2\r\n", STOP, b"{}"),
        "an empty length": h1(b"Content-Length:\r\n", STOP, b"{}" + SMUGGLED),
        "a length without its colon": h1(b"Content-Length\r\n", STOP, b"{}" + SMUGGLED),
        "two codings": h1(TE + TE, STOP, CHUNKED),
        "a coding in HTTP/1.0": h1(TE, STOP[:-1] + b"0", CHUNKED),
        "a space before the colon of the coding": h1(b"Transfer-Encoding : chunked\r\n", STOP, CHUNKED),
        "a chunk's length that is none": h1(TE + JSON, STOP, b"zz\r\n{}\r\n" + CHUNKED),
        "two hosts": h1(b"Host: localhost\r\n"),
        "the same host twice": h1(mine),
        "no host": h1(host=b""),
        "an empty host": h1(host=b"Host:\r\n"),
        "a host that is none": h1(host=b"Host: a/b\r\n"),
        "a bare CR in a value": h1(b"X-A: a\rX-B: b\r\n"),
        "a bare CR in a length": h1(b"Content-Length: 2\r0\r\n", STOP, b"{}" + SMUGGLED),
        "a bare CR before the colon": h1(b"X-A\r: a\r\n"),
        "a bare CR in the request line": h1(line=b"GET /api/v1/station\rX HTTP/1.1"),
        "lines that end in bare CR": h1().replace(b"\r\n", b"\r"),
        "NUL in a value": h1(b"X-A: a\0b\r\n"),
        "NUL in a name": h1(b"X\0A: a\r\n"),
        "NUL in the target": h1(line=b"GET /api/v1/station\0x HTTP/1.1"),
        "a folded line": h1(b"X-A: a\r\n b\r\n"),
        "a line folded by a tab": h1(b"X-A: a\r\n\tContent-Length: 9\r\n"),
        "a folded first line": b"GET /api/v1/station HTTP/1.1\r\n X: y\r\n" + mine + b"\r\n",
        "a space before the colon": h1(b"X-A : a\r\n"),
        "a tab before the colon": h1(b"X-A\t: a\r\n"),
        "a space in a name": h1(b"X A: a\r\n"),
        "no name": h1(b": a\r\n"),
        "a control character in a name": h1(b"X\x01A: a\r\n"),
        "no version": b"GET /api/v1/station\r\n",
        "a version that is none": h1(line=b"GET /api/v1/station HTTP/1.1x"),
        "a space in the target": h1(line=b"GET /api/v1/sta tion HTTP/1.1"),
        "tabs for spaces": h1(line=b"GET\t/api/v1/station\tHTTP/1.1"),
        "a method in lower case": h1(line=b"get /api/v1/station HTTP/1.1"),
        "CONNECT": h1(line=b"CONNECT localhost:22 HTTP/1.1"),
    }


def is_problem(got, status):
    """Does the answer say what is wrong as RFC 9457 has it? HTTP/0.9 has no head, and a closed connection no answer."""
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        head, body, status = b"content-type: application/problem+json", got, None
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return (
        b"content-type: application/problem+json" in head.lower()
        and said["status"] == (status or said["status"])
        and said["type"] == "urn:benchd:problem:" + said["code"]
        and {"title", "detail"} < said.keys()
    )


def refused(port, ca, name, log):
    ctx, seen = tls(ca, "http/1.1"), Tap(log)
    bad = 0
    for what, raw in forbidden(name).items():
        got = ask(port, ctx, name, raw)
        went_on = seen.new()
        good = got is not None and not went_on
        good = good and (got.startswith(b"HTTP/1.1 400 ") or b"HTTP/" not in got) and got.count(b"HTTP/1.1 ") < 2
        if not good or (got and not is_problem(got, 400)):
            print(f"{what}: answer {got!r}, passed on {went_on!r}")
            bad += 1
    return bad


def let_through(name):
    """What was sent, what benchd-web shall get, and the status the client shall."""
    h1 = writer_of(name)
    mine = b"Host: " + name.encode() + b"\r\nX-Forwarded-For: 127.0.0.1\r\n"
    start = b"GET /api/v1/station HTTP/1.1\r\n" + mine + b"Connection: close\r\n"
    stop = STOP + b"\r\n" + mine + b"Connection: close\r\n"
    return {
        "lines that end in bare LF": (h1(b"X-A: 1\r\n").replace(b"\r\n", b"\n"), start + b"X-A: 1\r\n\r\n", 401),
        "a bare LF in a value": (h1(b"X-A: 1\nX-B: 2\r\n"), start + b"X-A: 1\r\nX-B: 2\r\n\r\n", 401),
        "a length after a bare LF": (
            h1(b"X-A: 1\nContent-Length: 2\r\n" + JSON, STOP, b"{}" + SMUGGLED),
            stop + b"Content-Length: 2\r\nX-A: 1\r\n" + JSON + b"\r\n{}",
            401,
        ),
        "a line without a colon": (h1(b"If-None-Match\r\n"), start + b"If-None-Match: \r\n\r\n", 401),
        "a credential without its colon": (h1(b"Authorization\r\n"), start + b"Authorization: \r\n\r\n", 401),
        "a value without its colon": (h1(b"Idempotency-Key 7\r\n"), None, 400),
        "CR CR LF": (h1(b"X-A: a\r\r\n"), start + b"X-A: a\r\n\r\n", 401),
        "a control character in a value": (h1(b"X-A: \x01\r\n"), start + b"X-A: \x01\r\n\r\n", 400),
        "DEL in a value": (h1(b"X-A: \x7f\r\n"), start + b"X-A: \x7f\r\n\r\n", 400),
        "a name that is no token": (h1(b"X(A): 1\r\n"), start + b"\r\n", 401),
        "a coding with an underscore": (h1(b"Transfer_Encoding: chunked\r\n", STOP, CHUNKED), stop + b"\r\n", 401),
        "two spaces in the request line": (h1(line=b"GET  /api/v1/station  HTTP/1.1"), start + b"\r\n", 401),
        "a version to come": (h1(line=b"GET /api/v1/station HTTP/1.9"), start + b"\r\n", 401),
        "a whole chunked body": (
            h1(TE + JSON, STOP, b"2\r\n{}\r\n" + CHUNKED),
            stop + b"Content-Length: 2\r\n" + JSON + b"\r\n{}",
            401,
        ),
        "an unknown coding": (h1(b"Transfer-Encoding: xchunked\r\n", STOP, CHUNKED), None, 501),
        "a coding after a vertical tab": (h1(b"Transfer-Encoding:\x0bchunked\r\n", STOP, CHUNKED), None, 501),
        "a head of 20 KB": (h1(b"X-A: " + b"a" * 20000 + b"\r\n"), None, 431),
        "a target of 5 KB": (h1(line=b"GET /" + b"a" * 5000 + b" HTTP/1.1"), None, 414),
        "another's address in X-Forwarded-For": (h1(b"X-Forwarded-For: 10.0.0.1\r\n"), start + b"\r\n", 401),
        "HTTP/3 in words": (h1(line=b"GET /api/v1/station HTTP/3.0"), None, 505),
        "a field twice": (h1(b"If-Match: \"1\"\r\nIf-Match: \"2\"\r\n"), None, 400),
        "TRACE": (h1(line=b"TRACE / HTTP/1.1"), None, 405),
        "the name of this machine": (h1(host=b"Host: localhost\r\n"), None, 421),
        "a name of nobody": (h1(host=b"Host: evil.example\r\n"), None, 421),
        "a name behind another": (h1(host=b"Host: localhost@" + name.encode() + b"\r\n"), None, 421),
        "the whole address of another": (h1(line=b"GET https://localhost/api/v1/station HTTP/1.1"), None, 421),
        "our whole address beside another host": (
            h1(line=b"GET https://" + name.encode() + b"/api/v1/station HTTP/1.1", host=b"Host: localhost\r\n"),
            start + b"\r\n",
            401,
        ),
    }


def changed(port, ca, name, log):
    ctx, seen = tls(ca, "http/1.1"), Tap(log)
    bad = 0
    for what, (raw, wanted, status) in let_through(name).items():
        got = ask(port, ctx, name, raw)
        went_on = seen.new()
        good = got is not None and got.startswith(b"HTTP/1.1 %d " % status) and got.count(b"HTTP/1.1 ") == 1
        if not good or went_on != ([wanted.decode("latin-1")] if wanted else []) or not is_problem(got, status):
            print(f"{what}: answer {got!r}, passed on {went_on!r}")
            bad += 1
    return bad


# ---- HTTP/2, its frames by hand ----
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4\0" + bytes(4)


def frame(kind, flags, payload, stream=1):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def h2(name, *fields, body=None, method=b"GET", path=b"/api/v1/station"):
    fields = ((b":method", method), (b":scheme", b"https"), (b":authority", name.encode()), (b":path", path)) + fields
    block = b"".join(b"\0" + bytes((len(n),)) + n + bytes((len(v),)) + v for n, v in fields)
    raw = PREFACE + frame(1, 4 if body is not None else 5, block)
    return raw + (frame(0, 1, body) if body is not None else b"")


def ask_h2(port, ctx, name, raw):
    """"400", another status, or how stream or connection ended; None: neither."""
    with socket.create_connection(("127.0.0.1", port)) as s, ctx.wrap_socket(s, server_hostname=name) as t:
        t.settimeout(4)
        buf = b""
        try:
            t.sendall(raw)
            while data := t.recv(65536):
                buf += data
                while len(buf) >= 9 and len(buf) >= 9 + int.from_bytes(buf[:3], "big"):
                    n, kind, payload = int.from_bytes(buf[:3], "big"), buf[3], buf[9 : 9 + int.from_bytes(buf[:3], "big")]
                    buf = buf[9 + n :]
                    if kind == 1:  # :status stands first: 400 is entry 12 of HPACK's table, others are written out
                        return "400" if payload[payload[0] >> 5 == 1 :][0] == 0x8C else payload[:8].decode("latin-1")
                    if kind in (3, 7):
                        return "ended"
        except TimeoutError:
            return None
        except OSError:
            pass
        return "closed"


def http2(port, ca, name, log):
    post = {"method": b"POST", "path": b"/api/v1/bays/1/stop"}
    kind = (b"content-type", b"application/json")
    shapes = {
        "a field behind CR LF": h2(name, (b"x-a", b"1\r\nAuthorization: Bearer x")),
        "a request behind CR LF": h2(name, (b"x-a", b"1\r\n\r\n" + SMUGGLED)),
        "a bare LF": h2(name, (b"x-a", b"1\nX-B: 2")),
        "NUL": h2(name, (b"x-a", b"1\0002")),
        "CR LF in the path": h2(name, path=b"/api/v1/station HTTP/1.1\r\nX-A: 1"),
        "a space in the path": h2(name, path=b"/api/v1/station HTTP/1.0"),
        "CR LF in the method": h2(name, method=b"GET /x HTTP/1.1\r\nX-A: 1"),
        "a colon in a name": h2(name, (b"x-a: 1\r\nx-b", b"2")),
        "two lengths": h2(name, (b"content-length", b"2"), (b"content-length", b"90"), kind, body=b"{}", **post),
        "another host": h2(name, (b"host", b"localhost")),
    }
    # Of these nginx has passed the head on when it finds out; without its body that is no request.
    unfinished = {
        "a length longer than the body": h2(name, (b"content-length", b"90"), kind, body=b"{}", **post),
        "a length shorter than the body": h2(name, (b"content-length", b"2"), kind, body=b"{}" + SMUGGLED, **post),
    }
    ctx, seen = tls(ca, "h2"), Tap(log)
    bad = 0
    for what, raw in (shapes | unfinished).items():
        got = ask_h2(port, ctx, name, raw)
        went_on = seen.new()
        if what in unfinished:
            went_on = [body for visit in went_on if (body := visit.partition("\r\n\r\n")[2])]
        if got not in ("400", "ended", "closed") or went_on:
            print(f"{what}: answer {got!r}, passed on {went_on!r}")
            bad += 1
    return bad


# ---- loris ----
RESET = b"\0\0\4\3\0\0\0\0\1"  # of stream 1 in HTTP/2


async def drip(port, ctx, name, first, byte):
    """Seconds until the connection was closed or its stream reset, and what had come by then. Every second one more byte."""
    got = b""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=ctx, server_hostname=name, local_addr=("127.0.0.2", 0)
    )
    begun = time.monotonic()  # 200 handshakes of this one thread are not the server's time
    try:
        writer.write(first)
        while time.monotonic() - begun < 20 and RESET not in got:
            try:
                data = await asyncio.wait_for(reader.read(4096), 1)
                if not data:
                    break
                got += data
            except TimeoutError:
                writer.write(byte)
    except OSError:
        pass
    writer.transport.abort()
    return time.monotonic() - begun, "reset" if RESET in got else got[:12].decode("latin-1")


async def loris(port, ca, name, token):
    head = b"PUT /api/v1/tickets/T-9 HTTP/1.1\r\nHost: " + name.encode() + b"\r\n"
    body = head + b"Authorization: Bearer " + token.encode() + b"\r\n" + JSON
    kinds = {
        "half a head": (110, "http/1.1", head + b"X: ", b"x", ("",)),
        "not a byte": (40, "http/1.1", b"", b"", ("",)),
        "half a body": (24, "http/1.1", body + b"Content-Length: 900\r\n\r\n{", b" ", ("HTTP/1.1 408", "HTTP/1.1 429")),
        "half a chunk": (6, "http/1.1", body + TE + b"\r\n200\r\n{", b" ", ("HTTP/1.1 411", "HTTP/1.1 429")),
        "half a head of HTTP/2": (20, "h2", PREFACE + b"\0\x40\0\1\4\0\0\0\1\0\x7f", b"x", ("reset",)),
    }
    ctx = {alpn: tls(ca, alpn) for alpn in ("http/1.1", "h2")}
    asked = [(k, drip(port, ctx[v[1]], name, v[2], v[3])) for k, v in kinds.items() for i in range(v[0])]
    ended = await asyncio.gather(*(x[1] for x in asked))
    bad = 0
    for what, kind in kinds.items():
        mine = [e for (k, _), e in zip(asked, ended) if k == what]
        last = max(e[0] for e in mine)
        said = {e[1] for e in mine}
        print(f"{what}: {len(mine)} connections, the last closed after {last:.1f} s, answers {said}")
        bad += last > 12.5 or not said <= set(kind[4])
    return bad


def full(port):
    """Takes no connection: what is in the queue stays there, and another SYN gets no answer."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        s.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        signal.pause()


def main():
    what, port, *rest = sys.argv[1:]
    if what == "tap":
        asyncio.run(tap(int(port), int(rest[0]), rest[1]))
    elif what == "full":
        full(int(port))
    elif what == "loris":
        sys.exit(min(asyncio.run(loris(int(port), *rest)), 1))
    else:
        sys.exit(min({"refused": refused, "changed": changed, "http2": http2}[what](int(port), *rest), 1))


main()
