"""The shapes in which Vapi has posted tool calls over the years, and in which its documentation and schema show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

Json = dict[str, Any]


class Place(Enum):
    """Where in a message its tool calls stand."""

    LIST = "toolCallList"
    WITH_TOOL = "toolWithToolCallList"
    LEGACY = "toolCalls"


class Form(Enum):
    """Where in a tool call its arguments stand."""

    FUNCTION_OBJECT = "function.arguments"
    FUNCTION_TEXT = "function.arguments as text"
    ARGUMENTS = "arguments"
    PARAMETERS = "parameters"


@dataclass(frozen=True)
class Shape:
    place: Place = Place.LIST
    form: Form = Form.FUNCTION_OBJECT

    def __str__(self) -> str:
        return f"{self.place.value} {self.form.value}"


USUAL = Shape()
# Legacy calls were only ever seen in one form.
ALL = [Shape(place, form) for place in (Place.LIST, Place.WITH_TOOL) for form in Form] + [Shape(Place.LEGACY, Form.FUNCTION_OBJECT)]


@dataclass(frozen=True)
class ToolCall:
    """What the model wants to be done. `arguments` is what it has filled in: an object, or whatever a model may write."""

    name: str
    arguments: Any
    id: str

    @classmethod
    def new(cls, name: str, arguments: Any = None, id: str | None = None) -> ToolCall:
        return cls(name, {} if arguments is None else arguments, id or f"call_{uuid4().hex[:24]}")

    def with_static(self, static: Json) -> ToolCall:
        """As Vapi passes it on: the static parameters of the tool are merged over what the model has filled in."""
        merged = self.arguments | static if isinstance(self.arguments, dict) else self.arguments
        return ToolCall(self.name, merged, self.id)


def fields(calls: list[ToolCall], shape: Shape, static: Json | None = None) -> Json:
    """The fields of a message with these calls: in `shape`, and where the tools have `static` parameters, in the list that
    shows them too."""
    passed = [call.with_static(static) for call in calls] if static else calls
    if shape.place is Place.WITH_TOOL:
        return {Place.WITH_TOOL.value: [_with_tool(call, shape.form, static) for call in passed]}
    shown = {shape.place.value: [_call(call, shape.form) for call in passed]}
    if static:
        shown[Place.WITH_TOOL.value] = [_with_tool(call, shape.form, static) for call in passed]
    return shown


def _call(call: ToolCall, form: Form) -> Json:
    if form in (Form.FUNCTION_OBJECT, Form.FUNCTION_TEXT):
        arguments = call.arguments if form is Form.FUNCTION_OBJECT else json.dumps(call.arguments)
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
    return {"id": call.id, "name": call.name, form.value: call.arguments}


def _with_tool(call: ToolCall, form: Form, static: Json | None) -> Json:
    """The tool as it is defined, and in it the call. In the bare forms the name stands on the tool alone."""
    definition = {"name": call.name, "description": "As it is defined.", "parameters": {"type": "object", "properties": {}}}
    parameters = {"parameters": [{"key": key, "value": value} for key, value in static.items()]} if static else {}
    if form in (Form.FUNCTION_OBJECT, Form.FUNCTION_TEXT):
        return {"type": "function", "function": definition, "messages": [], "toolCall": _call(call, form)} | parameters
    inner = {"id": call.id, form.value: call.arguments}
    return {"type": "function", "name": call.name, "messages": [], "toolCall": inner} | parameters
