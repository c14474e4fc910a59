"""What a voice agent can ask for, and what it is given to say."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from clinic import Clinic, one
from voice import FORMS, LISTS, VoiceCall, listed, shaped

ZONE = ZoneInfo("America/New_York")
# Some weeks ahead, so that the day is said with its weekday and date, and never over a new year's change of the way it is said.
DAY = (datetime.now(ZONE) + timedelta(days=40)).date()
SAID = f"on {DAY:%A}, {DAY:%B} {DAY.day}" + (f", {DAY.year}" if DAY.year != datetime.now(ZONE).year else "")
BOOKING = {"patientName": "ann lee", "serviceType": "cleaning", "appointmentDate": str(DAY), "appointmentTime": "2:30 pm"}


@pytest.fixture
def dental(dsn, admin) -> Clinic:
    """A dentist in New York who is open from nine to five every day, and cleans teeth in half an hour."""
    dental = Clinic.open(dsn, admin, "America/New_York")
    hours = ", ".join(f'"{day}": [["09:00", "17:00"]]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    admin.execute("SELECT booking.set_opening_hours(%s, %s)", [dental.org_id, f"{{{hours}}}"])
    admin.execute("SELECT booking.create_service(%s, 'cleaning', 30)", [dental.org_id])
    return dental


@pytest.fixture
def call(dental: Clinic, caller) -> VoiceCall:
    return VoiceCall(dental, caller)


def starts(clinic: Clinic) -> list[str]:
    """When the appointments that stand start, on the clinic's wall."""
    return [f"{row['starts_at'].astimezone(ZONE):%Y-%m-%d %H:%M}" for row in clinic.appointments() if row["status"] == "confirmed"]


# Booking


