"""Services, hours and busy blocks set up with what nobody means: refused by an SQL error, and nothing is written."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from calls import BUSY, DATE, NOT_BUSY, SERVICE, WEEK, Function
from clinic import Clinic, future, one
from hostile import (
    BLANKS,
    FOREVER,
    HUGE_INT,
    MEGABYTE,
    NO_DURATIONS,
    NOBODY,
    TEXTS,
    TINY_INT,
    Outcome,
    assert_refused,
    by_name,
    call,
)

BELOW_NOTHING = [-1, TINY_INT]
NINE_TO_TEN = [["09:00", "10:00"]]

# What is no list of windows, in JSON that the server takes.
NO_WINDOWS = {
    "null": "null", "a number": "17", "a huge number": "1e400", "a text": '"09:00-12:00"', "true": "true",
    "an object": '{"opens": "09:00"}', "bare times": '["09:00", "12:00"]', "an empty window": "[[]]", "one time": '[["09:00"]]',
    "three times": '[["09:00", "10:00", "11:00"]]', "numbers": "[[9, 12]]", "nulls": "[[null, null]]",
    "huge numbers": "[[1e400, -1e400]]", "times within times": '[[["09:00"], ["12:00"]]]', "objects": '[[{}, {}]]',
    "one digit": '[["9:00", "12:00"]]', "seconds": '[["09:00:00", "12:00:00"]]', "a space": '[["09:00 ", "12:00"]]',
    "words": '[["nine", "noon"]]', "afternoon": '[["09:00 AM", "05:00 PM"]]', "no colon": '[["0900", "1200"]]',
    "a sign": '[["+9:00", "12:00"]]', "below nothing": '[["-1:00", "12:00"]]', "the 25th hour": '[["09:00", "25:00"]]',
    "past midnight": '[["09:00", "24:01"]]', "the 60th minute": '[["09:60", "12:00"]]',
    "nothing between": '[["09:00", "09:00"]]',
    "midnight to midnight": '[["24:00", "24:00"]]', "begins at the end": '[["24:00", "12:00"]]', "blanks": '[["", " "]]',
    "Arabic digits": '[["٠٩:٠٠", "١٢:٠٠"]]', "wide digits": '[["０９:００", "１２:００"]]', "superscripts": '[["⁰⁹:⁰⁰", "¹²:⁰⁰"]]',
    "a wide colon": '[["09：00", "12：00"]]', "a megabyte": json.dumps([["9" * MEGABYTE, "12:00"]]),
    "a right window and a wrong one": '[["09:00", "12:00"], ["13:00"]]', "a thousand brackets": "[" * 1000 + "]" * 1000,
    "a direction": '[["\\u202e09:00", "12:00"]]', "25 windows": json.dumps(NINE_TO_TEN * 25),
    "10,000 windows": json.dumps(NINE_TO_TEN * 10_000),
}
NO_WEEKS = {
    "a list": "[]", "a list of windows": json.dumps(NINE_TO_TEN), "null": "null", "a number": "0", "a huge number": "1e400",
    "a text": '"{}"', "capitals": '{"MON": []}', "a whole name": '{"monday": []}', "no name": '{"": []}',
    "a number of a day": '{"1": []}', "a space": '{"mon ": []}', "a right day and a wrong one": '{"mon": [], "moon": []}',
    "a megabyte": json.dumps({"m" * MEGABYTE: []}),
    "10,000 days": json.dumps({f"day {number}": [] for number in range(10_000)}), "a direction": '{"\\u202emon": []}',
    "a thousand braces": '{"mon":' * 1000 + "1" + "}" * 1000,
}
# What the server itself does not take as jsonb, or as a value of it.
NO_JSON = [
    ("", "22P02"), ("{", "22P02"), ("{'mon': []}", "22P02"), ('{"mon": [["\\u0000", "12:00"]]}', "22P05"),
    ('{"mon": [["\\ud800", "12:00"]]}', "22P02"), ('{"mon": NaN}', "22P02"), ('{"mon": 1e999999}', "22003"),
    ("[" * 100_000, "54001"),
]

pytestmark = pytest.mark.usefixtures("nothing_is_written_and_the_session_lives")


def ask(clinic: Clinic, caller, function: Function, **changes: object) -> Outcome:
    """The function with arguments that would do, but for the changes."""
    usual: dict[str, object] = {}
    if function is DATE:
        usual = {"date": "2030-01-01"}
    elif function is BUSY:
        room = one(caller, "SELECT min(id::text) FROM booking.resources WHERE org_id = %s", [clinic.org_id])
        usual = {"resource_id": room, "starts_at": future(), "ends_at": future(hour=14)}
    return call(caller, function.sql, function.parameters(clinic, **(usual | changes)))


def named(function: object) -> str:
    return function.name if isinstance(function, Function) else repr(function)[:40]


# Whose.


@pytest.mark.parametrize("function", [SERVICE, WEEK, DATE, BUSY], ids=named)
@pytest.mark.parametrize("org_id", [None, NOBODY])
def test_nothing_is_set_up_for_no_organization(clinic: Clinic, caller, function: Function, org_id: str | None):
    assert_refused(ask(clinic, caller, function, org_id=org_id), "22023")


@pytest.mark.parametrize("function", [WEEK, DATE, BUSY], ids=named)
def test_nothing_is_set_up_for_the_resource_of_another_clinic(clinic: Clinic, caller, function: Function):
    with caller.transaction(force_rollback=True):
        foreign = Clinic.open(clinic.dsn, caller).first_resource()
        for unknown in (foreign, NOBODY):
            with caller.transaction(force_rollback=True):
                assert_refused(ask(clinic, caller, function, resource_id=unknown), "22023")


# create_service


@pytest.mark.parametrize(("argument", "value"), [
    *[("name", text) for text in [None, *TEXTS.values(), *BLANKS.values(), "x" * 201]],
    *[("duration_minutes", minutes) for minutes in [None, *NO_DURATIONS]],
    *[(buffer, minutes) for buffer in ("buffer_before_minutes", "buffer_after_minutes")
      for minutes in [*BELOW_NOTHING, 1441, HUGE_INT]],
    *[("slot_step_minutes", minutes) for minutes in [0, *BELOW_NOTHING, 1441, HUGE_INT]],
    *[("min_notice_minutes", minutes) for minutes in [*BELOW_NOTHING, 527_041, HUGE_INT]],
    *[("horizon_days", days) for days in [*BELOW_NOTHING, 3654, HUGE_INT]],
    *[("daily_limit", limit) for limit in [0, *BELOW_NOTHING, 10_001, HUGE_INT]],
    *[("slot_anchor", text) for text in ["Midnight", "noon", *TEXTS.values(), *BLANKS.values()]],
    *[("resource_ids", ids) for ids in ["{}", "{NULL}", [NOBODY], [str(uuid4()) for _ in range(10_000)], f"{{{{{NOBODY}}}}}"]],
], ids=lambda value: repr(value)[:40])
def test_a_service_is_not_made_of_wrong_arguments(clinic: Clinic, caller, argument: str, value: object):
    assert_refused(ask(clinic, caller, SERVICE, **{argument: value}), "22023")


def test_a_service_is_not_made_for_a_resource_that_is_known_and_one_that_is_not(clinic: Clinic, caller):
    room = clinic.first_resource()
    with caller.transaction(force_rollback=True):
        foreign = Clinic.open(clinic.dsn, caller).first_resource()
        for ids in ([room, foreign], [room, NOBODY], [room, None]):
            with caller.transaction(force_rollback=True):
                assert_refused(ask(clinic, caller, SERVICE, resource_ids=ids), "22023")


@pytest.mark.parametrize(("argument", "value", "sqlstate"), [
    ("duration_minutes", HUGE_INT + 1, "22003"), ("daily_limit", "5 a day", "22P02"), ("resource_ids", "{me}", "22P02"),
    ("resource_ids", "{" * 7 + NOBODY + "}" * 7, "54000"), ("org_id", "me", "22P02"),
])
def test_a_service_is_not_made_of_values_of_no_type(clinic: Clinic, caller, argument: str, value: object, sqlstate: str):
    assert_refused(ask(clinic, caller, SERVICE, **{argument: value}), sqlstate)


@pytest.mark.parametrize("again", ["Straße", " straße ", "STRAßE"])
def test_a_service_of_a_name_in_use_is_a_unique_violation(clinic: Clinic, caller, again: str):
    with caller.transaction(force_rollback=True):
        assert ask(clinic, caller, SERVICE, name="Straße").code is None
        assert_refused(ask(clinic, caller, SERVICE, name=again), "23505")


@pytest.mark.parametrize("changes", [
    {"name": "ü" * 200}, {"name": "'; DROP TABLE booking.services; --"}, {"duration_minutes": 1440},
    {"buffer_before_minutes": 1440, "buffer_after_minutes": 1440}, {"slot_step_minutes": 1}, {"min_notice_minutes": 527_040},
    {"horizon_days": 0}, {"horizon_days": 3653, "daily_limit": 10_000, "slot_anchor": "opening"},
], ids=named)
def test_a_service_at_the_edge_of_its_limits_is_made_and_can_be_looked_at(clinic: Clinic, caller, changes: dict):
    with caller.transaction(force_rollback=True):
        assert ask(clinic, caller, SERVICE, **changes).code is None
        look = "SELECT count(*) FROM booking.available_slots(%s, now(), now() + '366 days', %s)"
        assert one(caller, look, [clinic.org_id, changes.get("name", "surgery")]) >= 0


@pytest.mark.parametrize("literal", ["{{%s},{%s}}", "[7:8]={%s,%s}", "{" + "%s," * 9_999 + "%s}"], ids=lambda text: text[:9])
def test_the_resources_of_an_odd_array_are_each_taken_once(clinic: Clinic, caller, literal: str):
    room = clinic.first_resource()
    with caller.transaction(force_rollback=True):
        service = ask(clinic, caller, SERVICE, resource_ids=literal % ((room,) * literal.count("%s"))).value
        able = caller.execute("SELECT resource_id::text FROM booking.service_resources WHERE service_id = %s", [service])
        assert able.fetchall() == [(room,)]


# set_opening_hours and set_date_override


@pytest.mark.parametrize("windows", by_name(NO_WINDOWS))
def test_what_is_no_list_of_windows_is_refused_for_a_date_and_for_a_weekday(clinic: Clinic, caller, windows: str):
    assert_refused(ask(clinic, caller, DATE, hours=windows), "22023")
    assert_refused(ask(clinic, caller, WEEK, hours=f'{{"mon": [], "sun": {windows}}}'), "22023")


@pytest.mark.parametrize("week", by_name(NO_WEEKS))
def test_what_is_no_week_is_refused(clinic: Clinic, caller, week: str):
    assert_refused(ask(clinic, caller, WEEK, hours=week), "22023")


@pytest.mark.parametrize(("text", "sqlstate"), NO_JSON, ids=named)
@pytest.mark.parametrize("function", [WEEK, DATE], ids=named)
def test_what_is_no_json_is_an_error_of_the_server(clinic: Clinic, caller, function: Function, text: str, sqlstate: str):
    assert_refused(ask(clinic, caller, function, hours=text), sqlstate)


def test_a_week_without_hours_is_refused_and_does_not_take_the_old_ones(clinic: Clinic, caller):
    count = "SELECT count(*) FROM booking.opening_hours WHERE org_id = %s"
    with caller.transaction(force_rollback=True):
        assert ask(clinic, caller, WEEK, hours=json.dumps({"mon": NINE_TO_TEN})).code is None
        for wrong in (None, '{"moon": []}', '{"mon": [[]]}'):
            with caller.transaction(force_rollback=True):
                assert_refused(ask(clinic, caller, WEEK, hours=wrong), "22023")
        assert one(caller, count, [clinic.org_id]) == 7


@pytest.mark.parametrize("date", [None, *FOREVER])
def test_a_date_that_is_none_is_refused(clinic: Clinic, caller, date: str | None):
    assert_refused(ask(clinic, caller, DATE, date=date), "22023")
    assert_refused(ask(clinic, caller, DATE, date=date, hours=None), "22023")


@pytest.mark.parametrize(("date", "sqlstate"), [("5874898-01-01", "22008"), ("4715-01-01 BC", "22008"), ("someday", "22007")])
def test_a_date_of_no_calendar_is_an_error_of_the_server(clinic: Clinic, caller, date: str, sqlstate: str):
    assert_refused(ask(clinic, caller, DATE, date=date), sqlstate)


@pytest.mark.parametrize("date", ["4713-01-01 BC", "0044-03-15 BC", "0001-01-01", "262143-01-01", "5874897-12-31"])
def test_an_override_of_a_date_that_nobody_can_book_is_refused_or_changes_nothing(clinic: Clinic, caller, date: str):
    look = "SELECT count(*) FROM booking.available_slots(%s, now(), now() + '2 days')"
    with caller.transaction(force_rollback=True):
        before = one(caller, look, [clinic.org_id])
        outcome = ask(clinic, caller, DATE, date=date, hours=json.dumps([["22:00", "02:00"]]))
        assert outcome.code == "22023" or one(caller, look, [clinic.org_id]) == before


@pytest.mark.parametrize("text", by_name(TEXTS | BLANKS))
@pytest.mark.parametrize("function", [DATE, BUSY], ids=named)
def test_a_hostile_reason_is_refused(clinic: Clinic, caller, function: Function, text: str):
    assert_refused(ask(clinic, caller, function, reason=text), "22023")


@pytest.mark.parametrize(("hours", "kept"), [
    ('{"mon": [["09:00", "12:00"]], "mon": []}', "{}"),
    ('{"mon": [["12:00", "14:00"], ["09:00", "12:00"], ["10:00", "11:00"]]}', "{[540,840)}"),
    ('{"mon": [["22:00", "02:00"], ["00:00", "24:00"]]}', "{[0,1560)}"),
    (json.dumps({"mon": NINE_TO_TEN * 24}), "{[540,600)}"),
    ('{"mon": [["09:00", "00:00"]]}', "{[540,1440)}"),
    ('{"\\u006don": [["\\u0030\\u0039:00", "10:00"]]}', "{[540,600)}"),
], ids=["a day twice", "touching", "over midnight", "24 windows", "until midnight", "escapes"])
def test_unusual_hours_are_kept_as_one_would_draw_them(clinic: Clinic, caller, hours: str, kept: str):
    with caller.transaction(force_rollback=True):
        assert ask(clinic, caller, WEEK, hours=hours).code is None
        monday = "SELECT windows::text FROM booking.opening_hours WHERE org_id = %s AND weekday = 1"
        assert one(caller, monday, [clinic.org_id]) == kept


# add_busy_block and remove_busy_block


@pytest.mark.parametrize("changes", [
    {"resource_id": None}, {"starts_at": None}, {"ends_at": None}, *[{"starts_at": at} for at in FOREVER],
    *[{"ends_at": at} for at in FOREVER], {"starts_at": "-infinity", "ends_at": "infinity"}, {"ends_at": future()},
    {"ends_at": future(hour=11)}, {"starts_at": "4713-01-01 BC"}, {"ends_at": "294276-12-31"}, {"ends_at": "9999-12-31"},
    {"starts_at": "4713-01-01 BC", "ends_at": "294276-12-31"}, {"starts_at": "294276-12-30", "ends_at": "294276-12-31"},
    {"starts_at": future(days=-3700), "ends_at": future()},
], ids=named)
def test_a_busy_block_is_not_made_of_wrong_arguments(clinic: Clinic, caller, changes: dict):
    assert_refused(ask(clinic, caller, BUSY, **changes), "22023")


@pytest.mark.parametrize("changes", [{"org_id": None}, {"id": None}])
def test_a_busy_block_is_not_removed_by_null(clinic: Clinic, caller, changes: dict):
    assert_refused(ask(clinic, caller, NOT_BUSY, **changes), "22023")


def test_a_busy_block_that_is_not_there_or_of_another_clinic_is_not_removed(clinic: Clinic, caller):
    with caller.transaction(force_rollback=True):
        other = Clinic.open(clinic.dsn, caller)
        block = ask(other, caller, BUSY).value
        assert ask(clinic, caller, NOT_BUSY, id=block).value is False
        assert ask(clinic, caller, NOT_BUSY, org_id=NOBODY, id=block).value is False
        assert [ask(other, caller, NOT_BUSY, id=block).value for _ in range(2)] == [True, False]


# check_availability


@pytest.mark.parametrize(("arguments", "code"), [
    *[((date, None, None), "invalid_date") for date in [None, *TEXTS.values(), *BLANKS.values()]],
    *[((date, None, None), "invalid_date") for date in [*FOREVER, "2026-02-30", "0044-03-15 BC", "294276-12-31"]],
    *[(("tomorrow", text, None), "service_not_found") for text in [*TEXTS.values(), *BLANKS.values(), "x" * 201]],
    *[(("tomorrow", None, minutes), "invalid_duration") for minutes in NO_DURATIONS],
], ids=lambda value: repr(value)[:50])
def test_a_day_is_not_looked_up_by_wrong_arguments(clinic: Clinic, caller, arguments: tuple, code: str):
    assert_refused(call(caller, "SELECT booking.check_availability(%s, %s, %s, %s)", [clinic.org_id, *arguments]), code)


@pytest.mark.parametrize("org_id", [None, NOBODY])
def test_a_day_of_no_organization_is_not_looked_up(caller, org_id: str | None):
    assert_refused(call(caller, "SELECT booking.check_availability(%s, 'tomorrow')", [org_id]), "org_not_found")
