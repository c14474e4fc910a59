#!/usr/bin/env bash
# the SQL functions by pg_regress, then again with an empty search_path: tests/sql/sql/*.sql must print tests/sql/expected/*.out
set -euo pipefail
. "$(dirname "$0")/../common.sh"

"$tree/scripts/regress.sh" regress/pg_regress sql 'sql/*.sql'
# pg_regress puts settings of its own into PGOPTIONS, so these are added where it starts psql.
# shellcheck disable=SC2016
"$tree/scripts/regress.sh" regress/pg_regress sql 'sql/*.sql' --launcher='env PGOPTIONS="$PGOPTIONS -c search_path="'
