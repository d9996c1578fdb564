# SPDX-License-Identifier: MIT
# What happens to passes that have not left when a new revision of their profile comes into force: rejudge, retest, stand.
. tests/system/lib.sh
sign() { sign_pin=$1; shift; env BENCHCTL_PIN="$sign_pin" "$BIN/benchctl" --state "$STATE" "$@"; }
P=$WORK/profiles
mkdir "$P"
cp -r profiles/models "$P"
write() { # name revision lowest seconds
	cat >"$P/$1.yaml" <<END
profile: $1
title: {en: Warm, zh: 温度}
revision: $2
class: ro_tankless
models: [RO600]
run_types: [post_repair_qc]
releasable: no
unit_control: blackbox
measurements:
  warm:
    title: {en: Water is warm, zh: 水温}
    value: mean(feed_temperature)
    unit: degC
    min: $3 degC
    basis: rig
steps:
  - step: H1
    title: {en: Look, zh: 看}
    do:
      - window: $4 s
      - measure: [warm]
END
}
for p in keeps fails other again; do write $p 1 5 1; done

start_sim
start_station --profiles "$P"
check "bay 1 is ready" ready 1
begin() { ready 1 && ctl ticket add "$1" --serial "$2" --model RO600 && ctl run start --bay 1 --ticket "$1" --serial "$2" --profile "$3"; }
n=0
for p in keeps fails other again; do
	n=$((n + 1))
	check "a run of $p" begin T-$n RO600-2400010$n $p
	R=$(run_of 1)
	check "passes" wait_for 20 ended "$R" pass
done
stop_station TERM
write keeps 2 10 1 # looser than the water
write fails 2 55 1
write other 2 5 2 # measured in another way
write again 2 5 1
start_station --profiles "$P"
check "the station is back" ready 1
ctl user add wang --roles supervisor >/dev/null && sign 8215 user pin wang >/dev/null
ctl user add zhou --roles supervisor >/dev/null && sign 5551 user pin zhou >/dev/null
suspect() { has '"code":"run_suspect"' ctl --json release show "$1"; }
sound() { has '"code":"profile_not_releasable"' ctl --json release show "$1" && ! suspect "$1"; }
approve() { sign 8215 profile submit "$1" --as wang && shift && sign 5551 --json profile approve "$@" --as zhou; }
check "a word there is not: refused" refused 2 "stand, rejudge, retest, listed" approve keeps keeps --passes forget
check "an approval lists the passes that are still here" has '"ticket":"T-1"' approve keeps keeps --passes rejudge
judged() { has "\"verdict\":\"$2\"" ctl --json ticket events "$1" && has '"type":"rejudged"' ctl --json ticket events "$1"; }
check "which is judged again" wait_for 10 judged T-1 pass
check "and stands" sound T-1
check "the limit of now is told" has '"lo":10' ctl --json ticket events T-1
approve fails fails --passes rejudge >/dev/null
check "one that does not keep the new limit" wait_for 10 judged T-2 fail
check "is in doubt" suspect T-2
check "and why" has '"because":"profile_rejudge"' ctl --json release show T-2
approve other other --passes rejudge >/dev/null
check "one that was made in another way" wait_for 10 has "differ in steps: test again" ctl --json ticket events T-3
check "is in doubt too" suspect T-3
soon=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)
check "a revision from a later moment on" has "\"effective_at\":\"$soon\"" approve again again --passes retest --effective "$soon"
check "changes nothing before" sound T-4
check "nor is it in force" has '"state":"unapproved"' ctl --json profile show again
check "then it is" wait_for 10 has '"state":"approved"' ctl --json profile show again
check "and the pass needs a new run" wait_for 10 suspect T-4
stop_station TERM
start_station --profiles "$P"
check "the station is back" ready 1
check "nothing is judged or marked twice" is "rejudged suspect " sh -c "'$BIN/benchctl' --state '$STATE' --json ticket events T-1 |
	'$BIN/tests/system/jsonget' 'events.*.type' | grep -e rejudged -e suspect | sort | tr '\n' ' '"
check "nothing was reported by a sanitizer" clean_logs
finish
