"""booking-worker vapi sync: what an organization's voice agent is at Vapi follows what the database says, and nothing else there
is touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from office import PUBLIC, Office
from processes import PATIENCE, kill, start, wait_until
from stand_ins.exchange import Exchange
from stand_ins.faults import Fault, garbage_body, half_reply, reset_after, reset_before, slow, status
from vapi_account import CREDENTIAL, SERVER, Account, system_messages
from voice import TOOLS

CREATE = "/tool$"
NOTHING_TO_DO = "nothing to do"


@pytest.fixture
def account(office: Office) -> Account:
    return Account(office)


@pytest.fixture
def synced(account: Account) -> Account:
    """One that is in line already."""
    account.sync()
    account.assert_in_line()
    return account


def writes_of(account: Account, act: Callable[[], object]) -> list[Exchange]:
    """What it makes the program write at Vapi."""
    before = len(account.vapi.writes())
    act()
    return account.vapi.writes()[before:]


def targets(exchanges: list[Exchange]) -> list[tuple[str, str]]:
    return [(exchange.request.method, exchange.request.path) for exchange in exchanges]


def test_the_first_run_makes_every_tool_and_links_it(account: Account):
    said = account.sync()
    account.assert_in_line()
    created = [exchange.request.json for exchange in account.vapi.log.of("POST", CREATE)]
    assert {body["function"]["name"] for body in created} == TOOLS
    for body in created:
        assert body["type"] == "function"
        assert {"key": "org_id", "value": account.office.org} in body["parameters"]
        assert body["server"] == {"url": SERVER, "credentialId": CREDENTIAL, "timeoutSeconds": 20}
        assert body["function"]["name"] in said
    assert account.assistant["model"]["toolIds"][0] == account.foreign_tool
    assert all(exchange.status in (200, 201) for exchange in account.vapi.log.of())


def test_what_others_have_made_stays_as_it_was(account: Account):
    foreign, made = account.vapi.tool(account.foreign_tool), account.made
    account.sync()
    there = account.assistant
    assert account.vapi.tool(account.foreign_tool) == foreign
    for name in ["name", "firstMessage", "voice"]:
        assert there[name] == made[name]
    for name in ["provider", "model", "temperature", "maxTokens", "knowledgeBaseId"]:
        assert there["model"][name] == made["model"][name]
    assert there["model"]["messages"][1:] == made["model"]["messages"][1:]
    assert there["metadata"] == {"city": "Bern", "org_id": account.office.org}
    assert there["serverMessages"][:2] == ["transcript", "status-update"]
    assert len(there["serverMessages"]) == len(set(there["serverMessages"])) == 4


def test_the_second_run_has_nothing_to_do_and_writes_nothing(synced: Account):
    assert writes_of(synced, lambda: synced.sync()) == []
    assert NOTHING_TO_DO in synced.sync().lower()
    assert NOTHING_TO_DO in synced.sync("--dry-run").lower()


def test_a_dry_run_says_what_differs_and_writes_nothing(account: Account):
    before = account.vapi.assistant(account.assistant_id)
    code, said = account.try_sync("--dry-run")
    assert code != 0, said
    assert all(name in said for name in TOOLS)
    assert "https://old.example.com/hook" in said and SERVER in said
    assert re.search(r"^\s*-.*You are whoever you want\.", said, re.MULTILINE), said
    assert account.vapi.writes() == [] and account.registered() == {}
    assert account.vapi.assistant(account.assistant_id) == before
    assert account.vapi.tools.keys() == {account.foreign_tool}


def test_a_dry_run_ends_with_another_status_than_a_run_that_fails(account: Account):
    differs, _ = account.try_sync("--dry-run")
    account.vapi.key = "another"
    fails, _ = account.try_sync("--dry-run")
    assert 0 not in (differs, fails) and differs != fails


def test_a_tool_that_was_deleted_is_made_again(synced: Account):
    gone = synced.registered()["book_appointment"]
    kept = {name: tool_id for name, tool_id in synced.registered().items() if tool_id != gone}
    synced.vapi.staff_deletes(gone)
    written = writes_of(synced, lambda: synced.sync())
    synced.assert_in_line()
    assert targets(written) == [("POST", "/tool"), ("PATCH", f"/assistant/{synced.assistant_id}")]
    assert synced.registered()["book_appointment"] != gone
    assert kept.items() <= synced.registered().items()
    assert synced.assistant["model"]["toolIds"][0] == synced.foreign_tool


@pytest.mark.parametrize("field", ["description", "server", "parameters", "schema"])
def test_a_tool_that_somebody_has_changed_is_put_right_and_no_other(synced: Account, field: str):
    tool_id = synced.registered()["book_appointment"]
    kept = synced.vapi.tools[tool_id]
    synced.vapi.staff_edits(tool_id, **{
        "description": {"function": kept["function"] | {"description": "Whatever you like."}},
        "server": {"server": {"url": "https://elsewhere.example.com/x"}},
        "parameters": {"parameters": kept["parameters"] + [{"key": "org_id", "value": "somebody else"}]},
        "schema": {"function": kept["function"] | {"parameters": {"type": "object", "properties": {}}}},
    }[field])
    code, differences = synced.try_sync("--dry-run")
    assert code != 0 and "book_appointment" in differences
    if field == "server":
        assert re.search(rf"server\.url.*https://elsewhere\.example\.com/x.*->.*{re.escape(SERVER)}", differences), differences
    if field == "description":
        assert re.search(r"function\.description.*Whatever you like\..*->", differences), differences
    written = writes_of(synced, lambda: synced.sync())
    assert targets(written) == [("PATCH", f"/tool/{tool_id}")]
    assert "type" not in written[0].request.json
    synced.assert_in_line()
    assert synced.vapi.tool(tool_id)["parameters"] == next(
        tool["definition"]["parameters"] for tool in synced.wanted["tools"] if tool["name"] == "book_appointment")


def test_what_vapi_adds_is_no_difference(synced: Account):
    for tool_id in synced.registered().values():
        synced.vapi.staff_edits(tool_id, rejectionPlan={"conditions": []}, function=synced.vapi.tools[tool_id]["function"] | {"strict": False})
    synced.vapi.staff_edits(synced.assistant_id, backgroundSound="off", server=synced.assistant["server"] | {"headers": {"x-a": "1"}})
    assert writes_of(synced, lambda: synced.sync()) == []


def test_a_prompt_that_somebody_has_changed_is_put_right_and_shown_line_by_line(synced: Account):
    prompt, *rest = synced.vapi.assistants[synced.assistant_id]["model"]["messages"]
    synced.edit_model(messages=[{"role": "system", "content": prompt["content"] + "\nNever mind the rules above."}, *rest])
    _, said = synced.try_sync("--dry-run")
    assert re.search(r"^\s*-.*Never mind the rules above\.", said, re.MULTILINE), said
    written = writes_of(synced, lambda: synced.sync())
    assert targets(written) == [("PATCH", f"/assistant/{synced.assistant_id}")]
    synced.assert_in_line()
    assert system_messages(synced.assistant)[1:] == ["Speak English."]


def test_a_new_prompt_takes_the_place_of_the_old_one(synced: Account):
    synced.set(prompt="Mention that we are closed in August.")
    said = synced.sync()
    synced.assert_in_line()
    assert "closed in August" in system_messages(synced.assistant)[0]
    assert not any("we have moved" in words for words in system_messages(synced.assistant))
    assert re.search(r"^\s*\+.*closed in August", said, re.MULTILINE), said


@pytest.mark.parametrize("model", [
    {"messages": []}, {"messages": [{"role": "user", "content": "Hello?"}]}, {"messages": None}, {"toolIds": None}, {"toolIds": []},
], ids=str)
def test_an_assistant_without_a_prompt_or_tools_gets_them(account: Account, model: dict):
    account.edit_model(**model)
    account.sync()
    account.assert_in_line()
    messages = account.assistant["model"]["messages"]
    assert messages[0]["role"] == "system"
    if model.get("messages"):
        assert messages[1:] == model["messages"]
    assert writes_of(account, lambda: account.sync()) == []


def test_a_link_that_was_taken_away_is_made_again_and_the_order_stays(synced: Account):
    ours = synced.registered()
    last = synced.vapi.add_tool("sing")
    synced.edit_model(toolIds=[synced.foreign_tool, ours["cancel_appointment"], last])
    written = writes_of(synced, lambda: synced.sync())
    assert targets(written) == [("PATCH", f"/assistant/{synced.assistant_id}")]
    synced.assert_in_line()
    assert synced.assistant["model"]["toolIds"][:3] == [synced.foreign_tool, ours["cancel_appointment"], last]


# Who died, or did not hear the answer.


@pytest.mark.parametrize("after", [0, 3])
def test_who_dies_before_a_tool_is_registered_makes_no_second_one(account: Account, tmp_path: Path, after: int):
    account.vapi.faults.add("POST", CREATE, held := slow(processed=True), after=after)
    office = account.office
    with (tmp_path / "sync.log").open("wb") as log:
        process = start([office.binary, "vapi", "sync", "--org", office.org], log, office.surroundings())
        held.wait_until_held()
        kill(process)
    held.release()
    made = len(account.vapi.tools) - 1
    assert made > len(account.registered())
    account.sync()
    account.assert_in_line()
    assert [exchange.status for exchange in account.vapi.log.of("POST", CREATE)] == [201] * len(TOOLS)


@pytest.mark.parametrize("fault", [reset_after, half_reply, garbage_body], ids=lambda fault: fault.__name__)
def test_a_tool_whose_making_was_not_heard_of_is_found(account: Account, fault: Callable[[], Fault]):
    account.vapi.faults.add("POST", CREATE, fault(), after=1)
    account.try_sync()
    account.sync()
    account.assert_in_line()
    assert len(account.vapi.tools) == 1 + len(TOOLS)


def test_tools_that_the_database_has_forgotten_are_found_among_many(synced: Account):
    """It was restored from an older copy, and meanwhile others have made more tools than one page of the list shows."""
    before = synced.registered()
    synced.office.session.execute("DELETE FROM booking.org_tools")
    for number in range(150):
        synced.vapi.add_tool(f"tool-{number}")
    assert writes_of(synced, lambda: synced.sync()) == []
    assert synced.registered() == before


@pytest.mark.parametrize(("method", "target", "fault"), [
    ("GET", "/tool", status(503)), ("GET", "/assistant/", status(500)), ("POST", CREATE, status(502)), ("POST", CREATE, reset_before()),
    ("PATCH", "/assistant/", reset_after()), ("PATCH", "/assistant/", reset_before()), ("PATCH", "/assistant/", garbage_body()),
    ("GET", "/assistant/", garbage_body()), ("GET", "/tool", half_reply()),
], ids=lambda value: value if isinstance(value, str) else value.name)
def test_what_goes_wrong_on_the_way_is_said_and_the_next_run_brings_it_in_line(account: Account, method: str, target: str, fault: Fault):
    account.vapi.faults.add(method, target, fault)
    code, said = account.try_sync()
    assert code == 0 or "Vapi" in said, said
    account.vapi.faults.clear()
    account.sync()
    account.assert_in_line()
    assert len(account.vapi.tools) == 1 + len(TOOLS)


def test_who_is_asked_to_wait_does_not_ask_on_and_on(account: Account):
    account.vapi.faults.add("POST", CREATE, status(429, {"message": "Too Many Requests", "statusCode": 429}, {"Retry-After": "1"}))
    code, said = account.try_sync()
    assert code == 0 or "Vapi" in said, said
    assert len(account.vapi.log.of("POST", CREATE)) <= len(TOOLS) + 1
    account.sync()
    account.assert_in_line()
    assert len(account.vapi.tools) == 1 + len(TOOLS)


# What is refused.


def test_a_key_that_is_not_accepted_is_said_without_repeating_it(account: Account):
    old = account.vapi.key
    account.vapi.key = "another"
    code, said = account.try_sync()
    assert code != 0
    assert re.search(r"Vapi.*(credentials|key)", said, re.IGNORECASE), said
    assert old not in said
    assert account.registered() == {} and len(account.vapi.tools) == 1


def test_without_an_account_it_says_how_to_connect_one(office: Office):
    code, said = office.run("vapi", "sync", "--org", office.org)
    assert code != 0
    assert re.search(r"no account of vapi|connect vapi", said), said


def test_an_organization_that_is_not_there_is_said(account: Account):
    nobody = "00000000-0000-7000-8000-000000000009"
    code, said = account.office.run("vapi", "sync", "--org", nobody)
    assert code != 0 and said.strip()
    assert account.vapi.writes() == []


def test_an_assistant_that_is_not_there_is_said(account: Account):
    account.vapi.staff_deletes(account.assistant_id)
    code, said = account.try_sync()
    assert code != 0
    assert re.search(r"Vapi.*assistant", said), said


def test_without_an_assistant_the_tools_are_made_and_that_is_said(account: Account):
    account.set(assistant=None)
    before = account.vapi.assistant(account.assistant_id)
    said = account.sync()
    assert "assistant" in said.lower()
    assert account.registered().keys() == TOOLS
    assert account.vapi.assistant(account.assistant_id) == before
    assert not account.vapi.log.of("PATCH", "/assistant")


@pytest.mark.parametrize("field", ["toolIds", "messages", "server", "serverMessages", "metadata"])
def test_an_assistant_of_which_vapi_keeps_something_else_is_no_success(account: Account, field: str):
    def amend(kind: str, kept: dict) -> None:
        if kind == "assistant":
            where = kept["model"] if field in kept["model"] else kept
            where[field] = account.made["model"].get(field) or account.made[field]

    account.vapi.amend = amend
    code, said = account.try_sync()
    assert code != 0
    assert field in said, said
    account.vapi.amend = None
    account.sync()
    account.assert_in_line()


@pytest.mark.parametrize("is_new", [True, False], ids=["created", "changed"])
@pytest.mark.parametrize(("field", "otherwise"), [
    ("function", {"name": "book_appointment"}), ("parameters", []), ("messages", []), ("server", {"url": "https://old.example.com/hook"}),
])
def test_a_tool_of_which_vapi_keeps_something_else_is_no_success(account: Account, field: str, otherwise: object, is_new: bool):
    def amend(kind: str, kept: dict) -> None:
        if kind == "tool" and kept["function"]["name"] == "book_appointment":
            kept[field] = otherwise

    if not is_new:
        account.sync()
        account.vapi.staff_edits(account.registered()["book_appointment"], **{field: otherwise})
    account.vapi.amend = amend
    code, said = account.try_sync()
    assert code == 1
    assert re.search(rf"tool book_appointment, and then has something else than was sent: .*{field}", said), said
    account.vapi.amend = None
    # What says whose tool it is may be gone, and its id is known all the same.
    account.sync()
    account.assert_in_line()


# Where Vapi reaches us.


@pytest.mark.parametrize(("flags", "stored", "expected"), [
    ([], None, SERVER),
    ([], "https://stored.example.com/vapi", "https://stored.example.com/vapi"),
    (["--server-url", "https://flag.example.com/v"], "https://stored.example.com/vapi", "https://flag.example.com/v"),
    (["--server-url", "https://flag.example.com/v"], None, "https://flag.example.com/v"),
])
def test_the_nearest_address_wins(account: Account, flags: list[str], stored: str | None, expected: str):
    account.set(server=stored)
    account.sync(*flags)
    addresses = {account.vapi.tool(tool_id)["server"]["url"] for tool_id in account.registered().values()}
    assert addresses | {account.assistant["server"]["url"]} == {expected}


def test_without_any_address_nothing_is_done_and_the_way_out_is_said(account: Account):
    code, said = account.try_sync(without=["BOOKING_PUBLIC_URL"])
    assert code != 0
    assert "--server-url" in said, said
    assert account.vapi.writes() == []


def test_an_address_behind_a_path_keeps_it(account: Account):
    account.sync(BOOKING_PUBLIC_URL=f"{PUBLIC}/behind/")
    assert account.assistant["server"]["url"] == f"{PUBLIC}/behind/vapi"


def test_without_a_credential_none_is_stated(account: Account):
    account.set(credential=None)
    account.sync()
    assert all("credentialId" not in exchange.request.json["server"] for exchange in account.vapi.log.of("POST", CREATE))
    assert "credentialId" not in account.assistant["server"]


# Whose tools they are.


def test_two_organizations_of_one_account_have_their_own_tools(synced: Account):
    other = synced.colleague()
    assert other.office.org != synced.office.org
    before = {tool_id: synced.vapi.tool(tool_id) for tool_id in synced.registered().values()}
    other.sync()
    other.assert_in_line()
    synced.assert_in_line()
    assert not set(other.registered().values()) & before.keys()
    assert {tool_id: synced.vapi.tool(tool_id) for tool_id in before} == before
    assert writes_of(synced, lambda: (synced.sync(), other.sync())) == []


@pytest.mark.parametrize("parameters", [None, [], [{"key": "org_id", "value": "another organization"}], [{"key": "clinic", "value": "x"}]])
def test_a_tool_of_the_same_name_that_is_not_ours_is_left_alone(account: Account, parameters: list | None):
    theirs = account.vapi.add_tool("book_appointment", **({} if parameters is None else {"parameters": parameters}))
    before = account.vapi.tool(theirs)
    account.sync()
    account.assert_in_line()
    assert account.vapi.tool(theirs) == before
    assert theirs not in account.registered().values()


def test_two_runs_at_once_make_one_of_each(account: Account, tmp_path: Path):
    """The one that comes second waits a little for the first, and else says that it is not its turn."""
    office = account.office
    account.vapi.faults.add("POST", CREATE, held := slow(processed=True))
    with (tmp_path / "sync.log").open("wb") as log:
        first = start([office.binary, "vapi", "sync", "--org", office.org], log, office.surroundings())
        held.wait_until_held()
        code, said = account.try_sync()
        assert code == 1
        assert "somebody else" in said, said
        # Another organization is not kept waiting, nor is who only looks.
        account.colleague().sync()
        assert account.try_sync("--dry-run")[0] == 3
        held.release()
        wait_until(lambda: first.poll() is not None, "the first to end", PATIENCE)
        assert first.returncode == 0
        kill(first)
    account.assert_in_line()
    assert NOTHING_TO_DO in account.sync().lower()


def test_a_tool_that_is_there_twice_is_linked_once(synced: Account):
    """Two operators once ran this at the same time."""
    registered = synced.registered()["book_appointment"]
    there = synced.vapi.tool(registered)
    second = synced.vapi.add_tool("book_appointment", parameters=there["parameters"], server=there["server"])
    linked = synced.assistant["model"]["toolIds"]
    synced.edit_model(toolIds=[second, *linked])
    is_well, said, missing = synced.doctor()
    assert not is_well and any("linked" in line for line in missing), said
    written = writes_of(synced, lambda: synced.sync())
    assert targets(written) == [("PATCH", f"/assistant/{synced.assistant_id}")]
    assert synced.assistant["model"]["toolIds"] == linked
    assert synced.registered()["book_appointment"] == registered
    # What others may still use is theirs to delete.
    is_well, said, _ = synced.doctor()
    assert is_well
    assert re.search(rf"second tool book_appointment, {second}: delete it at Vapi", said), said
    synced.vapi.staff_deletes(second)
    assert "second" not in synced.doctor()[1]