@pytest.mark.parametrize("where", LISTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_booking_in_every_shape_is_confirmed_aloud(call: VoiceCall, form: str, where: str):
    message = {"type": "tool-calls"} | listed(where, [shaped(form, "tool-1", "book_appointment", BOOKING)])
    said = f"Appointment confirmed for Ann Lee {SAID} at 2:30 PM."
    assert call.send(message) == {"results": [{"name": "book_appointment", "toolCallId": "tool-1", "result": said}]}
    assert starts(call.clinic) == [f"{DAY} 14:30"]
    assert [contact["phone"] for contact in call.clinic.contacts()] == [call.phone]


def test_the_older_shape_of_one_call_is_answered_in_its_own(call: VoiceCall):
    message = {"type": "function-call", "functionCall": {"name": "bookClinicAppointment", "parameters": BOOKING}}
    assert call.send(message) == {"result": f"Appointment confirmed for Ann Lee {SAID} at 2:30 PM."}


def test_a_taken_time_is_answered_with_three_that_are_free(call: VoiceCall, dental: Clinic):
    VoiceCall(dental, call.session).tool("book_appointment", **BOOKING | {"appointmentTime": "2 pm"})
    assert call.tool("book_appointment", **BOOKING | {"appointmentTime": "2 pm"}) == (
        "That slot is no longer available. I checked the calendar and I do have 2:30 PM, 1:30 PM, or 3:00 PM available. "
        "Would any of those work for you?")
    assert starts(dental) == [f"{DAY} 14:00"]


@pytest.mark.parametrize(("given", "missing"), [
    ({}, "the name, the date, and the time"),
    ({"patientName": "Ann Lee"}, "the date and the time"),
    ({"patientName": "Ann Lee", "appointmentDate": "tomorrow"}, "the time"),
    ({"patientName": "unknown", "appointmentDate": "tomorrow", "appointmentTime": "noon"}, "the name"),
], ids=lambda value: str(value)[:60])
def test_what_is_missing_is_asked_for(call: VoiceCall, given: dict, missing: str):
    assert call.tool("book_appointment", **given) == f"I still need {missing}."
    assert call.clinic.appointments() == []


def test_without_a_number_of_the_callers_own_one_is_asked_for(dental: Clinic, caller):
    web = VoiceCall(dental, caller, phone=None)
    assert web.tool("book_appointment", **BOOKING) == "I still need the phone number."
    assert web.tool("find_appointment") == "I still need the phone number."
    assert web.tool("book_appointment", **BOOKING, patientPhone="415 555 0134").startswith("Appointment confirmed")
    assert [contact["phone"] for contact in dental.contacts()] == ["+14155550134"]


def test_a_number_that_was_said_counts_before_the_callers_own(call: VoiceCall):
    call.tool("book_appointment", **BOOKING, patientPhone="(415) 555-0135")
    assert [contact["phone"] for contact in call.clinic.contacts()] == ["+14155550135"]


@pytest.mark.parametrize(("wrong", "said"), [
    ({"appointmentDate": "the 45th of Nonsense"}, "I did not understand the date"),
    ({"appointmentTime": "half past soon"}, "I did not understand the time"),
    ({"patientPhone": "12"}, "I could not make out the phone number"),
    ({"patientName": {"first": "Ann"}}, "I did not catch the name"),
    ({"patientEmail": "ann at nowhere"}, "I did not catch the email address"),
], ids=lambda value: str(value)[:40])
def test_what_cannot_be_understood_is_asked_for_again(call: VoiceCall, wrong: dict, said: str):
    assert call.tool("book_appointment", **BOOKING | wrong).startswith(said)
    assert call.clinic.appointments() == []


def test_a_service_that_there_is_not_is_answered_with_those_that_there_are(call: VoiceCall, dental: Clinic):
    dental.admin.execute("UPDATE booking.organizations SET settings = '{\"strict_services\": true}' WHERE org_id = %s", [dental.org_id])
    assert call.tool("book_appointment", **BOOKING | {"serviceType": "surgery"}) == "I can book cleaning. Which would you like?"


def test_a_time_in_one_piece_is_on_the_clinics_wall_unless_it_has_an_offset(call: VoiceCall, dental: Clinic):
    call.tool("book_appointment", patient_name="ann", service_type="cleaning", scheduled_at=f"{DAY}T10:00")
    utc = datetime.combine(DAY, datetime.min.time(), ZONE).replace(hour=11).astimezone(timezone.utc)
    call.tool("book_appointment", patient_name="ann", service_type="cleaning", scheduled_at=f"{utc:%Y-%m-%dT%H:%M:%SZ}")
    call.tool("book_appointment", patient_name="ann", service_type="cleaning", scheduled_at=f"{utc:%Y-%m-%dT}{utc.hour + 1:02}:00Z")
    assert starts(dental) == [f"{DAY} 10:00", f"{DAY} 11:00", f"{DAY} 12:00"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_tomorrow_is_that_of_the_clinic_in_what_is_said_and_what_is_booked(dsn, admin, caller, zone: str):
    """The two are 25 hours apart: whatever the time, in one of them it is not the day that it is in UTC."""
    call = VoiceCall(Clinic.open(dsn, admin, zone), caller)
    said = call.tool("book_appointment", **BOOKING | {"appointmentDate": "tomorrow"})
    booked = call.clinic.appointments()[0]
    # The day may have changed since.
    made = booked["created_at"].astimezone(ZoneInfo(zone)).date()
    assert said == "Appointment confirmed for Ann Lee tomorrow at 2:30 PM."
    start = booked["starts_at"].astimezone(ZoneInfo(zone))
    assert (start.date(), f"{start:%H:%M}") == (made + timedelta(days=1), "14:30")
    assert call.tool("reschedule_appointment", newDate="tomorrow", newTime="4 pm") == "The appointment for Ann Lee is now tomorrow at 4:00 PM."


def test_whoever_books_again_what_they_have_is_told_that_they_have_it(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    assert call.tool("book_appointment", **BOOKING) == f"Ann Lee already has this appointment {SAID} at 2:30 PM. It is booked."
    assert "no longer available" in call.tool("book_appointment", **BOOKING | {"patientName": "Bob Lee"})
    assert len(call.clinic.appointments()) == 1


# Free times


def test_free_times_of_a_day_are_said_three_at_most(call: VoiceCall):
    assert call.tool("check_availability", appointmentDate=str(DAY), serviceType="cleaning") == (
        f"I have 9:00 AM, 9:30 AM, 10:00 AM, and 13 more times {SAID}. What time would you like?")


def test_a_time_is_free_or_others_are_offered(call: VoiceCall):
    asked = {"appointmentDate": str(DAY), "appointmentTime": "2:30 pm", "serviceType": "cleaning"}
    assert call.tool("check_availability", **asked) == f"2:30 PM {SAID} is free. Shall I book it?"
    call.tool("book_appointment", **BOOKING)
    assert call.tool("check_availability", **asked).startswith("That slot is no longer available. I checked the calendar and I do have 3:00 PM")
    assert call.tool("check_availability", **asked | {"appointmentTime": "8 pm"}).startswith("We are not open at that time.")


def test_without_a_day_the_next_free_times_are_said(call: VoiceCall):
    assert call.tool("check_availability").startswith("The next free times are ")
    assert call.tool("check_availability", appointmentTime="2 pm") == "I still need the date."


# Looking up, moving, cancelling


def test_an_appointment_is_found_moved_and_cancelled_by_the_callers_number(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    assert call.tool("find_appointment") == f"Ann Lee has an appointment for cleaning {SAID} at 2:30 PM."
    moved = call.tool("reschedule_appointment", newDate=str(DAY), newTime="4 pm")
    assert moved == f"The appointment for Ann Lee is now {SAID} at 4:00 PM."
    assert starts(call.clinic) == [f"{DAY} 16:00"]
    assert call.tool("cancel_appointment", reason="ill") == f"The appointment {SAID} at 4:00 PM is cancelled."
    assert call.tool("find_appointment") == "I find no upcoming appointment under that phone number."
    assert call.tool("cancel_appointment") == "I find no upcoming appointment under that phone number."
    assert [row["cancel_reason"] for row in call.clinic.appointments()] == ["by phone: ill"]


def test_a_move_to_a_taken_time_keeps_the_old_one_and_offers_others(call: VoiceCall, dental: Clinic):
    VoiceCall(dental, call.session).tool("book_appointment", **BOOKING | {"appointmentTime": "4 pm"})
    call.tool("book_appointment", **BOOKING)
    assert call.tool("reschedule_appointment", newDate=str(DAY), newTime="4 pm").startswith("That slot is no longer available.")
    assert starts(dental) == [f"{DAY} 14:30", f"{DAY} 16:00"]
    assert call.tool("reschedule_appointment", newDate=str(DAY)) == "I still need the new time."
    assert call.tool("reschedule_appointment") == "I still need the new date and the new time."


def test_of_several_appointments_the_one_that_was_described_is_meant_or_it_is_asked_which(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    call.tool("book_appointment", **BOOKING | {"patientName": "bob lee", "appointmentTime": "4 pm"})
    two = f"cleaning for Ann Lee {SAID} at 2:30 PM; cleaning for Bob Lee {SAID} at 4:00 PM"
    assert call.tool("find_appointment") == f"I see 2 appointments: {two}."
    assert call.tool("cancel_appointment") == f"I see 2 appointments: {two}. Which one do you mean?"
    assert call.tool("cancel_appointment", currentTime="9 am") == (
        f"I do not find that appointment. I see these: {two}. Which one do you mean?")
    assert len(starts(call.clinic)) == 2
    assert call.tool("reschedule_appointment", patientName="bob lee", newDate=str(DAY), newTime="10 am").startswith("The appointment for Bob Lee is now")
    assert call.tool("cancel_appointment", currentTime="2:30 pm").startswith("The appointment")
    assert starts(call.clinic) == [f"{DAY} 10:00"]


def offered(dental: Clinic, tool: str) -> set[str]:
    """What a model is asked to fill in."""
    return {key for (key,) in dental.admin.execute("""
        SELECT json_object_keys(tool -> 'definition' -> 'function' -> 'parameters' -> 'properties')
        FROM json_array_elements(booking.voice_agent(%s) -> 'tools') AS tool WHERE tool ->> 'name' = %s""", [dental.org_id, tool])}


@pytest.mark.parametrize("tool", ["cancel_appointment", "reschedule_appointment"])
@pytest.mark.parametrize(("said", "meant"), [
    ({"patientName": "Bob"}, ("Bob Lee", "cleaning")), ({"patientName": "Ann"}, ("Ann", "cleaning")),
    ({"patientName": "ann lee", "serviceType": "x-rays"}, ("Ann Lee", "x-rays")),
    ({"patientName": "Ann Lee", "serviceType": "Cleaning"}, ("Ann Lee", "cleaning")),
    ({"patientName": "Ann Lee", "serviceType": "deep cleaning"}, ("Ann Lee", "deep cleaning")),
], ids=lambda value: "-".join(value.values() if isinstance(value, dict) else value))
def test_whose_appointment_at_one_time_is_meant_and_what_for_can_be_said(
    call: VoiceCall, dental: Clinic, tool: str, said: dict, meant: tuple[str, str],
):
    assert said.keys() <= offered(dental, tool)
    for name, service in (("Ann Lee", "cleaning"), ("Ann Lee", "x-rays"), ("Ann Lee", "deep cleaning"), ("Bob Lee", "cleaning"), ("Ann", "cleaning")):
        call.tool("book_appointment", **BOOKING | {"patientName": name, "serviceType": service})
        dental.add_resource()
    assert len(starts(dental)) == 5
    assert "Which one do you mean?" in call.tool(tool)
    assert "Which one" not in call.tool(tool, **said, newDate=str(DAY), newTime="4 pm")
    changed = [row for row in dental.appointments() if row["status"] == "cancelled" or row["starts_at"].astimezone(ZONE).hour == 16]
    assert [(row["patient_name"], row["service_type"]) for row in changed] == [meant]


def test_of_two_that_are_alike_either_is_meant(call: VoiceCall, dental: Clinic):
    dental.add_resource()
    at = datetime.combine(DAY, datetime.min.time(), ZONE).replace(hour=14, minute=30)
    for _ in range(2):
        dental.book(at, phone=call.phone, service="cleaning")
    assert call.tool("cancel_appointment").endswith("is cancelled.")
    assert len(starts(dental)) == 1


def test_a_service_that_none_of_them_is_for_means_none(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    assert call.tool("cancel_appointment", serviceType="x-rays").startswith("I do not find that appointment. I see one: cleaning for Ann Lee")
    assert len(starts(call.clinic)) == 1


def test_one_appointment_is_not_cancelled_in_place_of_another_that_was_named(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    said = call.tool("cancel_appointment", appointmentDate=str(DAY + timedelta(days=1)))
    assert said.startswith("I do not find that appointment. I see one: cleaning for Ann Lee")
    assert starts(call.clinic) == [f"{DAY} 14:30"]


def test_nobody_reaches_the_appointments_of_another_number_or_organization(call: VoiceCall, dental: Clinic, dsn, admin):
    call.tool("book_appointment", **BOOKING)
    stranger = VoiceCall(dental, call.session)
    assert stranger.tool("cancel_appointment").startswith("I find no upcoming appointment")
    elsewhere = VoiceCall(Clinic.open(dsn, admin), call.session, phone=call.phone)
    assert elsewhere.tool("find_appointment").startswith("I find no upcoming appointment")
    assert starts(dental) == [f"{DAY} 14:30"]


# Several calls, and the same ones again


def test_several_calls_of_a_message_are_answered_in_order(call: VoiceCall):
    said = call.tools(("book_appointment", BOOKING), ("find_appointment", {}), ("order_pizza", {}), ("cancel_appointment", {}), ("find_appointment", {}))
    assert [words.split()[0] for words in said] == ["Appointment", "Ann", "I", "The", "I"]
    assert said[2] == "I cannot do that. I can check free times, book, move, cancel or look up an appointment, and take a message."


def test_the_same_message_again_is_answered_again_and_done_once(call: VoiceCall):
    message = {"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-1", "book_appointment", BOOKING)]}
    first = call.send(message)
    assert call.send(message) == first
    assert len(call.clinic.appointments()) == 1
    moved = {"type": "tool-calls", "toolCallList": [
        shaped("arguments", "tool-2", "reschedule_appointment", {"newDate": str(DAY), "newTime": "4 pm"}),
        shaped("arguments", "tool-3", "cancel_appointment", {}),
        shaped("arguments", "tool-4", "leave_message", {"message": "hello"})]}
    said = call.send(moved)
    assert call.send(moved) == said
    assert one(call.clinic.admin, "SELECT count(*) FROM booking.follow_ups WHERE org_id = %s", [call.clinic.org_id]) == 1


def test_a_refused_call_may_be_made_again_under_its_id(call: VoiceCall, dental: Clinic):
    other = VoiceCall(dental, call.session)
    other.tool("book_appointment", **BOOKING)
    message = {"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-1", "book_appointment", BOOKING)]}
    assert "no longer available" in call.send(message)["results"][0]["result"]
    other.tool("cancel_appointment")
    assert call.send(message)["results"][0]["result"].startswith("Appointment confirmed")


def test_an_id_that_was_used_for_something_else_changes_nothing(call: VoiceCall):
    call.send({"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-1", "book_appointment", BOOKING)]})
    later = BOOKING | {"appointmentTime": "4 pm"}
    answer = call.send({"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-1", "book_appointment", later)]})
    assert answer["results"][0]["result"].startswith("Nothing was changed")
    assert starts(call.clinic) == [f"{DAY} 14:30"]


