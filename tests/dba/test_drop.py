"""DROP EXTENSION while people work, and what is left afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, connect, future, one
from databases import database_with_extension

DROP, CREATE = "DROP EXTENSION pg_booking", "CREATE EXTENSION pg_booking"
PATIENCE = 60.0
GONE = (psycopg.errors.UndefinedFunction, psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName)


@pytest.fixture
def clinic(primary: str) -> Iterator[Clinic]:
    """In a database of its own."""
    with database_with_extension(primary) as dsn, connect(dsn) as session:
        yield Clinic.open(dsn, session)


def wait_for(clinic: Clinic, waiting: psycopg.Connection, holder: psycopg.Connection, future: Future) -> None:
    """Returns when the server says that the one waits for the other."""
    deadline = time.monotonic() + PATIENCE
    while holder.info.backend_pid not in one(clinic.admin, "SELECT pg_blocking_pids(%s)", [waiting.info.backend_pid]):
        assert not future.done(), f"it did not wait: {future.exception() or future.result()}"
        assert time.monotonic() < deadline, "it neither waits nor ends"


def test_a_drop_waits_for_a_booking_that_is_not_committed(clinic: Clinic):
    with clinic.connect(autocommit=False) as booker, clinic.connect() as dba, ThreadPoolExecutor(1) as thread:
        assert_booked(clinic.book(future(), booker))
        dba.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            dba.execute(DROP)
        dba.execute("SET lock_timeout = 0")
        dropped = thread.submit(dba.execute, DROP)
        wait_for(clinic, dba, booker, dropped)
        booker.commit()
        dropped.result()
        # Whoever was there is told, and lives.
        for session in (booker, clinic.admin):
            backend = session.info.backend_pid
            with pytest.raises(GONE):
                clinic.book(future(), session)
            session.rollback()
            assert one(session, "SELECT pg_backend_pid()") == backend


def test_a_booking_that_comes_during_the_drop_gets_an_error_and_no_crash(clinic: Clinic):
    with clinic.connect(autocommit=False) as dba, clinic.connect() as caller, ThreadPoolExecutor(1) as thread:
        assert_booked(clinic.book(future(), caller))
        dba.execute(DROP)
        booked = thread.submit(clinic.book, future(201), caller)
        wait_for(clinic, caller, dba, booked)
        dba.commit()
        with pytest.raises(psycopg.Error) as raised:
            booked.result()
        assert isinstance(raised.value, GONE) or raised.value.sqlstate in ("XX000", "42704"), raised.value
        assert one(caller, "SELECT 1") == 1


def test_a_drop_that_is_rolled_back_has_not_been(clinic: Clinic):
    with clinic.connect(autocommit=False) as dba:
        dba.execute(DROP)
        dba.rollback()
    assert_booked(clinic.book(future()))


def test_a_session_books_on_after_the_extension_was_made_again(clinic: Clinic):
    """Its kept plans were made for tables that are no more."""
    assert_booked(clinic.book(future()))
    with clinic.connect() as dba:
        dba.execute(DROP)
        dba.execute(CREATE)
    again = Clinic.open(clinic.dsn, clinic.admin)
    assert_booked(again.book(future()))
    assert again.book(future())["error"] == "slot_unavailable"
    assert one(clinic.admin, "SELECT count(*) FROM booking.appointments") == 1


def test_what_depends_on_it_keeps_it(clinic: Clinic):
    clinic.admin.execute("CREATE VIEW public.board AS SELECT id, starts_at FROM booking.appointments")
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        clinic.admin.execute(DROP)
    assert_booked(clinic.book(future()))
    clinic.admin.execute(f"{DROP} CASCADE")
    assert one(clinic.admin, "SELECT to_regclass('public.board') IS NULL")


def test_nothing_is_left_but_the_empty_schema(clinic: Clinic):
    clinic.book(future())
    clinic.admin.execute(DROP)
    left = """
        SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid) + (SELECT count(*) FROM pg_proc WHERE pronamespace = n.oid)
            + (SELECT count(*) FROM pg_type WHERE typnamespace = n.oid)
        FROM pg_namespace AS n WHERE n.nspname = 'booking'"""
    assert one(clinic.admin, left) == 0
    clinic.admin.execute("DROP SCHEMA booking")
    clinic.admin.execute(CREATE)
    assert one(clinic.admin, "SELECT count(*) FROM booking.organizations") == 0
    assert_booked(Clinic.open(clinic.dsn, clinic.admin).book(future()))
