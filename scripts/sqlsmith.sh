#!/usr/bin/env bash
# Lets sqlsmith loose on the functions of the extension: random queries, sent by a role that is no superuser but has every right
# that the extension gives, each rolled back after it. Fails when a backend crashes, when the server reports an internal error,
# and when a backend's memory grows without bound. The cluster is its own, and is removed at the end.
#
#   FUZZ_SQL_SECONDS=600 FUZZ_SQL_SEED=1 scripts/sqlsmith.sh
#
# The same seed makes the same queries, in as far as there is time for them. Which functions had no turn is chance, and is said.
set -euo pipefail
. "$(dirname "$0")/common.sh"

seconds=${FUZZ_SQL_SECONDS:-20}
seed=${FUZZ_SQL_SEED:-1}
# Of one backend, in memory of its own: twenty times what it takes to run all functions.
most_megabytes=512

cluster=sqlsmith
results=$tree/tests/results/sqlsmith/$pg_major

in_cluster() {
    "$tree/scripts/cluster.sh" "$@"
}

query() {
    in_cluster psql $cluster -d smith -X -A -t -v ON_ERROR_STOP=1 "$@"
}

end() {
    if [ -n "${watcher:-}" ]; then kill "$watcher" 2>/dev/null || true; fi
    in_cluster remove $cluster
}

# The log says of every error which statement it was, and by %e which kind of error.
prepare() {
    command -v sqlsmith >/dev/null || "$tree/scripts/packages.sh" sqlsmith
    in_cluster remove $cluster
    in_cluster start $cluster fsync=off synchronous_commit=off full_page_writes=off track_functions=all \
        'log_line_prefix=%m [%p] %e '
    in_cluster psql $cluster -d postgres -X -q -v ON_ERROR_STOP=1 -c 'CREATE DATABASE smith'
    query -q -c 'SET client_min_messages = warning' -c "CREATE EXTENSION $extension CASCADE" -f "$tree/fuzz/sqlsmith/setup.sql"
    mkdir -p "$results"
    rm -f "$results"/*
    server_log=$(in_cluster log $cluster)
}

# Notes every second how much memory, in kB, a backend of sqlsmith has of its own.
watch_memory() {
    local pid kilobytes
    while sleep 1; do
        for pid in $(query -c "SELECT pid FROM pg_stat_activity WHERE usename = 'smith'" 2>/dev/null); do
            kilobytes=$(awk '/^RssAnon:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || true
            if [ -n "$kilobytes" ]; then echo "$kilobytes"; fi
        done
    done
}

# It ends only when it is interrupted, and then says what it has done; timeout makes 124 of that.
run_sqlsmith() {
    timeout --signal=INT --kill-after=20 "$seconds" sqlsmith --verbose --exclude-catalog --seed="$seed" \
        --target="host=$(in_cluster socket $cluster) port=$(pin ports socket) user=smith dbname=smith" \
        > "$results/sqlsmith.log" 2>&1
}

# A crash, a panic, a failed assertion of the server; an internal error (class XX), which also is what a panic of ours becomes.
bad='was terminated by signal|server process [(]PID [0-9]+[)] exited|PANIC:|TRAP:|[]] XX[0-9A-Z][0-9A-Z][0-9A-Z] (ERROR|FATAL):'

# What the log says of the first of them, with its statement, and how many of each there were.
show_bad() {
    awk -v bad="$bad" '
        shown && !/^\t/ && !/(DETAIL|HINT|CONTEXT|STATEMENT|LOCATION):  / { exit }
        shown || $0 ~ bad { shown = 1; print substr($0, 1, 400) }
    ' "$server_log"
    say "All of them, without their statements:"
    grep -a -E "$bad" "$server_log" | sed -E 's/^[^]]*\] //' | sort | uniq -c | sort -rn | head -n 20
}

trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

prepare
say "Sending random queries to $("$pg_config" --version) for $seconds seconds, with FUZZ_SQL_SEED=$seed."
watch_memory > "$results/memory" &
watcher=$!
status=0
run_sqlsmith || status=$?
kill "$watcher" 2>/dev/null || true
watcher=''

if grep -a -q -E "$bad" "$server_log"; then
    show_bad
    cp "$server_log" "$results/server.log"
    fail "the server did what it never should; all of its log is in ${results#"$tree/"}/server.log."
fi
[ "$status" -eq 124 ] || {
    tail -n 5 "$results/sqlsmith.log" >&2
    fail "sqlsmith ended by itself, with status $status; the end of what it said is above."
}

queries=$(sed -n 's/^queries: //p' "$results/sqlsmith.log" | tail -n 1)
# Of those that its role may call, without current_org_id, which the policies call for every row. A call that ends in an error is not
# counted, but leaves a line of the statistics with a count of 0.
IFS='|' read -r called answered all answers not_called < <(query -c "
    SELECT count(s.calls), count(*) FILTER (WHERE s.calls > 0), count(*), COALESCE(sum(s.calls), 0),
        COALESCE(string_agg(p.proname, ' ' ORDER BY p.proname) FILTER (WHERE s.calls IS NULL), 'none')
    FROM (
        SELECT DISTINCT proname FROM pg_proc
        WHERE pronamespace = 'booking'::regnamespace AND has_function_privilege('smith', oid, 'EXECUTE')
            AND proname <> 'current_org_id'
    ) AS p
    LEFT JOIN (
        SELECT funcname, sum(calls) AS calls FROM pg_stat_user_functions WHERE schemaname = 'booking' GROUP BY 1
    ) AS s ON s.funcname = p.proname")
megabytes=$(sort -n "$results/memory" | awk 'END { print int($1 / 1024) }')
say "${queries:-0} queries; $called of $all functions called, of which $answered gave $answers answers; memory up to $megabytes MB."
say "Not called: $not_called"

[ "$megabytes" -le "$most_megabytes" ] || fail "a backend had more than $most_megabytes MB of its own."
if [ "${queries:-0}" -eq 0 ] || [ "$answers" -eq 0 ] || [ "$megabytes" -eq 0 ]; then
    fail "nothing was called or measured; what sqlsmith said is in ${results#"$tree/"}/sqlsmith.log."
fi
