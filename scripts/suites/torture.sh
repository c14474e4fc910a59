#!/usr/bin/env bash
# what breaks under a calendar: the server, its sessions, its primary are killed in mid-storm, and nothing that was answered is lost
set -euo pipefail
. "$(dirname "$0")/../common.sh"

cd "$tree"
scripts/python.sh
# Debian puts it where only root looks.
PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || scripts/packages.sh pgbouncer
# Only the soak has a courier in it.
if [ "${BOOKING_SOAK_SECONDS:-0}" -gt 0 ]; then scripts/worker.sh; fi
# The tests make these; whatever ends the tests, they are removed.
clusters=(torture torture-primary torture-standby)
remove_clusters() {
    local cluster
    for cluster in "${clusters[@]}"; do scripts/cluster.sh remove "$cluster"; done
}
trap remove_clusters EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
remove_clusters
BOOKING_TEST_PORT=$(pin ports socket)
export BOOKING_TEST_PORT
.venv/bin/python -m pytest -p no:cacheprovider --color=no -o pythonpath="tests/python tests/worker" tests/torture
