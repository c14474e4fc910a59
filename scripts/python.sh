#!/usr/bin/env bash
# Prepares the tests' own Python, .venv, with the libraries that tests/requirements.txt pins. Rebuilt only when those change.
set -euo pipefail
. "$(dirname "$0")/common.sh"

environment=$tree/.venv
requirements=$tree/tests/requirements.txt

# An environment knows its own path and its Python's version: a moved tree or a newer Python needs a new one.
wanted=$({ cat "$requirements"; python3 --version; echo "$environment"; } | sha256sum)
[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ] || exit 0

say "Installing the Python libraries of the tests into .venv (about 20 seconds)."
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" ||
    fail "pip could not install the libraries of tests/requirements.txt."
echo "$wanted" > "$environment/made-from"
