# SPDX-License-Identifier: MIT
# A bay without benchsim's operator: ticket and serial scanned there, the full profile begun from the scan, its questions
# answered by benchctl and by HTTP, wrong scans and wrong answers refused with nothing changed.
. tests/system/lib.sh
A=$STATE/http.sock
post() { # path body: the HTTP status, then the reply
	curl -s -m 10 -w '\n%{http_code}\n' --unix-socket "$A" -H "Authorization: Bearer $(cat "$STATE/token")" -H 'Content-Type: application/json' -d "$2" "http://localhost/api/v1/$1"
}
scanned() { # ticket serial
	is "$1" at scanned.ticket ctl --json bay show 1 && is "$2" at scanned.serial ctl --json bay show 1
}
heard() { grep -q "\"text\":\"$1\",\"result\":\"$2\"" "$WORK/events.txt"; }
scanned_as() { # code result: once more until it was heard, for listening may just have begun
	heard "$1" "$2" && return
	sim scan 1 "$1"
	wait_for 1 heard "$1" "$2"
}

# Nothing but the plate at the start and again at the end.
mkdir "$WORK/profiles"
cp -r profiles/models profiles/ro600_full.yaml profiles/ro600_quick.yaml "$WORK/profiles"
cat >"$WORK/profiles/plate.yaml" <<'END'
profile: plate
title: {en: Plate, zh: 铭牌}
revision: 1
class: ro_tankless
models: [RO600]
run_types: [post_repair_qc]
releasable: no
unit_control: blackbox
measurements:
  visual:
    title: {en: Looks sound, zh: 外观}
    basis: rig
setup:
  - step: H0
    title: {en: Admit, zh: 准入}
    do:
      - prompt: {id: serial, kind: scan_serial, text: {en: Scan, zh: 扫描}, timeout: 5 min}
steps:
  - step: H1
    title: {en: Look, zh: 外观}
    do:
      - prompt: {id: visual_ok, kind: yes_no, text: {en: Sound?, zh: 完好吗}, timeout: 5 min, measurement: visual}
      - prompt: {id: again, kind: scan_serial, text: {en: Scan again, zh: 再次扫描}, timeout: 5 min}
END

start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station --profiles "$WORK/profiles"
check "both bays are ready" ready 1 2
check "two tickets are taken" add_tickets

ctl --json events >"$WORK/events.txt" 2>&1 &
EXTRA_PIDS=$!
check "a start that waits for a scan says what it waits for" refused 2 "bay 1: scan the ticket (at most" \
	ctl run start --bay 1 --scan --scan-timeout 1
check "and in the end what to do" refused 2 "scan again, or name --ticket and --serial" \
	ctl run start --bay 1 --scan --scan-timeout 1
check "a code that is no ticket is announced as unknown" wait_for 10 scanned_as 4006381333931 unknown
check "a ticket is scanned" sim scan 1 T-1001
check "it selects the ticket, the code before it nothing" wait_for 10 scanned T-1001 ""
check "a start that waits asks for the serial now" refused 2 "ticket T-1001 is read; now scan the serial on the unit's plate" \
	ctl run start --bay 1 --scan --scan-timeout 1
check "a start without the unit's serial is refused" refused 2 "serial" ctl run start --bay 1 --profile ro600_quick
check "another unit's plate is scanned" sim scan 1 RO600-24000199
wait_for 10 scanned T-1001 RO600-24000199
check "a start from that scan is refused, naming both serials" refused 2 \
	"RO600-24000199 is not that of ticket T-1001 (RO600-24000101)" ctl run start --bay 1 --scan --profile ro600_full
check "nothing was begun" is '[]' at runs ctl --json run list
check "the unit's own plate is scanned" sim scan 1 RO600-24000101
check "bay 1 has ticket and serial" wait_for 10 scanned T-1001 RO600-24000101
# naming what the scanner has read makes it no typed one; the record says so below
check "a start from the scan" ctl run start --bay 1 --scan --serial RO600-24000101 --profile ro600_full
RUN=$(run_of 1)
check "the run is of the scanned ticket" is T-1001 at ticket ctl --json run show "$RUN"

check "a scan for a busy bay is refused at once: who runs there, and how to watch it" refused 2 \
	"bay 1 is busy with ticket T-1001 (run $RUN); watch it: benchctl --state $STATE run watch --bay 1" \
	timeout 5 "$BIN/benchctl" --state "$STATE" run start --bay 1 --scan
check "the profile asks for the serial" wait_for 60 prompt_is 1 serial
check "a word that is not the serial is refused" refused 2 "the ticket is for RO600-24000101" ctl run answer --bay 1 yes
check "another unit's plate at the bay is announced as refused" wait_for 10 scanned_as RO600-24000102 refused
check "the question stays" prompt_is 1 serial
check "a plate that cannot be read is typed, and asked for once more" has "once more" ctl run answer --bay 1 --operator anna RO600-24000101
check "the question stays until then" prompt_is 1 serial
check "typed twice" ctl run answer --bay 1 --operator anna RO600-24000101
check "the first question of H1" wait_for 60 prompt_is 1 visual_ok
check "benchctl shows it and how to answer" has "run answer --bay 1" ctl bay show 1
check "a wrong answer is refused" refused 2 '"maybe" is no answer; expected yes or no' ctl run answer --bay 1 maybe
check "an answer to another question is refused" refused 2 'no prompt "electrical_safety_ok" is open' \
	ctl run answer --bay 1 --prompt electrical_safety_ok yes
