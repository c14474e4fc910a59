"""What is free, worked out a second time and in another way: every quarter of an hour is looked at through zoneinfo.

The extension turns wall-clock times into instants; the model goes through the instants and asks what the clock on the wall
shows. Every offset in use today is a multiple of a quarter of an hour, so no time on a half-hour grid is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
NEAR = timedelta(hours=3)
DAYS_AHEAD = 30
NIGHT = timedelta(hours=14)  # no zone is farther from UTC

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Room:
    """A resource: the busy half-open spans of each of its seats."""

    id: str
    seats: list[list[Span]]

    def is_free(self, start: datetime, end: datetime) -> bool:
        return any(all(end <= taken or left <= start for taken, left in busy) for busy in self.seats)


@dataclass(frozen=True)
class Model:
    zone: ZoneInfo
    rooms: list[Room]
    now: datetime

    def slots(self, first: datetime, last: datetime, minutes: int) -> list[tuple[datetime, datetime, str]]:
        """What available_slots must return for [first, last)."""
        length = timedelta(minutes=minutes)
        return [
            (start, start + length, room.id)
            for start in self._grid(first, last)
            for room in sorted(self.rooms, key=lambda room: room.id)
            if room.is_free(start, start + length)
        ]

    def is_free(self, start: datetime, minutes: int) -> bool:
        return any(room.is_free(start, start + timedelta(minutes=minutes)) for room in self.rooms)

    def alternatives(self, wanted: datetime, minutes: int, count: int) -> list[datetime]:
        """The nearest free times within three hours, later first of two equally near; then the rest of that local day; then
        the following days, each by nearness to the same time on the wall. What is past is looked for from today on."""
        centre = self._same_time_today(wanted) if wanted < self.now else wanted
        near = self._free(centre - NEAR, centre + NEAR + timedelta(microseconds=1), minutes)
        found = self._nearest(near, centre, wanted, [])
        local = centre.astimezone(self.zone)
        for days in range(DAYS_AHEAD + 1):
            if len(found) >= count:
                break
            day = local.date() + timedelta(days=days)
            same_time = instant(self.zone, day, local.time()) if days else centre
            found += self._nearest(self._free_on(day, minutes), same_time, wanted, found)
        return found[:count]

    def _same_time_today(self, wanted: datetime) -> datetime:
        return instant(self.zone, self.now.astimezone(self.zone).date(), wanted.astimezone(self.zone).time())

    @staticmethod
    def _nearest(starts: list[datetime], centre: datetime, wanted: datetime, found: list[datetime]) -> list[datetime]:
        left = [start for start in starts if start != wanted and start not in found]
        return sorted(left, key=lambda start: (abs(start - centre), centre - start))

    def _free_on(self, day: date, minutes: int) -> list[datetime]:
        midnight = datetime.combine(day, time.min, timezone.utc)
        around = self._free(midnight - NIGHT, midnight + timedelta(days=1) + NIGHT, minutes)
        return [start for start in around if start.astimezone(self.zone).date() == day]

    def _free(self, first: datetime, last: datetime, minutes: int) -> list[datetime]:
        return [start for start in self._grid(first, last) if self.is_free(start, minutes)]

    def _grid(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The instants in [first, last), not past, at which a clock on the wall shows a full or a half hour."""
        first = max(first, self.now)
        since_midnight = timedelta(hours=first.hour, minutes=first.minute, seconds=first.second, microseconds=first.microsecond)
        moment = first - since_midnight % QUARTER
        while moment < last:
            if moment >= first and moment.astimezone(self.zone).minute % 30 == 0:
                yield moment
            moment += QUARTER


def instant(zone: ZoneInfo, day: date, at: time) -> datetime:
    """The earlier of two instants; in a gap, the one that the offset before it gives (RFC 5545)."""
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(timezone.utc)


def change_days(zone: ZoneInfo, first: date, days: int) -> list[date]:
    """The days on which the clocks of the zone change."""

    def offset(day: date) -> timedelta:
        return datetime.combine(day, time.min, timezone.utc).astimezone(zone).utcoffset()

    return [day for day in (first + timedelta(days=n) for n in range(days)) if offset(day) != offset(day + timedelta(days=1))]
