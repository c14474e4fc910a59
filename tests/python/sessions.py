"""Two sessions step by step: one calls and waits, the other decides how long. Nothing sleeps; the server says who waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
from clinic import BOOK, Answer, Clinic, new_phone, one

PATIENCE = 60.0

WRITE_CONTACT = """
    INSERT INTO booking.contacts (org_id, id, phone, name, email)
    VALUES (%(org)s, %(contact)s, %(phone)s, 'Import', 'import@example.com')"""

WRITE_APPOINTMENT = """
    INSERT INTO booking.appointments
        (org_id, id, resource_id, seat, contact_id, patient_name, service_type, starts_at, ends_at, blocked)
    VALUES (%(org)s, gen_random_uuid(), %(resource)s, %(seat)s, %(contact)s, 'Import', 'import', %(start)s, %(end)s,
        tstzrange(%(start)s, %(end)s, '[)'))"""


@contextmanager
def second_session(clinic: Clinic) -> Iterator[tuple[psycopg.Connection, ThreadPoolExecutor]]:
    """A new autocommit session and the thread it calls from."""
    with clinic.connect() as session, ThreadPoolExecutor(1) as thread:
        try:
            yield session, thread
        except BaseException:
            # A test that fails must not wait for a call that waits for the test.
            session.cancel()
            raise


def book_and_wait_for(
    clinic: Clinic, session: psycopg.Connection, thread: ThreadPoolExecutor, holder: psycopg.Connection | None,
    **request: object,
) -> Future[Answer]:
    """Starts a booking in `session` and returns when the server says that it waits for `holder`; None: a prepared transaction."""
    pid = holder.info.backend_pid if holder else 0
    parameters = clinic.request(request.pop("at"), **request)
    future = thread.submit(one, session, BOOK, parameters)
    deadline = time.monotonic() + PATIENCE
    while pid not in one(clinic.admin, "SELECT pg_blocking_pids(%s)", [session.info.backend_pid]):
        assert not future.done(), f"it did not wait: {future.exception() or future.result()}"
        assert time.monotonic() < deadline, "the booking neither waits nor ends"
    return future


def write_directly(
    writer: psycopg.Connection, clinic: Clinic, start: datetime, resource: str | None = None, seat: int = 1,
    minutes: int = 60, phone: str | None = None,
) -> None:
    """What an import does that knows nothing of the booking function: plain INSERTs."""
    row = {
        "org": clinic.org_id, "contact": uuid4(), "phone": phone or new_phone(), "seat": seat,
        "resource": resource or clinic.first_resource(), "start": start, "end": start + timedelta(minutes=minutes),
    }
    writer.execute(WRITE_CONTACT, row)
    writer.execute(WRITE_APPOINTMENT, row)