check "an answer at a bay without a run is refused" refused 2 "nothing runs at bay 2" ctl run answer --bay 2 yes
check "the question is still open" prompt_is 1 visual_ok
check "benchctl run answer" ctl run answer --bay 1 --operator anna yes
check "the second question of H1" wait_for 60 prompt_is 1 electrical_safety_ok
if command -v curl >/dev/null; then
	check "a wrong answer by HTTP: 422" has 422 post "runs/$RUN/answer" '{"prompt":"electrical_safety_ok","answer":"perhaps"}'
	check "an answer to another run by HTTP: 409" has 409 \
		post "runs/00000000-0000-4000-8000-000000000000/answer" '{"answer":"yes"}'
	check "the question is still open" prompt_is 1 electrical_safety_ok
	check "the answer by HTTP: 200" has 200 post "runs/$RUN/answer" \
		'{"prompt":"electrical_safety_ok","answer":"yes","operator":"bela"}'
else
	skip "curl is not installed: the answer is given by benchctl"
	ctl run answer --bay 1 --operator bela yes
fi
check "the run goes on to H2" wait_for 60 is H2 at step.id ctl --json bay show 1
check "an answer without a question is refused" refused 2 "no question is open" ctl run answer --bay 1 yes
check "the run is aborted" ctl run abort --bay 1
check "it is recorded as aborted" wait_for 60 ended "$RUN" aborted
ctl --json run show "$RUN" >"$WORK/run.json"
recorded() { "$BIN/tests/system/jsonget" "$1" <"$WORK/run.json" | tr '\n' ' '; }
check "what was asked in H1 is in the record" is "visual electrical_safety " recorded 'measurements.*.id'
check "both as passed" is "pass pass " recorded 'measurements.*.verdict'
check "with who said so" sh -c "grep -q anna '$WORK/run.json' && grep -q -e bela '$WORK/run.json'"
check "the wrong plate is in the record" has RO600-24000102 cat "$WORK/run.json"
check "a typed plate is flagged in it" has "typed twice: anna" cat "$WORK/run.json"
check "the serial is recorded as scanned" is scan at serial_from cat "$WORK/run.json"
check "the scan is used up" scanned "" ""
check "run watch of an ended run tells its verdict by its exit code" code 1 ctl run watch "$RUN"

# A ticket made at the bench: the same unknown code twice, then a plate; another label makes none.
check "an unknown code" wait_for 10 scanned_as N-7 unknown
sim scan 2 N-8
check "another one" wait_for 5 heard N-8 unknown
sleep 1.2 # what a scanner sends twice within 1 s is one scan
sim scan 2 N-8
check "twice at one bay: a new ticket's" wait_for 5 heard N-8 new_ticket
check "a label that is no plate is none's" wait_for 10 scanned_as 6901234567892 unknown
check "with the plate of its unit" sim scan 2 RO600-24000777
check "it is made" wait_for 10 heard RO600-24000777 ticket_made
check "for that unit and its model" is RO600-24000777 at serial ctl --json ticket show N-8
check "and selected there" is N-8 at scanned.ticket ctl --json bay show 2
check "nothing else was made" refused 2 "no ticket" ctl ticket show N-7

# The unit at the end of a run is the one it began with, or the run says nothing.
begin_plate() { # up to the question at its end
	ready 1 && ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile plate && RUN=$(run_of 1) &&
		wait_for 20 prompt_is 1 serial && ctl run answer --bay 1 RO600-24000101 && ctl run answer --bay 1 RO600-24000101 &&
		wait_for 20 prompt_is 1 visual_ok && ctl run answer --bay 1 yes && wait_for 20 prompt_is 1 again
}
check "a run up to the plate at its end" begin_plate
sim scan 1 6901234567908
check "another label than a plate is refused there" wait_for 10 heard 6901234567908 refused
check "and what is typed and is no serial" refused 2 "is no serial of any model here" ctl run answer --bay 1 RO600-24
check "typed as another unit's: once more first" has "once more" ctl run answer --bay 1 RO600-24000102
check "typed in another way: once more again" has "once more" ctl run answer --bay 1 RO600-24000103
check "the question stays" prompt_is 1 again
check "twice the same other serial ends the run" refused 2 "it ends inconclusive" ctl run answer --bay 1 RO600-24000103
check "as inconclusive" wait_for 60 ended "$RUN" inconclusive
check "and says why" is serial_mismatch at reason.code ctl --json run show "$RUN"
check "a run up to the plate at its end, once more" begin_plate
check "another unit's plate is scanned there" sim scan 1 RO600-24000102
check "the run ends inconclusive" wait_for 60 ended "$RUN" inconclusive
ctl --json run show "$RUN" >"$WORK/run.json"
check "a serial that a client named and no scanner read is recorded as typed" is "typed " recorded serial_from
check "both plates are in its record" is "RO600-24000101 yes RO600-24000102 " recorded 'prompts.*.answer'
check "nothing was reported by a sanitizer" clean_logs
finish
