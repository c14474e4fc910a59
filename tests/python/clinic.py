"""A clinic as its callers see it: an organization, its resources, and the calls that book there."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any

import psycopg

Answer = dict[str, Any]

BOOK = """
    SELECT booking.book_appointment_atomic(
        p_org_id => %(org)s::uuid, p_patient_name => %(name)s::text, p_patient_email => %(email)s::text,
        p_patient_phone => %(phone)s::text, p_service_type => %(service)s::text, p_scheduled_at => %(at)s::timestamptz,
        p_duration_minutes => %(minutes)s::int, p_resource_id => %(resource)s::uuid,
        p_idempotency_key => %(key)s::text, p_metadata => %(metadata)s::jsonb)"""

_phones = itertools.count()


def connect(dsn: str, autocommit: bool = True) -> psycopg.Connection:
    """A session that speaks UTC."""
    return psycopg.connect(dsn, autocommit=autocommit, connect_timeout=60, options="-c timezone=UTC")


def new_phone() -> str:
    """A valid number that no other call of this run was given."""
    number = next(_phones)
    return f"+1415{200 + number // 10_000}{number % 10_000:04d}"


def future(days: int = 200, hour: int = 12, minute: int = 0) -> datetime:
    """A time on the half-hour grid of UTC, `days` from today: to come whenever the tests run."""
    day = datetime.now(timezone.utc).date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), timezone.utc)


def instant(text: str) -> datetime:
    """An instant as answers write it, 2026-03-20T14:30:00Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def request(org_id: str, at: object, **changes: object) -> dict[str, object]:
    """The parameters of BOOK: a plausible request from somebody new, with the changes a test is about."""
    usual: dict[str, object] = {
        "org": org_id, "at": at, "name": "Ann Lee", "email": None, "phone": None, "service": "checkup",
        "minutes": None, "resource": None, "key": None, "metadata": "{}",
    }
    wanted = usual | changes
    assert wanted.keys() == usual.keys(), f"no such argument: {changes.keys() - usual.keys()}"
    if "phone" not in changes:
        wanted["phone"] = new_phone()
    return wanted


def one(session: psycopg.Connection, sql: str, parameters: object = None) -> Any:
    """The one value that a statement returns."""
    return session.execute(sql, parameters).fetchone()[0]


CONNECT = """
    SELECT booking.connect_integration(%s, %s, 'test', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'), %s::jsonb)"""


@dataclass(frozen=True)
class Clinic:
    dsn: str
    admin: psycopg.Connection
    org_id: str

    @classmethod
    def open(cls, dsn: str, admin: psycopg.Connection, zone: str = "UTC") -> Clinic:
        """A new organization with one resource of one seat."""
        return cls(dsn, admin, str(one(admin, "SELECT booking.create_organization('Test clinic', %s)", [zone])))

    def connect(self, autocommit: bool = True) -> psycopg.Connection:
        return connect(self.dsn, autocommit)

    def open_account(self, provider: str, **settings: object) -> None:
        """An account, as a courier would connect it, whose secret nobody can open. Its sender is fast."""
        if provider == "twilio":
            settings.setdefault("per_second", 1000)
        one(self.admin, CONNECT, [self.org_id, provider, json.dumps(settings)])

    def first_resource(self) -> str:
        return str(one(self.admin, "SELECT min(id::text) FROM booking.resources WHERE org_id = %s", [self.org_id]))

    def add_resource(self, capacity: int = 1) -> str:
        return str(one(self.admin, "SELECT booking.create_resource(%s, 'Room', %s)", [self.org_id, capacity]))

    def request(self, at: object, **changes: object) -> dict[str, object]:
        return request(self.org_id, at, **changes)

    def book(self, at: object, session: psycopg.Connection | None = None, **changes: object) -> Answer:
        """Books in `session`, or at once in the admin's."""
        return one(session or self.admin, BOOK, self.request(at, **changes))

    def appointments(self) -> list[dict[str, Any]]:
        """What is committed, in order of time, resource and seat."""
        return self._rows("appointments", "starts_at, resource_id, seat")

    def contacts(self) -> list[dict[str, Any]]:
        return self._rows("contacts", "created_at, phone")

    def keys(self) -> list[str]:
        return [row["key"] for row in self._rows("idempotency_keys", "key")]

    def _rows(self, table: str, order: str) -> list[dict[str, Any]]:
        cursor = self.admin.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute(f"SELECT * FROM booking.{table} WHERE org_id = %s ORDER BY {order}", [self.org_id]).fetchall()


def assert_booked(answer: Answer) -> None:
    assert answer["success"] is True, answer


def assert_refused_with_three(answer: Answer, wanted: datetime, error: str = "slot_unavailable") -> set[datetime]:
    """A loser hears why, and three other times."""
    assert (answer["success"], answer["error"]) == (False, error), answer
    assert answer["message"].strip(), answer
    offered = [instant(text) for text in answer["alternatives"]]
    assert len(offered) == len(set(offered)) == 3, answer
    assert wanted not in offered, answer
    return set(offered)


def assert_none_overlap(appointments: list[dict[str, Any]]) -> None:
    """Compares every two appointments of one resource and seat."""
    for earlier, later in itertools.combinations(sorted(appointments, key=lambda row: row["starts_at"]), 2):
        if (earlier["resource_id"], earlier["seat"]) == (later["resource_id"], later["seat"]):
            assert earlier["ends_at"] <= later["starts_at"], (earlier, later)


def overlaps(admin: psycopg.Connection) -> int:
    """What the extension itself says of its guarantee."""
    return one(admin, "SELECT booking.health()")["overlaps"]
