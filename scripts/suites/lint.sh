#!/usr/bin/env bash
# the pins are equal, released scripts unchanged, the code is formatted, clippy and shellcheck are content
set -euo pipefail
. "$(dirname "$0")/../common.sh"

status=0
cd "$tree"
scripts/check-pins.sh || status=1
scripts/check-released.sh || status=1

if cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; then
    cargo fmt --all --check || status=1
    say "Running clippy (about 2 minutes the first time)."
    cargo clippy --workspace --all-targets "${pg_features[@]}" -- -D warnings || status=1
else
    say "rustfmt or clippy is missing: install the Rust components rustfmt and clippy."
    status=1
fi

# Only where it is installed: it says nothing about the extension, so nobody has to install it for that.
if command -v shellcheck >/dev/null; then
    shellcheck scripts/*.sh scripts/suites/*.sh .ci/run || status=1
fi
exit "$status"
