# SPDX-License-Identifier: MIT
# The systemd units: well-formed, and as closed as they were.
. tests/system/lib.sh
if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze is not installed"
	finish
fi
HERE=$PWD
mkdir "$WORK/units"
for u in systemd/*.service; do
	# the programs themselves need not be installed
	sed -e 's|@sbindir@/benchd[a-z-]*|/bin/true|; s|@sysconfdir@|/etc/benchd|g; s|@docdir@|/usr/share/doc/benchd|g' "$u" \
		>"$WORK/units/$(basename "$u")"
done
cd "$WORK/units" || exit 1
silent() { # COMMAND...: it succeeds and has nothing to say of our units
	"$@" >"$WORK/said" 2>&1
	silent_code=$?
	! grep -F "$WORK" "$WORK/said" && [ $silent_code = 0 ]
}
exposed() { # UNIT TENTHS: systemd's own score is no worse
	systemd-analyze security --offline=true --no-pager --threshold="$2" "./$1"
}
check "they are well-formed" silent systemd-analyze verify --man=no ./benchd.service ./benchd-web.service ./benchd-io@.service
check "benchd: exposure at most 0.7" exposed benchd.service 7
check "benchd-web: at most 1.3" exposed benchd-web.service 13
check "benchd-io: at most 2.0" exposed benchd-io@.service 20
check "benchd-web is a user of its own" grep -qx User=benchd-web benchd-web.service
# Debian's unit of nginx and what we add to it, as one file: systemd's own score counts no drop-in of a file elsewhere.
if [ -e /lib/systemd/system/nginx.service ]; then
	cat /lib/systemd/system/nginx.service "$HERE/systemd/nginx-hardening.conf" >nginx.service
	check "nginx with its sandbox: at most 2.9" exposed nginx.service 29
	check "which is well-formed" silent systemd-analyze verify --man=no ./nginx.service
else
	skip "nginx is not installed"
fi
cd "$WORK" || exit 1
finish
