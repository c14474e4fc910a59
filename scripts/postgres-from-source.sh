#!/usr/bin/env bash
# Builds a PostgreSQL that this Debian has no package of, from the source package of the release that pgrx.toml names, with
# assertions on, into /opt/pgMAJOR. Does nothing when it is there.
#
#   scripts/postgres-from-source.sh MAJOR
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -eq 1 ] || fail "usage: scripts/postgres-from-source.sh MAJOR"
major=$1
prefix=/opt/pg$major
release=$(pin from-source "$major")
[ -n "$release" ] ||
    fail "pgrx.toml has no PostgreSQL $major in from-source: let apt know apt.postgresql.org, or set PG to one of $(pins from-source)."

if [ -x "$prefix/bin/pg_config" ]; then
    version=$("$prefix/bin/pg_config" --version)
    [[ $version == "PostgreSQL $major"[!0-9]* ]] || fail "$prefix has $version, not PostgreSQL $major: remove it first."
    say "$prefix has $version."
    exit 0
fi
[ ! -e "$prefix" ] || fail "$prefix is there, but is no PostgreSQL: remove it first."
can_be_root || fail "installing into $prefix takes root: run this as root or as a user who may use sudo."

work=$(mktemp -d)
trap 'as_root rm -rf "$work"' EXIT
umask 022

# Runs a step whose messages are of interest only when it fails.
quietly() {
    "$@" > "$work/log" 2>&1 || {
        tail -n 30 "$work/log" >&2
        fail "$* failed; the end of what it said is above."
    }
}

# The machine's own mirror is asked for the sources of the other release, with lists of their own: apt's stay as they are.
fetch_source() {
    local mirror options
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p)
    [ -n "$mirror" ] || fail "apt knows no Debian mirror to fetch the source of PostgreSQL $major from: run apt-get update first."
    say "Fetching the source of PostgreSQL $major from Debian $release at $mirror."
    mkdir -p "$work"/{sources.list.d,lists/partial,cache/archives/partial}
    printf '%s\n' 'Types: deb-src' "URIs: $mirror" "Suites: $release" 'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' > "$work/sources.list.d/$release.sources"
    options=(
        -o "Dir::Etc::sourcelist=$work/none" -o "Dir::Etc::sourceparts=$work/sources.list.d"
        -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
    )
    cd "$work"
    quietly apt-get "${options[@]}" update -qq
    if ! apt-get "${options[@]}" source --download-only -qq "postgresql-$major" > "$work/log" 2>&1; then
        tail -n 3 "$work/log" >&2
        fetch_known_source "$mirror"
    fi
    mkdir source
    tar -xf "postgresql-${major}_"*.orig.tar.* -C source --strip-components=1
}

# From the pool of a mirror whose index is ahead of it.
fetch_known_source() {
    local file checksum
    read -r file checksum < <(pin known-sources "$major") || fail "That is not to be had, and pgrx.toml knows no source of PostgreSQL $major."
    say "That is not to be had. Fetching $file instead, the last that was tested."
    rm -f "postgresql-${major}_"*
    quietly /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file \
        "${1%/}/pool/main/p/postgresql-$major/$file" "$file" "SHA256:$checksum"
}

# The world without its documentation: contrib has btree_gist. What is interrupted leaves nothing in $prefix.
build_and_install() {
    say "Building PostgreSQL $major with assertions (3 to 9 minutes on 2 cores)."
    cd "$work/source"
    quietly ./configure --prefix="$prefix" --enable-cassert --with-icu --with-openssl CFLAGS='-O2 -g'
    quietly make -s -j"$(nproc)" world-bin
    quietly as_root make -s install-world-bin DESTDIR="$work/installed"
    as_root mkdir -p "${prefix%/*}"
    as_root mv -T "$work/installed$prefix" "$prefix"
}

# As root, the server runs as user postgres, whom Debian's package would have made.
make_server_user() {
    ! id -u postgres >/dev/null 2>&1 || return 0
    as_root useradd --system --user-group --home-dir /var/lib/postgresql --shell /bin/bash postgres
}

"$tree/scripts/packages.sh" bison build-essential flex libicu-dev libreadline-dev libssl-dev perl pkg-config zlib1g-dev
fetch_source
build_and_install
make_server_user
say "Installed $("$prefix/bin/pg_config" --version) into $prefix."
