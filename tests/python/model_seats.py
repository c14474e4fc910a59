"""Who sits where, what is free, and what is offered instead: plain loops over everything there is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from model import DAYS_AHEAD, NEAR, Span
from model_hours import DAY, Hours, at, day_span

MINUTE = timedelta(minutes=1)
GONE = ("cancelled", "released", "expired")
LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Service:
    """The rules of a service. The defaults are those of an appointment that belongs to none."""

    name: str = ""
    minutes: int = 60
    before: int = 0
    after: int = 0
    step: int = 30
    notice_minutes: int = 0
    horizon_days: int = 3653
    daily_limit: int | None = None
    resources: tuple[str, ...] | None = None
    anchor: str = "midnight"


FREE_TEXT = Service()


@dataclass(frozen=True)
class Appointment:
    """A row of the calendar. A hold that was given up is released, one whose time is over is expired: the table says
    cancelled of both."""

    service: Service
    label: str
    resource: str
    seat: int
    start: datetime
    end: datetime
    status: str

    @property
    def blocked(self) -> Span:
        return self.start - self.service.before * MINUTE, self.end + self.service.after * MINUTE

    @property
    def occupies(self) -> bool:
        return self.status in ("held", "pending", "confirmed")

    @property
    def counts(self) -> bool:
        """Whether it is one of its day's appointments, for the daily limit."""
        return self.status not in GONE


@dataclass(frozen=True)
class Wish:
    """What is looked for: the rules, a length, and the resources that will do. A move does not mind its own row, and is not
    offered the very time that it has."""

    service: Service
    minutes: int
    resources: tuple[str, ...]
    moving: str | None = None
    present_start: datetime | None = None

    def appointment(self, resource: str, seat: int, start: datetime, label: str = "", status: str = "") -> Appointment:
        return Appointment(self.service, label, resource, seat, start, start + self.minutes * MINUTE, status)


def overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class Seats:
    """The rows and busy blocks of an organization's resources, and everything that can be read from them."""

    def __init__(self, zone: ZoneInfo, capacities: dict[str, int]) -> None:
        self.zone = zone
        self.capacities = capacities
        self.hours = Hours(zone)
        self.busy: dict[str, tuple[str, Span]] = {}
        self._rows: dict[str, Appointment] = {}
        self._by_resource: dict[str, dict[str, Appointment]] = defaultdict(dict)

    def rows(self, *statuses: str) -> dict[str, Appointment]:
        """All rows, or those of some statuses."""
        return {name: row for name, row in self._rows.items() if not statuses or row.status in statuses}

    def put(self, name: str, row: Appointment) -> None:
        self.drop(name)
        self._rows[name] = self._by_resource[row.resource][name] = row

    def drop(self, name: str) -> None:
        if name in self._rows:
            del self._by_resource[self._rows.pop(name).resource][name]

    def local_date(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def refusal(self, wish: Wish, start: datetime, now: datetime) -> str | None:
        """The code with which a booking at `start` is refused, if it is."""
        if start < now:
            return "date_in_past"
        if start < now + wish.service.notice_minutes * MINUTE:
            return "too_soon"
        if self.local_date(start) > self.last_day(wish, now):
            return "too_far"
        troubles = [self._trouble(wish, resource, start) for resource in wish.resources]
        # The nearest miss is the one to tell: a resource that is open but full says more than one that is closed.
        return next(code for code in (None, "slot_unavailable", "daily_limit_reached", "outside_hours") if code in troubles)

    def choice(self, wish: Wish, start: datetime) -> tuple[str, int]:
        """Of the resources that are free: the least loaded, the longest idle, the first by id; and its lowest free seat."""
        free = [resource for resource in wish.resources if self._trouble(wish, resource, start) is None]
        chosen = min(free, key=lambda resource: (*self._load_and_idleness(wish, resource, start), resource))
        return chosen, self._free_seats(wish, chosen, start)[0]

    def slots(self, wish: Wish, first: datetime, last: datetime, now: datetime) -> list[tuple[datetime, datetime, str]]:
        """What available_slots must return for [first, last)."""
        found = set()
        day = self.local_date(first)
        while day <= self.local_date(last):
            found |= {(start, resource) for start, resource in self._offers(wish, day, now) if first <= start < last}
            day += DAY
        return [(start, start + wish.minutes * MINUTE, resource) for start, resource in sorted(found)]

    def times_of_day(self, wish: Wish, day: date, now: datetime) -> list[str]:
        """What check_availability must say: of a time that autumn repeats only the earlier, which the words stand for."""
        starts = sorted({start for start, _ in self._offers(wish, day, now)})
        shown = [(start, start.astimezone(self.zone).replace(tzinfo=None, fold=0)) for start in starts]
        return [clock.strftime("%H:%M") for start, clock in shown if at(self.zone, clock) == start]

    def alternatives(self, wish: Wish, wanted: datetime, now: datetime, count: int = 3) -> list[datetime]:
        """Within three hours, then the rest of the day, then 30 more days: always nearest first, the later of two."""
        anchor, direction = self._anchor(wish, wanted, now)
        clock = anchor.astimezone(self.zone).replace(tzinfo=None, fold=0)
        days = [clock.date() + direction * ahead * DAY for ahead in range(DAYS_AHEAD + 1)]
        around = [clock.date() - DAY, clock.date(), clock.date() + DAY]
        near = {start for day in around for start, _ in self._offers(wish, day, now) if abs(start - anchor) <= NEAR}
        never = {wanted, wish.present_start}
        found = _nearest(near - never, anchor)
        for day in days:
            if len(found) >= count:
                break
            centre = anchor if day == days[0] else at(self.zone, clock + (day - days[0]))
            starts = {start for start, _ in self._offers(wish, day, now)}
            found += _nearest(starts - never - set(found), centre)
        return found[:count]

    def last_day(self, wish: Wish, now: datetime) -> date:
        return self.local_date(now) + wish.service.horizon_days * DAY

    def _anchor(self, wish: Wish, wanted: datetime, now: datetime) -> tuple[datetime, int]:
        """Where the search starts, and whether its days follow (1) or go back from the last bookable one (-1)."""
        clock, last_day = wanted.astimezone(self.zone).replace(tzinfo=None, fold=0), self.last_day(wish, now)
        if wanted < now:
            return at(self.zone, datetime.combine(self.local_date(now), clock.time())), 1
        if clock.date() > last_day:
            return at(self.zone, datetime.combine(last_day, clock.time())), -1
        return wanted, 1

    def _offers(self, wish: Wish, day: date, now: datetime) -> Iterator[tuple[datetime, str]]:
        """Each start on the local date and each resource on whose grid it lies and that is free then."""
        earliest, last_day = now + wish.service.notice_minutes * MINUTE, self.last_day(wish, now)
        if day > last_day:
            return
        for resource in wish.resources:
            for start in self.hours.starts(resource, day, wish.service.step, wish.service.anchor):
                if start >= earliest and self._trouble(wish, resource, start) is None:
                    yield start, resource

    def _trouble(self, wish: Wish, resource: str, start: datetime) -> str | None:
        if not self.hours.is_open(resource, start, start + wish.minutes * MINUTE):
            return "outside_hours"
        if self._is_at_the_limit(wish, resource, self.local_date(start)):
            return "daily_limit_reached"
        return None if self._free_seats(wish, resource, start) else "slot_unavailable"

    def _is_at_the_limit(self, wish: Wish, resource: str, day: date) -> bool:
        if wish.service.daily_limit is None:
            return False
        same = [row for row in self._others(wish, resource) if row.counts and row.service.name == wish.service.name]
        return sum(self.local_date(row.start) == day for row in same) >= wish.service.daily_limit

    def _free_seats(self, wish: Wish, resource: str, start: datetime) -> list[int]:
        wanted = wish.appointment(resource, 0, start).blocked
        if any(where == resource and overlap(span, wanted) for where, span in self.busy.values()):
            return []
        taken = {row.seat for row in self._others(wish, resource) if row.occupies and overlap(row.blocked, wanted)}
        return [seat for seat in range(1, self.capacities[resource] + 1) if seat not in taken]

    def _load_and_idleness(self, wish: Wish, resource: str, start: datetime) -> tuple[int, datetime]:
        day = day_span(self.zone, self.local_date(start))
        spans = [row.blocked for row in self._others(wish, resource) if row.occupies and overlap(row.blocked, day)]
        begins = wish.appointment(resource, 0, start).blocked[0]
        return len(spans), max((end for _, end in spans if end <= begins), default=LONG_AGO)

    def _others(self, wish: Wish, resource: str) -> Iterable[Appointment]:
        return (row for name, row in self._by_resource[resource].items() if name != wish.moving)


def _nearest(starts: Iterable[datetime], centre: datetime) -> list[datetime]:
    return sorted(starts, key=lambda start: (abs(start - centre), centre - start))
