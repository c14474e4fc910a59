#!/usr/bin/env bash
# phone normalization against Google's library, number by number
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
.venv/bin/python -m pytest -p no:cacheprovider --color=no tests/phones
