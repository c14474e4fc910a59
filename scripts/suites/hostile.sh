#!/usr/bin/env bash
# the Python tests again, called by a role that is no superuser, with a hostile search_path
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
database=booking_hostile
scripts/database.sh $database
# The caller serves every organization, as a backend does. Whatever the statements of the extension do not qualify would be
# found in schema shadows first.
scripts/cluster.sh psql test -d $database -X -q -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
DROP ROLE IF EXISTS booking_test_caller;
CREATE ROLE booking_test_caller LOGIN BYPASSRLS;
SELECT booking.grant_backend('booking_test_caller') \g /dev/null
\ir tests/python/shadows.sql
ALTER DATABASE $database SET search_path = shadows, pg_catalog;
SQL
BOOKING_TEST_DSN="host=$(scripts/cluster.sh socket test) port=$(pin ports socket) user=postgres dbname=$database"
BOOKING_TEST_CALLER=booking_test_caller
export BOOKING_TEST_DSN BOOKING_TEST_CALLER
.venv/bin/python -m pytest -p no:cacheprovider --color=no -m 'not superuser' tests/python
