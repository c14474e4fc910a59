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

package=$cargo_target/release/$extension-pg$pg_major

# A running server has the library mapped: written over in place it would crash every backend. A new file that takes the old
# one's name leaves the old one to whoever still uses it.
put() {
    as_owner install -m "$1" "$package$2" "$2.new"
    as_owner mv -f "$2.new" "$2"
}

as_owner() {
    if [ -w "$(dirname "$(installed_files | head -n 1)")" ]; then "$@"; else as_root "$@"; fi
}

[ -w "$("$pg_config" --pkglibdir)" ] || can_be_root ||
    fail "installing into $("$pg_config" --pkglibdir) takes root: run this as root or as a user who may use sudo."
"$tree/scripts/package.sh"
put 755 "$("$pg_config" --pkglibdir)/$extension.so"
for file in "$package$("$pg_config" --sharedir)/extension/$extension"*; do
    put 644 "${file#"$package"}"
done
mkdir -p "$cargo_target"
echo "$sources $(installed_checksum)" > "$stamp"
say "Installed $extension for PostgreSQL $pg_major."
