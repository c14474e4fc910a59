"""What has room for some of many callers takes exactly as many: a class, a day with a limit, rooms with hours of their own."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from calls import HOLD, SERVICE, WEEK, booked
from clinic import Clinic, assert_none_overlap, assert_refused_with_three, future, instant, overlaps
from model import instant as wall_instant
from storm import Caller, answers, answers_to, split

HALF_HOUR = timedelta(minutes=30)
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def daily(clinic: Clinic, room: str, opens: int, closes: int) -> None:
    """Opens a resource at the same full hours on every day."""
    hours = dict.fromkeys(WEEKDAYS, [[f"{opens:02d}:00", f"{closes:02d}:00"]])
    WEEK.ask(clinic, hours=json.dumps(hours), resource_id=room)


def half_hours(zone: str, count: int) -> list[datetime]:
    """The first half hours of a local day to come."""
    midnight = wall_instant(ZoneInfo(zone), future().date(), datetime.min.time())
    return [midnight + number * HALF_HOUR for number in range(count)]


def test_a_class_of_twelve_seats_takes_twelve_of_eighty_callers_who_name_only_the_class(clinic: Clinic):
    room = clinic.add_resource(capacity=12)
    SERVICE.ask(clinic, name="Yoga", duration_minutes=60, buffer_after_minutes=15, resource_ids=[room])
    wanted = future()
    won, lost = split(answers(clinic, [clinic.request(wanted, service=" YOGA ") for _ in range(80)]))

    assert (len(won), len(lost)) == (12, 68)
    assert [row["seat"] for row in clinic.appointments()] == list(range(1, 13))
    assert {str(row["resource_id"]) for row in clinic.appointments()} == {room}
    offered = set().union(*(assert_refused_with_three(answer, wanted) for answer in lost))
    # The quarter of an hour after the class is not free for the next one.
    assert not any(abs(start - wanted) < timedelta(minutes=75) for start in offered)
    assert overlaps(clinic.admin) == 0


# Each of these local days lies in two days of UTC, and locks are of days of UTC.
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"])
@pytest.mark.parametrize("rooms", [1, 2])
def test_bookings_and_holds_of_one_local_day_together_keep_its_limit_of_five(
    dsn: str, admin: psycopg.Connection, zone: str, rooms: int
):
    clinic = Clinic.open(dsn, admin, zone)
    for _ in range(rooms - 1):
        clinic.add_resource()
    SERVICE.ask(clinic, name="Surgery", daily_limit=5)
    wanted = half_hours(zone, 40)
    assert len({start.date() for start in wanted}) == 2
    bookings = [Caller(clinic.request(start, service="surgery")) for start in wanted[::2]]
    holds = [HOLD.caller(clinic, scheduled_at=start, service_type="surgery") for start in wanted[1::2]]
    won, lost = split(answers_to(clinic, [*bookings, *holds]))

    assert Counter(answer["resourceId"] for answer in won) == Counter(
        {str(row["resource_id"]): 5 for row in clinic.appointments()}
    )
    assert len(won) == len(clinic.appointments()) == 5 * rooms
    assert {answer["error"] for answer in lost} == {"daily_limit_reached"}
    assert all(instant(text) not in wanted for answer in lost for text in answer["alternatives"])
    assert_none_overlap(clinic.appointments())


def test_a_limit_that_one_booking_is_short_of_lets_one_of_many_callers_in(clinic: Clinic):
    SERVICE.ask(clinic, name="Surgery", daily_limit=5)
    for hour in range(4):
        booked(clinic, future(hour=hour), service="surgery")
    wanted = [future(hour=8) + number * HALF_HOUR for number in range(20)]
    won, lost = split(answers(clinic, [clinic.request(start, service="surgery") for start in wanted]))

    assert (len(won), {answer["error"] for answer in lost}) == (1, {"daily_limit_reached"})
    assert sorted(row["limit_place"] for row in clinic.appointments()) == [1, 2, 3, 4, 5]


def test_every_resource_that_is_open_is_used_before_anybody_is_refused(clinic: Clinic):
    rooms = [clinic.first_resource(), *(clinic.add_resource() for _ in range(9))]
    hours = {room: (6 + number, 11 + number) for number, room in enumerate(rooms)}
    for room, (opens, closes) in hours.items():
        daily(clinic, room, opens, closes)
    asked = [7, 10, 13, 18]
    given = answers(clinic, [clinic.request(future(hour=hour), minutes=60) for hour in asked for _ in range(12)])

    for number, hour in enumerate(asked):
        won, lost = split(given[12 * number : 12 * (number + 1)])
        is_open = [room for room, (opens, closes) in hours.items() if opens <= hour < closes]
        assert sorted(answer["resourceId"] for answer in won) == sorted(is_open)
        for answer in lost:
            assert_refused_with_three(answer, future(hour=hour))
    assert overlaps(clinic.admin) == 0


def test_an_hour_when_nobody_is_open_is_refused_to_all_with_hours_when_somebody_is(clinic: Clinic):
    for room in [clinic.first_resource(), clinic.add_resource()]:
        daily(clinic, room, 9, 12)
    given = answers(clinic, [clinic.request(future(hour=20)) for _ in range(20)])

    for answer in given:
        offered = assert_refused_with_three(answer, future(hour=20), "outside_hours")
        assert all(9 <= start.hour < 12 for start in offered)
    assert (clinic.appointments(), clinic.contacts()) == ([], [])
