"""Processes of their own change one crowded calendar at the same time, and each keeps a record of what it was told.

What every process does is fixed by its seed; how the processes meet is not, and differs in every run. They also change what
the others have booked. In the end the table must bear out every record.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from random import Random
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from clinic import Clinic, connect, instant, overlaps
from model import Span
from model_seats import Service, overlap
from random_calls import A_DAY, Call, Place, RandomCalls, create_service

CALLS = 1200
CALLS_BETWEEN_NEWS = 15
# Most holds run out while the processes are at work, and are taken over by others.
HOLD_SECONDS = (A_DAY, 1, 1, 1)
PATIENCE = 120.0
# Noon is midnight UTC there or close to it: many appointments lie in two of the days that are locked.
ZONE = "Pacific/Auckland"
SERVICES = [Service("Cleaning", 30, 10, 10), Service("Check", 45, daily_limit=3, step=15)]

CHANCES = {
    "book": 24, "hold": 20, "series": 10, "confirm": 8, "move": 16, "release": 3, "cancel": 7, "set_status": 3, "add_busy": 1,
    "remove_busy": 3,
}
# These happen to an appointment at most once, whoever tries.
ONCE = ["confirm_hold", "release_hold", "cancel_appointment"]
CHOOSE_A_PLACE = ["book_appointment_atomic", "hold_slot", "book_series_atomic", "reschedule_appointment_atomic"]
OCCUPY = ("held", "pending", "confirmed")

NEWS = "SELECT id::text, starts_at, status FROM booking.appointments WHERE org_id = %s"
ROWS = """
    SELECT id::text, resource_id::text AS resource, seat, service_type AS service, starts_at AS start, ends_at AS end,
        lower(blocked) AS blocked, upper(blocked) AS free, expires_at <= %s AS has_expired,
        CASE WHEN status = 'held' AND expires_at <= %s THEN 'cancelled' ELSE status END AS status
    FROM booking.appointments WHERE org_id = %s"""

Where = tuple[str, Span]

_together: Barrier | None = None


@dataclass(frozen=True)
class Change:
    """What one successful call has made of an appointment; `where` is None if the answer does not say."""

    function: str
    appointment: str
    status: str
    where: Where | None


@dataclass
class Worker:
    """One process: makes its calls, and believes what it is told."""

    session: psycopg.Connection
    org_id: str
    changes: list[Change] = field(default_factory=list)
    seen: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    busy: dict[str, Where] = field(default_factory=dict)

    def known(self, *statuses: str) -> dict[str, datetime]:
        return {name: start for name, (start, status) in self.seen.items() if not statuses or status in statuses}

    def work(self, calls: RandomCalls) -> list[Change]:
        for number in range(CALLS):
            if number % CALLS_BETWEEN_NEWS == 0:
                self.seen = {name: (start, status) for name, start, status in self.session.execute(NEWS, [self.org_id])}
            self._make(calls.any_of(CHANCES))
        return self.changes

    def _make(self, call: Call) -> None:
        _, answer = call.make(self.session, self.org_id)
        if call.function == "add_busy_block":
            span = (call.arguments["p_starts_at"], call.arguments["p_ends_at"])
            self.busy[str(answer)] = (call.arguments["p_resource_id"], span)
        elif call.function == "remove_busy_block":
            self.busy.pop(call.arguments["p_id"], None)
        elif isinstance(answer, dict) and answer["success"]:
            for item in answer.get("appointments", [answer]):
                self._note(_change(call.function, item))

    def _note(self, change: Change) -> None:
        self.changes.append(change)
        if change.where is None:
            self.seen.pop(change.appointment, None)
            return
        resource, span = change.where
        self.seen[change.appointment] = (span[0], change.status)
        if change.function in CHOOSE_A_PLACE:
            away = [busy for busy in self.busy.values() if busy[0] == resource and overlap(busy[1], span)]
            assert away == [], f"{change} was answered while the resource was away"


def _change(function: str, item: dict[str, Any]) -> Change:
    name, where = item.get("appointmentId") or item["holdId"], None
    if item.keys() >= {"resourceId", "scheduledAt", "endsAt"}:
        where = item["resourceId"], (instant(item["scheduledAt"]), instant(item["endsAt"]))
    return Change(function, name, item["status"], where)


def meet(together: Barrier) -> None:
    """Makes the barrier known to a new process."""
    global _together
    _together = together


def work(dsn: str, org_id: str, resources: list[str], days: list[date], seed: int) -> list[Change]:
    """What one process does, from the moment at which all of them are there."""
    place = Place(ZoneInfo(ZONE), resources, [service.name for service in SERVICES], days)
    with connect(dsn) as session:
        worker = Worker(session, org_id)
        calls = RandomCalls(Random(seed), place, worker.known, lambda: list(worker.busy), HOLD_SECONDS)
        _together.wait(PATIENCE)
        return worker.work(calls)


def all_work(clinic: Clinic, resources: list[str], seeds: list[int]) -> list[list[Change]]:
    """The records of processes that worked at the same time. An error in one of them, SQL errors too, is raised here."""
    today = datetime.now(timezone.utc).date()
    days = [today + timedelta(days=ahead) for ahead in (20, 21)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(seeds), context, meet, (context.Barrier(len(seeds)),)) as pool:
        futures = [pool.submit(work, clinic.dsn, clinic.org_id, resources, days, seed) for seed in seeds]
        return [future.result() for future in futures]


@pytest.mark.parametrize("seeds", [[1, 2], [3, 4], [5, 6, 7, 8]], ids=lambda seeds: f"{len(seeds)} processes")
def test_processes_that_change_one_calendar_at_once_find_it_as_they_were_told(
    dsn: str, admin: psycopg.Connection, seeds: list[int]
):
    clinic = Clinic.open(dsn, admin, ZONE)
    capacities = {clinic.first_resource(): 1, clinic.add_resource(2): 2}
    for service in SERVICES:
        create_service(clinic, service)

    records = all_work(clinic, list(capacities), seeds)

    now = datetime.now(timezone.utc)
    rows = admin.cursor(row_factory=psycopg.rows.dict_row).execute(ROWS, [now, now, clinic.org_id]).fetchall()
    assert len(rows) > 50, "the calendar was not crowded"
    assert_no_seat_is_taken_twice(rows, capacities)
    assert_no_day_is_over_its_limit(rows)
    assert overlaps(admin) == 0
    assert_what_ends_happened_once(records)
    assert_as_told(records, {row["id"]: row for row in rows})


def assert_no_seat_is_taken_twice(rows: list[dict[str, Any]], capacities: dict[str, int]) -> None:
    """With their buffers, which is more than assert_none_overlap looks at."""
    occupying = [row for row in rows if row["status"] in OCCUPY]
    assert all(1 <= row["seat"] <= capacities[row["resource"]] for row in occupying)
    for one, other in itertools.combinations(occupying, 2):
        if (one["resource"], one["seat"]) == (other["resource"], other["seat"]):
            assert not overlap((one["blocked"], one["free"]), (other["blocked"], other["free"])), (one, other)


def assert_no_day_is_over_its_limit(rows: list[dict[str, Any]]) -> None:
    limits = {service.name: service.daily_limit for service in SERVICES if service.daily_limit}
    counted = [row for row in rows if row["status"] != "cancelled" and row["service"] in limits]
    days = Counter((row["service"], row["resource"], row["start"].astimezone(ZoneInfo(ZONE)).date()) for row in counted)
    assert {day: count for day, count in days.items() if count > limits[day[0]]} == {}


def assert_what_ends_happened_once(records: Iterable[list[Change]]) -> None:
    """Of two processes that want to cancel, one is told that it was too late."""
    done = Counter((change.function, change.appointment) for record in records for change in record)
    assert {what: count for what, count in done.items() if what[0] in ONCE and count > 1} == {}


def assert_as_told(records: list[list[Change]], rows: dict[str, dict[str, Any]]) -> None:
    """Each row is as the last word of some process on it; where only one process has changed it, that is its own last word.
    No row is missing, and there is none that nobody was told of, as half a series would be."""
    statuses, places = defaultdict(set), defaultdict(set)
    for record in records:
        for name, change in {change.appointment: change for change in record}.items():
            statuses[name].add(change.status)
        for name, change in {change.appointment: change for change in record if change.where}.items():
            places[name].add(change.where)
    assert rows.keys() == statuses.keys()
    for name, row in rows.items():
        expired = {"cancelled"} if row["has_expired"] and "held" in statuses[name] else set()
        assert row["status"] in statuses[name] | expired, (row, statuses[name])
        assert (row["resource"], (row["start"], row["end"])) in places[name], (row, places[name])
    cancelled = {change.appointment for record in records for change in record if change.status == "cancelled"}
    assert cancelled <= {name for name, row in rows.items() if row["status"] == "cancelled"}
