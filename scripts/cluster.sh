#!/usr/bin/env bash
# A private PostgreSQL cluster: its own data directory in this tree, its own unix socket, no network. Two clones never meet.
#
#   scripts/cluster.sh start NAME [SETTING=VALUE ...]   makes the cluster if need be and starts it
#   scripts/cluster.sh standby NAME PRIMARY             makes a standby of another cluster of this tree, which must run
#   scripts/cluster.sh stop | remove | status NAME
#   scripts/cluster.sh kill NAME                        kills the server without a warning, as a power cut would
#   scripts/cluster.sh psql NAME [ARGUMENT ...]         psql as the superuser
#   scripts/cluster.sh socket | log NAME                prints the directory of its socket, the path of its log
set -euo pipefail
. "$(dirname "$0")/common.sh"

[ $# -ge 2 ] || fail "usage: scripts/cluster.sh start|standby|stop|kill|remove|status|psql|socket|log NAME [ARGUMENT ...]"
action=$1 name=$2
shift 2
[[ $name =~ ^[a-z][a-z0-9_-]{0,19}$ ]] || fail "\"$name\" is no name for a cluster: use up to 20 lower-case letters, digits, _ and -."

port=$(pin ports socket)
tree_hash=$(printf %s "$tree" | sha256sum | cut -c1-8)
# A socket's path may have 107 bytes, and a clone may lie deeper than that.
socket_of() {
    echo "/tmp/$extension-$tree_hash-$1"
}
socket=$(socket_of "$name")

# PostgreSQL refuses to run as root: there the server belongs to user postgres, who may not be let into the clone (one under
# /root, say). Then the data lies elsewhere.
locate_home() {
    home=$tree/.pg/$name
    if is_root && ! runuser -u postgres -- test -x "$tree" 2>/dev/null; then
        home=/var/lib/$extension/$tree_hash/$name
    fi
    data=$home/data
    log=$home/server.log
    server_user=$(id -un)
    if [ -d "$home" ]; then
        server_user=$(stat -c %U "$home")
    elif is_root; then
        server_user=postgres
    fi
    is_root || [ "$server_user" = "$(id -un)" ] ||
        fail "the cluster in $home belongs to $server_user: remove it first with sudo scripts/cluster.sh remove $name."
}

as_server_user() {
    if is_root; then
        (cd / && runuser -u "$server_user" -- "$@")
    else
        "$@"
    fi
}

own_directory() {
    if is_root; then
        install -d -m 700 -o "$server_user" -g "$(id -gn "$server_user")" "$1"
    else
        install -d -m 700 "$1"
    fi
}

# Whether a process has the data directory as its working directory, as every PostgreSQL process has.
works_in_data() {
    [ "$(readlink "/proc/$1/cwd" 2>/dev/null)" = "$data" ]
}

server_process() {
    local pid
    pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] && works_in_data "$pid" && echo "$pid"
}

answers() {
    "$pg_bin/pg_isready" -q -h "$socket" -p "$port" -U postgres
}

# The processes of the server, its backends among them.
processes() {
    local process
    for process in /proc/[0-9]*; do
        if works_in_data "${process#/proc/}"; then echo "${process#/proc/}"; fi
    done
}

wait_for_the_end_of_processes() {
    local attempt left
    for attempt in {1..50}; do
        left=$(processes)
        [ -n "$left" ] || return 0
        sleep 0.2
    done
    fail "a server that was killed still works in $data after $((attempt / 5)) seconds: end these processes first: ${left//$'\n'/ }"
}

# A killed server leaves its pid file, its socket and, for a moment, its backends. PostgreSQL clears up after itself, except when
# another process has meanwhile been given the same pid; and nothing may be cleared while an old backend still writes.
clear_up_after_kill() {
    [ -f "$data/postmaster.pid" ] || return 0
    wait_for_the_end_of_processes
    rm -f "$data/postmaster.pid" "$socket/.s.PGSQL.$port" "$socket/.s.PGSQL.$port.lock"
}

make_cluster() {
    [ ! -f "$data/PG_VERSION" ] || return 0
    say "Making the cluster \"$name\" in $home (about 5 seconds)."
    [ "$home" = "$tree/.pg/$name" ] || say "It is not in this tree, because user $server_user may not enter $tree."
    mkdir -p "${home%/*}"
    own_directory "$home"
    # What an interrupted initdb left would stop the next one.
    rm -rf "$data"
    as_server_user "$pg_bin/initdb" --pgdata "$data" --username postgres --auth trust --encoding UTF8 --locale C.UTF-8 \
        --no-instructions >/dev/null
    echo "include 'private.conf'" | as_server_user tee -a "$data/postgresql.conf" >/dev/null
}

