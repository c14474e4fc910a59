#!/usr/bin/env bash
# Prepares the machine and runs the test suites that are named, or all of them; `postgres` stands for those that depend on the
# PostgreSQL they run against. A suite that fails does not stop the next one.
# Ends with one line per suite and a line "N passed, N failed", which counts the test cases of all suites. lint, fuzz and
# sqlsmith are not made of test cases: they add nothing when they pass, and one failure when they fail; so does a suite that cannot run.
set -euo pipefail
. "$(dirname "$0")/common.sh"

all_suites=(lint core phones extension sql isolation python hostile client dba torture worker board packages fuzz sqlsmith)
# These talk to a server that has the extension.
server_suites=" sql isolation python hostile client dba torture worker board sqlsmith "

suites=("${@:-${all_suites[@]}}")
# The worker and its board are the same program whatever the server: once is enough.
if [ "${suites[*]}" = postgres ]; then read -ra suites <<< "extension${server_suites/worker board/}"; fi
logs=$tree/tests/results/logs
report=()
total_passed=0
total_failed=0
server_state=unknown

for suite in "${suites[@]}"; do
    [ -x "$tree/scripts/suites/$suite.sh" ] || fail "there is no suite \"$suite\": there are ${all_suites[*]}."
done

end() {
    "$tree/scripts/cluster.sh" remove test >/dev/null || true
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A new cluster each time: what an earlier run left can neither help nor harm. It need not survive a power cut.
start_server() {
    heading "The extension and its server"
    "$tree/scripts/install.sh" && "$tree/scripts/cluster.sh" remove test &&
        "$tree/scripts/cluster.sh" start test fsync=off synchronous_commit=off full_page_writes=off max_prepared_transactions=10
}

# The server is prepared when the first suite needs it, and once.
server_is_ready() {
    if [ "$server_state" = unknown ]; then
        server_state=failed
        if start_server; then server_state=ready; fi
    fi
    [ "$server_state" = ready ]
}

# Runs one suite, showing what it prints, and notes its result. Its cases are counted in what its runner reports.
run_suite() {
    local suite=$1 log=$logs/$1.log started=$SECONDS result=passed passed failed
    if [[ $server_suites == *" $suite "* ]] && ! server_is_ready; then
        note "$suite" 'could not run: there is no server' 0 1 0
        return
    fi
    heading "$suite: $(sed -n '2s/^# //p' "$tree/scripts/suites/$suite.sh")"
    "$tree/scripts/suites/$suite.sh" 2>&1 | tee "$log" || result=FAILED
    read -r passed failed < <(awk -f "$tree/scripts/count-cases.awk" "$log")
    if [ "$result" = FAILED ] && [ "$failed" -eq 0 ]; then failed=1; fi
    note "$suite" "$result" "$passed" "$failed" $((SECONDS - started))
}

note() {
    report+=("$(printf '%-10s %s: %d passed, %d failed, %d s' "$@")")
    total_passed=$((total_passed + $3))
    total_failed=$((total_failed + $4))
}

mkdir -p "$logs"
"$tree/scripts/prerequisites.sh"
for suite in "${suites[@]}"; do
    run_suite "$suite"
done

heading "Results"
printf '%s\n' "${report[@]}"
say "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ]
