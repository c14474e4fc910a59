#!/usr/bin/env bash
# random queries by sqlsmith that call every function, as a role that is no superuser: no crash, no internal error, no leak
set -euo pipefail
. "$(dirname "$0")/../common.sh"

"$tree/scripts/sqlsmith.sh"
