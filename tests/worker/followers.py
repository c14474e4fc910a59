"""Whoever follows the history at a worker: a browser with an EventSource, or a program with a WebSocket."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Protocol, Self
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PATIENCE = 30.0
# Of a reader who takes little at once, so that what it does not read stays with the worker.
SMALL = 4096


@dataclass(frozen=True)
class Told:
    """What came: an event of the history, or one of the stream's own words. `event` is None where there is no data."""

    kind: str | None
    position: str | None
    event: dict[str, Any] | None


class Follower(Protocol):
    """Use as a context manager."""

    position: str | None

    def next(self) -> Told | None:
        """What comes next; None at the end."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Browser:
    """An EventSource. `position` is the last one that it was told."""

    def __init__(
        self, address: str, token: str, position: str | None = None, buffer: int | None = None, **query: str
    ) -> None:
        host, _, port = address.partition(":")
        self.position = position
        self._connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        self._connection.sock = _connected(address, buffer)
        headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": position} if position else {})
        self._connection.request("GET", f"/events?{urlencode(query)}", headers=headers)
        self.response = self._connection.getresponse()
        self.status, self.headers = self.response.status, self.response.headers
        self.comments: list[str] = []
        self.retry: int | None = None

    def next(self) -> Told | None:
        fields: dict[str, str] = {}
        # Until a blank line that ends something.
        while (line := self._line()) != "\n" or not fields:
            if not line:
                # What was cut off in the middle does not count.
                return None
            if line == "\n":
                continue
            name, _, value = line.rstrip("\n").partition(":")
            if name == "":
                self.comments.append(value.strip())
            elif name == "retry":
                self.retry = int(value)
            else:
                assert name not in fields, f"{name} twice in one event"
                fields[name] = value.removeprefix(" ")
        self.position = fields.get("id", self.position)
        data = fields.get("data")
        return Told(fields.get("event"), fields.get("id"), json.loads(data) if data is not None else None)

    def _line(self) -> str:
        with suppress(http.client.IncompleteRead, ConnectionError):
            return self.response.readline().decode()
        return ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.response.close()
        self._connection.close()


class Program:
    """A WebSocket. `code` is what the worker closed it with."""

    def __init__(
        self, address: str, token: str, position: str | None = None, buffer: int | None = None, in_protocol: bool = False,
        **query: str,
    ) -> None:
        self.position = position
        self.code: int | None = None
        query |= {"last_event_id": position} if position else {}
        self._opened = ExitStack()
        self.socket: ClientConnection = self._opened.enter_context(connect(
            f"ws://{address}/ws?{urlencode(query)}", sock=_connected(address, buffer), max_queue=1, ping_interval=None,
            close_timeout=1, compression=None, subprotocols=["bearer", token] if in_protocol else None,
            additional_headers=None if in_protocol else {"Authorization": f"Bearer {token}"}))

    def next(self) -> Told | None:
        try:
            frame = json.loads(self.socket.recv(timeout=PATIENCE))
        except ConnectionClosed as closed:
            self.code = closed.rcvd.code if closed.rcvd else None
            return None
        assert list(frame) == ["position", "kind", "event"]
        self.position = frame["position"]
        # A browser is told of the position alone by a line of its own.
        kind = None if frame["kind"] == "position" else frame["kind"]
        return Told(kind, frame["position"], frame["event"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


KINDS: list[type[Browser] | type[Program]] = [Browser, Program]


def until(follower: Follower, holds: Callable[[Told], object]) -> list[Told]:
    """All that comes, up to the first for which it holds."""
    came, deadline = [], time.monotonic() + PATIENCE
    while told := follower.next():
        came.append(told)
        # Heartbeats go on whatever is missing.
        assert time.monotonic() < deadline, f"waited in vain; it was told {came[-3:]}"
        if holds(told):
            return came
    raise AssertionError(f"it ended with {came[-3:]} and code {getattr(follower, 'code', None)}")


def events(came: list[Told]) -> list[str]:
    """The ids of the events of the history among what came."""
    return [told.event["id"] for told in came if told.event and "id" in told.event]


def last_word(follower: Browser | Program) -> str | int | None:
    """Reads to the end: what a browser is told last, or the code that a program's connection is closed with."""
    came = list(iter(follower.next, None))
    return follower.code if isinstance(follower, Program) else came[-1].kind


def ready(follower: Follower) -> str:
    """Waits for the position from which it is told everything."""
    return until(follower, lambda told: told.position)[-1].position


def _connected(address: str, buffer: int | None) -> socket.socket:
    host, _, port = address.partition(":")
    it = socket.socket()
    it.settimeout(PATIENCE)
    if buffer is not None:
        # Before it is connected: afterwards the window is what it was.
        it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    it.connect((host, int(port)))
    return it
