#!/usr/bin/env bash
# Installs what building and testing need and is not there yet: Debian packages, cargo-pgrx, its configuration. Says nothing and
# takes a fraction of a second when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# clang and libclang read PostgreSQL's headers; libssl-dev and pkg-config are for cargo-pgrx itself; postgresql-server-dev has
# pg_regress and pg_isolation_regress; cargo pgrx test runs its server by sudo, even when root calls it.
packages=(
    build-essential ca-certificates clang libclang-dev libssl-dev pkg-config python3-venv sudo
    "postgresql-$pg_major" "postgresql-server-dev-$pg_major"
)

missing_packages() {
    local package
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# PostgreSQL's package makes and starts a cluster when it is first installed. Nobody asked for one: it is told not to, for this
# installation only. Clusters that exist are not touched.
install_packages() {
    local no_cluster=/etc/postgresql-common/createcluster.d/pg_booking.conf
    say "Installing with apt: $* (about 2 minutes)."
    as_root mkdir -p "${no_cluster%/*}"
    echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
    local status=0
    { as_root apt-get update -qq &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; } || status=$?
    as_root rm -f "$no_cluster"
    [ "$status" -eq 0 ] || fail "apt could not install: $*. Its messages are above."
}

need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        need_without_apt
        return
    fi
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    can_be_root || fail "as root, run: apt-get install ${missing[*]} (this user is neither root nor able to use sudo)."
    install_packages "${missing[@]}"
}

# On another system the same things may be there under other names.
need_without_apt() {
    local command
    for command in cc clang pkg-config python3 "$pg_config"; do
        command -v "$command" >/dev/null ||
            fail "$command is missing, and without apt it cannot be installed here: on Debian 12 it comes with ${packages[*]}."
    done
}

need_cargo() {
    command -v cargo >/dev/null || fail "cargo is missing: install Rust 1.95 or later and put cargo on the PATH."
    if is_root; then
        command -v runuser >/dev/null || fail "runuser is missing: as root, the server runs as user postgres by means of it."
    fi
}

need_cargo_pgrx() {
    local installed
    installed=$(cargo pgrx --version 2>/dev/null | awk '{ print $2 }') || true
    [ "$installed" != "$pgrx_version" ] || return 0
    say "Building cargo-pgrx $pgrx_version (about 4 minutes, once)."
    cargo install --quiet --locked "cargo-pgrx@$pgrx_version" || fail "cargo could not install cargo-pgrx $pgrx_version."
}

# cargo-pgrx writes its configuration anew each time, so the servers that are already in it are named again.
need_pgrx_configuration() {
    local configuration=${PGRX_HOME:-$HOME/.pgrx}/config.toml
    local line known=()
    if [ -f "$configuration" ]; then
        ! grep -q "^pg$pg_major *=" "$configuration" || return 0
        while read -r line; do
            known+=("--$line")
        done < <(sed -nE 's/^(pg[0-9]+) *= *"(.*)"$/\1=\2/p' "$configuration")
    fi
    say "Telling cargo-pgrx about PostgreSQL $pg_major at $pg_config."
    cargo pgrx init "${known[@]}" "--pg$pg_major=$pg_config" | without_colour
}

need_cargo
need_packages
need_cargo_pgrx
need_pgrx_configuration
