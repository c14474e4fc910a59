"""What one client was told, and what it was never told. The database must bear out the first, and may choose in the second."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clinic import Answer, instant

BOOKING, SERIES, HOLD = "book_appointment_atomic", "book_series_atomic", "hold_slot"
CONFIRM, RELEASE, MOVE, CANCEL = "confirm_hold", "release_hold", "reschedule_appointment_atomic", "cancel_appointment"
STATUS_AFTER = {CONFIRM: "confirmed", RELEASE: "cancelled", MOVE: "confirmed", CANCEL: "cancelled"}


@dataclass(frozen=True)
class Standing:
    """One appointment as its client knows it."""

    resource: str
    start: datetime
    end: datetime
    status: str
    #: How often it was moved, and whether it ever was somebody's.
    moves: int = 0
    has_contact: bool = True
    was_held: bool = False

    @classmethod
    def told(cls, item: dict[str, Any], before: Standing | None, function: str) -> Standing:
        """As an answer has it; of a series, as one of its items."""
        moves = (before.moves if before else 0) + (function == MOVE)
        has_contact = function not in (HOLD, RELEASE) if before is None or function == CONFIRM else before.has_contact
        was_held = before.was_held if before else function == HOLD
        return cls(
            item["resourceId"], instant(item["scheduledAt"]), instant(item["endsAt"]), item["status"], moves, has_contact, was_held)

    @property
    def events(self) -> Counter[str]:
        """What must be on record of it, and how often."""
        over = "cancelled" if self.has_contact else "hold_released"
        return Counter({
            "held" if self.was_held else "booked": 1, "hold_confirmed": self.was_held and self.has_contact,
            "moved": self.moves, over: self.status == "cancelled",
        })


@dataclass(frozen=True)
class Attempt:
    """A call: what it asks, by which statement, and which appointment it is about, if there is one already."""

    function: str
    sql: str
    parameters: dict[str, Any]
    appointment: str | None = None

    @property
    def key(self) -> str | None:
        """Of a booking or a series."""
        return self.parameters.get("key") or self.parameters.get("idempotency_key")

    @property
    def wanted(self) -> datetime | None:
        """Of what takes one time."""
        return self.parameters.get("at") or self.parameters.get("scheduled_at")


@dataclass
class Ledger:
    """Only the thread of its client writes to it."""

    standing: dict[str, Standing] = field(default_factory=dict)
    #: Attempts that were carried out as told: by key, the appointments.
    keys: dict[str, list[str]] = field(default_factory=dict)
    #: The last attempt, while nobody knows what became of it.
    unknown: Attempt | None = None
    #: Times of holds whose answers never came: they may stand, and nobody can confirm them.
    lost_holds: list[datetime] = field(default_factory=list)
    answers: int = 0
    refusals: int = 0

    def note(self, attempt: Attempt, answer: Answer) -> None:
        """An answer came, and its statement is committed."""
        self.answers += 1
        self.unknown = None
        if answer["success"] is not True:
            self.refusals += 1
            return
        items = answer.get("appointments", [answer])
        names = [item.get("appointmentId") or item["holdId"] for item in items]
        for name, item in zip(names, items, strict=True):
            self.standing[name] = Standing.told(item, self.standing.get(name), attempt.function)
        if attempt.key:
            assert attempt.key not in self.keys or answer["replayed"] is True, (attempt, answer)
            self.keys[attempt.key] = names

    def of_status(self, status: str) -> list[str]:
        return [name for name, standing in self.standing.items() if standing.status == status]

    def forget_what_is_over(self) -> None:
        """Nothing will be asked of it any more."""
        self.standing = {name: standing for name, standing in self.standing.items() if standing.status != "cancelled"}
        self.keys.clear()
