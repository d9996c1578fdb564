#!/bin/sh
# SPDX-License-Identifier: MIT
# names.sh [TREE]: what things are called, and how long functions are, by the rules of names.awk; the exceptions stand with
# their reasons in names.txt. TAP on stdout.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$here/../..}" || exit 1
command -v ctags >/dev/null && ctags --version | grep -q '^Universal Ctags' || {
	echo "not ok 1 - names need Universal Ctags: as root, apt-get install universal-ctags"
	echo 1..1
	exit 1
}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
set --
for folder in include src drivers tests; do [ ! -d $folder ] || set -- "$@" $folder; done
touch "$work/exceptions"
[ ! -f tests/lint/names.txt ] || cp tests/lint/names.txt "$work/exceptions"
find "$@" -name '*.[ch]' -o -name '*.sh' -o -name '*.awk' | sort >"$work/files"
tab=$(printf '\t')
format=$(echo '%K %N %F %n %e %{typeref} %S %f' | tr ' ' "$tab")
# A command of benchctl is declared by a macro, for ctags written out.
ctags -x --_xformat="$format" -R --languages=C,Sh --langmap=C:.c.h,Sh:.sh --kinds-C=+pxzl \
	-D 'CTL_COMMAND(f)=int f(void)' "$@" | LC_ALL=C sort -t "$tab" -k 3,3 -k 4,4n >"$work/tags" || exit 1
awk -f "$here/names.awk" "$work/exceptions" "$work/tags" "$work/files"
failed=$?
echo 1..13
exit $failed
