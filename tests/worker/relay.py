"""The network between a worker and the database, which loses what the test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from processes import PATIENCE
from psycopg.conninfo import conninfo_to_dict

_COMMIT = b"COMMIT\0"


class Loss(Enum):
    """What becomes of the end of a transaction."""

    # It never arrives, and the connection breaks.
    COMMIT = "the commit is lost"
    # It arrives; the connection breaks instead of the answer.
    CONNECTION = "the answer breaks off"
    # It arrives; nothing is ever heard again, and the connection stays.
    ANSWER = "the answer is lost"


class Relay:
    """Listens on a port of the loopback and hands on to the socket of `dsn`."""

    def __init__(self, dsn: str) -> None:
        parts = conninfo_to_dict(dsn)
        self._path = f"{parts['host']}/.s.PGSQL.{parts['port']}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._loss: tuple[bytes, Loss] | None = None
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, function: str, loss: Loss) -> None:
        """The next transaction that calls this function ends so; once."""
        self._loss = (f"booking.{function}(".encode(), loss)

    @property
    def has_lost(self) -> bool:
        return self._loss is None

    def close(self) -> None:
        _close(self._listener, *self._open)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._open += [client, server]
                is_silent, is_done = threading.Event(), threading.Event()
                threading.Thread(target=self._hand_on, args=(client, server, is_silent, is_done), daemon=True).start()
                threading.Thread(target=_answer, args=(server, client, is_silent, is_done), daemon=True).start()

    def _hand_on(
        self, client: socket.socket, server: socket.socket, is_silent: threading.Event, is_done: threading.Event
    ) -> None:
        asked = b""
        with suppress(OSError):
            while chunk := client.recv(65536):
                asked += chunk
                if asked.endswith(_COMMIT) and (loss := self._take_loss(asked)):
                    if loss is not Loss.COMMIT:
                        is_silent.set()
                        server.sendall(chunk)
                    if loss is Loss.ANSWER:
                        continue
                    break
                if asked.endswith(_COMMIT):
                    asked = b""
                server.sendall(chunk)
        if is_silent.is_set():
            # What was handed on is done before the connection breaks.
            is_done.wait(PATIENCE)
        _close(client, server)

    def _take_loss(self, asked: bytes) -> Loss | None:
        with self._lock:
            if self._loss is None or self._loss[0] not in asked:
                return None
            (_, loss), self._loss = self._loss, None
            return loss


def _answer(server: socket.socket, client: socket.socket, is_silent: threading.Event, is_done: threading.Event) -> None:
    with suppress(OSError):
        while chunk := server.recv(65536):
            if is_silent.is_set():
                is_done.set()
            else:
                client.sendall(chunk)
    _close(server, client)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@contextmanager
def relay(dsn: str) -> Iterator[Relay]:
    it = Relay(dsn)
    try:
        yield it
    finally:
        it.close()
