"""A caller waits on the line: there is an answer in time whatever the database and the calendar do, and what was given up is
not done behind the caller's back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from clinic import future, new_phone, one
from office import SERVER_SECRET, Office
from stand_ins.faults import Slow, slow
from stand_ins.google import USER
from stand_ins.vapi_call import Answered, VoiceCall
from stand_ins.vapi_shapes import Json, ToolCall
from voice import (
    assert_apologizes, assert_can_be_read_aloud, confirmed, database_away, held, how_many_ask, is_asking, locked, wanted, wish,
)

EVENTS = r"/events$"
SHORT = 2
# What a busy machine adds.
SLACK = 2.5


@pytest.fixture
def hasty(office: Office) -> Office:
    """An office whose callers wait two seconds at most."""
    office.connect_vapi()
    office.worker = office.start(BOOKING_ANSWER_SECONDS=str(SHORT))
    return office


def assert_in_time(answered: Answered) -> None:
    assert answered.seconds < SHORT + SLACK


def test_a_slow_database_is_apologized_for_in_time_and_books_nothing_afterwards(hasty: Office):
    call = hasty.call()
    calls = [ToolCall.new("book_appointment", wish(call, future())), ToolCall.new("book_appointment", wanted(future(201), new_phone()))]
    message = call.tool_message(calls)
    with locked(hasty, "appointments"):
        answered = call.send(message)
        assert_in_time(answered)
        assert_apologizes(answered, *((each.id, each.name) for each in calls))
        # Nobody is left who would do it when the table is free again.
        hasty.worker.wait_until(lambda: not is_asking(hasty, "vapi_message"))
    assert hasty.clinic.appointments() == []
    # Nor is it remembered as done.
    assert [result["result"] for result in call.send(message).results] == [confirmed(future()), confirmed(future(201))]


def test_a_slow_database_is_apologized_for_in_the_direct_shape_too(hasty: Office):
    call = hasty.call(style="metadata")
    with locked(hasty, "appointments"):
        answered = call.direct(wish(call, future()), id="call_direct")
        assert_in_time(answered)
        assert (answered.status, answered.json["toolCallId"], answered.json["result"]["success"]) == (200, "call_direct", False)
        assert_can_be_read_aloud(answered.json["result"]["message"])
        hasty.worker.wait_until(lambda: not is_asking(hasty, "book_clinic_appointment"))
    assert hasty.clinic.appointments() == []
    assert call.direct(wish(call, future())).json["result"]["success"] is True


def test_a_lock_that_is_gone_in_time_is_waited_for(office: Office):
    office.connect_vapi()
    worker, call = office.start(), office.call()
    with ThreadPoolExecutor(1) as caller:
        with locked(office, "appointments"):
            asked = caller.submit(call.tool, "book_appointment", wish(call, future()))
            worker.wait_until(lambda: is_asking(office, "vapi_message"))
            assert not asked.done()
        assert asked.result().result == confirmed(future())


def waiting_for(office: Office, table: str) -> int:
    """How many sessions of the worker wait for a lock on this table."""
    return one(office.session, """
        SELECT count(*) FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE a.usename = %s AND l.relation = %s::regclass AND NOT l.granted""", [office.role, f"booking.{table}"])


def test_two_who_wait_for_each_other_are_both_answered(office: Office):
    """Each has booked on the day that the other wants next: the database ends one of them, who asks again."""
    office.connect_vapi()
    worker = office.start()

    def message(days: tuple[int, int], hour: int) -> tuple[VoiceCall, Json]:
        call = office.call()
        first, second = (ToolCall.new("book_appointment", wish(call, future(day, hour))) for day in days)
        return call, call.tool_message([first, ToolCall.new("leave_message", {"message": "hello"}), second])

    messages = [message((200, 201), 9), message((201, 200), 11)]
    with ThreadPoolExecutor(2) as callers:
        with locked(office, "follow_ups"):
            asked = [callers.submit(call.send, body) for call, body in messages]
            worker.wait_until(lambda: waiting_for(office, "follow_ups") == 2)
        said = [[result["result"] for result in each.result().results] for each in asked]
    noted = "I have passed your message on. Somebody will call you back."
    assert said == [
        [confirmed(future(200, 9)), noted, confirmed(future(201, 9))], [confirmed(future(201, 11)), noted, confirmed(future(200, 11))]]
    assert len(office.clinic.appointments()) == 4


def test_many_callers_of_a_slow_database_are_all_answered_in_time(hasty: Office):
    """More of them than there are connections: who waits for one does not wait longer."""
    calls = [hasty.call() for _ in range(60)]
    with locked(hasty, "appointments"), ThreadPoolExecutor(len(calls)) as callers:
        asked = [
            (number, call, callers.submit(call.tool, "book_appointment", wish(call, future(200 + number)), id=f"call_n{number}"))
            for number, call in enumerate(calls)]
        for number, _, answer in asked:
            assert_in_time(answer.result())
            assert_apologizes(answer.result(), (f"call_n{number}", "book_appointment"))
        hasty.worker.wait_until(lambda: not is_asking(hasty, "vapi_message"))
    assert hasty.clinic.appointments() == []
    call = calls[0]
    assert call.tool("book_appointment", wish(call, future())).result == confirmed(future())


def test_couriers_that_wait_for_the_database_keep_no_caller_waiting(hasty: Office):
    hasty.connect_twilio()
    with locked(hasty, "outbox"):
        hasty.worker.wait_until(lambda: is_asking(hasty, "claim_"))
        answered = hasty.call().tool("check_availability", {"appointmentDate": f"{future():%Y-%m-%d}"})
        assert_in_time(answered)
        assert answered.result.startswith("I have ")


def test_what_the_database_does_not_allow_is_a_sentence_and_no_error(hasty: Office):
    call = hasty.call()
    hasty.session.execute(f'REVOKE EXECUTE ON FUNCTION booking.vapi_message(json) FROM "{hasty.role}"')
    answered = call.tool("book_appointment", wish(call, future()), id="call_1")
    assert_apologizes(answered, ("call_1", "book_appointment"))
    assert "permission" not in answered.result
    hasty.session.execute("SELECT booking.grant_worker(%s)", [hasty.role])
    assert call.tool("book_appointment", wish(call, future()), id="call_1").result == confirmed(future())


def test_a_database_that_is_away_is_apologized_for_to_who_is_known_already(hasty: Office):
    known = hasty.call()
    assert known.tool("book_appointment", wish(known, future())).result == confirmed(future())
    later = known.tool_message([ToolCall.new("book_appointment", wish(known, future(201)), id="call_2")])
    with database_away(hasty):
        answered = known.send(later)
        assert_in_time(answered)
        assert_apologizes(answered, ("call_2", "book_appointment"))
        direct = hasty.call(style="metadata").direct(wanted(future(202), new_phone()))
        assert (direct.status, direct.json["result"]["success"]) == (200, False)
        # Who is not, cannot be told from anybody: not now.
        assert hasty.call(secret="another secret of theirs").send(later).status == 503
    hasty.worker.wait_until(lambda: known.send(later).result == confirmed(future(201)))
    assert len(hasty.clinic.appointments()) == 2


def test_a_database_that_is_away_before_anybody_was_known_is_no_sentence_for_anybody(hasty: Office):
    call = hasty.call()
    with database_away(hasty):
        answered = call.tool("book_appointment", wish(call, future()))
        assert_in_time(answered)
        assert answered.status == 503
    hasty.worker.wait_until(lambda: call.tool("book_appointment", wish(call, future())).status == 200)


# Where a booking waits for its event.


def verify(office: Office, **env: str) -> Office:
    """Bookings wait for their events, and a worker is at it."""
    office.connect_vapi()
    office.connect_twilio()
    office.worker = office.start(**env)
    office.connect_google()
    office.session.execute("SELECT booking.set_calendar(%s, true, 'verified')", [office.org])
    return office


@pytest.fixture
def verified(office: Office) -> Office:
    return verify(office)


@pytest.fixture
def hasty_verified(office: Office) -> Office:
    return verify(office, BOOKING_ANSWER_SECONDS=str(SHORT))


def while_held(office: Office, held_event: Slow, ask: Callable[[], Answered]) -> Answered:
    """Asks, and lets the event be written when the caller has had to wait for it."""
    with ThreadPoolExecutor(1) as caller:
        asked = caller.submit(ask)
        held_event.wait_until_held()
        assert not asked.done()
        assert [row["status"] for row in office.clinic.appointments()] == ["held"]
        held_event.release()
        return asked.result()


def test_a_caller_waits_for_the_event_and_hears_that_it_is_confirmed(verified: Office):
    verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = verified.call(phone := new_phone())
    answered = while_held(verified, event, lambda: call.tool("book_appointment", wish(call, future())))
    assert answered.result == confirmed(future())
    assert [row["status"] for row in verified.clinic.appointments()] == ["confirmed"]
    assert len(verified.google.events()) == 1
    verified.worker.wait_until(lambda: len(verified.twilio.sent_to(phone)) == 1)


def test_a_caller_of_the_direct_shape_waits_too(verified: Office):
    verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = verified.call(style="metadata")
    result = while_held(verified, event, lambda: call.direct(wish(call, future()))).json["result"]
    assert (result["success"], result["status"], result["message"]) == (True, "confirmed", confirmed(future()))
    assert verified.status(result)["status"] == "confirmed"


def assert_offers(message: str) -> None:
    assert_can_be_read_aloud(message)
    assert message.startswith("That slot is no longer available. I checked the calendar and I do have ")
    assert message.endswith(" available. Would any of those work for you?")


def test_a_caller_whose_event_is_refused_hears_of_other_times(verified: Office):
    verified.google.roles[USER, USER] = "reader"
    call = verified.call(phone := new_phone())
    message = call.tool_message([ToolCall.new("book_appointment", wish(call, future()))])
    answered = call.send(message)
    assert_offers(answered.result)
    assert [row["status"] for row in verified.clinic.appointments()] == ["cancelled"]
    assert call.send(message).result == answered.result
    verified.google.roles[USER, USER] = "owner"
    assert call.tool("book_appointment", wish(call, future(201))).result == confirmed(future(201))
    verified.worker.wait_until(lambda: len(verified.twilio.sent_to(phone)) == 1)
    verified.worker.wait_until(verified.is_settled)
    assert len(verified.twilio.sent_to(phone)) == 1


def test_a_caller_of_the_direct_shape_whose_event_is_refused_hears_of_other_times(verified: Office):
    verified.google.roles[USER, USER] = "reader"
    call = verified.call(style="metadata")
    result = call.direct(wish(call, future())).json["result"]
    assert (result["success"], result["error"], len(result["alternatives"])) == (False, "slot_unavailable", 3)
    assert_offers(result["message"])


def test_an_event_that_takes_too_long_leaves_the_caller_with_what_is_certain(hasty_verified: Office):
    hasty_verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = hasty_verified.call(phone := new_phone())
    message = call.tool_message([ToolCall.new("book_appointment", wish(call, future()))])
    answered = call.send(message)
    assert_in_time(answered)
    assert answered.result == held(future())
    # Asked again, it is answered as it stands then.
    event.release()
    hasty_verified.worker.wait_until(lambda: [row["status"] for row in hasty_verified.clinic.appointments()] == ["confirmed"])
    assert call.send(message).result == confirmed(future())
    hasty_verified.worker.wait_until(lambda: len(hasty_verified.twilio.sent_to(phone)) == 1)
    assert len(hasty_verified.google.events()) == 1


def test_an_event_that_takes_too_long_in_the_direct_shape_is_held(hasty_verified: Office):
    hasty_verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = hasty_verified.call(style="metadata")
    answered = call.direct(wish(call, future()))
    assert_in_time(answered)
    result = answered.json["result"]
    assert (result["success"], result["status"], result["message"]) == (True, "held", held(future()))
    event.release()
    hasty_verified.worker.wait_until(lambda: hasty_verified.status(result)["status"] == "confirmed")


def test_what_waits_for_no_event_does_not_wait(hasty_verified: Office):
    """The calendar is slow for somebody else: a question is answered at once."""
    hasty_verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    booked = hasty_verified.book()
    event.wait_until_held()
    answered = hasty_verified.call().tool("check_availability", {"appointmentDate": f"{future():%Y-%m-%d}"})
    assert answered.seconds < SHORT
    assert answered.result.startswith("I have ")
    event.release()
    hasty_verified.worker.wait_until(lambda: hasty_verified.status(booked)["status"] == "confirmed")


def test_several_bookings_of_one_message_all_wait(verified: Office):
    call, gate = verified.call(), threading.Event()
    events = [slow(gate) for _ in range(2)]
    for event in events:
        verified.google.faults.add("POST", EVENTS, event)
    calls = [ToolCall.new("book_appointment", wish(call, future(200 + day))) for day in range(2)]
    with ThreadPoolExecutor(1) as caller:
        asked = caller.submit(call.tools, calls)
        for event in events:
            event.wait_until_held()
        assert not asked.done()
        gate.set()
        assert [result["result"] for result in asked.result().results] == [confirmed(future()), confirmed(future(201))]


def test_a_worker_that_is_told_to_stop_answers_who_is_on_the_line(verified: Office):
    verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = verified.call()
    with ThreadPoolExecutor(2) as others:
        asked = others.submit(call.tool, "book_appointment", wish(call, future()))
        event.wait_until_held()
        stopped = others.submit(verified.worker.terminate)
        verified.worker.wait_for_log("told to stop")
        event.release()
        answered = asked.result()
        assert stopped.result() == 0
    assert answered.status == 200
    assert answered.result in (confirmed(future()), held(future()))


def test_the_secret_is_asked_for_before_anybody_waits(hasty: Office):
    """What is locked keeps nobody from being refused."""
    with locked(hasty, "appointments"):
        call = hasty.call(secret=SERVER_SECRET[::-1])
        answered = call.tool("book_appointment", wish(call, future()))
        assert (answered.status, is_asking(hasty, "vapi_message")) == (401, False)


def test_strangers_whom_the_database_does_not_know_in_time_keep_no_caller_waiting(verified: Office):
    verified.google.faults.add("POST", EVENTS, event := slow(processed=True))
    call = verified.call()
    with ThreadPoolExecutor(13) as callers:
        asked = callers.submit(call.tool, "book_appointment", wish(call, future()))
        event.wait_until_held()
        with locked(verified, "voice_agents"):
            crowd = [callers.submit(verified.call(style="nobody").status, "in-progress") for _ in range(12)]
            verified.worker.wait_until(lambda: how_many_ask(verified, "voice_organization") >= 4)
            event.release()
            assert asked.result().result == confirmed(future())
            assert how_many_ask(verified, "voice_organization") == 4
        assert {stranger.result().status for stranger in crowd} == {401}


def test_who_is_to_take_a_call_is_said_before_vapi_gives_up(office: Office):
    office.connect_vapi()
    office.worker = office.start(BOOKING_ANSWER_SECONDS="19")
    call = office.call(style="metadata")
    with locked(office, "voice_agents"):
        answered = call.send(call.message("assistant-request"))
    assert answered.seconds < 7.5
    assert answered.status == 200
    assert_can_be_read_aloud(answered.json["error"])
