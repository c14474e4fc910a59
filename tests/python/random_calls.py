"""Calls of the calendar's functions as an application makes them, chosen at random on a few crowded days."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from calls import SERVICE
from clinic import Clinic, new_phone
from model_hours import DAY, WEEKDAYS, Windows, at, showing, wall_clock
from model_seats import MINUTE, Service
from psycopg import sql

A_DAY = 86400  # longer than any test: such a hold ends when the test says so

# Each answer comes with the now it was given at. What is no function of the extension is done by the superuser, as time or
# another program would.
CALL = "SELECT pg_catalog.now(), booking.{function}({arguments})"
OTHER_CALLS = {
    "available_slots": """
        SELECT pg_catalog.now(), coalesce(json_agg(json_build_array(starts_at, ends_at, resource_id)), '[]')
        FROM booking.available_slots({arguments})""",
    "expire": """
        UPDATE booking.appointments SET expires_at = clock_timestamp() - interval '1 second'
        WHERE org_id = %(p_org_id)s AND id = %(p_id)s AND status = 'held' RETURNING now(), id""",
    "make_pending": """
        UPDATE booking.appointments SET status = 'pending'
        WHERE org_id = %(p_org_id)s AND id = %(p_id)s AND status = 'confirmed' RETURNING now(), id""",
}


@dataclass(frozen=True)
class Call:
    """A function of schema booking, and its arguments by their names."""

    function: str
    arguments: dict[str, Any]

    def make(self, session: psycopg.Connection, org_id: str) -> tuple[datetime | None, Any]:
        """The now of the call, and its answer."""
        given = {"p_org_id": org_id} | self.arguments
        named = [sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in given]
        statement = sql.SQL(OTHER_CALLS.get(self.function, CALL))
        query = statement.format(function=sql.Identifier(self.function), arguments=sql.SQL(", ").join(named))
        if given.get("p_hours") is not None:
            given["p_hours"] = json.dumps(given["p_hours"])
        return session.execute(query, given).fetchone() or (None, None)

    def __str__(self) -> str:
        return f"{self.function}({', '.join(f'{name} => {value}' for name, value in self.arguments.items())})"


def create_service(clinic: Clinic, service: Service) -> None:
    SERVICE.ask(
        clinic, name=service.name, duration_minutes=service.minutes, buffer_before_minutes=service.before,
        buffer_after_minutes=service.after, slot_step_minutes=service.step, min_notice_minutes=service.notice_minutes,
        horizon_days=service.horizon_days, daily_limit=service.daily_limit, slot_anchor=service.anchor,
        resource_ids=None if service.resources is None else list(service.resources),
    )


@dataclass(frozen=True)
class Place:
    """Where calls are made: an organization's zone, resources and services, and the local days that are crowded."""

    zone: ZoneInfo
    resources: list[str]
    services: list[str]
    days: list[date]


