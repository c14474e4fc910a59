"""The functions that read what people write and models make up: hostile texts and hostile JSON."""

from __future__ import annotations

import json

import psycopg
import pytest
from clinic import Clinic, new_phone, one
from hostile import BLANKS, MEGABYTE, NOBODY, TEXTS, assert_refused, by_name, call

NORMALIZERS = ["normalize_phone", "normalize_name", "normalize_email"]
NO_ZONES = ["", " ", "XYZ+3", "EST5", "../etc/passwd", "America/Nowhere", *TEXTS.values()]

FIELDS = ["patientName", "patientPhone", "patientEmail", "serviceType", "appointmentDate", "appointmentTime"]

# JSON that the server takes as it stands and no library can hold, or should.
ODD_JSON = {
    "1e999": '{"patientName": "Ann", "x": 1e999}',
    "a lone surrogate": '{"patientName": "\\ud800"}',
    "a pair in the wrong order": '{"patientName": "\\udc00\\ud800"}',
    "a thousand brackets": "[" * 1000 + "]" * 1000,
    "a thousand braces": '{"a":' * 1000 + "1" + "}" * 1000,
    "no object": "[]", "null": "null", "a number": "17", "a text": '"{}"',
    "a megabyte": '{"patientName": "' + "x" * MEGABYTE + '"}',
}
# JSON that the server itself does not take.
NO_JSON = {"nothing": "", "half": '{"a":', "single quotes": "{'a': 1}", "a raw control": '{"a": "\x01"}', "NaN": '{"a": NaN}'}

pytestmark = pytest.mark.usefixtures("nothing_is_written_and_the_session_lives")


# normalize_phone, normalize_name, normalize_email, format_slots


@pytest.mark.parametrize("function", NORMALIZERS)
@pytest.mark.parametrize("text", by_name(TEXTS | BLANKS))
def test_a_hostile_text_is_not_normalized(caller, function: str, text: str):
    assert_refused(call(caller, f"SELECT booking.{function}(%s)", [text]), "22023")


@pytest.mark.parametrize("function", [
    *[f"{name}(NULL)" for name in NORMALIZERS], "normalize_phone('4155550123', NULL)", "format_slots(NULL, 'UTC')",
    "format_slots('{}', NULL)", "format_slots('{}', 'UTC', NULL)", "normalize_booking_time(NULL, '2:30 PM')",
    "normalize_booking_time('tomorrow', NULL)", "normalize_booking_time('tomorrow', '2:30 PM', NULL)",
    "normalize_booking_data(NULL)", "normalize_booking_data('{}', NULL)", "normalize_booking_data('{}', 'UTC', NULL)",
    "normalize_booking_data('{}', 'UTC', 'US', NULL)", "book_clinic_appointment(NULL)",
])
def test_null_in_is_null_out(caller, function: str):
    assert one(caller, f"SELECT booking.{function}") is None


@pytest.mark.parametrize("region", ["", " ", "USA", "ZZ", "U\u202eS", *TEXTS.values()])
def test_a_phone_is_not_read_in_an_unknown_region(caller, region: str):
    assert_refused(call(caller, "SELECT booking.normalize_phone('4155550123', %s)", [region]), "22023")


@pytest.mark.parametrize("phone", ["4" * 200, "+" + "9" * 200, "+" * 200, "5" * 20, "٤" * 200, "call me", "0", "+0", "+1 555"])
def test_what_is_no_phone_is_refused(caller, phone: str):
    assert_refused(call(caller, "SELECT booking.normalize_phone(%s)", [phone]), "22023")


@pytest.mark.parametrize("zone", NO_ZONES)
def test_slots_are_not_said_in_an_unknown_zone(caller, zone: str):
    assert_refused(call(caller, "SELECT booking.format_slots('{2030-01-01}', %s)", [zone]), "22023")


@pytest.mark.parametrize("arguments", [
    "'{infinity}', 'UTC'", "'{2030-01-01, -infinity}', 'UTC'", "'{2030-01-01}', 'UTC', 'infinity'", "'{}', 'UTC', '-infinity'",
])
def test_slots_that_are_no_times_are_not_said(caller, arguments: str):
    assert_refused(call(caller, f"SELECT booking.format_slots({arguments})"), "22023")


