# SPDX-License-Identifier: MIT
# At the bench with LANG=zh_CN.UTF-8: the demo's story, live lines, bays, doctor, prompts of the scan, a trip with its reason, the
# proof, the verdict and the release answer are Chinese; what programs read stays as it is.
. tests/system/lib.sh
DEMO=$WORK/demo
zh() { LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$DEMO/state" "$@"; }
# No English sentence: after codes, ids, names and units are taken out nothing of three words is left.
no_english() {
	! sed -E 's/限值 [a-z_ ]+//g; s/benchctl [-a-z0-9 ]+//g; s/(systemctl|journalctl|timedatectl|chmod) [-a-z =+]+//g' "$1" | grep -E '[A-Za-z]+ [A-Za-z]+ [A-Za-z]+'
}
# Every row of a table begins its column where the head does, counted as a terminal does (CJK characters take two).
aligned() { # file, head of a column
	python3 - "$1" "$2" <<'END'
import sys, unicodedata
def columns(s): return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
head = next(i for i, l in enumerate(lines) if sys.argv[2] in l)
want = columns(lines[head][:lines[head].index(sys.argv[2])])
rows = [l for l in lines[head + 1:] if l.startswith(lines[head][:2]) or l[:1].isdigit()]
assert rows, "no rows"
for row in rows:
    at, n = 0, 0
    while n < want and at < len(row):
        n += columns(row[at]); at += 1
    assert n == want and row[at - 1] == " " and row[at] != " ", "column %d: %s" % (want, row)
END
}

env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" demo --no-stay --dir "$DEMO" --port "$PORT" --fixture "$FIXTURE" --profiles "$PWD/profiles" \
	--speed 10 >"$WORK/demo.log" 2>"$WORK/demo.err" </dev/null &
demo=$!
EXTRA_PIDS=$demo
check "the demo produces water on bay 2" wait_for 60 grep -q '^模拟 工位 2 T-1002: 工步 3/5 H6 制水, 已用 [0-9:]*: 进水 .* MPa, 净水 ' "$WORK/demo.log"
check "it says what it is" grep -q '^模拟  模拟台架上的两台 600G 纯水机；检测时间是实际时间的 10 倍$' "$WORK/demo.log"
check "that the bays are safe" grep -q '^模拟  两个工位已验证安全，就绪$' "$WORK/demo.log"
check "and that the runs have begun" grep -q '^模拟  两个检测都已开始$' "$WORK/demo.log"

zh bay list >"$WORK/bays.txt" 2>&1
check "bay list: heads" grep -qE '^工位 +台架 +状态 +工单 +序列号 +原因' "$WORK/bays.txt"
check "bay list: states" grep -qE '^1 +rig1 +运行中 +T-1001 +RO600-24000101 .*模拟$' "$WORK/bays.txt"
check "bay list: columns stand below their heads" aligned "$WORK/bays.txt" 工单
check "codes stay for programs" is active at bays.0.state zh --json bay list
zh doctor --port "$PORT" >"$WORK/doctor.txt" 2>&1
check "doctor: bays" grep -qE '^正常 +工位 +工位 1 运行中$' "$WORK/doctor.txt"
check "doctor: store" grep -qE '^正常 +存储 +存储正常$' "$WORK/doctor.txt"
check "doctor: how many" grep -qE '^0 个错误，[0-9]+ 个警告$' "$WORK/doctor.txt"
check "doctor: not one English sentence" no_english "$WORK/doctor.txt"
check "doctor: not one English word for a level or a row" sh -c "! grep -vE '^(正常|警告|错误) +[^a-zA-Z ]+ |^ |^[0-9]' '$WORK/doctor.txt'"
check "doctor: where copies are kept" grep -qE '^警告 +备份 +没有在第二处保存副本$' "$WORK/doctor.txt"
zh profile list >"$WORK/list.txt"
zh calibration list >>"$WORK/list.txt"
check "profiles and calibrations: heads and states" sh -c "grep -qE '^测试方案 +状态 ' '$WORK/list.txt' &&
	grep -qE '^台架 +工位 +通道 +状态 +版本 +期限 +证书' '$WORK/list.txt' && grep -qE ' feed_pressure +正常 ' '$WORK/list.txt'"
check "profile show: its state" has "ro600_quick  未批准  " zh profile show ro600_quick
check "a scan for a busy bay is refused at once, with what runs there" refused 2 "工位 1 正在检测工单 T-1001" timeout 5 \
	env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$DEMO/state" run start --bay 1 --scan
check "another start too" refused 2 "工位 1 正在检测工单 T-1001" timeout 5 env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" \
	--state "$DEMO/state" run start --bay 1 --ticket T-1002 --serial RO600-24000102
(SIM=$DEMO/sim && sim estop on) >"$WORK/estop.txt"
check "the E-stop is pressed" grep -q ok "$WORK/estop.txt"
check "the demo ends" wait_for 60 gone "$demo"
wait "$demo"
check "it is not what was expected: exit code 1" test $? = 1
check "which it says" grep -q '与预期不符：正常机应合格' "$WORK/demo.err"
check "it ends in proof" grep -q '^模拟  安全状态已验证；检测台已结束，模拟台架随后结束$' "$WORK/demo.log"
check "the demo: not one English sentence" no_english "$WORK/demo.log"
EXTRA_PIDS=

# A run of one's own, followed to its trip.
at_bench() { LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$STATE" "$@"; }
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station
check "a station of one's own" ready 1
add_tickets
check "a bay that is not there: which there are" refused 2 "没有工位“9”；现有工位：1, 2" at_bench run list --bay 9
check "a ticket that is not there" refused 2 "没有工单“T-9”" at_bench release show T-9
check "who signs with a wrong PIN" refused 2 "签名：人员或 PIN 不正确" env BENCHCTL_PIN=0000 LC_ALL=zh_CN.UTF-8 \
	"$BIN/benchctl" --state "$STATE" profile submit ro600_quick --as li
printf 'id,serial,model\nT-1003,RO600-24000103,RO999\n' >"$WORK/bad.csv"
check "a row of a file that is not right" refused 2 "$WORK/bad.csv：第 2 行，型号 列：本站不认识该型号" at_bench ticket import "$WORK/bad.csv"
check "a repair that is no code" refused 2 "action：应为 R99 形式的代码" at_bench ticket repair T-1002 --action Q9 --by li
check "a repair: its members by their Chinese names" has "维修序号 1" at_bench ticket repair T-1002 --action R01 --by li
check "a file that is there already" refused 2 "bad.csv 已存在；请将它移走，或换一个文件名" at_bench export chain "$WORK/bad.csv"
check "the key" has "密钥 " at_bench key show
check "the state of a ticket" has "已维修" at_bench ticket show T-1002
check "its run begins" begin_run unit_power_supply
at_bench run watch --bay 1 >"$WORK/watch.txt" 2>&1 &
watch=$!
EXTRA_PIDS=$watch
check "run watch: live" wait_for 20 grep -q '^模拟 工位 1 T-1001: 工步 ' "$WORK/watch.txt"

check "its E-stop is pressed" sim estop on
check "the watch ends with the run" wait_for 60 gone "$watch"
wait "$watch"
check "exit code 1: no pass" test $? = 1
check "the verdict" grep -qE '^  判定: 安全跳停  模拟 ' "$WORK/watch.txt"
check "with the trip's reason" grep -qE '^  (急停|安全跳停): 急停：急停' "$WORK/watch.txt"
check "the proof and what it rests on" grep -qE '^  安全状态已验证 \([0-9]+\.[0-9] s\): 输出已回读，[0-9] 项安全条件已证实$' "$WORK/watch.txt"
check "heads of the measurements" grep -qE '测量项 +测量值 +U \(k=2\) +限值 +单位 +判定' "$WORK/watch.txt"
check "the release answer" grep -qE '工单 T-1001 .*允许放行：否' "$WORK/watch.txt"
check "run watch: not one English sentence" no_english "$WORK/watch.txt"
at_bench bay list >"$WORK/bays.txt" 2>&1
check "bay list: tripped by what" grep -qE '^1 +rig1 +安全跳停 .*急停：急停' "$WORK/bays.txt"
check "what may be done about it" refused 2 "工位 1 安全跳停：急停：急停" at_bench run start --bay 1 --scan
EXTRA_PIDS=
finish
