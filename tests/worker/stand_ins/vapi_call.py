"""A call at Vapi, as the server hears of it to which its tools and its assistant are addressed.

    call = VoiceCall(worker_url, org_id, secret, caller="+14155550134")
    answered = call.tool("check_availability", {"appointmentDate": "tomorrow"})
    assert (answered.status, answered.result) == (200, "I have 9:00 AM or 9:30 AM available tomorrow. ...")
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from . import vapi_auth, vapi_shapes
from .google_times import milliseconds
from .vapi_shapes import Json, Shape, ToolCall
from .web import Web

MESSAGES = "/vapi"
DIRECT = "/api/vapi/tools/bookClinicAppointment"
CALLER, CALLED = "+14155550134", "+14155550100"
ASSISTANT = "22222222-2222-4222-8222-2222222222aa"

# Puts into a message whose organization it is: the message and the organization's id.
Naming = Callable[[Json, str], None]


@dataclass(frozen=True)
class Answered:
    """What the server said, and how long that took."""

    status: int
    json: Any
    seconds: float

    @property
    def results(self) -> list[Json]:
        """One for each tool call of the message, in order."""
        assert self.status == 200, self
        return self.json["results"]

    @property
    def result(self) -> str:
        """Of the only tool call: what the model is told."""
        (only,) = self.results
        return only["result"]


class VoiceCall:
    """One call. `style` is how its messages say whose they are: a key of STYLES. By static parameters only tool calls say it.
    `auth` is how they are signed."""

    def __init__(
        self, server_url: str, org_id: str, secret: str, caller: str | None = CALLER, auth: vapi_auth.Auth = vapi_auth.bearer,
        style: str = "static", assistant_id: str = ASSISTANT, called: str = CALLED,
    ) -> None:
        self.server_url, self.org_id, self.secret, self.auth, self.style = server_url, org_id, secret, auth, style
        self.caller, self.called, self.assistant_id = caller, called, assistant_id
        self.id = str(uuid4())
        # In whole seconds: Vapi writes milliseconds, databases keep more, and tests compare.
        self.started_at = datetime.now(UTC).replace(microsecond=0)
        self.ended_at = self.started_at + timedelta(seconds=222)
        self._web = Web()

    # What happens in a call.

    def tool(self, name: str, arguments: Any = None, shape: Shape = vapi_shapes.USUAL, id: str | None = None) -> Answered:
        """The model calls one tool."""
        return self.tools([ToolCall.new(name, arguments, id)], shape)

    def tools(self, calls: list[ToolCall], shape: Shape = vapi_shapes.USUAL) -> Answered:
        """The model calls several at once."""
        return self.send(self.tool_message(calls, shape))

    def status(self, status: str, **fields: object) -> Answered:
        """The call has got this far: queued, ringing, in-progress, forwarding, ended."""
        return self.send(self.message("status-update", status=status, **fields))

    def end_of_call(self, generation: str = "current", **artifact: object) -> Answered:
        """Everything is told once more when it is over. "observed" is how it looked in 2024."""
        return self.send(self.report_message(generation, **artifact))

    def direct(self, arguments: Any, id: str | None = None) -> Answered:
        """One tool that is posted as it is."""
        return self.post(DIRECT, self.direct_body(arguments, id))

    # What is posted.

    def tool_message(self, calls: list[ToolCall], shape: Shape = vapi_shapes.USUAL) -> Json:
        static = {"org_id": self.org_id} if self.style == "static" else None
        return self.message("tool-calls", **vapi_shapes.fields(calls, shape, static))

    def direct_body(self, arguments: Any, id: str | None = None) -> Json:
        body = {"toolCallId": id or f"call_{uuid4().hex[:24]}", "tool": {"name": "bookClinicAppointment", "arguments": arguments}}
        body["customer"] = {"number": self.caller}
        if self.style == "static":
            body["tool"]["parameters"] = [{"key": "org_id", "value": self.org_id}]
        elif self.style != "nobody":
            body["customer"]["metadata"] = {"org_id": self.org_id}
        return body

    def message(self, type: str, **fields: object) -> Json:
        """A server message as Vapi wraps it. What stands in `fields` takes the place of what is usual."""
        customer = {} if self.caller is None else {"customer": {"number": self.caller}}
        line = {"id": "33333333-3333-4333-8333-3333333333aa", "number": self.called, "provider": "twilio"}
        message = {
            "type": type, "timestamp": int(time.time() * 1000), "artifact": {"messages": []}, "assistant": {"name": "Receptionist"},
            "phoneNumber": line, "call": self._call() | customer,
        } | customer
        STYLES[self.style](message, self.org_id)
        return {"message": message | fields}

    def report_message(self, generation: str = "current", **artifact: object) -> Json:
        """`artifact` replaces parts of what is usual there."""
        times = {"startedAt": milliseconds(self.started_at), "endedAt": milliseconds(self.ended_at)}
        told = {"transcript": "AI: Thank you for calling.\nUser: I need a cleaning.\n"} | artifact
        summary, recording = "The caller booked a cleaning.", "https://storage.example.com/mono.wav"
        if generation == "observed":
            return self.message(
                "end-of-call-report", endedReason="customer-ended-call", cost=0.21, summary=summary, recordingUrl=recording, **times, **told)
        return self.message(
            "end-of-call-report", endedReason="customer-ended-call", cost=0.21, analysis={"summary": summary, "successEvaluation": "true"},
            artifact={"messages": [], "recording": {"mono": {"combinedUrl": recording}}, "recordingUrl": recording} | told, **times)

    # How it is posted.

    def send(self, message: Json, headers: dict[str, str] | None = None) -> Answered:
        """Posts a message; the same one again is what Vapi does when it has heard no answer."""
        return self.post(MESSAGES, message, headers)

    def post(self, path: str, document: object, headers: dict[str, str] | None = None) -> Answered:
        """`headers`, if they are given, take the place of those that `auth` makes."""
        return self.post_bytes(path, json.dumps(document).encode(), headers)

    def post_bytes(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answered:
        """Any body at all."""
        proof = self.auth(self.secret, body) if headers is None else headers
        began = time.monotonic()
        answer = self._web.post(f"{self.server_url}{path}", body, {"Content-Type": "application/json"} | proof)
        return Answered(answer.status, _read(answer.body), time.monotonic() - began)

    def _call(self) -> Json:
        """As it stands in every message."""
        created = milliseconds(self.started_at - timedelta(seconds=2))
        return {
            "id": self.id, "orgId": "0f0f0f0f-0000-4000-8000-00000000aaaa", "createdAt": created, "updatedAt": created,
            "type": "inboundPhoneCall", "status": "in-progress", "phoneCallProvider": "twilio", "phoneCallTransport": "pstn",
            "assistantId": self.assistant_id, "phoneNumberId": "33333333-3333-4333-8333-3333333333aa",
        }


def _read(body: bytes) -> Any:
    """JSON, or else the text."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _by_static_parameter(_message: Json, _org_id: str) -> None:
    """It stands beside the tools."""


def _by_call(message: Json, org_id: str) -> None:
    message["call"]["metadata"] = {"org_id": org_id}


def _by_overrides(message: Json, org_id: str) -> None:
    message["call"]["assistantOverrides"] = {"metadata": {"org_id": org_id}, "variableValues": {"name": "Ann"}}


def _by_assistant(message: Json, org_id: str) -> None:
    message["assistant"]["metadata"] = {"org_id": org_id}


def _not(_message: Json, _org_id: str) -> None:
    """Its assistant and its number are all that is known."""


STYLES: dict[str, Naming] = {
    "static": _by_static_parameter, "metadata": _by_call, "overrides": _by_overrides, "assistant": _by_assistant, "nobody": _not,
}
