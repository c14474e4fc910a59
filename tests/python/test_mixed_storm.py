"""Everything at once on a few slots: no error, no overlap, and every success is found in the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from calls import CANCEL, CONFIRM, HOLD, MOVE, RELEASE, SERIES, SERVICE, booked, expire, hold
from clinic import BOOK, Answer, Clinic, assert_none_overlap, future, instant, overlaps
from storm import Caller, answers_to

CALLERS = 120
LIMIT = 3
OCCUPYING = ("held", "pending", "confirmed")

# The days cross midnight of UTC, where locks change.
SLOTS = [future(days=200 + day, hour=22) + number * timedelta(minutes=30) for day in range(2) for number in range(8)]

Row = dict[str, Any]


@dataclass(frozen=True)
class Crowd:
    """A clinic with some of its slots taken, and calls of every kind that want the same slots."""

    clinic: Clinic
    random: Random
    appointments: list[str]
    holds: list[str]

    @classmethod
    def gather(cls, clinic: Clinic, seed: int) -> Crowd:
        clinic.add_resource()
        clinic.add_resource(2)
        SERVICE.ask(clinic, name="checkup", buffer_after_minutes=5, daily_limit=LIMIT, duration_minutes=45)
        # On the grid of the slots, but two hours apart: nothing is in the way of another yet.
        random, places = Random(seed), SLOTS[::4]
        appointments = [booked(clinic, at, service=service) for at in places for service in ("checkup", "chat")]
        holds = [hold(clinic, at, service_type="checkup", duration_minutes=30) for at in places]
        expire(clinic, holds[0])
        return cls(clinic, random, appointments, holds)

    def call(self) -> Caller:
        """One more caller, of any kind."""
        kinds = [self._book, self._hold, self._series, self._move, self._cancel, self._confirm, self._release]
        (kind,) = self.random.choices(kinds, [6, 4, 3, 5, 2, 2, 1])
        return kind()

    def _book(self) -> Caller:
        return Caller(self.clinic.request(self._slot(), service=self._service(), minutes=self._minutes()))

    def _hold(self) -> Caller:
        return HOLD.caller(self.clinic, scheduled_at=self._slot(), service_type=self._service())

    def _series(self) -> Caller:
        return SERIES.caller(self.clinic, times=self.random.sample(SLOTS, 3), service_type=self._service())

    def _move(self) -> Caller:
        return MOVE.caller(self.clinic, appointment_id=self.random.choice(self.appointments), scheduled_at=self._slot())

    def _cancel(self) -> Caller:
        return CANCEL.caller(self.clinic, appointment_id=self.random.choice(self.appointments))

    def _confirm(self) -> Caller:
        return CONFIRM.caller(self.clinic, hold_id=self.random.choice(self.holds))

    def _release(self) -> Caller:
        return RELEASE.caller(self.clinic, hold_id=self.random.choice(self.holds))

    def _slot(self) -> datetime:
        return self.random.choice(SLOTS)

    def _service(self) -> str:
        return self.random.choice(["checkup", "chat"])

    def _minutes(self) -> int | None:
        return self.random.choice([None, 30, 60, 90])


@dataclass(frozen=True)
class Report:
    """What the callers were told, against what the table says."""

    callers: list[Caller]
    given: list[Answer]
    rows: dict[str, Row]

    def successes(self, call: str) -> list[Answer]:
        return [
            answer for caller, answer in zip(self.callers, self.given, strict=True) if caller.call == call and answer["success"]
        ]

    def assert_new_ones_stand(self) -> None:
        """What was made in the storm, nobody could change in it."""
        made = [(answer["appointmentId"], answer, "confirmed") for answer in self.successes(BOOK)]
        made += [(answer["holdId"], answer, "held") for answer in self.successes(HOLD.sql)]
        made += [
            (row["appointmentId"], row, "confirmed") for answer in self.successes(SERIES.sql) for row in answer["appointments"]
        ]
        for name, said, status in made:
            assert self._place(name) == (said["resourceId"], instant(said["scheduledAt"]), instant(said["endsAt"])), said
            assert self.rows[name]["status"] == status
        assert len(made) == len({name for name, _, _ in made}), "two callers were given one appointment"

    def assert_holds_became_what_was_said(self, holds: list[str]) -> None:
        confirmed = [answer["appointmentId"] for answer in self.successes(CONFIRM.sql)]
        released = [answer["holdId"] for answer in self.successes(RELEASE.sql)]
        assert len({*confirmed, *released}) == len([*confirmed, *released]), "a hold was ended twice"
        for name in holds:
            expected = {"confirmed"} if name in confirmed else {"cancelled"} if name in released else {"held"}
            # The one that had expired may have been found in somebody's way.
            assert self.rows[name]["status"] in expected | ({"cancelled"} if name == holds[0] else set())

    def assert_changed_ones_are_where_somebody_put_them(self, before: dict[str, Row]) -> None:
        cancelled = [answer["appointmentId"] for answer in self.successes(CANCEL.sql)]
        assert len(cancelled) == len(set(cancelled)), "an appointment was cancelled twice"
        moved = self.successes(MOVE.sql)
        for name, row in before.items():
            if row["contact_id"] is None:
                continue
            said = [instant(answer["scheduledAt"]) for answer in moved if answer["appointmentId"] == name]
            assert self.rows[name]["starts_at"] in (said or [row["starts_at"]])
            assert self.rows[name]["status"] == ("cancelled" if name in cancelled else "confirmed")

    def assert_nothing_else_was_made(self, before: dict[str, Row]) -> None:
        won = [answer for answer in self.given if answer["success"]]
        told = [answer[key] for answer in won for key in ("appointmentId", "holdId") if key in answer]
        told += [row["appointmentId"] for answer in self.successes(SERIES.sql) for row in answer["appointments"]]
        assert self.rows.keys() == before.keys() | set(told)

    def _place(self, name: str) -> tuple[str, datetime, datetime]:
        row = self.rows[name]
        return str(row["resource_id"]), row["starts_at"], row["ends_at"]


def rows(clinic: Clinic) -> dict[str, Row]:
    return {str(row["id"]): row for row in clinic.appointments()}


@pytest.mark.parametrize("seed", range(4))
def test_after_a_storm_of_every_kind_of_call_the_table_says_what_the_callers_were_told(clinic: Clinic, seed: int):
    crowd = Crowd.gather(clinic, seed)
    before = rows(clinic)
    callers = [crowd.call() for _ in range(CALLERS)]
    report = Report(callers, answers_to(clinic, callers), rows(clinic))

    occupying = [row | {"starts_at": row["blocked"].lower, "ends_at": row["blocked"].upper}
                 for row in report.rows.values() if row["status"] in OCCUPYING]
    assert_none_overlap(occupying)
    assert overlaps(clinic.admin) == 0
    report.assert_new_ones_stand()
    report.assert_holds_became_what_was_said(crowd.holds)
    report.assert_changed_ones_are_where_somebody_put_them(before)
    report.assert_nothing_else_was_made(before)
    assert len(report.successes(BOOK)) + len(report.successes(SERIES.sql)) > 0
    # The daily limit, counted anew.
    days = [(row["resource_id"], row["starts_at"].date()) for row in occupying if row["service_type"] == "checkup"]
    assert all(days.count(day) <= LIMIT for day in days)
    # A refused caller leaves no contact behind; a booking, a series and a confirmed hold leave one each.
    persons = {str(row["contact_id"]) for row in report.rows.values() if row["contact_id"]}
    assert {str(contact["id"]) for contact in clinic.contacts()} == persons
