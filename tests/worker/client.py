"""A client for the tests of the stand-ins: one connection that is kept, no retries."""

from __future__ import annotations

import base64
import http.client
import json
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

PATIENCE = 30.0


@dataclass(frozen=True)
class Response:
    """The names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Use as a context manager. `headers` go with every request."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        self.headers = headers or {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(
        self, method: str, target: str, form: dict[str, Any] | None = None, document: object = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        body, kind = None, {}
        if form is not None:
            body, kind = urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}
        elif document is not None:
            body, kind = json.dumps(document), {"Content-Type": "application/json"}
        self._connection.request(method, target, body, self.headers | kind | (headers or {}))
        response = self._connection.getresponse()
        return Response(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    def get(self, target: str, **headers: str) -> Response:
        return self.send("GET", target, headers=headers)

    def post(self, target: str, form: dict[str, Any]) -> Response:
        return self.send("POST", target, form=form)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
