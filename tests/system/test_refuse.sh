# SPDX-License-Identifier: MIT
# Bad input, wrong tickets, double starts: refused with the reason and the right exit code, and nothing started.
. tests/system/lib.sh

# ---- files ----
sed 's/driver: pzem016/driver: pzem061/; s/stop_bits: 1, turnaround: 20 ms/stop_bits: 1, turnaround: 20/' "$FIXTURE" >"$WORK/bad.yaml"
check "a broken fixture: exit 2" code 2 "$BIN/benchd" --fixture "$WORK/bad.yaml" --profiles profiles --state "$STATE"
check "a broken fixture is shown with place, line and caret" has "^" "$BIN/benchd" --fixture "$WORK/bad.yaml" --profiles profiles --state "$STATE"
# the plan's and the drivers' mistakes in one round, these and no others
cat >"$WORK/bad.expected" <<END
$WORK/bad.yaml:11:102: turnaround: '20' has no unit; expected time (s)
$WORK/bad.yaml:27:21: driver "pzem061" does not exist; did you mean "pzem016"?
$WORK/bad.yaml:28:21: driver "pzem061" does not exist; did you mean "pzem016"?
END
mistakes_are() { # file of the expected lines, then a command; each mistake with its line and a caret
	expected=$1
	shift
	"$@" >"$WORK/mistakes" 2>&1
	grep -E '^[^ ]*\.yaml:' "$WORK/mistakes" | diff "$expected" - &&
		test "$(grep -cE '^ +\^$' "$WORK/mistakes")" -eq "$(wc -l <"$expected")"
}
check "all of its mistakes are named by benchctl fixture check" mistakes_are "$WORK/bad.expected" "$BIN/benchctl" fixture check "$WORK/bad.yaml"
check "and by benchd-io" mistakes_are "$WORK/bad.expected" "$BIN/benchd-io" --fixture "$WORK/bad.yaml" --make-safe
head -n 1 "$WORK/bad.expected" >"$WORK/bad.plan"
check "benchd, which knows no drivers, names the plan's" mistakes_are "$WORK/bad.plan" "$BIN/benchd" --fixture "$WORK/bad.yaml" --profiles profiles --state "$STATE"
sed 's/driver: pzem016/driver: pzem061/' "$FIXTURE" >"$WORK/driver.yaml"
spawned() { timeout 20 "$BIN/benchd" --spawn --profiles profiles --state "$STATE" --sim-dir "$SIM" "$@"; }
check "a mistake that only drivers know, under --spawn: exit 2" refused 2 'driver.yaml:27:21: driver "pzem061" does not exist' \
	spawned --fixture "$WORK/driver.yaml"
check "a folder for traces that is not there: exit 2" refused 2 "--trace $WORK/none: No such file or directory; make the folder first" \
	spawned --fixture "$FIXTURE" --trace "$WORK/none"
check "benchd-io starts nothing: exit 2" code 2 "$BIN/benchd-io" --fixture "$WORK/bad.yaml" --make-safe
check "benchctl fixture check exits 2" code 2 "$BIN/benchctl" fixture check "$WORK/bad.yaml"
check "nothing was started: no state folder" test ! -e "$STATE/benchd.db"
check "the shipped fixture passes" code 0 "$BIN/benchctl" fixture check "$FIXTURE"
check "an unknown flag: exit 2" code 2 "$BIN/benchd" --frobnicate
check "a default that no ticket can have: exit 2" refused 2 "--ticket-defaults:1:12: " "$BIN/benchd" --fixture "$FIXTURE" --ticket-defaults '{priority: 12}'
check "no fixture: exit 2" code 2 "$BIN/benchd"
check "a speed out of range: exit 2" code 2 "$BIN/benchd" --fixture "$FIXTURE" --speed 21
check "benchctl without a station: exit 3" code 3 ctl bay list
check "benchctl with an unknown command: exit 2" code 2 ctl frobnicate

# profile_check NAME OF: of a copy with that name, its id too unless it is another
profile_check() {
	mkdir -p "$WORK/copies"
	cp -r profiles/models profiles/ro600_full.yaml "$WORK/copies/"
	sed "s/^profile: ro600_full/profile: $1/" "profiles/$2.yaml" >"$WORK/copies/$1.yaml"
	"$BIN/benchctl" profile check --fixture "$FIXTURE" "$WORK/copies/$1.yaml"
}
mkdir -p "$WORK/profiles"
cp -r profiles/. "$WORK/profiles/"
sed 's/permeate_conductivity/permeate_conductivty/' profiles/ro600_full.yaml >"$WORK/profiles/ro600_full.yaml"
check "a broken profile: benchctl profile check exits 2" code 2 "$BIN/benchctl" profile check \
	--fixture "$FIXTURE" "$WORK/profiles/ro600_full.yaml"

check "a copy of a profile under another name: exit 2" refused 2 "another.yaml:6:10: profile ro600_quick in a file of another name" \
	profile_check another ro600_quick