def test_the_same_tool_call_id_in_another_phone_call_is_another_one(call: VoiceCall, dental: Clinic):
    message = {"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-1", "book_appointment", BOOKING)]}
    assert call.send(message)["results"][0]["result"].startswith("Appointment confirmed")
    other = VoiceCall(dental, call.session)
    assert other.send(message)["results"][0]["result"].startswith("That slot is no longer available")


def test_arguments_that_cannot_be_read_are_answered_and_the_next_call_is_made(call: VoiceCall):
    broken = {"id": "tool-1", "function": {"name": "book_appointment", "arguments": '{"patientName": "An'}}
    good = shaped("arguments", "tool-2", "book_appointment", BOOKING)
    results = call.send({"type": "tool-calls", "toolCallList": [broken, good]})["results"]
    assert results[0]["result"] == "I did not get all the details. Could you tell me again what you would like?"
    assert results[1]["result"].startswith("Appointment confirmed")


# Messages for people


def follow_ups(clinic: Clinic) -> list[tuple]:
    return clinic.admin.execute(
        "SELECT kind, state, note, name, phone, call_id FROM booking.follow_ups WHERE org_id = %s ORDER BY id", [clinic.org_id]
    ).fetchall()


def test_a_message_becomes_a_follow_up(call: VoiceCall):
    assert call.tool("leave_message") == "I still need the message."
    assert call.tool("leave_message", message="my tooth hurts", patientName="ann lee") == (
        "I have passed your message on. Somebody will call you back.")
    assert follow_ups(call.clinic) == [("message", "open", "my tooth hurts", "Ann Lee", call.phone, call.call_id)]


