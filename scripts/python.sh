#!/usr/bin/env bash
# Prepares a Python environment, rebuilt only when the libraries that it is made of change:
#
#   scripts/python.sh          .venv, of the tests, with the libraries that tests/requirements.txt pins
#   scripts/python.sh bench    .venv-bench, of make bench, with those of bench/requirements.txt
set -euo pipefail
. "$(dirname "$0")/common.sh"

case ${1:-tests} in
tests) environment=$tree/.venv requirements=tests/requirements.txt ;;
bench) environment=$tree/.venv-bench requirements=bench/requirements.txt ;;
*) fail "usage: scripts/python.sh [tests|bench]" ;;
esac

# An environment knows its own path and its Python's version: a moved tree or a newer Python needs a new one. The benchmarks
# have the libraries of the tests, and more.
wanted=$({ cat "$tree/tests/requirements.txt" "$tree/$requirements"; python3 --version; echo "$environment"; } | sha256sum)
[ "$(cat "$environment/made-from" 2>/dev/null)" != "$wanted" ] || exit 0

say "Installing the Python libraries of $requirements into ${environment##*/} (about 20 seconds)."
rm -rf "$environment"
python3 -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check -r "$tree/$requirements" ||
    fail "pip could not install the libraries of $requirements."
echo "$wanted" > "$environment/made-from"
