#!/usr/bin/env bash
# Holds every released script to the bytes it was released with: databases out there were made by them. What changes the schema
# goes into the upgrade script to the next version.
set -euo pipefail
. "$(dirname "$0")/common.sh"

cd "$tree/sql"
sha256sum --quiet --strict --check released/SHA256SUMS ||
    fail "a released script was changed: take the change back, and write it into the upgrade script to the next version."

version=$(package_version)
[ ! -e "released/$extension--$version.sql" ] ||
    fail "version $version is released: raise the version in Cargo.toml, core/Cargo.toml, worker/Cargo.toml and META.json before you change anything."

# One upgrade script leads from each release to the next, and the last of them to the version that is being worked on.
previous=
for script in $(cd released && printf '%s\n' "$extension"--*.sql | sort -V) "$extension--$version.sql"; do
    next=${script#"$extension--"} next=${next%.sql}
    if [ -e "released/$script" ]; then
        grep -q "  released/$script\$" released/SHA256SUMS || fail "sql/released/$script has no checksum: freeze it by scripts/freeze.sh."
    fi
    if [ -n "$previous" ] && [ "$previous" != "$next" ]; then
        [ -e "$extension--$previous--$next.sql" ] || fail "there is no sql/$extension--$previous--$next.sql: write the upgrade."
    fi
    previous=$next
done
say "The scripts of the releases before $version are as they were released."