def test_a_caller_says_when_to_call_back(call: VoiceCall):
    said = call.tool("leave_message", message="x-rays", callbackDate=str(DAY), callbackTime="3 pm")
    assert said == f"I have passed your message on. Somebody will call you back {SAID} at 3:00 PM."
    due = one(call.clinic.admin, "SELECT due_at FROM booking.follow_ups WHERE org_id = %s", [call.clinic.org_id])
    assert f"{due.astimezone(ZONE):%Y-%m-%d %H:%M}" == f"{DAY} 15:00"


def test_whoever_wants_a_person_is_called_back(call: VoiceCall):
    assert call.tool("transferCall", reason="a bill") == (
        "I have let the team know that you would like to speak to somebody. They will call you back.")
    assert follow_ups(call.clinic) == [("transfer", "open", "a bill", None, call.phone, call.call_id)]




def test_a_name_that_is_nobodys_reaches_no_appointment(call: VoiceCall):
    call.tool("book_appointment", **BOOKING)
    for name in ("reschedule_appointment", "cancel_appointment"):
        said = call.tool(name, patientName="carl", newDate=str(DAY), newTime="4 pm")
        assert said.startswith("I do not find that appointment. I see one: cleaning for Ann Lee"), said
    assert starts(call.clinic) == [f"{DAY} 14:30"]
    assert call.tool("cancel_appointment", patientName="ann").endswith("is cancelled.")


