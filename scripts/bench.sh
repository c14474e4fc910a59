#!/usr/bin/env bash
# Measures, with a private PostgreSQL and release builds: at present what booking-worker carries out in a second.
set -euo pipefail
. "$(dirname "$0")/common.sh"

cd "$tree"
scripts/prerequisites.sh
scripts/install.sh
scripts/worker.sh
scripts/python.sh
remove_cluster() { scripts/cluster.sh remove bench; }
trap remove_cluster EXIT
remove_cluster
scripts/cluster.sh start bench synchronous_commit=on
say "Measuring (about a minute)."
BOOKING_BENCH_DSN="host=$(scripts/cluster.sh socket bench) port=$(pin ports socket) user=postgres dbname=postgres" \
    .venv/bin/python bench/worker.py target/release/booking-worker