# Trust is safe here: nobody else can reach the socket. The extension is loaded with the server so that every backend inherits
# the phone metadata instead of reading it.
write_settings() {
    local setting
    {
        echo "listen_addresses = ''"
        echo "port = $port"
        echo "unix_socket_directories = '$socket'"
        echo "shared_preload_libraries = '$extension'"
        echo "max_connections = 300"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        for setting in "$@"; do
            echo "${setting%%=*} = '${setting#*=}'"
        done
    } | as_server_user tee "$data/private.conf" >/dev/null
}

# The socket's path is known beforehand and /tmp is everybody's: a directory that somebody else made there is not used.
make_socket_directory() {
    if [ -e "$socket" ] || [ -L "$socket" ]; then
        if [ -L "$socket" ] || [ ! -d "$socket" ] || [ "$(stat -c %U "$socket")" != "$server_user" ]; then
            fail "$socket is not a directory of user $server_user: remove it first."
        fi
    fi
    own_directory "$socket"
}

start() {
    if [ -n "$(server_process)" ]; then
        if ! answers; then
            say "Restarting the cluster \"$name\": it runs but does not answer."
        elif [ "$(cat "$home/loaded" 2>/dev/null)" != "$(installed_checksum)" ]; then
            say "Restarting the cluster \"$name\", to load the extension as it is installed now."
        else
            return 0
        fi
        stop
    fi
    make_cluster
    [ "$(cat "$data/PG_VERSION")" = "$pg_major" ] ||
        fail "the cluster in $home is of PostgreSQL $(cat "$data/PG_VERSION"): remove it first with scripts/cluster.sh remove $name."
    clear_up_after_kill
    write_settings "$@"
    make_socket_directory
    if ! as_server_user "$pg_bin/pg_ctl" start --pgdata "$data" --log "$log" --silent --wait --timeout 60 >/dev/null; then
        tail -n 20 "$log" >&2
        fail "the cluster \"$name\" does not start; the end of $log is above."
    fi
    installed_checksum | as_server_user tee "$home/loaded" >/dev/null
}

# It follows its primary from the next start on.
standby() {
    [ $# -eq 1 ] || fail "usage: scripts/cluster.sh standby NAME PRIMARY"
    [ ! -d "$home" ] || fail "there is a cluster \"$name\": remove it first."
    mkdir -p "${home%/*}"
    own_directory "$home"
    as_server_user "$pg_bin/pg_basebackup" --pgdata "$data" --host "$(socket_of "$1")" --port "$port" --username postgres \
        --write-recovery-conf --checkpoint fast --wal-method stream
}

stop() {
    [ -n "$(server_process)" ] || return 0
    as_server_user "$pg_bin/pg_ctl" stop --pgdata "$data" --silent --mode fast --timeout 30 >/dev/null ||
        as_server_user "$pg_bin/pg_ctl" stop --pgdata "$data" --silent --mode immediate >/dev/null
}

# First the process that would start others; then the backends, which would answer their clients to the end of a statement.
kill_server() {
    local process
    process=$(server_process)
    [ -n "$process" ] || return 0
    kill -9 "$process"
    for process in $(processes); do kill -9 "$process" 2>/dev/null || true; done
    wait_for_the_end_of_processes
}

remove() {
    stop
    rm -rf "$home" "$socket"
    # The directories above it go with the last cluster.
    rmdir -p --ignore-fail-on-non-empty "${home%/*}" 2>/dev/null || true
}

status() {
    if [ -n "$(server_process)" ] && answers; then
        say "The cluster \"$name\" runs, with its socket in $socket and its data in $data."
    elif [ -d "$data" ]; then
        say "The cluster \"$name\" is stopped. Its data is in $data."
        return 3
    else
        say "There is no cluster \"$name\"."
        return 4
    fi
}

locate_home
case $action in
start | standby) "$action" "$@" ;;
stop | remove | status) "$action" ;;
kill) kill_server ;;
psql) exec "$pg_bin/psql" -h "$socket" -p "$port" -U postgres "$@" ;;
socket) echo "$socket" ;;
log) echo "$log" ;;
*) fail "there is no action \"$action\": use start, standby, stop, kill, remove, status, psql, socket or log." ;;
esac
