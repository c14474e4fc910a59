"""Whatever is passed in, it is refused by a known code or by an SQL error that names it; nothing breaks, nothing is written."""

from __future__ import annotations

from itertools import product

import pytest
from clinic import BOOK, Clinic, assert_booked, future
from hostile import (
    BLANKS,
    FOREVER,
    HUGE_INT,
    LONG_AGO,
    MEGABYTE,
    NO_DURATIONS,
    NOBODY,
    TEXTS,
    TINY_INT,
    TOO_FAR,
    assert_refused,
    call,
)

CREATE_ORGANIZATION = "SELECT booking.create_organization(%(name)s, %(zone)s, %(region)s, %(settings)s::jsonb, %(org)s::uuid)"
CREATE_RESOURCE = "SELECT booking.create_resource(%(org)s::uuid, %(name)s::text, %(capacity)s::int)"
SLOTS = """
    SELECT count(*) FROM booking.available_slots(
        %(org)s::uuid, %(first)s::timestamptz, %(last)s::timestamptz, %(service)s::text, %(minutes)s::int,
        %(resource)s::uuid)"""
ALTERNATIVES = """
    SELECT booking.find_alternatives(
        %(org)s::uuid, %(at)s::timestamptz, %(minutes)s::int, %(service)s::text, %(resource)s::uuid, %(count)s::int)"""

NO_CAPACITIES = [0, -1, 1001, HUGE_INT, TINY_INT]
NO_ZONES = ["", " ", "XYZ+3", "EST5", "<+03>-3", "../etc/passwd", "/etc/passwd", "America/Nowhere", "UTC ", "A" * 70]
NO_REGIONS = ["", " ", "U", "USA", "ZZ", "U\u202eS", "🇺🇸", "1A"]

pytestmark = pytest.mark.usefixtures("nothing_is_written_and_the_session_lives")


# book_appointment_atomic


@pytest.mark.parametrize(("changes", "code"), [
    ({"org": None}, "org_not_found"),
    ({"org": NOBODY}, "org_not_found"),
    ({"name": None}, "invalid_name"),
    ({"phone": None}, "invalid_phone"),
    ({"service": None}, "service_not_found"),
    ({"at": None}, "invalid_time"),
    ({"resource": NOBODY}, "resource_not_found"),
    ({"name": "007"}, "invalid_name"),
    ({"name": "x" * 201}, "invalid_name"),
    ({"name": "'; DROP TABLE booking.appointments; --"}, "invalid_name"),
    ({"phone": "555"}, "invalid_phone"),
    ({"phone": "4" * 200}, "invalid_phone"),
    ({"phone": "+1415555012345678"}, "invalid_phone"),
    ({"phone": "not a phone"}, "invalid_phone"),
    ({"email": "ann"}, "invalid_email"),
    ({"email": "ann@example"}, "invalid_email"),
    ({"email": "a@b@example.com"}, "invalid_email"),
    ({"email": "x" * 300 + "@example.com"}, "invalid_email"),
    ({"service": "x" * 201}, "service_not_found"),
    ({"key": "k" * 201}, "invalid_request"),
    ({"metadata": "[]"}, "invalid_request"),
    ({"metadata": "null"}, "invalid_request"),
    ({"metadata": "17"}, "invalid_request"),
    ({"metadata": "1e400"}, "invalid_request"),
    ({"metadata": '"{}"'}, "invalid_request"),
    ({"metadata": '{"a": "' + "x" * MEGABYTE + '"}'}, "invalid_request"),
    *[({"minutes": minutes}, "invalid_duration") for minutes in NO_DURATIONS],
    *[({"at": at}, "invalid_time") for at in FOREVER],
    *[({"at": at}, "invalid_date") for at in LONG_AGO],
    *[({"at": at}, "too_far") for at in TOO_FAR],
], ids=lambda value: repr(value)[:60])
def test_a_booking_with_a_wrong_argument_is_refused_by_its_code(clinic: Clinic, caller, changes: dict, code: str):
    assert_refused(call(caller, BOOK, clinic.request(**({"at": future()} | changes))), code)


@pytest.mark.parametrize(("argument", "code", "text"), [
    pytest.param(argument, code, text, id=f"{argument}-{name}")
    for argument, code in [("name", "invalid_name"), ("phone", "invalid_phone"), ("email", "invalid_email"),
                           ("service", "service_not_found"), ("key", "invalid_request")]
    # An empty address is none, and none is needed.
    for name, text in (TEXTS if argument == "email" else TEXTS | BLANKS).items()
])
def test_a_booking_with_a_hostile_text_is_refused_by_its_code(clinic: Clinic, caller, argument: str, code: str, text: str):
    assert_refused(call(caller, BOOK, clinic.request(future(), **{argument: text})), code)


@pytest.mark.parametrize(("changes", "sqlstate"), [
    ({"metadata": "{"}, "22P02"),
    ({"metadata": ""}, "22P02"),
    ({"metadata": '{"a": "\\u0000"}'}, "22P05"),
    ({"metadata": '{"a": "\\ud800"}'}, "22P02"),
    ({"metadata": '{"a": 1e999999}'}, "22003"),
    ({"metadata": '{"a":' * 100_000}, "54001"),
    ({"org": "me"}, "22P02"),
    ({"resource": ""}, "22P02"),
    ({"minutes": HUGE_INT + 1}, "22003"),
    ({"minutes": "1.5"}, "22P02"),
    ({"at": "294277-01-01"}, "22008"),
    ({"at": "yesteryear"}, "22007"),
], ids=lambda value: repr(value)[:60])
def test_a_booking_with_a_value_that_is_not_of_its_type_is_an_error_of_class_22(clinic: Clinic, caller, changes, sqlstate):
    assert_refused(call(caller, BOOK, clinic.request(**({"at": future()} | changes))), sqlstate)


