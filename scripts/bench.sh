#!/usr/bin/env bash
# Measures, with a private PostgreSQL and release builds: what a booking costs in the database, beside what could be written without
# the extension, what it is made of, and what booking-worker carries out in a second.
#
#   scripts/bench.sh                  prints the table of docs/benchmarks.md as it is here
#   scripts/bench.sh --update-docs    and writes it there
set -euo pipefail
. "$(dirname "$0")/common.sh"

case $*:$# in
:0 | --update-docs:1) ;;
*) fail "usage: scripts/bench.sh [--update-docs]" ;;
esac

cd "$tree"
scripts/prerequisites.sh
scripts/install.sh
scripts/worker.sh
scripts/python.sh bench
remove_cluster() { scripts/cluster.sh remove bench; }
trap remove_cluster EXIT
# pgbench is that of the server.
export PATH="$pg_bin:$PATH"
BOOKING_BENCH_DSN="host=$(scripts/cluster.sh socket bench) port=$(pin ports socket) user=postgres dbname=postgres"
export BOOKING_BENCH_DSN

remove_cluster
say "Measuring the database (about 8 minutes; BOOKING_BENCH_SECONDS is the length of a run, BOOKING_BENCH_LARGE=1 adds ten million rows)."
.venv-bench/bin/python bench/database.py "$@"

remove_cluster
command -v valgrind >/dev/null || scripts/packages.sh valgrind
say "Counting the instructions of a booking (about two minutes)."
.venv-bench/bin/python bench/instructions.py "$@"

remove_cluster
scripts/cluster.sh start bench synchronous_commit=on
say "Measuring booking-worker (about a minute)."
.venv-bench/bin/python bench/worker.py target/release/booking-worker
