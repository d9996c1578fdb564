# SPDX-License-Identifier: MIT
# A second place: finished runs within a minute, verified backups, and a station put back from one on a bare folder.
. tests/system/lib.sh
if ! command -v sqlite3 >/dev/null || ! command -v openssl >/dev/null; then
	skip "sqlite3 or openssl is not installed"
	finish
fi
COPIES=$WORK/copies
one_run() {
	begin_run supply_pump && ctl run abort "$RUN" >/dev/null && wait_for 60 ended "$RUN" aborted && ready 1
}
items() { sqlite3 -readonly "$1" "SELECT max(seq) FROM chain"; }

start_sim --unit 1:RO600:RO600-24000101:T-1001
start_station
check "the bay is ready" ready 1
check "a station without a second place says so" refused 2 "--backup FOLDER" ctl backup
check "and doctor does" has "no copy is kept in a second place" ctl doctor
stop_station TERM

start_station --backup "$COPIES"
check "the bay is ready again" ready 1
check "the first backup comes by itself" wait_for 20 sh -c "ls '$COPIES'/benchd-*Z/backup.json"
ctl ticket add T-1001 --serial RO600-24000101 --model RO600 >/dev/null
check "a run is made and ended" one_run
check "its document is in the second place within a minute" wait_for 60 test -s "$COPIES/runs/$RUN.json"
ctl --json run show "$RUN" >"$WORK/shown.json"
check "byte for byte" sh -c "tr -d '\\n' <'$WORK/shown.json' | cmp - '$COPIES/runs/$RUN.json'"
check "its trace too" cmp "$STATE/segments/$RUN.col" "$COPIES/segments/$RUN.col"
sleep 1 # a backup is named by its second
check "a backup by hand" has "verified" ctl backup
newest=$(ls -d "$COPIES"/benchd-*Z | tail -n 1)
check "it is whole to sqlite3" is ok sqlite3 -readonly "$newest/benchd.db" "PRAGMA integrity_check"
check "its hash is the one it says, to openssl" is "$(at sha256 cat "$newest/backup.json")" \
	sh -c "openssl dgst -sha256 -r '$newest/benchd.db' | cut -d' ' -f1"
check "it holds the run" is 1 sqlite3 -readonly "$newest/benchd.db" "SELECT count(*) FROM run_end JOIN run ON run.seq = run_end.run WHERE id = '$RUN'"
check "the signing key is not in it" sh -c "! grep -rq 'PRIVATE KEY' '$COPIES'"
check "doctor tells the last one" has "last backup" ctl doctor
run=$RUN
release=$(at decision ctl --json release show T-1001)
stop_station TERM

# The board is lost: a bare folder, the backup, and the key from its own keeping.
LOST=$STATE
check "a folder with a database is left alone" refused 2 "move it away" "$BIN/benchctl" --state "$LOST" restore "$COPIES"
STATE=$WORK/spare
check "it is put back" has "verified" ctl restore "$COPIES"
check "without the key no station starts on it" refused 74 "key" "$BIN/benchd" --spawn --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$STATE" --sim-dir "$SIM"
mkdir -p -m 700 "$STATE/keys" && cp "$LOST/keys/station.key" "$STATE/keys/"
start_station
check "with it one does" ready 1
ctl --json run show "$run" >"$WORK/back.json"
check "the run is there, byte for byte" cmp "$WORK/shown.json" "$WORK/back.json"
check "its trace is" cmp "$LOST/segments/$run.col" "$STATE/segments/$run.col"
check "the release answer is the same" is "$release" at decision ctl --json release show T-1001
stop_station TERM

# A backup that was damaged is not put back.
python3 - "$newest/benchd.db" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(-2000, 2)
    b = f.read(1)
    f.seek(-2000, 2)
    f.write(bytes([b[0] ^ 1]))
PY
STATE=$WORK/spare2
check "one bit changed: refused" refused 2 "not the bytes it was made with" ctl restore "$newest"
check "nothing was put there" test ! -e "$STATE/benchd.db"
STATE=$LOST

# ---- what may not go: two months and nothing recorded in them, as after a clock that jumped ----
YEARS=$WORK/years
check "a store of years" "$BIN/tests/system/mkstore" "$YEARS" old 9
check "its clock is right" ${CC:-cc} -shared -fPIC -o "$WORK/syncshim.so" tests/fake/syncshim.c
LD_PRELOAD="$WORK/syncshim.so" "$BIN/benchd" --fixture "$FIXTURE" --profiles "$PWD/profiles" --state "$YEARS" \
	--keep-traces 100 >"$WORK/years.log" 2>&1 &
EXTRA_PIDS=$!
doubts() { "$BIN/benchctl" --state "$YEARS" doctor 2>&1 | grep -A1 "nothing is pruned: no run ended in the 10 days from "; }
check "doctor says that nothing is pruned, why, and what to do" wait_for 10 has "keep the disk's room in view" doubts
check "in Chinese too" has "10 天内没有结束的检测" env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$YEARS" doctor
check "every trace is there" is 9 sh -c "ls '$YEARS'/segments | wc -l"
kill "$EXTRA_PIDS" && wait "$EXTRA_PIDS"
check "nothing was reported by a sanitizer" clean_logs
finish
