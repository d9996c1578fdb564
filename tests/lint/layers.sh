#!/bin/sh
# SPDX-License-Identifier: MIT
# The folder you are in says what you may know: every #include "layer/..." is checked against the layers of src/README.md,
# and each third-party header against its home. TAP on stdout.
set -u
cd "$(dirname "$0")/../.." || exit 1

# layer: what it may include besides itself and base
allowed() {
	case $1 in
	base) echo "" ;;
	link) echo "" ;;
	plan) echo "" ;;
	bus) echo "link plan" ;;
	rig) echo "link plan bus" ;;
	run) echo "link plan" ;;
	store) echo "link plan run" ;;
	ticket) echo "link plan run store" ;;
	station) echo "link plan run store ticket" ;;
	serve) echo "link" ;;
	sim) echo "link plan bus rig run" ;;
	ctl) echo "link plan run rig sim" ;;
	drivers) echo "rig link plan bus" ;;
	esac
}

sources() { find src include drivers tests -name '*.[ch]' | sort; }
[ "$(sources | wc -l)" -gt 100 ] || { echo "not ok 1 - the sources are here"; echo 1..1; exit 1; }

n=0
bad=0
report() { # ok? name detail
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; echo "$3" | sed 's/^/# /'; bad=1; fi
}

for layer in base link plan bus rig run store ticket station serve sim ctl drivers; do
	if [ "$layer" = drivers ]; then files=$(ls drivers/*.c 2>/dev/null)
	else files=$(ls src/$layer/*.c src/$layer/*.h include/$layer/*.h 2>/dev/null); fi
	[ -n "$files" ] || continue
	may=" $layer base $(allowed $layer) "
	wrong=$(grep -Hn '^#include "' $files | while IFS= read -r line; do
		inc=$(printf '%s' "$line" | sed 's/.*#include "\([^"]*\)".*/\1/')
		case $inc in src/*) of=${inc#src/} of=${of%%/*} ;; */*) of=${inc%%/*} ;; *) continue ;; esac
		case $may in *" $of "*) ;; *) echo "$line" ;; esac
	done)
	[ -z "$wrong" ]; report $? "layer $layer includes only what it may know" "$wrong"
done

home() { # header pattern, grep -E of files that may include it
	wrong=$(grep -rlE "#include <($1)" src include drivers 2>/dev/null | grep -vE "$2")
	[ -z "$wrong" ]; report $? "<$1> is included only in its home" "$wrong"
}
home 'sqlite3\.h' '^src/(store/|ctl/verify_db\.c)'
home 'yaml\.h' '^src/base/yaml'
home 'microhttpd\.h' '^(src|include)/serve/'
home 'curl/' '^src/serve/fetch\.c'
home 'modbus[/.]' '^src/(bus|sim)/'
home 'gpiod\.h' '^src/bus/'
home 'libserialport\.h' '^src/bus/'
home 'sodium\.h' '^src/base/'
home 'zstd\.h' '^src/store/'
home 'systemd/' '^src/[a-z-]+\.c$'

wrong=$(grep -rnE '(clock_gettime|gettimeofday|[^_a-z]time\(NULL\)|time\(0\))' src include drivers --include='*.[ch]' | grep -v '^src/base/clock.c')
[ -z "$wrong" ]; report $? "only base/clock.c reads clocks" "$wrong"
wrong=$(grep -rnE '^typedef +(struct|union|enum)' src include drivers --include='*.[ch]')
[ -z "$wrong" ]; report $? "no typedef of structs" "$wrong"
wrong=$(sources | while read -r f; do [ -f "$f" ] && { head -n 1 "$f" | grep -q 'SPDX-License-Identifier: MIT' || echo "$f"; }; done)
[ -z "$wrong" ]; report $? "every source file names its licence in line 1" "$wrong"
wrong=$(sources | while read -r f; do [ -f "$f" ] && { l=$(wc -l <"$f"); [ "$l" -le 500 ] || echo "$l $f"; }; done)
[ -z "$wrong" ]; report $? "no file is longer than 500 lines" "$wrong"
wrong=$(grep -rnE '\b(TODO|FIXME|XXX|HACK)\b' src include drivers tests --include='*.[ch]' | head -n 5)
[ -z "$wrong" ]; report $? "nothing is left for later in the code" "$wrong"
wrong=$(grep -rn -e 'MODBUS_ERROR_RECOVERY_' -e 'modbus_get_float' -e 'modbus_set_float' src drivers --include='*.[ch]' | grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)')
[ -z "$wrong" ]; report $? "neither libmodbus' recovery nor its float helpers are used" "$wrong"
wrong=$(grep -n 'sqlite3_finalize' src/store/*.c | grep -vE '^src/store/(db|schema)\.c')
[ -z "$wrong" ]; report $? "a statement of db_query ends in db_done alone" "$wrong"
wrong=$(set -f; find src -mindepth 2 -name '*.c' | sort | while read -r f; do
	for p in $(grep -oE '[a-z0-9_]+\*?\.c\>' "${f%/*}/README.md"); do case ${f##*/} in $p) continue 2 ;; esac; done; echo "$f"; done)
[ -z "$wrong" ]; report $? "every file stands in the table of its folder's README.md" "$wrong"
echo "1..$n"
exit $bad
