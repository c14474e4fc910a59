#!/usr/bin/env bash
# what only Rust inside a server can see, by cargo pgrx test
set -euo pipefail
. "$(dirname "$0")/../common.sh"

# Its server cannot run as root, and its files are copied to where PostgreSQL looks for extensions; --runas does both, by sudo.
server_user=$(id -un)
if is_root; then server_user=postgres; fi
data=$(mktemp -d)
trap 'as_root rm -rf "$data"' EXIT
as_root chown "$server_user" "$data"

# They are copied over what is there: a server that runs with the library keeps the file it has only if the name is free.
as_root rm -f "$("$pg_config" --pkglibdir)/$extension.so"

cd "$tree"
say "Building the extension with its tests and running them (about 4 minutes the first time)."
cargo pgrx test "pg$pg_major" --runas "$server_user" --pgdata "$data/data" 2>&1 | without_colour
