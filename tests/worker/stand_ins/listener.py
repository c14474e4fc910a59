"""A customer's own server: takes whatever is posted to it, and logs it."""

from __future__ import annotations

from typing import ClassVar

from .exchange import Reply, Request
from .server import Route, StandIn


class Listener(StandIn):
    """`status` is what it answers."""

    routes: ClassVar[list[Route]] = [("GET", ".*", "take"), ("POST", ".*", "take")]
    status = 204

    def take(self, _request: Request) -> Reply:
        return Reply(self.status)
