"""Positions in the history hold where they were given: on a server that was restarted, but not on another one, in another
database, after a crash or a promotion; and a standby tells what is over for good."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clinic import Clinic, assert_booked, connect, future, one
from databases import database_with_extension, new_database
from filled import Filled
from test_dump import pg
from test_replicas import CLUSTER, has_arrived, logical_replica, standby, wait_until

__all__ = ["standby"]

READ = "SELECT booking.read_events(%s, %s)"
POSITION = "SELECT booking.events_position()"
WRITE = "INSERT INTO booking.events (org_id, id, kind) VALUES (%s, %s, 'moved')"


def write(session: psycopg.Connection, org_id: str) -> str:
    event = str(uuid4())
    session.execute(WRITE, [org_id, event])
    return event


def read(session: psycopg.Connection, org_id: str, after: str | None = None) -> dict[str, Any]:
    return one(session, READ, [org_id, after])


def ids(page: dict[str, Any]) -> list[str]:
    return [event["id"] for event in page["events"]]


def cluster(*arguments: str) -> None:
    subprocess.run([CLUSTER, *arguments], check=True)


@pytest.fixture
def on_second(second: str) -> Iterator[tuple[str, str]]:
    """The connection string of a database in the second cluster, which may be stopped, and an organization there."""
    with database_with_extension(second) as dsn:
        with connect(dsn) as session:
            org_id = Clinic.open(dsn, session).org_id
        yield dsn, org_id


def start() -> None:
    cluster("start", "dba-second", "fsync=off", "shared_preload_libraries=")


@pytest.mark.parametrize("cluster_of", ["primary", "second"])
def test_a_restored_history_is_whole_and_its_positions_are_of_its_own(
    filled: Filled, request: pytest.FixtureRequest, tmp_path: Path, cluster_of: str
):
    org_id = filled.clinic.org_id
    before = one(filled.session, POSITION)
    with new_database(request.getfixturevalue(cluster_of)) as restored:
        # The other cluster does not know the roles.
        pg("pg_dump", "--no-privileges", "-Fc", "-d", filled.dsn, "-f", str(tmp_path / "dump"))
        pg("pg_restore", "--exit-on-error", "-d", restored, str(tmp_path / "dump"))
        with connect(restored) as session:
            assert ids(read(session, org_id)) == ids(read(filled.session, org_id))
            page = read(session, org_id, before)
            assert page["reset"] is True
            late = write(session, org_id)
            assert ids(read(session, org_id, page["position"])) == [late]
            # What the purges of before say of transactions was said of others.
            assert read(session, filled.other.ids["org"], page["position"])["reset"] is False


def test_a_restart_keeps_positions_and_a_crash_does_not(on_second: tuple[str, str]):
    dsn, org_id = on_second
    with connect(dsn) as session:
        before = one(session, POSITION)
    cluster("stop", "dba-second")
    start()
    with connect(dsn) as session:
        event = write(session, org_id)
        page = read(session, org_id, before)
        assert (ids(page), page["reset"]) == ([event], False)
        # It takes an id that nobody writes down, and is over: the id is given again after the crash.
        with session.transaction(force_rollback=True):
            given = one(session, "SELECT pg_current_xact_id()::text")
        position = one(session, POSITION)
    cluster("kill", "dba-second")
    start()
    with connect(dsn) as session:
        again = one(session, "SELECT pg_current_xact_id()::text")
        page = read(session, org_id, position)
        assert (int(again) <= int(given), page["reset"]) == (True, True)
        late = write(session, org_id)
        assert ids(read(session, org_id, page["position"])) == [late]


def test_a_standby_tells_what_is_over_and_its_promotion_ends_positions(filled: Filled, standby: str):
    org_id = filled.clinic.org_id
    with connect(standby) as session, connect(filled.dsn, autocommit=False) as slow:
        before = one(session, POSITION)
        late = write(slow, org_id)
        early = write(filled.session, org_id)
        replayed(filled, session)
        # It is there, but the one that began before it is not over.
        assert one(session, "SELECT count(*) FROM booking.events WHERE id = %s", [early]) == 1
        page = read(session, org_id, before)
        assert (ids(page), page["reset"]) == ([], False)
        slow.commit()
        replayed(filled, session)
        page = read(session, org_id, page["position"])
        assert (sorted(ids(page)), page["reset"]) == (sorted([early, late]), False)
        assert read(session, org_id, one(filled.session, POSITION))["reset"] is True
        assert one(session, "SELECT pg_promote()") is True
        assert read(session, org_id, page["position"])["reset"] is True


def replayed(filled: Filled, session: psycopg.Connection) -> None:
    sent = one(filled.session, "SELECT pg_current_wal_insert_lsn()")
    filled.session.execute("CHECKPOINT")
    wait_until(lambda: one(session, "SELECT pg_last_wal_replay_lsn() >= %s", [sent]), "the replay")


def test_a_logical_replica_tells_what_it_was_sent(filled: Filled, second: str):
    org_id = filled.clinic.org_id
    with logical_replica(filled, second) as session:
        wait_until(lambda: has_arrived(filled, session), "the copy")
        assert ids(read(session, org_id)) == ids(read(filled.session, org_id))
        position = one(session, POSITION)
        assert_booked(filled.clinic.book(future(222)))
        event = write(filled.session, org_id)
        wait_until(lambda: event in ids(read(session, org_id, position)), "the change")
