#!/bin/sh
# SPDX-License-Identifier: MIT
# Compile src/bus/gpiod_v2.c against the declarations beside this script. Run in the top folder; CC and
# CFLAGS as for make. Nothing is kept.
set -eu
${CC:-cc} -std=c11 -D_GNU_SOURCE -Itests/fake/gpiod_v2 -Iinclude -I. -Wall -Wextra -Wpedantic -Wshadow \
	-Wswitch-enum -Werror ${CFLAGS:-} -c -o /dev/null src/bus/gpiod_v2.c
