"""What callers ask a voice agent for, and what it is to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from office import Office
from psycopg import sql
from psycopg.conninfo import make_conninfo
from stand_ins.vapi_call import Answered, VoiceCall

UNAUTHORIZED = {"error": "unauthorized"}
TOOLS = {
    "book_appointment", "check_availability", "reschedule_appointment", "cancel_appointment", "find_appointment", "leave_message",
    "request_transfer",
}

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
# No code, no name of a field or of a function, and nothing of JSON.
_TECHNICAL = re.compile(r"\w_\w|[{}\[\]<>]|\bnull\b|\bSQL|\b[a-z]+[A-Z]")


def day_and_time(at: datetime) -> dict[str, str]:
    """A time as a model writes it down."""
    return {"appointmentDate": f"{at:%Y-%m-%d}", "appointmentTime": f"{at:%H:%M}"}


def new_time(at: datetime) -> dict[str, str]:
    """The arguments of a move."""
    return {"newDate": f"{at:%Y-%m-%d}", "newTime": f"{at:%H:%M}"}


def wanted(at: datetime, phone: str, **changes: Any) -> dict[str, Any]:
    """The arguments of a booking."""
    return day_and_time(at) | {"patientName": "ann lee", "patientPhone": phone, "serviceType": "checkup"} | changes


def wish(call: VoiceCall, at: datetime, **changes: Any) -> dict[str, Any]:
    """The same, of who is on the phone."""
    return wanted(at, call.caller, **changes)


# What is said.


def time_of_day(at: datetime) -> str:
    return f"{at:%I:%M %p}".lstrip("0")


def moment(at: datetime) -> str:
    """Months ahead: never today or tomorrow."""
    year = "" if at.year == datetime.now(UTC).year else f", {at.year}"
    return f"on {at:%A}, {at:%B} {at.day}{year} at {time_of_day(at)}"


def confirmed(at: datetime, name: str = "Ann Lee") -> str:
    return f"Appointment confirmed for {name} {moment(at)}."


def held(at: datetime, name: str = "Ann Lee") -> str:
    return f"I have reserved the appointment for {name} {moment(at)}. It will be confirmed in a moment."


def known(at: datetime, name: str = "Ann Lee") -> str:
    return f"{name} has an appointment for checkup {moment(at)}."


def booked_already(at: datetime, name: str = "Ann Lee") -> str:
    return f"{name} already has this appointment {moment(at)}. It is booked."


def moved(at: datetime, name: str = "Ann Lee") -> str:
    return f"The appointment for {name} is now {moment(at)}."


def cancelled(at: datetime) -> str:
    return f"The appointment {moment(at)} is cancelled."


def taken(first: datetime, second: datetime, third: datetime) -> str:
    """All three of the day that was asked for."""
    choices = f"{time_of_day(first)}, {time_of_day(second)}, or {time_of_day(third)}"
    return (f"That slot is no longer available. I checked the calendar and I do have {choices} available. "
            "Would any of those work for you?")


def assert_can_be_read_aloud(text: str) -> None:
    """One line of plain words, without ids."""
    assert isinstance(text, str) and text.strip() == text and text, repr(text)
    # As str.splitlines knows lines: also those of Unicode.
    assert text.splitlines() == [text] and text.isprintable(), repr(text)
    assert not _ID.search(text) and not _TECHNICAL.search(text), text


def assert_apologizes(answered: Answered, *calls: tuple[str, str]) -> None:
    """To each of these tool calls, by id and name; nothing is said to be done."""
    assert answered.status == 200, answered
    assert [(result["toolCallId"], result["name"]) for result in answered.results] == list(calls)
    for result in answered.results:
        assert_can_be_read_aloud(result["result"])
        assert not re.search(r"confirmed|reserved|booked|is now|is cancelled|no longer available", result["result"]), result


# What happens meanwhile.


def how_many_ask(office: Office, function: str) -> int:
    """How many sessions of the worker wait for the database to answer a call of this function."""
    return office.session.execute("""
        SELECT count(*) FROM pg_stat_activity
        WHERE usename = %s AND state = 'active' AND query ILIKE %s""", [office.role, f"%booking.{function}%"]).fetchone()[0]


def is_asking(office: Office, function: str) -> bool:
    return how_many_ask(office, function) > 0


@contextmanager
def locked(office: Office, table: str) -> Iterator[psycopg.Connection]:
    """Somebody holds this table, so that whoever reads or writes it waits until the end of the block."""
    with office.clinic.connect(autocommit=False) as session:
        session.execute(sql.SQL("LOCK TABLE booking.{} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        yield session
        session.rollback()


@contextmanager
def database_away(office: Office) -> Iterator[None]:
    """The worker loses its connections, and gets no new ones until the end of the block."""
    with psycopg.connect(make_conninfo(office.clinic.dsn, dbname="postgres"), autocommit=True) as server:
        role = sql.Identifier(office.role)
        server.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        server.execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = %s", [office.role])
        try:
            yield
        finally:
            server.execute(sql.SQL("ALTER ROLE {} LOGIN").format(role))
