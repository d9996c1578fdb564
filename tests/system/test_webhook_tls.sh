# SPDX-License-Identifier: MIT
# Webhooks over TLS: to a receiver whose certificate is of an authority of the depot's own, and to those that must not get anything:
# another name, expired, signed by itself, TLS 1.1, one that sends elsewhere. Certificates by openssl, receivers by Python's ssl.
. tests/system/lib.sh
if ! command -v python3 >/dev/null || ! command -v openssl >/dev/null; then
	skip "python3 or openssl is not installed"
	finish
fi
umask 077
mkdir "$WORK/hooks" "$WORK/tls"
cd "$WORK/tls" || exit 1
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }
new_key ca
openssl req -x509 -new -key ca.key -subj "/CN=depot" -days 2 -out ca.crt -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=keyCertSign"
: >index.txt
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n' >ca.conf
signed() { # NAME SUBJECT_ALT_NAME FROM TO
	new_key "$1"
	openssl req -new -key "$1.key" -subj "/CN=$1" -addext "subjectAltName=$2" -out "$1.csr" &&
		openssl ca -batch -notext -config ca.conf -cert ca.crt -keyfile ca.key -in "$1.csr" -out "$1.crt" -startdate "$3" -enddate "$4" 2>>"$WORK/openssl.log"
}
YESTERDAY=$(date -u -d '-1 day' +%Y%m%d000000Z)
TOMORROW=$(date -u -d '+2 days' +%Y%m%d000000Z)
signed good DNS:localhost "$YESTERDAY" "$TOMORROW"
signed other DNS:tickets.example.com "$YESTERDAY" "$TOMORROW"
signed expired DNS:localhost 20250101000000Z 20250201000000Z
new_key own
openssl req -x509 -new -key own.key -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" -days 2 -out own.crt
cd "$OLDPWD" || exit 1
echo "whsec_$(head -c 32 /dev/urandom | base64)" >"$WORK/hooks/key"
: >"$WORK/got"
echo "webhooks:" >"$WORK/hooks/hooks.yaml"
receiver() { # PORT CERTIFICATE HOW: its id in RECEIVER
	python3 tests/system/tls_receiver.py "$WORK/got" "$1" "$WORK/tls/$2.crt" "$WORK/tls/$2.key" "$3" >>"$WORK/receiver.log" 2>&1 &
	RECEIVER=$!
	EXTRA_PIDS="$EXTRA_PIDS $RECEIVER"
}
endpoint() { # NAME PORT PATH
	printf '  %s:\n    url: https://localhost:%s%s\n    signing: [key]\n    timeout: 3 s\n    types: [received]\n' "$1" "$2" "$3" >>"$WORK/hooks/hooks.yaml"
}
receiver $((PORT + 1)) good ok
receiver $((PORT + 2)) other ok
receiver $((PORT + 3)) expired ok
receiver $((PORT + 4)) own ok
OWN=$RECEIVER
endpoint good $((PORT + 1)) /in
endpoint moved $((PORT + 1)) /moved
endpoint other $((PORT + 2)) /in
endpoint expired $((PORT + 3)) /in
endpoint own $((PORT + 4)) /in
start_sim
start_station --webhooks "$WORK/hooks/hooks.yaml" --ca-file "$WORK/tls/ca.crt"
hook_test() { ctl webhook test "$1"; }
check "a certificate of the depot's own authority is good" wait_for 20 hook_test good
check "in TLS 1.2 or newer" grep -qE "^$((PORT + 1)) /in TLSv1\.[23]\$" "$WORK/got"
ctl ticket add T-1 --serial RO600-24000101 --model RO600 >/dev/null
check "items get there" wait_for 10 has '"delivered_at":"' ctl --json webhook list
: >"$WORK/got"
check "another name: refused, and what to do" wait_for 10 refused 1 "its certificate is for another name; write that one in url" hook_test other
check "expired: refused, and what to do" wait_for 10 refused 1 "its certificate has expired" hook_test expired
check "signed by itself: refused, and what to do" wait_for 10 refused 1 "name a file with the authority's by --ca-file" hook_test own
kill "$OWN"
wait_for 5 gone "$OWN"
receiver $((PORT + 4)) good old
check "the stand-in of an old server does speak TLS 1.1" wait_for 10 sh -c "openssl s_client -connect 127.0.0.1:$((PORT + 4)) -tls1_1 -cipher ALL:@SECLEVEL=0 </dev/null 2>&1 | grep -q 'Protocol *: TLSv1.1'"
check "TLS 1.1: refused, and what to do" refused 1 "TLS 1.2 or newer could not be agreed on" hook_test own
check "none of these was told anything" is "" sed '/ .moved /d' "$WORK/got"
check "a redirect is an answer that is no yes" refused 1 "answered 302" hook_test moved
check "and is not followed" is "$((PORT + 1)) /moved" sh -c "cut -d' ' -f1,2 '$WORK/got' | sort -u"
stop_station TERM

# without the file, and with one that holds none
start_station --webhooks "$WORK/hooks/hooks.yaml"
wait_for 20 ctl bay list
check "without --ca-file the depot's own authority is unknown" wait_for 10 refused 1 "no authority that is trusted here" hook_test good
stop_station TERM
start_station --webhooks "$WORK/hooks/hooks.yaml" --ca-file "$WORK/hooks/key"
wait_for 20 ctl bay list
check "a --ca-file without certificates is told" wait_for 10 refused 1 "--ca-file holds no certificates" hook_test good
check "nothing was reported by a sanitizer" clean_logs
finish
