"""From a booking to the calendar, and what becomes of its event."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from clinic import future, new_phone, one
from office import Office
from stand_ins.faults import half_reply, reset_after, reset_before, slow, status
from stand_ins.google import USER
from stand_ins.google_errors import rate_limited
from voice import locked

EVENTS = r"/events$"
EVENT = r"/events/[^/]+$"


@pytest.fixture
def calendar(office: Office) -> Office:
    """An office whose appointments are kept in its calendar, and a worker at it."""
    office.worker = office.start()
    office.connect_google()
    return office


def starts(event: dict) -> datetime:
    return datetime.fromisoformat(event["start"]["dateTime"])


def live(office: Office) -> list[dict]:
    return office.google.events()


def test_a_booking_has_its_event_which_moves_and_goes_with_it(calendar: Office):
    booked = calendar.book(name="Mary Jones", phone="+14155550101", service="Cleaning")
    assert booked["calendarStatus"] == "queued"
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    (event,) = live(calendar)
    assert event["summary"] == "Cleaning: Mary Jones"
    assert "+14155550101" in event["description"]
    assert starts(event) == future()
    assert calendar.status(booked)["eventId"] == event["id"] == f"{booked['appointmentId'].replace('-', '')}g1"
    calendar.move(booked, future(201))
    calendar.worker.wait_until(lambda: starts(live(calendar)[0]) == future(201))
    assert [event["id"] for event in live(calendar)] == [event["id"]]
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    calendar.cancel(booked)
    calendar.worker.wait_until(lambda: live(calendar) == [])
    calendar.worker.wait_until(lambda: calendar.event(booked) == "removed")
    assert calendar.status(booked)["eventId"] is None


def test_each_resource_has_the_calendar_that_it_was_given(calendar: Office):
    room = calendar.clinic.first_resource()
    for number in [1, 2]:
        calendar.google.add_calendar(USER, f"room-{number}@group.calendar.example")
    assign = "SELECT booking.set_resource_calendar(%s, %s, %s)"
    calendar.session.execute(assign, [calendar.org, room, "room-1@group.calendar.example"])
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    assert len(calendar.google.events("room-1@group.calendar.example")) == 1
    calendar.session.execute(assign, [calendar.org, room, "room-2@group.calendar.example"])
    calendar.move(booked, future(202))
    calendar.worker.wait_until(lambda: len(calendar.google.events("room-2@group.calendar.example")) == 1)
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    (event,) = calendar.google.events("room-2@group.calendar.example")
    assert (event["id"], starts(event)) == (calendar.status(booked)["eventId"], future(202))
    assert calendar.google.events("room-1@group.calendar.example") == []


@pytest.mark.parametrize("fault", [reset_after, half_reply], ids=lambda fault: fault.__name__)
def test_an_event_whose_answer_was_lost_is_found_and_not_written_twice(calendar: Office, fault):
    calendar.google.faults.add("POST", EVENTS, fault())
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.hurry() and calendar.event(booked) == "synced")
    assert len(calendar.google.events()) == 1


def test_an_event_that_was_not_written_is_written_when_that_is_known(calendar: Office):
    calendar.google.faults.add("POST", EVENTS, reset_before(), times=2)
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.hurry() and calendar.event(booked) == "synced")
    assert len(live(calendar)) == 1


@pytest.mark.parametrize("code", [403, 429])
def test_a_rate_limit_is_waited_for(calendar: Office, code: int):
    calendar.google.faults.add("POST", EVENTS, rate_limited(code, headers={"Retry-After": "3000"}))
    booked = calendar.book()
    calendar.worker.wait_until(lambda: ("calendar", "retryable") in calendar.states())
    assert one(calendar.session, "SELECT run_at > now() + interval '49 minutes' FROM booking.outbox WHERE kind = 'calendar'")
    calendar.hurry()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")


def test_what_the_calendar_forbids_is_given_up_and_can_be_done_again(calendar: Office):
    calendar.google.roles[USER, USER] = "reader"
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "failed")
    assert calendar.status(booked)["status"] == "confirmed"
    calendar.google.roles[USER, USER] = "owner"
    assert "1 of 1 jobs wait again" in calendar.command("requeue", "--org", calendar.org)
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")


def test_an_event_that_somebody_changes_in_between_is_written_on_what_they_wrote(calendar: Office):
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    event_id = calendar.status(booked)["eventId"]
    calendar.google.faults.add("GET", EVENT, held := slow(processed=True))
    calendar.move(booked, future(203))
    held.wait_until_held()
    calendar.google.staff_edits(USER, event_id, location="Room 3")
    held.release()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    (event,) = live(calendar)
    assert (event["location"], starts(event)) == ("Room 3", future(203))
    assert [exchange.status for exchange in calendar.google.log.of("PATCH")] == [412, 200]


def test_an_event_that_was_deleted_is_written_again_under_another_id_when_its_appointment_moves(calendar: Office):
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    calendar.google.staff_deletes(USER, calendar.status(booked)["eventId"])
    calendar.move(booked, future(203))
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced" and live(calendar))
    assert calendar.status(booked)["eventId"].endswith("g2")
    assert [starts(event) for event in live(calendar)] == [future(203)]
    assert len(calendar.happened("event_restored")) == 1


def test_an_event_that_is_gone_already_is_gone(calendar: Office):
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    calendar.google.staff_deletes(USER, calendar.status(booked)["eventId"])
    calendar.cancel(booked)
    calendar.worker.wait_until(lambda: calendar.event(booked) == "removed")
    assert calendar.google.log.of("DELETE")[-1].status == 410


def test_who_is_erased_is_in_no_event_any_more(calendar: Office):
    booked = calendar.book(phone=(phone := new_phone()), name="Zuzanna Quill")
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    calendar.session.execute("SELECT booking.erase_contact(%s, %s)", [calendar.org, phone])
    calendar.worker.wait_until(lambda: live(calendar) == [])


def test_a_booking_and_a_cancellation_that_nobody_saw_write_nothing(office: Office):
    worker = office.start()
    office.connect_google()
    assert worker.terminate() == 0
    office.cancel(office.book())
    worker = office.start()
    worker.wait_until(office.is_settled)
    assert (office.google.log.of("POST", EVENTS), office.google.log.of("DELETE")) == ([], [])


@pytest.fixture
def verified(calendar: Office) -> Office:
    """An office whose bookings wait for their events."""
    calendar.connect_twilio()
    calendar.session.execute("SELECT booking.set_calendar(%s, true, 'verified')", [calendar.org])
    return calendar


def test_a_verified_booking_is_one_when_its_event_is_there_and_only_then_is_it_told(verified: Office):
    verified.google.faults.add("POST", EVENTS, held := slow(processed=True))
    booked = verified.book(phone=(phone := new_phone()))
    assert (booked["status"], booked["calendarStatus"]) == ("held", "queued")
    held.wait_until_held()
    assert (verified.status(booked)["status"], verified.twilio.messages) == ("held", [])
    assert verified.clinic.book(future())["error"] == "slot_unavailable"
    held.release()
    verified.worker.wait_until(lambda: verified.status(booked)["status"] == "confirmed")
    verified.worker.wait_until(lambda: len(verified.twilio.sent_to(phone)) == 1)
    assert verified.event(booked) == "synced"
    assert verified.happened("verified") == [{}]


def test_a_verified_booking_whose_event_is_refused_is_none_and_its_time_is_free(verified: Office):
    verified.google.roles[USER, USER] = "reader"
    booked = verified.book(phone=(phone := new_phone()))
    verified.worker.wait_until(lambda: verified.status(booked)["status"] == "cancelled")
    assert len(verified.happened("verification_failed")) == 1
    verified.google.roles[USER, USER] = "owner"
    again = verified.book()
    verified.worker.wait_until(lambda: verified.status(again)["status"] == "confirmed")
    verified.worker.wait_until(verified.is_settled)
    assert verified.twilio.sent_to(phone) == []
    assert [event["id"] for event in live(verified)] == [verified.status(again)["eventId"]]


def test_a_verified_booking_whose_event_comes_too_late_is_none_and_its_event_goes_again(verified: Office):
    verified.session.execute("SELECT booking.set_calendar(%s, true, 'verified', p_verify_seconds => 1)", [verified.org])
    verified.google.faults.add("POST", EVENTS, held := slow(processed=True))
    booked = verified.book(phone=(phone := new_phone()))
    held.wait_until_held()
    assert len(live(verified)) == 1
    verified.worker.wait_until(lambda: one(
        verified.session, "SELECT status = 'cancelled' FROM booking.appointments WHERE id = %s", [booked["appointmentId"]]))
    other = verified.clinic.book(future())
    assert other["success"], other
    held.release()
    verified.worker.wait_until(lambda: verified.event(booked) == "removed")
    assert booked["appointmentId"].replace("-", "") not in {event["id"][:32] for event in live(verified)}
    assert verified.twilio.sent_to(phone) == []


def test_a_move_while_the_event_is_being_written_is_written_after_it(calendar: Office):
    calendar.google.faults.add("POST", EVENTS, held := slow(processed=True))
    booked = calendar.book()
    held.wait_until_held()
    calendar.move(booked, future(204))
    held.release()
    calendar.worker.wait_until(lambda: [starts(event) for event in live(calendar)] == [future(204)])
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    assert len(live(calendar)) == 1


def test_a_worker_that_stood_still_longer_than_its_lease_changes_nothing_afterwards(office: Office):
    """Its old word must not follow the new one of whoever took over."""
    short = {"BOOKING_HTTP_TIMEOUT_SECONDS": "1", "BOOKING_LEASE_SECONDS": "4"}
    first = office.start(**short)
    office.connect_google()
    booked = office.book()
    first.wait_until(lambda: office.event(booked) == "synced")
    office.google.faults.add("GET", EVENT, held := slow(processed=True))
    office.move(booked, future(205))
    held.wait_until_held()
    first.pause()
    office.end_leases()
    held.release()
    second = office.start(**short)
    second.wait_until(lambda: [starts(event) for event in live(office)] == [future(205)])
    second.wait_until(office.is_settled)
    office.move(booked, future(206))
    second.wait_until(lambda: [starts(event) for event in live(office)] == [future(206)])
    second.wait_until(office.is_settled)
    first.resume()
    first.wait_for_log("event not written|somebody else had the job|ended before")
    assert [starts(event) for event in live(office)] == [future(206)]
    assert office.event(booked) == "synced"


def test_two_organizations_calendars_are_apart(calendar: Office):
    other = calendar.add_colleague()
    other.address = calendar.address
    calendar.google.user = "other@example.org"
    calendar.google.add_calendar("other@example.org", "other@example.org")
    other.connect_google()
    ours, theirs = calendar.book(), other.book()
    calendar.worker.wait_until(lambda: (calendar.event(ours), other.event(theirs)) == ("synced", "synced"))
    assert [event["id"][:32] for event in calendar.google.events(USER)] == [ours["appointmentId"].replace("-", "")]
    assert [event["id"][:32] for event in calendar.google.events("other@example.org")] == [theirs["appointmentId"].replace("-", "")]


def test_appointments_of_a_morning_all_have_their_events(calendar: Office):
    booked = [calendar.book(future() + timedelta(hours=number)) for number in range(-6, 6)]
    calendar.worker.wait_until(lambda: all(calendar.event(each) == "synced" for each in booked))
    assert sorted(starts(event) for event in live(calendar)) == [future() + timedelta(hours=number) for number in range(-6, 6)]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_event_that_is_there_before_anybody_remembers_to_have_written_it(office: Office, is_deleted: bool):
    """A database that was restored from an older copy: the calendar answers 409, and knows more than the worker."""
    worker = office.start()
    office.connect_google()
    assert worker.terminate() == 0
    booked = office.book()
    event_id = f"{booked['appointmentId'].replace('-', '')}g1"
    with office.google.lock:
        office.google.calendars[USER].insert({
            "id": event_id, "summary": "old", "start": {"dateTime": "2026-01-01T10:00:00Z"}, "end": {"dateTime": "2026-01-01T11:00:00Z"}})
    if is_deleted:
        office.google.staff_deletes(USER, event_id)
    worker = office.start()
    worker.wait_until(lambda: office.event(booked) == "synced")
    assert 409 in [exchange.status for exchange in office.google.log.of("POST", EVENTS)]
    (event,) = live(office)
    assert (event["id"], starts(event)) == (event_id[:-1] + ("2" if is_deleted else "1"), future())


def test_what_the_database_answers_too_late_for_the_provider_is_not_written(office: Office):
    """It takes long to say whose the job is, and when it has said it the job might be somebody else's before Google has answered."""
    worker = office.start(BOOKING_LEASE_SECONDS="12")
    office.connect_google()
    booked = office.book()
    worker.wait_until(lambda: office.event(booked) == "synced")
    office.google.faults.add("GET", EVENT, held := slow(processed=True))
    office.move(booked, future(201))
    held.wait_until_held()
    with locked(office, "outbox") as holder:
        held.release()
        worker.wait_until(lambda: one(holder, """
            SELECT min(leased_until) < clock_timestamp() + interval '5.5 seconds' FROM booking.outbox WHERE state = 'running'"""))
        assert office.google.log.of("PATCH", EVENT) == []
    worker.wait_until(lambda: one(office.session, "SELECT bool_or(errors::text LIKE '%too little time%') FROM booking.outbox"))
    worker.wait_until(lambda: office.hurry() and starts(live(office)[0]) == future(201))
