"""The clinic of a storm, the clients in it, and the one line that a test says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audit import REMINDERS, Found, audit
from clients import Client, clients
from clinic import Clinic, connect, one

CLIENTS = 16


@dataclass
class Scene:
    """An organization with messages and a calendar, which has a room of one seat and one of two."""

    dsn: str
    org_id: str
    capacities: dict[str, int]
    clients: list[Client] = field(default_factory=list, repr=False)

    @classmethod
    def open(cls, dsn: str) -> Scene:
        with connect(dsn) as admin:
            clinic = Clinic.open(dsn, admin)
            one(admin, "SELECT booking.set_messaging(%s, true, %s)", [clinic.org_id, REMINDERS])
            one(admin, "SELECT booking.set_calendar(%s, true)", [clinic.org_id])
            return cls(dsn, clinic.org_id, {clinic.first_resource(): 1, clinic.add_resource(2): 2})

    def arrive(self, seed: int, count: int = CLIENTS, **changes: Any) -> list[Client]:
        """New clients, who go on in the calendar as they find it."""
        # They need no session of an administrator.
        clinic = Clinic(self.dsn, None, self.org_id)
        arrived = clients(clinic, count, seed, **changes)
        self.clients += arrived
        return arrived

    def move_to(self, dsn: str) -> Scene:
        """The same clinic where it is now, and where its clients find it when they come again."""
        for client in self.clients:
            client.clinic = Clinic(dsn, None, self.org_id)
        self.dsn = dsn
        return self

    def settle_and_audit(self, but: str = "") -> Found:
        """Asks what became of the calls whose answers were lost; then everything must be as it was told. The sessions of role
        `but` may stay, without their locks."""
        with connect(self.dsn) as admin:
            for client in self.clients:
                client.settle(admin)
            ledgers = [client.ledger for client in self.clients]
            return audit(Clinic(self.dsn, admin, self.org_id), ledgers, self.capacities, but)

    def what_is_lost(self) -> str:
        """The first thing that is not as it was told, if there is one."""
        try:
            self.settle_and_audit()
        except AssertionError as error:
            assert "waited in vain" not in str(error), error
            return str(error).splitlines()[0]
        return ""

    def total(self, count: Callable[[Client], int]) -> int:
        return sum(map(count, self.clients))

    def summary(self) -> str:
        answers, refusals = self.total(lambda client: client.ledger.answers), self.total(lambda client: client.ledger.refusals)
        lost, found = self.total(lambda client: client.lost), self.total(lambda client: client.found)
        return f"{answers} answers ({refusals} refusals), {lost} lost of which {found} had been carried out"

