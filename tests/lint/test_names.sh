#!/bin/sh
# SPDX-License-Identifier: MIT
# names.sh names what breaks its rules: a tree in which each rule is broken once, and the same tree mended. TAP on stdout.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
cd "$tree" || exit 1
n=0
bad=0
report() { # ok? name detail
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; echo "$3" | sed 's/^/# /'; bad=1; fi
}
says() { # rule, file:line, words of the sentence
	printf '%s\n' "$out" | awk -v rule="$1" -v line="# $2: $3" '
		/^(not )?ok / { inside = $0 ~ "^not ok [0-9]+ - " rule }
		inside && index($0, line) == 1 { found = 1 }
		END { exit !found }'
	report $? "$2: $3" "$out"
}

mkdir -p include/lake src/lake tests/unit tests/lint
cat >include/lake/tide.h <<'END'
#ifndef TIDE_H
#define TIDE_H
#define Depth 3
enum level { LOW, mid_level };
struct Wave {
	int Height;
};
int tide_read(void);
int lake_read(void);
int level_read(void);
int surf_read(void);
#endif
END
cat >src/lake/tide.c <<'END'
int tide_read(void) { return 0; }
int ReadAll(void) { return 0; }
/*
 * tide_ebb() is called here only.
 */
int tide_ebb(void) { return 0; }
static const int LIMIT = 1;
static int COUNTER;
END
cat >src/lake/Moon.c <<'END'
int tide_read(void) { return 0; }
END
{
	echo 'static int long_one(void)'
	echo '{'
	seq 78 | sed 's/.*/	;/'
	echo '}'
} >src/lake/sun.c
sed 's/long_one/fits/; 5d' src/lake/sun.c >src/lake/star.c
cat >tests/unit/test_tide.c <<'END'
int called = ReadAll() + tide_read_all() + tide_read() + fits();
static void works_well(void **state)
{
}
static void B7_and_D2_high_water_is_told(void **state)
{
}
static void a_Tide_comes_in(void **state_)
{
}
END
printf 'int main(void)\n{\n}\n' >tests/unit/moon.c
printf 'readAll() {\n\t:\n}\n' >tests/unit/lib.sh
printf 'file\tsrc/lake/gone.c\twas there once\n' >tests/lint/names.txt

out=$(sh "$here/names.sh" "$tree")
[ $? != 0 ]; report $? "a tree that breaks the rules fails" "$out"
says functions src/lake/tide.c:2 "ReadAll should be snake_case"
says variables src/lake/tide.c:8 "COUNTER should be snake_case"
says variables include/lake/tide.h:6 "Height should be snake_case"
says tags include/lake/tide.h:5 "Wave should be snake_case"
says macros include/lake/tide.h:3 "Depth should be UPPER_CASE"
says macros include/lake/tide.h:4 "mid_level should be UPPER_CASE"
says "no function" src/lake/sun.c:1 "long_one has 81 lines"
says "a function of include" include/lake/tide.h:11 "surf_read should begin with tide_ (header), lake_ (layer)"
says "a function that the linker sees is defined" src/lake/tide.c:1 "tide_read is defined in src/lake/Moon.c too"
says "a function that the linker sees is called" src/lake/tide.c:6 "nobody calls tide_ebb"
says "a test's name" tests/unit/test_tide.c:2 "works_well should be a sentence"
says "a test's name" tests/unit/test_tide.c:8 "a_Tide_comes_in should be a sentence"
says "file names" src/lake/Moon.c:1 "should be lower case"
says "file names" tests/unit/moon.c:1 "is a test program: should be test_moon"
says "a header's guard" include/lake/tide.h:1 "should begin with #ifndef LAKE_TIDE_H"
says "shell functions" tests/unit/lib.sh:1 "readAll should be snake_case"
says "every exception" tests/lint/names.txt:1 "src/lake/gone.c needs no exception any more"
[ "$(printf '%s\n' "$out" | grep -c '^# ')" = 17 ]; report $? "and nothing else is named" "$out"

rm src/lake/Moon.c src/lake/sun.c tests/unit/moon.c tests/lint/names.txt
sed -i 's/ReadAll/tide_read_all/; s/COUNTER/counter/; /tide_ebb(void)/d' src/lake/tide.c
sed -i 's/TIDE_H/LAKE_TIDE_H/; s/Depth/DEPTH/; s/mid_level/MID/; s/Wave/wave/; s/Height/height_m/; s/surf_/waves_/' include/lake/tide.h
sed -i 's/works_well/the_tide_works/; s/Tide/tide/' tests/unit/test_tide.c
sed -i 's/readAll/read_all/' tests/unit/lib.sh
out=$(sh "$here/names.sh" "$tree")
report $? "the same tree mended passes" "$out"
echo "1..$n"
exit $bad
