#!/usr/bin/env bash
# Shows the main job with a private PostgreSQL: a messy request booked, a taken slot refused with alternatives, a wrong year put
# right, ten callers at once on one slot, a service with opening hours, the message and the event that follow a booking. Fails
# if any of it does not come out so. The statements are in demo/.
set -euo pipefail
. "$(dirname "$0")/common.sh"

database=booking_demo
cluster=$tree/scripts/cluster.sh
gate=20260320

sql() {
    "$cluster" psql demo -d "$database" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# The statement is shown with the clinic of this run in it, as a reader could run it.
run() {
    local file=$1 script=$work/$BASHPID-$1
    shift
    sed -e "s/{{org_id}}/$org_id/g; s/{{date_in_2024}}/${date_in_2024:-}/g; s/{{race_time}}/${race_time:-}/g; s/{{gate}}/$gate/g" \
        "$tree/demo/$file" > "$script"
    sql -f "$script" "$@"
}

# The database is marked with the extension it was made with; another one means a new database.
prepare_database() {
    local made_with wanted
    wanted=$(installed_checksum)
    made_with=$("$cluster" psql demo -d postgres -X -A -t -c \
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '$database'")
    [ "$made_with" != "$wanted" ] || return 0
    "$cluster" psql demo -d postgres -X -q -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
DROP DATABASE IF EXISTS $database WITH (FORCE);
CREATE DATABASE $database;
\connect $database
SET client_min_messages = warning;
CREATE EXTENSION $extension CASCADE;
COMMENT ON DATABASE $database IS '$wanted';
SQL
}

race() {
    heading_of_race
    run 4-gate.sql &
    local gate_keeper=$! caller callers=()
    until [ "$(sql -c "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $gate AND granted")" = 1 ]; do
        kill -0 "$gate_keeper" 2>/dev/null || fail "the gate of the race did not open."
        sleep 0.05
    done
    for caller in {1..10}; do
        run 4-one-caller.sql -v "caller=$caller" > "$work/answer-$caller" &
        callers+=($!)
    done
    wait "$gate_keeper"
    # A caller that failed has said why, and is missing from the answers.
    wait "${callers[@]}" || true
    cat "$work"/answer-* | run 4-result.sql
}

# With no accounts there is nobody to send to: a worker writes to its log what it would have sent.
messages() {
    run 6-messages.sql
    say ''
    say 'A worker that has no accounts does what is due as a dry run:'
    say ''
    say "$ booking-worker run --dry-run --until-idle --database-url ..."
    "$tree/target/release/booking-worker" run --dry-run --until-idle --listen 127.0.0.1:0 \
        --database-url "host=$("$cluster" socket demo) port=$(pin ports socket) user=postgres dbname=$database" 2>&1 |
        tee "$work/worker" | grep 'dry run: '
    if ! grep -q 'dry run: message' "$work/worker" || ! grep -q 'dry run: event written' "$work/worker"; then
        fail "the worker has shown no message or no event: $(cat "$work/worker")"
    fi
    run 7-sent.sql
}

heading_of_race() {
    say ''
    say '4. Ten callers at once on one slot'
    say '=================================='
    say 'Ten sessions wait at a gate and are let go together. Each of them runs, with :caller from 1 to 10:'
    say ''
    sed -n '/^SELECT booking/,$p' "$tree/demo/4-one-caller.sql" |
        sed -e "s/{{org_id}}/$org_id/; s/{{race_time}}/$race_time/"
    say ''
}

"$tree/scripts/prerequisites.sh"
"$tree/scripts/install.sh"
"$tree/scripts/worker.sh"
"$cluster" start demo
prepare_database

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
org_id=$(sql -c "SELECT booking.create_organization('Riverside Dental', 'America/New_York')")
# Three weeks ahead, so that this year's or next year's day of the same name is still to come.
date_in_2024=2024-$(date -d '21 days' +%m-%d)
race_time=$(sql -c "SELECT to_char(date_trunc('day', now()) + interval '10 days 15 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")

say ''
say 'A new clinic, with the time zone of New York:'
say ''
say "SELECT booking.create_organization('Riverside Dental', 'America/New_York');"
say "$org_id"
say ''
run 1-voice-agent.sql
run 2-slot-taken.sql
run 3-date-corrected.sql
race
run 5-opening-hours.sql
messages

cat <<TEXT

Go on yourself
==============
Connect:
    $pg_bin/psql -h $("$cluster" socket demo) -p $(pin ports socket) -U postgres $database
Try, for the clinic above:
    SELECT booking.check_availability('$org_id', 'tomorrow', 'cleaning');
    SELECT * FROM booking.available_slots('$org_id', now(), now() + interval '1 day') LIMIT 5;
    SELECT booking.health();
With accounts, target/release/booking-worker sends: README.md says how to connect them.
make demo runs this again with a new clinic, make demo-stop stops the server, make clean-demo removes it.
TEXT