check "one that might release the same unit: exit 2" refused 2 "may both release RO600 for post_repair_qc" profile_check second ro600_full
check "whichever name comes first" refused 2 "may both release RO600 for post_repair_qc" profile_check aaa ro600_full
sed 's/^profile: ro600_quick/profile: ro600_fast/; s/^revision:/revisoin:/' profiles/ro600_quick.yaml >"$WORK/copies/ro600_quick.yaml"
check "another name than the file's is told" refused 2 "ro600_quick.yaml:6:10: profile ro600_fast in a file of another name" \
	"$BIN/benchctl" profile check --fixture "$FIXTURE" "$WORK/copies/ro600_quick.yaml"
check "beside every other mistake" refused 2 '"revisoin" is unknown' "$BIN/benchctl" profile check --fixture "$FIXTURE" "$WORK/copies/ro600_quick.yaml"
sed 's/model\.rated_permeate_flow/model.rated_permeat_flow/' profiles/ro600_quick.yaml >"$WORK/copies/ro600_quick.yaml"
check "a mistake is told for the model it is for" refused 2 'model RO600 has no "rated_permeat_flow"' "$BIN/benchctl" profile check --fixture "$FIXTURE" "$WORK/copies/ro600_quick.yaml"
for profile in profiles/*.yaml; do
	check "$profile has none" "$BIN/benchctl" profile check --fixture "$FIXTURE" "$profile"
done
for mistake in aliasse:aliases 'aliases: [RO75]:aliases.*'; do
	mkdir -p "$WORK/models/models"
	cp profiles/models/RO75.yaml "$WORK/models/models/"
	sed "s/^${mistake##*:}/${mistake%:*}/" profiles/models/RO600.yaml >"$WORK/models/models/RO600.yaml"
	check "a broken model (${mistake%:*}): exit 2, nothing started" refused 2 "^" "$BIN/benchd" --fixture "$FIXTURE" --profiles "$WORK/models" --state "$STATE"
	check "told by profile check, and nothing false of the profile" refused 2 "models/RO" "$BIN/benchctl" profile check --fixture "$FIXTURE" --profiles "$WORK/models" profiles/ro600_quick.yaml
	check "told with its place" has "models/RO" "$BIN/benchd" --fixture "$FIXTURE" --profiles "$WORK/models" --state "$STATE"
done

# ---- station ----
start_sim --unit 1:RO600:RO600-24000101:T-1001 --operator "$STATE/ctl.sock"
start_station --profiles "$WORK/profiles"
check "with a broken profile the station starts" ready 1 2
check "it lists the profile as broken" has '"state":"broken"' ctl --json profile list
check "and lists the others" has 'ro600_quick' ctl --json profile list
check "a second benchd on the same state: exit 75" code 75 "$BIN/benchd" --fixture "$FIXTURE" --profiles profiles --state "$STATE"
check "which names the pid" has "$STATION_PID" "$BIN/benchd" --fixture "$FIXTURE" --profiles profiles --state "$STATE"

check "a ticket is taken" ctl ticket add T-1001 --serial RO600-24000101 --model RO600
check "and another" ctl ticket add T-1002 --serial RO600-24000102 --model RO600
check "the same ticket again is refused" refused 2 'ticket "T-1001" exists already' ctl ticket add T-1001 --serial RO600-24000101 --model RO600
check "an unknown model is refused" refused 2 "RO999" ctl ticket add T-9 --serial RO600-24000101 --model RO999
check "a serial that is not of the model is refused" refused 2 'serial "X" is no RO600; expected one like' ctl ticket add T-9 --serial X --model RO600
check "an unknown ticket is refused" refused 2 'there is no ticket "T-404"; add it with' ctl run start --bay 1 --ticket T-404
check "an unknown bay is refused" refused 2 'there is no bay "9"' ctl run start --bay 9 --ticket T-1001
check "another serial is refused" refused 2 "the unit's serial RO600-24000199 is not that of ticket T-1001 (RO600-24000101)" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000199
check "an unknown profile is refused" refused 2 'there is no profile frob' ctl run start --bay 1 --ticket T-1001 --profile frob
check "a broken profile is not run" refused 2 "broken" ctl run start --bay 1 --ticket T-1001 --profile ro600_full
check "an unknown run type is refused" refused 2 '"frob" is no run type' ctl run start --bay 1 --ticket T-1001 --type frob --profile ro600_quick
check "no run was begun by any of these" has '"runs":[]' ctl --json run list

check "a run starts" ctl run start --bay 1 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
run=$(run_of 1)
check "a second one on that bay is refused, naming the ticket" refused 2 "bay 1 is busy with ticket T-1001 (run $run," ctl run start --bay 1 --ticket T-1002 --serial RO600-24000102 --profile ro600_quick
check "the same ticket on another bay is refused, naming the bay" refused 2 "serial RO600-24000101 is under test on bay 1" ctl run start --bay 2 --ticket T-1001 --serial RO600-24000101 --profile ro600_quick
check "a run without the unit's serial is refused" refused 2 "name the serial from the unit's plate" ctl run start --bay 2 --ticket T-1002 --profile ro600_quick
check "benchctl abort ends it" ctl run abort "$run"
check "it is recorded as aborted" wait_for 60 ended "$run" aborted
check "aborting twice says that it does not run" refused 2 "is not running on this station" ctl run abort "$run"
check "nothing was reported by a sanitizer" clean_logs
finish
