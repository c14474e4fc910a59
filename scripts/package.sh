#!/usr/bin/env bash
# Builds the extension in release mode and lays its files out as they go into PostgreSQL's directories, without installing them.
set -euo pipefail
. "$(dirname "$0")/common.sh"

say "Building the package of $extension for PostgreSQL $pg_major (about 3 minutes the first time)."
cd "$tree"
# What an earlier version left there would be taken along.
rm -rf "$cargo_target/release/$extension-pg$pg_major"
cargo pgrx package --pg-config "$pg_config" "${pg_features[@]}" 2>&1 | without_colour || fail "the package could not be built; see above."
# The scripts of the versions before it: a database that is still at one of them may want to be made again as it is.
cp sql/released/"$extension"--*.sql "$cargo_target/release/$extension-pg$pg_major$("$pg_config" --sharedir)/extension/"
say "The package is in $cargo_target/release/$extension-pg$pg_major."
