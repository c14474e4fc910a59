#!/usr/bin/env bash
# Builds a PostgreSQL major that this Debian does not have, from the source package of a Debian that has it, with assertions on,
# and installs it into /opt/pgMAJOR. Does nothing when it is there. Takes about 9 minutes on 2 cores.
#
#   scripts/postgres-from-source.sh 17|18
set -euo pipefail
. "$(dirname "$0")/common.sh"

major=${1:-}
prefix=/opt/pg$major
# The Debian that has the major.
case $major in
17) suite=trixie ;;
18) suite=forky ;;
*) fail "PostgreSQL \"$major\" cannot be built from source here: use 17 or 18." ;;
esac
if [ -x "$prefix/bin/pg_config" ]; then
    say "PostgreSQL $major is in $prefix: $("$prefix/bin/pg_config" --version)."
    exit 0
fi
can_be_root || fail "installing into $prefix takes root: run this as root or as a user who may use sudo."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The machine's own mirror, asked for the sources of another Debian.
mirror=$({ cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null || true; } |
    awk '/^URIs:/ { print $2; exit } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }')
[ -n "$mirror" ] || fail "apt has no mirror in /etc/apt/sources.list or /etc/apt/sources.list.d."
mkdir -p "$work"/{sources,lists/partial,cache/archives/partial,source}
printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" "$suite" > "$work/sources/$suite.sources"
apt_options=(
    -o "Dir::Etc::sourcelist=$work/none" -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::Lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root
)

say "Installing with apt what building PostgreSQL needs."
as_root apt-get update -qq
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    build-essential bison flex perl libreadline-dev zlib1g-dev libicu-dev pkg-config libssl-dev >/dev/null
say "Fetching the source of PostgreSQL $major from Debian $suite."
apt-get "${apt_options[@]}" update -qq
(cd "$work" && apt-get "${apt_options[@]}" source --download-only -qq "postgresql-$major")
tar xf "$work"/postgresql-"$major"_*.orig.tar.* -C "$work/source" --strip-components=1

# Runs a step, whose output is only of interest when it fails.
step() {
    "$@" > "$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        fail "building PostgreSQL $major failed in: $*"
    }
}

say "Building PostgreSQL $major with assertions (about 9 minutes on 2 cores)."
cd "$work/source"
step ./configure --prefix="$prefix" --enable-cassert --with-openssl --with-icu CFLAGS='-O2 -g'
step make -s -j"$(nproc)" world-bin
step make -s -C src/test/isolation
step as_root make -s install-world-bin
step as_root make -s -C src/test/isolation install
say "Installed $("$prefix/bin/pg_config" --version) into $prefix."