@pytest.mark.parametrize("described", [
    {"scheduledAt": f"{DAY + timedelta(days=1)}T14:30:00"}, {"scheduledAt": f"{DAY + timedelta(days=1)}T14:30:00-05:00"},
    {"currentDateTime": f"{DAY}T15:00"}, {"currentTime": 9}, {"date": str(DAY + timedelta(days=7))},
], ids=str)
def test_whatever_describes_another_appointment_reaches_none(call: VoiceCall, described: dict):
    call.tool("book_appointment", **BOOKING)
    for name in ("reschedule_appointment", "cancel_appointment"):
        said = call.tool(name, **described, newDate=str(DAY), newTime="4 pm")
        assert said.startswith(("I do not find that appointment.", "I did not understand the time.")), said
    assert starts(call.clinic) == [f"{DAY} 14:30"]


def test_whoever_asks_twice_gets_one_appointment_also_where_there_is_room_for_two(call: VoiceCall, dental: Clinic):
    dental.add_resource()
    assert call.tool("book_appointment", **BOOKING).startswith("Appointment confirmed")
    assert call.tool("book_appointment", **BOOKING).startswith("Ann Lee already has this appointment")
    assert call.tool("book_appointment", **BOOKING | {"serviceType": "x-rays"}).startswith("Appointment confirmed")
    assert len(starts(dental)) == 2


