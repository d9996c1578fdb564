# SPDX-License-Identifier: MIT
# as root: three users are needed
# benchd and benchd-web as the units run them, two users of one group: the web socket and the token are open to the group, the
# records are not.
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
U=http://localhost/api/v1
modes() { for f in "$@"; do stat -c %a "$STATE/$f"; done | tr '\n' ' '; }
web_opens() { as $WEB sh -c 'exec 3<"$1"' sh "$1" 2>&1; }
is_closed() { # FILE: it is there, and benchd-web may not open it
	[ -e "$1" ] && ! web_opens "$1" && has "Permission denied" web_opens "$1"
}

chmod 755 "$WORK"
mkdir "$WORK/bin"
cp "$BIN/benchd" "$BIN/benchd-web" "$BIN/benchctl" "$WORK/bin/"
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
check "and the token for loopback" has '"bays"' as $WEB sh -c \
	"curl -s -m 10 -H \"Authorization: Bearer \$(cat '$STATE/token')\" http://127.0.0.1:$PORT/api/v1/bays"
check "a member of the group speaks to benchd" has '"bay":"1"' as $WEB "$WORK/bin/benchctl" --state "$STATE" --json bay list
check "records are for benchd only" is "600 600 600 " modes benchd.db benchd.db-wal benchd.db-shm
check "token and sockets are for the group too" is "640 660 660 660 " modes token web.sock ctl.sock io.sock
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
