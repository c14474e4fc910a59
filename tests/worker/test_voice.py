"""A whole call: what is said to the patient, in every shape in which a voice agent may ask, and what becomes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import psycopg
import pytest
from clinic import assert_none_overlap, future, instant, new_phone, one
from office import SERVER_SECRET, Office
from stand_ins.vapi_call import VoiceCall
from stand_ins.vapi_shapes import ALL as SHAPES
from stand_ins.vapi_shapes import Form, Shape, ToolCall
from voice import (
    assert_can_be_read_aloud, booked_already, cancelled, confirmed, known, moment, moved, new_time, taken, time_of_day, wanted, wish,
)


@pytest.fixture
def agent(office: Office) -> Office:
    """An office that has a voice agent and sends messages, and a worker at it."""
    office.connect_twilio()
    office.connect_vapi()
    office.worker = office.start()
    return office


def at(hour: int, minute: int = 0) -> datetime:
    return future(hour=hour, minute=minute)


def booked_times(office: Office, status: str = "confirmed") -> list[datetime]:
    return [row["starts_at"] for row in office.clinic.appointments() if row["status"] == status]


def say(call: VoiceCall, tool: str, arguments: dict) -> str:
    """What the patient hears."""
    result = call.tool(tool, arguments).result
    assert_can_be_read_aloud(result)
    return result


def test_a_patient_books_the_second_of_three_offers_and_moves_and_cancels_it(agent: Office):
    agent.book(at(12))
    call = agent.call(phone := new_phone())
    said = say(call, "book_appointment", wish(call, at(12)))
    assert said == taken(at(13), at(11), at(13, 30))
    assert len(agent.clinic.appointments()) == 1
    assert say(call, "book_appointment", wish(call, at(11))) == confirmed(at(11))
    agent.worker.wait_until(lambda: len(agent.twilio.sent_to(phone)) == 1)
    assert "your appointment is" in agent.twilio.sent_to(phone)[0].body
    agent.worker.wait_until(agent.is_settled)
    assert say(call, "find_appointment", {}) == known(at(11))
    assert say(call, "reschedule_appointment", new_time(at(16))) == moved(at(16))
    agent.worker.wait_until(lambda: len(agent.twilio.sent_to(phone)) == 2)
    assert "is now" in agent.twilio.sent_to(phone)[1].body
    agent.worker.wait_until(agent.is_settled)
    assert say(call, "cancel_appointment", {}) == cancelled(at(16))
    agent.worker.wait_until(lambda: len(agent.twilio.sent_to(phone)) == 3)
    assert "is cancelled" in agent.twilio.sent_to(phone)[2].body
    assert (booked_times(agent), booked_times(agent, "cancelled")) == ([at(12)], [at(16)])


def test_who_wants_to_move_to_a_time_that_is_taken_keeps_theirs_and_hears_of_others(agent: Office):
    agent.book(at(12))
    call = agent.call()
    say(call, "book_appointment", wish(call, at(9)))
    said = say(call, "reschedule_appointment", new_time(at(12)))
    assert said == taken(at(13), at(11), at(13, 30))
    assert booked_times(agent) == [at(9), at(12)]


def test_the_number_that_is_called_from_serves_where_none_is_said(agent: Office):
    call = agent.call(phone := new_phone())
    arguments = {key: value for key, value in wish(call, at(12)).items() if key != "patientPhone"}
    assert say(call, "book_appointment", arguments) == confirmed(at(12))
    assert [contact["phone"] for contact in agent.clinic.contacts()] == [phone]


def test_who_withholds_the_number_and_says_none_is_asked_for_it(agent: Office):
    call = agent.call()
    arguments = {key: value for key, value in wish(call, at(12)).items() if key != "patientPhone"}
    call.caller = None
    assert "phone number" in say(call, "book_appointment", arguments)
    assert agent.clinic.appointments() == []


def test_nobody_hears_of_or_changes_the_appointments_of_others(agent: Office):
    agent.book(at(12), name="Zuzanna Quill")
    stranger = agent.call()
    for tool in ["find_appointment", "cancel_appointment"]:
        said = say(stranger, tool, {})
        assert "Quill" not in said and time_of_day(at(12)) not in said
    say(stranger, "reschedule_appointment", new_time(at(16)))
    assert booked_times(agent) == [at(12)]


def test_what_is_free_is_said_and_can_be_booked(agent: Office):
    agent.session.execute("""SELECT booking.set_date_override(%s, %s, '[["09:00", "10:30"]]')""", [agent.org, at(12).date()])
    call = agent.call()
    said = say(call, "check_availability", {"appointmentDate": f"{at(12):%Y-%m-%d}", "serviceType": "checkup"})
    assert said == f"I have 9:00 AM or 9:30 AM available {moment(at(12)).partition(' at ')[0]}. Which would you like?"
    assert say(call, "book_appointment", wish(call, at(9, 30))) == confirmed(at(9, 30))


MISHEARD = [
    ({"appointmentDate": "someday"}, "which day"), ({"appointmentTime": "2:30"}, "what time"), ({"patientPhone": "555"}, "phone number"),
    ({"patientName": ""}, "name"), ({"patientEmail": "at"}, "email"), ({"appointmentDate": None}, "the date"),
    ({"appointmentTime": "unknown"}, "the time"),
]


def test_what_was_not_understood_is_asked_for_again(agent: Office):
    call = agent.call()
    for changes, words in MISHEARD:
        assert words in say(call, "book_appointment", wish(call, at(12), **changes)).lower(), changes
    assert agent.clinic.appointments() == []


def test_arguments_that_make_no_sense_are_answered_with_a_sentence(agent: Office):
    call = agent.call(style="metadata")
    odd = ["", "{", "[]", [], 7, None, {"appointmentDate": {"day": [1]}}, "x" * 10_000, {"patientName": "\u0000"}]
    for number, arguments in enumerate(odd):
        (result,) = call.tools([ToolCall("book_appointment", arguments, f"call_Odd{number}")]).results
        assert (result["toolCallId"], result["name"]) == (f"call_Odd{number}", "book_appointment"), arguments
        assert_can_be_read_aloud(result["result"])
    assert agent.clinic.appointments() == []


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_arguments_are_found_in_every_shape(agent: Office, shape: Shape):
    call = agent.call(style="metadata")
    (result,) = call.tool("book_appointment", wish(call, at(12)), shape, id="call_Shape1").results
    assert result == {"name": "book_appointment", "toolCallId": "call_Shape1", "result": confirmed(at(12))}
    assert booked_times(agent) == [at(12)]


@pytest.mark.parametrize("form", Form)
def test_arguments_are_found_beside_static_parameters_in_every_form(agent: Office, form: Form):
    call = agent.call(style="static")
    assert call.tool("book_appointment", wish(call, at(12)), Shape(form=form)).result == confirmed(at(12))


def test_whoever_takes_care_of_it_is_told_what_a_caller_has_left(agent: Office):
    agent.session.execute("SELECT booking.set_follow_ups(%s, 'Front desk', %s)", [agent.org, desk := new_phone()])
    call = agent.call(phone := new_phone())
    assert say(call, "leave_message", {"message": "Please call me about my bill.", "patientName": "ann lee"}) == (
        "I have passed your message on. Somebody will call you back.")
    assert agent.states() == {("follow_up", "available"): 1}
    left = one(agent.session, "SELECT id FROM booking.follow_ups WHERE org_id = %s", [agent.org])
    agent.session.execute("SELECT booking.change_follow_up(%s, %s, p_due_at => now())", [agent.org, left])
    agent.worker.wait_until(lambda: len(agent.twilio.sent_to(desk)) == 1)
    assert agent.twilio.sent_to(desk)[0].body.startswith(f"Follow-up for Test clinic: Ann Lee, {phone}: Please call me about my bill.")
    assert agent.twilio.sent_to(phone) == []


def test_several_calls_of_one_message_are_answered_each_and_in_order(agent: Office):
    call = agent.call()
    calls = [
        ToolCall.new("check_availability", {"appointmentDate": f"{at(12):%Y-%m-%d}"}),
        ToolCall.new("book_appointment", wish(call, at(12))),
        ToolCall.new("book_appointment", wish(call, at(15), patientName="")),
        ToolCall.new("no_such_tool", {"x": 1}),
        ToolCall.new("book_appointment", wanted(at(12), new_phone(), patientName="bob ray")),
        ToolCall.new("book_appointment", wanted(at(13), new_phone(), patientName="cleo orr")),
    ]
    results = call.tools(calls).results
    assert [(result["toolCallId"], result["name"]) for result in results] == [(each.id, each.name) for each in calls]
    said = [result["result"] for result in results]
    for each in said:
        assert_can_be_read_aloud(each)
    assert said[0].startswith("I have ")
    assert said[1] == confirmed(at(12))
    assert said[2] == "I still need the name."
    assert said[4] == taken(at(13), at(11), at(13, 30))
    assert said[5] == confirmed(at(13), "Cleo Orr")
    assert booked_times(agent) == [at(12), at(13)]


def test_the_same_message_again_is_answered_the_same_and_does_nothing_twice(agent: Office):
    call = agent.call(phone := new_phone())
    message = call.tool_message([ToolCall.new("book_appointment", wish(call, at(12)))])
    first = call.send(message)
    assert first.result == confirmed(at(12))
    for _ in range(2):
        assert call.send(message).json == first.json
    assert booked_times(agent) == [at(12)]
    agent.worker.wait_until(lambda: agent.twilio.sent_to(phone))
    agent.worker.wait_until(agent.is_settled)
    assert len(agent.twilio.sent_to(phone)) == 1


def test_a_cancellation_that_comes_again_cancels_nothing_else(agent: Office):
    call = agent.call()
    say(call, "book_appointment", wish(call, at(12)))
    cancellation = call.tool_message([ToolCall.new("cancel_appointment", {})])
    first = call.send(cancellation)
    assert first.result == cancelled(at(12))
    say(call, "book_appointment", wish(call, at(14)))
    assert call.send(cancellation).json == first.json
    assert booked_times(agent) == [at(14)]


def test_the_same_message_at_once_books_once(agent: Office):
    call = agent.call()
    message = call.tool_message([ToolCall.new("book_appointment", wish(call, at(12)))])
    with ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(call.send, [message] * 6))
    assert {answered.result for answered in answers} == {confirmed(at(12))}
    assert booked_times(agent) == [at(12)]


def test_the_same_tool_call_id_in_another_phone_call_is_another_request(agent: Office):
    arguments = wanted(at(12), new_phone())
    assert agent.call().tool("book_appointment", arguments, id="call_1").result == confirmed(at(12))
    # The same person wants what they have, and somebody else wants it too.
    assert agent.call().tool("book_appointment", arguments, id="call_1").result == booked_already(at(12))
    other = agent.call()
    assert other.tool("book_appointment", wish(other, at(12)), id="call_1").result == taken(at(13), at(11), at(13, 30))
    assert booked_times(agent) == [at(12)]


def test_many_callers_at_once_never_get_the_same_time(agent: Office):
    def ask(_number: int) -> str:
        call = agent.call()
        return call.tool("book_appointment", wish(call, at(12))).result

    with ThreadPoolExecutor(12) as callers:
        said = list(callers.map(ask, range(12)))
    assert said.count(confirmed(at(12))) == 1
    assert all("I do have" in each for each in said if each != confirmed(at(12)))
    assert booked_times(agent) == [at(12)]
    assert_none_overlap(agent.clinic.appointments())


# One tool that is posted as it is.


def test_the_direct_shape_books_and_says_so_word_for_word(agent: Office):
    call = agent.call(phone := new_phone(), style="metadata")
    answered = call.direct(wish(call, at(12)), id="call_direct")
    assert (answered.status, answered.json.keys(), answered.json["toolCallId"]) == (200, {"toolCallId", "result"}, "call_direct")
    result = answered.json["result"]
    (booked,) = agent.clinic.appointments()
    assert result == {
        "success": True, "appointmentId": str(booked["id"]), "contactId": str(booked["contact_id"]), "resourceId": str(booked["resource_id"]),
        "status": "confirmed", "scheduledAt": f"{at(12):%Y-%m-%dT%H:%M:%SZ}", "endsAt": f"{at(13):%Y-%m-%dT%H:%M:%SZ}", "timezone": "UTC",
        "dateCorrected": False, "smsStatus": "queued", "calendarStatus": "not_configured",
        "message": f"Appointment confirmed for Ann Lee {moment(at(12))}.",
    }
    assert agent.status(result)["status"] == "confirmed"
    agent.worker.wait_until(lambda: len(agent.twilio.sent_to(phone)) == 1)


@pytest.mark.parametrize("style", ["metadata", "static"])
def test_the_direct_shape_is_an_attempt_each_time_and_offers_what_is_free(agent: Office, style: str):
    call = agent.call(style=style)
    arguments = wish(call, at(12))
    assert call.direct(arguments, id="call_direct").json["result"]["success"] is True
    answered = call.direct(arguments, id="call_direct")
    result = answered.json["result"]
    assert (answered.status, answered.json["toolCallId"]) == (200, "call_direct")
    assert result.keys() == {"success", "error", "message", "detail", "hint", "timezone", "alternatives"}
    assert (result["success"], result["error"]) == (False, "slot_unavailable")
    assert result["message"] == (
        "That slot is no longer available. I checked the calendar and I do have 1:00 PM, 11:00 AM, or 1:30 PM available. "
        "Would any of those work for you?")
    assert [instant(text) for text in result["alternatives"]] == [at(13), at(11), at(13, 30)]
    assert booked_times(agent) == [at(12)]


def test_the_direct_shape_asks_again_for_what_it_did_not_understand(agent: Office):
    call = agent.call(style="metadata")
    result = call.direct(wish(call, at(12), appointmentDate="someday")).json["result"]
    assert (result["success"], result["error"]) == (False, "invalid_date")
    assert_can_be_read_aloud(result["message"])


# What is told of the call itself.

LOGGED = """
    SELECT status, ended_reason, caller_phone, called_phone, assistant_id, started_at, ended_at, cost::float8 AS cost, transcript, summary,
        recording_url
    FROM booking.call_logs WHERE org_id = %s AND call_id = %s"""


def logged(office: Office, call: VoiceCall) -> dict:
    cursor = office.session.cursor(row_factory=psycopg.rows.dict_row)
    (row,) = cursor.execute(LOGGED, [office.org, call.id]).fetchall()
    return row


def telling(call: VoiceCall, generation: str = "current") -> dict[str, dict]:
    """The messages of a call in the order in which they were written."""
    begun = call.message("status-update", status="in-progress")
    ended = call.message("status-update", status="ended", endedReason="customer-ended-call")
    report = call.report_message(generation)
    for number, each in enumerate([begun, ended, report]):
        each["message"]["timestamp"] = int((call.started_at + timedelta(seconds=100 * number)).timestamp() * 1000)
    return {"begun": begun, "ended": ended, "report": report}


@pytest.mark.parametrize("order", [
    ("begun", "ended", "report"), ("begun", "report", "ended"), ("ended", "begun", "report"), ("ended", "report", "begun"),
    ("report", "begun", "ended"), ("report", "ended", "begun"),
], ids="-".join)
def test_a_call_is_logged_once_in_whatever_order_and_however_often_it_is_told(agent: Office, order: tuple[str, ...]):
    call = agent.call(style="assistant")
    messages = telling(call)
    for name in order * 2:
        answered = call.send(messages[name])
        assert (answered.status, answered.json) == (200, {})
    assert logged(agent, call) == {
        "status": "ended", "ended_reason": "customer-ended-call", "caller_phone": call.caller, "called_phone": call.called,
        "assistant_id": call.assistant_id, "started_at": call.started_at, "ended_at": call.ended_at, "cost": 0.21,
        "transcript": messages["report"]["message"]["artifact"]["transcript"].rstrip(), "summary": "The caller booked a cleaning.",
        "recording_url": "https://storage.example.com/mono.wav",
    }
    assert one(agent.session, "SELECT count(*) FROM booking.call_logs") == 1


def test_a_report_as_it_looked_in_2024_is_logged_the_same(agent: Office):
    now, then = agent.call(style="assistant"), agent.call(style="assistant")
    then.started_at, then.ended_at, then.caller = now.started_at, now.ended_at, now.caller
    assert now.end_of_call().json == {}
    assert then.end_of_call("observed").json == {}
    assert logged(agent, now) == logged(agent, then)


def test_a_call_that_goes_on_has_no_end(agent: Office):
    call = agent.call(style="assistant")
    assert call.status("in-progress").json == {}
    assert (logged(agent, call)["status"], logged(agent, call)["ended_at"]) == ("in-progress", None)


def test_a_withheld_number_is_logged_as_none(agent: Office):
    call = agent.call(style="assistant")
    call.caller = None
    assert call.end_of_call().json == {}
    assert logged(agent, call)["caller_phone"] is None


def test_a_call_is_tied_to_who_called_and_to_what_was_booked(agent: Office):
    call = agent.call(style="assistant")
    say(call, "book_appointment", wish(call, at(12)))
    assert call.end_of_call().json == {}
    (contact,), (appointment,) = agent.clinic.contacts(), agent.clinic.appointments()
    assert agent.session.execute("SELECT contact_id, appointment_id FROM booking.call_logs").fetchall() == [(contact["id"], appointment["id"])]


def test_a_long_call_is_logged_whole(agent: Office):
    call, line = agent.call(style="assistant"), "User: Could you say that again, please? Ich höre schlecht.\n"
    long = line * (900_000 // len(line))
    messages = [{"role": "user", "message": line, "time": number, "secondsFromStart": number} for number in range(20_000)]
    assert call.end_of_call(transcript=long, messages=messages).json == {}
    assert logged(agent, call)["transcript"].strip() == long.strip()


def test_a_message_that_nobody_knows_is_kept_and_answered_with_nothing(agent: Office):
    call = agent.call(style="assistant")
    answered = call.send(call.message("something.new", detail={"a": [1]}))
    assert (answered.status, answered.json) == (200, {})
    ((kind, call_id, body),) = agent.session.execute("SELECT type, call_id, body FROM booking.call_messages").fetchall()
    assert (kind, call_id) == ("something.new", call.id)
    assert {"a": [1]} in (body.get("detail"), body.get("message", {}).get("detail"))


def test_a_number_that_rings_is_given_its_assistant(agent: Office):
    call = agent.call(style="nobody")
    agent.session.execute("SELECT booking.set_voice_agent(%s, %s, p_phone_number => %s)", [agent.org, call.assistant_id, call.called])
    answered = call.send(call.message("assistant-request"))
    assert (answered.status, answered.json) == (200, {"assistantId": call.assistant_id})


def test_nothing_of_a_call_stands_in_the_workers_log(agent: Office):
    call = agent.call(style="assistant")
    say(call, "book_appointment", wish(call, at(12), patientName="Zuzanna Quill"))
    assert call.end_of_call(transcript="User: My knee hurts.").json == {}
    agent.worker.wait_until(agent.is_settled)
    agent.worker.wait_for_log("end-of-call-report")
    assert agent.worker.terminate() == 0
    assert agent.org in agent.worker.log
    for private in ["Quill", call.caller, call.caller[2:], "knee", SERVER_SECRET, agent.vapi.key]:
        assert private not in agent.worker.log, private
