"""The agenda: one moment, whatever goes on; nothing is lost between it and the events after it; and it reads what it shows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from clinic import BOOK, Clinic, connect, future, one
from clinic import request as booking_of
from databases import database_with_extension
from psycopg import sql
from tenants import roles_of_each_kind

# It makes roles, and writes to tables.
pytestmark = pytest.mark.superuser

DAY = future(days=200, hour=0)
AGENDA = "SELECT booking.agenda(%s, %s, %s)"
WRITERS, BOOKINGS = 4, 30

HISTORY = """
    INSERT INTO booking.appointments (org_id, id, resource_id, contact_id, patient_name, service_type, starts_at, ends_at, blocked, status)
    SELECT %(org)s, gen_random_uuid(), %(room)s, gen_random_uuid(), 'Ann', 'Surgery', start, start + interval '5 minutes',
        tstzrange(start, start + interval '5 minutes'), %(status)s
    FROM generate_series(%(first)s::timestamptz, %(first)s::timestamptz + 19999 * interval '5 minutes', interval '5 minutes') AS start"""

ROWS = """
    SELECT (seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables WHERE relid = 'booking.appointments'::regclass"""


def appointments(agenda: dict) -> set[str]:
    return {appointment["id"] for appointment in agenda["appointments"]}


def test_what_is_not_in_an_agenda_is_in_the_events_after_it_and_nothing_is_in_both(clinic: Clinic):
    """However writers and the reader meet: some book and give up, some take their time."""
    rooms = [clinic.first_resource(), *(clinic.add_resource() for _ in range(WRITERS - 1))]
    booked: set[str] = set()
    lock = threading.Lock()

    def write(room: str) -> None:
        with clinic.connect(autocommit=False) as session:
            for number in range(BOOKINGS):
                at = DAY + timedelta(minutes=30 * number)
                answer = one(session, BOOK, booking_of(clinic.org_id, at, resource=room, minutes=30))
                assert answer["success"], answer
                if number % 5 == 4:
                    session.rollback()
                    continue
                session.commit()
                with lock:
                    booked.add(answer["appointmentId"])

    agendas: list[dict] = []
    with clinic.connect() as reader, ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, room) for room in rooms]
        while not all(each.done() for each in writing):
            agendas.append(one(reader, AGENDA, [clinic.org_id, DAY.date(), 1]))
        for each in writing:
            each.result()
        assert len(booked) == WRITERS * BOOKINGS * 4 // 5
        assert any(0 < len(agenda["appointments"]) < len(booked) for agenda in agendas), "nobody looked in the middle"
        for agenda in agendas:
            answer = one(reader, "SELECT booking.read_events(%s, %s, 10000)", [clinic.org_id, agenda["position"]])
            later = {event["appointmentId"] for event in answer["events"] if event["kind"] == "booked"}
            assert not answer["reset"]
            assert appointments(agenda) | later == booked
            assert not appointments(agenda) & later


def test_an_agenda_agrees_with_itself(clinic: Clinic):
    """A writer changes the names of the organization and of a resource together; no agenda has one of them only."""
    room = clinic.first_resource()
    stop = threading.Event()

    def rename() -> None:
        with clinic.connect(autocommit=False) as session:
            number = 0
            while not stop.is_set():
                number += 1
                session.execute("UPDATE booking.resources SET name = %s WHERE org_id = %s AND id = %s", [f"name {number}", clinic.org_id, room])
                session.execute("UPDATE booking.organizations SET name = %s WHERE org_id = %s", [f"name {number}", clinic.org_id])
                session.execute(
                    """INSERT INTO booking.services (org_id, id, name, name_key, duration_minutes)
                    VALUES (%s, '00000000-0000-7000-8000-000000000001', %s, 'the one', 30)
                    ON CONFLICT (org_id, name_key) DO UPDATE SET name = excluded.name""", [clinic.org_id, f"name {number}"])
                session.commit()

    with clinic.connect() as reader, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(rename)
        try:
            seen = set()
            while len(seen) < 50:
                assert not writing.done(), writing.result()
                agenda = one(reader, AGENDA, [clinic.org_id, DAY.date(), 1])
                if not agenda["services"]:
                    continue
                names = {agenda["organization"]["name"], agenda["resources"][0]["name"], agenda["services"][0]["name"]}
                assert len(names) == 1, names
                seen |= names
        finally:
            stop.set()
        writing.result()


def test_within_a_transaction_it_sees_what_the_transaction_has_written(clinic: Clinic):
    with clinic.connect(autocommit=False) as session:
        answer = one(session, BOOK, booking_of(clinic.org_id, DAY + timedelta(hours=9)))
        assert appointments(one(session, AGENDA, [clinic.org_id, DAY.date(), 1])) == {answer["appointmentId"]}
        session.execute("SELECT booking.cancel_appointment(%s, %s)", [clinic.org_id, answer["appointmentId"]])
        (shown,) = one(session, AGENDA, [clinic.org_id, DAY.date(), 1])["appointments"]
        assert shown["status"] == "cancelled"


def test_it_can_be_read_where_nothing_can_be_written(clinic: Clinic):
    with clinic.connect() as session:
        session.execute("SET default_transaction_read_only = on")
        assert one(session, AGENDA, [clinic.org_id, DAY.date(), 31])["success"]


@pytest.mark.parametrize("kind", [None, "member"], ids=["a superuser", "a tenant under row level security"])
def test_what_it_reads_does_not_grow_with_the_years(admin_dsn: str, kind: str | None):
    with database_with_extension(admin_dsn) as dsn, roles_of_each_kind(dsn) as roles, connect(dsn) as session:
        clinic = Clinic.open(dsn, session)
        room = clinic.first_resource()
        session.execute("SET session_replication_role = replica")
        for hour in range(9, 17):
            one(session, BOOK, booking_of(clinic.org_id, DAY + timedelta(hours=hour), resource=room, minutes=30))
        alone = rows_read(session, clinic, roles.get(kind))
        for status, days in [("completed", -400), ("cancelled", -400), ("no_show", -600), ("confirmed", 300)]:
            fill = {"org": clinic.org_id, "room": room, "status": status, "first": DAY + timedelta(days=days)}
            session.execute(HISTORY, fill)
        session.execute("ANALYZE booking.appointments")
        session.execute("DISCARD PLANS")
        assert rows_read(session, clinic, roles.get(kind)) == alone == 8


def rows_read(session: psycopg.Connection, clinic: Clinic, role: str | None) -> int:
    """The appointments that a reading of a week touches, by plans that it has."""
    if role:
        session.execute("SELECT set_config('booking.org_id', %s, false)", [clinic.org_id])
        session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    read = [clinic.org_id, DAY.date(), 7]
    assert len(one(session, AGENDA, read)["appointments"]) == 8
    with session.transaction():
        before = one(session, ROWS)
        one(session, AGENDA, read)
        found = one(session, ROWS) - before
    session.execute("RESET ROLE")
    return found
