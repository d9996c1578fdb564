# SPDX-License-Identifier: MIT
# Two stations and one ticketing system: it gives each ticket to one of them and counts its claims; of two releases at once one
# is recorded; a unit that failed on one station does not leave by the other's pass. (tests/system/ticketing.py is the small
# ticketing system; the stores are made with facts that allow a release, tests/fake/mkstore.h.)
. tests/system/lib.sh
if ! command -v curl >/dev/null || ! command -v python3 >/dev/null; then
	skip "curl or python3 is not installed"
	finish
fi
STATE_A=$WORK/a STATE_B=$WORK/b
"$BIN/tests/system/mkstore" "$STATE_A" 6
"$BIN/tests/system/mkstore" "$STATE_B" 6
# T-9001 passed at a, then failed at b.
"$BIN/tests/system/mkstore" "$STATE_B" add 00000000-0000-4000-8000-00000000fa11 T-9001 RO600-24000001 fail
start_one() { # name: a station without anything on its wires
	"$BIN/benchd" --spawn --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$WORK/$1" --sim-dir "$SIM.$1" \
		--tickets-owner ticketing --name "bench-$1" --port "$2" >>"$WORK/benchd-$1.log" 2>&1 &
	EXTRA_PIDS="$EXTRA_PIDS $!"
	wait_for 20 curl -sf "http://127.0.0.1:$2/healthz"
}
mkdir "$SIM.a" "$SIM.b"
check "station a is up" start_one a "$PORT"
check "station b is up" start_one b $((PORT + 1))
at_a() { "$BIN/benchctl" --state "$STATE_A" --json "$@"; }
at_b() { "$BIN/benchctl" --state "$STATE_B" --json "$@"; }
token() { "$BIN/benchctl" --state "$1" --json token add erp --scopes tickets,read --expires "$(date -u -d "+30 days" +%F)" | "$BIN/tests/system/jsonget" token; }
A="http://127.0.0.1:$PORT $(token "$STATE_A")"
B="http://127.0.0.1:$((PORT + 1)) $(token "$STATE_B")"
check "unclaimed, it leaves nowhere" is ticket_not_claimed at 'reasons.*.code' at_a release show T-9000
check "there neither" is ticket_not_claimed at 'reasons.*.code' at_b release show T-9000
# shellcheck disable=SC2086
ticketing() { python3 tests/system/ticketing.py $A $B "$@"; }
check "of two that claim and release at once one succeeds, for each of four tickets" has "4 released once" \
	ticketing race T-9000 T-9002 T-9003 T-9004
check "pass at a and fail at b: the newest word has the claim, and it does not leave" has "stays: run_not_pass ticket_not_claimed" \
	ticketing decide T-9001
check "a claim that comes late is refused" has "409 claim_stale" ticketing late T-9005
check "and gives nothing back" is ticket_not_claimed at 'reasons.*.code' at_a release show T-9005
check "the one that holds it may release, under its number" is 2 at claim at_b release show T-9005
check "nothing was reported by a sanitizer" clean_logs
finish
