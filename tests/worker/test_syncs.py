"""Who is busy in the calendar cannot be booked, and what staff do to our events there is never ignored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from clinic import future, new_phone, one
from office import PUBLIC, Office, write_keys
from stand_ins.faults import slow, status
from stand_ins.google import USER

LIST = r"/events\?"


@pytest.fixture
def calendar(office: Office) -> Office:
    office.worker = office.start()
    office.connect_google()
    office.worker.wait_until(lambda: synced(office))
    return office


def synced(office: Office) -> bool:
    return one(office.session, "SELECT count(*) > 0 AND bool_and(synced_at IS NOT NULL AND leased_until IS NULL AND next_sync_at > now()) FROM booking.calendars WHERE is_used")


def read_again(office: Office) -> None:
    """Until what is in the calendar now has been read."""
    # What is being read at this moment may have been read too early.
    office.worker.wait_until(office.sync)
    office.worker.wait_until(lambda: synced(office))


def blocks(office: Office) -> list[tuple]:
    return office.session.execute("SELECT lower(during), upper(during) FROM booking.busy_blocks ORDER BY during").fetchall()


def hour(days: int = 200, at: int = 12) -> tuple:
    return future(days, at), future(days, at + 1)


def test_who_is_busy_elsewhere_cannot_be_booked_until_they_are_free_again(calendar: Office):
    lunch = calendar.google.staff_adds(USER, *hour())
    read_again(calendar)
    assert calendar.clinic.book(future())["error"] == "slot_unavailable"
    calendar.google.staff_moves(USER, lunch, *hour(at=13))
    read_again(calendar)
    assert blocks(calendar) == [hour(at=13)]
    calendar.google.staff_deletes(USER, lunch)
    read_again(calendar)
    assert (blocks(calendar), calendar.clinic.book(future())["success"]) == ([], True)


def test_free_and_declined_events_keep_nobody_away_and_whole_days_do(calendar: Office):
    calendar.google.staff_adds(USER, *hour(at=8), transparency="transparent")
    calendar.google.staff_adds(USER, *hour(at=9), attendees=[{"email": USER, "self": True, "responseStatus": "declined"}])
    day = future().date()
    calendar.google.staff_adds(USER, day + timedelta(days=1), day + timedelta(days=2))
    read_again(calendar)
    assert blocks(calendar) == [(future(201, 0), future(202, 0))]


def test_only_what_has_changed_is_asked_for_and_a_forgotten_token_brings_everything_anew(calendar: Office):
    calendar.google.staff_adds(USER, *hour(at=8))
    gone = calendar.google.staff_adds(USER, *hour(at=9))
    read_again(calendar)
    first, *later = [exchange.request.query for exchange in calendar.google.log.of("GET", LIST)]
    assert "syncToken" not in first and "timeMin" in first
    assert all("syncToken" in query and "timeMin" not in query for query in later)
    # While it is forgotten, one goes and one comes: the whole reading shows both.
    calendar.google.expire_sync_tokens()
    calendar.google.staff_deletes(USER, gone)
    calendar.google.staff_adds(USER, *hour(at=10))
    calendar.sync()
    calendar.worker.wait_until(lambda: blocks(calendar) == [hour(at=8), hour(at=10)])
    assert 410 in [exchange.status for exchange in calendar.google.log.of("GET", LIST)]


def test_a_calendar_of_many_pages_is_read_to_its_end(calendar: Office):
    for number in range(600):
        calendar.google.staff_adds(USER, future() + timedelta(hours=number), future() + timedelta(hours=number, minutes=30))
    read_again(calendar)
    assert len(blocks(calendar)) == 600
    assert sum("pageToken" in exchange.request.query for exchange in calendar.google.log.of("GET", LIST)) == 2


def test_our_own_events_are_nobody_elses_and_change_nothing(calendar: Office):
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    read_again(calendar)
    assert (blocks(calendar), calendar.happened("event_moved"), calendar.event(booked)) == ([], [], "synced")


def test_an_event_that_comes_when_its_appointment_is_off_already_goes_again(office: Office):
    """A writing hangs at the provider, and lands after the event was not there to be deleted."""
    office.worker = office.start(BOOKING_HTTP_TIMEOUT_SECONDS="1", BOOKING_LEASE_SECONDS="10")
    office.connect_google()
    office.worker.wait_until(lambda: synced(office))
    office.google.faults.add("POST", r"/events$", held := slow(processed=False))
    booked = office.book()
    held.wait_until_held()
    office.cancel(booked)
    office.worker.wait_until(lambda: office.hurry() and office.event(booked) == "removed")
    assert deletions(office) == [404]
    held.release()
    office.worker.wait_until(lambda: (office.sync() or True) and deletions(office) == [404, 204])
    office.worker.wait_until(office.is_settled)
    assert (office.google.events(), office.event(booked)) == ([], "removed")


def deletions(office: Office) -> list[int]:
    return [exchange.status for exchange in office.google.log.of("DELETE", r"/events/")]


def written(office: Office) -> dict:
    booked = office.book(phone=new_phone())
    office.worker.wait_until(lambda: office.event(booked) == "synced")
    return booked


def test_an_event_that_staff_move_is_flagged_and_agrees_again_when_it_is_put_back(calendar: Office):
    booked = written(calendar)
    event_id = calendar.status(booked)["eventId"]
    calendar.google.staff_moves(USER, event_id, *hour(at=15))
    read_again(calendar)
    assert (calendar.event(booked), calendar.status(booked)["scheduledAt"]) == ("flagged", f"{future():%Y-%m-%dT%H:%M:%SZ}")
    read_again(calendar)
    (told,) = calendar.happened("event_moved")
    assert (told["followed"], told["to"][:16]) == (False, f"{future(200, 15):%Y-%m-%dT%H:%M}")
    calendar.google.staff_moves(USER, event_id, *hour())
    read_again(calendar)
    assert calendar.event(booked) == "synced"


def test_an_event_that_staff_move_takes_its_appointment_along_where_that_is_wanted(calendar: Office):
    calendar.connect_twilio()
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow')", [calendar.org])
    booked = written(calendar)
    calendar.worker.wait_until(lambda: len(calendar.twilio.messages) == 1)
    calendar.google.staff_moves(USER, calendar.status(booked)["eventId"], *hour(at=15))
    read_again(calendar)
    assert calendar.status(booked)["scheduledAt"] == f"{future(200, 15):%Y-%m-%dT%H:%M:%SZ}"
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    calendar.worker.wait_until(lambda: "is now" in calendar.twilio.messages[-1].body)


def test_an_appointment_cannot_follow_to_a_time_that_is_taken_and_says_so(calendar: Office):
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow')", [calendar.org])
    booked = written(calendar)
    calendar.book(future(200, 15))
    calendar.google.staff_moves(USER, calendar.status(booked)["eventId"], *hour(at=15))
    read_again(calendar)
    assert (calendar.event(booked), calendar.status(booked)["scheduledAt"]) == ("flagged", f"{future():%Y-%m-%dT%H:%M:%SZ}")
    assert [(told["followed"], told["error"]) for told in calendar.happened("event_moved")] == [(False, "slot_unavailable")]


@pytest.mark.parametrize(("on_change", "status", "calendar_status"), [("flag", "confirmed", "flagged"), ("follow", "cancelled", "removed")])
def test_an_event_that_staff_delete(calendar: Office, on_change: str, status: str, calendar_status: str):
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => %s)", [calendar.org, on_change])
    booked = written(calendar)
    calendar.google.staff_deletes(USER, calendar.status(booked)["eventId"])
    read_again(calendar)
    calendar.worker.wait_until(calendar.is_settled)
    assert (calendar.status(booked)["status"], calendar.event(booked)) == (status, calendar_status)
    assert [told["followed"] for told in calendar.happened("event_deleted")] == [on_change == "follow"]


def test_an_event_that_staff_delete_while_the_token_is_forgotten_is_missed_by_the_whole_reading(calendar: Office):
    booked = written(calendar)
    read_again(calendar)
    calendar.google.staff_deletes(USER, calendar.status(booked)["eventId"])
    calendar.google.expire_sync_tokens()
    calendar.sync()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "flagged")
    calendar.worker.wait_until(lambda: synced(calendar))
    assert len(calendar.happened("event_deleted")) == 1


def test_of_events_that_a_whole_reading_has_missed_each_is_followed_before_the_next_is_asked_for(calendar: Office):
    """So that many of them do not outlast the lease, and what was found is not lost."""
    for at in (200, 201):
        booked = calendar.book(future(at))
        calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
        calendar.google.staff_deletes(USER, calendar.status(booked)["eventId"])
    calendar.google.expire_sync_tokens()
    calendar.google.faults.add("GET", r"/events/[^/?]+$", held := slow(), after=1)
    calendar.sync()
    held.wait_until_held()
    assert len(calendar.happened("event_deleted")) == 1
    held.release()
    calendar.worker.wait_until(lambda: synced(calendar) and len(calendar.happened("event_deleted")) == 2)


def test_a_reading_that_fails_says_why_and_is_tried_again(calendar: Office):
    calendar.google.faults.add("GET", LIST, status(500), times=1)
    calendar.google.staff_adds(USER, *hour())
    calendar.sync()
    problem = "SELECT problem FROM booking.calendars"
    calendar.worker.wait_until(lambda: one(calendar.session, problem))
    calendar.sync()
    calendar.worker.wait_until(lambda: one(calendar.session, problem) is None)
    assert blocks(calendar) == [hour()]


def test_a_channel_whose_token_is_of_an_older_key_is_replaced_while_that_is_there(calendar: Office):
    (former,) = calendar.google.channels.live()
    calendar.worker.terminate()
    write_keys(calendar.binary, calendar.keys_file, "second")
    calendar.worker = calendar.start()
    read_again(calendar)
    (channel,) = calendar.google.channels.live()
    assert channel.id != former.id
    # And stays.
    read_again(calendar)
    assert calendar.google.channels.live() == [channel]
    calendar.command("keys", "rotate")
    calendar.worker.terminate()
    calendar.keys_file.write_text(calendar.keys_file.read_text().splitlines()[0])
    calendar.worker = calendar.start()
    assert calendar.google.notify(channel).status == 204


def test_a_channel_tells_of_changes_and_is_replaced_before_it_ends(calendar: Office):
    (channel,) = calendar.google.channels.live()
    assert channel.address == f"{PUBLIC}/google/{calendar.org}/notify"
    calendar.google.staff_adds(USER, *hour())
    assert calendar.google.notify(channel, "sync").status == 204
    assert blocks(calendar) == []
    assert calendar.google.notify(channel).status == 204
    calendar.worker.wait_until(lambda: blocks(calendar) == [hour()])
    for forged in ["forged", None, channel.token[:-1]]:
        assert calendar.google.notify(channel, X_Goog_Channel_Token=forged).status == 403
    calendar.session.execute("UPDATE booking.calendars SET channel_expires_at = now() + interval '1 hour'")
    read_again(calendar)
    (other,) = calendar.google.channels.live()
    assert other.id != channel.id


def test_a_calendar_that_is_nobodys_any_more_is_forgotten(calendar: Office):
    calendar.google.staff_adds(USER, *hour())
    read_again(calendar)
    assert len(blocks(calendar)) == 1
    calendar.google.add_calendar(USER, "room@group.calendar.example")
    calendar.session.execute("SELECT booking.set_resource_calendar(%s, %s, 'room@group.calendar.example')",
                             [calendar.org, calendar.clinic.first_resource()])
    assert blocks(calendar) == []
    calendar.worker.wait_until(lambda: synced(calendar))
    assert [name for (name,) in calendar.session.execute("SELECT calendar_id FROM booking.calendars WHERE is_used")] == ["room@group.calendar.example"]


def test_two_workers_never_read_a_calendar_at_the_same_time(calendar: Office):
    calendar.start()
    for _ in range(10):
        calendar.sync()
        calendar.worker.wait_until(lambda: synced(calendar))
    used = [exchange.request.query["syncToken"] for exchange in calendar.google.log.of("GET", LIST) if "syncToken" in exchange.request.query]
    assert len(used) == len(set(used))


def test_another_account_under_the_same_name_cancels_nothing_and_gets_its_events(calendar: Office):
    """"primary" is another calendar under another account: what is not in it was not deleted."""
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow')", [calendar.org])
    booked = written(calendar)
    other = "other@example.org"
    calendar.google.add_calendar(other, other)
    calendar.google.user = other
    calendar.connect_google()
    calendar.worker.wait_until(lambda: calendar.hurry() and len(calendar.google.events(other)) == 1)
    calendar.worker.wait_until(lambda: synced(calendar) and calendar.event(booked) == "synced")
    assert calendar.status(booked)["status"] == "confirmed"
    assert calendar.happened("event_deleted") == []
    # A channel tells of the calendars of the account that opened it.
    former, channel = calendar.google.channels.live()
    assert one(calendar.session, "SELECT channel_id FROM booking.calendars") == channel.id != former.id
    calendar.google.staff_adds(other, *hour())
    assert calendar.google.notify(channel).status == 204
    calendar.worker.wait_until(lambda: blocks(calendar) == [hour()])


def test_settings_that_change_while_a_calendar_is_read_make_nothing_look_deleted(calendar: Office):
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow')", [calendar.org])
    booked = written(calendar)
    calendar.google.staff_adds(USER, *hour(days=210))
    read_again(calendar)
    calendar.google.faults.add("GET", LIST, held := slow(processed=True))
    calendar.sync()
    held.wait_until_held()
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow', p_verify_seconds => 60)", [calendar.org])
    held.release()
    calendar.worker.wait_for_log("another worker reads this calendar now")
    calendar.worker.wait_until(lambda: synced(calendar) and blocks(calendar) == [hour(days=210)])
    assert (calendar.status(booked)["status"], calendar.event(booked)) == ("confirmed", "synced")


def test_an_event_that_is_dragged_into_the_past_is_flagged_and_not_followed_to_another_year(calendar: Office):
    calendar.session.execute("SELECT booking.set_calendar(%s, true, p_on_change => 'follow')", [calendar.org])
    booked = written(calendar)
    calendar.google.staff_moves(USER, calendar.status(booked)["eventId"], *hour(days=-60))
    read_again(calendar)
    assert (calendar.event(booked), calendar.status(booked)["scheduledAt"]) == ("flagged", f"{future():%Y-%m-%dT%H:%M:%SZ}")
    assert [told["error"] for told in calendar.happened("event_moved")] == ["date_in_past"]


def test_what_no_database_can_hold_keeps_no_calendar_from_being_read(calendar: Office):
    calendar.google.staff_adds(USER, *hour(), summary="a\x00b", description="\x00")
    calendar.google.staff_adds(USER, *hour(days=201), summary="odd", recurrence=["\x00"])
    read_again(calendar)
    assert blocks(calendar) == [hour(), hour(days=201)]
