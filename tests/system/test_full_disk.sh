# SPDX-License-Identifier: MIT
# as root: it mounts a disk of its own
# The disk fills up: no run begins any more, the ballast is given up so that the run at work is recorded to its end, and all is as
# before when there is room again.
. tests/system/lib.sh
mkdir -p "$STATE"
if ! mount -t tmpfs -o size=100m,mode=750 none "$STATE" 2>/dev/null; then
	skip "no disk of its own can be mounted here"
	finish
fi
MOUNTED=$STATE
start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station
check "the bay is ready" ready 1
check "8 MiB are set aside" wait_for 10 is 8388608 stat -c %s "$STATE/ballast"
ctl ticket add T-1001 --serial RO600-24000101 --model RO600 >/dev/null
check "a run begins" begin_run supply_pump
run=$RUN
left=$(df --output=avail -B1 "$STATE" | tail -n 1)
check "the disk fills up" fallocate -l $((left - 2097152)) "$STATE/filler"
check "the ballast is given up" wait_for 10 test ! -e "$STATE/ballast"
check "doctor tells" has "nearly full" ctl doctor
check "the run is ended" ctl run abort "$run"
check "and recorded" wait_for 30 ended "$run" aborted
check "no other begins" refused 2 "nearly full" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --type post_repair_qc --profile ro600_quick
rm "$STATE/filler"
check "with room again, it is set aside again" wait_for 10 is 8388608 stat -c %s "$STATE/ballast"
check "and runs begin" ready 1
check "this one too" begin_run
ctl run abort "$RUN" >/dev/null
check "recorded" wait_for 30 ended "$RUN" aborted
stop_station TERM
# full to the last byte when it starts
fallocate -l "$(df --output=avail -B1 "$STATE" | tail -n 1)" "$STATE/filler" 2>/dev/null
start_station
check "it starts on a full disk by its ballast" ready 1
check "and says so" has "nearly full" ctl doctor
check "nothing was reported by a sanitizer" clean_logs
stop_station TERM
umount "$MOUNTED"
finish
