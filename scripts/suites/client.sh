#!/usr/bin/env bash
# real clients: PostgREST with supabase-js, and the programs of README.md in JavaScript, Python and Rust
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
scripts/node.sh tests/client
scripts/database.sh booking_client
scripts/cluster.sh psql test -d booking_client -X -q -v ON_ERROR_STOP=1 -f tests/client/roles.sql
PGHOST=$(scripts/cluster.sh socket test)
PGPORT=$(pin ports socket)
export PGHOST PGPORT PGUSER=postgres PGDATABASE=booking_client
say "Running the clients (the first time about a minute, for building the program in Rust)."
# One file after the other: each starts a PostgREST of its own.
node --test --test-concurrency=1 --test-reporter=spec tests/client/*.test.js