def test_what_waits_for_the_calendar_is_said_to_wait_until_it_is_there(call: VoiceCall, dental: Clinic):
    dental.open_account("google")
    dental.admin.execute("SELECT booking.set_calendar(%s, true, 'verified')", [dental.org_id])
    reserved = f"I have reserved the appointment for Ann Lee {SAID} at 2:30 PM. It will be confirmed in a moment."
    assert call.tool("book_appointment", **BOOKING) == reserved
    again = {"type": "tool-calls", "toolCallList": [shaped("arguments", "tool-again", "book_appointment", BOOKING)]}
    assert call.send(again)["results"][0]["result"] == reserved
    assert call.tool("find_appointment") == f"An appointment for cleaning {SAID} at 2:30 PM is reserved for Ann Lee, and not confirmed yet."
    assert call.tool("reschedule_appointment", newDate=str(DAY), newTime="4 pm") == "That appointment is not confirmed yet. Please try again in a moment."
    [appointment] = dental.appointments()
    dental.admin.execute("UPDATE booking.appointments SET status = 'confirmed', expires_at = NULL WHERE id = %s", [appointment["id"]])
    assert call.send(again)["results"][0]["result"] == f"Appointment confirmed for Ann Lee {SAID} at 2:30 PM."


def test_a_number_that_is_none_is_the_callers_own(call: VoiceCall):
    call.tool("book_appointment", **BOOKING, patientPhone="the number I am calling from")
    assert [contact["phone"] for contact in call.clinic.contacts()] == [call.phone]


def test_a_number_that_was_not_made_out_is_asked_for_again_and_not_the_callers_own(call: VoiceCall):
    for stated in ("four one five five", "my number is double five", "415 555"):
        assert call.tool("book_appointment", **BOOKING, patientPhone=stated).startswith("I could not make out the phone number.")
    assert call.clinic.appointments() == []


def test_of_a_day_to_call_back_only_the_day_is_promised(call: VoiceCall):
    assert call.tool("leave_message", message="x-rays", callbackDate=str(DAY)) == (
        f"I have passed your message on. Somebody will call you back {SAID}.")


@pytest.mark.parametrize(("stated", "kept"), [
    ({"callbackTime": "asap"}, "asap"), ({"callbackDate": "whenever", "callbackTime": "3 pm"}, "whenever, 3 pm"),
    ({"callbackDate": "today", "callbackTime": "12:00 am"}, "today, 12:00 am"),
], ids=str)
def test_a_message_is_taken_also_where_the_time_to_call_back_cannot_be(call: VoiceCall, stated: dict, kept: str):
    assert call.tool("leave_message", message="x-rays", **stated) == (
        "I have passed your message on. Somebody will call you back, but I could not note the time that you said.")
    assert [note for _, _, note, *_ in follow_ups(call.clinic)] == [f"x-rays (to be called back: {kept})"]
    assert one(call.clinic.admin, "SELECT due_at - created_at FROM booking.follow_ups WHERE org_id = %s", [call.clinic.org_id]) == timedelta(hours=1)


def test_ids_of_every_kind_count_once(call: VoiceCall):
    for tool_id in ("x" * 1000, "a\nb", 7):
        message = {"type": "tool-calls", "toolCallList": [shaped("arguments", tool_id, "leave_message", {"message": "hello"})]}
        assert call.send(message) == call.send(message)
    assert len(follow_ups(call.clinic)) == 3


def test_more_calls_than_are_carried_out_are_told_so(call: VoiceCall):
    said = call.tools(*[("find_appointment", {})] * 22)
    assert said[19].startswith("I find no upcoming") and said[20:] == [
        "That was too much at once, and this part was not done. Please ask for it again."] * 2


def test_a_call_id_that_was_not_filled_in_is_nobodys(dental: Clinic, caller):
    static = [{"key": "call_id", "value": "{{ call.id }}"}]
    for phone in (None, None):
        call = VoiceCall(dental, caller, phone=phone, call_id=None)
        tool = shaped("arguments", "call_1", "leave_message", {"message": "hello", "phone": "415 555 0134"})
        call.send({"type": "tool-calls", "toolWithToolCallList": [{"parameters": static, "toolCall": tool}]})
    assert len(follow_ups(dental)) == 2
