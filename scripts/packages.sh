#!/usr/bin/env bash
# Installs with apt the Debian packages that are named and not there yet. Says nothing when none is missing.
#
#   scripts/packages.sh PACKAGE ...
set -euo pipefail
. "$(dirname "$0")/common.sh"

missing=()
for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0
can_be_root || fail "as root, run: apt-get install ${missing[*]} (this user is neither root nor able to use sudo)."

# PostgreSQL's package makes and starts a cluster when it is first installed. Nobody asked for one: it is told not to, for this
# installation only. Clusters that exist are not touched.
no_cluster=/etc/postgresql-common/createcluster.d/pg_booking.conf
say "Installing with apt: ${missing[*]} (about 2 minutes)."
as_root mkdir -p "${no_cluster%/*}"
echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
status=0
{ as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } || status=$?
as_root rm -f "$no_cluster"
[ "$status" -eq 0 ] || fail "apt could not install: ${missing[*]}. Its messages are above."
