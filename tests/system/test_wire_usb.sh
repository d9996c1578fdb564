# SPDX-License-Identifier: MIT
# The real libserialport and benchd-io's port.c: two USB adapters of one kind, told from each other by their serial numbers in a
# system tree that umockdev stands in for, each leading to a line of benchsim. Unplugged and plugged in again under another ttyUSBn,
# lines swapped between them, an adapter that is held, one that does not take a rate, one that holds replies back.
SPEED=1
. tests/system/lib.sh
SHIM=$WORK/ttyshim.so
BED=

bed() { cat "$WORK/bed" 2>/dev/null; }
start_bed() { # the tree lives as long as the program under it
	umockdev-run -d tests/data/adapters.umockdev -- sh -c "echo \$UMOCKDEV_DIR >'$WORK/bed.new' && mv '$WORK/bed.new' '$WORK/bed' && exec sleep 300" &
	BED_PID=$!
	EXTRA_PIDS=$BED_PID
	wait_for 10 test -s "$WORK/bed"
	BED=$(bed)
	mv "$BED/sys/class/tty" "$BED/sys/class/all" && mkdir "$BED/sys/class/tty"
	rm -f "$BED"/dev/ttyUSB*
}
# plugged N PORT: an adapter is /dev/ttyUSBn and its line is that of benchsim
plugged() {
	ln -sfn "$(readlink -f "$SIM/$2")" "$BED/dev/ttyUSB$1"
	ln -sfn "$(readlink "$BED/sys/class/all/ttyUSB$1")" "$BED/sys/class/tty/ttyUSB$1"
}
unplugged() { rm -f "$BED/dev/ttyUSB$1" "$BED/sys/class/tty/ttyUSB$1"; }
under_bed() { UMOCKDEV_DIR=$BED LD_PRELOAD="$SHIM libumockdev-preload.so.0" "$@"; }
start() { export UMOCKDEV_DIR="$BED"; LD_PRELOAD="$SHIM libumockdev-preload.so.0" start_station; unset UMOCKDEV_DIR; }
make_safe() { under_bed "$BIN/benchd-io" --fixture "$FIXTURE" --sim-dir "$SIM" --make-safe --log warning; }
# unheard PORT: it was asked for devices that are not there
unheard() { [ "$(sim stats "$1" | sed -n 's/.* silent=\([0-9]*\).*/\1/p')" -gt 20 ]; }
missing() { wait_for 10 bay_is 1 not_ready && has "$1" ctl --json bay show 1; }

if ! command -v umockdev-run >/dev/null 2>&1; then
	skip "umockdev is not installed"
	finish
fi
check "the stand-in builds" ${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$SHIM" tests/fake/ttyshim.c -ldl
start_sim --unit 1:RO600:RO600-24000101
check "two adapters are there" start_bed
plugged 0 io
plugged 1 meters
sed 's/port: "sim:io"/port: "usb:0403:6001:A50285BI"/; s/port: "sim:meters"/port: "usb:0403:6001:FT9XYZ12"/' "$FIXTURE" >"$WORK/usb.yaml"
FIXTURE=$WORK/usb.yaml

check "the rig is made safe through them" wait_for 60 refused 0 "bay 1: safe" make_safe
check "a slow latency timer is told" has "holds replies back by 16 ms" make_safe
TTYSHIM_REFUSES=115200
export TTYSHIM_REFUSES
check "a rate that the driver does not take is told, not used" has "does not take 115200 baud" make_safe
unset TTYSHIM_REFUSES
flock --no-fork "$(readlink -f "$SIM/io")" sleep 60 >/dev/null 2>&1 &
holder=$!
EXTRA_PIDS="$BED_PID $holder"
wait_for 10 sh -c "! flock -n '$(readlink -f "$SIM/io")' true"
check "B13: an adapter that another program holds: exit 75, naming that process" refused 75 "is held by process $holder (" make_safe
kill "$holder"
wait "$holder" 2>/dev/null
EXTRA_PIDS=$BED_PID

start
check "a station takes the rig" ready 1 2
unplugged 0
check "an adapter is pulled out" sim unplug io
check "B11: its bays are not ready, and told why" missing "usb:0403:6001:A50285BI"
before=$(readlink "$BED/dev/ttyUSB0")
check "its line is plugged in again" sim plug io
plugged 2 io
check "as another port" test "$(readlink "$BED/dev/ttyUSB2")" != "$before"
check "B12: the bays are ready again" ready 1 2

unplugged 2
unplugged 1
check "both adapters are pulled out" sim unplug io
sim unplug meters >/dev/null
check "and missed" missing "A50285BI"
sim plug meters >/dev/null
sim plug io >/dev/null
plugged 1 io
plugged 0 meters
check "B12: swapped between the lines, nothing answers to what is asked there" wait_for 20 unheard io
check "on neither" wait_for 20 unheard meters
check "the bay is not ready" bay_is 1 not_ready
check "B12: nothing is on" has "ok 1" sim safe 1
unplugged 0
unplugged 1
plugged 0 io
plugged 1 meters
sim unplug io >/dev/null
sim unplug meters >/dev/null
sim plug meters >/dev/null
sim plug io >/dev/null
plugged 0 io
plugged 1 meters
check "put right they are taken" ready 1 2
if [ "$(id -u)" != 0 ]; then
	check "the port is open to nobody else meanwhile" sh -c "! true <>'$(readlink -f "$SIM/io")'"
else
	skip "root may open what is held"
fi
stop_station TERM
plugged 2 io
check "a name that fits two adapters is refused" has "fits 2 adapters" make_safe
unplugged 2
unplugged 0
check "an adapter that is not plugged in is named" has "usb:0403:6001:A50285BI: no such adapter is plugged in" make_safe
check "nothing was reported by a sanitizer" clean_logs
finish
