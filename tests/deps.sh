#!/bin/sh
# SPDX-License-Identifier: MIT
# deps.sh PACKAGE...: install what is missing from Debian's packages; sudo only when not root. A compiler, make or clang that is
# there already counts, wherever it came from.
set -u
missing=
for p in "$@"; do
	case $p in
	gcc | make | pkg-config | clang | clang-format | mbpoll | sqlite3 | curl | openssl)
		command -v "$p" >/dev/null && continue ;;
	nodejs) command -v node >/dev/null && continue ;;
	npm) command -v npm >/dev/null && continue ;;
	nginx-light) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] && continue ;;
	esac
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
	echo "deps: not root and no sudo; as root run: apt-get install$missing" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$sudo apt-get install -y -qq --no-install-recommends $missing >build-deps.log 2>&1 || {
	$sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends $missing >build-deps.log 2>&1
} || {
	tail -n 20 build-deps.log >&2
	echo "deps: could not install:$missing" >&2
	exit 1
}
rm -f build-deps.log
