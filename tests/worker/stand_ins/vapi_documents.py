"""Tools and assistants as Vapi's API takes, keeps, shows and refuses them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from .exchange import Refused, Reply, Request

Json = dict[str, Any]

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TYPES = {
    "apiRequest", "bash", "code", "computer", "dtmf", "endCall", "function", "handoff", "mcp", "output", "query", "sms",
    "textEditor", "transferCall", "voicemail",
}
# What a client may state of a function tool, and what Vapi alone writes.
TOOL = {"type", "async", "function", "parameters", "server", "messages", "rejectionPlan", "variableExtractionPlan"}
OWN = {"id", "orgId", "createdAt", "updatedAt", "latestVersion", "isServerUrlSecretSet"}
MESSAGES = {"request-start", "request-complete", "request-failed", "request-response-delayed"}
SERVER_MESSAGES = {
    "assistant.started", "conversation-update", "end-of-call-report", "function-call", "hang", "language-changed",
    "model-output", "phone-call-control", "speech-update", "status-update", "tool-calls", "transcript",
    "transfer-destination-request", "user-interrupted", "voice-input",
}

_ERRORS = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


def problem(status: int, message: str | list[str]) -> Json:
    """The body of an error."""
    return {"message": message, "error": _ERRORS[status], "statusCode": status}


def refusal(status: int, message: str | list[str]) -> Refused:
    return Refused(Reply.of_json(status, problem(status, message)))


def document(request: Request) -> Json:
    try:
        read = request.json
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise refusal(400, "the body is no JSON object")
    return read


def check_tool(stated: Json, is_new: bool) -> None:
    """Raises Refused for what Vapi would not take. A change states no type."""
    troubles = [f"property {name} should not exist" for name in sorted(stated.keys() - (TOOL if is_new else TOOL - {"type"}))]
    if is_new and stated.get("type") not in TYPES:
        troubles.append(f"type must be one of the following values: {', '.join(sorted(TYPES))}")
    if (is_new and stated.get("type") == "function") or "function" in stated:
        troubles += _of_function(stated.get("function"))
    if "parameters" in stated:
        troubles += _of_parameters(stated["parameters"])
    if "server" in stated:
        troubles += _of_server(stated["server"])
    for message in stated.get("messages") or []:
        if message.get("type") not in MESSAGES:
            troubles.append(f"messages.type must be one of the following values: {', '.join(sorted(MESSAGES))}")
    _refuse(troubles)


def check_assistant(stated: Json) -> None:
    troubles = [f"property {name} should not exist" for name in sorted(stated.keys() & OWN)]
    if "model" in stated:
        troubles += _of_model(stated["model"])
    if stated.get("server") is not None:
        troubles += _of_server(stated["server"])
    troubles += _only_known("serverMessages", stated.get("serverMessages") or [], SERVER_MESSAGES)
    if not isinstance(stated.get("metadata", {}), dict):
        troubles.append("metadata must be an object")
    if not (isinstance(stated.get("name", ""), str) and len(stated.get("name", "")) <= 40):
        troubles.append("name must be shorter than or equal to 40 characters")
    _refuse(troubles)


def shown_tool(kept: Json) -> Json:
    """A copy, with what Vapi adds where a client has said nothing."""
    shown = copy.deepcopy(kept)
    if shown.get("type") == "function":
        shown.setdefault("async", False)
        shown["function"].setdefault("strict", False)
    for message in shown.get("messages") or []:
        if message["type"] == "request-start":
            message.setdefault("blocking", False)
    if shown.get("server"):
        shown["server"].setdefault("timeoutSeconds", 20)
    return {"latestVersion": "v1"} | shown


def shown_assistant(kept: Json) -> Json:
    shown = copy.deepcopy(kept)
    if shown.get("server"):
        shown["server"].setdefault("timeoutSeconds", 20)
    if shown.get("model"):
        shown["model"].setdefault("temperature", 0)
    return {"isServerUrlSecretSet": False} | shown


def _refuse(troubles: Iterable[str]) -> None:
    if listed := list(troubles):
        raise refusal(400, listed)


def _of_function(function: object) -> list[str]:
    if not isinstance(function, dict):
        return ["function must be an object"]
    troubles = []
    if not (isinstance(name := function.get("name"), str) and FUNCTION_NAME.fullmatch(name)):
        troubles.append("function.name must match /^[a-zA-Z0-9_-]{1,64}$/ regular expression")
    schema = function.get("parameters", {"type": "object"})
    if not isinstance(schema, dict) or schema.get("type") != "object":
        troubles.append("function.parameters.type must be one of the following values: object")
    return troubles


def _of_parameters(parameters: object) -> list[str]:
    """Static parameters: pairs of a name and any value."""
    good = isinstance(parameters, list) and all(
        isinstance(pair, dict) and isinstance(pair.get("key"), str) and "value" in pair for pair in parameters)
    return [] if good else ["parameters must be an array of objects with key and value"]


def _of_server(server: object) -> list[str]:
    if not isinstance(server, dict):
        return ["server must be an object"]
    troubles = []
    if not str(server.get("url", "")).startswith("https://"):
        troubles.append("server.url must be an https URL")
    seconds = server.get("timeoutSeconds", 20)
    if not isinstance(seconds, int | float) or not 1 <= seconds <= 300:
        troubles.append("server.timeoutSeconds must not be less than 1 nor greater than 300")
    return troubles


def _of_model(model: object) -> list[str]:
    if not isinstance(model, dict):
        return ["model must be an object"]
    troubles = [f"model.{name} must be a string" for name in ("provider", "model") if not isinstance(model.get(name), str)]
    if not all(_is_uuid(tool_id) for tool_id in model.get("toolIds") or []):
        troubles.append("each value in model.toolIds must be a UUID")
    for message in model.get("messages") or []:
        if not isinstance(message.get("role"), str):
            troubles.append("model.messages.role must be a string")
    return troubles


def _only_known(name: str, values: object, known: set[str]) -> list[str]:
    if isinstance(values, list) and all(isinstance(value, str) and value in known for value in values):
        return []
    return [f"each value in {name} must be one of the following values: {', '.join(sorted(known))}"]


def _is_uuid(text: object) -> bool:
    try:
        return str(UUID(str(text))) == text
    except ValueError:
        return False
