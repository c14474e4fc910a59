#!/usr/bin/env bash
# booking-worker: its providers stood in for, killed by the hundred, cut off
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
cargo test --locked --quiet -p booking-worker
scripts/worker.sh
# A server of its own, which a test kills and starts again.
remove_cluster() { scripts/cluster.sh remove worker; }
trap remove_cluster EXIT
remove_cluster
scripts/cluster.sh start worker fsync=off
BOOKING_TEST_DSN="host=$(scripts/cluster.sh socket worker) port=$(pin ports socket) user=postgres dbname=postgres"
BOOKING_TEST_CLUSTER=worker
export BOOKING_TEST_DSN BOOKING_TEST_CLUSTER
.venv/bin/python -m pytest -p no:cacheprovider --color=no tests/worker
