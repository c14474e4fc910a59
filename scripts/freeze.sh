#!/usr/bin/env bash
# Freezes the version that Cargo.toml names and that has just been released: its installation script, and the upgrade script
# that leads to it, if any, get checksums in sql/released/SHA256SUMS, which scripts/check-released.sh compares from then on.
# Raise the version afterwards; see CONTRIBUTING.md.
set -euo pipefail
. "$(dirname "$0")/common.sh"

version=$(package_version)
frozen=$tree/sql/released/$extension--$version.sql
[ ! -e "$frozen" ] || fail "$version is frozen already: raise the version in Cargo.toml, core/Cargo.toml, worker/Cargo.toml and META.json first."

"$tree/scripts/package.sh"
mkdir -p "${frozen%/*}"
cp "$cargo_target/release/$extension-pg$pg_major$("$pg_config" --sharedir)/extension/$extension--$version.sql" "$frozen"
cd "$tree/sql"
for script in "released/$extension--$version.sql" "$extension"--*--"$version.sql"; do
    if [ -e "$script" ]; then sha256sum "$script" >> released/SHA256SUMS; fi
done
say "Froze $version. Now raise the version in Cargo.toml, core/Cargo.toml, worker/Cargo.toml and META.json, and begin sql/$extension--$version--NEXT.sql."
