"""Holding, moving, cancelling and series, called with what nobody means: refused by a known code, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from calls import CANCEL, CONFIRM, HOLD, MOVE, RELEASE, SERIES, SET_STATUS, STATUS, Function, booked, expire, hold
from clinic import Clinic, assert_booked, future, one
from hostile import (
    BLANKS,
    FOREVER,
    HUGE_INT,
    LONG_AGO,
    NO_DURATIONS,
    NOBODY,
    TEXTS,
    TINY_INT,
    TOO_FAR,
    Outcome,
    assert_refused,
    call,
    everything,
)

THERE = ["appointment", "hold", "released", "expired", "cancelled", "completed"]
FUNCTIONS = [HOLD, CONFIRM, RELEASE, MOVE, CANCEL, SET_STATUS, STATUS, SERIES]
CHANGES = [CONFIRM, RELEASE, MOVE, CANCEL, SET_STATUS, STATUS]


@dataclass(frozen=True)
class Desk:
    """A clinic with an appointment in every state, and another clinic that must not be reached from it."""

    clinic: Clinic
    other: Clinic
    caller: psycopg.Connection
    ids: dict[str, str]
    foreign: dict[str, str]

    @classmethod
    def open(cls, clinic: Clinic, caller: psycopg.Connection) -> Desk:
        other = Clinic.open(clinic.dsn, clinic.admin)
        return cls(clinic, other, caller, _one_of_each(clinic), _one_of_each(other))

    def call(self, function: Function, **changes: object) -> Outcome:
        """The function with arguments that would do, but for the changes."""
        usual = {
            "hold_id": self.ids["hold"], "appointment_id": self.ids["appointment"], "scheduled_at": future(days=220),
            "times": [future(days=220), future(days=221)],
        }
        fitting = {name: value for name, value in usual.items() if name in function.types}
        return call(self.caller, function.sql, function.parameters(self.clinic, **(fitting | changes)))

    def everything(self) -> list[dict[str, list[str]]]:
        return [everything(self.clinic.admin, clinic.org_id) for clinic in (self.clinic, self.other)]


def _one_of_each(clinic: Clinic) -> dict[str, str]:
    ids = {name: booked(clinic, future(hour=hour)) for hour, name in enumerate(["appointment", "cancelled", "completed"])}
    ids |= {name: hold(clinic, future(hour=hour)) for hour, name in enumerate(["hold", "released", "expired"], start=5)}
    CANCEL.ask(clinic, appointment_id=ids["cancelled"])
    SET_STATUS.ask(clinic, appointment_id=ids["completed"])
    RELEASE.ask(clinic, hold_id=ids["released"])
    expire(clinic, ids["expired"])
    return ids


def id_of(function: Function) -> str:
    return "hold_id" if "hold_id" in function.types else "appointment_id"


@pytest.fixture
def desk(clinic: Clinic, caller: psycopg.Connection) -> Iterator[Desk]:
    """Holds a test to it that every row of both clinics is as it was, and the session lives."""
    desk, backend = Desk.open(clinic, caller), caller.info.backend_pid
    before = desk.everything()
    yield desk
    assert desk.everything() == before
    assert one(caller, "SELECT pg_backend_pid()") == backend


# Which clinic, which appointment.


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
@pytest.mark.parametrize("org_id", [None, NOBODY])
def test_no_organization_and_an_unknown_one_are_refused(desk: Desk, function: Function, org_id: str | None):
    assert_refused(desk.call(function, org_id=org_id), "org_not_found")


@pytest.mark.parametrize("function", CHANGES, ids=lambda function: function.name)
@pytest.mark.parametrize("unknown", [None, NOBODY, "00000000-0000-0000-0000-000000000000"])
def test_no_appointment_and_an_unknown_one_are_refused(desk: Desk, function: Function, unknown: str | None):
    assert_refused(desk.call(function, **{id_of(function): unknown}), "appointment_not_found")


@pytest.mark.parametrize("function", CHANGES, ids=lambda function: function.name)
@pytest.mark.parametrize("name", THERE)
def test_the_appointments_of_another_clinic_do_not_exist(desk: Desk, function: Function, name: str):
    assert_refused(desk.call(function, **{id_of(function): desk.foreign[name]}), "appointment_not_found")


@pytest.mark.parametrize("function", [HOLD, MOVE, SERIES], ids=lambda function: function.name)
def test_the_resources_of_another_clinic_do_not_exist(desk: Desk, function: Function):
    for unknown in (desk.other.first_resource(), NOBODY):
        assert_refused(desk.call(function, resource_id=unknown), "resource_not_found")


@pytest.mark.parametrize(("function", "name", "code"), [
    *[(CONFIRM, name, code) for name, code in [
        ("appointment", "invalid_status"), ("completed", "invalid_status"), ("released", "hold_expired"),
        ("expired", "hold_expired"), ("cancelled", "already_cancelled")]],
    *[(RELEASE, name, code) for name, code in [
        ("appointment", "invalid_status"), ("completed", "invalid_status"), ("released", "already_cancelled"),
        ("expired", "hold_expired"), ("cancelled", "already_cancelled")]],
    *[(MOVE, name, code) for name, code in [
        ("hold", "invalid_status"), ("completed", "invalid_status"), ("released", "already_cancelled"),
        ("cancelled", "already_cancelled")]],
    *[(CANCEL, name, code) for name, code in [
        ("completed", "invalid_status"), ("released", "already_cancelled"), ("expired", "hold_expired"),
        ("cancelled", "already_cancelled")]],
    *[(SET_STATUS, name, code) for name, code in [
        ("hold", "invalid_status"), ("completed", "invalid_status"), ("released", "already_cancelled"),
        ("cancelled", "already_cancelled")]],
], ids=str)
def test_what_is_over_is_not_changed(desk: Desk, function: Function, name: str, code: str):
    assert_refused(desk.call(function, **{id_of(function): desk.ids[name]}), code)


# When, how long, for whom.


TIMES = [
    (None, "invalid_time"), *[(at, "invalid_time") for at in FOREVER], *[(at, "invalid_date") for at in LONG_AGO],
    *[(at, "too_far") for at in TOO_FAR],
]


@pytest.mark.parametrize("function", [HOLD, MOVE], ids=lambda function: function.name)
@pytest.mark.parametrize(("at", "code"), TIMES)
def test_a_time_that_is_none_is_refused(desk: Desk, function: Function, at: str | None, code: str):
    assert_refused(desk.call(function, scheduled_at=at), code)


@pytest.mark.parametrize("place", [0, 1], ids=["first", "last"])
@pytest.mark.parametrize(("at", "code"), TIMES)
def test_a_series_with_one_time_that_is_none_is_refused(desk: Desk, place: int, at: str | None, code: str):
    times = [future(days=220).isoformat(), at] if place else [at, future(days=220).isoformat()]
    assert_refused(desk.call(SERIES, times=times), code)


@pytest.mark.parametrize("times", [
    None, [], "{}", [future(days=220)] * 201, [future(days=220)] * 10_000, [None] * 201,
], ids=lambda times: str(times)[:12])
def test_a_series_of_no_times_or_too_many_is_refused(desk: Desk, times: object):
    assert_refused(desk.call(SERIES, times=times), "invalid_request")


def test_a_series_that_stands_in_its_own_way_is_refused(desk: Desk):
    refused = desk.call(SERIES, times=[future(days=220)] * 200)
    assert_refused(refused, "slot_unavailable")
    assert len(refused.value["failed"]) == 199


@pytest.mark.parametrize("function", [HOLD, MOVE, SERIES], ids=lambda function: function.name)
@pytest.mark.parametrize("minutes", NO_DURATIONS)
def test_a_duration_that_is_none_is_refused(desk: Desk, function: Function, minutes: int):
    assert_refused(desk.call(function, duration_minutes=minutes), "invalid_duration")


@pytest.mark.parametrize("seconds", [0, -1, 86_401, HUGE_INT, TINY_INT])
def test_a_hold_of_no_seconds_or_too_many_is_refused(desk: Desk, seconds: int):
    assert_refused(desk.call(HOLD, ttl_seconds=seconds), "invalid_request")


@pytest.mark.parametrize(("function", "argument", "code", "text"), [
    pytest.param(function, argument, code, text, id=f"{function.name}-{argument}-{name}")
    for function, argument, code in [
        (HOLD, "service_type", "service_not_found"), (SERIES, "service_type", "service_not_found"),
        (CONFIRM, "patient_name", "invalid_name"), (SERIES, "patient_name", "invalid_name"),
        (CONFIRM, "patient_phone", "invalid_phone"), (SERIES, "patient_phone", "invalid_phone"),
        (CONFIRM, "patient_email", "invalid_email"), (SERIES, "patient_email", "invalid_email"),
        (SERIES, "idempotency_key", "invalid_request"), (CANCEL, "reason", "invalid_request"),
        (SET_STATUS, "status", "invalid_request"),
    ]
    # An empty address is none, and so is an empty reason; neither is needed.
    for name, text in (TEXTS if argument in ("patient_email", "reason") else TEXTS | BLANKS).items()
])
def test_a_hostile_text_is_refused(desk: Desk, function: Function, argument: str, code: str, text: str):
    assert_refused(desk.call(function, **{argument: text}), code)


@pytest.mark.parametrize(("function", "argument", "code"), [
    (HOLD, "service_type", "service_not_found"), (SERIES, "service_type", "service_not_found"),
    *[(function, argument, code) for function in (CONFIRM, SERIES)
      for argument, code in [("patient_name", "invalid_name"), ("patient_phone", "invalid_phone")]],
    (SET_STATUS, "status", "invalid_request"),
], ids=str)
def test_null_is_refused_where_something_must_be_said(desk: Desk, function: Function, argument: str, code: str):
    assert_refused(desk.call(function, **{argument: None}), code)


@pytest.mark.parametrize("status", ["held", "pending", "cancelled", "CONFIRMED", "Completed", "no-show", "no_show ", "null"])
def test_a_status_that_nobody_may_set_is_refused(desk: Desk, status: str):
    assert_refused(desk.call(SET_STATUS, status=status), "invalid_request")


@pytest.mark.parametrize(("function", "changes", "sqlstate"), [
    *[(function, {"org_id": "me"}, "22P02") for function in FUNCTIONS],
    *[(function, {id_of(function): ""}, "22P02") for function in CHANGES],
    *[(function, {"resource_id": "Room"}, "22P02") for function in (HOLD, MOVE, SERIES)],
    *[(function, {"duration_minutes": HUGE_INT + 1}, "22003") for function in (HOLD, MOVE, SERIES)],
    *[(function, {"scheduled_at": "294277-01-01"}, "22008") for function in (HOLD, MOVE)],
    (HOLD, {"ttl_seconds": "1.5"}, "22P02"),
    (SERIES, {"times": "{soon}"}, "22007"), (SERIES, {"times": "2030-01-01"}, "22P02"), (SERIES, {"times": "{{}"}, "22P02"),
    (SERIES, {"times": "{294277-01-01}"}, "22008"), (SERIES, {"times": "{" * 7 + "2030-01-01" + "}" * 7}, "54000"),
], ids=lambda value: repr(value)[:40])
def test_a_value_that_is_not_of_its_type_is_an_error_of_the_server(desk: Desk, function: Function, changes: dict, sqlstate):
    assert_refused(desk.call(function, **changes), sqlstate)


# Unusual, and right.


@pytest.mark.parametrize(("function", "changes"), [
    (HOLD, {"ttl_seconds": None}), (HOLD, {"ttl_seconds": 1}), (HOLD, {"ttl_seconds": 86_400}),
    (HOLD, {"duration_minutes": 1440}), (HOLD, {"service_type": "ü" * 200}),
    (CONFIRM, {"patient_name": "王小明", "patient_email": ""}),
    (MOVE, {"duration_minutes": 1440}), (CANCEL, {"reason": ""}), (CANCEL, {"reason": "ü" * 200}),
    (CANCEL, {"reason": "'; DROP TABLE booking.appointments; --"}),
    (SERIES, {"idempotency_key": "k" * 200}), (SERIES, {"times": [future(days=220 + number) for number in range(200)]}),
], ids=lambda value: repr(value)[:40])
def test_an_unusual_but_right_argument_is_taken(desk: Desk, function: Function, changes: dict):
    with desk.caller.transaction(force_rollback=True):
        outcome = desk.call(function, **changes)
        assert outcome.code is None, outcome
        assert_booked(outcome.value)


@pytest.mark.parametrize("literal", ["{{%s},{%s}}", "[-5:-4]={%s,%s}"], ids=["two dimensions", "other bounds"])
def test_the_times_of_an_odd_array_are_taken_in_their_order(desk: Desk, literal: str):
    first, second = future(days=221), future(days=220)
    with desk.caller.transaction(force_rollback=True):
        answer = desk.call(SERIES, times=literal % (first.isoformat(), second.isoformat())).value
        assert_booked(answer)
        said = [row["scheduledAt"] for row in answer["appointments"]]
        assert said == [f"{start:%Y-%m-%dT%H:%M:%SZ}" for start in (first, second)]
