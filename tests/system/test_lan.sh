# SPDX-License-Identifier: MIT
# The LAN: nginx with the configuration that ships, only its addresses and paths replaced, in front of benchd-web. Between them a
# tap writes down what nginx passes on. The slow clients begin first: nothing else here waits for the 10 s that they get.
. tests/system/lib.sh
PATH=$PATH:/usr/sbin
for program in nginx openssl curl python3; do
	command -v $program >/dev/null && continue
	skip "$program is not installed"
	finish
done
NAME=bench.depot.example
LAN=$((PORT + 1))
TAP=$((PORT + 2))
CA=$WORK/lan.crt
N=$WORK/nginx
U=https://$NAME:$LAN
"$BIN/benchd" --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$STATE" >"$WORK/benchd.log" 2>&1 &
EXTRA_PIDS=$!
wait_for 10 test -S "$STATE/web.sock"
"$BIN/benchd-web" --state "$STATE" --port $PORT --lan-names $NAME >"$WORK/web.log" 2>&1 &
EXTRA_PIDS="$EXTRA_PIDS $!"
python3 tests/system/lan.py tap $TAP $PORT "$WORK/tap" >"$WORK/tap.log" 2>&1 &
TAP_PID=$!
EXTRA_PIDS="$EXTRA_PIDS $TAP_PID"

mkdir "$N"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$NAME" -addext "subjectAltName=DNS:$NAME" \
	-keyout "$WORK/lan.key" -out "$CA" 2>"$WORK/openssl.log"
sed -e "s|/etc/benchd/tls|$WORK|; s|/var/lib/nginx|$N|; s|/var/log/nginx|$N|; s|/run/nginx.pid|$N/pid|" \
	-e "s|127.0.0.1:8470|127.0.0.1:$TAP|; s|listen 443|listen 127.0.0.1:$LAN|; /listen \[::\]/d" systemd/nginx-benchd.conf >"$N/conf"
check "nginx finds nothing wrong with the configuration" has "syntax is ok" nginx -e "$N/error.log" -p "$N" -c "$N/conf" -t
nginx -e "$N/error.log" -p "$N" -c "$N/conf" -g 'daemon off;' >"$WORK/nginx.log" 2>&1 &
EXTRA_PIDS="$EXTRA_PIDS $!"
lan() { curl -s -m 5 --cacert "$CA" --resolve "$NAME:$LAN:127.0.0.1" "$@"; }
status() { lan -o /dev/null -w '%{http_code}' "$@"; }
check "benchd-web is reached by it" wait_for 10 lan -f "$U/healthz"
TOKEN=$(ctl --json token add ticketing --scopes tickets --expires "$(date -u -d '+30 days' +%F)" | "$BIN/tests/system/jsonget" token)
bearer() { lan -H "Authorization: Bearer $TOKEN" "$@"; }

timeout 30 python3 tests/system/lan.py loris $LAN "$CA" $NAME "$TOKEN" >"$WORK/loris.txt" 2>&1 &
loris=$!
served() { # COUNT: so many requests of another address, each within a second
	for served_i in $(seq "$1"); do
		is 200 bearer -m 1 -o /dev/null -w '%{http_code}' "$U/api/v1/station" || return 1
	done
}
held() { # COUNT: so many of 127.0.0.2's connections are open
	held_hex=$(printf '0200007F:.... 0100007F:%04X 01' $LAN)
	[ "$(grep -c "$held_hex" /proc/net/tcp)" -ge "$1" ]
}
check "200 slow clients are there" wait_for 5 held 180
check "others are served meanwhile" served 20

check "HTTP/2 is spoken" is 2 lan -o /dev/null -w '%{http_version}' --http2 "$U/healthz"
check "and HTTP/1.1" is 1.1 lan -o /dev/null -w '%{http_version}' --http1.1 "$U/healthz"
check "TLS 1.3 it is" has "TLSv1.3" lan -v -o /dev/null "$U/healthz"
check "TLS 1.2 is refused" refused 35 "" lan --tls-max 1.2 -o /dev/null "$U/healthz"
check "so is who asks for another name" refused 35 "" curl -sk -m 5 --resolve "evil.example:$LAN:127.0.0.1" "https://evil.example:$LAN/healthz"
check "and for none" refused 35 "" curl -sk -m 5 "https://127.0.0.1:$LAN/healthz"
check "another Host inside TLS: 421" is 421 status -H 'Host: evil.example' "$U/healthz"
check "plain HTTP: 400, as a problem" has '400 application/problem+json' curl -s -m 5 -o /dev/null -w '%{http_code} %{content_type}' "http://127.0.0.1:$LAN/healthz"
check "browsers are told to keep to TLS" has "strict-transport-security: max-age=31536000" lan -D - -o /dev/null "$U/healthz"

