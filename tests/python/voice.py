"""A phone call with a voice agent, as Vapi tells of it: its tool calls in every shape, and what it reports."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from clinic import Clinic, new_phone, one

MESSAGE = "SELECT booking.vapi_message(%s::json)"

# How a call can stand in a message: under which list, and where its name and arguments are.
LISTS = ["toolCallList", "toolWithToolCallList", "toolCalls"]
FORMS = ["function.arguments", "function.arguments as text", "function.parameters", "arguments", "parameters"]

_ids = itertools.count(1)


def shaped(form: str, call_id: str, name: str, arguments: dict) -> dict:
    """A tool call in one of FORMS."""
    match form:
        case "function.arguments":
            return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        case "function.arguments as text":
            return {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        case "function.parameters":
            return {"id": call_id, "type": "function", "function": {"name": name, "parameters": arguments}}
        case "arguments" | "parameters":
            return {"id": call_id, "name": name, form: arguments}
    raise ValueError(form)


def listed(where: str, calls: list[dict]) -> dict:
    """The calls in one of LISTS."""
    if where == "toolWithToolCallList":
        return {where: [{"type": "function", "toolCall": call} for call in calls]}
    return {where: calls}


@dataclass
class VoiceCall:
    """A call to the agent of a clinic, from a number of its own."""

    clinic: Clinic
    session: psycopg.Connection
    phone: str | None = field(default_factory=new_phone)
    call_id: str | None = field(default_factory=lambda: f"call-{uuid4()}")

    def send(self, message: dict, **top: object) -> Any:
        """Posts a message of this call, and returns the answer."""
        call: dict[str, object] = {"metadata": {"org_id": self.clinic.org_id}, "type": "inboundPhoneCall"}
        if self.call_id:
            call["id"] = self.call_id
        if self.phone:
            call["customer"] = {"number": self.phone}
        call |= message.get("call", {})
        return one(self.session, MESSAGE, [json.dumps({"message": message | {"call": call}} | top)])

    def tools(self, *calls: tuple[str, dict]) -> list[str]:
        """What is said to several tool calls of one message."""
        made = [shaped("function.arguments", f"tool-{next(_ids)}", name, arguments) for name, arguments in calls]
        results = self.send({"type": "tool-calls", "toolCallList": made})["results"]
        assert [result["toolCallId"] for result in results] == [call["id"] for call in made]
        return [spoken(result["result"]) for result in results]

    def tool(self, name: str, **arguments: object) -> str:
        """What is said to a tool call."""
        return self.tools((name, arguments))[0]

    def log(self) -> dict:
        cursor = self.clinic.admin.cursor(row_factory=psycopg.rows.dict_row)
        rows = cursor.execute(
            "SELECT * FROM booking.call_logs WHERE org_id = %s AND call_id = %s", [self.clinic.org_id, self.call_id]
        ).fetchall()
        assert len(rows) == 1
        return rows[0]


def spoken(said: str) -> str:
    """What was said, if it can be read aloud: short, one line, no id, nothing for programmers."""
    assert said.strip() == said and said, repr(said)
    assert len(said) < 400, said
    assert said.isprintable(), repr(said)
    for word in ("null", "error", "uuid", "json", "sql", "_", "{", "booking."):
        assert word not in said.lower(), said
    return said
