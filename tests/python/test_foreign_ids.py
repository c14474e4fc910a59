"""Another organization's ids in every argument of every function: the answer is that of ids that do not exist, word for word,
and nothing of the other organization has changed."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from clinic import Clinic, future
from hostile import Outcome, call
from tenants import KINDS, belongs_to, log_in, roles_of_each_kind
from victim import Victim

# They make roles, which takes a superuser.
pytestmark = pytest.mark.superuser

# Every function that takes an id, a key or a phone. Whatever a parameter names is the other organization's.
CALLS = {
    "create_organization": "SELECT booking.create_organization('Mine', p_org_id => %(org)s)",
    "create_resource": "SELECT booking.create_resource(%(org)s, 'Mine')",
    "create_service": "SELECT booking.create_service(%(org)s, 'mine', 30, p_resource_ids => ARRAY[%(resource)s]::uuid[])",
    "update_resource": "SELECT booking.update_resource(%(org)s, %(resource)s, 'Mine', 9)",
    "update_service": "SELECT booking.update_service(%(org)s, 'podiatry', p_duration_minutes => 5)",
    "update_service of a resource": "SELECT booking.update_service(%(org)s, 'mine', p_resource_ids => ARRAY[%(resource)s]::uuid[])",
    "set_opening_hours": "SELECT booking.set_opening_hours(%(org)s, '{}')",
    "set_opening_hours of a resource": "SELECT booking.set_opening_hours(%(org)s, '{}', %(resource)s)",
    "set_date_override": "SELECT booking.set_date_override(%(org)s, current_date + 90, NULL)",
    "set_date_override of a resource": "SELECT booking.set_date_override(%(org)s, current_date + 90, '[]', %(resource)s)",
    "set_message_template": "SELECT booking.set_message_template(%(org)s, 'reminder', 'mine')",
    "set_message_template to none": "SELECT booking.set_message_template(%(org)s, 'reminder', NULL)",
    "preview_message": "SELECT booking.preview_message(%(org)s, 'reminder')",
    "set_messaging": "SELECT booking.set_messaging(%(org)s, true)",
    "set_follow_ups": "SELECT booking.set_follow_ups(%(org)s, 'Eve', %(phone)s)",
    "create_follow_up": "SELECT booking.create_follow_up(%(org)s, 'mine', NULL, %(phone)s, p_appointment_id => %(appointment)s)",
    "create_follow_up of a phone": "SELECT booking.create_follow_up(%(org)s, 'mine', NULL, %(phone)s)",
    "change_follow_up": "SELECT booking.change_follow_up(%(org)s, %(follow_up)s, 'done', p_owner_phone => %(phone)s)",
    "read_events": "SELECT booking.read_events(%(org)s)",
    "read_events_of": "SELECT json_array_length(booking.read_events_of(ARRAY[%(org)s]::uuid[], NULL) -> 'events')",
    "agenda": "SELECT booking.agenda(%(org)s, current_date, 31)",
    "contact_timeline": "SELECT count(*) FROM booking.contact_timeline(%(org)s, %(phone)s)",
    "finish_message": "SELECT booking.finish_message(%(org)s, %(job)s, 1, 'SM2')",
    "fail_job": "SELECT booking.fail_job(%(org)s, %(job)s, 1, 'no')",
    "message_status": "SELECT booking.message_status(%(org)s, %(sid)s, 'delivered')",
    "requeue_job": "SELECT booking.requeue_job(%(org)s, %(job)s)",
    "cancel_job": "SELECT booking.cancel_job(%(org)s, %(job)s)",
    "receive_message": "SELECT booking.receive_message(%(org)s, %(phone)s, '+12025550100', 'C', 'SM-eve')",
    "set_calendar": "SELECT booking.set_calendar(%(org)s, true)",
    "set_resource_calendar": "SELECT booking.set_resource_calendar(%(org)s, %(resource)s, 'mine')",
    "pause_couriers": "SELECT booking.pause_couriers(%(org)s)",
    "finish_event": "SELECT booking.finish_event(%(org)s, %(event_job)s, 1, %(event)s)",
    "lost_event": "SELECT booking.lost_event(%(org)s, %(event_job)s, 1, %(event)s)",
    "apply_calendar_changes": "SELECT booking.apply_calendar_changes(%(org)s, %(calendar)s, 1, '[]')",
    "calendar_event_changed": """
        SELECT booking.calendar_event_changed(%(org)s, %(calendar)s, 1, jsonb_build_object('id', %(event)s::text, 'status', 'cancelled'))""",
    "finish_sync": "SELECT booking.finish_sync(%(org)s, %(calendar)s, 1, 'token')",
    "fail_sync": "SELECT booking.fail_sync(%(org)s, %(calendar)s, 1, 'no')",
    "watch_calendar": "SELECT booking.watch_calendar(%(org)s, %(calendar)s, 1, 'mine', 'mine', now())",
    "calendar_notified": "SELECT booking.calendar_notified(%(org)s, %(channel)s)",
    "connect_integration": "SELECT booking.connect_integration(%(org)s, 'twilio', 'k', {sealed})",
    "disconnect_integration": "SELECT booking.disconnect_integration(%(org)s, 'twilio')",
    "replace_secret": "SELECT booking.replace_secret(%(org)s, 'twilio', 1, 'k', {sealed})",
    "begin_refresh": "SELECT booking.begin_refresh(%(org)s, 'google', 1)",
    "integration_checked": "SELECT booking.integration_checked(%(org)s, 'twilio', 1, 'no', true)",
    "add_busy_block": "SELECT booking.add_busy_block(%(org)s, %(resource)s, %(free)s, %(free)s + interval '1 hour')",
    "remove_busy_block": "SELECT booking.remove_busy_block(%(org)s, %(block)s)",
    "book_appointment_atomic": """
        SELECT booking.book_appointment_atomic(%(org)s, 'Eve', NULL, %(phone)s, 'podiatry', %(free)s, NULL, %(resource)s, %(key)s)""",
    "book_series_atomic": """
        SELECT booking.book_series_atomic(%(org)s, 'Eve', NULL, %(phone)s, 'podiatry', ARRAY[%(free)s], NULL, %(resource)s, %(key)s)""",
    "book_clinic_appointment": """
        SELECT booking.book_clinic_appointment(json_build_object('toolCallId', 'c', 'tool', json_build_object('arguments',
            json_build_object('appointmentDate', to_char(%(free)s, 'YYYY-MM-DD'), 'appointmentTime', '12:00', 'patientName', 'Eve',
                'patientPhone', %(phone)s, 'serviceType', 'podiatry')),
            'customer', json_build_object('metadata', json_build_object('org_id', %(org)s))))""",
    "vapi_message": """
        SELECT booking.vapi_message(json_build_object('message', json_build_object('type', 'tool-calls',
            'call', json_build_object('id', 'quillery-call', 'customer', json_build_object('number', %(phone)s::text),
                'metadata', json_build_object('org_id', %(org)s::text)),
            'toolCallList', json_build_array(json_build_object('id', 't', 'name', 'find_appointment'),
                json_build_object('id', 'u', 'name', 'cancel_appointment'),
                json_build_object('id', 'v', 'name', 'leave_message', 'arguments', json_build_object('message', 'hello'))))))""",
    "voice_organization": """
        SELECT booking.voice_organization('{"message": {"call": {"assistantId": "quillery-assistant"}}}')
        WHERE %(org)s::text IS NOT NULL""",
    "voice_pending": """
        SELECT booking.voice_pending(json_build_object('message', json_build_object('type', 'tool-calls', 'call', json_build_object(
            'id', 'quillery-call', 'metadata', json_build_object('org_id', %(org)s::text)),
            'toolCallList', json_build_array(json_build_object('id', 't', 'name', 'book_appointment')))))""",
    "booking_answer": "SELECT booking.booking_answer(%(org)s, %(appointment)s)",
    "set_voice_agent": "SELECT booking.set_voice_agent(%(org)s, 'mine')",
    "voice_agent": "SELECT booking.voice_agent(%(org)s)",
    "tool_registered": "SELECT booking.tool_registered(%(org)s, 'book_appointment', 'mine')",
    "enforced_system_prompt": "SELECT booking.enforced_system_prompt('Be brief.', %(org)s)",
    "hold_slot": "SELECT booking.hold_slot(%(org)s, 'podiatry', %(free)s, NULL, %(resource)s)",
    "confirm_hold": "SELECT booking.confirm_hold(%(org)s, %(hold)s, 'Eve', NULL, %(phone)s)",
    "release_hold": "SELECT booking.release_hold(%(org)s, %(hold)s)",
    "reschedule_appointment_atomic": "SELECT booking.reschedule_appointment_atomic(%(org)s, %(appointment)s, %(free)s, NULL, %(resource)s)",
    "cancel_appointment": "SELECT booking.cancel_appointment(%(org)s, %(appointment)s)",
    "set_appointment_status": "SELECT booking.set_appointment_status(%(org)s, %(appointment)s, 'no_show')",
    "appointment_status": "SELECT booking.appointment_status(%(org)s, %(appointment)s)",
    "is_as_seen": "SELECT booking.is_as_seen(%(org)s, %(appointment)s, %(free)s, %(resource)s, 'confirmed')",
    "available_slots": "SELECT count(*) FROM booking.available_slots(%(org)s, %(free)s, %(free)s + interval '1 day', NULL, NULL, %(resource)s)",
    "check_availability": "SELECT booking.check_availability(%(org)s, 'tomorrow', 'podiatry')",
    "find_alternatives": "SELECT booking.find_alternatives(%(org)s, %(free)s, NULL, 'podiatry', %(resource)s)",
    "erase_contact": "SELECT booking.erase_contact(%(org)s, %(phone)s)",
    "clean_organization": "SELECT booking.clean_organization(%(org)s, 'Quillery')",
}
# These do nothing with what is given, or name nobody's data.
WITHOUT_IDS = {
    "normalize_phone", "normalize_name", "normalize_email", "normalize_booking_time", "normalize_booking_data", "format_slots",
    "health", "purge", "current_org_id", "writing_transaction", "events_position", "claim_messages", "claim_events", "claim_syncs", "worker_heartbeat", "grant_member", "grant_backend", "grant_worker",
}
SEALED = "decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')"
CALLS = {name: sql.replace("{sealed}", SEALED) for name, sql in CALLS.items()}
FUNCTIONS = "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'booking'::regnamespace"


@pytest.fixture(scope="module", params=KINDS)
def tenant(request: pytest.FixtureRequest, dsn: str, own: Clinic) -> Iterator[psycopg.Connection]:
    """A session that somebody of our organization has opened, with the rights of each kind of role."""
    with roles_of_each_kind(dsn) as roles:
        belongs_to(own.admin, roles[request.param], own.org_id)
        with log_in(dsn, roles[request.param]) as session:
            yield session


def outcome(session: psycopg.Connection, name: str, ids: dict[str, str]) -> Outcome:
    """The outcome, rolled back, without the ids that were asked for."""
    with session.transaction(force_rollback=True):
        found = call(session, CALLS[name], ids | {"free": future(250)})
    return Outcome(found.code, mask(found.message, ids), found.hint, mask(str(found.value), ids))


def mask(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    return text


def strangers() -> dict[str, str]:
    """Ids that do not exist anywhere."""
    ids = {name: str(uuid4()) for name in ["org", "resource", "service", "block", "hold", "appointment", "contact", "job", "event_job", "follow_up"]}
    return ids | {
        "key": "nobody-1", "sid": "SM-nobody", "phone": "+14155559999", "event": "abcdef0123", "calendar": "nobody@example.org",
        "channel": "no-such-channel",
    }


def test_every_function_is_tried(admin: psycopg.Connection):
    functions = {name for (name,) in admin.execute(FUNCTIONS)}
    assert {name.split()[0] for name in CALLS} | WITHOUT_IDS == functions


def is_nobodys(answer: str) -> bool:
    """Whether each tool call was told that there is no such clinic."""
    return 0 < answer.count("'toolCallId'") == answer.count("I cannot reach the calendar of this clinic")


@pytest.mark.parametrize("name", CALLS)
def test_their_organization_is_one_that_does_not_exist(tenant: psycopg.Connection, victim: Victim, name: str):
    before = victim.rows()
    theirs = outcome(tenant, name, victim.ids)
    assert theirs == outcome(tenant, name, strangers())
    assert theirs.code is not None or theirs.value in ("None", "False", "0") or is_nobodys(theirs.value), theirs
    assert victim.rows() == before


@pytest.mark.parametrize("name", [name for name in CALLS if "%(org)s" in CALLS[name] and name != "create_organization"])
def test_their_ids_in_our_organization_are_ids_that_do_not_exist(
    tenant: psycopg.Connection, victim: Victim, own: Clinic, name: str
):
    before = victim.rows()
    theirs = outcome(tenant, name, victim.ids | {"org": own.org_id})
    nobodys = outcome(tenant, name, strangers() | {"org": own.org_id})
    if theirs.code is None and nobodys.code is None:
        # A phone or a key is nobody's alone: it made rows of our own, whose ids nobody can foretell.
        assert not any(word in theirs.value for word in ["Zuzanna", "zquill", "wisdom tooth"]), theirs
    else:
        assert theirs == nobodys
    assert victim.rows() == before


def test_purging_clears_our_own_rows_only(tenant: psycopg.Connection, victim: Victim):
    before = victim.rows()
    with tenant.transaction(force_rollback=True):
        call(tenant, "SELECT booking.purge(interval '1 microsecond')")
    assert victim.rows() == before


@pytest.mark.parametrize("function", ["claim_messages", "claim_events", "claim_syncs"])
def test_claiming_brings_what_is_our_own_only(tenant: psycopg.Connection, victim: Victim, function: str):
    before = victim.rows()
    with tenant.transaction(force_rollback=True):
        found = call(tenant, f"SELECT json_agg(c) FROM booking.{function}('eve', 100) AS c")
    assert found.value is None
    assert victim.rows() == before


def test_the_health_line_counts_our_own_rows_only(tenant: psycopg.Connection, victim: Victim):
    line = str(call(tenant, "SELECT booking.health()").value)
    assert not any(trace in line for trace in victim.traces())
