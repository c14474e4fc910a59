#!/usr/bin/env bash
# Installs what building and testing need and is not there yet: Debian packages, a PostgreSQL built from source where apt has
# none of that major, cargo-pgrx, its configuration. Says nothing and takes a fraction of a second when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# clang and libclang read PostgreSQL's headers; libssl-dev and pkg-config are for cargo-pgrx itself; postgresql-server-dev has
# pg_regress and pg_isolation_regress; cargo pgrx test runs its server by sudo, even when root calls it.
packages=(build-essential ca-certificates clang libclang-dev libssl-dev pkg-config python3-venv sudo)
postgres_packages=("postgresql-$pg_major" "postgresql-server-dev-$pg_major")

# What is installed is known without asking apt, which takes its time.
apt_has_postgres() {
    ! dpkg-query -W "${postgres_packages[@]}" >/dev/null 2>&1 || return 0
    local package
    for package in "${postgres_packages[@]}"; do
        apt-cache show "$package" >/dev/null 2>&1 || return 1
    done
}

need_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        need_without_apt
        return
    fi
    if [ "$pg_bin" != "$pg_built/bin" ]; then need_postgres; fi
    "$tree/scripts/packages.sh" "${packages[@]}"
}

need_postgres() {
    if apt_has_postgres || { update_lists && apt_has_postgres; }; then
        packages+=("${postgres_packages[@]}")
    else
        say "apt has no PostgreSQL $pg_major here."
        "$tree/scripts/postgres-from-source.sh" "$pg_major"
        locate_postgres
    fi
}

update_lists() {
    can_be_root || fail "installing PostgreSQL $pg_major takes root: run this as root or as a user who may use sudo."
    as_root apt-get update -qq
}

# On another system the same things may be there under other names.
need_without_apt() {
    local command
    for command in cc clang pkg-config python3 "$pg_config"; do
        command -v "$command" >/dev/null ||
            fail "$command is missing, and without apt it cannot be installed here: on Debian it comes with ${packages[*]} ${postgres_packages[*]}."
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
