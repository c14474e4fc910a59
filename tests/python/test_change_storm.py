"""Many sessions change the same appointments at once: one of them does, and the others hear what has become of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from calls import CANCEL, CONFIRM, HOLD, MOVE, RELEASE, SET_STATUS, SERVICE, booked, expire, hold
from clinic import Answer, Clinic, assert_booked, assert_none_overlap, assert_refused_with_three, future, instant, overlaps
from storm import Caller, answers_to, split

DAY = timedelta(days=1)


def errors(given: list[Answer]) -> Counter:
    return Counter(answer["error"] for answer in given)


def status_of(clinic: Clinic, appointment_id: str) -> str:
    return next(row["status"] for row in clinic.appointments() if str(row["id"]) == appointment_id)


def starts(clinic: Clinic) -> dict:
    return {str(row["id"]): row["starts_at"] for row in clinic.appointments()}


# Moving.


@pytest.mark.parametrize("service", [None, {"buffer_before_minutes": 10, "buffer_after_minutes": 10}, {"daily_limit": 25}],
                         ids=["free text", "with buffers", "with a limit"])
def test_one_of_twenty_appointments_is_moved_into_a_slot_and_the_others_keep_theirs(clinic: Clinic, service: dict | None):
    if service:
        SERVICE.ask(clinic, name="checkup", **service)
    wanted = future(days=230)
    own = [booked(clinic, future(days=200 + number // 4, hour=8 + 2 * (number % 4))) for number in range(20)]
    before = starts(clinic)
    given = answers_to(clinic, [MOVE.caller(clinic, appointment_id=name, scheduled_at=wanted) for name in own])

    (winner,), lost = split(given)
    assert len(lost) == 19
    assert winner["appointmentId"] == own[given.index(winner)]
    assert starts(clinic) == before | {winner["appointmentId"]: wanted}
    for answer in lost:
        assert_refused_with_three(answer, wanted)
    assert overlaps(clinic.admin) == 0
    # The place it left is free again.
    assert_booked(clinic.book(before[winner["appointmentId"]], minutes=30))


def test_two_appointments_cannot_be_swapped_and_nobody_deadlocks_over_it(clinic: Clinic):
    pairs = [(future(days=200 + number), future(days=220 + number)) for number in range(10)]
    own = [(booked(clinic, first), booked(clinic, second)) for first, second in pairs]
    before = starts(clinic)
    given = answers_to(clinic, [
        MOVE.caller(clinic, appointment_id=name, scheduled_at=at)
        for (first, second), (early, late) in zip(own, pairs, strict=True) for name, at in [(first, late), (second, early)]
    ])

    assert errors(given) == {"slot_unavailable": 20}
    assert starts(clinic) == before


def test_a_row_of_appointments_moves_up_one_place_without_anybody_being_lost_or_met(clinic: Clinic):
    days = [future(days=200 + number) for number in range(21)]
    own = [booked(clinic, day) for day in days[:20]]
    given = answers_to(clinic, [
        MOVE.caller(clinic, appointment_id=name, scheduled_at=day + DAY) for name, day in zip(own, days[:20], strict=True)
    ])

    assert given[19]["success"], "the place of the last was free"
    expected = [day + (DAY if answer["success"] else timedelta(0)) for day, answer in zip(days[:20], given, strict=True)]
    assert [starts(clinic)[name] for name in own] == expected
    assert len(set(expected)) == 20


def test_an_appointment_that_twenty_sessions_move_ends_where_one_of_them_said(clinic: Clinic):
    own = booked(clinic, future())
    wanted = [future(days=201 + number) for number in range(20)]
    given = answers_to(clinic, [MOVE.caller(clinic, appointment_id=own, scheduled_at=at) for at in wanted])

    assert [instant(answer["scheduledAt"]) for answer in given] == wanted
    (row,) = clinic.appointments()
    assert row["starts_at"] in wanted
    assert row["blocked"].lower == row["starts_at"]


def test_moves_and_a_cancellation_of_one_appointment_leave_it_cancelled(clinic: Clinic):
    own = booked(clinic, future())
    moves = [MOVE.caller(clinic, appointment_id=own, scheduled_at=future(days=201 + number)) for number in range(15)]
    moved, lost = split(answers_to(clinic, [*moves, *[CANCEL.caller(clinic, appointment_id=own)] * 5]))

    assert errors(lost)["already_cancelled"] == len(lost)
    assert Counter(answer["status"] for answer in moved)["cancelled"] == 1
    assert status_of(clinic, own) == "cancelled"


def test_callers_of_a_slot_that_is_being_left_get_it_once_and_only_if_it_was_left(clinic: Clinic):
    wanted, elsewhere = future(), future(days=210)
    own = booked(clinic, wanted)
    bookers = [Caller(clinic.request(wanted)) for _ in range(20)]
    moved, *given = answers_to(clinic, [MOVE.caller(clinic, appointment_id=own, scheduled_at=elsewhere), *bookers])

    assert_booked(moved)
    won, _ = split(given)
    assert len(won) <= 1
    assert_none_overlap(clinic.appointments())
    assert len(clinic.appointments()) == 1 + len(won)


# Holds.


def test_a_slot_is_held_for_one_of_forty_callers(clinic: Clinic):
    won, lost = split(answers_to(clinic, [HOLD.caller(clinic, scheduled_at=future()) for _ in range(40)]))

    assert [str(row["id"]) for row in clinic.appointments()] == [answer["holdId"] for answer in won]
    assert (len(won), errors(lost)) == (1, {"slot_unavailable": 39})
    assert clinic.contacts() == []


def test_a_hold_that_twenty_sessions_confirm_becomes_the_appointment_of_one(clinic: Clinic):
    held = hold(clinic, future())
    (winner,), lost = split(answers_to(clinic, [CONFIRM.caller(clinic, hold_id=held) for _ in range(20)]))

    assert errors(lost) == {"invalid_status": 19}
    (row,), (contact,) = clinic.appointments(), clinic.contacts()
    assert (str(row["id"]), row["status"], row["expires_at"]) == (held, "confirmed", None)
    assert winner["appointmentId"] == held
    assert winner["contactId"] == str(row["contact_id"]) == str(contact["id"])


def test_a_hold_that_twenty_sessions_release_is_released_once(clinic: Clinic):
    held = hold(clinic, future())
    won, lost = split(answers_to(clinic, [RELEASE.caller(clinic, hold_id=held)] * 20))

    assert (len(won), errors(lost)) == (1, {"already_cancelled": 19})
    assert_booked(clinic.book(future()))


def test_a_hold_that_is_confirmed_and_released_at_once_is_one_of_the_two(clinic: Clinic):
    held = hold(clinic, future())
    confirms = [CONFIRM.caller(clinic, hold_id=held) for _ in range(10)]
    given = answers_to(clinic, [*confirms, *[RELEASE.caller(clinic, hold_id=held)] * 10])

    (winner,), lost = split(given)
    if winner["status"] == "confirmed":
        assert errors(lost) == {"invalid_status": 19}
    else:
        assert errors(lost) == {"hold_expired": 10, "already_cancelled": 9}
        assert clinic.contacts() == []
    assert status_of(clinic, held) == winner["status"]


def test_an_expired_hold_gives_its_slot_to_one_of_twenty_callers_and_to_nobody_who_confirms_it(clinic: Clinic):
    wanted = future()
    held = hold(clinic, wanted)
    expire(clinic, held)
    confirms = [CONFIRM.caller(clinic, hold_id=held) for _ in range(10)]
    given = answers_to(clinic, [*confirms, *[Caller(clinic.request(wanted)) for _ in range(20)]])

    assert errors(given[:10]) == {"hold_expired": 10}
    (winner,), lost = split(given[10:])
    assert errors(lost) == {"slot_unavailable": 19}
    rows = {str(row["id"]): row["status"] for row in clinic.appointments()}
    assert rows == {held: "cancelled", winner["appointmentId"]: "confirmed"}


def test_expired_holds_in_a_full_limit_make_room_for_exactly_as_many(clinic: Clinic):
    SERVICE.ask(clinic, name="Surgery", daily_limit=5)
    holds = [hold(clinic, future(hour=hour), service_type="surgery") for hour in range(5)]
    for held in holds[:2]:
        expire(clinic, held)
    wanted = [future(hour=8) + number * timedelta(minutes=30) for number in range(20)]
    won, lost = split(answers_to(clinic, [Caller(clinic.request(at, service="surgery")) for at in wanted]))

    assert (len(won), errors(lost)) == (2, {"daily_limit_reached": 18})
    assert Counter(row["status"] for row in clinic.appointments()) == {"cancelled": 2, "held": 3, "confirmed": 2}


# Cancelling, and saying how it went.


def test_an_appointment_that_twenty_sessions_cancel_is_cancelled_once(clinic: Clinic):
    own = booked(clinic, future())
    callers = [CANCEL.caller(clinic, appointment_id=own, reason=f"reason {number}") for number in range(20)]
    given = answers_to(clinic, callers)

    (winner,), lost = split(given)
    assert errors(lost) == {"already_cancelled": 19}
    (row,) = clinic.appointments()
    assert (row["status"], row["cancel_reason"]) == ("cancelled", f"reason {given.index(winner)}")
    assert_booked(clinic.book(future()))


def test_an_appointment_is_completed_or_missed_or_cancelled_and_only_one_of_them(clinic: Clinic):
    own = booked(clinic, future())
    ends = [SET_STATUS.caller(clinic, appointment_id=own, status=status) for status in ("completed", "no_show")]
    (winner,), lost = split(answers_to(clinic, [*ends, CANCEL.caller(clinic, appointment_id=own)] * 6))

    assert errors(lost) == {"already_cancelled" if winner["status"] == "cancelled" else "invalid_status": 17}
    assert status_of(clinic, own) == winner["status"]
