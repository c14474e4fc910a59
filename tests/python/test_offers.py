"""Every time that is offered can be booked, and every time that can be booked is offered, on calendars made at random.

The calendars lie in zones with odd offsets and around the days on which clocks change. Each is made, looked at and rolled back
in one transaction. The examples are the same in every run of a day.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from clinic import BOOK, assert_booked, connect, instant, new_phone, one, request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from model import Model, Room, change_days
from model import instant as wall_instant

# They change resources behind the functions, in the transaction of the calls.
pytestmark = pytest.mark.superuser

ZONES = [
    "UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns",
    "America/Santiago",
]
TODAY = datetime.now(timezone.utc).date()
CHANGE_DAYS = {zone: change_days(ZoneInfo(zone), TODAY + timedelta(days=2), 370) for zone in ZONES}
MINUTE = timedelta(minutes=1)

# What a booking would answer, without making it: the block undoes it and keeps the answer.
TRY_TO_BOOK = """
    CREATE FUNCTION pg_temp.try_to_book(org uuid, start timestamptz, minutes int, resource uuid) RETURNS json
    LANGUAGE plpgsql AS $$
    DECLARE answer json;
    BEGIN
        answer := booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14152000000', 'checkup', start, minutes, resource);
        RAISE SQLSTATE 'UNDO1';
    EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
        RETURN answer;
    END $$"""

SLOTS = "SELECT starts_at, ends_at, resource_id::text FROM booking.available_slots(%s, %s, %s, NULL, %s, %s)"
BOOK_EACH = """
    SELECT pg_temp.try_to_book(%s, wish.start, %s, wish.resource)
    FROM unnest(%s::timestamptz[], %s::uuid[]) AS wish (start, resource)"""
ALTERNATIVES = "SELECT booking.find_alternatives(%s, %s, %s, NULL, %s, %s)"


@dataclass(frozen=True)
class Taken:
    """A row of the calendar: which resource, when and how long, in minutes from local midnight of the day looked at."""

    room: int
    start: int
    minutes: int
    status: str


@dataclass(frozen=True)
class Plan:
    """A calendar and what is asked of it."""

    zone: str
    day: date
    capacities: list[int]
    taken: list[Taken]
    minutes: int
    asked: int
    room: int | None


def days(zone: str) -> st.SearchStrategy[date]:
    """Any day of the next year, and more often one beside a change of clocks, or today."""
    any_day = st.integers(1, 380).map(lambda ahead: TODAY + timedelta(days=ahead))
    if not CHANGE_DAYS[zone]:
        return any_day
    beside_a_change = st.tuples(st.sampled_from(CHANGE_DAYS[zone]), st.integers(-1, 1))
    return st.one_of(beside_a_change.map(lambda found: found[0] + timedelta(days=found[1])), any_day, st.just(TODAY))


@st.composite
def plans(draw) -> Plan:
    zone = draw(st.sampled_from(ZONES))
    capacities = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    rooms = st.integers(0, len(capacities) - 1)
    statuses = st.sampled_from(["confirmed", "held", "pending", "confirmed", "cancelled", "completed", "no_show"])
    appointments = st.builds(Taken, rooms, st.integers(-360, 1800), st.integers(5, 240), statuses)
    asked = draw(st.one_of(st.integers(0, 47).map(lambda half_hours: half_hours * 30), st.integers(0, 1439)))
    taken = (draw(full_house(capacities, asked)) if draw(st.booleans()) else []) + draw(st.lists(appointments, max_size=14))
    return Plan(zone, draw(days(zone)), capacities, taken, draw(st.integers(5, 240)), asked, draw(st.none() | rooms))


@st.composite
def full_house(draw, capacities: list[int], asked: int) -> list[Taken]:
    """Every seat taken at the time that is asked for: for an hour or two, or for so long that only other days are left."""
    before, after = draw(st.sampled_from([(30, 90), (200, 200), (60, 300), (180, 1500), (700, 3000)]))
    start = asked - draw(st.integers(0, before))
    minutes = asked - start + draw(st.integers(1, after))
    return [Taken(room, start, minutes, "confirmed") for room, capacity in enumerate(capacities) for _ in range(capacity)]


@dataclass(frozen=True)
class Calendar:
    """A plan carried out in an open transaction, and the model of it."""

    session: psycopg.Connection
    org_id: str
    model: Model
    midnight: datetime
    asked: datetime
    minutes: int
    room: str | None

    def try_to_book(self, starts: list[datetime], rooms: list[str | None]) -> list[dict]:
        return [row[0] for row in self.session.execute(BOOK_EACH, [self.org_id, self.minutes, starts, rooms])]

    def assert_bookable(self, starts: list[datetime]) -> None:
        for answer in self.try_to_book(starts, [self.room] * len(starts)):
            assert_booked(answer)


@pytest.fixture(scope="module")
def session(dsn: str) -> Iterator[psycopg.Connection]:
    with connect(dsn, autocommit=False) as session:
        session.execute(TRY_TO_BOOK)
        session.commit()
        yield session


@contextmanager
def carried_out(session: psycopg.Connection, plan: Plan) -> Iterator[Calendar]:
    try:
        org_id = str(one(session, "SELECT booking.create_organization('Offers', %s)", [plan.zone]))
        rooms = [_room(session, org_id, capacity) for capacity in plan.capacities]
        # The resource that every organization starts with is not part of the plan.
        session.execute("DELETE FROM booking.resources WHERE org_id = %s AND name <> 'Room'", [org_id])
        zone, now = ZoneInfo(plan.zone), one(session, "SELECT now()")
        midnight = wall_instant(zone, plan.day, datetime.min.time())
        _write(session, org_id, rooms, midnight, plan.taken)
        room = None if plan.room is None else rooms[plan.room]
        model = Model(zone, rooms if room is None else [room], now)
        asked = max(midnight + plan.asked * MINUTE, now)
        yield Calendar(session, org_id, model, midnight, asked, plan.minutes, room and room.id)
    finally:
        session.rollback()


def _room(session: psycopg.Connection, org_id: str, capacity: int) -> Room:
    room_id = one(session, "SELECT booking.create_resource(%s, 'Room', %s)", [org_id, capacity])
    return Room(str(room_id), [[] for _ in range(capacity)])


def _write(session: psycopg.Connection, org_id: str, rooms: list[Room], midnight: datetime, taken: list[Taken]) -> None:
    """Puts the rows on the lowest seat that takes them; those that none takes are left out."""
    contact, rows = uuid4(), []
    for row in taken:
        room, start = rooms[row.room], midnight + row.start * MINUTE
        end, seat = start + row.minutes * MINUTE, 1
        if row.status in ("held", "pending", "confirmed"):
            free = [seat for seat in room.seats if all(end <= begun or left <= start for begun, left in seat)]
            if not free:
                continue
            free[0].append((start, end))
            seat = next(number for number, busy in enumerate(room.seats, start=1) if busy is free[0])
        rows.append([org_id, uuid4(), room.id, seat, contact, start, end, start, end, row.status])
    with session.cursor() as cursor:
        cursor.execute(
            "INSERT INTO booking.contacts (org_id, id, phone, name, email) VALUES (%s, %s, %s, 'Ann', 'ann@example.com')",
            [org_id, contact, new_phone()])
        cursor.executemany(
            """INSERT INTO booking.appointments
                (org_id, id, resource_id, seat, contact_id, patient_name, service_type, starts_at, ends_at, blocked, status)
            VALUES (%s, %s, %s, %s, %s, 'Ann', 'x', %s, %s, tstzrange(%s, %s, '[)'), %s)""", rows)


def examples(count: int):
    return settings(
        max_examples=count, derandomize=True, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@examples(200)
@given(plan=plans(), early=st.integers(-90, 90), hours=st.integers(1, 27))
def test_the_slots_on_offer_are_exactly_the_free_ones_and_each_can_be_booked(session, plan: Plan, early: int, hours: int):
    with carried_out(session, plan) as calendar:
        first = calendar.midnight + early * MINUTE
        last = first + timedelta(hours=hours)
        offered = session.execute(SLOTS, [calendar.org_id, first, last, plan.minutes, calendar.room]).fetchall()

        assert offered == calendar.model.slots(first, last, plan.minutes)
        starts, rooms = [start for start, _, _ in offered], [room for _, _, room in offered]
        for answer, start, room in zip(calendar.try_to_book(starts, rooms), starts, rooms, strict=True):
            assert_booked(answer)
            assert (instant(answer["scheduledAt"]), answer["resourceId"]) == (start, room)


@examples(300)
@given(plan=plans(), count=st.integers(1, 6))
def test_alternatives_are_the_nearest_free_times_and_each_can_be_booked(session, plan: Plan, count: int):
    with carried_out(session, plan) as calendar:
        found = one(session, ALTERNATIVES, [calendar.org_id, calendar.asked, plan.minutes, calendar.room, count])

        assert found == calendar.model.alternatives(calendar.asked, plan.minutes, count)
        calendar.assert_bookable(found)


@examples(300)
@given(plan=plans())
def test_a_booking_is_refused_only_where_nothing_is_free_and_then_with_times_that_can_be_booked(session, plan: Plan):
    with carried_out(session, plan) as calendar:
        wanted = calendar.asked
        answer = one(session, BOOK, request(calendar.org_id, wanted, minutes=plan.minutes, resource=calendar.room))

        assert answer["success"] == calendar.model.is_free(wanted, plan.minutes), answer
        if not answer["success"]:
            assert answer["error"] == "slot_unavailable"
            offered = [instant(text) for text in answer["alternatives"]]
            assert offered == calendar.model.alternatives(wanted, plan.minutes, 3)
            calendar.assert_bookable(offered)


@pytest.mark.parametrize("zone", [zone for zone in ZONES if CHANGE_DAYS[zone]])
def test_the_search_keeps_to_the_clock_on_the_wall_over_a_change_of_clocks(session, zone: str):
    days_before = [changed - timedelta(days=before) for changed in CHANGE_DAYS[zone] for before in (2, 1, 0)]
    times_of_day = [0, 30, 90, 105, 120, 150, 1320, 1410]
    # With the longer house nothing is left within three hours; with the shorter one something is, and late at night it
    # lies on the following day.
    for day, asked, left in itertools.product(days_before, times_of_day, (100, 400)):
        house = Taken(0, asked - 200, 200 + left, "confirmed")
        with carried_out(session, Plan(zone, day, [1], [house], 30, asked, None)) as calendar:
            found = one(session, ALTERNATIVES, [calendar.org_id, calendar.asked, 30, None, 6])

            assert found == calendar.model.alternatives(calendar.asked, 30, 6), (day, asked, left)
            calendar.assert_bookable(found)


def test_a_time_found_near_after_midnight_is_not_offered_again_with_its_day(session):
    # Asked for 23:30; until 01:30 nothing is free, and on the next day nothing else.
    asked, taken = 1410, [Taken(0, 0, 1530, "confirmed"), Taken(0, 1560, 1500, "confirmed")]
    with carried_out(session, Plan("UTC", TODAY + timedelta(days=200), [1], taken, 30, asked, None)) as calendar:
        found = one(session, ALTERNATIVES, [calendar.org_id, calendar.asked, 30, None, 3])

        assert found == calendar.model.alternatives(calendar.asked, 30, 3)
        assert len(set(found)) == 3
        assert found[0] - calendar.asked == timedelta(hours=2)


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_earlier_today_is_refused_with_times_that_are_still_to_come(session, zone: str):
    plan = Plan(zone, datetime.now(ZoneInfo(zone)).date(), [1], [], 30, 0, None)
    with carried_out(session, plan) as calendar:
        now = calendar.model.now
        wanted = calendar.midnight
        answer = one(session, BOOK, request(calendar.org_id, wanted, minutes=30))

        assert (answer["success"], answer["error"]) == (False, "date_in_past"), answer
        offered = [instant(text) for text in answer["alternatives"]]
        assert offered == calendar.model.alternatives(wanted, 30, 3)
        assert all(start >= now for start in offered)
        calendar.assert_bookable(offered)


def test_no_slot_is_offered_that_lies_too_far_ahead_to_be_booked(session):
    with carried_out(session, Plan("UTC", TODAY, [1], [], 30, 0, None)) as calendar:
        edge, around = calendar.model.now + timedelta(days=3653), timedelta(hours=6)
        offered = session.execute(SLOTS, [calendar.org_id, edge - around, edge + around, 30, None]).fetchall()

        assert offered
        calendar.assert_bookable([start for start, _, _ in offered])


def test_no_alternative_is_offered_that_lies_too_far_ahead_to_be_booked(session):
    with carried_out(session, Plan("UTC", TODAY, [1], [], 30, 0, None)) as calendar:
        wanted = calendar.model.now + timedelta(days=3653) - MINUTE
        assert_booked(one(session, BOOK, request(calendar.org_id, wanted, minutes=30)))
        answer = one(session, BOOK, request(calendar.org_id, wanted, minutes=30))

        assert answer["error"] == "slot_unavailable", answer
        assert len(answer["alternatives"]) == 3
        calendar.assert_bookable([instant(text) for text in answer["alternatives"]])
