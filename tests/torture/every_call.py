"""One call of every function of the extension that does what the function is for, and an organization in which it can."""

from __future__ import annotations

from typing import Any

import psycopg
from clinic import Clinic, assert_booked, future, new_phone, one
from test_foreign_ids import CALLS as WITH_IDS
from victim import Victim

FUNCTIONS = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'booking'::regnamespace"
ROLE = "booking_torture_role"

# Those that would answer that it was done already, with something to do.
WITH_WORK = {
    "create_organization": "SELECT booking.create_organization('Mine')",
    "update_service of a resource": "SELECT booking.update_service(%(org)s, 'podiatry', p_resource_ids => ARRAY[%(resource)s]::uuid[])",
    "book_appointment_atomic": """
        SELECT booking.book_appointment_atomic(%(org)s, 'Eve', NULL, %(new_phone)s, 'podiatry', %(free)s, NULL, %(resource)s, 'new',
            '{"note": "window seat"}')""",
    "book_series_atomic": """
        SELECT booking.book_series_atomic(%(org)s, 'Eve', NULL, %(new_phone)s, 'podiatry', ARRAY[%(free)s, %(free)s + interval '1 day'],
            NULL, %(resource)s, 'new')""",
    "book_clinic_appointment": """
        SELECT booking.book_clinic_appointment(json_build_object('toolCallId', 'c', 'tool', json_build_object('arguments',
            json_build_object('appointmentDate', to_char(%(free)s, 'YYYY-MM-DD'), 'appointmentTime', '12:00', 'patientName', 'Eve',
                'patientPhone', %(new_phone)s::text, 'serviceType', 'podiatry')),
            'customer', json_build_object('metadata', json_build_object('org_id', %(org)s::text))))""",
    "finish_message": "SELECT booking.finish_message(%(org)s, %(leased_job)s, %(lease)s, 'SM2')",
    "fail_job": "SELECT booking.fail_job(%(org)s, %(leased_job)s, %(lease)s, 'no')",
    "cancel_job": "SELECT booking.cancel_job(%(org)s, %(waiting_job)s)",
}
WITHOUT_IDS = {
    "normalize_phone": "SELECT booking.normalize_phone('four one five, 555 01 23', 'US')",
    "normalize_name": "SELECT booking.normalize_name('  mary-jane   o''neil ')",
    "normalize_email": "SELECT booking.normalize_email('john dot smith at example dot com')",
    "normalize_booking_time": "SELECT booking.normalize_booking_time('March 4th', 'half past nine in the morning', 'America/New_York')",
    "normalize_booking_data": """
        SELECT booking.normalize_booking_data('{"patientName": "ann lee", "patientEmail": "ann at example dot com", "note": "window seat"}')""",
    "format_slots": "SELECT booking.format_slots(ARRAY[%(free)s, %(free)s + interval '1 hour'], 'America/New_York')",
    "health": "SELECT booking.health()",
    "purge": "SELECT booking.purge(interval '1 microsecond')",
    "current_org_id": "SELECT booking.current_org_id()",
    "writing_transaction": "SELECT booking.writing_transaction()",
    "events_position": "SELECT booking.events_position()",
    "claim_messages": "SELECT count(*) FROM booking.claim_messages('courier', 100)",
    "claim_events": "SELECT count(*) FROM booking.claim_events('courier', 100)",
    "claim_syncs": "SELECT count(*) FROM booking.claim_syncs('courier', 100)",
    "worker_heartbeat": "SELECT booking.worker_heartbeat('courier', '1', '{\"concurrency\": 1}')",
    "grant_member": f"SELECT booking.grant_member('{ROLE}')",
    "grant_backend": f"SELECT booking.grant_backend('{ROLE}')",
    "grant_worker": f"SELECT booking.grant_worker('{ROLE}')",
}
CALLS = WITH_IDS | WITH_WORK | WITHOUT_IDS

# The same for what ends in an SQL error, by its SQLSTATE: the way out of a function is another one then.
ERRORS = {
    "an id that exists": ("SELECT booking.create_organization('Mine', p_org_id => %(org)s)", "23505"),
    "a service that does not exist": ("SELECT booking.update_service(%(org)s, 'mine', p_resource_ids => ARRAY[%(resource)s]::uuid[])", "22023"),
    "hours that are none": ("SELECT booking.set_opening_hours(%(org)s, '{\"mon\": [[\"25:00\", \"9\"]]}')", "22023"),
    "a zone that is none": ("SELECT booking.format_slots(ARRAY[%(free)s], 'nowhere')", "22023"),
}


def fill(dsn: str, admin: psycopg.Connection) -> dict[str, Any]:
    """An organization with something to do for every call, and the parameters of the calls."""
    victim = Victim.open(dsn, admin)
    clinic = Clinic(dsn, admin, victim.ids["org"])
    # The message of the first booking is handed out, those of the second wait.
    _book(clinic, 202)
    leased, lease = admin.execute(
        "SELECT job_id::text, lease FROM booking.claim_messages('courier', 1, 3600) WHERE org_id = %s", [clinic.org_id]).fetchone()
    waiting = one(admin, "SELECT id::text FROM booking.outbox WHERE appointment_id = %s AND kind = 'confirmation'", [_book(clinic, 203)])
    admin.execute(f"DROP ROLE IF EXISTS {ROLE}")
    admin.execute(f"CREATE ROLE {ROLE}")
    return victim.ids | {
        "free": future(250), "new_phone": new_phone(), "leased_job": leased, "lease": lease, "waiting_job": waiting}


def _book(clinic: Clinic, day: int) -> str:
    answer = clinic.book(future(day), service="podiatry")
    assert_booked(answer)
    return answer["appointmentId"]
