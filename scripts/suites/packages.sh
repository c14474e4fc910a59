#!/usr/bin/env bash
# the Debian packages on clean machines, the images, the archive for PGXN
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
scripts/node.sh tests/client
scripts/packages.sh dpkg-dev lintian procps systemd-container
# Packages that were built before, and maybe elsewhere, are taken as they are.
if [ -n "${BOOKING_PACKAGES:-}" ]; then
    export BOOKING_PACKAGES_ARE_GIVEN=yes
else
    scripts/deb.sh
    BOOKING_PACKAGES=target/package
fi
BOOKING_TEST_MACHINE=$(scripts/clean-machine.sh)
BOOKING_TEST_MAJOR=$pg_major
export BOOKING_PACKAGES BOOKING_TEST_MACHINE BOOKING_TEST_MAJOR
.venv/bin/python -m pytest -p no:cacheprovider --color=no tests/packages
