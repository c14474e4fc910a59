#!/usr/bin/env bash
# Builds booking-worker into target/release; says what it does only where there is something to do.
set -euo pipefail
. "$(dirname "$0")/common.sh"

cd "$tree"
[ -x target/release/booking-worker ] || say "Building booking-worker (the first time about 3 minutes)."
cargo build --locked --release --quiet -p booking-worker
