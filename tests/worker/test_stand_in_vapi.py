"""FakeVapi does what its documentation says of Vapi."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from client import Client, Response
from stand_ins.faults import reset_after, status
from stand_ins.server import Clock
from stand_ins.vapi import ACCOUNT, KEY, FakeVapi

NOBODY = "44444444-4444-4444-8444-444444444444"
TOOL = {
    "type": "function",
    "function": {"name": "book", "description": "Books.", "parameters": {"type": "object", "properties": {"day": {"type": "string"}}}},
    "parameters": [{"key": "org_id", "value": "an organization"}, {"key": "caller", "value": "{{ customer.number }}"}],
    "server": {"url": "https://booking.example.com/vapi", "credentialId": "credential"},
    "messages": [{"type": "request-start", "content": "One moment."}],
}
MODEL = {"provider": "openai", "model": "gpt-4o", "messages": [{"role": "system", "content": "Be kind."}], "toolIds": [NOBODY]}


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 20, 12, tzinfo=UTC))


@pytest.fixture
def vapi(clock: Clock) -> Iterator[FakeVapi]:
    with FakeVapi(clock=clock) as vapi:
        yield vapi


@pytest.fixture
def client(vapi: FakeVapi) -> Iterator[Client]:
    with Client(vapi.url, {"Authorization": f"Bearer {KEY}"}) as client:
        yield client


def refusal(response: Response) -> tuple[int, Any]:
    assert response.json["statusCode"] == response.status
    return response.status, response.json["message"]


def create(client: Client, **changes: object) -> Response:
    return client.send("POST", "/tool", document=TOOL | changes)


def names(response: Response) -> list[str]:
    return [tool["function"]["name"] for tool in response.json]


def test_a_created_tool_is_kept_and_shown_with_what_vapi_adds(vapi: FakeVapi, client: Client):
    answer = create(client)
    assert answer.status == 201
    tool = answer.json
    assert str(UUID(tool["id"])) == tool["id"]
    assert (tool["orgId"], tool["createdAt"], tool["updatedAt"]) == (ACCOUNT, "2026-03-20T12:00:00.000Z", "2026-03-20T12:00:00.000Z")
    assert (tool["async"], tool["function"]["strict"], tool["messages"][0]["blocking"]) == (False, False, False)
    assert tool["server"] == TOOL["server"] | {"timeoutSeconds": 20}
    assert (tool["parameters"], tool["function"]["parameters"]) == (TOOL["parameters"], TOOL["function"]["parameters"])
    assert client.get(f"/tool/{tool['id']}").json == tool == vapi.tool(tool["id"])
    assert vapi.tools_named("book") == [tool]


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}, {"Authorization": f"Bearer {KEY} "}, {"Authorization": f"Bearer x{KEY}"},
])
@pytest.mark.parametrize("path", ["/tool", f"/tool/{NOBODY}", f"/assistant/{NOBODY}"])
def test_who_has_another_key_or_none_learns_nothing(vapi: FakeVapi, headers: dict[str, str], path: str):
    with Client(vapi.url, headers) as stranger:
        answer = stranger.get(path)
        assert (answer.status, answer.json["error"]) == (401, "Unauthorized")


def test_a_key_that_was_changed_is_refused(vapi: FakeVapi, client: Client):
    assert client.get("/tool").status == 200
    vapi.key = "another"
    assert client.get("/tool").status == 401
    assert create(client).status == 401
    assert vapi.tools == {}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_tool_that_is_not_there(client: Client, method: str):
    code, message = refusal(client.send(method, f"/tool/{NOBODY}", document={}))
    assert (code, NOBODY in message) == (404, True)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_assistant_that_is_not_there(client: Client, method: str):
    assert refusal(client.send(method, f"/assistant/{NOBODY}", document={}))[0] == 404
    assert refusal(client.get("/nothing"))[0] == 404


@pytest.mark.parametrize(("changes", "words"), [
    ({"type": "funktion"}, "type must be one of"), ({"type": None}, "type must be one of"),
    ({"function": {"name": "a b"}}, "function.name"), ({"function": {"name": "a" * 65}}, "function.name"),
    ({"function": {"name": ""}}, "function.name"), ({"function": {}}, "function.name"), ({"function": None}, "function must be"),
    ({"function": {"name": "a", "parameters": {"type": "string"}}}, "function.parameters.type"),
    ({"parameters": {"org_id": "x"}}, "parameters must be"), ({"parameters": [{"key": "org_id"}]}, "parameters must be"),
    ({"server": {"url": "http://booking.example.com"}}, "server.url"), ({"server": {}}, "server.url"),
    ({"server": {"url": "https://a.example.com", "timeoutSeconds": 0}}, "server.timeoutSeconds"),
    ({"messages": [{"type": "request-begin"}]}, "messages.type"), ({"id": NOBODY}, "property id should not exist"),
    ({"parameter": []}, "property parameter should not exist"),
])
def test_a_tool_that_cannot_be_is_refused_and_not_kept(vapi: FakeVapi, client: Client, changes: dict[str, Any], words: str):
    code, messages = refusal(create(client, **changes))
    assert code == 400
    assert any(words in message for message in messages), messages
    assert vapi.tools == {}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null"])
def test_what_is_no_json_object_is_refused(vapi: FakeVapi, body: bytes):
    answer = vapi.web.post(f"{vapi.url}/tool", body, {"Authorization": f"Bearer {KEY}"})
    assert (answer.status, b"no JSON object" in answer.body) == (400, True)


def test_the_longest_name_of_a_function_is_taken(client: Client):
    assert create(client, function={"name": "a-_Z9" + "a" * 59}).status == 201


def test_a_changed_tool_keeps_what_was_not_stated_and_loses_the_whole_of_what_was(vapi: FakeVapi, client: Client, clock: Clock):
    made = create(client).json
    clock.now += timedelta(minutes=1)
    answer = client.send("PATCH", f"/tool/{made['id']}", document={"server": {"url": "https://other.example.com"}})
    assert answer.status == 200
    assert answer.json == made | {
        "server": {"url": "https://other.example.com", "timeoutSeconds": 20}, "updatedAt": "2026-03-20T12:01:00.000Z"}
    assert vapi.tool(made["id"]) == answer.json


def test_a_change_that_states_the_type_is_refused(client: Client):
    made = create(client).json
    code, messages = refusal(client.send("PATCH", f"/tool/{made['id']}", document={"type": "function", "async": True}))
    assert (code, messages) == (400, ["property type should not exist"])
    assert client.get(f"/tool/{made['id']}").json == made


def test_a_deleted_tool_is_gone(client: Client):
    made = create(client).json
    assert client.send("DELETE", f"/tool/{made['id']}").json == made
    assert client.get(f"/tool/{made['id']}").status == 404
    assert client.get("/tool").json == []


def test_the_list_shows_the_newest_first_and_a_hundred_unless_more_are_wanted(vapi: FakeVapi, client: Client, clock: Clock):
    for number in range(120):
        vapi.add_tool(f"tool-{number}")
        clock.now += timedelta(seconds=1)
    assert names(client.get("/tool")) == [f"tool-{number}" for number in range(119, 19, -1)]
    assert len(client.get("/tool?limit=1000").json) == 120
    last = client.get("/tool").json[-1]["createdAt"]
    assert names(client.get(f"/tool?createdAtLt={last}")) == [f"tool-{number}" for number in range(19, -1, -1)]
    assert names(client.get(f"/tool?createdAtGe={last}&limit=1")) == ["tool-119"]
    for wrong in ["limit=1001", "limit=many", "page=2", "createdAtLt=yesterday"]:
        assert refusal(client.get(f"/tool?{wrong}"))[0] == 400, wrong


def test_an_assistant_is_changed_field_by_field_and_its_model_as_a_whole(vapi: FakeVapi, client: Client, clock: Clock):
    known = vapi.add_assistant(model=MODEL | {"maxTokens": 250}, voice={"provider": "11labs", "voiceId": "x"}, metadata={"city": "Bern"})
    clock.now += timedelta(minutes=1)
    answer = client.send("PATCH", f"/assistant/{known}", document={"model": MODEL, "metadata": {"org_id": "x"}})
    assert answer.status == 200
    shown = client.get(f"/assistant/{known}").json
    assert shown == answer.json == vapi.assistant(known)
    # What of the model was not stated again is gone; Vapi adds what it wants to.
    assert shown["model"] == MODEL | {"temperature": 0}
    assert (shown["voice"], shown["metadata"]) == ({"provider": "11labs", "voiceId": "x"}, {"org_id": "x"})
    assert (shown["createdAt"], shown["updatedAt"]) == ("2026-03-20T12:00:00.000Z", "2026-03-20T12:01:00.000Z")
    assert (shown["isServerUrlSecretSet"], shown["orgId"]) == (False, ACCOUNT)


@pytest.mark.parametrize(("changes", "words"), [
    ({"model": {"toolIds": []}}, "model.provider"), ({"model": MODEL | {"toolIds": ["book"]}}, "model.toolIds"),
    ({"model": None}, "model must be"), ({"model": MODEL | {"messages": [{"content": "x"}]}}, "model.messages.role"),
    ({"serverMessages": ["tool-call"]}, "serverMessages"), ({"serverMessages": [{}]}, "serverMessages"),
    ({"server": {"url": "book"}}, "server.url"), ({"metadata": "x"}, "metadata"), ({"name": "x" * 41}, "name"),
    ({"id": NOBODY}, "property id should not exist"), ({"createdAt": "2026-01-01T00:00:00Z"}, "property createdAt should not exist"),
])
def test_an_assistant_that_cannot_be_is_refused_and_stays_as_it_was(vapi: FakeVapi, client: Client, changes: dict[str, Any], words: str):
    known = vapi.add_assistant(model=MODEL)
    before = vapi.assistant(known)
    code, messages = refusal(client.send("PATCH", f"/assistant/{known}", document=changes))
    assert code == 400
    assert any(words in message for message in messages), messages
    assert vapi.assistant(known) == before


def test_what_somebody_does_on_vapis_own_page_is_no_request(vapi: FakeVapi, client: Client):
    tool, assistant = vapi.add_tool("book"), vapi.add_assistant(model=MODEL)
    vapi.staff_edits(tool, server={"url": "https://elsewhere.example.com"})
    vapi.staff_edits(assistant, name="Robin")
    assert vapi.log.of() == []
    assert client.get(f"/tool/{tool}").json["server"]["url"] == "https://elsewhere.example.com"
    assert client.get(f"/assistant/{assistant}").json["name"] == "Robin"
    vapi.staff_deletes(tool)
    vapi.staff_deletes(assistant)
    assert (client.get(f"/tool/{tool}").status, client.get(f"/assistant/{assistant}").status) == (404, 404)
    assert vapi.writes() == []


def test_writes_are_told_from_reads(vapi: FakeVapi, client: Client):
    made = create(client).json
    client.get("/tool")
    client.send("PATCH", f"/tool/{made['id']}", document={"async": True})
    assert [(one.request.method, one.status) for one in vapi.writes()] == [("POST", 201), ("PATCH", 200)]
    assert vapi.writes()[0].request.json == TOOL


def test_vapi_can_keep_something_else_than_it_was_told(vapi: FakeVapi, client: Client):
    def drop(kind: str, kept: dict[str, Any]) -> None:
        if kind == "assistant":
            kept["model"]["toolIds"] = []

    known = vapi.add_assistant(model=MODEL)
    assert vapi.assistant(known)["model"]["toolIds"] == [NOBODY]
    vapi.amend = drop
    answer = client.send("PATCH", f"/assistant/{known}", document={"model": MODEL})
    assert (answer.status, answer.json["model"]["toolIds"]) == (200, [NOBODY])
    assert vapi.assistant(known)["model"]["toolIds"] == []
    assert create(client).json["parameters"] == TOOL["parameters"]


def test_faults_befall_vapi_as_the_others(vapi: FakeVapi, client: Client):
    vapi.faults.add("POST", "/tool", status(429, {"statusCode": 429}, {"Retry-After": "7"}))
    answer = create(client)
    assert (answer.status, answer.headers["retry-after"], vapi.tools) == (429, "7", {})
    vapi.faults.add("POST", "/tool", reset_after())
    with pytest.raises(ConnectionResetError):
        create(client)
    assert len(vapi.tools_named("book")) == 1
