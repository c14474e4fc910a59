#!/usr/bin/env bash
# Builds the Debian packages into target/package: the extension for one PostgreSQL, and booking-worker. The same files give the same
# packages, byte for byte.
#
#   scripts/deb.sh                         builds first
#   scripts/deb.sh --as-built DIRECTORY    takes what was built before as it is, and puts the packages elsewhere
set -euo pipefail
. "$(dirname "$0")/common.sh"

output=$tree/target/package
if [ $# -eq 2 ] && [ "$1" = --as-built ]; then
    output=$2
elif [ $# -gt 0 ]; then
    fail "usage: scripts/deb.sh [--as-built DIRECTORY]"
fi
version=$(package_version)
laid_out=$cargo_target/release/$extension-pg$pg_major

# A PostgreSQL from source has its files elsewhere, and assertions in it.
[ "$pg_bin" = "/usr/lib/postgresql/$pg_major/bin" ] ||
    fail "PostgreSQL $pg_major is not here as a package, for which another could be made: let apt know apt.postgresql.org."

"$tree/scripts/packages.sh" debhelper help2man
if [ $# -eq 0 ]; then
    "$tree/scripts/package.sh"
    "$tree/scripts/worker.sh"
fi
if [ ! -d "$laid_out" ] || [ ! -x "$cargo_target/release/booking-worker" ]; then
    fail "nothing is built yet: leave --as-built out."
fi

# When what is packaged was last changed. An archive of the tree has no history, but the times of the commit it was made of.
: "${SOURCE_DATE_EPOCH:=$(git -C "$tree" log -1 --format=%ct 2>/dev/null || stat -c %Y "$tree/CHANGELOG.md")}"
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source=$work/source
umask 022
# The manual is what the program says of itself, which has what is set here.
unset "${!BOOKING_@}"

# Lays out what the packages are made of: how (debian/), and what, beside it.
lay_out() {
    local file
    mkdir "$source"
    cp -r "$tree/packaging/debian" "$source/debian"
    for file in "$source"/debian/*PGVERSION*; do mv "$file" "${file/PGVERSION/$pg_major}"; done
    grep -rlZ PGVERSION "$source/debian" | xargs -0 sed -i "s/PGVERSION/$pg_major/g"
    write_changelog > "$source/debian/changelog"
    cp -r "$laid_out" "$source/extension"
    cp "$cargo_target/release/booking-worker" "$tree/README.md" "$tree/CHANGELOG.md" "$source/"
    cp -r "$tree/docs" "$source/docs"
}

write_changelog() {
    local maintainer
    maintainer=$(sed -n 's/^Maintainer: //p' "$tree/packaging/debian/control")
    printf 'pg-booking (%s-1) stable; urgency=medium\n\n  * Version %s; what changed is in changelog.gz.\n\n -- %s  %s\n' \
        "$version" "$version" "$maintainer" "$(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")"
}

build() {
    (cd "$source" && dpkg-buildpackage --build=binary --no-sign) > "$work/log" 2>&1 < /dev/null || {
        tail -n 30 "$work/log" >&2
        fail "dpkg-buildpackage failed; the end of what it said is above."
    }
}

say "Making the Debian packages of $extension $version for PostgreSQL $pg_major."
lay_out
build
mkdir -p "$output"
rm -f "$output/postgresql-$pg_major-pg-booking_"*.deb "$output"/booking-worker_*.deb
for package in "$work"/*.deb; do
    mv "$package" "$output/"
    say "${output#"$tree/"}/${package##*/}"
done
