# SPDX-License-Identifier: MIT
# Labels, from the stored run and the release in force to the paper: what is refused, what is recorded, and a printer that is dead,
# empty, late or hangs up in the middle, while a run goes on beside it. The store's releases are tests/fake/mkstore.h's.
. tests/system/lib.sh
FIXTURE=$PWD/fixtures/parts.yaml
RUN0=00000000-0000-4000-8000-000000000000
VOID=00000000-0000-4000-8000-00000000f0f0
check "a store whose units may leave" "$BIN/tests/system/mkstore" "$STATE" 3
"$BIN/tests/system/mkstore" "$STATE" add "$VOID" T-9002 RO600-24000002 fail
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
paper() { cat "$SIM/labels.zpl"; }
printer_row() { ctl doctor; }
events() { ctl ticket events "$1"; }
check "doctor has the printer" wait_for 30 has "a printer that is ready" printer_row
check "the bay is ready" wait_for 30 is ready at state ctl --json bay show 1

# ---- the worst printer for a run: whoever connects to it waits (its queue of connections is full) ----
sim unplug labels >/dev/null
echo "127.0.0.1:$((PORT + 1))" >"$SIM/labels.tcp"
python3 tests/system/lan.py full $((PORT + 1)) &
full=$!
EXTRA_PIDS=$full
check "the printer lets nobody in" wait_for 20 has "timed out" printer_row
check "a run begins" ctl ticket add T-1001 --serial RO600-24000101 --model RO600
check "on the bay" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
RUN=$(at run ctl --json bay show 1)
to_its_end() { ended "$RUN" pass || ended "$RUN" inconclusive; } # the latter: this machine was too slow
check "and comes to its end as if there was no printer" wait_for 60 to_its_end
check "no bus counted as stuck" lacks "a bus is stuck" cat "$WORK/benchd.log"
kill "$full"
wait "$full" 2>/dev/null
EXTRA_PIDS=
check "another printer is put there" sim plug labels
check "it is ready" wait_for 20 has "a printer that is ready" printer_row

# ---- a run ----
check "a run's label is printed" has "printed on label_printer" ctl label "$RUN0"
check "with its verdict, in hex for the printer" has "_E5_90_88_E6_A0_BC PASS" paper
check "and that it is no release" has "NOT A RELEASE" paper
check "in the printer's Chinese font, as UTF-8" has "^A@N,24,24,E:SIMSUN.FNT" paper
check "its ticket is in the code" has "^FDMA,T-9000^FS" paper
check "the chain has it before it was printed, and after" has '"outcome":"printed"' events T-9000
check "once more prints nothing" has "printed before" ctl label "$RUN0"
check "one is on the paper" is 1 grep -c '^^XZ' "$SIM/labels.zpl"
check "unless it is asked for" has "printed on" ctl label "$RUN0" --again --copies 2
check "two copies of it" has "^PQ2" paper
check "a fail reads as one" has "FAIL" ctl label "$VOID"
check "no such run: 2" refused 2 "there is no run" ctl label 00000000-0000-4000-8000-0000000000ff
check "no such bay: 2" refused 2 "there is no bay" ctl label "$RUN0" --bay 7

# ---- a release ----
check "a ticket without a release gets none" refused 1 "no release of ticket T-9000 is in force" ctl label T-9000
check "nothing was recorded of that" lacks '"release"' events T-9000
check "but NOT REPAIRED for a unit that goes back" has "NOT REPAIRED" ctl label T-9000 --not-repaired
check "the release" ctl release record T-9000
check "now it gets one" has "RELEASED" ctl label T-9000
check "with its place in the chain" has "FDrecord " paper
check "and no NOT REPAIRED any more" refused 1 "is released as repaired" ctl label T-9000 --not-repaired
check "the shipment is stopped" ctl release withdraw T-9000 --reason "scratched housing"
check "and no label is printed again" refused 1 "no release of ticket T-9000 is in force" ctl label T-9000 --again
check "another release" ctl release record T-9001
check "a repair after it" ctl ticket repair T-9001 --action R01 --by anna
check "takes its label away" refused 1 "no release of ticket T-9001 is in force" ctl label T-9001

# ---- the printer ----
check "out of labels" sim printer labels out_of_labels
check "doctor says so, as a warning" wait_for 20 has "it is out of labels" printer_row
check "nothing is sent" refused 1 "it is out of labels; nothing was printed" ctl label "$RUN0" --again
check "labels are in" sim printer labels half_a_label
check "which it says" wait_for 20 has "a printer that is ready" printer_row
check "it hangs up in the middle of one" refused 1 "look whether the label has come" ctl label "$RUN0" --again
check "that is recorded as unknown" has '"outcome":"unknown"' events T-9000
check "the printer is back" wait_for 20 has "a printer that is ready" printer_row
check "one that prints for ever" sim printer labels stuck
check "is told in time" refused 1 "; nothing was printed" ctl label "$RUN0" --again
check "the printer dies" sim printer labels deaf
check "doctor says what that may be" wait_for 20 has "no answer to ~HS" printer_row
check "its cable is pulled out" sim unplug labels
check "the bay is ready all the same" is ready at state ctl --json bay show 1
sim plug labels >/dev/null
sim printer labels ready >/dev/null
check "the printer is well again" wait_for 20 has "a printer that is ready" printer_row
check "the label of a simulated run says so" has "SIMULATED" ctl label "$RUN"
check "a station killed over a label" sim printer labels stuck
ctl label "$RUN" --again >"$WORK/killed.out" 2>&1 &
label=$!
wait_for 10 has '"again":true' events T-1001
io=$(child benchd-io)
stop_station KILL
wait_for 60 gone "$io"
wait "$label" 2>/dev/null
start_station
check "comes again" wait_for 30 is ready at state ctl --json bay show 1
check "with the label on record" has '"again":true' events T-1001
check "benchd-io killed over another" wait_for 20 has "a printer that is ready" printer_row
io=$(child benchd-io)
kill -STOP "$io" # or it is through before it can be killed
ctl label "$RUN" --again >"$WORK/killed.out" 2>&1 &
label=$!
twice() { [ "$(events T-1001 | grep -c "\"again\":true")" = 2 ]; }
wait_for 10 twice
kill -KILL "$io"
wait "$label" 2>/dev/null
check "tells that nobody knows" has "look whether the label has come" cat "$WORK/killed.out"
check "and the chain is whole" ctl export chain "$WORK/chain.jsonl"
check "as it was signed" sh -c "'$BIN/benchctl' --state '$STATE' key show --pem >'$WORK/station.pem' && '$BIN/benchctl' verify '$WORK/chain.jsonl' --key '$WORK/station.pem'"
finish
