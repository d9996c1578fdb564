#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/openapi.json through a linter that is not ours: @redocly/cli of the release that tests/lint/redocly pins, warnings as
# errors. TAP on stdout; without node or npm's registry it is skipped, with the reason.
set -u
cd "$(dirname "$0")/../.." || exit 1
if ! command -v node >/dev/null; then
	echo "ok 1 # SKIP node is not installed"
elif ! why=$(sh tests/npm.sh tests/lint/redocly build/redocly); then
	echo "ok 1 # SKIP $why"
elif out=$(REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true node build/redocly/node_modules/@redocly/cli/bin/cli.js \
	lint --config tests/lint/redocly/redocly.yaml docs/openapi.json 2>&1); then
	echo "ok 1 - docs/openapi.json is a good OpenAPI 3.1 document"
else
	echo "not ok 1 - docs/openapi.json is a good OpenAPI 3.1 document"
	echo "$out" | head -n 60 | sed 's/^/# /'
	echo 1..1
	exit 1
fi
echo 1..1
