#!/usr/bin/env bash
# Holds the tag of a release, and everything that names its version, to the version in Cargo.toml.
#
#   scripts/check-tag.sh vVERSION
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -eq 1 ] || fail "usage: scripts/check-tag.sh vVERSION"
cd "$tree"
version=$(package_version)
[ "$1" = "v$version" ] || fail "the tag is $1, but Cargo.toml has version $version: tag the commit v$version."
for manifest in core/Cargo.toml worker/Cargo.toml; do
    grep -q "^version = \"$version\"$" "$manifest" || fail "$manifest has another version than Cargo.toml, $version."
done
[ "$(grep -c "\"version\": \"$version\"" META.json)" -eq 2 ] ||
    fail "META.json has another version than Cargo.toml, $version, in one of its two places."
grep -q "^## \[$version\] - " CHANGELOG.md || fail "CHANGELOG.md has no section of $version with its date."
say "$1 is the version in Cargo.toml, core, worker, META.json and CHANGELOG.md."
