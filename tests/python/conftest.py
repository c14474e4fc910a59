"""What every test gets: a connection string, an admin connection and an organization of its own.

Run: `BOOKING_TEST_DSN="host=... user=postgres dbname=..." pytest tests/python`. The database has the extension, the role is a
superuser and the server takes 300 connections and 10 prepared transactions. BOOKING_TEST_CALLER may name another role, which then
makes the calls under test. Nothing is ever truncated: each test looks at its own organization only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from clinic import Clinic, connect, one
from hostile import row_counts
from hypothesis.configuration import set_hypothesis_home_dir
from psycopg.conninfo import make_conninfo
from victim import Victim

# What hypothesis notes goes where all results go.
set_hypothesis_home_dir(Path(__file__).resolve().parents[1] / "results" / "hypothesis")

MISSING = "BOOKING_TEST_DSN is not set: pass a libpq conninfo of a superuser on a database that has the extension pg_booking"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "superuser: not for a caller who is no superuser, and for no other search_path")


@pytest.fixture(scope="session")
def admin_dsn() -> str:
    """The connection string of a superuser."""
    if not (value := os.environ.get("BOOKING_TEST_DSN", "").strip()):
        pytest.exit(MISSING, returncode=2)
    return value


@pytest.fixture(scope="session")
def dsn(admin_dsn: str) -> str:
    """The connection string of those who call."""
    caller = os.environ.get("BOOKING_TEST_CALLER", "").strip()
    return make_conninfo(admin_dsn, user=caller) if caller else admin_dsn


@pytest.fixture(scope="session")
def admin(admin_dsn: str) -> Iterator[psycopg.Connection]:
    """One autocommit session, for setting up and for looking at what is there."""
    with connect(admin_dsn) as session:
        yield session


@pytest.fixture
def clinic(dsn: str, admin: psycopg.Connection) -> Clinic:
    """A new organization in UTC with one resource of one seat."""
    return Clinic.open(dsn, admin)


@pytest.fixture(scope="session")
def caller(dsn: str) -> Iterator[psycopg.Connection]:
    """The autocommit session in which hostile calls are made; it survives all of them."""
    with connect(dsn) as session:
        yield session


@pytest.fixture
def nothing_is_written_and_the_session_lives(clinic: Clinic, caller: psycopg.Connection) -> Iterator[None]:
    """Holds a test to it that no table of the extension has gained or lost a row, and no backend died."""
    before, backend = row_counts(clinic.admin), caller.info.backend_pid
    yield
    assert row_counts(clinic.admin) == before
    assert one(caller, "SELECT pg_backend_pid()") == backend


@pytest.fixture(scope="module")
def victim(dsn: str, admin: psycopg.Connection) -> Victim:
    """The organization whose data a hostile tenant wants."""
    return Victim.open(dsn, admin)


@pytest.fixture(scope="module")
def own(dsn: str, admin: psycopg.Connection) -> Clinic:
    """The organization of that tenant."""
    return Clinic.open(dsn, admin)
