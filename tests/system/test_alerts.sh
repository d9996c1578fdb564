# SPDX-License-Identifier: MIT
# as root: it mounts a disk of its own
# What people want to be told without looking, from the state itself to another machine: a locked bay, a calibration that is due in
# days, an old backup, a full disk. Each is told once when it begins, whatever is restarted while it lasts, and once when it is over.
# (Letters given up: test_webhook.sh.)
. tests/system/lib.sh
if ! command -v python3 >/dev/null; then
	skip "python3 is not installed"
	finish
fi
mkdir -p "$STATE" "$WORK/hooks" "$WORK/copies"
if ! mount -t tmpfs -o size=345m,mode=750 none "$STATE" 2>/dev/null; then
	skip "no disk of its own can be mounted here"
	finish
fi
mount -t tmpfs -o size=20m none "$WORK/copies"
umask 077
echo "whsec_$(head -c 32 /dev/urandom | base64)" >"$WORK/hooks/key"
echo ok >"$WORK/mode"
: >"$WORK/got.jsonl"
printf 'webhooks:\n  desk:\n    url: http://127.0.0.1:%s/\n    signing: [key]\n    types: [alert]\n    retry: {first_wait: 0.1 s, longest_wait: 0.2 s, give_up: 100 s}\n' \
	$((PORT + 1)) >"$WORK/hooks/hooks.yaml"
python3 tests/system/receiver.py $((PORT + 1)) "$WORK/got.jsonl" "$WORK/mode" "$WORK/hooks/key" >"$WORK/receiver.log" 2>&1 &
EXTRA_PIDS=$!
told() { # ALERT: its states in the order they arrived, each signed
	python3 - "$WORK/got.jsonl" "$1" <<'PY'
import json, sys
seen = []
for e in map(json.loads, open(sys.argv[1], encoding="utf-8")):
    d = e["body"]["data"]
    assert e["verified"] and d["en"] and d["zh"] and d["station"]
    if d["alert"] == sys.argv[2] and e["id"] not in [i for i, _ in seen]:
        seen.append((e["id"], d["state"]))
print(*(s for _, s in seen))
PY
}
begin() { start_station --webhooks "$WORK/hooks/hooks.yaml" --backup "$WORK/copies"; }
cal() { # DUE
	BENCHCTL_PIN=8215 ctl calibration add --bay 1 --channel feed_pressure --reference g --certificate c --certificate-expires 2099-01-01 \
		--tolerance 0.005 --uncertainty 0.001 --due "$1" --found 0:0 --left 0:0 --as wang
}
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
begin
check "the bay is ready" ready 1
ctl user add wang --roles supervisor >/dev/null
BENCHCTL_PIN=8215 ctl user pin wang >/dev/null
ctl ticket add T-1001 --serial RO600-24000101 --model RO600 >/dev/null
check "a backup is made" wait_for 20 sh -c "ls '$WORK/copies' | grep -q '^benchd-.*Z\$'"
check "a calibration that is due in eight days" cal "$(date -u -d '+8 days' +%F)"
check "one in six" cal "$(date -u -d '+6 days' +%F)"
check "is told" wait_for 10 is raised told calibration_due
stop_station TERM

# all of them at once, and a restart while they last
fallocate -l 100M "$STATE/filler"
old=benchd-$(date -u -d '-2 days' +%Y%m%dT%H%M%SZ)
made=$(ls "$WORK/copies" | grep '^benchd-.*Z$' | tail -n 1)
mv "$WORK/copies/$made" "$WORK/copies/$old"
sed -i "s|\"made_utc_us\":[0-9]*|\"made_utc_us\":$(date -u -d '-2 days' +%s)000000|" "$WORK/copies/$old/backup.json"
mount -o remount,ro "$WORK/copies"
begin
check "a backup older than a day is told" wait_for 20 is raised told backup_old
check "a disk that is nearly full is" wait_for 10 is raised told disk_low
stop_station KILL
begin
check "after a kill the bay is ready again" ready 1
sim fault 1:rig_relay_welded_v02 >/dev/null
BENCHCTL_PIN=8215 ctl duty begin wang --bay 1 >/dev/null
begin_run >/dev/null
check "a bay whose valve is welded is locked by its run, and that is told" wait_for 60 is raised told bay_locked

# over
sim fault 1:none >/dev/null
mount -o remount,rw "$WORK/copies"
rm -f "$STATE/filler"
check "a backup by hand" ctl backup
check "the bay is reset" ctl bay reset 1
check "and ready" ready 1
check "a new calibration" cal 2099-06-01
check "the bay is told to be good, and nothing was told twice" wait_for 10 is "raised cleared" told bay_locked
check "the calibration" wait_for 10 is "raised cleared" told calibration_due
check "the backup" wait_for 10 is "raised cleared" told backup_old
stop_station TERM
begin
check "the disk" wait_for 20 is "raised cleared" told disk_low
check "nothing was reported by a sanitizer" clean_logs
stop_station TERM
umount "$STATE" "$WORK/copies"
finish
