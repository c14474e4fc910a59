"""What the tests of the worker stand on: stand-ins for Twilio, Google and Vapi, and the program itself.

The tests of the stand-ins need neither a database nor the program. For the others: BOOKING_TEST_DSN is the conninfo of a
superuser on a server that has the extension pg_booking, as in tests/python; BOOKING_WORKER_BIN is the program,
target/release/booking-worker if it is not set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
# For clinic.py, sessions.py and their kin.
sys.path.append(str(TREE / "tests" / "python"))

import pytest
from clinic import Clinic, connect
from courier import Courier
from databases import database_with_extension
from emulate import Emulate, Seed, install
from office import Office, make_role, write_keys
from psycopg import sql
from stand_ins.google import FakeGoogle
from stand_ins.listener import Listener
from stand_ins.twilio import FakeTwilio
from stand_ins.vapi import FakeVapi

NO_DATABASE = "BOOKING_TEST_DSN is not set: pass a libpq conninfo of a superuser on a server that has the extension pg_booking"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as twilio:
        yield twilio


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as google:
        yield google


@pytest.fixture
def vapi() -> Iterator[FakeVapi]:
    with FakeVapi() as vapi:
        yield vapi


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody's server, to be told things."""
    with Listener() as listener:
        yield listener


@pytest.fixture(scope="session")
def admin_dsn() -> str:
    """The connection string of a superuser."""
    if not (value := os.environ.get("BOOKING_TEST_DSN", "").strip()):
        pytest.fail(NO_DATABASE)
    return value


@pytest.fixture
def database(admin_dsn: str) -> Iterator[str]:
    """The connection string of a database of the test's own: couriers take the messages of everybody."""
    with database_with_extension(admin_dsn) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def worker_binary() -> Path:
    stated = os.environ.get("BOOKING_WORKER_BIN", "").strip()
    binary = Path(stated) if stated else TREE / "target" / "release" / "booking-worker"
    if not os.access(binary, os.X_OK):
        pytest.fail(f"{binary} is missing: build it, or name it in BOOKING_WORKER_BIN")
    return binary


@pytest.fixture
def courier(worker_binary: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Courier]]:
    """courier(*flags, env={...}) starts one; all of them are gone when the test ends. Their logs have the test's name."""
    with ExitStack() as running:
        count = 0

        def start(*flags: str, env: dict[str, str] | None = None) -> Courier:
            nonlocal count
            count += 1
            return running.enter_context(Courier(worker_binary, f"{request.node.name}-{count}", flags, env))

        yield start


@pytest.fixture(scope="session")
def emulate_is_installed() -> None:
    install()


@pytest.fixture
def emulate(emulate_is_installed: None, listener: Listener, tmp_path: Path) -> Iterator[Emulate]:
    """Messages to its number are posted to /inbound of `listener`."""
    with Emulate(tmp_path, Seed(sms_url=f"{listener.url}/inbound")) as emulate:
        yield emulate


@pytest.fixture
def office(
    database: str, courier: Callable[..., Courier], worker_binary: Path, tmp_path: Path, twilio: FakeTwilio, google: FakeGoogle,
    vapi: FakeVapi,
) -> Iterator[Office]:
    """A clinic without accounts, in a database of its own, and a worker's role there."""
    session = connect(database)
    write_keys(worker_binary, tmp_path / "keys", "first")
    role = make_role(session)
    yield Office(session, Clinic.open(database, session), role, courier, worker_binary, tmp_path, twilio, google, vapi)
    session.close()
    # The server may have been killed meanwhile.
    with connect(database) as last:
        last.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.fixture
def member(office: Office) -> Iterator[str]:
    """A role that may read the history of its organization, as tokens name it."""
    name = f"member_of_{office.session.info.dbname}"
    office.session.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    office.session.execute("SELECT booking.grant_member(%s)", [name])
    yield name
    # The server may have been started anew meanwhile.
    with connect(office.clinic.dsn) as last:
        last.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))
