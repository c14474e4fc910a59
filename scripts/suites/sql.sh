#!/usr/bin/env bash
# the SQL functions by pg_regress: tests/sql/sql/*.sql must print tests/sql/expected/*.out
set -euo pipefail
. "$(dirname "$0")/../common.sh"

"$tree/scripts/regress.sh" regress/pg_regress sql 'sql/*.sql'
