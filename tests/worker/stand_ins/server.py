"""An HTTP server on the loopback with a thread for each connection. A stand-in is a subclass that names its routes."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from .exchange import Exchange, Log, Refused, Reply, Request
from .faults import Fault, Faults
from .web import Web
from .wire import Wire

# Method, pattern of the whole path, name of the method that answers: it gets the request and the decoded groups.
Route = tuple[str, str, str]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """A clock for a stand-in that stands until the test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class StandIn:
    """Serves while it is entered. State is read and changed under `lock`; the log and the faults have locks of their own."""

    routes: ClassVar[list[Route]] = []

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.log = Log()
        self.faults = Faults()
        self.web = Web()
        self._crashes: list[BaseException] = []
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        self.faults.clear()
        self._server.stop()
        # A fault of the stand-in must not pass for one of the provider.
        if self._crashes and kind is None:
            raise self._crashes[0]

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def admit(self, request: Request, groups: dict[str, str]) -> None:
        """Raises Refused for a request that may not be made. Called under the lock."""

    def not_found(self, request: Request) -> Reply:
        return Reply(404, f"no such path: {request.path}".encode())

    def process(self, request: Request) -> Reply:
        """Carries a request out."""
        try:
            reply = self._answer(request)
            if reply.before:
                reply.before()
            return reply
        except Exception as crash:  # noqa: BLE001 - raised when the server ends
            self._crashes.append(crash)
            return Reply(500, f"the stand-in crashed: {crash!r}".encode())

    def _answer(self, request: Request) -> Reply:
        with self.lock:
            try:
                answer, groups = self._route(request)
                self.admit(request, groups)
                return answer(request, **groups)
            except Refused as refused:
                return refused.reply

    def _route(self, request: Request) -> tuple[Callable[..., Reply], dict[str, Any]]:
        for method, pattern, name in self.routes:
            if method == request.method and (match := re.fullmatch(pattern, request.path)):
                return getattr(self, name), {key: unquote(value) for key, value in match.groupdict().items()}
        raise Refused(self.not_found(request))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Takes no more connections and ends those there are, so that no thread waits for a request that never comes."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # it may have ended already
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that vanish are part of the tests."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """The log of the stand-in has it all."""

    def _serve(self) -> None:
        stand_in, wire = self.server.stand_in, Wire(self.connection)
        if "Transfer-Encoding" in self.headers:
            # Bodies are read by their length only.
            wire.send(Reply(411, headers={"Connection": "close"}))
            self.close_connection = True
            return
        fault = stand_in.faults.pick(self.command, self.path)
        body = self._body() if fault is None or fault.reads else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        exchange = stand_in.log.begin(Request(self.command, self.path, headers, body))
        try:
            _play(stand_in, exchange, fault, wire)
        finally:
            self.close_connection = self.close_connection or not wire.is_open

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


def _play(stand_in: StandIn, exchange: Exchange, fault: Fault | None, wire: Wire) -> None:
    def process() -> Reply:
        reply = stand_in.process(exchange.request)
        stand_in.log.note(exchange, status=reply.status)
        return reply

    if fault is None:
        # Noted first: whoever has the reply finds it in the log.
        reply = process()
        stand_in.log.note(exchange, outcome="replied")
        wire.send(reply)
    else:
        stand_in.log.note(exchange, outcome=fault.name)
        fault.play(process, wire)
