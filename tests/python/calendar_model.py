"""What every function of the calendar must answer, worked out a second time: one dictionary of rows, and no locks.

A call that was made in the database is made here again, at the same `now`. The database chooses the ids; the model chooses
everything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from model_hours import Windows, at
from model_seats import FREE_TEXT, GONE, MINUTE, Appointment, Seats, Service, Span, Wish

DAYS_OF_DOUBT = 30
LONGEST_MINUTES = 1440
LONGEST_HOLD_SECONDS = 86400
INVALID_PARAMETER = "22023"
# These do not answer with JSON: what they refuse is an SQL error.
RAISE_ERRORS = {"available_slots", "find_alternatives", "set_opening_hours", "set_date_override", "add_busy_block"}
COMES_AFTER = {"confirmed": "pending", "completed": "confirmed", "no_show": "confirmed"}

Row = tuple[str, str, int, Span, Span, str]


@dataclass(frozen=True)
class Failed:
    """A time of a series that cannot be had."""

    wanted: datetime
    error: str
    alternatives: tuple[datetime, ...]


@dataclass(frozen=True)
class Outcome:
    """An answer without its words. `rows` are the appointments it is about, as the table shows them afterwards."""

    error: str | None = None
    alternatives: tuple[datetime, ...] = ()
    failed: tuple[Failed, ...] = ()
    rows: tuple[Row, ...] = ()
    corrected: tuple[bool, ...] = ()
    value: Any = None


class Refused(Exception):
    def __init__(self, code: str, alternatives: Iterable[datetime] = (), failed: Iterable[Failed] = ()) -> None:
        self.outcome = Outcome(code, tuple(alternatives), tuple(failed))


class NoPlace(Exception):
    """A time that cannot be had: alternatives are looked for around `wanted`."""

    def __init__(self, code: str, wanted: datetime) -> None:
        self.code, self.wanted = code, wanted


def shown(row: Appointment) -> Row:
    """A row as the table has it. Whether an expired hold has been cleared away already makes no difference."""
    status = "cancelled" if row.status in GONE else row.status
    return row.label, row.resource, row.seat, (row.start, row.end), row.blocked, status


class CalendarModel(Seats):
    """The methods have the names and the arguments of the SQL functions; `ids` are the ids that the database gave."""

    def __init__(self, org_id: str, zone: ZoneInfo, capacities: dict[str, int]) -> None:
        super().__init__(zone, capacities)
        self.org_id = org_id
        self.services: dict[str, Service] = {}

    def answer(self, function: str, now: datetime, ids: list[str], p_org_id: str, **arguments: Any) -> Outcome:
        try:
            if p_org_id != self.org_id:
                raise Refused("org_not_found")
            return getattr(self, function)(now, ids, **arguments)
        except Refused as refused:
            return Outcome(INVALID_PARAMETER) if function in RAISE_ERRORS else refused.outcome

    # Booking

    def book_appointment_atomic(
        self, now: datetime, ids: list[str], *, p_scheduled_at: datetime | None, **rest: Any
    ) -> Outcome:
        return self._book("confirmed", now, ids, p_scheduled_at, **rest)

    def hold_slot(
        self, now: datetime, ids: list[str], *, p_scheduled_at: datetime | None, p_ttl_seconds: int = 300, **rest: Any
    ) -> Outcome:
        if not 1 <= p_ttl_seconds <= LONGEST_HOLD_SECONDS:
            raise Refused("invalid_request")
        return self._book("held", now, ids, p_scheduled_at, **rest)

    def book_series_atomic(
        self, now: datetime, ids: list[str], *, p_times: list[datetime | None] | None, **rest: Any
    ) -> Outcome:
        """Tries all times in order; takes everything back if one cannot be had."""
        wish, label = self._wish(**rest)
        if not p_times:
            raise Refused("invalid_request")
        if None in p_times:
            raise Refused("invalid_time")
        corrected, names, failed = [], _names(ids, len(p_times)), []
        for name, time in zip(names, p_times, strict=True):
            try:
                corrected.append(self._place(name, wish, label, "confirmed", time, now))
            except NoPlace as no_place:
                failed.append(no_place)
        if not failed:
            return Outcome(rows=self._shown(names), corrected=tuple(corrected))
        told = [Failed(no.wanted, no.code, tuple(self.alternatives(wish, no.wanted, now))) for no in failed]
        for name in names:
            self.drop(name)
        raise Refused(told[0].error, failed=told)

    def confirm_hold(self, now: datetime, ids: list[str], *, p_hold_id: str, **person: Any) -> Outcome:
        if self._status(p_hold_id) == "released":
            raise Refused("hold_expired")
        self._check_status(p_hold_id, "held")
        _check_person(**person)
        return self._changed(p_hold_id, "confirmed")

    def reschedule_appointment_atomic(
        self, now: datetime, ids: list[str], *, p_appointment_id: str, p_scheduled_at: datetime | None,
        p_duration_minutes: int | None = None, p_resource_id: str | None = None,
    ) -> Outcome:
        row = self._row(p_appointment_id)
        self._check_status(p_appointment_id, "pending", "confirmed")
        own_minutes = (row.end - row.start) // MINUTE
        minutes = own_minutes if p_duration_minutes is None else p_duration_minutes
        resource = row.resource if p_resource_id is None else p_resource_id
        present_start = row.start if (minutes, resource) == (own_minutes, row.resource) else None
        wish = replace(self._wish_for(row.service, minutes, resource), moving=p_appointment_id, present_start=present_start)
        return self._placed([p_appointment_id], wish, row.label, row.status, p_scheduled_at, now)

    # Changing

    def release_hold(self, now: datetime, ids: list[str], *, p_hold_id: str) -> Outcome:
        return self._ended(p_hold_id, "held")

    def cancel_appointment(self, now: datetime, ids: list[str], *, p_appointment_id: str) -> Outcome:
        return self._ended(p_appointment_id, "held", "pending", "confirmed")

    def set_appointment_status(self, now: datetime, ids: list[str], *, p_appointment_id: str, p_status: str) -> Outcome:
        if p_status not in COMES_AFTER:
            raise Refused("invalid_request")
        self._check_status(p_appointment_id, COMES_AFTER[p_status])
        return self._changed(p_appointment_id, p_status)

    def expire(self, now: datetime, ids: list[str], *, p_id: str) -> Outcome:
        """What time does to a hold."""
        self._changed(p_id, "expired")
        return Outcome()

    def make_pending(self, now: datetime, ids: list[str], *, p_id: str) -> Outcome:
        """What no function does."""
        self._changed(p_id, "pending")
        return Outcome()

    # Setting up

    def set_opening_hours(
        self, now: datetime, ids: list[str], *, p_hours: dict[str, Windows], p_resource_id: str | None = None
    ) -> Outcome:
        self._check_hours([window for windows in p_hours.values() for window in windows], p_resource_id)
        self.hours.set_weekly(p_resource_id, p_hours)
        return Outcome()

    def set_date_override(
        self, now: datetime, ids: list[str], *, p_date: str, p_hours: Windows | None, p_resource_id: str | None = None
    ) -> Outcome:
        self._check_hours(p_hours or [], p_resource_id)
        self.hours.set_date(p_resource_id, date.fromisoformat(p_date), p_hours)
        return Outcome()

    def add_busy_block(
        self, now: datetime, ids: list[str], *, p_resource_id: str, p_starts_at: datetime, p_ends_at: datetime
    ) -> Outcome:
        if p_ends_at <= p_starts_at or p_resource_id not in self.capacities:
            raise Refused("invalid_request")
        self.busy[_names(ids, 1)[0]] = (p_resource_id, (p_starts_at, p_ends_at))
        return Outcome()

    def remove_busy_block(self, now: datetime, ids: list[str], *, p_id: str) -> Outcome:
        return Outcome(value=self.busy.pop(p_id, None) is not None)

    # Looking

    def appointment_status(self, now: datetime, ids: list[str], *, p_appointment_id: str) -> Outcome:
        self._row(p_appointment_id)
        return Outcome(rows=self._shown([p_appointment_id]), corrected=(False,))

    def available_slots(self, now: datetime, ids: list[str], *, p_from: datetime, p_to: datetime, **wish: Any) -> Outcome:
        return Outcome(value=self.slots(self._wish_to_look(**wish), p_from, p_to, now))

    def check_availability(self, now: datetime, ids: list[str], *, p_date: str, **wish: Any) -> Outcome:
        return Outcome(value=self.times_of_day(self._wish_to_look(**wish), date.fromisoformat(p_date), now))

    def find_alternatives(
        self, now: datetime, ids: list[str], *, p_scheduled_at: datetime, p_count: int = 3, **wish: Any
    ) -> Outcome:
        return Outcome(value=self.alternatives(self._wish_to_look(**wish), p_scheduled_at, now, p_count))

    # How

    def _book(self, status: str, now: datetime, ids: list[str], time: datetime | None, **rest: Any) -> Outcome:
        wish, label = self._wish(**rest)
        return self._placed(_names(ids, 1), wish, label, status, time, now)

    def _placed(
        self, names: list[str], wish: Wish, label: str, status: str, time: datetime | None, now: datetime
    ) -> Outcome:
        if time is None:
            raise Refused("invalid_time")
        try:
            corrected = self._place(names[0], wish, label, status, time, now)
        except NoPlace as no_place:
            raise Refused(no_place.code, self.alternatives(wish, no_place.wanted, now)) from None
        return Outcome(rows=self._shown(names), corrected=(corrected,))

    def _place(self, name: str, wish: Wish, label: str, status: str, time: datetime, now: datetime) -> bool:
        """Puts the appointment where it belongs; says whether the year that was said had passed."""
        start, corrected = self._settled(time, now)
        if code := self.refusal(wish, start, now):
            raise NoPlace(code, start)
        resource, seat = self.choice(wish, start)
        self.put(name, wish.appointment(resource, seat, start, label, status))
        return corrected

    def _settled(self, time: datetime, now: datetime) -> tuple[datetime, bool]:
        """The same day and wall-clock time of this year or the next, if the date has passed long ago."""
        clock, today = time.astimezone(self.zone).replace(tzinfo=None, fold=0), self.local_date(now)
        if time >= now or clock.date() >= today:
            return time, False
        try:
            this_year = clock.replace(year=today.year)
            if this_year.date() >= today:
                return at(self.zone, this_year), True
            if (today - this_year.date()).days <= DAYS_OF_DOUBT:
                raise NoPlace("date_in_past", time)
            return at(self.zone, clock.replace(year=today.year + 1)), True
        except ValueError:
            raise Refused("invalid_date") from None

    def _wish(
        self, p_service_type: str, p_duration_minutes: int | None = None, p_resource_id: str | None = None, **person: Any
    ) -> tuple[Wish, str]:
        """What is wanted, and what the row will call it."""
        if person:
            _check_person(**person)
        label = p_service_type.strip()
        service = self.services.get(label.lower(), FREE_TEXT)
        if not label:
            raise Refused("service_not_found")
        return self._wish_for(service, p_duration_minutes, p_resource_id), service.name or label

    def _wish_to_look(self, p_service_type: str | None = None, **rest: Any) -> Wish:
        return self._wish(p_service_type or "anything", **rest)[0]

    def _wish_for(self, service: Service, minutes: int | None, resource: str | None) -> Wish:
        if minutes is not None and not 1 <= minutes <= LONGEST_MINUTES:
            raise Refused("invalid_duration")
        able = [each for each in self.capacities if service.resources is None or each in service.resources]
        if resource is not None and resource not in able:
            raise Refused("resource_not_found")
        return Wish(service, service.minutes if minutes is None else minutes, tuple(able if resource is None else [resource]))

    def _check_hours(self, windows: Windows, resource: str | None) -> None:
        if any(opens == closes for opens, closes in windows) or resource not in (None, *self.capacities):
            raise Refused("invalid_request")

    def _row(self, name: str) -> Appointment:
        if name not in self._rows:
            raise Refused("appointment_not_found")
        return self._rows[name]

    def _status(self, name: str) -> str:
        """Nothing can be done with a hold whose time is over, whether or not somebody has taken its place."""
        status = self._row(name).status
        if status == "expired":
            raise Refused("hold_expired")
        return status

    def _check_status(self, name: str, *allowed: str) -> None:
        if (status := self._status(name)) not in allowed:
            raise Refused("already_cancelled" if status in GONE else "invalid_status")

    def _ended(self, name: str, *allowed: str) -> Outcome:
        self._check_status(name, *allowed)
        return self._changed(name, "released" if self._status(name) == "held" else "cancelled")

    def _changed(self, name: str, status: str) -> Outcome:
        self.put(name, replace(self._row(name), status=status))
        return Outcome(rows=self._shown([name]), corrected=(False,))

    def _shown(self, names: list[str]) -> tuple[Row, ...]:
        return tuple(shown(self._row(name)) for name in names)


def _names(ids: list[str], count: int) -> list[str]:
    """The ids that the database gave, or others if it booked nothing and the model does."""
    return ids if len(ids) == count else [f"not booked {number}" for number in range(count)]


def _check_person(p_patient_name: str, p_patient_email: str | None, p_patient_phone: str) -> None:
    """The texts themselves have tests of their own: what is wrong here is very wrong."""
    if not p_patient_name.strip():
        raise Refused("invalid_name")
    if not p_patient_phone.startswith("+1415"):
        raise Refused("invalid_phone")
    if p_patient_email is not None and "@" not in p_patient_email:
        raise Refused("invalid_email")
