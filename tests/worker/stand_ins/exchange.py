"""A request, the reply to it, and the log of all of them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PATIENCE = 30.0


@dataclass(frozen=True)
class Request:
    """What a client sent. The names of headers are in lower case; `target` is path and query as they came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """Still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`before` runs when the request has been carried out and before a byte of the reply is sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None

    @classmethod
    def of_json(
        cls, status: int, document: object, headers: Mapping[str, str] | None = None, before: Callable[[], object] | None = None
    ) -> Reply:
        content = {"Content-Type": "application/json; charset=UTF-8"}
        return cls(status, json.dumps(document).encode(), content | dict(headers or {}), before)


class Refused(Exception):
    """Ends the handling of a request with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass
class Exchange:
    """A request and what came of it: `outcome` is "open", "replied", or the name of the fault that it met. `status` is that
    of the reply that was made, if one was made: it tells that the request was carried out, not that the client was told."""

    number: int
    request: Request
    outcome: str = "open"
    status: int | None = None


class Log:
    """Every exchange, in the order in which the requests came."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._exchanges: list[Exchange] = []

    def begin(self, request: Request) -> Exchange:
        with self._changed:
            exchange = Exchange(len(self._exchanges) + 1, request)
            self._exchanges.append(exchange)
            self._changed.notify_all()
            return exchange

    def note(self, exchange: Exchange, **changes: object) -> None:
        with self._changed:
            for name, value in changes.items():
                setattr(exchange, name, value)
            self._changed.notify_all()

    def of(self, method: str = "", target: str = "") -> list[Exchange]:
        """Those with this method, whose path and query match this regular expression somewhere."""
        with self._changed:
            return self._of(method, target)

    def wait_for(self, count: int, method: str = "", target: str = "", outcome: str = "") -> list[Exchange]:
        """The same, with this outcome, as soon as there are `count` of them."""

        def found() -> list[Exchange]:
            return [one for one in self._of(method, target) if outcome in ("", one.outcome)]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, PATIENCE):
                raise AssertionError(f"waited in vain for {count} of {method} {target} {outcome}: {self._exchanges}")
            return found()

    def _of(self, method: str, target: str) -> list[Exchange]:
        requests = (one for one in self._exchanges if method in ("", one.request.method))
        return [one for one in requests if re.search(target, one.request.target)]
