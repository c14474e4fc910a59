#!/usr/bin/env bash
# Makes a database anew in the test cluster, with the extension in it: scripts/database.sh NAME
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -eq 1 ] || fail "usage: scripts/database.sh NAME"

"$tree/scripts/cluster.sh" psql test -d postgres -X -q -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
DROP DATABASE IF EXISTS $1;
CREATE DATABASE $1;
\connect $1
SET client_min_messages = warning;
CREATE EXTENSION $extension CASCADE;
SQL
