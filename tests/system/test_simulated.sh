# SPDX-License-Identifier: MIT
# A run on benchsim is marked simulated however real its address looks: benchsim's Modbus TCP reached by 127.0.0.1:PORT from a
# fixture that names no simulated port.
. tests/system/lib.sh
SPEED=1
marked() { ctl --json bay list | grep -o '"simulated":[a-z]*' | sort -u | tr '\n' ' '; }
real_fixture() { # FILE SED...: as sim.yaml, with real-looking ports; all but the TCP device are not there
	real_file=$1
	shift
	sed -e "s|sim:tcp|127.0.0.1:$TCP|; s|\"sim:gpio|\"no-such-chip|; s|\"sim:|\"/dev/serial/by-id/none-|; s|^simulated:.*|simulated: no|" \
		"$@" fixtures/sim.yaml >"$WORK/$real_file"
	! grep -q '"sim:' "$WORK/$real_file"
}
on_fixture() { # FILE: the station on it, once its TCP device has answered
	"$BIN/benchd" --spawn --fixture "$WORK/$1" --profiles profiles --state "$STATE" --port "$PORT" --log debug >"$WORK/benchd.log" 2>&1 &
	STATION_PID=$!
	wait_for 20 grep -q "benchd-io (pid [0-9]*) is here" "$WORK/benchd.log"
}
requests() { sim stats | tr ';' '\n'; }

start_sim
TCP=$(sed 's/.*://' "$SIM/tcp.tcp")
check "a fixture without a simulated port" real_fixture real.yaml
check "the station takes it" on_fixture real.yaml
check "it is marked: benchsim said who it is" has "is here, SIMULATED" cat "$WORK/benchd.log"
check "doctor says so" has "SIMULATED" ctl doctor --port "$PORT"
check "and so does the API" has '"simulated":true' ctl --json bay list
stop_station TERM
# What decides is the device's answer, not the address.
check "a fixture whose device may not be asked" real_fixture mute.yaml -e 's|driver: register_map|driver: register_map|; /bus: tcp/,/options:/ s|options:|options:\n      identification: never|'
check "the station takes that too" on_fixture mute.yaml
check "and nothing says that it is simulated" lacks "SIMULATED" cat "$WORK/benchd.log"
stop_station TERM
check "nothing was reported by a sanitizer" clean_logs
finish
