#!/usr/bin/env bash
# Runs the suites that are named, or else those that depend on PostgreSQL, against the default one and against those that pgrx.toml
# lists as built from source, one after the other. A failure does not stop the next one. Ends with one line per PostgreSQL and a
# line "N passed, N failed", which counts the test cases of all of them.
set -euo pipefail
. "$(dirname "$0")/common.sh"

suites=("${@:-postgres}")
logs=$tree/tests/results/logs
report=()
total_passed=0
total_failed=0

trap 'exit 130' INT
trap 'exit 143' TERM

# Runs the suites for one PostgreSQL, showing what they print. A run that does not get to its last line counts as one failure.
run_major() {
    local major=$1 log=$logs/postgres-$1.log started=$SECONDS passed='' failed=''
    heading "PostgreSQL $major"
    PG=$major "$tree/scripts/test.sh" "${suites[@]}" 2>&1 | tee "$log" || true
    read -r passed failed < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$log") || passed=0 failed=1
    report+=("$(printf 'PostgreSQL %s: %d passed, %d failed, %d s' "$major" "$passed" "$failed" $((SECONDS - started)))")
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
}

mkdir -p "$logs"
for major in $(pin postgres default) $(pins from-source); do
    run_major "$major"
done

heading "Results of all"
printf '%s\n' "${report[@]}"
say "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
