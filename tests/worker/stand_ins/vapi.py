"""Vapi's API as an application sees it that keeps tools and an assistant there. What Vapi does in a call is VoiceCall.

Served at `url`: /tool and /assistant.
Stricter than Vapi where its documentation leaves a choice, so that a client cannot rely on luck:
- a change of a tool that states its type is refused with 400;
- a field of a tool that is not known here is refused with 400, and so is a query parameter of a list;
- an address of a server must be https;
- the answer to a write is what was written, whatever is kept of it.
Not here: calls, phone numbers, credentials, versions, how models and voices are checked.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from uuid import uuid4

from .exchange import Exchange, Reply, Request
from .google_times import milliseconds
from .server import Route, StandIn, utc_now
from .vapi_documents import Json, check_assistant, check_tool, document, refusal, shown_assistant, shown_tool

KEY = "5a1c9e4e-7b0d-4a56-9c7e-private00001"
ACCOUNT = "0f0f0f0f-0000-4000-8000-00000000aaaa"
LIST = {"limit", "createdAtGt", "createdAtLt", "createdAtGe", "createdAtLe", "updatedAtGt", "updatedAtLt", "updatedAtGe", "updatedAtLe"}

# Changes what is kept of what a client has written: the kind, "tool" or "assistant", and the document itself.
Amend = Callable[[str, Json], None]


class FakeVapi(StandIn):
    """One account: who has its key may do everything. `tools` and `assistants` are what is kept, by id, in order of creation."""

    routes: ClassVar[list[Route]] = [
        ("GET", "/tool", "_list_tools"),
        ("POST", "/tool", "_create_tool"),
        ("GET", "/tool/(?P<tool>[^/]+)", "_get_tool"),
        ("PATCH", "/tool/(?P<tool>[^/]+)", "_change_tool"),
        ("DELETE", "/tool/(?P<tool>[^/]+)", "_delete_tool"),
        ("GET", "/assistant", "_list_assistants"),
        ("GET", "/assistant/(?P<assistant>[^/]+)", "_get_assistant"),
        ("PATCH", "/assistant/(?P<assistant>[^/]+)", "_change_assistant"),
    ]

    def __init__(self, key: str = KEY, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__(clock)
        self.key = key
        self.tools: dict[str, Json] = {}
        self.assistants: dict[str, Json] = {}
        # What Vapi makes of a write, as when it knows better than its client.
        self.amend: Amend | None = None

    # What tests set up and look at.

    def add_tool(self, name: str, **fields: object) -> str:
        """The id of a tool that somebody has made on Vapi's own page; `fields` replace its usual ones."""
        usual = {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
        return self._add(self.tools, usual | fields)

    def add_assistant(self, **fields: object) -> str:
        """The id of an assistant that somebody has made there."""
        return self._add(self.assistants, {"name": "Receptionist"} | fields)

    def staff_edits(self, document_id: str, **fields: object) -> None:
        """Somebody changes these fields of a tool or of an assistant on Vapi's own page."""
        with self.lock:
            kept = self.tools.get(document_id) or self.assistants[document_id]
            kept |= copy.deepcopy(fields) | {"updatedAt": milliseconds(self.clock())}

    def staff_deletes(self, document_id: str) -> None:
        with self.lock:
            if self.tools.pop(document_id, None) is None:
                del self.assistants[document_id]

    def tool(self, tool_id: str) -> Json:
        """A copy, as Vapi shows it."""
        with self.lock:
            return shown_tool(self.tools[tool_id])

    def tools_named(self, name: str) -> list[Json]:
        """Copies of the function tools of this name."""
        with self.lock:
            return [shown_tool(kept) for kept in self.tools.values() if kept.get("function", {}).get("name") == name]

    def assistant(self, assistant_id: str) -> Json:
        """A copy, as Vapi shows it."""
        with self.lock:
            return shown_assistant(self.assistants[assistant_id])

    def writes(self) -> list[Exchange]:
        """Every request so far that was not only to read."""
        return [exchange for exchange in self.log.of() if exchange.request.method != "GET"]

    # What clients do.

    def admit(self, request: Request, groups: dict[str, str]) -> None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise refusal(401, "Invalid Key. It may be a public one where a private one is wanted.")

    def not_found(self, request: Request) -> Reply:
        return refusal(404, f"Cannot {request.method} {request.path}").reply

    def _list_tools(self, request: Request) -> Reply:
        return Reply.of_json(200, [shown_tool(kept) for kept in _listed(request, self.tools)])

    def _list_assistants(self, request: Request) -> Reply:
        return Reply.of_json(200, [shown_assistant(kept) for kept in _listed(request, self.assistants)])

    def _create_tool(self, request: Request) -> Reply:
        stated = document(request)
        check_tool(stated, is_new=True)
        return Reply.of_json(201, shown_tool(self._keep("tool", stated, self.tools)))

    def _get_tool(self, _request: Request, tool: str) -> Reply:
        return Reply.of_json(200, shown_tool(_found("Tool", tool, self.tools)))

    def _change_tool(self, request: Request, tool: str) -> Reply:
        kept, stated = _found("Tool", tool, self.tools), document(request)
        check_tool(stated, is_new=False)
        return Reply.of_json(200, shown_tool(self._write("tool", kept, stated)))

    def _delete_tool(self, _request: Request, tool: str) -> Reply:
        gone = _found("Tool", tool, self.tools)
        del self.tools[tool]
        return Reply.of_json(200, shown_tool(gone))

    def _get_assistant(self, _request: Request, assistant: str) -> Reply:
        return Reply.of_json(200, shown_assistant(_found("Assistant", assistant, self.assistants)))

    def _change_assistant(self, request: Request, assistant: str) -> Reply:
        kept, stated = _found("Assistant", assistant, self.assistants), document(request)
        check_assistant(stated)
        return Reply.of_json(200, shown_assistant(self._write("assistant", kept, stated)))

    def _add(self, where: dict[str, Json], fields: Json) -> str:
        with self.lock:
            return self._keep("", fields, where)["id"]

    def _keep(self, kind: str, stated: Json, where: dict[str, Json]) -> Json:
        document_id = str(uuid4())
        where[document_id] = {"id": document_id, "orgId": ACCOUNT, "createdAt": milliseconds(self.clock())}
        return self._write(kind, where[document_id], stated)

    def _write(self, kind: str, kept: Json, stated: Json) -> Json:
        """Each field that is stated takes the place of the whole field that was there: `model` too. What was written."""
        kept |= copy.deepcopy(stated) | {"updatedAt": milliseconds(self.clock())}
        written = copy.deepcopy(kept)
        if self.amend and kind:
            self.amend(kind, kept)
        return written


def _found(kind: str, document_id: str, where: dict[str, Json]) -> Json:
    if document_id not in where:
        raise refusal(404, f"Couldn't find {kind}. {document_id} does not exist.")
    return where[document_id]


def _listed(request: Request, where: dict[str, Json]) -> list[Json]:
    """Newest first, 100 of them unless the query has another limit up to 1000."""
    query = request.query
    if unknown := query.keys() - LIST:
        raise refusal(400, [f"property {name} should not exist" for name in sorted(unknown)])
    limit = query.get("limit", "100")
    if not limit.isdecimal() or int(limit) > 1000:
        raise refusal(400, ["limit must not be greater than 1000"])
    found = [kept for kept in reversed(where.values()) if all(_is_within(kept, name, query[name]) for name in query if name != "limit")]
    return found[: int(limit)]


def _is_within(kept: Json, name: str, bound: str) -> bool:
    try:
        limit = datetime.fromisoformat(bound)
    except ValueError:
        raise refusal(400, [f"{name} must be a valid ISO 8601 date string"]) from None
    at, comparison = datetime.fromisoformat(kept[name[:-2]]), name[-2:]
    return {"Gt": at > limit, "Lt": at < limit, "Ge": at >= limit, "Le": at <= limit}[comparison]
