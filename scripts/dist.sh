#!/usr/bin/env bash
# Makes the archive for PGXN of what is committed, as target/package/pg_booking-VERSION.zip.
set -euo pipefail
. "$(dirname "$0")/common.sh"

cd "$tree"
version=$(package_version)
name=$extension-$version
mkdir -p target/package
git archive --format=zip --prefix="$name/" --output="target/package/$name.zip" HEAD
say "target/package/$name.zip"
