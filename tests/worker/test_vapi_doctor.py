"""booking-worker vapi doctor, and what `check` says of Vapi: everything that is missing is named, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from office import Office
from vapi_account import CREDENTIAL, SERVER, Account
from voice import TOOLS


@pytest.fixture
def account(office: Office) -> Account:
    return Account(office)


@pytest.fixture
def synced(account: Account) -> Account:
    account.sync()
    return account


def test_all_is_well_when_all_is_well(synced: Account):
    is_well, said, missing = synced.doctor()
    assert (is_well, missing) == (True, []), said
    good = [line for line in said.splitlines() if line.startswith("ok ")]
    for name in TOOLS:
        assert any(name in line for line in good), said


def test_of_an_account_that_nobody_has_brought_in_line_everything_is_missing(account: Account):
    is_well, said, missing = account.doctor()
    assert not is_well
    for words in [*TOOLS, "prompt", "server"]:
        assert any(words in line for line in missing), f"{words}: {said}"


def test_it_only_looks(account: Account):
    _, said, _ = account.doctor()
    assert account.vapi.writes() == []
    assert account.registered() == {}
    assert account.office.run("vapi", "doctor", "--org", account.office.org, "--dry-run") == (1, said)


def edit_tool(account: Account, **fields: object) -> None:
    account.vapi.staff_edits(account.registered()["book_appointment"], **fields)


def edit_function(account: Account, **fields: object) -> None:
    edit_tool(account, function=account.vapi.tools[account.registered()["book_appointment"]]["function"] | fields)


def edit_prompt(account: Account) -> None:
    prompt, *rest = account.vapi.assistants[account.assistant_id]["model"]["messages"]
    account.edit_model(messages=[prompt | {"content": prompt["content"] + " Or not."}, *rest])


def unlink(account: Account) -> None:
    ours = account.registered()["book_appointment"]
    account.edit_model(toolIds=[tool_id for tool_id in account.assistant["model"]["toolIds"] if tool_id != ours])


# What somebody does on Vapi's own page, and the words by which the doctor names it.
MENDED_BY_SYNC: dict[str, tuple[Callable[[Account], None], str]] = {
    "a tool is deleted": (lambda it: it.vapi.staff_deletes(it.registered()["book_appointment"]), "book_appointment"),
    "a tool is described otherwise": (lambda it: edit_function(it, description="Whatever."), "book_appointment"),
    "a tool is renamed": (lambda it: edit_function(it, name="book"), "book_appointment"),
    "a tool is for somebody else": (lambda it: edit_tool(it, parameters=[{"key": "org_id", "value": "x"}]), "book_appointment"),
    "a tool is addressed elsewhere": (lambda it: edit_tool(it, server={"url": "https://x.example.com"}), "book_appointment"),
    "a tool has no credential": (lambda it: edit_tool(it, server={"url": SERVER, "timeoutSeconds": 20}), "book_appointment"),
    "a tool is not linked": (unlink, "book_appointment|linked"),
    "the prompt is edited": (edit_prompt, "prompt"),
    "the prompt is gone": (lambda it: it.edit_model(messages=[]), "prompt"),
    "the assistant is addressed elsewhere": (
        lambda it: it.vapi.staff_edits(it.assistant_id, server={"url": "https://x.example.com", "credentialId": CREDENTIAL}), "server"),
    "the assistant has no credential": (lambda it: it.vapi.staff_edits(it.assistant_id, server={"url": SERVER}), "credential"),
    "the assistant tells of no reports": (
        lambda it: it.vapi.staff_edits(it.assistant_id, serverMessages=["tool-calls", "status-update"]), "end-of-call-report|serverMessages"),
}


@pytest.mark.parametrize(("act", "words"), MENDED_BY_SYNC.values(), ids=MENDED_BY_SYNC)
def test_what_somebody_has_changed_is_named_until_it_is_mended(synced: Account, act: Callable[[Account], None], words: str):
    act(synced)
    is_well, said, missing = synced.doctor()
    assert not is_well
    assert any(re.search(words, line) for line in missing), said
    synced.sync()
    is_well, said, missing = synced.doctor()
    assert (is_well, missing) == (True, []), said


def test_what_the_organization_lacks_is_named(synced: Account):
    synced.office.session.execute("DELETE FROM booking.org_tools WHERE name = 'find_appointment'")
    (problem,) = synced.wanted["problems"]
    is_well, said, missing = synced.doctor()
    assert not is_well
    assert any(problem in line for line in missing), said


def test_what_may_be_meant_so_is_told_and_is_not_missing(synced: Account):
    assert synced.wanted["hints"] == []
    synced.office.command("disconnect", "twilio", "--org", synced.office.org)
    (hint,) = synced.wanted["hints"]
    is_well, said, missing = synced.doctor()
    assert (is_well, missing) == (True, [])
    assert hint in said


def test_nobody_who_is_reminded_of_what_callers_leave_is_told(synced: Account):
    synced.office.session.execute("SELECT booking.set_follow_ups(%s, 'Front desk')", [synced.office.org])
    (hint,) = synced.wanted["hints"]
    is_well, said, missing = synced.doctor()
    assert (is_well, missing) == (True, []), said
    assert "reminded" in hint and hint in said


def test_messages_that_nothing_reads_are_told(synced: Account):
    kinds = [*synced.assistant["serverMessages"], "conversation-update"]
    synced.vapi.staff_edits(synced.assistant_id, serverMessages=kinds)
    is_well, said, missing = synced.doctor()
    assert (is_well, missing) == (True, []), said
    assert "it also sends transcript, conversation-update: nothing reads them" in said


def test_an_assistant_that_is_gone_is_named(synced: Account):
    synced.vapi.staff_deletes(synced.assistant_id)
    is_well, said, missing = synced.doctor()
    assert not is_well
    assert any("assistant" in line for line in missing), said


def test_an_assistant_that_nobody_has_named_is_missing(synced: Account):
    synced.set(assistant=None)
    is_well, said, missing = synced.doctor()
    assert not is_well
    assert any("assistant" in line for line in missing), said


def test_a_key_that_is_not_accepted_is_named_by_doctor_and_check(synced: Account):
    assert re.search(r"^ok +vapi of", synced.office.command("check"), re.MULTILINE)
    old = synced.vapi.key
    synced.vapi.key = "another"
    is_well, said, missing = synced.doctor()
    assert not is_well
    assert any(re.search("credentials|key", line, re.IGNORECASE) for line in missing), said
    checked = synced.office.command("check", status=1)
    assert re.search(r"^MISSING +vapi of", checked, re.MULTILINE), checked
    assert old not in said + checked


def test_an_account_that_is_not_connected_is_missing(office: Office):
    status, said = office.run("vapi", "doctor", "--org", office.org)
    assert status != 0
    assert re.search(r"^MISSING .*(account|connect)", said, re.MULTILINE | re.IGNORECASE), said


def test_two_things_are_both_named(synced: Account):
    synced.vapi.staff_deletes(synced.registered()["cancel_appointment"])
    edit_prompt(synced)
    _, said, missing = synced.doctor()
    for words in ["cancel_appointment", "prompt"]:
        assert any(words in line for line in missing), said
