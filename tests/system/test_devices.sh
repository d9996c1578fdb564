# SPDX-License-Identifier: MIT
# A device that is missing at start, a device and a whole line that go during a run, E-stop and leaks during runs.
. tests/system/lib.sh
state_of() { at state ctl --json bay show "$1"; }
ctl_zh() { LC_ALL=zh_CN.UTF-8 ctl "$@"; }
begin_second() { # the quick run of T-1002 on bay 2, in RUN2
	ctl run start --bay 2 --ticket T-1002 --serial RO600-24000102 --profile ro600_quick >"$WORK/start2.log" 2>&1 || {
		cat "$WORK/start2.log"; return 1; }
	RUN2=$(run_of 2)
	wait_for 40 output_is feed_valve 1 2
}
both_off() { output_is unit_power_supply 0 1 && output_is feed_valve 0 1 && output_is unit_power_supply 0 2 && output_is feed_valve 0 2; }

start_sim --unit 1:RO600:RO600-24000101:T-1001 --unit 2:RO600:RO600-24000102:T-1002 --operator "$STATE/ctl.sock" \
	--bus-fault permeate_probe_2:dead
start_station
check "bay 1 is ready" ready 1
check "bay 2 is not ready" wait_for 30 bay_is 2 not_ready
check "it says which device on which port, and why" is "permeate_probe_2 (unit 32 on sim:meters): no answer" at reason ctl --json bay show 2
check "a start there is refused with that reason" refused 2 "permeate_probe_2 (unit 32 on sim:meters)" ctl run start --bay 2 --ticket T-1002
check "doctor says it too" has "permeate_probe_2 (unit 32 on sim:meters)" ctl doctor --port "$PORT"
check "two tickets are taken" add_tickets

# ---- a device dies ----
check "the other bay runs" begin_run
check "the feed probe dies in the middle" sim busfault feed_probe_1:dead
check "the run ends as error" wait_for 60 ended "$RUN" error
check "naming the device" has feed_probe_1 at reason.text ctl --json run show "$RUN"
check "the record is the rig's fault" is rig at attribution ctl --json run show "$RUN"
check "the rig is safe" wait_for 30 has "ok 1" sim safe 1
check "the bay says what is missing" wait_for 30 has "feed_probe_1 (unit 21 on sim:meters)" at reason ctl --json bay show 1
check "a reset with the probe still dead" ctl bay reset 1
check "does not ready the bay" wait_for 30 is not_ready state_of 1
check "the feed probe comes back" sim busfault feed_probe_1:none
check "and so does the bay, which was idle" ready 1
check "bay 2 has waited all the time" is not_ready state_of 2
check "its probe comes back" sim busfault permeate_probe_2:none
check "and so does bay 2" ready 2

# ---- a line is pulled out ----
check "another run" begin_run unit_power_supply
check "the adapter of the meters is pulled out" sim unplug meters
check "that run ends as error" wait_for 60 ended "$RUN" error
check "naming the port" has "sim:meters" at reason.text ctl --json run show "$RUN"
check "its outputs are off" output_is unit_power_supply 0
check "the rig is safe again" wait_for 30 has "ok 1" sim safe 1
check "the bay of the run is tripped" is tripped state_of 1
check "the idle one is not ready" wait_for 30 is not_ready state_of 2
check "and says the port" has "on sim:meters" at reason ctl --json bay show 2
check "the adapter is plugged in" sim plug meters
check "the idle bay comes back by itself" ready 2
check "the one that tripped waits for a reset" is tripped state_of 1
check "reset of bay 1" ctl bay reset 1
check "which readies it" ready 1

