"""Reads on a physical standby and on a logical replica; a standby that takes over knows what was booked."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, connect, future, one
from databases import database_with_extension
from filled import Filled
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

CLUSTER = Path(__file__).resolve().parents[2] / "scripts/cluster.sh"
PATIENCE = 60.0

# What each answers depends on nothing but the rows, and on the minute.
READS = {
    "available_slots": "SELECT array_agg(s::text ORDER BY s) FROM booking.available_slots(%(org)s, %(from)s, %(to)s) AS s",
    "available_slots of a service":
        "SELECT array_agg(s::text ORDER BY s) FROM booking.available_slots(%(org)s, %(from)s, %(to)s, 'podiatry') AS s",
    "check_availability": "SELECT booking.check_availability(%(org)s, 'tomorrow')",
    "find_alternatives": "SELECT booking.find_alternatives(%(org)s, %(from)s, p_count => 20)",
    "appointment_status": "SELECT booking.appointment_status(%(org)s, %(appointment)s)",
    "health": "SELECT (booking.health()::jsonb - 'preloaded') #- '{workers,lastSeenSeconds}'",
    "current_org_id": "SELECT booking.current_org_id()",
}


def reads(session: psycopg.Connection, filled: Filled) -> dict[str, object]:
    """Both organizations as the session sees them."""
    found = {}
    for org, appointment in [
        (filled.clinic.org_id, filled.kept["appointmentId"]), (filled.other.ids["org"], filled.other.ids["appointment"]),
    ]:
        asked = {"org": org, "appointment": appointment, "from": future(200, 0), "to": future(200, 0) + timedelta(days=30)}
        for name, statement in READS.items():
            if name != "available_slots of a service" or org == filled.other.ids["org"]:
                found[f"{name} of {org}"] = one(session, statement, asked)
    return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} takes too long"


@pytest.fixture
def standby(filled: Filled) -> Iterator[str]:
    """The connection string of the same database on a standby of the primary."""
    dsn = make_conninfo(os.environ["BOOKING_STANDBY_DSN"], dbname=conninfo_to_dict(filled.dsn)["dbname"])
    try:
        subprocess.run([CLUSTER, "standby", "dba-standby", "dba-primary"], check=True)
        subprocess.run([CLUSTER, "start", "dba-standby", "fsync=off"], check=True)
        yield dsn
    finally:
        subprocess.run([CLUSTER, "remove", "dba-standby"], check=True)


def test_a_standby_reads_refuses_to_book_and_takes_over(filled: Filled, standby: str):
    with connect(standby) as session:
        # Booked when the standby was there already.
        late = filled.clinic.book(future(220))
        assert_booked(late)
        sent = one(filled.session, "SELECT pg_current_wal_lsn()")
        wait_until(lambda: one(session, "SELECT pg_last_wal_replay_lsn() >= %s", [sent]), "the replay")
        assert filled.rows(session) == filled.rows()
        assert reads(session, filled) == reads(filled.session, filled)
        wanted = filled.clinic.request(future(221))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            session.execute(BOOK, wanted)
        assert one(session, "SELECT booking.health()")["healthy"] is True
        # It takes over, and the same session books.
        assert one(session, "SELECT pg_promote()") is True
        assert one(session, BOOK, filled.clinic.request(future(220)))["error"] == "slot_unavailable"
        assert_booked(one(session, BOOK, wanted))
    filled.assert_works_in(standby)


@contextmanager
def logical_replica(filled: Filled, cluster: str) -> Iterator[psycopg.Connection]:
    """A session in another cluster whose database is sent every change, from the beginning."""
    with database_with_extension(cluster) as replica, connect(replica) as session:
        filled.session.execute("CREATE PUBLICATION booking_test FOR ALL TABLES")
        session.execute(sql.SQL("CREATE SUBSCRIPTION booking_test CONNECTION {} PUBLICATION booking_test WITH (slot_name = {})").format(
            sql.Literal(filled.dsn), sql.Literal("booking_test_slot")))
        try:
            yield session
        finally:
            session.execute("DROP SUBSCRIPTION booking_test")


def test_a_logical_replica_serves_reads(filled: Filled, second: str):
    with logical_replica(filled, second) as session:
        late = filled.clinic.book(future(220))
        assert_booked(one(filled.session, "SELECT booking.cancel_appointment(%s, %s)", [
            filled.clinic.org_id, filled.kept["appointmentId"]]))
        wait_until(lambda: has_arrived(filled, session), "the copy")
        assert reads(session, filled) == reads(filled.session, filled)
        shown = one(session, "SELECT booking.appointment_status(%s, %s)", [filled.clinic.org_id, late["appointmentId"]])
        assert shown["status"] == "confirmed"


def test_a_slot_that_is_booked_on_both_sides_stops_the_replica_and_is_taken_once_on_each(filled: Filled, second: str):
    at = future(221)
    with logical_replica(filled, second) as session:
        if session.info.server_version < 150000:
            pytest.skip("PostgreSQL 14 does not count what a subscription could not apply")
        wait_until(lambda: has_arrived(filled, session), "the copy")
        there = Clinic(session.info.dsn, session, filled.clinic.org_id)
        assert_booked(there.book(at))
        assert_booked(filled.clinic.book(at))
        wait_until(lambda: one(session, "SELECT apply_error_count FROM pg_stat_subscription_stats") > 0, "the conflict")
        for side in (session, filled.session):
            assert one(side, "SELECT count(*) FROM booking.appointments WHERE starts_at = %s", [at]) == 1
            assert one(side, "SELECT booking.health()")["overlaps"] == 0


def has_arrived(filled: Filled, replica: psycopg.Connection) -> bool:
    try:
        return filled.rows(replica) == filled.rows()
    except AssertionError:
        return False
