# SPDX-License-Identifier: MIT
# Two bays of which one cannot measure what the profile asks for: it is startable on the other one alone.
. tests/system/lib.sh
ctl_zh() { LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$STATE" "$@"; }
# Bay 2 has no meter of the concentrate.
awk '/^  - name: /{ drop = $3 == "concentrate_flow" && seen++ } /^outputs:/{ drop = 0 } !drop' "$FIXTURE" >"$WORK/differ.yaml"
FIXTURE=$WORK/differ.yaml
check "the fixture is one channel shorter" is 1 sh -c "grep -c 'name: concentrate_flow' '$FIXTURE'"
check "and has no mistake" "$BIN/benchctl" fixture check "$FIXTURE"
check "profile check names the bay and the channel" refused 2 'bay 2: "concentrate_flow" is unknown here' \
	"$BIN/benchctl" profile check --fixture "$FIXTURE" profiles/ro600_quick.yaml
start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --operator "$STATE/ctl.sock"
start_station
check "both bays are ready" ready 1 2
check "two tickets are taken" add_tickets
on_2="--bay 2 --ticket T-1002 --serial RO600-24000102"
check "bay 2 refuses, naming what it lacks" refused 2 'profile ro600_quick does not fit bay 2: "concentrate_flow" is unknown here' \
	ctl run start $on_2 --profile ro600_quick
check "in Chinese too" refused 2 '测试方案 ro600_quick 不适用于工位 2：这里没有“浓水流量”' ctl_zh run start $on_2 --profile ro600_quick
check "so it does when no profile is named" refused 2 'profile ro600_full does not fit bay 2' ctl run start $on_2
check "nothing was begun" has '"runs":[]' ctl --json run list
check "bay 1 runs the same profile" begin_run
check "to its verdict" wait_for 120 ended "$RUN" pass
check "nothing was reported by a sanitizer" clean_logs
finish