# ---- E-stop: both bays ----
check "a run for the E-stop" begin_run
check "and one beside it" begin_second
check "E-stop is pressed" sim estop on
check "outputs of both bays drop" wait_for 10 both_off
check "the run is tripped" wait_for 60 ended "$RUN" tripped
check "the one beside it too" wait_for 60 ended "$RUN2" tripped
check "a reset of a pressed E-stop is refused, with its reading" refused 2 "Emergency stop still stands: estop (estop reads on)" ctl bay reset 1
check "in Chinese too" refused 2 "工位 1 没有复位：急停 仍未解除：" ctl_zh bay reset 1
check "and so is that of the other bay" refused 2 "estop reads on" ctl bay reset 2
check "E-stop is released" sim estop off
check "the bay waits for a reset" is tripped state_of 1
check "no output came back" both_off
check "a start before the reset is refused" refused 2 "tripped" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101
check "reset of bay 1" wait_for 10 ctl bay reset 1
check "bay 1 is ready after the reset" ready 1
check "bay 2 still waits for its own" is tripped state_of 2
check "reset of bay 2" ctl bay reset 2
check "bay 2 is ready after the reset" ready 2

# ---- a leak on the floor: both bays ----
check "a run for the floor leak" begin_run
check "and one beside it" begin_second
check "water on the floor" sim fault floor_leak
check "outputs of both bays drop" wait_for 10 both_off
check "the run is tripped" wait_for 60 ended "$RUN" tripped
check "the one beside it too" wait_for 60 ended "$RUN2" tripped
check "the floor is named" has floor_leak at reason ctl --json run show "$RUN"
check "bay 1 is physically safe" wait_for 30 has "ok 1" sim safe 1
check "bay 2 is physically safe" wait_for 30 has "ok 1" sim safe 2
check "a start on a wet floor is refused" refused 2 "Water on the floor" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101
check "so is a reset" refused 2 "Water on the floor still stands: floor_leak (floor_leak reads on)" ctl bay reset 1
check "the floor is dry" sim clear
check "reset of bay 1 after that" wait_for 10 ctl bay reset 1
check "reset of bay 2 after that" wait_for 10 ctl bay reset 2
check "both bays are ready" ready 1 2

# ---- a leak in one bay's tray ----
check "a run for the tray leak" begin_run
check "and one beside it" begin_second
check "the tray of bay 1 gets wet" sim fault 1:tray_leak
check "that run is tripped too" wait_for 60 ended "$RUN" tripped
check "the leak is a failed measurement" is fail measured "$RUN" leak
check "the bay beside it goes on" is "$RUN2" run_of 2
check "and is aborted by hand" ctl run abort "$RUN2"
check "as which it is recorded" wait_for 60 ended "$RUN2" aborted
# ---- a relay board exchanged while all was off ----
check "the record names the devices that measured" is waveshare_relay8 at devices.0.driver ctl --json run show "$RUN"
check "and what they say of themselves" has "firmware version 0x" at devices.0.says ctl --json run show "$RUN"
stop_station TERM
stop_sim
start_sim --bus-fault relays_2:other_device=32768
start_station
check "bay 1, without it, is ready" ready 1
check "bay 2 is not" wait_for 30 bay_is 2 not_ready
check "the board says another firmware than before the restart" has "not the device that was here: its firmware version reads 0x" at reason ctl --json bay show 2
check "a start there is refused with that reason" refused 2 "not the device that was here" ctl run start --bay 2 --ticket T-1002
check "in Chinese too" has "不是原来的设备" env LC_ALL=zh_CN.UTF-8 "$BIN/benchctl" --state "$STATE" doctor
check "a supervisor" has supervisor ctl user add wang --roles supervisor
check "who has a PIN" env BENCHCTL_PIN=135790 "$BIN/benchctl" --state "$STATE" user pin wang
check "a device nobody knows is not accepted" has "there is no device" env BENCHCTL_PIN=135790 sh -c "'$BIN/benchctl' --state '$STATE' device accept relays_9 --reason none --as wang 2>&1"
check "accepts it" env BENCHCTL_PIN=135790 "$BIN/benchctl" --state "$STATE" device accept relays_2 --reason "spare part" --as wang
check "bay 2 is ready" ready 2
check "one that is the same is not accepted" has "is the one that was here before" env BENCHCTL_PIN=135790 sh -c "'$BIN/benchctl' --state '$STATE' device accept relays_2 --reason none --as wang 2>&1"
check "nothing was reported by a sanitizer" clean_logs
finish
