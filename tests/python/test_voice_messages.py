"""Server messages of Vapi: whose they are, what they tell of a call, and that none of them raises an error."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from uuid import uuid4

import pytest
from clinic import Clinic, future, new_phone, one
from hostile import BLANKS, TEXTS, by_name, everything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from voice import MESSAGE, VoiceCall, shaped

TOMORROW = {"patientName": "ann lee", "serviceType": "checkup", "appointmentDate": "tomorrow", "appointmentTime": "2:30 pm"}


def send(session, body: object):
    return one(session, MESSAGE, [json.dumps(body)])


@pytest.fixture
def call(clinic: Clinic, caller) -> VoiceCall:
    return VoiceCall(clinic, caller)


# Whose message it is

PLACES = {
    "call.metadata": lambda org: {"message": {"call": {"metadata": {"org_id": org}}}},
    "call.assistantOverrides.metadata": lambda org: {"message": {"call": {"assistantOverrides": {"metadata": {"org_id": org}}}}},
    "assistant.metadata": lambda org: {"message": {"assistant": {"metadata": {"org_id": org}}}},
    "customer.metadata": lambda org: {"message": {}, "customer": {"metadata": {"org_id": org}}},
    "a static parameter": lambda org: {"message": {"toolWithToolCallList": [{"parameters": [{"key": "org_id", "value": org}]}]}},
}


def with_booking(body: dict, **arguments: object) -> dict:
    call = shaped("function.arguments", "tool-1", "book_appointment", TOMORROW | {"patientPhone": new_phone()} | arguments)
    body["message"] |= {"type": "tool-calls", "toolCallList": [call]}
    return body


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_only_an_operator_fills_names_the_organization(clinic: Clinic, caller, place: str):
    answer = send(caller, with_booking(PLACES[place](clinic.org_id)))
    assert answer["results"][0]["result"].startswith("Appointment confirmed")
    assert len(clinic.appointments()) == 1


def test_an_organization_in_the_arguments_of_a_model_is_ignored(clinic: Clinic, victim, caller):
    before = everything(victim.clinic.admin, victim.clinic.org_id)
    foreign = {"org_id": victim.clinic.org_id, "orgId": victim.clinic.org_id, "metadata": {"org_id": victim.clinic.org_id}}
    answer = send(caller, with_booking(PLACES["call.metadata"](clinic.org_id), **foreign))
    assert answer["results"][0]["result"].startswith("Appointment confirmed")
    assert len(clinic.appointments()) == 1
    nobodys = send(caller, with_booking({"message": {}}, **foreign))
    assert nobodys["results"][0]["result"] == "I am sorry, I cannot reach the calendar of this clinic at the moment."
    assert everything(victim.clinic.admin, victim.clinic.org_id) == before


@pytest.mark.parametrize("org_id", [str(uuid4()), "nonsense", 7, None, {}, "' OR true"], ids=repr)
def test_a_message_of_no_organization_gets_a_sentence_for_each_call(caller, org_id: object):
    answer = send(caller, with_booking(PLACES["call.metadata"](org_id)))
    assert [result["result"] for result in answer["results"]] == [
        "I am sorry, I cannot reach the calendar of this clinic at the moment."]


def test_two_organizations_in_one_message_are_none(clinic: Clinic, victim, caller):
    body = PLACES["call.metadata"](clinic.org_id) | {"customer": {"metadata": {"org_id": victim.clinic.org_id}}}
    assert "cannot reach" in send(caller, with_booking(body))["results"][0]["result"]
    assert clinic.appointments() == []


def test_a_message_that_names_no_organization_is_of_the_one_whose_assistant_or_number_it_has(clinic: Clinic, caller):
    assistant, number = f"assistant-{uuid4()}", new_phone()
    clinic.admin.execute(
        "SELECT booking.set_voice_agent(%s, p_assistant_id => %s, p_phone_number => %s)", [clinic.org_id, assistant, number])
    for told in ({"call": {"assistantId": assistant}}, {"phoneNumber": {"number": number}}, {"assistant": {"id": assistant}}):
        body = json.dumps({"message": told})
        assert str(one(caller, "SELECT booking.voice_organization(%s::json)", [body])) == clinic.org_id
    assert send(caller, {"message": {"type": "assistant-request", "phoneNumber": {"number": number}}}) == {"assistantId": assistant}
    other = Clinic.open(clinic.dsn, clinic.admin)
    clinic.admin.execute("SELECT booking.set_voice_agent(%s, p_assistant_id => %s)", [other.org_id, assistant])
    body = json.dumps({"message": {"call": {"assistantId": assistant}}})
    assert one(caller, "SELECT booking.voice_organization(%s::json)", [body]) is None


def test_the_direct_shape_names_its_organization_too(clinic: Clinic, caller):
    body = json.dumps({"toolCallId": "x", "tool": {"arguments": {}}, "customer": {"metadata": {"org_id": clinic.org_id}}})
    assert str(one(caller, "SELECT booking.voice_organization(%s::json)", [body])) == clinic.org_id


@pytest.mark.parametrize("stated", [
    {}, {"patientPhone": "{{customer.number}}"}, {"patientPhone": "unknown"}, {"patientPhone": "the number I am calling from"},
    {"patientEmail": "none", "serviceType": "N/A"},
], ids=repr)
def test_in_the_direct_shape_nothing_that_was_said_is_nothing_and_the_callers_number_serves(clinic: Clinic, caller, stated: dict):
    customer = {"number": new_phone(), "metadata": {"org_id": clinic.org_id}}
    body = json.dumps({"toolCallId": "x", "tool": {"arguments": TOMORROW | stated}, "customer": customer})
    answer = one(caller, "SELECT booking.book_clinic_appointment(%s::json)", [body])
    assert answer["result"]["success"] is True, answer
    number = customer["number"]
    assert [(contact["phone"], contact["email"]) for contact in clinic.contacts()] == [(number, f"{number[1:]}@no-email.invalid")]


# What is told of a call

STARTED, ENDED = "2026-11-20T15:00:02.000Z", "2026-11-20T15:03:44.000Z"


def status(state: str, at: str, **more: object) -> dict:
    return {"type": "status-update", "status": state, "timestamp": at} | more


def report(**more: object) -> dict:
    return {
        "type": "end-of-call-report", "timestamp": "2026-11-20T15:03:50.000Z", "endedReason": "customer-ended-call",
        "startedAt": STARTED, "endedAt": ENDED, "cost": 0.21, "analysis": {"summary": "Booked a cleaning."},
        "artifact": {"transcript": "AI: Hello.\nUser: A cleaning, please.\n", "recordingUrl": "https://storage.example/call.wav"},
    } | more


TOLD = [
    status("ringing", "2026-11-20T15:00:00.000Z"), status("in-progress", "2026-11-20T15:00:02.000Z"),
    status("ended", "2026-11-20T15:03:44.500Z", endedReason="customer-ended-call"), report(),
]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (3, 0, 1, 2), (2, 3, 3, 0, 1, 1), (1, 3, 2, 0, 2)], ids=str)
def test_a_call_is_the_same_whatever_order_its_messages_come_in(call: VoiceCall, order: tuple[int, ...]):
    for position in order:
        assert call.send(TOLD[position]) == {}
    log = call.log()
    assert (log["status"], log["ended_reason"], log["summary"]) == ("ended", "customer-ended-call", "Booked a cleaning.")
    assert log["transcript"].startswith("AI: Hello.") and log["recording_url"] == "https://storage.example/call.wav"
    assert (float(log["cost"]), log["caller_phone"], log["kind"]) == (0.21, call.phone, "inboundPhoneCall")
    assert log["started_at"] == datetime.fromisoformat(STARTED) and log["ended_at"] == datetime.fromisoformat(ENDED)


def test_of_two_states_the_later_one_counts(call: VoiceCall):
    call.send(TOLD[1])
    call.send(TOLD[0])
    assert call.log()["status"] == "in-progress"


def test_a_call_is_tied_to_whom_and_what_it_was_about(call: VoiceCall):
    call.tool("book_appointment", **TOMORROW)
    [appointment] = call.clinic.appointments()
    log = call.log()
    assert (log["contact_id"], log["appointment_id"], log["status"]) == (appointment["contact_id"], appointment["id"], "in-progress")
    assert appointment["metadata"] == {"source": "voice", "callId": call.call_id}
    call.send(report())
    assert (call.log()["contact_id"], call.log()["appointment_id"]) == (appointment["contact_id"], appointment["id"])


def test_a_later_call_from_a_number_that_is_known_is_of_its_contact(call: VoiceCall):
    call.clinic.book(future(), phone=call.phone)
    call.send(report())
    assert call.log()["contact_id"] == call.clinic.contacts()[0]["id"]


def told_to(call: VoiceCall, phone: str) -> list[str]:
    """The calls in the timeline of whoever has this number."""
    rows = call.session.execute(
        "SELECT detail ->> 'callId' FROM booking.contact_timeline(%s, %s) WHERE kind = 'call'", [call.clinic.org_id, phone])
    return [call_id for (call_id,) in rows]


@pytest.mark.parametrize("is_told_first", [False, True], ids=["tool-report", "report-tool"])
def test_a_call_is_of_whom_its_tools_were_called_for_and_not_of_who_called(call: VoiceCall, is_told_first: bool):
    mother, daughter = call.phone, new_phone()
    call.clinic.book(future(), phone=mother)
    call.clinic.book(future(201), phone=daughter)
    told = [lambda: call.tool("cancel_appointment", patientPhone=daughter), lambda: call.send(report())]
    for tell in reversed(told) if is_told_first else told:
        tell()
    of_daughter = next(contact["id"] for contact in call.clinic.contacts() if contact["phone"] == daughter)
    assert (call.log()["contact_id"], call.log()["contact_ids"]) == (of_daughter, [of_daughter])
    assert [told_to(call, phone) for phone in (mother, daughter)] == [[call.call_id]] * 2
    assert one(call.session, "SELECT booking.erase_contact(%s, %s)", [call.clinic.org_id, daughter])["success"] is True
    call.send(report())
    log = call.log()
    assert (log["contact_id"], log["contact_ids"], log["transcript"], log["summary"]) == (None, [], None, None)


@pytest.mark.parametrize("position", [0, 1, 2], ids=["moved", "cancelled", "left a message"])
def test_of_a_call_for_several_each_can_be_erased_with_what_was_said(clinic: Clinic, caller, position: int):
    call, phones = VoiceCall(clinic, caller), [new_phone() for _ in range(3)]
    for day, phone in enumerate(phones):
        clinic.book(future(200 + day), phone=phone)
    call.tool("reschedule_appointment", patientPhone=phones[0], newDate=f"{future(210):%Y-%m-%d}", newTime="noon")
    call.tool("cancel_appointment", patientPhone=phones[1])
    call.tool("leave_message", patientPhone=phones[2], message="hello")
    call.send(report())
    assert [told_to(call, phone) for phone in phones] == [[call.call_id]] * 3
    # What else tells of it may have served its time.
    clinic.admin.execute("DELETE FROM booking.events WHERE org_id = %s", [clinic.org_id])
    clinic.admin.execute("DELETE FROM booking.follow_ups WHERE org_id = %s", [clinic.org_id])
    assert one(caller, "SELECT booking.erase_contact(%s, %s)", [clinic.org_id, phones[position]])["success"] is True
    assert (call.log()["transcript"], call.log()["summary"]) == (None, None)
    assert [told_to(call, phone) for phone in phones] == [[]] * 3


def test_whoever_is_asked_which_appointment_they_mean_is_whom_the_call_is_about(call: VoiceCall):
    phone = new_phone()
    for day in (200, 201):
        call.clinic.book(future(day), phone=phone)
    assert "Which one do you mean?" in call.tool("cancel_appointment", patientPhone=phone)
    assert call.log()["contact_ids"] == [contact["id"] for contact in call.clinic.contacts()]


def test_the_older_shape_of_a_report_is_read_too(call: VoiceCall):
    call.send({"type": "end-of-call-report", "transcript": "AI: Hi.", "summary": "Nothing.", "recordingUrl": "https://storage.example/a.wav"})
    log = call.log()
    assert (log["transcript"], log["summary"], log["recording_url"], log["status"]) == ("AI: Hi.", "Nothing.", "https://storage.example/a.wav", "ended")


def test_a_message_of_a_new_kind_is_kept(call: VoiceCall):
    assert call.send({"type": "session-thoughts", "thought": {"deep": ["\u0000", 1]}}) == {}
    kind, body = call.clinic.admin.execute(
        "SELECT type, body #>> '{thought,deep,1}' FROM booking.call_messages WHERE org_id = %s AND call_id = %s",
        [call.clinic.org_id, call.call_id]).fetchone()
    assert (kind, body) == ("session-thoughts", "1")


def test_a_person_who_is_erased_is_in_no_call_any_more(call: VoiceCall):
    call.tool("book_appointment", **TOMORROW)
    call.send(report())
    call.send({"type": "session-thoughts"})
    assert one(call.session, "SELECT booking.erase_contact(%s, %s)", [call.clinic.org_id, call.phone])["success"] is True
    log = call.log()
    assert {log[column] for column in ("contact_id", "caller_phone", "transcript", "summary", "recording_url", "analysis")} == {None}
    rows = everything(call.clinic.admin, call.clinic.org_id)
    assert not any(call.phone[1:] in row or "Ann" in row for table in rows.values() for row in table)
    assert rows["booking.call_messages"] == [] and rows["booking.idempotency_keys"] == []


def test_whoever_has_only_called_can_be_erased_too(call: VoiceCall):
    call.send(report())
    assert one(call.session, "SELECT booking.erase_contact(%s, %s)", [call.clinic.org_id, call.phone])["success"] is True
    assert (call.log()["caller_phone"], call.log()["transcript"]) == (None, None)
    again = one(call.session, "SELECT booking.erase_contact(%s, %s)", [call.clinic.org_id, call.phone])
    assert (again["success"], again["error"]) == (False, "contact_not_found")


def test_whomever_a_call_was_about_can_be_erased_from_it_and_no_later_message_brings_them_back(clinic: Clinic, caller):
    web = VoiceCall(clinic, caller, phone=None)
    phones = {"Ann Lee": new_phone(), "Bob Lee": new_phone(), "Eve Lee": new_phone()}
    web.tool("book_appointment", **TOMORROW | {"patientName": "Ann Lee", "patientPhone": phones["Ann Lee"]})
    web.tool("book_appointment", **TOMORROW | {"patientName": "Bob Lee", "patientPhone": phones["Bob Lee"], "appointmentTime": "4 pm"})
    web.tool("leave_message", message="hello", patientName="Eve Lee", patientPhone=phones["Eve Lee"])
    for name, phone in phones.items():
        web.send(report(artifact={"transcript": f"User: I am {name}."}))
        web.send({"type": "conversation-update", "call": {"customer": {"number": phone}}})
        assert one(caller, "SELECT booking.erase_contact(%s, %s)", [clinic.org_id, phone])["success"] is True, name
        web.send(report(artifact={"transcript": f"User: I am {name}."}))
        web.send({"type": "conversation-update", "messages": [{"role": "user", "message": f"I am {name}."}]})
        assert (web.log()["transcript"], web.log()["summary"], web.log()["ended_reason"]) == (None, None, "customer-ended-call")
        rows = everything(clinic.admin, clinic.org_id)
        assert not any(name in row or phone[1:] in row for table in rows.values() for row in table)


def test_half_a_character_in_a_transcript_costs_that_character_only(call: VoiceCall):
    body = json.dumps({"message": report(artifact={"transcript": "User: hm HALF ok"}) | {"call": {"id": call.call_id, "metadata": {"org_id": call.clinic.org_id}}}})
    for half in ("\\ud83d", "\\ude00", "\\ud83d\\ud83d"):
        assert one(call.session, MESSAGE, [body.replace("HALF", half)]) == {}
    assert call.log()["transcript"] == "User: hm \ufffd\ufffd ok"


# Nothing raises


KEYS = st.sampled_from([
    "type", "id", "name", "function", "arguments", "parameters", "toolCall", "toolCallList", "toolWithToolCallList", "toolCalls",
    "functionCall", "call", "customer", "number", "metadata", "org_id", "assistant", "artifact", "messages", "transcript", "role",
    "message", "analysis", "summary", "timestamp", "status", "startedAt", "cost", "recording", "patientName", "patientPhone",
    "appointmentDate", "appointmentTime", "newDate", "scheduledAt", "durationMinutes", "serviceType", "reason",
]) | st.text(max_size=5)
ODD_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
    | st.sampled_from(["tomorrow", "2 pm", "+14155550134", "cleaning", '{"a":', "\u202eAnn", "\u0000", "{{ now }}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=15)
KINDS = ["tool-calls", "function-call", "status-update", "end-of-call-report", "assistant-request", "hang", "", "\u0000"]
TOOLS = ["book_appointment", "check_availability", "reschedule_appointment", "cancel_appointment", "find_appointment",
         "leave_message", "request_transfer", "nothing"]


@given(st.sampled_from(KINDS), st.dictionaries(KEYS, ODD_VALUES, max_size=8), st.sampled_from(TOOLS), ODD_VALUES)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
def test_no_message_raises_an_error(own: Clinic, caller, kind: str, message: dict, tool: str, arguments: object):
    calls = [{"id": "c", "function": {"name": tool, "arguments": arguments}}]
    body = {"message": {"call": {"id": "x", "metadata": {"org_id": own.org_id}}, "toolCallList": calls} | message | {"type": kind}}
    text = json.dumps(body)
    answer = one(caller, MESSAGE, [text])
    assert isinstance(answer, dict)
    for result in answer.get("results", []):
        assert result["result"].isprintable() and result["result"]


@pytest.mark.parametrize("text", by_name(TEXTS | BLANKS))
@pytest.mark.parametrize("name", ["patientName", "patientPhone", "appointmentDate", "appointmentTime", "serviceType", "message", "newDate"])
def test_odd_texts_in_a_tool_call_are_answered(own: Clinic, caller, name: str, text: str):
    call = VoiceCall(own, caller, call_id=None)
    for tool in TOOLS[:7]:
        call.tool(tool, **TOMORROW | {name: text})


@pytest.mark.parametrize("body", ["[]", "7", "null", '"text"', '{"message": []}', "{}", '{"message": {"type": "tool-calls"}}',
                                  '{"a": 1e999}', '{"a": "\\ud800"}', '{"a": ' + "[" * 200 + "]" * 200 + "}"], ids=lambda body: body[:30])
def test_what_is_no_message_is_answered(caller, body: str):
    assert isinstance(one(caller, MESSAGE, [body]), dict)


def test_a_report_of_eight_megabytes_is_read_and_a_longer_one_is_answered(call: VoiceCall):
    call.send(report(artifact={"transcript": "AI: Hello. " * 500_000}))
    assert len(call.log()["transcript"]) == 1_000_000
    assert "error" in call.send(report(artifact={"transcript": "x" * 9_000_000}))
    assert datetime.now(timezone.utc) >= call.log()["created_at"]
