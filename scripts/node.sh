#!/usr/bin/env bash
# Prepares what tests in JavaScript need: Node.js, and in each directory that is named, in its node_modules, the libraries that
# its package-lock.json pins. Installed anew only when those change.
#
#   scripts/node.sh DIRECTORY ...    (from the tree: tests/board, tests/client, tests/worker/emulate)
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -gt 0 ] || fail "usage: scripts/node.sh DIRECTORY ..."

is_enough() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number)
        process.exit(major > 18 || (major === 18 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

install_libraries() {
    local directory=$1 wanted made_from
    wanted=$({ cat "$tree/$directory/package.json" "$tree/$directory/package-lock.json"; node --version; } | sha256sum)
    made_from=$tree/$directory/node_modules/.made-from
    [ "$(cat "$made_from" 2>/dev/null)" != "$wanted" ] || return 0

    say "Installing the JavaScript libraries of the tests into $directory/node_modules (about 10 seconds)."
    npm ci --prefix "$tree/$directory" --ignore-scripts --loglevel=error >/dev/null ||
        fail "npm could not install the libraries of $directory/package-lock.json."
    echo "$wanted" > "$made_from"
}

if ! is_enough; then
    command -v apt-get >/dev/null || fail "Node.js 18.19 or later and npm are missing: install them and put them on the PATH."
    "$tree/scripts/packages.sh" nodejs npm
    is_enough || fail "Node.js is $(node --version), and the tests need 18.19 or later with npm."
fi

# Node.js knows only the certificate authorities it was built with; the machine may trust others, of its owner's.
machine_authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$machine_authorities" ]; then
    export NODE_EXTRA_CA_CERTS=$machine_authorities
fi

for directory in "$@"; do
    install_libraries "$directory"
done