@pytest.mark.parametrize(("slots", "said"), [
    ("'{}'", ""), ("'{NULL}'", ""), ("'{NULL, 2030-01-01 14:30+00}'", "2:30 PM"),
    ("'[5:5]={2030-01-01 14:30+00}'", "2:30 PM"), ("'{{2030-01-01 14:30+00},{2030-01-01 15:00+00}}'", "2:30 PM or 3:00 PM"),
    ("'{0044-03-15 12:00+00 BC}'", "12:00 PM"),
])
def test_odd_arrays_of_slots_are_said_as_they_are(caller, slots: str, said: str):
    assert one(caller, f"SELECT booking.format_slots({slots}, 'UTC')") == said


def test_a_hundred_thousand_slots_are_said(caller):
    said = one(caller, "SELECT booking.format_slots(array_fill('2030-01-01 14:30+00'::timestamptz, ARRAY[100000]), 'UTC')")
    assert said.count("2:30 PM") == 100_000


# normalize_booking_time


@pytest.mark.parametrize(("position", "text"), [
    pytest.param(position, text, id=f"{argument}-{name}")
    for position, argument in enumerate(["date", "time", "zone"]) for name, text in (TEXTS | BLANKS).items()
])
def test_a_time_is_not_read_from_hostile_texts(caller, position: int, text: str):
    arguments = ["tomorrow", "2:30 PM", "UTC"]
    arguments[position] = text
    assert_refused(call(caller, "SELECT booking.normalize_booking_time(%s, %s, %s)", arguments), "22023")


@pytest.mark.parametrize("now", ["infinity", "-infinity", "294276-12-31 12:00+00", "4713-01-01 00:00+00 BC"])
def test_a_time_is_not_read_from_the_ends_of_time(caller, now: str):
    assert_refused(call(caller, "SELECT booking.normalize_booking_time('tomorrow', '2:30 PM', 'UTC', %s)", [now]), "22023")


# normalize_booking_data


@pytest.mark.parametrize("data", by_name(ODD_JSON))
def test_odd_json_is_not_normalized(caller, data: str):
    assert_refused(call(caller, "SELECT booking.normalize_booking_data(%s::json)", [data]), "22023")


@pytest.mark.parametrize("data", by_name(NO_JSON))
def test_what_is_no_json_is_an_error_of_the_server(caller, data: str):
    for function in ("normalize_booking_data", "book_clinic_appointment"):
        assert_refused(call(caller, f"SELECT booking.{function}(%s::json)", [data]), "22P02")


@pytest.mark.parametrize("function", ["normalize_booking_data", "book_clinic_appointment"])
def test_a_hundred_thousand_brackets_are_too_complex(caller, function: str):
    assert_refused(call(caller, f"SELECT booking.{function}(%s::json)", ["[" * 100_000]), "54001")


@pytest.mark.parametrize(("field", "value"), [
    *[(field, value) for field in FIELDS
      for value in ("Ann\u0000Lee", "\u202e\u200f", "x" * 100_000, {"a": 1}, ["Ann"], True)],
    ("patientPhone", -4155550123), ("patientPhone", 1.5), ("patientPhone", 10**30), ("patientName", 7),
    ("durationMinutes", 1e99), ("durationMinutes", 1.5), ("durationMinutes", 2**31), ("durationMinutes", "half an hour"),
    ("durationMinutes", [30]),
], ids=lambda value: repr(value)[:30])
def test_a_hostile_field_of_a_request_is_refused(caller, field: str, value: object):
    data = json.dumps({field: value})
    assert_refused(call(caller, "SELECT booking.normalize_booking_data(%s::json)", [data]), "22023")


@pytest.mark.parametrize("arguments", [
    "'{}', 'XYZ+3'", "'{}', '../etc/passwd'", "'{}', ''", "'{}', 'UTC', 'ZZ'", "'{}', 'UTC', ''",
    "'{}', 'UTC', 'US', 'infinity'", "'{}', 'UTC', 'US', '-infinity'",
])
def test_a_request_is_not_normalized_in_an_unknown_zone_region_or_time(caller, arguments: str):
    assert_refused(call(caller, f"SELECT booking.normalize_booking_data({arguments})"), "22023")


# book_clinic_appointment


