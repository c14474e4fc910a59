"""Series that cross each other: each is booked as a whole or not at all, whatever the order in which it names its times."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from calls import SERIES, booked
from clinic import Answer, Clinic, assert_none_overlap, future, instant, overlaps
from storm import answers_to, split

DAYS = [future(days=200 + day) for day in range(6)]
HOUR = timedelta(hours=1)


def times(answer: Answer) -> list[datetime]:
    return [instant(row["scheduledAt"]) for row in answer["appointments"]]


def assert_whole(clinic: Clinic, won: list[Answer]) -> None:
    """In the table stands every appointment of the winners, of one person each, and nothing else."""
    said = {row["appointmentId"]: answer["contactId"] for answer in won for row in answer["appointments"]}
    assert {str(row["id"]): str(row["contact_id"]) for row in clinic.appointments()} == said
    assert len(clinic.contacts()) == len(won), "a refused series left a contact behind"
    assert_none_overlap(clinic.appointments())
    assert overlaps(clinic.admin) == 0


def make_room(clinic: Clinic, rooms: int, seats: int) -> str | None:
    """Rooms of a clinic for which a caller has no preference, or the one room of many seats that they name."""
    if seats > 1:
        return clinic.add_resource(seats)
    for _ in range(rooms - 1):
        clinic.add_resource()
    return None


def forty_series(clinic: Clinic, days: int, room: str | None) -> list[tuple[list[datetime], Answer]]:
    """What forty callers wanted at once, each some of the days in an order of their own, and what each was told."""
    random = Random(days)
    callers = [SERIES.caller(clinic, times=random.sample(DAYS, days), resource_id=room) for _ in range(40)]
    return list(zip([caller.request["times"] for caller in callers], answers_to(clinic, callers), strict=True))


@pytest.mark.parametrize(("rooms", "seats"), [(1, 1), (3, 1), (1, 3)], ids=["one seat", "three rooms", "three seats"])
def test_series_of_the_same_times_in_any_order_win_as_often_as_there_is_room(clinic: Clinic, rooms: int, seats: int):
    told = forty_series(clinic, 6, make_room(clinic, rooms, seats))
    won, lost = split([answer for _, answer in told])

    assert len(won) == rooms * seats
    assert_whole(clinic, won)
    for wanted, answer in told:
        if answer["success"]:
            assert times(answer) == wanted, "the answers are not in the order of the times"
    for answer in lost:
        assert answer["error"] == "slot_unavailable"
        assert len(answer["failed"]) == 6


@pytest.mark.parametrize(("rooms", "seats"), [(1, 1), (2, 1), (1, 2)], ids=["one seat", "two rooms", "two seats"])
def test_of_series_that_cross_in_some_times_all_are_booked_that_can_be(clinic: Clinic, rooms: int, seats: int):
    told = forty_series(clinic, 3, make_room(clinic, rooms, seats))
    won, _ = split([answer for _, answer in told])

    assert_whole(clinic, won)
    taken = Counter(start for answer in won for start in times(answer))
    full = {start for start, count in taken.items() if count == rooms * seats}
    assert max(taken.values()) <= rooms * seats
    for wanted, answer in told:
        if not answer["success"]:
            assert {instant(failed["scheduledAt"]) for failed in answer["failed"]} <= set(wanted) & full, answer
            assert answer["failed"], "refused although every time of it was free"


def test_series_and_single_bookings_of_overlapping_times_never_overlap(clinic: Clinic):
    random = Random(3)
    spread = [day + step * timedelta(minutes=15) for day in DAYS[:3] for step in range(8)]
    callers = [SERIES.caller(clinic, times=random.sample(spread, 4), duration_minutes=60) for _ in range(40)]
    won, lost = split(answers_to(clinic, callers))

    assert_whole(clinic, won)
    assert {answer["error"] for answer in lost} <= {"slot_unavailable"}
    for answer in lost:
        # A time of a series may also stand in the way of another of its own.
        assert all(len(failed["alternatives"]) == 3 for failed in answer["failed"])


def test_one_series_under_one_key_in_ten_sessions_is_booked_once_and_replayed_nine_times(clinic: Clinic):
    caller = SERIES.caller(clinic, times=DAYS[::-1], idempotency_key="course-1", patient_email="ann@example.com")
    given = answers_to(clinic, [caller] * 10)

    replayed = [answer for answer in given if answer.pop("replayed", False)]
    assert len(replayed) == 9
    assert all(answer == given[0] for answer in given)
    assert_whole(clinic, given[:1])
    assert clinic.keys() == ["course-1"]


def test_different_series_under_one_key_are_one_series_and_conflicts(clinic: Clinic):
    callers = [SERIES.caller(clinic, times=DAYS[number : number + 2], idempotency_key="k") for number in range(5)]
    won, lost = split(answers_to(clinic, callers * 4))

    # Four callers sent the series that won, each under the phone of that request.
    assert Counter(answer.pop("replayed", False) for answer in won) == {False: 1, True: 3}
    assert_whole(clinic, won[:1])
    assert [answer["error"] for answer in lost] == ["idempotency_conflict"] * 16


def test_a_time_that_one_series_lacks_leaves_the_rest_of_its_times_to_the_other(clinic: Clinic):
    booked(clinic, DAYS[0])
    doomed = [SERIES.caller(clinic, times=[*DAYS[1:], DAYS[0]]) for _ in range(15)]
    possible = [SERIES.caller(clinic, times=DAYS[1:]) for _ in range(15)]
    given = answers_to(clinic, [*doomed, *possible])

    assert all(not answer["success"] for answer in given[:15])
    assert len([answer for answer in given[15:] if answer["success"]]) == 1
    assert len(clinic.appointments()) == 6
