"""The calendar answers as a model of it does: hundreds of calls at random on a few crowded days, compared one by one.

The days lie around a change of clocks, where the zone has one. The calls are the same in every run of a day, and on other days
the same relative to it. A difference is reported with its seed and the number of the call.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from calendar_model import CalendarModel, Failed, Outcome, Row, shown
from clinic import Clinic, future, instant, overlaps
from model import change_days
from model_hours import DAY
from model_seats import Service
from random_calls import Call, Place, RandomCalls, create_service

CALLS = 500
CALLS_BETWEEN_LOOKS = 40
LONGEST_NOTICE_MINUTES = 366 * 1440

# The second number says which change of clocks to come.
CASES = [
    (1, "America/New_York", 0), (2, "America/New_York", 1), (3, "Europe/London", 0), (4, "Australia/Sydney", 1),
    (5, "Australia/Lord_Howe", 0), (6, "Australia/Lord_Howe", 1), (7, "America/Santiago", 0), (8, "America/Santiago", 1),
    (9, "UTC", 0), (10, "Asia/Kathmandu", 0),
]

CHANCES = {
    "book": 30, "hold": 14, "series": 8, "confirm": 6, "move": 14, "book_what_has_passed": 2, "release": 3, "cancel": 5,
    "set_status": 4, "expire": 4, "make_pending": 2, "add_busy": 3, "remove_busy": 3, "set_week": 2, "set_date": 3,
    "look_at_status": 2, "look_at_slots": 3, "look_at_day": 2, "look_for_alternatives": 4, "mistake": 5,
}

ROWS = """
    SELECT id::text, service_type, resource_id::text, seat, starts_at, ends_at, lower(blocked), upper(blocked),
        CASE WHEN status = 'held' AND expires_at <= clock_timestamp() THEN 'cancelled' ELSE status END
    FROM booking.appointments WHERE org_id = %s AND (id = ANY (%s::uuid[]) OR %s::uuid[] IS NULL)"""


@dataclass(frozen=True)
class Database:
    """The calendar under test, through one session."""

    session: psycopg.Connection
    org_id: str

    def rows(self, ids: list[str] | None = None) -> dict[str, Row]:
        """The rows of these ids, or all."""
        found = self.session.execute(ROWS, [self.org_id, ids, ids])
        return {
            name: (label, resource, seat, (start, end), (blocked, free), status)
            for name, label, resource, seat, start, end, blocked, free, status in found
        }

    def answer(self, call: Call) -> tuple[datetime, list[str], Outcome]:
        """The now of the call, the ids it gave, and what it answered, read from the table where it says that it wrote."""
        try:
            now, answer = call.make(self.session, self.org_id)
        except psycopg.Error as error:
            return datetime.now(timezone.utc), [], Outcome(error.sqlstate)
        if call.function == "available_slots":
            return now, [], Outcome(value=[(instant(start), instant(end), resource) for start, end, resource in answer])
        if call.function == "check_availability":
            return now, [], Outcome(value=answer["slots"])
        if call.function == "add_busy_block":
            return now, [str(answer)], Outcome()
        if isinstance(answer, dict):
            return now, *self._outcome(answer)
        return now, [], Outcome(value=answer if isinstance(answer, bool | list) else None)

    def _outcome(self, answer: dict[str, Any]) -> tuple[list[str], Outcome]:
        if not answer["success"]:
            return [], _refused(answer)
        said = answer.get("appointments", [answer])
        ids = [item.get("appointmentId") or item["holdId"] for item in said]
        rows = self.rows(ids)
        for item in said:
            _assert_said_as_written(item, rows[item.get("appointmentId") or item["holdId"]])
        corrected = tuple(item.get("dateCorrected", False) for item in said)
        return ids, Outcome(rows=tuple(rows[name] for name in ids), corrected=corrected)


def _refused(answer: dict[str, Any]) -> Outcome:
    assert answer["message"].strip(), answer
    failed = (Failed(instant(of["scheduledAt"]), of["error"], _times(of)) for of in answer.get("failed", []))
    return Outcome(answer["error"], _times(answer), tuple(failed))


def _times(answer: dict[str, Any]) -> tuple[datetime, ...]:
    return tuple(instant(text) for text in answer.get("alternatives", []))


def _assert_said_as_written(item: dict[str, Any], row: Row) -> None:
    _, resource, _, (start, end), _, status = row
    written = {"resourceId": resource, "status": status, "scheduledAt": start, "endsAt": end}
    for key in written.keys() & item.keys():
        said = instant(item[key]) if key.endswith("At") else item[key]
        assert said == written[key], f"the answer {item} has another {key} than the row {row}"


def crowded_days(zone: ZoneInfo, which: int) -> list[date]:
    """Three local days around a change of clocks; where there is none, next week."""
    today = datetime.now(timezone.utc).date()
    changed = change_days(zone, today + 3 * DAY, 500)
    middle = changed[which] if changed else today + 8 * DAY
    return [middle - DAY, middle, middle + DAY]


def services(random: Random, resources: list[str], days: list[date]) -> list[Service]:
    """One of everything: buffers, a daily limit on some resources, a notice and a horizon that end within the days."""
    today = datetime.now(timezone.utc).date()
    able, anchors = tuple(random.sample(resources, 2)), ["midnight", "opening"]
    notice = min((days[0] - today).days * 1440 + random.randint(0, 1440), LONGEST_NOTICE_MINUTES)
    return [
        Service("Cleaning", 30, random.choice([0, 10, 20]), random.choice([5, 15]), random.choice([15, 20, 45]),
                anchor=random.choice(anchors)),
        Service("Surgery", 90, 15, 30, random.choice([50, 60]), daily_limit=random.randint(1, 3), resources=able,
                anchor=random.choice(anchors)),
        Service("Not at once", 45, step=25, notice_minutes=notice, anchor="opening"),
        Service("Not for long", 60, 0, 20, horizon_days=(days[1] - today).days, daily_limit=4),
    ]


def set_up(clinic: Clinic, random: Random, zone: ZoneInfo, days: list[date]) -> tuple[CalendarModel, Place]:
    """The same clinic twice: in the database and in the model."""
    capacities = {clinic.first_resource(): 1, clinic.add_resource(2): 2, clinic.add_resource(3): 3}
    model = CalendarModel(clinic.org_id, zone, capacities)
    for service in services(random, list(capacities), days):
        create_service(clinic, service)
        model.services[service.name.lower()] = service
    return model, Place(zone, list(capacities), [service.name for service in model.services.values()], days)


@dataclass(frozen=True)
class Comparison:
    """One case: says where it stands when the two answers differ."""

    database: Database
    model: CalendarModel
    case: str

    def make(self, call: Call, number: int) -> Outcome:
        now, ids, given = self.database.answer(call)
        arguments = {"p_org_id": self.model.org_id} | call.arguments
        expected = self.model.answer(call.function, now, ids, **arguments)
        self._assert_same(f"call {number}, {call}, at {now}", expected, given)
        return given

    def look(self, place: Place, number: int) -> None:
        """Compares everything there is, and everything that is on offer."""
        written = {name: shown(row) for name, row in self.model.rows().items()}
        self._assert_same(f"the rows after call {number}", written, self.database.rows())
        first, last = (datetime.combine(day, datetime.min.time(), timezone.utc) for day in (place.days[0], place.days[-1]))
        for service in (None, *place.services):
            window = {"p_from": first - timedelta(hours=10), "p_to": last + timedelta(hours=30), "p_service_type": service}
            self.make(Call("available_slots", window), number)
        assert overlaps(self.database.session) == 0, f"{self.case}, after call {number}"

    def _assert_same(self, what: str, expected: Any, given: Any) -> None:
        if expected != given:
            expected, given = plain(expected), plain(given)
            if isinstance(expected, dict):
                same = expected.items() & given.items()
                expected, given = (dict(sorted(side.items() - same)) for side in (expected, given))
            pytest.fail(f"{self.case}, {what}\n   model:    {expected}\n   database: {given}", pytrace=False)


def plain(value: Any) -> Any:
    """A value as it can be read and compared: times as text, no empty fields."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if is_dataclass(value):
        filled = ((field.name, plain(getattr(value, field.name))) for field in fields(value))
        return " ".join(f"{name}={what}" for name, what in filled if what not in (None, "()"))
    if isinstance(value, list | tuple):
        return f"({', '.join(str(plain(item)) for item in value)})"
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("seed", "zone_name", "which"), CASES)
def test_every_answer_is_the_one_that_the_model_gives(
    dsn: str, admin: psycopg.Connection, seed: int, zone_name: str, which: int
):
    zone, random = ZoneInfo(zone_name), Random(seed)
    clinic = Clinic.open(dsn, admin, zone_name)
    model, place = set_up(clinic, random, zone, crowded_days(zone, which))
    comparison = Comparison(Database(admin, clinic.org_id), model, f"seed {seed}, {zone_name}, days {place.days[0]} and on")

    def known(*statuses: str) -> dict[str, datetime]:
        return {name: row.start for name, row in model.rows(*statuses).items()}

    calls = RandomCalls(random, place, known, lambda: list(model.busy))
    for number in range(1, CALLS + 1):
        comparison.make(calls.any_of(CHANCES), number)
        if number % CALLS_BETWEEN_LOOKS == 0:
            comparison.look(place, number)


@pytest.mark.parametrize(("wanted", "found"), [(200, [229, 230]), (350, [270, 271])], ids=["ahead", "back from the horizon"])
def test_the_search_ends_on_the_thirtieth_day(clinic: Clinic, wanted: int, found: list[int]):
    zone, today = ZoneInfo("UTC"), datetime.now(timezone.utc).date()
    comparison = Comparison(
        Database(clinic.admin, clinic.org_id), CalendarModel(clinic.org_id, zone, {clinic.first_resource(): 1}), "thirty days")
    service = Service("Check", 60, horizon_days=300)
    create_service(clinic, service)
    comparison.model.services["check"] = service
    calls = [Call("set_opening_hours", {"p_hours": {"mon": []}})]
    for ahead in (229, 230, 231, 269, 270, 271):
        day = (today + ahead * DAY).isoformat()
        calls.append(Call("set_date_override", {"p_date": day, "p_hours": [["09:00", "10:00"]]}))
    search = {"p_scheduled_at": future(wanted), "p_service_type": "check", "p_count": 9}
    *_, last = (comparison.make(call, number) for number, call in enumerate([*calls, Call("find_alternatives", search)]))

    assert sorted((start.date() - today).days for start in last.value) == found
