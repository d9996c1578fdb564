# SPDX-License-Identifier: MIT
# as root: four users are needed
# benchd and benchd-web as the units run them, two users of one group: the sockets are open to the group, records and token are
# not; benchd-web's user has the web socket alone.
. tests/system/lib.sh
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null || ! command -v curl >/dev/null; then
	skip "root, setpriv and curl are needed to be two users"
	finish
fi
GROUP=64100
as() { # UID COMMAND...
	as_uid=$1
	shift
	setpriv --reuid="$as_uid" --regid="$GROUP" --clear-groups "$@"
}
STATION=64101
WEB=64102
MEMBER=64104
U=http://localhost/api/v1
modes() { for f in "$@"; do stat -c %a "$STATE/$f"; done | tr '\n' ' '; }
web_opens() { as $WEB sh -c 'exec 3<"$1"' sh "$1" 2>&1; }
io_refused() { # benchd-web's user at io.sock; what benchd says of it
	as $WEB "$WORK/bin/iopeer" "$WORK/sim.yaml" "$STATE/io.sock" 0 >/dev/null 2>&1
	cat "$WORK/benchd.log"
}
is_closed() { # FILE: it is there, and benchd-web may not open it
	[ -e "$1" ] && ! web_opens "$1" && has "Permission denied" web_opens "$1"
}

chmod 755 "$WORK"
mkdir "$WORK/bin"
cp "$BIN/benchd" "$BIN/benchd-web" "$BIN/benchctl" "$BIN/tests/system/iopeer" "$WORK/bin/"
cp -r profiles "$FIXTURE" "$WORK/"
install -d -o $STATION -g $GROUP -m 750 "$STATE"
install -d -o $WEB -g $GROUP -m 750 "$WORK/run"
# the process itself, not a shell around it: it is ended by its id
setpriv --reuid=$STATION --regid=$GROUP --clear-groups "$WORK/bin/benchd" --fixture "$WORK/sim.yaml" --profiles "$WORK/profiles" --state "$STATE" >"$WORK/benchd.log" 2>&1 &
STATION_PID=$!
check "benchd answers" wait_for 10 ctl bay list
setpriv --reuid=$WEB --regid=$GROUP --clear-groups "$WORK/bin/benchd-web" --state "$STATE" --socket "$WORK/run/http.sock" --port "$PORT" >"$WORK/web.log" 2>&1 &
WEB_PID=$!
EXTRA_PIDS=$WEB_PID
check "benchd-web, another user of the group, has its link" wait_for 10 curl -sf --unix-socket "$WORK/run/http.sock" "$U/station"
check "a member of the group speaks to benchd" has '"bay":"1"' as $MEMBER "$WORK/bin/benchctl" --state "$STATE" --json bay list
check "benchd-web, of the group too, does not: it is no person" code 3 as $WEB "$WORK/bin/benchctl" --state "$STATE" bay list
check "nor does it speak as a benchd-io" has "refused a benchd-io of uid $WEB" io_refused
check "nor can it read the token, which it would speak by" is_closed "$STATE/token"
check "records are for benchd only" is "600 600 600 " modes benchd.db benchd.db-wal benchd.db-shm
check "sockets are for the group too, the token is not" is "600 660 660 660 " modes token web.sock ctl.sock io.sock
check "the folder is not for the group to write into" is "750 " modes .
for f in benchd.db benchd.db-wal benchd.db-shm keys/station.key; do
	[ -e "$STATE/$f" ] && check "benchd-web cannot open $f" is_closed "$STATE/$f"
done
check "nor put another file in its place" sh -c "! setpriv --reuid=$WEB --regid=$GROUP --clear-groups mv '$STATE/token' '$STATE/benchd.db'"
check "who is not of the group does not come in" sh -c "! setpriv --reuid=64103 --regid=64103 --clear-groups cat '$STATE/token'"
kill -TERM "$WEB_PID"
check "benchd-web ends" wait_for 10 gone "$WEB_PID"
EXTRA_PIDS=
station=$STATION_PID
stop_station TERM
check "benchd ends" gone "$station"
finish
