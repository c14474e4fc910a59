"""Follow-ups and timelines of what nobody means: refused by an SQL error, and nothing is written."""

from __future__ import annotations

import pytest
from calls import CHANGE_FOLLOW_UP, FOLLOW_UP, FOLLOW_UPS, TIMELINE, Function
from clinic import Clinic, one
from hostile import BLANKS, FOREVER, HUGE_INT, MEGABYTE, NOBODY, TEXTS, TINY_INT, Outcome, assert_refused, by_name, call

pytestmark = pytest.mark.usefixtures("nothing_is_written_and_the_session_lives")

FUNCTIONS = [FOLLOW_UP, FOLLOW_UPS, TIMELINE]
NO_DUE_TIMES = [*FOREVER, "4713-01-01 00:00+00 BC", "0999-12-31 00:00+00", "9999-01-01 00:00+00", "294276-12-31 12:00+00"]


def ask(clinic: Clinic, caller, function: Function, **changes: object) -> Outcome:
    return call(caller, function.sql, function.parameters(clinic, **changes))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
@pytest.mark.parametrize("org_id", [None, NOBODY])
def test_nothing_is_followed_up_for_no_organization(clinic: Clinic, caller, function: Function, org_id: str | None):
    assert_refused(ask(clinic, caller, function, org_id=org_id), "22023")


@pytest.mark.parametrize("text", by_name({name: text for name, text in (TEXTS | BLANKS).items() if name != "a line break"}))
def test_a_hostile_note_is_refused(clinic: Clinic, caller, text: str):
    assert_refused(ask(clinic, caller, FOLLOW_UP, note=text), "22023")


@pytest.mark.parametrize("text", by_name(TEXTS | BLANKS))
@pytest.mark.parametrize(("function", "argument"), [(FOLLOW_UP, "name"), (FOLLOW_UP, "owner"), (FOLLOW_UPS, "owner")])
def test_a_hostile_name_is_refused(clinic: Clinic, caller, function: Function, argument: str, text: str):
    assert_refused(ask(clinic, caller, function, **{argument: text}), "22023")


@pytest.mark.parametrize("text", by_name(TEXTS | BLANKS))
@pytest.mark.parametrize(("function", "argument"), [
    (FOLLOW_UP, "phone"), (FOLLOW_UP, "owner_phone"), (FOLLOW_UPS, "owner_phone"), (TIMELINE, "phone")])
def test_a_hostile_phone_is_refused(clinic: Clinic, caller, function: Function, argument: str, text: str):
    assert_refused(ask(clinic, caller, function, **{argument: text}), "22023")


@pytest.mark.parametrize("due_at", NO_DUE_TIMES)
def test_nothing_is_due_in_no_year(clinic: Clinic, caller, due_at: str):
    assert_refused(ask(clinic, caller, FOLLOW_UP, due_at=due_at), "22023")


@pytest.mark.parametrize("minutes", [0, -1, 40_321, HUGE_INT, TINY_INT])
def test_nothing_is_due_in_no_time(clinic: Clinic, caller, minutes: int):
    assert_refused(ask(clinic, caller, FOLLOW_UPS, due_minutes=minutes), "22023")


@pytest.mark.parametrize("changes", [
    {"state": "closed"}, {"state": ""}, {"state": "x" * MEGABYTE}, *[{"due_at": at} for at in NO_DUE_TIMES],
    *[{"owner": text} for text in [*TEXTS.values(), ""]], *[{"owner_phone": text} for text in [*TEXTS.values(), ""]],
], ids=lambda changes: repr(changes)[:40])
def test_a_follow_up_is_not_changed_to_what_it_cannot_be(clinic: Clinic, caller, changes: dict):
    with caller.transaction(force_rollback=True):
        made = ask(clinic, caller, FOLLOW_UP).value
        before = one(caller, "SELECT to_jsonb(f)::text FROM booking.follow_ups AS f WHERE id = %s", [made])
        with caller.transaction(force_rollback=True):
            assert_refused(ask(clinic, caller, CHANGE_FOLLOW_UP, follow_up_id=made, **changes), "22023")
        assert one(caller, "SELECT to_jsonb(f)::text FROM booking.follow_ups AS f WHERE id = %s", [made]) == before


def test_a_follow_up_of_another_clinic_is_not_there(clinic: Clinic, caller):
    with caller.transaction(force_rollback=True):
        other = Clinic.open(clinic.dsn, caller)
        made = ask(other, caller, FOLLOW_UP).value
        assert ask(clinic, caller, CHANGE_FOLLOW_UP, follow_up_id=made, state="done").value is False
        assert ask(other, caller, CHANGE_FOLLOW_UP, follow_up_id=made, state="done").value is True


def test_a_note_of_any_script_is_kept_to_the_letter(clinic: Clinic, caller):
    with caller.transaction(force_rollback=True):
        note = "Zahnärztin zurückrufen.\n明日の午後。 🙂"
        made = ask(clinic, caller, FOLLOW_UP, note=note).value
        assert one(caller, "SELECT note FROM booking.follow_ups WHERE id = %s", [made]) == note