check "without a credential: 401" is 401 status "$U/api/v1/station"
check "the station's own token is none here" is 401 status -H "Authorization: Bearer $(cat "$STATE/token")" "$U/api/v1/station"
check "its counters are not for the LAN" is 401 bearer -o /dev/null -w '%{http_code}' "$U/metrics"
check "a page of another site: 403" is 403 bearer -o /dev/null -w '%{http_code}' -H 'Origin: https://evil.example' "$U/api/v1/station"
check "one of this name is heard" is 200 bearer -o /dev/null -w '%{http_code}' -H "Origin: https://$NAME" "$U/api/v1/station"
put() { bearer -X PUT -H 'Content-Type: application/json' "$@" "$U/api/v1/tickets/T-7"; }
check "a ticket is written" has '"id":"T-7"' put -d '{"serial":"RO600-24000107","model":"RO600"}'
check "and is there" has RO600-24000107 ctl --json ticket show T-7
too_large() { head -c 70000 /dev/zero | tr '\0' ' ' | put --data-binary @- "$@"; }
check "a body over 64 KiB: 413" is 413 too_large -o /dev/null -w '%{http_code}'
check "as a problem" has '"status":413,"type":"urn:benchd:problem:body_too_large"' too_large
# nginx counts (413) while benchd-web asks for a length (411): whichever is first.
unknown_length() { too_large --http1.1 -H 'Transfer-Encoding: chunked' -o /dev/null -w '%{http_code}' | grep -x -e 413 -e 411; }
check "one of unknown length that is too large is refused, too" unknown_length
ctl user add wang --roles supervisor >/dev/null
BENCHCTL_PIN=8215 ctl user pin wang >/dev/null
lan -D "$WORK/login" -o /dev/null -H 'Content-Type: application/json' -d '{"person":"wang","pin":"8215"}' "$U/api/v1/sessions"
check "the cookie is this host's alone and TLS's" \
	grep -qiE '^set-cookie: __Host-benchd_session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict; Secure' "$WORK/login"
session=$(sed -n 's/^[Ss]et-[Cc]ookie: \([^;]*\);.*/\1/p' "$WORK/login")
# PINs: by the address that nginx sees, whatever the client says of itself.
sign_in() { # ADDRESS PERSON PIN
	lan --interface "$1" -D "$WORK/sign_in" -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 10.9.8.7' -H 'Content-Type: application/json' \
		-d "{\"person\":\"$2\",\"pin\":\"$3\"}" "$U/api/v1/sessions"
}
for i in 1 2 3 4 5; do sign_in 127.0.0.5 wang 000$i >/dev/null; done
check "five wrong PINs of one address: 429 for that person" is 429 sign_in 127.0.0.5 wang 8215
check "and when to try again" grep -qiE '^retry-after: [1-9][0-9]?.$' "$WORK/sign_in"
for i in 1 2 3 4 5; do sign_in 127.0.0.5 "p_$i" 0000 >/dev/null; done
check "ten: 429 for everybody" is 429 sign_in 127.0.0.5 li 0000
check "the person signs in from elsewhere" is 201 sign_in 127.0.0.6 wang 8215
check "and is a credential" is 200 status -H "Cookie: $session" "$U/api/v1/station"
check "but not under its name of this machine" is 401 status -H "Cookie: ${session#__Host-}" "$U/api/v1/station"
(lan -N -m 30 -H "Cookie: $session" "$U/api/v1/events" >"$WORK/events.txt") &
events=$!
check "events come as they happen" wait_for 5 test -s "$WORK/events.txt"
kill $events 2>/dev/null
wait $events 2>/dev/null

check "every slow client was closed on within its time" wait $loris
sed 's/^/# /' "$WORK/loris.txt"
check "none is left" wait_for 5 sh -c "! grep -q '$(printf '0200007F:.... 0100007F:%04X 01' $LAN)' /proc/net/tcp"
# The tap writes down what the slow clients send too, so these come when they are gone.
shapes() { python3 tests/system/lan.py "$1" $LAN "$CA" $NAME "$WORK/tap"; }
check "what RFC 9112 forbids is refused and goes no further" shapes refused
check "what nginx lets through means the same behind it" shapes changed
check "HTTP/2 smuggles nothing either" shapes http2
check "benchd-web behind it is well" served 1
many() { # one address that asks too fast: some are taken, some are told so
	lan --interface 127.0.0.3 -Z --parallel-max 8 -o /dev/null -w '%{http_code}\n' "$U/healthz?[1-150]" | sort | uniq -c
}
check "who asks too fast gets 429" has " 429" many
too_fast() { lan --interface 127.0.0.4 -Z --parallel-max 8 -o /dev/null -w '%{http_code} %{content_type} %header{retry-after}\n' "$U/healthz?[1-150]"; }
check "as a problem that says when to ask again" has "429 application/problem+json 2" too_fast
check "and others do not" served 5
gone_says() { lan -D - "$U/api/v1/station"; }
kill $TAP_PID
wait_for 5 gone $TAP_PID
check "without benchd-web: 502" is 502 status "$U/api/v1/station"
check "as a problem" has '"code":"station_gone"' gone_says
check "of its type" has 'content-type: application/problem+json' gone_says
python3 tests/system/lan.py full $TAP &
EXTRA_PIDS="$EXTRA_PIDS $!"
check "with one that takes no connection: 504, as a problem" wait_for 10 has '"code":"station_silent"' gone_says
finish
