#!/usr/bin/env bash
# Builds the extension in release mode and installs it into PostgreSQL's own directories. Does nothing when what is installed
# was built from the sources as they are.
set -euo pipefail
. "$(dirname "$0")/common.sh"

stamp=$cargo_target/$extension-pg$pg_major.installed

sources_checksum() {
    cd "$tree"
    find src core sql Cargo.toml Cargo.lock "$extension.control" -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64
}

sources=$(sources_checksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$sources $(installed_checksum)" ]; then
    say "The installed $extension is up to date."
    exit 0
fi

say "Building and installing $extension for PostgreSQL $pg_major (about 3 minutes the first time)."
arguments=(--release --pg-config "$pg_config")
if [ "$pg_major" != "$(pin postgres default)" ]; then
    arguments+=(--no-default-features --features "pg$pg_major")
fi
if ! [ -w "$("$pg_config" --pkglibdir)" ]; then
    can_be_root || fail "installing into $("$pg_config" --pkglibdir) takes root: run this as root or as a user who may use sudo."
    arguments+=(--sudo)
fi
cd "$tree"
cargo pgrx install "${arguments[@]}" 2>&1 | without_colour || fail "the extension could not be built and installed; see above."
echo "$sources $(installed_checksum)" > "$stamp"
