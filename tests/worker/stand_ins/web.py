"""What a provider posts to its customers: callbacks and notifications."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

PATIENCE = 30.0


@dataclass(frozen=True)
class Answer:
    """What the customer's server said."""

    status: int
    body: bytes


class Web:
    """Finds public addresses. Customers name https addresses of a proxy; in tests there is no proxy, and `route` says which
    server of the loopback stands behind it."""

    def __init__(self) -> None:
        self._routes: dict[str, str] = {}

    def route(self, public: str, address: str) -> None:
        """URLs that begin with `public` (https://hooks.example.com) are posted to `address` (http://127.0.0.1:8080)."""
        self._routes[public] = address

    def post(self, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Raises OSError or http.client.HTTPException where nobody answers."""
        parts = urlsplit(self._reach(url))
        if parts.scheme != "http":
            raise ValueError(f"no route to {url}: state one with web.route")
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target or "/", body, {"Content-Length": str(len(body)), **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    def _reach(self, url: str) -> str:
        for public, address in self._routes.items():
            if url.startswith(public):
                return address + url.removeprefix(public)
        return url
