#!/usr/bin/env bash
# Shows the main job with a private PostgreSQL: a messy request booked, a taken slot refused with alternatives, a wrong year put
# right, ten callers at once on one slot, a service with opening hours, the message and the event that follow a booking, and a board
# on which bookings are seen to arrive. Fails if any of it does not come out so. The statements are in demo/.
#
#   scripts/demo.sh         shows it, and leaves the server and the board running
#   scripts/demo.sh stop    stops both; what is in them stays
set -euo pipefail
. "$(dirname "$0")/common.sh"

database=booking_demo
cluster=$tree/scripts/cluster.sh
gate=20260320
worker=$tree/target/release/booking-worker
database_url="host=$("$cluster" socket demo) port=$(pin ports socket) user=postgres dbname=$database"
state=$tree/target/demo

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
    "$worker" run --dry-run --until-idle --listen 127.0.0.1:0 --database-url "$database_url" 2>&1 |
        tee "$work/worker" | grep 'dry run: '
    if ! grep -q 'dry run: message' "$work/worker" || ! grep -q 'dry run: event written' "$work/worker"; then
        fail "the worker has shown no message or no event: $(cat "$work/worker")"
    fi
    run 7-sent.sql
}

# The worker of the board goes on when the demo has ended. It is known again by its secret, which no other has.
stop_board() {
    local board
    for board in $(pgrep -f -- "--jwt-secret-file $state/jwt-secret" || true); do
        kill "$board" 2>/dev/null || true
        tail --pid="$board" -f /dev/null
    done
}

start_board() {
    mkdir -p "$state"
    (umask 077 && od -A n -N 32 -t x1 /dev/urandom | tr -d ' \n' > "$state/jwt-secret")
    sql -c "SELECT 1 FROM pg_roles WHERE rolname = 'demo_front_desk'" | grep -q 1 || sql -c 'CREATE ROLE demo_front_desk'
    sql -c "SELECT booking.grant_member('demo_front_desk')" \
        -c 'GRANT EXECUTE ON FUNCTION booking.requeue_job, booking.cancel_job TO demo_front_desk' >/dev/null
    NO_COLOR=1 setsid "$worker" run --dry-run --jwt-secret-file "$state/jwt-secret" --listen "${DEMO_LISTEN:-127.0.0.1:0}" \
        --database-url "$database_url" > "$state/worker.log" 2>&1 < /dev/null &
    local board=$!
    until board_address=$(grep -oE 'listening=[^ ]+' "$state/worker.log" | head -n 1 | cut -d= -f2) && [ -n "$board_address" ]; do
        kill -0 "$board" 2>/dev/null || fail "the worker of the board does not run: $(cat "$state/worker.log")"
        sleep 0.05
    done
    token=$("$worker" token --org "$org_id" --role demo_front_desk --hours 12 --jwt-secret-file "$state/jwt-secret" \
        --database-url "$database_url")
}

# Three book while the stream that the board follows is looked at. At a terminal there is time to open the board before.
board() {
    org_id=$(sql -c 'SELECT gen_random_uuid()')
    run 8-board.sql
    stop_board
    start_board
    say ''
    say 'Open this in a browser:'
    say "    http://$board_address/board#token=$token"
    if [ -t 0 ] && [ -t 1 ]; then
        say ''
        read -rp 'Three callers book when you press Enter. ' _ || true
    fi
    say ''
    say 'What arrives there, as anybody with a token can follow it:'
    say ''
    say "$ curl -N -H 'Authorization: Bearer ...' http://$board_address/events"
    curl --silent --no-buffer --header "Authorization: Bearer $token" "http://$board_address/events" > "$work/stream" &
    local onlooker=$! caller
    until_seen "$onlooker" '^retry:' 1
    for caller in 1 2 3; do
        run 8-caller.sql -v "caller=$caller" > "$work/told"
        grep -q confirmed "$work/told" || fail "caller $caller was told: $(cat "$work/told")"
        until_seen "$onlooker" '^event: booked' "$caller"
        say "-- $(cat "$work/told")"
        grep -A 1 '^event: booked' "$work/stream" | tail -n 2
        if [ -t 1 ]; then sleep 2; fi
    done
    kill "$onlooker"
}

# Waits until so many lines of the stream are of a kind.
until_seen() {
    local onlooker=$1 kind=$2 count=$3 tries=0
    until [ "$(grep -c "$kind" "$work/stream")" -ge "$count" ]; do
        kill -0 "$onlooker" 2>/dev/null || fail "the stream has ended: $(cat "$work/stream")"
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "the stream has not shown it in ten seconds: $(cat "$work/stream")"
        sleep 0.05
    done
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

case ${1:-} in
'') ;;
stop)
    stop_board
    "$cluster" stop demo
    exit
    ;;
*) fail 'usage: scripts/demo.sh [stop]' ;;
esac
"$tree/scripts/prerequisites.sh"
"$tree/scripts/packages.sh" curl procps
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
clinic=$org_id
board

cat <<TEXT

Go on yourself
==============
Connect:
    $pg_bin/psql -h $("$cluster" socket demo) -p $(pin ports socket) -U postgres $database
Try, for the first clinic above:
    SELECT booking.check_availability('$clinic', 'tomorrow', 'cleaning');
    SELECT * FROM booking.available_slots('$clinic', now(), now() + interval '1 day') LIMIT 5;
    SELECT booking.health();
With accounts, target/release/booking-worker sends: README.md says how to connect them.
Look at the board, whose worker goes on working, as a dry run:
    http://$board_address/board#token=$token
make demo runs this again with new clinics, make demo-stop stops the server and the board, make clean-demo removes them.
TEXT
