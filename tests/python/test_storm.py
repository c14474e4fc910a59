"""Many callers want the same time at the same moment: one gets it, everybody else hears what is free."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from clinic import (
    Clinic,
    assert_booked,
    assert_none_overlap,
    assert_refused_with_three,
    future,
    instant,
    new_phone,
    overlaps,
)
from psycopg import IsolationLevel
from storm import Caller, answers, split, storm


@pytest.mark.parametrize("callers", [5, 10, 200])
def test_one_of_many_callers_gets_the_slot_and_the_others_three_times_that_can_be_booked(clinic: Clinic, callers: int):
    wanted = future()
    won, lost = split(answers(clinic, [clinic.request(wanted, minutes=30) for _ in range(callers)]))

    assert (len(won), len(lost)) == (1, callers - 1)
    offered = set().union(*(assert_refused_with_three(answer, wanted) for answer in lost))
    assert [row["starts_at"] for row in clinic.appointments()] == [wanted]
    assert len(clinic.contacts()) == 1, "a refused caller left a contact behind"

    for start in sorted(offered):
        assert_booked(clinic.book(start, minutes=30))
    assert overlaps(clinic.admin) == 0


def test_two_hundred_overlapping_requests_fill_the_resource_and_never_overlap(clinic: Clinic):
    starts = [future(hour=9) + timedelta(minutes=15 * step) for step in range(20)]
    requests = [clinic.request(starts[caller % 20], minutes=60) for caller in range(200)]
    given = answers(clinic, requests)
    hour = timedelta(hours=1)

    booked = [row["starts_at"] for row in clinic.appointments()]
    won, _ = split(given)
    assert sorted(instant(answer["scheduledAt"]) for answer in won) == booked
    assert_none_overlap(clinic.appointments())
    assert overlaps(clinic.admin) == 0
    for request, answer in zip(requests, given, strict=True):
        if not answer["success"]:
            assert_refused_with_three(answer, request["at"])
            assert any(abs(request["at"] - start) < hour for start in booked), f"{request['at']} was free: {booked}"


def test_requests_that_touch_across_midnight_never_overlap(clinic: Clinic):
    midnight = future(hour=0)
    starts = [midnight + timedelta(minutes=minutes) for minutes in (-45, -30, -15, 0, 15, 30)]
    requests = [clinic.request(start, minutes=60) for start in starts for _ in range(5)]
    won, lost = split(answers(clinic, requests))

    assert 1 <= len(won) == len(clinic.appointments()) <= 2
    assert_none_overlap(clinic.appointments())
    assert {answer["error"] for answer in lost} == {"slot_unavailable"}


def test_callers_without_a_preference_fill_every_resource_exactly_once(clinic: Clinic):
    for _ in range(19):
        clinic.add_resource()
    wanted = future()
    won, lost = split(answers(clinic, [clinic.request(wanted) for _ in range(40)]))

    assert (len(won), len(lost)) == (20, 20)
    assert len({answer["resourceId"] for answer in won}) == 20
    assert Counter(str(row["resource_id"]) for row in clinic.appointments()) == {a["resourceId"]: 1 for a in won}
    for answer in lost:
        assert_refused_with_three(answer, wanted)


def test_a_class_of_twelve_seats_takes_twelve_of_sixty_callers(clinic: Clinic):
    room, wanted = clinic.add_resource(capacity=12), future()
    won, lost = split(answers(clinic, [clinic.request(wanted, resource=room) for _ in range(60)]))

    assert (len(won), len(lost)) == (12, 48)
    assert [row["seat"] for row in clinic.appointments()] == list(range(1, 13))
    assert {str(row["resource_id"]) for row in clinic.appointments()} == {room}
    for answer in lost:
        assert_refused_with_three(answer, wanted)


def test_a_new_phone_in_two_sessions_at_once_becomes_one_contact(clinic: Clinic):
    phone = new_phone()
    first, second = answers(clinic, [clinic.request(future(days=days), phone=phone) for days in (200, 210)])

    assert_booked(first)
    assert_booked(second)
    assert first["contactId"] == second["contactId"]
    assert [(str(row["id"]), row["phone"]) for row in clinic.contacts()] == [(first["contactId"], phone)]


def test_one_idempotency_key_in_ten_sessions_at_once_books_once_and_is_replayed_nine_times(clinic: Clinic):
    request = clinic.request(future(), key="call-17", email="ann@example.com", metadata='{"source": "web"}')
    given = answers(clinic, [request] * 10)

    assert Counter(answer.get("replayed", False) for answer in given) == {False: 1, True: 9}
    assert all(answer["success"] for answer in given)
    (row,) = clinic.appointments()
    assert {answer["appointmentId"] for answer in given} == {str(row["id"])}
    assert clinic.keys() == ["call-17"]


def test_sessions_of_every_isolation_level_at_once_never_book_twice(clinic: Clinic):
    wanted = future()
    levels = [IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE] * 10
    outcomes = storm(clinic, [Caller(clinic.request(wanted), level) for level in levels])

    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert all(isinstance(error, psycopg.errors.SerializationFailure) for error in errors), errors
    given = [outcome.answer for outcome in outcomes if outcome.answer]
    won, lost = split(given)
    assert [str(row["id"]) for row in clinic.appointments()] == [answer["appointmentId"] for answer in won]
    assert len(won) == 1
    assert {answer["error"] for answer in lost} <= {"slot_unavailable"}
    assert len(clinic.contacts()) == 1


def test_overlapping_requests_of_every_isolation_level_never_overlap(clinic: Clinic):
    levels = [IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]
    starts = [future(hour=9) + timedelta(minutes=15 * step) for step in range(10)]
    callers = [Caller(clinic.request(start, minutes=60), level) for start in starts for level in levels]
    outcomes = storm(clinic, callers)

    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert all(isinstance(error, psycopg.errors.SerializationFailure) for error in errors), errors
    won, _ = split([outcome.answer for outcome in outcomes if outcome.answer])
    booked = clinic.appointments()
    assert {str(row["id"]) for row in booked} == {answer["appointmentId"] for answer in won}
    assert_none_overlap(booked)
    assert booked
