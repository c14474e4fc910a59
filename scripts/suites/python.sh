#!/usr/bin/env bash
# stress and property tests with real clients
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
scripts/database.sh booking_python
BOOKING_TEST_DSN="host=$(scripts/cluster.sh socket test) port=$(pin ports socket) user=postgres dbname=booking_python"
export BOOKING_TEST_DSN
# README.md is run by the psql of the server.
export PATH="$pg_bin:$PATH"
.venv/bin/python -m pytest -p no:cacheprovider --color=no tests/python
