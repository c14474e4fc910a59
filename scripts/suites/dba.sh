#!/usr/bin/env bash
# what a DBA does: dump and restore, replicas and standbys, removal
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
clusters=(dba-primary dba-second dba-standby)
remove_clusters() {
    local cluster
    for cluster in "${clusters[@]}"; do scripts/cluster.sh remove "$cluster"; done
}
trap remove_clusters EXIT
remove_clusters
scripts/cluster.sh start dba-primary fsync=off wal_level=logical
# This one does not preload the library.
scripts/cluster.sh start dba-second fsync=off shared_preload_libraries=

BOOKING_TEST_DSN="host=$(scripts/cluster.sh socket dba-primary) port=$(pin ports socket) user=postgres dbname=postgres"
BOOKING_SECOND_DSN="host=$(scripts/cluster.sh socket dba-second) port=$(pin ports socket) user=postgres dbname=postgres"
BOOKING_STANDBY_DSN="host=$(scripts/cluster.sh socket dba-standby) port=$(pin ports socket) user=postgres dbname=postgres"
BOOKING_PG_BIN=$pg_bin
export BOOKING_TEST_DSN BOOKING_SECOND_DSN BOOKING_STANDBY_DSN BOOKING_PG_BIN
.venv/bin/python -m pytest -p no:cacheprovider --color=no -o pythonpath=tests/python tests/dba
