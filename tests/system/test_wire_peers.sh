# SPDX-License-Identifier: MIT
# Our master against slaves that are not ours: pymodbus and libmodbus, by RTU on a pseudo-terminal and by TCP, read and written by
# benchd-io through a fixture with register_map.
. tests/system/lib.sh
FIXTURE=$PWD/tests/data/peers.yaml
SPEED=1
mkdir -p "$SIM"
values="10=250 20=0x3ea8 21=0xf5c3 30=333" # 0.25 MPa, 0.33 MPa as a float, a setpoint that is not safe
PEERS=

start_peers() { # command...
	# shellcheck disable=SC2086
	"$@" rtu "$SIM/peer" 17 $values >"$WORK/rtu.out" 2>"$WORK/rtu.log" &
	RTU=$!
	"$@" tcp "$SIM/tcp.tcp" 1 5=0x0abc 6=0 >"$WORK/tcp.out" 2>"$WORK/tcp.log" &
	PEERS="$RTU $!"
	EXTRA_PIDS=$PEERS
	wait_for 10 test -L "$SIM/peer" -a -s "$SIM/tcp.tcp"
}
stop_peers() {
	for p in $PEERS; do
		kill "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
	rm -f "$SIM/peer" "$SIM/tcp.tcp"
	EXTRA_PIDS=
}
reads() { # channel value
	has "\"channel\":\"$1\",\"value\":$2,\"unit\":\"MPa\",\"quality\":\"good\"" ctl --json bay show 1
}
peer_bay_is() { has "\"state\":\"$1\"" ctl --json bay show 1; }

against() { # name, then the command of the slave
	name=$1
	shift
	rm -rf "$STATE"
	check "$name: slaves by RTU and TCP are there" start_peers "$@"
	start_station
	check "$name: the bay is proven safe and ready" wait_for 20 peer_bay_is ready
	check "$name: a scaled register by RTU" wait_for 10 reads feed_pressure 0.25
	check "$name: a float by RTU" wait_for 10 reads permeate_pressure 0.330000013
	check "$name: a word-swapped whole number by TCP" wait_for 10 reads supply_pressure 0.2748
	check "$name: the setpoint was written to its safe value" wait_for 5 has "30=0" cat "$WORK/rtu.out"
	kill "$RTU"
	wait "$RTU" 2>/dev/null
	check "$name: a slave that is gone is missed" wait_for 10 peer_bay_is not_ready
	check "$name: TCP goes on" reads supply_pressure 0.2748
	values="10=260 20=0x3ea8 21=0xf5c3 30=0"
	# shellcheck disable=SC2086
	"$@" rtu "$SIM/peer" 17 $values >"$WORK/rtu.out" 2>>"$WORK/rtu.log" &
	RTU=$!
	PEERS="$PEERS $RTU"
	EXTRA_PIDS=$PEERS
	check "$name: on another pseudo-terminal it is back" wait_for 15 reads feed_pressure 0.26
	check "$name: and the bay is ready again" wait_for 15 peer_bay_is ready
	stop_station TERM
	stop_peers
	values="10=250 20=0x3ea8 21=0xf5c3 30=333"
}

against libmodbus "$BIN/tests/system/modbus_slave"
PYTHON=
for p in python3 /usr/bin/python3; do
	[ -z "$PYTHON" ] && "$p" -c 'import pymodbus.server' >/dev/null 2>&1 && PYTHON=$p
done
if [ -n "$PYTHON" ]; then
	against pymodbus "$PYTHON" "$PWD/tests/system/pymodbus_slave.py"
else
	skip "pymodbus is not installed"
fi
check "nothing was reported by a sanitizer" clean_logs
finish
