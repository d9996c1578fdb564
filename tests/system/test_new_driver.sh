# SPDX-License-Identifier: MIT
# drivers/README.md, "Add a driver in five steps", followed to the letter with skel.c in a copy of the tree: copied, listed,
# built, named in a fixture, and read and switched over a wire whose other end does not know that driver.
# builds: a tree with one driver more
. tests/system/lib.sh
TREE=$WORK/tree
OLD_BIN=$BIN
steps() { sed -n '/^## Add a driver/,$p' drivers/README.md; }

mkdir -p "$TREE/build/$VARIANT/obj"
cp -a Makefile VERSION include src drivers docs "$TREE"
cp -a "build/$VARIANT/flags" "build/$VARIANT/lib" "$TREE/build/$VARIANT"
cp -a "build/$VARIANT/obj/src" "build/$VARIANT/obj/drivers" "$TREE/build/$VARIANT/obj"
# Built with other flags than the libraries it would build them all anew.
grep -q -e -Werror "build/$VARIANT/flags" && werror=WERROR=1
built() { (cd "$TREE" && "${MAKE:-make}" -s VARIANT="$VARIANT" ${werror:+$werror} "$@" "build/$VARIANT/benchd-io" "build/$VARIANT/benchctl"); }

# The words that this test follows have to stand in the page it follows.
check "step 2 says what to copy" has 'Copy `skel.c`' steps
check "step 3 says where to list it" has 'Declare it in `drivers.h` and list it in `drivers.c`' steps
check "there are five" has "5. Name it in a fixture" steps

# 2. Copy skel.c to the device's name and give its table and .name that name.
sed 's/driver_skel/driver_thermostat/; s/\.name = "skel"/.name = "thermostat"/; s/a pattern/Thermo 1 data sheet, p. 4/' \
	"$TREE/drivers/skel.c" >"$TREE/drivers/thermostat.c"
check "the copy is another driver" sh -c "! cmp -s '$TREE/drivers/skel.c' '$TREE/drivers/thermostat.c'"
# 3. Declare it in drivers.h and list it in drivers.c; make finds the file.
sed -i 's/^extern const struct driver driver_skel;/&\nextern const struct driver driver_thermostat;/' "$TREE/drivers/drivers.h"
sed -i 's/^\tNULL,/\t\&driver_thermostat, \/* thermostat *\/\n&/' "$TREE/drivers/drivers.c"
check "make finds the file" built
BIN=$TREE/build/$VARIANT

# 5. Name it in a fixture.
cat >"$WORK/new.yaml" <<'EOT'
fixture: new
title: {en: A new driver, zh: 新驱动}
simulated: yes
buses:
  line: {kind: modbus_rtu, port: "sim:line", baud: 9600, turnaround: 5 ms}
devices:
  thermostat: {driver: thermostat, bus: line, unit: 7}
bays:
  "1": {}
channels:
  - {name: feed_temperature, point: thermostat.temperature, poll: 200 ms, stale: 2 s, range: 0..60 degC, resolution: 0.1 K,
     uncertainty: 0.2 K}
outputs:
  - {name: unit_power_supply, kind: power, point: thermostat.heater, safe: off, max_on: 1 h, trips: no}
interlocks:
  hot: {title: {en: Too hot, zh: 过热}, class: over_temperature, when: feed_temperature > 50 degC, debounce: 1 s}
stop:
  - {set: unit_power_supply, to: off}
proof:
  within: 5 s
  holds: [feed_temperature < 30 degC]
EOT
# The other end: the same registers, described to benchsim without that driver.
sed 's/{driver: thermostat, bus: line, unit: 7}/\n    driver: register_map\n    bus: line\n    unit: 7\n    options:\n      identify: {code: {register: 0x0100, value: 0x5301}}\n      points:\n        temperature: {register: 0, function: 4, type: i16, scale: 0.1, quantity: temperature, unit: degC}\n        heater: {register: 0, quantity: state, direction: read_write}/' \
	"$WORK/new.yaml" >"$WORK/other_end.yaml"
check "the station's build does not know it" refused 2 'driver "thermostat" does not exist' "$OLD_BIN/benchctl" fixture check "$WORK/new.yaml"
check "the new one does" has "thermostat.temperature" "$BIN/benchctl" fixture check "$WORK/new.yaml"
BIN=$OLD_BIN FIXTURE=$WORK/other_end.yaml SPEED=1
start_sim
safe() { "$TREE/build/$VARIANT/benchd-io" --fixture "$1" --sim-dir "$SIM" --make-safe --log error; }
check "it is identified, switched and read over the wire" has "bay 1: safe: outputs read back, 1 condition shown" safe "$WORK/new.yaml"
sed 's/feed_temperature < 30/feed_temperature < 20/' "$WORK/new.yaml" >"$WORK/cold.yaml"
# of one resolution, 0.1 K, as the simulated room goes up and down
says_25() { safe "$WORK/cold.yaml" 2>&1 | tee /dev/stderr | grep -qE "feed_temperature is (24\.9|25|25\.1) degC"; }
check "its value is the one that is there: 25 degC" says_25
sed 's/thermostat, bus: line, unit: 7/&, options: {product_code: 0x5302}/' "$WORK/new.yaml" >"$WORK/code.yaml"
check "another product code is another device" has "its product code reads 0x5301, expected 0x5302" safe "$WORK/code.yaml"
check "it is found on the line, too" has "unit 7  thermostat" "$TREE/build/$VARIANT/benchd-io" --scan sim:line --sim-dir "$SIM" \
	--ids 6-8 --timeout 40 --baud 9600
check "nothing was reported by a sanitizer" clean_logs
finish
