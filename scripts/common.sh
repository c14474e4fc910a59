# shellcheck shell=bash disable=SC2034
# What every script needs: where the tree is, what is pinned, how to speak and how to stop. Sourced, never run.

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# The value of a pin: `pin postgres default` is 15.
pin() {
    awk -v section="[$1]" -v key="$2" '
        /^\[/ { inside = ($0 == section) }
        inside && $1 == key { sub(/^[^=]*= */, ""); gsub(/["\[\],]/, ""); print; exit }
    ' "$tree/pgrx.toml"
}

# The names of the pins of a section: `pins from-source` is 17 18.
pins() {
    awk -v section="[$1]" '/^\[/ { inside = ($0 == section) } inside && $2 == "=" { printf "%s%s", gap, $1; gap = " " }' \
        "$tree/pgrx.toml"
}

# The extension is named by its control file, as PostgreSQL has it.
extension=$(basename "$tree"/*.control .control)
pgrx_version=$(pin pgrx version)
pg_major=${PG:-$(pin postgres default)}
# Where a PostgreSQL is that scripts/postgres-from-source.sh built.
pg_built=/opt/pg$pg_major
cargo_target=${CARGO_TARGET_DIR:-$tree/target}

# Debian's PostgreSQL, or else the one that was built from source.
locate_postgres() {
    pg_bin=/usr/lib/postgresql/$pg_major/bin
    if [ ! -x "$pg_bin/pg_config" ] && [ -x "$pg_built/bin/pg_config" ]; then
        pg_bin=$pg_built/bin
    fi
    pg_config=$pg_bin/pg_config
}
locate_postgres

# What cargo is told to build for this PostgreSQL: nothing for the default one, which Cargo.toml names.
pg_features=()
if [ "$pg_major" != "$(pin postgres default)" ]; then
    pg_features=(--no-default-features --features "pg$pg_major")
fi

# Colour is for people: none in a pipe, a file or a log.
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\033[1m' plain=$'\033[0m'
fi

say() {
    printf '%s\n' "$*"
}

heading() {
    printf '\n%s== %s ==%s\n' "$bold" "$*" "$plain"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

is_root() {
    [ "$(id -u)" -eq 0 ]
}

# Runs a command as root, by sudo where we are not root already.
as_root() {
    if is_root; then
        "$@"
    else
        sudo "$@"
    fi
}

# Whether as_root can work at all. At a terminal sudo may ask for a password; elsewhere there is nobody to ask.
can_be_root() {
    is_root || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

# cargo-pgrx colours its lines wherever they go.
without_colour() {
    sed -u 's/\x1b\[[0-9;]*m//g'
}

# The files of the installed extension, whether or not they exist yet.
installed_files() {
    local extension_directory
    extension_directory=$("$pg_config" --sharedir)/extension
    printf '%s\n' "$("$pg_config" --pkglibdir)/$extension.so" "$extension_directory/$extension.control" \
        "$extension_directory/$extension"--*.sql
}

# A checksum of the installed extension. It tells whether a running server still has an older library in memory, and whether
# another clone has installed its own since.
installed_checksum() {
    local file
    while read -r file; do
        sha256sum "$file" 2>/dev/null || echo "no $file"
    done < <(installed_files) | sha256sum | cut -c1-64
}

# The version of the extension, as Cargo.toml has it.
package_version() {
    sed -nE 's/^version *= *"([0-9.]+)"$/\1/p' "$tree/Cargo.toml" | head -n 1
}
