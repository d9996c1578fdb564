#!/bin/sh
# SPDX-License-Identifier: MIT
# as_nobody.sh TEST: run a system test; as root on a copy of what it needs, as uid 65534, so that nothing passes only because
# root may do everything.
set -u
test=$1
variant=${VARIANT:-release}
# One that says so is about several users and stays root.
if [ "$(id -u)" != 0 ] || grep -q '^# as root: ' "$test"; then
	exec sh "$test"
fi
copy=$(mktemp -d "${TMPDIR:-/tmp}/benchd-check.XXXXXX") || exit 1
trap 'rm -rf "$copy"' EXIT INT TERM
mkdir -p "$copy/build/$variant/tests" "$copy/tmp"
for p in benchd benchd-io benchd-web benchctl benchsim; do
	cp "build/$variant/$p" "$copy/build/$variant/" || exit 1
done
for d in system replay; do
	[ -d "build/$variant/tests/$d" ] && cp -r "build/$variant/tests/$d" "$copy/build/$variant/tests/"
done
cp -r fixtures profiles systemd tests docs webhooks README.md README.zh-CN.md NEWS LICENSE CONTRIBUTING.md "$copy/"
# One that needs what npm brought says so.
if grep -q '^# npm: ' "$test" && [ -d build/api ]; then
	cp -r build/api "$copy/build/"
fi
# One that builds says so.
if grep -q '^# builds: ' "$test"; then
	cp -a Makefile VERSION include src drivers "$copy/"
	cp -a "build/$variant/flags" "build/$variant/lib" "$copy/build/$variant/"
	mkdir "$copy/build/$variant/obj"
	cp -a "build/$variant/obj/src" "build/$variant/obj/drivers" "$copy/build/$variant/obj/"
fi
chown -R 65534:65534 "$copy"
chmod 755 "$copy"
cd "$copy" || exit 1
HOME=$copy TMPDIR=$copy/tmp VARIANT=$variant setpriv --reuid=65534 --regid=65534 --clear-groups sh "$test"
