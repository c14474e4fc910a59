"""The roles that README.md describes: each may call what its column says and nothing else, and what it may call works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, future, one, request
from psycopg import sql
from tenants import KINDS, roles_of_each_kind

# They make roles, which takes a superuser.
pytestmark = pytest.mark.superuser

README = Path(__file__).resolve().parents[2] / "README.md"

FUNCTIONS = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'booking'::regnamespace"
MAY_CALL = """
    SELECT DISTINCT proname FROM pg_proc
    WHERE pronamespace = 'booking'::regnamespace AND has_function_privilege(%s, oid, 'EXECUTE')"""
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' AND has_table_privilege(%s, oid, %s)"""


@pytest.fixture(scope="module")
def roles(dsn: str) -> Iterator[dict[str, str]]:
    with roles_of_each_kind(dsn) as names:
        yield names


@contextmanager
def acting(clinic: Clinic, role: str) -> Iterator[psycopg.Connection]:
    """A session of `role` that belongs to the clinic, as ALTER ROLE ... SET booking.org_id would make it."""
    with clinic.connect() as session:
        session.execute("SELECT set_config('booking.org_id', %s, false)", [clinic.org_id])
        session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        yield session


def told() -> dict[str, set[str]]:
    """Which functions README.md says that each kind of role may call."""
    rows = re.findall(r"^\| (`[^|]+`) \|([^|]*)\|([^|]*)\|([^|]*)\|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    may: dict[str, set[str]] = {kind: set() for kind in KINDS} | {"listed": set()}
    for names, *columns in rows:
        if not all(column.strip() in ("", "yes") for column in columns):
            continue
        functions = set(re.findall(r"`(\w+)`", names))
        may["listed"] |= functions
        for kind, column in zip(KINDS, columns, strict=True):
            may[kind] |= functions if column.strip() == "yes" else set()
    return may


def test_readme_lists_every_function(admin: psycopg.Connection):
    assert told()["listed"] == {name for (name,) in admin.execute(FUNCTIONS)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_may_call_what_readme_says(admin: psycopg.Connection, roles: dict[str, str], kind: str):
    assert {name for (name,) in admin.execute(MAY_CALL, [roles[kind]])} == told()[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_backend_may_delete_appointments_and_nobody_truncates_or_hangs_on(
    admin: psycopg.Connection, roles: dict[str, str], kind: str
):
    deleted = {name for (name,) in admin.execute(TABLES, [roles[kind], "DELETE"])}
    assert ("appointments" in deleted, "contacts" in deleted) == (kind == "backend", kind == "backend")
    for privilege in ["TRUNCATE", "REFERENCES", "TRIGGER"]:
        assert admin.execute(TABLES, [roles[kind], privilege]).fetchall() == []


def test_a_member_books_holds_moves_and_cancels(clinic: Clinic, roles: dict[str, str]):
    org = clinic.org_id
    with acting(clinic, roles["member"]) as session:
        booked = one(session, BOOK, request(org, future(), key="k"))
        assert_booked(booked)
        assert one(session, BOOK, request(org, future()))["error"] == "slot_unavailable"
        held = one(session, "SELECT booking.hold_slot(%s, 'x', %s)", [org, future(201)])["holdId"]
        assert_booked(one(session, "SELECT booking.confirm_hold(%s, %s, 'Ann', NULL, '+14155550124')", [org, held]))
        other = one(session, "SELECT booking.hold_slot(%s, 'x', %s)", [org, future(202)])["holdId"]
        assert_booked(one(session, "SELECT booking.release_hold(%s, %s)", [org, other]))
        times = [future(203), future(204)]
        assert_booked(one(
            session, "SELECT booking.book_series_atomic(%s, 'Ann', NULL, '+14155550124', 'x', %s)", [org, times]))
        moved = "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)"
        assert_booked(one(session, moved, [org, booked["appointmentId"], future(205)]))
        assert_booked(one(session, "SELECT booking.cancel_appointment(%s, %s)", [org, booked["appointmentId"]]))
        assert_booked(one(session, "SELECT booking.set_appointment_status(%s, %s, 'completed')", [org, held]))
        assert one(session, "SELECT booking.appointment_status(%s, %s)", [org, held])["status"] == "completed"
        assert one(session, "SELECT booking.check_availability(%s, 'tomorrow')", [org])["success"] is True


def test_a_member_takes_the_time_of_an_expired_hold(clinic: Clinic, roles: dict[str, str]):
    with acting(clinic, roles["member"]) as session:
        one(session, "SELECT booking.hold_slot(%s, 'x', %s)", [clinic.org_id, future()])
        clinic.admin.execute(
            "UPDATE booking.appointments SET expires_at = clock_timestamp() - interval '1 second' WHERE org_id = %s",
            [clinic.org_id])
        assert_booked(one(session, BOOK, request(clinic.org_id, future())))


def test_a_backend_forgets(clinic: Clinic, roles: dict[str, str]):
    org = clinic.org_id
    clinic.book(future(), phone="+14155550124")
    with acting(clinic, roles["backend"]) as session:
        assert one(session, "SELECT booking.erase_contact(%s, '+14155550124')", [org])["cancelled"] == 1
        assert one(session, "SELECT booking.purge(interval '30 days')")["success"] is True
        assert one(session, "SELECT booking.clean_organization(%s, 'Test clinic')", [org])["appointments"] == 1


SET_UP = {
    "a service": "SELECT booking.create_service(%(org)s, 'Check', 30, p_daily_limit => 2, p_resource_ids => ARRAY[%(room)s]::uuid[])",
    "a resource": "SELECT booking.create_resource(%(org)s, 'Room')",
    "a template": "SELECT booking.set_message_template(%(org)s, 'reminder', 'See you {when}')",
    "a template taken back": "SELECT booking.set_message_template(%(org)s, 'reminder', NULL)",
    "messages": "SELECT booking.set_messaging(%(org)s, true)",
    "messages off": "SELECT booking.set_messaging(%(org)s, false)",
    "follow-ups": "SELECT booking.set_follow_ups(%(org)s, 'Front desk', '+12125550100', 30)",
    "more seats": "SELECT booking.update_resource(%(org)s, %(room)s, 'Hall', 4)",
    "a longer service": """
        SELECT booking.create_service(%(org)s, 'Wash', 30),
            booking.update_service(%(org)s, 'Wash', 'Cut', 45, p_resource_ids => ARRAY[%(room)s]::uuid[])""",
    "hours": """SELECT booking.set_opening_hours(%(org)s, '{"mon": [["09:00","17:00"]]}')""",
    "hours again": "SELECT booking.set_opening_hours(%(org)s, '{}')",
    "an override": "SELECT booking.set_date_override(%(org)s, current_date + 9, '[]')",
    "an override taken back": "SELECT booking.set_date_override(%(org)s, current_date + 9, NULL)",
    "a busy block": "SELECT booking.remove_busy_block(%(org)s, booking.add_busy_block(%(org)s, %(room)s, now(), now() + interval '1 hour'))",
}


@pytest.mark.parametrize("what", SET_UP)
def test_a_backend_sets_up_and_a_member_does_not(clinic: Clinic, roles: dict[str, str], what: str):
    wanted = {"org": clinic.org_id, "room": clinic.first_resource()}
    with acting(clinic, roles["backend"]) as session:
        session.execute(SET_UP[what], wanted)
    with acting(clinic, roles["member"]) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(SET_UP[what], wanted)


def test_a_worker_moves_cancels_and_keeps_busy_blocks_and_does_not_book(clinic: Clinic, roles: dict[str, str]):
    org = clinic.org_id
    first, second = (clinic.book(future(days))["appointmentId"] for days in (200, 201))
    with acting(clinic, roles["worker"]) as session:
        assert_booked(one(session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)", [org, first, future(202)]))
        assert_booked(one(session, "SELECT booking.cancel_appointment(%s, %s)", [org, first]))
        assert_booked(one(session, "SELECT booking.set_appointment_status(%s, %s, 'no_show')", [org, second]))
        session.execute(SET_UP["a busy block"], {"org": org, "room": clinic.first_resource()})
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            one(session, BOOK, request(org, future(203)))


def test_a_worker_sends_what_a_member_has_booked(clinic: Clinic, roles: dict[str, str]):
    org = clinic.org_id
    clinic.open_account("twilio")
    with acting(clinic, roles["member"]) as session:
        booked = one(session, BOOK, request(org, future()))
        assert booked["smsStatus"] == "queued"
        other = one(session, BOOK, request(org, future(201)))
        assert_booked(one(session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)",
                          [org, other["appointmentId"], future(202)]))
        assert_booked(one(session, "SELECT booking.cancel_appointment(%s, %s)", [org, other["appointmentId"]]))
        third = one(session, BOOK, request(org, future(204)))
    # Its confirmation has gone out.
    clinic.admin.execute("""
        UPDATE booking.outbox SET state = 'succeeded', finished_at = now()
        WHERE appointment_id = %s AND kind = 'confirmation'""", [third["appointmentId"]])
    with acting(clinic, roles["member"]) as session:
        assert_booked(one(session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)",
                          [org, third["appointmentId"], future(205)]))
    with acting(clinic, roles["worker"]) as session:
        claimed = session.execute("SELECT job_id, lease, kind FROM booking.claim_messages('courier') ORDER BY kind").fetchall()
        # Of the other, nobody had been told: it was cancelled before anything went out.
        assert [kind for _, _, kind in claimed] == ["confirmation", "moved"]
        (second, _, _), (first, lease, _) = claimed
        assert one(session, "SELECT booking.fail_job(%s, %s, %s, 'no', 'refused', '21610')", [org, first, lease]) == "discarded"
        assert one(session, "SELECT booking.requeue_job(%s, %s)", [org, first]) is True
        assert one(session, "SELECT booking.cancel_job(%s, %s)", [org, first]) is True
        assert one(session, "SELECT booking.finish_message(%s, %s, 1, 'SM1')", [org, second]) is True
        assert one(session, "SELECT booking.message_status(%s, 'SM1', 'delivered')", [org]) is True
    with acting(clinic, roles["backend"]) as session:
        assert one(session, "SELECT booking.requeue_job(%s, %s)", [org, first]) is True
        assert one(session, "SELECT booking.cancel_job(%s, %s)", [org, first]) is True
        status = one(session, "SELECT booking.appointment_status(%s, %s)", [org, booked["appointmentId"]])
        assert (status["smsStatus"], status["messageSid"]) == ("delivered", "SM1")


def test_a_member_follows_up_a_worker_reminds_and_a_backend_forgets(clinic: Clinic, roles: dict[str, str]):
    org, phone = clinic.org_id, "+14155550124"
    clinic.open_account("twilio")
    with acting(clinic, roles["backend"]) as session:
        session.execute("SELECT booking.set_follow_ups(%s, 'Front desk', '+12125550100')", [org])
    with acting(clinic, roles["member"]) as session:
        first, second = (
            one(session, "SELECT booking.create_follow_up(%s, 'Call back', now(), %s)", [org, phone]) for _ in range(2))
        assert one(session, "SELECT booking.change_follow_up(%s, %s, p_due_at => now())", [org, first]) is True
        assert one(session, "SELECT booking.change_follow_up(%s, %s, 'done')", [org, second]) is True
        kinds = [kind for (kind,) in session.execute("SELECT kind FROM booking.contact_timeline(%s, %s)", [org, phone])]
        assert kinds == ["follow_up", "follow_up", "follow_up_closed"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT booking.set_follow_ups(%s)", [org])
    with acting(clinic, roles["worker"]) as session:
        ((job, lease, to_phone),) = session.execute("SELECT job_id, lease, to_phone FROM booking.claim_messages('courier')").fetchall()
        assert to_phone == "+12125550100"
        assert one(session, "SELECT booking.fail_job(%s, %s, %s, 'no')", [org, job, lease]) == "retryable"
    with acting(clinic, roles["backend"]) as session:
        assert one(session, "SELECT booking.erase_contact(%s, %s)", [org, phone])["success"] is True
        assert one(session, "SELECT count(*) FROM booking.follow_ups") == 0
        assert one(session, "SELECT booking.create_follow_up(%s, 'Order gloves')", [org])
        assert one(session, "SELECT booking.purge(interval '30 days')")["followUps"] == 0
        assert one(session, "SELECT booking.clean_organization(%s, 'Test clinic')", [org])["success"] is True
        assert one(session, "SELECT count(*) FROM booking.follow_ups") == 0


@pytest.mark.parametrize("kind", KINDS)
def test_another_organization_does_not_exist_for_a_role_of_one(clinic: Clinic, roles: dict[str, str], kind: str):
    stranger = Clinic.open(clinic.dsn, clinic.admin)
    appointment = stranger.book(future())["appointmentId"]
    with acting(clinic, roles[kind]) as session:
        answer = one(session, "SELECT booking.cancel_appointment(%s, %s)", [stranger.org_id, appointment])
        assert answer["error"] == "org_not_found"
        answer = one(session, "SELECT booking.cancel_appointment(%s, %s)", [clinic.org_id, appointment])
        assert answer["error"] == "appointment_not_found"
        assert one(session, "SELECT count(*) FROM booking.appointments") == 0
    assert stranger.appointments()[0]["status"] == "confirmed"


@pytest.mark.parametrize("function", ["grant_member", "grant_backend", "grant_worker"])
def test_nobody_is_no_role_to_grant_to(admin: psycopg.Connection, function: str):
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        admin.execute(f"SELECT booking.{function}(NULL)")
    with pytest.raises(psycopg.errors.UndefinedObject):
        admin.execute(f"SELECT booking.{function}('no_such_role')")


def test_a_role_cannot_grant_to_itself(clinic: Clinic, roles: dict[str, str]):
    with acting(clinic, roles["backend"]) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT booking.grant_worker(%s)", [roles["backend"]])
