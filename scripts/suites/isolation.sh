#!/usr/bin/env bash
# concurrent sessions, step by step, by pg_isolation_regress: tests/isolation/specs/*.spec
set -euo pipefail
. "$(dirname "$0")/../common.sh"

"$tree/scripts/regress.sh" isolation/pg_isolation_regress isolation 'specs/*.spec'
