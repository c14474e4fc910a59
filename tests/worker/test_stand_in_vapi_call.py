"""VoiceCall posts what its documentation, its schema and those who have listened say of Vapi."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

import pytest
from stand_ins.exchange import Reply, Request
from stand_ins.listener import Listener
from stand_ins.server import Route, StandIn
from stand_ins.vapi_auth import ALL, bearer, header, hmac_of, signed, unsigned
from stand_ins.vapi_call import ASSISTANT, CALLED, CALLER, STYLES, VoiceCall
from stand_ins.vapi_shapes import ALL as SHAPES
from stand_ins.vapi_shapes import Form, Place, Shape, ToolCall

ORG, SECRET = "11111111-1111-7111-8111-111111111111", "the secret of the server"


class Echo(StandIn):
    """Answers every tool call with its name, and everything else with an empty object."""

    routes: ClassVar[list[Route]] = [("POST", ".*", "answer")]

    def answer(self, request: Request) -> Reply:
        calls = request.json.get("message", {}).get("toolCallList", [])
        results = [{"toolCallId": call["id"], "result": call["function"]["name"]} for call in calls]
        return Reply.of_json(200, {"results": results} if calls else {})


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as echo:
        yield echo


def call_to(server: StandIn, **changes: Any) -> VoiceCall:
    return VoiceCall(server.url, ORG, SECRET, **changes)


def posted(server: StandIn) -> Request:
    return server.log.of("POST")[-1].request


def message(server: StandIn) -> dict[str, Any]:
    return posted(server).json["message"]


def test_an_answer_has_its_status_its_results_and_how_long_it_took(echo: Echo):
    answered = call_to(echo).tools([ToolCall.new("book", id="call_1"), ToolCall.new("check")])
    assert (answered.status, [one["result"] for one in answered.results]) == (200, ["book", "check"])
    assert answered.results[0]["toolCallId"] == "call_1"
    assert 0 < answered.seconds < 30
    assert call_to(echo).tool("check").result == "check"
    assert call_to(echo).status("ended").json == {}


def test_an_answer_that_is_no_json_is_text(listener: Listener):
    answered = call_to(listener).tool("book")
    assert (answered.status, answered.json) == (204, "")


@pytest.mark.parametrize(("shape", "path"), [
    (Shape(), ["toolCallList", 0, "function", "arguments"]),
    (Shape(form=Form.ARGUMENTS), ["toolCallList", 0, "arguments"]),
    (Shape(form=Form.PARAMETERS), ["toolCallList", 0, "parameters"]),
    (Shape(Place.WITH_TOOL), ["toolWithToolCallList", 0, "toolCall", "function", "arguments"]),
    (Shape(Place.WITH_TOOL, Form.ARGUMENTS), ["toolWithToolCallList", 0, "toolCall", "arguments"]),
    (Shape(Place.WITH_TOOL, Form.PARAMETERS), ["toolWithToolCallList", 0, "toolCall", "parameters"]),
    (Shape(Place.LEGACY), ["toolCalls", 0, "function", "arguments"]),
], ids=str)
def test_arguments_stand_where_the_shape_says(listener: Listener, shape: Shape, path: list[Any]):
    call_to(listener, style="metadata").tool("book", {"day": "today"}, shape)
    found = message(listener)
    for step in path:
        found = found[step]
    assert found == {"day": "today"}
    # And nowhere else.
    assert json.dumps(message(listener)).count('"today"') == 1


@pytest.mark.parametrize("place", [Place.LIST, Place.WITH_TOOL])
def test_arguments_as_text_are_json(listener: Listener, place: Place):
    call_to(listener, style="metadata").tool("book", {"day": "today"}, Shape(place, Form.FUNCTION_TEXT))
    (shown,) = message(listener)[place.value]
    function = (shown if place is Place.LIST else shown["toolCall"])["function"]
    assert json.loads(function["arguments"]) == {"day": "today"}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_each_shape_names_its_tools_and_keeps_their_order(listener: Listener, shape: Shape):
    calls = [ToolCall.new(name, id=f"call_{name}") for name in ("first", "second", "third")]
    call_to(listener, style="metadata").tools(calls, shape)
    shown = message(listener)[shape.place.value]
    inner = [one.get("toolCall", one) for one in shown]
    names = [one.get("function", {}).get("name") or one.get("name") or tool["name"] for one, tool in zip(inner, shown, strict=True)]
    assert (names, [one["id"] for one in inner]) == (["first", "second", "third"], ["call_first", "call_second", "call_third"])
    assert message(listener)["type"] == "tool-calls"


def test_each_shape_is_there_once():
    assert len({str(shape) for shape in SHAPES}) == len(SHAPES) == 9


def test_static_parameters_stand_beside_the_tool_and_are_merged_over_the_arguments(listener: Listener):
    call_to(listener).tool("book", {"day": "today", "org_id": "forged"})
    (shown,) = message(listener)["toolWithToolCallList"]
    assert shown["parameters"] == [{"key": "org_id", "value": ORG}]
    (call,) = message(listener)["toolCallList"]
    assert call["function"]["arguments"] == {"day": "today", "org_id": ORG} == shown["toolCall"]["function"]["arguments"]
    assert call["id"] == shown["toolCall"]["id"]


@pytest.mark.parametrize(("style", "path"), [
    ("metadata", ["call", "metadata"]), ("overrides", ["call", "assistantOverrides", "metadata"]), ("assistant", ["assistant", "metadata"]),
])
def test_the_organization_is_named_in_one_place(listener: Listener, style: str, path: list[str]):
    call_to(listener, style=style).tool("book")
    found = message(listener)
    for step in path:
        found = found[step]
    assert found == {"org_id": ORG}
    assert json.dumps(posted(listener).json).count(ORG) == 1


def test_who_names_no_organization_is_known_by_assistant_and_number(listener: Listener):
    assert "nobody" in STYLES
    call_to(listener, style="nobody").tool("book")
    assert ORG not in posted(listener).body.decode()
    told = message(listener)
    assert (told["call"]["assistantId"], told["phoneNumber"]["number"], told["customer"]) == (ASSISTANT, CALLED, {"number": CALLER})


def test_a_withheld_number_is_not_there(listener: Listener):
    call_to(listener, caller=None).status("in-progress")
    assert "customer" not in message(listener) and "customer" not in message(listener)["call"]


def test_the_same_call_has_the_same_id_and_another_another(listener: Listener):
    first = call_to(listener)
    first.status("ringing")
    first.status("in-progress")
    call_to(listener).status("ringing")
    ids = [exchange.request.json["message"]["call"]["id"] for exchange in listener.log.of("POST")]
    assert ids[0] == ids[1] != ids[2]


def test_a_status_is_told_and_may_have_more_fields(listener: Listener):
    call_to(listener).status("ended", endedReason="silence-timed-out")
    told = message(listener)
    assert (told["type"], told["status"], told["endedReason"]) == ("status-update", "ended", "silence-timed-out")
    assert isinstance(told["timestamp"], int)


def test_a_report_stands_where_its_generation_has_it(listener: Listener):
    call = call_to(listener)
    call.end_of_call(transcript="AI: Hello.")
    told = message(listener)
    assert (told["type"], told["artifact"]["transcript"]) == ("end-of-call-report", "AI: Hello.")
    assert (told["analysis"]["summary"], told["endedReason"]) == ("The caller booked a cleaning.", "customer-ended-call")
    assert datetime.fromisoformat(told["startedAt"]) == call.started_at
    assert told["artifact"]["recording"]["mono"]["combinedUrl"]
    call.end_of_call("observed")
    told = message(listener)
    assert (told["summary"], "analysis" in told, "transcript" in told["artifact"]) == ("The caller booked a cleaning.", False, False)
    assert told["transcript"].startswith("AI: ") and told["recordingUrl"]


def test_the_direct_shape_is_one_call(listener: Listener):
    call_to(listener, style="metadata").direct({"appointmentDate": "today"}, id="call_7")
    assert posted(listener).target == "/api/vapi/tools/bookClinicAppointment"
    body = posted(listener).json
    assert (body["toolCallId"], body["tool"]["arguments"]) == ("call_7", {"appointmentDate": "today"})
    assert body["customer"] == {"number": CALLER, "metadata": {"org_id": ORG}}
    call_to(listener).direct({})
    assert posted(listener).json["tool"]["parameters"] == [{"key": "org_id", "value": ORG}]
    call_to(listener, style="nobody").direct({})
    assert ORG not in posted(listener).body.decode()


def test_a_secret_is_shown_as_the_account_is_set_to(listener: Listener):
    call_to(listener, auth=bearer).tool("book")
    assert posted(listener).headers["authorization"] == f"Bearer {SECRET}"
    call_to(listener, auth=header).tool("book")
    assert posted(listener).headers["x-vapi-secret"] == SECRET
    assert "authorization" not in posted(listener).headers
    call_to(listener, auth=unsigned).tool("book")
    assert not {"authorization", "x-vapi-secret", "x-signature"} & posted(listener).headers.keys()
    assert (posted(listener).target, posted(listener).headers["content-type"]) == ("/vapi", "application/json")


# Computed by: printf '1763651030000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of sixteen'
VECTORS = {
    "sha256": "8bc3bc6589acafea2c4c9e9412ac8b8ffc8fbd8d829788f4328ee3b8b8b57da8",
    "sha512": "b0f843d7c7a564cc599d83f3f853b8e8342b2bcadc79ddf4f9dedddeb65605e1"
    "d5a6e400f126ea8679705a68bd44abe284fed8287ff903027c76497387fcaa01",
}


@pytest.mark.parametrize("algorithm", VECTORS)
def test_a_signature_is_that_of_another_program(algorithm: str):
    assert hmac_of("a secret of sixteen", "1763651030000", b'{"a":1}', algorithm) == VECTORS[algorithm]


def test_a_signed_body_is_signed_with_its_time(listener: Listener):
    now = datetime.now(UTC).timestamp()
    for per_second, age in [(1, 0), (1000, 0), (1000, 240)]:
        call_to(listener, auth=partial(signed, per_second=per_second, age=age)).tool("book")
        request = posted(listener)
        timestamp = request.headers["x-timestamp"]
        assert abs(int(timestamp) / per_second - now + age) < 60
        assert request.headers["x-signature"] == hmac_of(SECRET, timestamp, request.body)
    assert signed(SECRET, b"", prefix="sha256=")["x-signature"].startswith("sha256=")


def test_every_way_to_sign_needs_the_secret():
    for auth in ALL.values():
        assert auth(SECRET, b"body") != auth(SECRET + "x", b"body")
