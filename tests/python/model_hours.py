"""When a calendar is open and which starts its clocks offer, worked out minute by minute.

The extension keeps, merges and intersects windows. The model keeps a set of minutes for each local day, so that merging and
intersecting are what sets do anyway, and goes from one opening to the next like somebody who waits in front of the door.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from model import Span, instant

Minutes = frozenset[int]
Windows = list[list[str]]

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY = timedelta(days=1)
MINUTES_OF_DAY = 24 * 60
ALL_DAY = frozenset(range(MINUTES_OF_DAY))


def minutes_open(windows: Windows) -> Minutes:
    """The minutes after local midnight that windows as ["22:00", "02:00"] hold: those of the morning after follow 1440."""
    return frozenset(minute for opens, closes in windows for minute in _stretch(_minute(opens), _minute(closes)))


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _stretch(opens: int, closes: int) -> range:
    return range(opens, closes if closes > opens else closes + MINUTES_OF_DAY)


def windows_of(minutes: Minutes) -> list[tuple[int, int]]:
    """The first minute of each unbroken run, and the one at which it is over."""
    opens = sorted(minute for minute in minutes if minute - 1 not in minutes)
    closes = sorted(minute + 1 for minute in minutes if minute + 1 not in minutes)
    return list(zip(opens, closes, strict=True))


def wall_clock(day: date, minute: int) -> datetime:
    """What clocks show so many minutes after the midnight that begins `day`, if none of them is changed."""
    return datetime.combine(day, time.min) + timedelta(minutes=minute)


def at(zone: ZoneInfo, shown: datetime) -> datetime:
    """The one instant that a wall-clock time stands for."""
    return instant(zone, shown.date(), shown.time())


def showing(zone: ZoneInfo, shown: datetime) -> list[datetime]:
    """Every instant at which the clocks show this: two in autumn's hour, none in spring's."""
    guesses = {shown.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc) for fold in (0, 1)}
    return sorted(guess for guess in guesses if guess.astimezone(zone).replace(tzinfo=None) == shown)


def day_span(zone: ZoneInfo, day: date) -> Span:
    return at(zone, wall_clock(day, 0)), at(zone, wall_clock(day, MINUTES_OF_DAY))


class Hours:
    """The opening hours of an organization (under None) and of its resources (under their ids)."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._weekly: dict[str | None, list[Minutes]] = {}
        self._dated: dict[tuple[str | None, date], Minutes] = {}
        self._known: dict[object, list] = {}  # what was worked out since the hours were set last

    def set_weekly(self, resource: str | None, week: dict[str, Windows]) -> None:
        self._known.clear()
        self._weekly.pop(resource, None)
        if week:
            self._weekly[resource] = [minutes_open(week.get(weekday, [])) for weekday in WEEKDAYS]

    def set_date(self, resource: str | None, day: date, windows: Windows | None) -> None:
        self._known.clear()
        self._dated.pop((resource, day), None)
        if windows is not None:
            self._dated[resource, day] = minutes_open(windows)

    def minutes(self, resource: str, day: date) -> Minutes:
        """The minutes of the windows that start on a local date."""
        own_date, house_date = self._dated.get((resource, day)), self._dated.get((None, day))
        if own_date is not None:
            return own_date
        if resource in self._weekly:
            own = self._weekly[resource][day.weekday()]
            return own if house_date is None else own & house_date
        if house_date is not None:
            return house_date
        return self._weekly[None][day.weekday()] if None in self._weekly else ALL_DAY

    def is_open(self, resource: str, start: datetime, end: datetime) -> bool:
        """Whether somebody can come at `start` and stay until `end`: one window may hand over to the next."""
        moment = start
        while moment < end:
            until = [closes for opens, closes in self._openings_around(resource, moment) if opens <= moment < closes]
            if not until:
                return False
            moment = max(until)
        return True

    def starts(self, resource: str, day: date, step: int, anchor: str) -> list[datetime]:
        """The instants of the local date `day` that lie on the grid, open or not."""
        key = (resource, day, step, anchor)
        if key not in self._known:
            shown = self._midnight_grid(day, step) if anchor == "midnight" else self._opening_grid(resource, day, step)
            self._known[key] = sorted({found for clock in shown for found in showing(self.zone, clock)})
        return self._known[key]

    def _openings_around(self, resource: str, moment: datetime) -> Iterator[Span]:
        today = moment.astimezone(self.zone).date()
        for day in (today - 2 * DAY, today - DAY, today):
            yield from self._openings(resource, day)

    def _openings(self, resource: str, day: date) -> list[Span]:
        if (resource, day) not in self._known:
            windows = windows_of(self.minutes(resource, day))
            spans = [tuple(at(self.zone, wall_clock(day, minute)) for minute in window) for window in windows]
            self._known[resource, day] = [(opens, closes) for opens, closes in spans if opens < closes]
        return self._known[resource, day]

    @staticmethod
    def _midnight_grid(day: date, step: int) -> list[datetime]:
        return [wall_clock(day, minute) for minute in range(0, MINUTES_OF_DAY, step)]

    def _opening_grid(self, resource: str, day: date, step: int) -> list[datetime]:
        """The steps of windows that started today, or the evening before, as far as they fall on this day."""
        begun = [(on, window) for on in (day - DAY, day) for window in windows_of(self.minutes(resource, on))]
        shown = [wall_clock(on, minute) for on, (opens, closes) in begun for minute in range(opens, closes, step)]
        return [clock for clock in shown if clock.date() == day]
