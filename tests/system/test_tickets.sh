# SPDX-License-Identifier: MIT
# Tickets and what happens to them, persons, tokens, sessions, duty; who may ask what, over the real socket.
. tests/system/lib.sh
if ! command -v curl >/dev/null; then
	skip "curl is not installed"
	finish
fi
U=http://127.0.0.1:$PORT/api/v1
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
# each look at a PIN is written down; a sanitizer wants to be preloaded first
: >"$WORK/pins"
if [ "$VARIANT" = release ] && ${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$WORK/pwcount.so" tests/fake/pwcount.c -ldl; then
	export LD_PRELOAD="$WORK/pwcount.so" PWCOUNT="$WORK/pins"
fi
start_station --code 'T:{id}' --code 'https://erp.example/t/{id}?src=label' --code 'SN={serial}'
unset LD_PRELOAD PWCOUNT
check "the bay is ready" ready 1
check "benchd-web listens" wait_for 10 curl -sf "http://127.0.0.1:$PORT/healthz"
TOKEN=$(cat "$STATE/token")
as() { as_who=$1; shift; curl -s -m 10 -H "Authorization: Bearer $as_who" -H 'Content-Type: application/json' "$@"; }
get() { as "$TOKEN" "$@"; }
status() { as "$1" -o /dev/null -w '%{http_code}' "$2" ${3:+-X "$3"} ${4:+-d "$4"}; }
ticket() { status "$TOKEN" "$U/tickets/$1" PUT "$2"; }
field() { at "$1" get "$2"; }

# ---- tickets: idempotent, found again, codes as printed, nothing guessed, nobody's data
A='{"serial":"RO600-24000101","model":"RO600","priority":3,"due_at":"2026-12-01T08:00:00Z"}'
check "a ticket is created: 201" is 201 ticket T-1001 "$A"
check "the same again: 200" is 200 ticket T-1001 "$A"
check "and it is the same version" is 1 field version "$U/tickets/T-1001"
check "a change is another version" is 200 ticket T-1001 "$(echo "$A" | sed 's/3,/5,/')"
check "as it says" is 2 field version "$U/tickets/T-1001"
check "the state is what the facts say" is received field state "$U/tickets/T-1001"
check "a second ticket" is 201 ticket T-1002 '{"serial":"RO600-24000102","model":"RO600"}'
check "found by serial" is T-1002 field tickets.0.id "$U/tickets?serial=RO600-24000102"
check "by priority" is T-1001 field 'tickets.*.id' "$U/tickets?priority=4"
check "by due date" is T-1001 field 'tickets.*.id' "$U/tickets?due_before=2027-01-01T00:00:00Z"
check "by state: all" is "$(printf 'T-1002\nT-1001')" field 'tickets.*.id' "$U/tickets?state=received"
check "by state: none" has '"tickets":[]' get "$U/tickets?state=released"
check "a code by the depot's pattern" is T-1001 field tickets.0.id "$U/tickets?code=T:T-1001"
check "a code in an address" is T-1001 field tickets.0.id "$U/tickets?code=https://erp.example/t/T-1001%3Fsrc=label"
check "a serial's code" is T-1002 field tickets.0.id "$U/tickets?code=SN%3DRO600-24000102"
check "a bare code" is T-1001 field tickets.0.id "$U/tickets?code=T-1001"
check "nothing is guessed" has '"tickets":[]' get "$U/tickets?code=t:T-1001"
check "a customer's phone is refused" is customer_data at errors.0.code \
	as "$TOKEN" -X PUT -d '{"serial":"RO600-24000103","model":"RO600","手机号":"1"}' "$U/tickets/T-3"

# ---- an import is whole or nothing
printf '\357\273\277id,serial,model,symptoms,mail_back,priority\r\nT-11,RO600-24000111,RO600,"S02;S09",yes,2\r\nT-12,RO600-24000112,RO600,,no,\r\n' >"$WORK/good.csv"
printf 'id,serial,model,priority\nT-21,RO600-24000121,RO600,1\nT-22,X,RO600,1\nT-23,RO600-24000123,RO600,many\n' >"$WORK/bad.csv"
printf 'id,serial,model\n' >"$WORK/none.csv"
check "a file without a ticket is told" refused 2 "none.csv: no ticket stands below the names of row 1" ctl ticket import "$WORK/none.csv"
: >"$WORK/empty.csv"
check "so is an empty one" refused 2 "empty.csv: no ticket stands below" ctl ticket import "$WORK/empty.csv"
printf 'id,serial,model,serial\nT-31,RO600-24000131,RO600,RO600-24000132\n' >"$WORK/twice.csv"
check "and a column that stands twice" refused 2 "twice.csv: row 1: column serial stands twice" ctl ticket import "$WORK/twice.csv"
printf 'id,serial,model,\nT-31,RO600-24000131,RO600,x\n' >"$WORK/unnamed.csv"
check "and one without a name" refused 2 "unnamed.csv: row 1, column 4: a member's name expected" ctl ticket import "$WORK/unnamed.csv"
printf '\377\376' >"$WORK/binary.csv"
check "and one that is no text" refused 2 "binary.csv: the file is not UTF-8" ctl ticket import "$WORK/binary.csv"
check "an import takes all" has 'tickets imported: 2' ctl ticket import "$WORK/good.csv"
check "with their members" is S09 at symptoms.1 ctl --json ticket show T-11
check "a mistake is told with row and column" refused 2 "bad.csv: row 3, column serial" ctl ticket import "$WORK/bad.csv"
check "all of them" refused 2 "bad.csv: row 4, column priority" ctl ticket import "$WORK/bad.csv"
check "and nothing is stored by half" refused 2 "no ticket" ctl ticket show T-21

# ---- repairs count, and say what is to be measured again
check "a repair counts" is 1 at repair_seq ctl --json ticket repair T-1001 --action R01 --by li --faults F04 --parts MEM-3012:oem:L7 --minutes 40
check "and says what to repeat" has '"rejection"' ctl --json ticket repair T-1001 --action R01 --by li --parts MEM-3012:oem
check "an unknown part means everything" is true at repeat_all ctl --json ticket repair T-1001 --action R01 --by li --parts XX:other
check "the ticket counted them" is 3 field repair_seq "$U/tickets/T-1001"
check "its state follows" is repaired field state "$U/tickets/T-1001"
check "putting the ticket without repair_seq keeps it" is 200 ticket T-1001 "$A"
check "really" is 3 field repair_seq "$U/tickets/T-1001"
check "a repair on an old view: 409" is 409 status "$TOKEN" "$U/tickets/T-1001/repairs" POST '{"action":"R01","by":"li","if_repair_seq":1}'
check "an unknown member: 422" is 422 status "$TOKEN" "$U/tickets/T-1001/repairs" POST '{"action":"R01","by":"li","colour":1}'
check "a note with a mobile number waits" is confirm_personal_data at code \
	as "$TOKEN" -X POST -d '{"action":"R01","by":"li","note":"ring 138 0013 8000"}' "$U/tickets/T-1001/repairs"
check "until it is confirmed" is 201 status "$TOKEN" "$U/tickets/T-1001/repairs" POST \
	'{"action":"R01","by":"li","note":"ring 138 0013 8000","confirm_personal_data":true}'
keyed() { # key path body: the reply
	as "$TOKEN" -X POST -H "Idempotency-Key: $1" -d "$3" "$U/$2"
}
K='{"action":"R01","by":"li","note":"once"}'
check "a repair with an Idempotency-Key" has '"repair_seq":5' keyed k-1 tickets/T-1001/repairs "$K"
check "sent again: the same answer" has '"repair_seq":5' keyed k-1 tickets/T-1001/repairs "$K"
check "and nothing is added" is 5 field repair_seq "$U/tickets/T-1001"
check "the key with another body: refused" has 'was used for another request' keyed k-1 tickets/T-1001/repairs '{"action":"R02","by":"li"}'
check "the key for another ticket is another request" has '"ticket":"T-11"' keyed k-1 tickets/T-11/repairs "$K"
check "a refusal needs its symptom" is 422 status "$TOKEN" "$U/tickets/T-1001/acceptance" POST '{"attended":true,"outcome":"refused","employee":"li"}'
check "an acceptance" is 201 status "$TOKEN" "$U/tickets/T-1001/acceptance" POST '{"attended":true,"outcome":"accepted","employee":"li"}'
check "is the state now" is accepted field state "$U/tickets/T-1001"
check "a repair after it takes it away" is 201 status "$TOKEN" "$U/tickets/T-1001/repairs" POST '{"action":"R04","by":"li"}'
check "so it is repaired again" is repaired field state "$U/tickets/T-1001"
check "a call-back" has outcome ctl ticket callback T-1001 satisfied
check "all of it is in the chain" is 6 sh -c "\"$BIN/benchctl\" --state \"$STATE\" --json ticket events T-1001 | \"$BIN/tests/system/jsonget\" 'events.*.type' | grep -c '^repair$'"

# ---- people
check "a technician" has technician ctl user add li_na --roles technician --badge B-17 --qualify 'post_repair_qc,incoming:*:2026-01-05:2099-01-05'
check "another technician" has technician ctl user add chen --roles technician
check "a supervisor" has supervisor ctl user add wang --roles supervisor
check "an admin" has admin ctl user add root_admin --roles admin
# li_na's is so long that no hash holds it by chance.
for p in li_na:47110936 chen:4712 wang:8215 root_admin:9320; do
	check "PIN of ${p%%:*}" env BENCHCTL_PIN="${p#*:}" "$BIN/benchctl" --state "$STATE" user pin "${p%%:*}"
done
check "PINs are not in the database" sh -c "! grep -aq 47110936 '$STATE/benchd.db' '$STATE/benchd.db-wal' && grep -aq 'argon2id.v=19.m=19456,t=2' '$STATE/benchd.db' '$STATE/benchd.db-wal'"
check "a badge twice: refused" refused 2 "li_na's badge" ctl user add other --roles technician --badge B-17
check "a run needs somebody on duty now" refused 2 "nobody is on duty" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
check "a wrong PIN" env BENCHCTL_PIN=1 sh -c "! '$BIN/benchctl' --state '$STATE' duty begin li_na --bay 1"
login() { curl -s -m 10 -H 'Content-Type: application/json' -D "$WORK/login.head" -d "{\"person\":\"$1\",\"pin\":\"$2\"}" "$U/sessions" -o /dev/null -w '%{http_code}'; }
check "an unknown person and a wrong PIN are told alike: 403" is 403 login nobody_here 47110936
check "403 too" is 403 login wang 47110936
check "somebody who left" has false ctl user add left --roles technician --inactive
BENCHCTL_PIN=6131 ctl user pin left >/dev/null
check "somebody who never had a PIN" has technician ctl user add new --roles technician
same_work() { # PERSON PIN: refused after one look at a hash that costs what any does
	: >"$WORK/pins"
	is 403 login "$1" "$2" && is '$argon2id$v=19$m=19456,t=2,p=1' cat "$WORK/pins"
}
if [ "$VARIANT" = release ]; then
	check "a wrong PIN is looked at once" same_work wang 0000
	check "so is an unknown person's" same_work nobody_here 8215
	check "so is the right one of somebody who left" same_work left 6131
	check "so is any of somebody who has none" same_work new 8215
fi

# ---- tokens and sessions over HTTP, and the table of who may
for s in read tickets run admin; do
	ctl --json token add "t_$s" --scopes "$s" --expires "$(date -u -d '+30 days' +%F)" >"$WORK/t_$s.json"
	eval "T_$s=$("$BIN/tests/system/jsonget" token <"$WORK/t_$s.json")"
done
check "a token reads" is 200 status "$T_read" "$U/tickets/T-1001"
check "and no more than that" is 403 status "$T_read" "$U/tickets/T-9" PUT '{"serial":"RO600-24000109","model":"RO600"}'
check "its last use is shown" has '20' sh -c "'$BIN/benchctl' --state '$STATE' token list | grep t_read | grep -v never"
check "the secret is nowhere in the database" sh -c "! grep -aq '$T_read' '$STATE/benchd.db' '$STATE/benchd.db-wal'"
curl -s -m 10 -D "$WORK/login.h" -H 'Content-Type: application/json' -d '{"person":"wang","pin":"8215"}' "$U/sessions" >"$WORK/login.json"
check "a cookie no other site gets" grep -qi 'set-cookie: benchd_session=.*HttpOnly; SameSite=Strict' "$WORK/login.h"
SID=$("$BIN/tests/system/jsonget" session <"$WORK/login.json")
CSRF=$("$BIN/tests/system/jsonget" csrf <"$WORK/login.json")
cookie() { curl -s -m 10 -o /dev/null -w '%{http_code}' -b "benchd_session=$SID" -H 'Content-Type: application/json' "$@"; }
check "the session reads" is 200 cookie "$U/people"
check "it writes with its csrf value only: 403" is 403 cookie -X POST -d '{}' "$U/tickets/T-1001/beyond_repair"
check "with it: 201" is 201 cookie -X POST -d '{}' -H "X-CSRF-Token: $CSRF" "$U/tickets/T-1001/beyond_repair"
check "every route as everybody, nobody on duty" "$BIN/tests/system/webpeer" "$STATE/web.sock" nobody==0= \
	station=t=0="bearer:$TOKEN" peer=r=0=peer:0 read=r=0="bearer:$T_read" tickets=e=0="bearer:$T_tickets" \
	run=t=0="bearer:$T_run" admin=a=0="bearer:$T_admin" supervisor=s=1="session:$SID:$CSRF"
check "what is no credential is nobody's, what is no packet ends its connection alone, one id for all is answered each time" \
	"$BIN/tests/system/webpeer" "$STATE/web.sock" hostile "bearer:$TOKEN"
ctl ticket add T-AGAIN --serial RO600-24000110 --model RO600 >"$WORK/again.log"
check "what a captured benchd-web sends again, at once and under one id, is done once and answered each time alike" \
	"$BIN/tests/system/webpeer" "$STATE/web.sock" replay "bearer:$T_tickets" "bearer:$T_read" T-AGAIN
check "once" is 1 at repair_seq ctl --json ticket show T-AGAIN
check "nothing came of what went to no ticket" is 0 sh -c "'$BIN/benchctl' --state '$STATE' --json ticket list | grep -c '\"nothing\"'"
check "a badge at the scanner goes on duty" sim scan 1 B-17
check "as people see it" wait_for 5 has 'bay 1: li_na' ctl user list
check "every route again, somebody on duty" "$BIN/tests/system/webpeer" "$STATE/web.sock" \
	station=t=1="bearer:$TOKEN" run=t=1="bearer:$T_run" admin=a=1="bearer:$T_admin" tickets=e=1="bearer:$T_tickets"
ctl ticket add T-FLOOD --serial RO600-24000109 --model RO600 >"$WORK/flood.log"
check "more requests than the disk takes: each is answered" "$BIN/tests/system/flood" "$STATE/ctl.sock" 6000 BEYOND_REPAIR T-FLOOD
check "and the station stands" ctl bay list
events_of() { at 'events.*.type' ctl --json "$@" | grep -c '^beyond_repair$'; }
check "all that was recorded of the ticket is in the dossier too" is "$(events_of ticket events T-FLOOD)" events_of unit dossier RO600-24000109
check "which says that it is all" is true at complete ctl --json unit dossier RO600-24000109
ctl token revoke t_run >/dev/null
check "a revoked token: 401" is 401 status "$T_run" "$U/tickets/T-1001"

# ---- START takes the person on duty; notes; a void is signed by a supervisor
check "a run is started" has run ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
RUN=$(run_of 1)
check "the ticket is in test" is in_test field state "$U/tickets/T-1001"
check "duty stays while it goes on" refused 2 "goes on" ctl duty end --bay 1
ctl run abort "$RUN" >/dev/null
check "it ends" wait_for 60 ended "$RUN" aborted
check "its person is on record" is li_na at operator ctl --json run show "$RUN"
check "as qualified" is qualified at operator_state ctl --json run show "$RUN"
check "a note" has note ctl run note "$RUN" "hose was loose"
check "a technician voids nothing" env BENCHCTL_PIN=47110936 sh -c "'$BIN/benchctl' --state '$STATE' run void $RUN --reason rig --note loose --as li_na 2>&1 | grep -q supervisor"
check "a supervisor does" env BENCHCTL_PIN=8215 "$BIN/benchctl" --state "$STATE" run void "$RUN" --reason rig --note "hose was loose" --as wang
check "and it is on record" has '"type":"void"' ctl --json ticket events T-1001
check "a run is void once" refused 2 "is void already" env BENCHCTL_PIN=8215 "$BIN/benchctl" --state "$STATE" run void "$RUN" --reason rig --note "hose was loose" --as wang
check "as found and as left" has '"measurements":[' ctl --json ticket compare T-1001
check "the dossier has the run, its trace and its neighbours" sh -c "'$BIN/benchctl' --state '$STATE' --json unit dossier RO600-24000101 | '$BIN/tests/system/jsonget' runs.0.document.trace_sha256 | grep -qE '^[0-9a-f]{64}$'"
check "and the calibrations that its fixture names, with those recorded since" is "$(at 'calibrations.*.channel' ctl --json calibration list)" \
	at 'calibration_now.*.channel' ctl --json unit dossier RO600-24000101
check "off duty" has bay ctl duty end --bay 1
# ---- nobody guesses PINs, nobody keeps the others out
for i in 1 2 3 4 5; do login li_na "0$i" >/dev/null; done
check "the sixth try of one client for one person in a minute: 429" is 429 login li_na 47110936
check "and when to try again" grep -qE '^Retry-After: ([1-9]|[1-5][0-9]|60).$' "$WORK/login.head"
check "who sits at the station is let in" env BENCHCTL_PIN=47110936 "$BIN/benchctl" --state "$STATE" duty begin li_na --bay 1
ctl duty end --bay 1 >/dev/null
check "a captured benchd-web that invents clients has ten tries for a person" "$BIN/tests/system/webpeer" "$STATE/web.sock" guess li_na
check "nor does it keep out who sits at the station" env BENCHCTL_PIN=47110936 "$BIN/benchctl" --state "$STATE" duty begin li_na --bay 1
ctl duty end --bay 1 >/dev/null

# ---- a profile is approved by another person; release-relevant runs use that revision
sign() { sign_pin=$1; shift; env BENCHCTL_PIN="$sign_pin" "$BIN/benchctl" --state "$STATE" "$@"; }
check "nothing is approved yet" is unapproved sh -c "'$BIN/benchctl' --state '$STATE' --json profile show ro600_quick | '$BIN/tests/system/jsonget' state"
check "an approval of nothing: refused" refused 2 "nothing is submitted" sign 8215 profile approve ro600_quick --as wang
check "a profile is submitted" has submitted_by sign 8215 profile submit ro600_quick --as wang
check "not approved by the same person" refused 2 "another person" sign 8215 profile approve ro600_quick --as wang
check "nor by a technician" refused 2 "supervisor" sign 4712 profile approve ro600_quick --as chen
check "another one approves" has effective_at sign 9320 profile approve ro600_quick --as root_admin
check "the list says so" is approved sh -c "'$BIN/benchctl' --state '$STATE' --json profile show ro600_quick | '$BIN/tests/system/jsonget' state"

# assumed limits: by name, by a supervisor; a deputy (代理) until the last day; a revision from a later day on
ctl user add zhou --roles supervisor >/dev/null
sign 5551 user pin zhou >/dev/null
sign 9320 profile submit ro600_quick --as root_admin >/dev/null
check "a limit is adopted by its name" refused 2 'has no measurement "rejektion"' \
	sign 5551 profile approve ro600_quick --adopt rejection,rejektion --as zhou
check "a supervisor adopts two" has '"adopted":["rejection","recovery"]' \
	sign 5551 --json profile approve ro600_quick --adopt rejection,recovery --as zhou
sign 5551 profile submit ro600_quick --as zhou >/dev/null
check "an admin alone adopts none" refused 2 "by a supervisor or a deputy" \
	sign 9320 profile approve ro600_quick --adopt rejection --as root_admin
ctl user add chen --roles technician --deputy-until 2020-01-01 >/dev/null
check "a deputy of yesterday approves nothing" refused 2 "supervisor" sign 4712 profile approve ro600_quick --as chen
ctl user add chen --roles technician --deputy-until 2099-01-01 >/dev/null
check "one of today does, and it is said" has '"as_deputy":true' \
	sign 4712 --json profile approve ro600_quick --adopt recovery --as chen
check "all of it stays approved" has '"state":"approved"' ctl --json profile show ro600_quick

# ---- calibrations: applied with their revision; one found off puts the runs since in doubt
cal() { sign 8215 calibration add --bay 1 --channel feed_pressure --reference gauge-7 --certificate C-2026-11 \
	--certificate-expires 2099-01-01 --tolerance 0.005 --uncertainty 0.001 --due 2099-06-01 --as wang "$@"; }
check "one found good" has "as_found_result within" cal --found 0:0.001,0.5:0.503 --left 0:0,0.5:0.5 --gain 0.999
check "is revision 2 of that bay's" has 'rig1  1     feed_pressure          good   2 ' ctl calibration list
check "the interlocks judge by it: its readings are good" wait_for 10 is good at values.4.quality ctl --json bay show 1
check "and of no other's" has 'rig1  2     feed_pressure          good   1 ' ctl calibration list
check "an expired certificate is refused" refused 2 expired sign 8215 calibration add --bay 1 --channel feed_pressure --reference g --certificate c \
	--certificate-expires 2020-01-01 --tolerance 1 --uncertainty 1 --due 2099-06-01 --found 0:0 --left 0:0 --as wang
check "left off is refused" refused 2 as_left cal --found 0:0 --left 0:0.1
check "one found off" has out_of_tolerance cal --found 0.5:0.520 --left 0.5:0.5 --gain 0.97
check "makes the run since suspect" has '"type":"suspect"' ctl --json ticket events T-1001

# ---- a restart forgets nobody, and a benchd-io alone that begins anew is told
followed() { new=$(child benchd-io) && [ -n "$new" ] && [ "$new" != "$1" ]; }
stop_station TERM
start_station --tickets-owner ticketing --unqualified block --ticket-defaults '{run_type: incoming, priority: 3}'
check "the station is back" wait_for 20 curl -sf "http://127.0.0.1:$PORT/healthz"
check "the calibration is in force" wait_for 10 has C-2026-11 ctl calibration list
check "bay 1 gets ready" ready 1
io=$(child benchd-io)
kill -9 "$io"
check "a benchd-io that is killed is followed by another" wait_for 20 followed "$io"
check "bay 1 gets ready again" ready 1
check "the other one's interlocks know the calibration too" is "" at reason ctl --json bay show 1
check "its readings are good" wait_for 10 is good at values.4.quality ctl --json bay show 1
check "the approval too" has '"state":"approved"' ctl --json profile show ro600_quick
check "tokens work again" wait_for 10 is 200 status "$T_read" "$U/tickets/T-1001"
check "the revoked one does not" is 401 status "$T_run" "$U/tickets/T-1001"
check "nor does a session" is 401 cookie "$U/people"
check "where the ticketing system owns tickets the bench makes none" is 403 ticket T-77 '{"serial":"RO600-24000177","model":"RO600"}'
check "and it does" is 201 status "$T_tickets" "$U/tickets/T-77" PUT '{"serial":"RO600-24000177","model":"RO600"}'
check "what it does not say is as --ticket-defaults says" is incoming at run_type ctl --json ticket show T-77
check "all of it" is 3 at priority ctl --json ticket show T-77
# --unqualified block: nothing that could release is started by who is not qualified; the rest says so
check "bay 1 is ready" ready 1
check "somebody without the qualification is on duty" has chen sign 4712 duty begin chen --bay 1
check "and starts nothing that could release" refused 2 "chen is not qualified for post_repair_qc" \
	ctl run start --bay 1 --ticket T-1002 --serial RO600-24000102 --profile ro600_full
check "but what could not" has run ctl run start --bay 1 --ticket T-1002 --serial RO600-24000102 --profile ro600_quick
RUN=$(run_of 1)
ctl run abort "$RUN" >/dev/null
check "it ends" wait_for 20 ended "$RUN" aborted
check "flagged" is unqualified at operator_state ctl --json run show "$RUN"

# ---- a calibration that benchd-io cannot apply: the bay says so, and nothing runs there
check "an offset that is no correction is refused" refused 2 "a fifth of the range" cal --found 0:0 --left 0:0 --offset 0.3
check "an offset of 0.15 MPa is a calibration" has "revision 4" cal --found 0:0.001 --left 0:0 --offset 0.15
stop_station TERM
stop_sim
awk '/name: feed_pressure/ { n++ } n == 1 && /range: -0.0125..1.03 MPa/ { sub("1.03", "0.6"); n++ } { print }' "$FIXTURE" >"$WORK/narrow.yaml"
FIXTURE=$WORK/narrow.yaml
start_sim
start_station --tickets-owner ticketing
check "bay 1 with a narrower gauge" wait_for 30 bay_is 1 not_ready
check "says which calibration its interlocks do not know" wait_for 10 has "the interlocks do not know calibration 4 of feed_pressure: an offset of 0.15" at reason ctl --json bay show 1
check "in Chinese too" has "联锁未采用 进水压力 的校准 4" env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$STATE" doctor
check "somebody is on duty there" has chen sign 4712 duty begin chen --bay 1
check "a start is refused" refused 2 "the interlocks do not know calibration 4" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
check "its readings are no good ones" is stale at values.4.quality ctl --json bay show 1
check "the other bay is ready" ready 2
check "nothing was reported by a sanitizer" clean_logs
finish
