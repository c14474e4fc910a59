#!/usr/bin/env bash
# Prepares what tests/client needs: Node.js, and the libraries that its package-lock.json pins, which have PostgREST with them.
# Installed anew only when those change.
set -euo pipefail
. "$(dirname "$0")/common.sh"

client=$tree/tests/client

is_enough() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number)
        process.exit(major > 18 || (major === 18 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

if ! is_enough; then
    command -v apt-get >/dev/null || fail "Node.js 18.19 or later and npm are missing: install them and put them on the PATH."
    "$tree/scripts/packages.sh" nodejs npm
    is_enough || fail "Node.js is $(node --version), and the tests need 18.19 or later with npm."
fi

wanted=$({ cat "$client/package.json" "$client/package-lock.json"; node --version; } | sha256sum)
made_from=$client/node_modules/.made-from
[ "$(cat "$made_from" 2>/dev/null)" != "$wanted" ] || exit 0

# Node.js knows only the certificate authorities it was built with; the machine may trust others, of its owner's.
machine_authorities=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -r "$machine_authorities" ]; then
    export NODE_EXTRA_CA_CERTS=$machine_authorities
fi

say "Installing the JavaScript libraries of the tests into tests/client/node_modules (about 10 seconds)."
npm ci --prefix "$client" --ignore-scripts --loglevel=error >/dev/null || fail "npm could not install the libraries of tests/client/package-lock.json."
echo "$wanted" > "$made_from"
