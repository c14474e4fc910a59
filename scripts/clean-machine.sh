#!/usr/bin/env bash
# Makes the files of a clean machine, kept for the next time: the Debian or Ubuntu of this one with PostgreSQL from apt, and nothing
# else. Prints their directory. tests/packages starts machines from it.
set -euo pipefail
. "$(dirname "$0")/common.sh"

can_be_root || fail "the files of a machine take root to make: run this as root or as a user who may use sudo."
packages="adduser ca-certificates postgresql-$pg_major systemd systemd-sysv"
codename=$(sed -nE 's/^VERSION_CODENAME=//p' /etc/os-release)

# What this machine's apt knows, other vendors left out. The packages are made for what it has.
# shellcheck disable=SC2016
apt_sources() {
    local places
    places=$(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)' 'Identifier: Packages' |
        sed -nE 's/^(Debian|Ubuntu|apt\.postgresql\.org)\|//p' | sed 's:/$::' | sort -u)
    [ -n "$places" ] || fail "apt knows no mirror to make a machine from: run apt-get update first."
    find /etc/apt/sources.list /etc/apt/sources.list.d -type f \( -name '*.list' -o -name '*.sources' \) -print0 2>/dev/null |
        LC_ALL=C sort -z | xargs -0 grep -lF "$places"
}

mapfile -t sources < <(apt_sources)
[ "${#sources[@]}" -gt 0 ] || fail "no file in /etc/apt names the mirror that apt uses."
made_from=$({ echo "$packages"; cat "${sources[@]}"; } | sha256sum | cut -c1-12)
machines=/var/cache/$extension
machine=$machines/$codename-$pg_major-$made_from

if [ ! -d "$machine" ]; then
    "$tree/scripts/packages.sh" mmdebstrap >&2
    say "Fetching a clean $codename with PostgreSQL $pg_major into $machine (about a minute)." >&2
    as_root mkdir -p "$machines"
    as_root rm -rf "$machines/$codename-$pg_major-"*
    new=$(as_root mktemp -d "$machines/new-XXXXXX")
    trap 'as_root rm -rf "$new"' EXIT
    as_root mmdebstrap --quiet --mode=root --variant=minbase --include="${packages// /,}" \
        "$codename" "$new/files" "${sources[@]}" >&2 || fail "mmdebstrap could not make $machine; what it said is above."
    # Another clone may have been quicker.
    [ -d "$machine" ] || as_root mv -T "$new/files" "$machine"
fi
echo "$machine"