@dataclass(frozen=True)
class RandomCalls:
    """Makes calls up. `known` gives the appointments of some statuses, or all, and when each starts."""

    random: Random
    place: Place
    known: Callable[..., dict[str, datetime]]
    busy: Callable[[], list[str]]
    hold_seconds: tuple[int, ...] = (A_DAY,)

    def any_of(self, chances: dict[str, int]) -> Call:
        """A call of one of the methods below, each as often as its number says."""
        (name,) = self.random.choices(list(chances), list(chances.values()))
        return getattr(self, name)()

    # Booking

    def book(self) -> Call:
        return Call("book_appointment_atomic", self._person() | self._wish() | {"p_scheduled_at": self.time()})

    def hold(self) -> Call:
        seconds = self.random.choice(self.hold_seconds)
        return Call("hold_slot", self._wish() | {"p_scheduled_at": self.time(), "p_ttl_seconds": seconds})

    def series(self) -> Call:
        """Any times; or one after the other, as a course of treatment is booked."""
        first, count = self.time(), self.random.randint(1, 6)
        apart = self.random.choice([15, 30, 60, 90, 1440]) * MINUTE
        row = [first + number * apart for number in range(count)]
        times = row if self.random.random() < 0.6 else [self.time() for _ in row]
        return Call("book_series_atomic", self._person() | self._wish() | {"p_times": times})

    def confirm(self) -> Call:
        return Call("confirm_hold", self._person() | {"p_hold_id": self._one_of("held")}) if self.known("held") else self.hold()

    def move(self) -> Call:
        """To a time of its own, or a little earlier or later: over its own place."""
        moved = self._one_of("confirmed", "pending")
        start, by = self.known().get(moved), self.random.choice([-60, -30, -15, 0, 15, 30, 60]) * MINUTE
        time = self.time() if start is None or self.random.random() < 0.6 else start + by
        changes = self._some({"p_duration_minutes": self._minutes(), "p_resource_id": self._resource()}, 0.35)
        return Call("reschedule_appointment_atomic", {"p_appointment_id": moved, "p_scheduled_at": time} | changes)

    def book_what_has_passed(self) -> Call:
        """A year that has passed becomes this one or the next; a day of this month is refused."""
        clock = self.time().astimezone(self.place.zone).replace(tzinfo=None, fold=0)
        years_ago = at(self.place.zone, clock.replace(day=min(clock.day, 28), year=clock.year - self.random.randint(1, 3)))
        lately = datetime.now(timezone.utc).replace(second=0, microsecond=0) - self.random.randint(2, 20) * DAY
        time = self.random.choice([years_ago, lately])
        call = self.random.choice([self.book, self.hold, self.move])()
        return Call(call.function, call.arguments | {"p_scheduled_at": time})

    # Changing

    def release(self) -> Call:
        return Call("release_hold", {"p_hold_id": self._one_of("held")}) if self.known("held") else self.hold()

    def cancel(self) -> Call:
        return Call("cancel_appointment", {"p_appointment_id": self._one_of("confirmed", "held", "pending")})

    def set_status(self) -> Call:
        status = self.random.choice(["completed", "no_show", "confirmed"])
        pending = status == "confirmed" and self.random.random() < 0.8
        appointment = self._one_of("pending" if pending else "confirmed")
        return Call("set_appointment_status", {"p_appointment_id": appointment, "p_status": status})

    def expire(self) -> Call:
        return self._change_of_one("expire", "held")

    def make_pending(self) -> Call:
        return self._change_of_one("make_pending", "confirmed")

    def add_busy(self) -> Call:
        start = self.time()
        end = start + self.random.randint(1, 20) * 30 * MINUTE
        resource = self.random.choice(self.place.resources)
        return Call("add_busy_block", {"p_resource_id": resource, "p_starts_at": start, "p_ends_at": end})

    def remove_busy(self) -> Call:
        return Call("remove_busy_block", {"p_id": self.random.choice([*self.busy(), self._unknown()])})

    # Setting up

    def set_week(self) -> Call:
        """Always open again, closed all week, the same every day, or different on most days."""
        some = {weekday: self._windows() for weekday in WEEKDAYS if self.random.random() < 0.8}
        weeks = [{}, {"mon": []}, dict.fromkeys(WEEKDAYS, self._windows()), some]
        (hours,) = self.random.choices(weeks, [10, 1, 6, 6])
        return Call("set_opening_hours", {"p_hours": hours} | self._owner())

    def set_date(self) -> Call:
        (hours,) = self.random.choices([None, [], self._windows()], [6, 1, 5])
        day = self.random.choice(self.place.days)
        return Call("set_date_override", {"p_date": day.isoformat(), "p_hours": hours} | self._owner())

    # Looking

    def look_at_status(self) -> Call:
        return Call("appointment_status", {"p_appointment_id": self._one_of()})

    def look_at_slots(self) -> Call:
        start = self.time()
        window = {"p_from": start, "p_to": start + self.random.randint(30, 1500) * MINUTE}
        return Call("available_slots", window | self._some(self._wish()))

    def look_at_day(self) -> Call:
        wish = self._some(self._wish())
        wish.pop("p_resource_id", None)
        return Call("check_availability", {"p_date": self.random.choice(self.place.days).isoformat()} | wish)

    def look_for_alternatives(self) -> Call:
        search = {"p_scheduled_at": self.time(), "p_count": self.random.choice([1, 3, 9, 50])}
        return Call("find_alternatives", search | self._some(self._wish()))

    # Mistakes

    def mistake(self) -> Call:
        """A call with one thing wrong, and only one."""
        way, wrong = self.random.choice(self._mistakes())
        right = getattr(self, way)()
        return Call(right.function, right.arguments | wrong)

    def _mistakes(self) -> list[tuple[str, dict[str, Any]]]:
        nobody, never = self._unknown(), [["09:00", "09:00"]]
        booked, own = list(self.known("confirmed"))[:1], {"p_resource_id": None, "p_duration_minutes": None}
        plain = own | {"p_service_type": "chat"}
        lengths = [{"p_duration_minutes": 0}, {"p_duration_minutes": 1441}]
        wishes = [*lengths, {"p_service_type": " "}, {"p_resource_id": nobody}, {"p_org_id": nobody}]
        persons = [{"p_patient_phone": "555"}, {"p_patient_name": " "}, {"p_patient_email": "ann at home"}]
        changes = [*lengths, {"p_resource_id": nobody}, {"p_scheduled_at": None}]
        return [
            *((way, plain | wish) for way in ("book", "hold", "series") for wish in wishes),
            *((way, plain | person) for way in ("book", "series") for person in persons),
            *((way, plain | {"p_scheduled_at": None}) for way in ("book", "hold")),
            *(("hold", plain | {"p_ttl_seconds": seconds}) for seconds in (0, -1, 86401)),
            *(("series", plain | {"p_times": times}) for times in (None, [], [self.time(), None])),
            *(("move", own | {"p_appointment_id": row} | change) for row in booked for change in changes),
            *(("set_status", {"p_appointment_id": row, "p_status": "gone"}) for row in booked),
            *(("confirm", {"p_hold_id": row} | person) for row in list(self.known("held"))[:1] for person in persons),
            *((way, {"p_org_id": nobody}) for way in ("move", "confirm", "release", "cancel", "set_status")),
            *(("set_date", wrong) for wrong in ({"p_hours": never}, {"p_resource_id": nobody})),
            *(("set_week", wrong) for wrong in ({"p_hours": {"tue": never}}, {"p_resource_id": nobody})),
            *(("add_busy", wrong) for wrong in ({"p_ends_at": self.time() - 30 * DAY}, {"p_resource_id": nobody})),
        ]

    # Parts

    def time(self) -> datetime:
        """Office hours, or the night, in which clocks change, or any time; in autumn's hour the first or the second."""
        minutes = self.random.choices([range(540, 1020, 30), range(0, 300, 15), range(0, 1440, 5)], [5, 4, 2])[0]
        clock = wall_clock(self.random.choice(self.place.days), self.random.choice(minutes))
        return self.random.choice(showing(self.place.zone, clock) or [at(self.place.zone, clock)])

    def _wish(self) -> dict[str, Any]:
        service = self.random.choice([*self.place.services, "chat"])
        said = self.random.choice([service, service, f" {service.upper()} "])
        return {"p_service_type": said} | self._some({"p_duration_minutes": self._minutes(), "p_resource_id": self._resource()})

    def _some(self, arguments: dict[str, Any], chance: float = 0.5) -> dict[str, Any]:
        return {name: value for name, value in arguments.items() if self.random.random() < chance}

    def _minutes(self) -> int | None:
        return self.random.choice([None, 15, 30, 45, 60, 90, 120, 120, 480, 1440])

    def _resource(self) -> str | None:
        return self.random.choice([None, *self.place.resources])

    def _owner(self) -> dict[str, Any]:
        return {"p_resource_id": self._resource()} if self.random.random() < 0.6 else {}

    def _person(self) -> dict[str, Any]:
        return {"p_patient_name": "Ann Lee", "p_patient_email": None, "p_patient_phone": new_phone()}

    def _windows(self) -> Windows:
        """One to three windows, which may overlap, touch or run over midnight."""
        begun = [self.random.randrange(0, 1440, 30) for _ in range(self.random.randint(1, 3))]
        return [[_clock(opens), _clock(opens + self.random.randrange(90, 1200, 30), "24:00")] for opens in begun]

    def _one_of(self, *statuses: str) -> str:
        """Mostly one of these statuses; now and then any other, or one that does not exist."""
        chance = self.random.random()
        fitting = [] if chance < 0.03 else list(self.known(*statuses)) if chance < 0.8 else list(self.known())
        return self.random.choice(fitting) if fitting else self._unknown()

    def _change_of_one(self, function: str, status: str) -> Call:
        fitting = list(self.known(status))
        return Call(function, {"p_id": self.random.choice(fitting)}) if fitting else self.book()

    def _unknown(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))


def _clock(minute: int, midnight: str = "00:00") -> str:
    hours, minutes = divmod(minute % 1440, 60)
    return midnight if hours == minutes == 0 else f"{hours:02d}:{minutes:02d}"
