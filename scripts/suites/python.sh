#!/usr/bin/env bash
# stress and property tests with real clients
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
scripts/cluster.sh psql test -d postgres -X -q -v ON_ERROR_STOP=1 <<SQL
DROP DATABASE IF EXISTS booking_python;
CREATE DATABASE booking_python;
\connect booking_python
SET client_min_messages = warning;
CREATE EXTENSION $extension CASCADE;
SQL
BOOKING_TEST_DSN="host=$(scripts/cluster.sh socket test) port=$(pin ports socket) user=postgres dbname=booking_python"
export BOOKING_TEST_DSN
.venv/bin/python -m pytest -p no:cacheprovider --color=no tests/python
