# SPDX-License-Identifier: MIT
"""A small ticketing system over two stations: ticketing.py URL_A TOKEN_A URL_B TOKEN_B WHAT TICKET...

It alone gives claims, one at a time and counted; each station is told whose the ticket is.
  race TICKET...  both stations' clients claim and release at once
  decide TICKET   the claim goes to the station with the newest run on the unit
  late TICKET     a claim that was overtaken arrives again
"""
import json
import sys
import threading
import urllib.error
import urllib.request

STATIONS = {"bench-a": sys.argv[1:3], "bench-b": sys.argv[3:5]}
lock = threading.Lock()
holder, numbers = {}, {}


def ask(station, method, path, body=None):
    url, token = STATIONS[station]
    request = urllib.request.Request(
        f"{url}/api/v1{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal)


def tell(ticket, station, number):
    """Whose it is, to both: who loses it first."""
    for one in sorted(STATIONS, key=lambda s: s == station):
        status, said = ask(one, "POST", f"/tickets/{ticket}/claim", {"station": station, "claim": number})
        assert status == 201, (one, status, said)


def claim(ticket, station):
    """The system's own word: the first one gets it."""
    with lock:
        if ticket not in holder:
            holder[ticket] = station
            numbers[ticket] = numbers.get(ticket, 0) + 1
            tell(ticket, station, numbers[ticket])
        return holder[ticket] == station


def race(tickets):
    once = 0
    for ticket in tickets:
        start, said = threading.Barrier(2), {}

        def client(station):
            start.wait()
            claim(ticket, station)  # whoever lost tries to release all the same
            said[station] = ask(station, "POST", f"/tickets/{ticket}/release", {"repair_seq": 0})

        threads = [threading.Thread(target=client, args=(s,)) for s in STATIONS]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        winner = [s for s in said if said[s][0] == 201]
        loser = [s for s in said if s not in winner]
        assert winner == [holder[ticket]], (ticket, said)
        assert said[winner[0]][1]["claim"] == numbers[ticket]
        assert said[loser[0]][0] == 409
        assert "ticket_not_claimed" in [r["code"] for r in said[loser[0]][1]["reasons"]], said
        once += 1
    print(f"{once} released once")


def decide(ticket):
    verdicts = {s: ask(s, "GET", f"/tickets/{ticket}/verdict")[1] for s in STATIONS}
    assert {s: v["verdict"] for s, v in verdicts.items()} == {"bench-a": "pass", "bench-b": "fail"}, verdicts
    newest = max(STATIONS, key=lambda s: verdicts[s]["ended_at"])
    assert claim(ticket, newest)
    why = set()
    for s in STATIONS:
        status, said = ask(s, "POST", f"/tickets/{ticket}/release", {"repair_seq": 0})
        assert status == 409, (s, said)
        why |= {r["code"] for r in said["reasons"]}
    print("stays:", *sorted(why))


def late(ticket):
    tell(ticket, "bench-a", 1)
    tell(ticket, "bench-b", 2)
    status, said = ask("bench-a", "POST", f"/tickets/{ticket}/claim", {"station": "bench-a", "claim": 1})
    print(status, said["code"])


if sys.argv[5] == "race":
    race(sys.argv[6:])
else:
    {"decide": decide, "late": late}[sys.argv[5]](sys.argv[6])
