"""The server's end of a connection, and the ways in which it can end."""

from __future__ import annotations

import os
import socket
import struct
from email.utils import formatdate
from http import HTTPStatus

from .exchange import Reply


class Wire:
    """One reply on one connection. `is_open` tells whether the next request may come on it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.is_open = True

    def send(self, reply: Reply) -> None:
        self.send_bytes(_head(reply) + reply.body)

    def send_half(self, reply: Reply) -> None:
        """The head states the whole length. Of a reply without a body, the head itself is halved."""
        head, body = _head(reply), reply.body
        self.send_bytes(head + body[: len(body) // 2] if body else head[: len(head) // 2])
        self.close()

    def send_bytes(self, data: bytes) -> None:
        # In one go: two small segments would wait for each other's acknowledgement.
        self._connection.sendall(data)

    def close(self) -> None:
        self.is_open = False
        self._connection.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """The client gets RST, whatever is still on its way."""
        self.is_open = False
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Python keeps the descriptor while files are made of the socket, and shuts it down in order: both would send FIN.
        os.close(self._connection.detach())


def _head(reply: Reply) -> bytes:
    usual = {"Date": formatdate(usegmt=True)}
    if reply.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        usual["Content-Length"] = str(len(reply.body))
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = usual | dict(reply.headers)
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
