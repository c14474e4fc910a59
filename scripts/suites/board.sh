#!/usr/bin/env bash
# the board, in a real browser: what happens in the database is seen, and what is done there happens in the database
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/node.sh tests/board
# Any browser of its kind will do; where there is none, Debian's.
find_browser() {
    command -v chromium || command -v google-chrome || command -v chrome
}
find_browser >/dev/null || scripts/packages.sh chromium
scripts/worker.sh
scripts/database.sh booking_board
scripts/cluster.sh psql test -d booking_board -X -q -v ON_ERROR_STOP=1 -f tests/board/roles.sql
PGHOST=$(scripts/cluster.sh socket test)
PGPORT=$(pin ports socket)
BOOKING_CHROMIUM=$(find_browser)
export PGHOST PGPORT PGUSER=postgres PGDATABASE=booking_board BOOKING_CHROMIUM
# One file after the other: each starts a worker and a browser of its own.
node --test --test-concurrency=1 --test-reporter=spec tests/board/*.test.js