def body(org_id: object, /, **changes: object) -> dict:
    """A direct tool call for tomorrow afternoon, with the changes a test is about."""
    when = {"appointmentDate": "tomorrow", "appointmentTime": "2:30 PM"}
    who = {"patientName": "Ann Lee", "patientPhone": new_phone()}
    return {
        "toolCallId": "call_1", "tool": {"name": "book", "arguments": when | who | changes},
        "customer": {"metadata": {"org_id": org_id}},
    }


def ask(caller: psycopg.Connection, call_body: object):
    return call(caller, "SELECT booking.book_clinic_appointment(%s::json)", [json.dumps(call_body)])


@pytest.mark.parametrize("text", by_name(ODD_JSON))
def test_an_odd_tool_call_is_answered_with_a_refusal(caller, text: str):
    outcome = call(caller, "SELECT booking.book_clinic_appointment(%s::json)", [text])
    # A call without an organization, or one that cannot be read.
    assert_refused(outcome, "invalid_request")
    assert outcome.value["toolCallId"] is None


@pytest.mark.parametrize(("changes", "code"), [
    *[({"patientName": name}, "invalid_name") for name in (None, "\u0000", "007", {"first": "Ann"}, "x" * 100_000)],
    *[({"patientPhone": phone}, "invalid_phone") for phone in (None, "  ", "4" * 200, 1e300)],
    *[({"patientEmail": email}, "invalid_email") for email in ("ann", 7)],
    *[({"serviceType": service}, "service_not_found") for service in ("clean\u0000ing", ["x"])],
    *[({"durationMinutes": minutes}, "invalid_duration") for minutes in (0, -2**31, 2**31, 1e99, "long")],
    *[({"appointmentDate": date}, "invalid_date") for date in
      (None, " ", 20260320, "the 45th of Nonsense", "2026-02-30", "x" * 100_000, "tomorrow\u0000")],
    *[({"appointmentTime": time}, "invalid_time") for time in (None, "25:00", "soon", "x" * 100_000, "\u202e")],
], ids=lambda value: repr(value)[:50])
def test_a_tool_call_with_a_wrong_argument_is_refused_by_its_code(clinic: Clinic, caller, changes: dict, code: str):
    outcome = ask(caller, body(clinic.org_id, **changes))
    assert_refused(outcome, code)
    assert outcome.value["toolCallId"] == "call_1"


@pytest.mark.parametrize(
    "org_id", [None, "", NOBODY, "me", 7, {}, [], True, "\u0000", "x" * 100_000], ids=lambda value: repr(value)[:20]
)
def test_a_tool_call_of_no_organization_is_refused(caller, org_id: object):
    assert_refused(ask(caller, body(org_id)), "org_not_found")


def test_an_organization_that_the_model_filled_in_is_not_believed(clinic: Clinic, caller):
    metadata = {"org_id": clinic.org_id}
    said = body(None, org_id=clinic.org_id, customer={"metadata": metadata}, metadata=metadata)
    assert_refused(ask(caller, said), "org_not_found")


@pytest.mark.parametrize("changes", [
    {"tool": None}, {"tool": {}}, {"tool": []}, {"tool": {"arguments": None}}, {"tool": {"arguments": []}},
    {"tool": {"arguments": "{"}}, {"tool": {"arguments": "[" * 1000}}, {"tool": {"arguments": 7}},
], ids=lambda value: repr(value)[:40])
def test_a_tool_call_without_readable_arguments_is_refused(clinic: Clinic, caller, changes: dict):
    outcome = ask(caller, body(clinic.org_id) | changes)
    assert_refused(outcome, "invalid_request")
    assert outcome.value["toolCallId"] == "call_1"


@pytest.mark.parametrize("tool_call_id", ["\u0000", "x" * 100_000, "\u202e", 0, -1, 1.5, 10**18])
def test_the_tool_call_id_comes_back_as_it_was(clinic: Clinic, caller, tool_call_id: object):
    outcome = ask(caller, body(clinic.org_id, patientName=None) | {"toolCallId": tool_call_id})
    assert outcome.value["toolCallId"] == tool_call_id


@pytest.mark.parametrize("tool_call_id", [None, {}, [], True])
def test_what_is_no_tool_call_id_comes_back_as_null(clinic: Clinic, caller, tool_call_id: object):
    outcome = ask(caller, body(clinic.org_id, patientName=None) | {"toolCallId": tool_call_id})
    assert outcome.value["toolCallId"] is None