@pytest.mark.parametrize("changes", [
    {"email": None}, {"email": ""}, {"email": " " * MEGABYTE}, {"minutes": None}, {"minutes": 1}, {"minutes": 1440},
    {"resource": None}, {"key": None}, {"key": "k" * 200},
    {"name": "שרה לוי"}, {"name": "王小明"}, {"service": "ü" * 200},
    {"metadata": None}, {"metadata": '{"n": 1e400}'}, {"metadata": '{"s": "' + "x" * 60_000 + '"}'},
    {"metadata": '{"a":' * 1000 + "1" + "}" * 1000},
    {"service": "%s %n $1 \\ '; DROP TABLE booking.appointments; --"},
], ids=lambda value: repr(value)[:60])
def test_an_unusual_but_right_argument_is_booked(clinic: Clinic, changes: dict):
    with clinic.connect(autocommit=False) as session:
        assert_booked(clinic.book(future(), session, **changes))
        session.rollback()


# create_organization and create_resource


ORGANIZATION = {"name": "Clinic", "zone": "UTC", "region": "US", "settings": "{}", "org": None}


@pytest.mark.parametrize(("argument", "value", "sqlstate"), [
    *[(argument, None, "22023") for argument in ("name", "zone", "region")],
    *[("name", text, "22023") for text in [*TEXTS.values(), *BLANKS.values(), "x" * 201]],
    *[("zone", zone, "22023") for zone in [*NO_ZONES, *TEXTS.values(), *BLANKS.values()]],
    *[("region", region, "22023") for region in [*NO_REGIONS, *TEXTS.values()]],
    *[("settings", settings, "22023") for settings in ("[]", "null", "1e400", '"{}"')],
    ("settings", '{"a": "\\u0000"}', "22P05"),
    ("settings", "[" * 100_000, "54001"),
    ("org", "me", "22P02"),
], ids=lambda value: repr(value)[:40])
def test_an_organization_is_not_made_of_wrong_arguments(caller, argument: str, value: object, sqlstate: str):
    assert_refused(call(caller, CREATE_ORGANIZATION, ORGANIZATION | {argument: value}), sqlstate)


def test_an_organization_id_in_use_is_a_unique_violation(clinic: Clinic, caller):
    assert_refused(call(caller, CREATE_ORGANIZATION, ORGANIZATION | {"org": clinic.org_id}), "23505")


@pytest.mark.parametrize(("argument", "value"), [
    ("org", None), ("org", NOBODY), ("name", None),
    *[("name", text) for text in [*TEXTS.values(), *BLANKS.values(), "x" * 201]],
    *[("capacity", capacity) for capacity in NO_CAPACITIES],
], ids=lambda value: repr(value)[:40])
def test_a_resource_is_not_made_of_wrong_arguments(clinic: Clinic, caller, argument: str, value: object):
    arguments = {"org": clinic.org_id, "name": "Room", "capacity": 1} | {argument: value}
    assert_refused(call(caller, CREATE_RESOURCE, arguments), "22023")


# available_slots and find_alternatives


LOOKS = [
    ("org", None), ("org", NOBODY), ("resource", NOBODY), *[("minutes", minutes) for minutes in NO_DURATIONS],
    *[("service", text) for text in [*TEXTS.values(), *BLANKS.values(), "x" * 201]],
]


@pytest.mark.parametrize(("argument", "value"), [
    *LOOKS, *product(["first", "last"], [None, *FOREVER, *TOO_FAR, *LONG_AGO]), ("last", future(days=199)), ("last", future()),
    ("last", future(days=600)),
], ids=lambda value: repr(value)[:40])
def test_slots_are_not_looked_up_by_wrong_arguments(clinic: Clinic, caller, argument: str, value: object):
    usual = {"org": clinic.org_id, "first": future(), "last": future(days=201)}
    arguments = usual | {"service": None, "minutes": None, "resource": None}
    assert_refused(call(caller, SLOTS, arguments | {argument: value}), "22023")


@pytest.mark.parametrize(("argument", "value"), [
    *LOOKS, *[("at", at) for at in [None, *FOREVER, *TOO_FAR, *LONG_AGO]],
    *[("count", count) for count in (0, -1, 51, HUGE_INT, TINY_INT)],
], ids=lambda value: repr(value)[:40])
def test_alternatives_are_not_looked_up_by_wrong_arguments(clinic: Clinic, caller, argument: str, value: object):
    arguments = {"org": clinic.org_id, "at": future(), "minutes": None, "service": None, "resource": None, "count": 3}
    assert_refused(call(caller, ALTERNATIVES, arguments | {argument: value}), "22023")


@pytest.mark.parametrize("years", [TOO_FAR[:2], LONG_AGO[1:3]])
def test_slots_of_years_that_nobody_can_book_in_are_none_or_refused(clinic: Clinic, caller, years: list[str]):
    one_hour = SLOTS.replace("%(last)s::timestamptz", "%(first)s::timestamptz + '1 hour'")
    for first in years:
        arguments = {"org": clinic.org_id, "first": first, "service": None, "minutes": None, "resource": None}
        found = call(caller, one_hour, arguments)
        assert found.value == 0 or found.code == "22023", found
