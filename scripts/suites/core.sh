#!/usr/bin/env bash
# unit, property and documentation tests of the rules in core/
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
say "Building and running the tests of booking-core (about a minute the first time)."
cargo test --package booking-core --no-fail-fast
