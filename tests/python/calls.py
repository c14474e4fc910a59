"""The calls that hold, move, cancel and set up, each with plausible arguments that a test changes where it means to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
from clinic import Clinic, new_phone, one
from psycopg import IsolationLevel
from storm import Caller

PERSON = {"patient_name": "Ann Lee", "patient_email": None, "patient_phone": None}
PERSON_TYPES = {"patient_name": "text", "patient_email": "text", "patient_phone": "text"}
LENGTH_AND_PLACE = {"duration_minutes": "int", "resource_id": "uuid"}


@dataclass(frozen=True)
class Function:
    """A function of schema booking: the types of its arguments behind the organization's, and the usual values of some.

    The names are those of the contract without their `p_`. What a test does not state is NULL.
    """

    name: str
    types: dict[str, str]
    usual: dict[str, object] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """One SELECT without a FROM, so that a gate can stand behind it."""
        arguments = {"org_id": "uuid"} | self.types
        return f"SELECT booking.{self.name}({', '.join(f'p_{name} => %({name})s::{kind}' for name, kind in arguments.items())})"

    def parameters(self, clinic: Clinic, **changes: object) -> dict[str, object]:
        usual = {"org_id": clinic.org_id} | dict.fromkeys(self.types) | self.usual
        wanted = usual | changes
        assert wanted.keys() == usual.keys(), f"no such argument: {changes.keys() - usual.keys()}"
        if "patient_phone" in usual and "patient_phone" not in changes:
            wanted["patient_phone"] = new_phone()
        return wanted

    def ask(self, clinic: Clinic, session: psycopg.Connection | None = None, **changes: object) -> Any:
        """Calls it in `session`, or at once in the admin's."""
        return one(session or clinic.admin, self.sql, self.parameters(clinic, **changes))

    def caller(self, clinic: Clinic, level: IsolationLevel | None = None, **changes: object) -> Caller:
        """The same call for a storm."""
        return Caller(self.parameters(clinic, **changes), level, self.sql)


HOLD = Function(
    "hold_slot", {"service_type": "text", "scheduled_at": "timestamptz"} | LENGTH_AND_PLACE | {"ttl_seconds": "int"},
    {"service_type": "checkup"},
)
CONFIRM = Function("confirm_hold", {"hold_id": "uuid"} | PERSON_TYPES, PERSON)
RELEASE = Function("release_hold", {"hold_id": "uuid"})
MOVE = Function(
    "reschedule_appointment_atomic", {"appointment_id": "uuid", "scheduled_at": "timestamptz"} | LENGTH_AND_PLACE
)
CANCEL = Function("cancel_appointment", {"appointment_id": "uuid", "reason": "text"})
SET_STATUS = Function("set_appointment_status", {"appointment_id": "uuid", "status": "text"}, {"status": "completed"})
STATUS = Function("appointment_status", {"appointment_id": "uuid"})
SERIES = Function(
    "book_series_atomic",
    PERSON_TYPES | {"service_type": "text", "times": "timestamptz[]"} | LENGTH_AND_PLACE | {"idempotency_key": "text"},
    PERSON | {"service_type": "checkup"},
)
SERVICE = Function(
    "create_service",
    {
        "name": "text", "duration_minutes": "int", "buffer_before_minutes": "int", "buffer_after_minutes": "int",
        "slot_step_minutes": "int", "min_notice_minutes": "int", "horizon_days": "int", "daily_limit": "int",
        "resource_ids": "uuid[]", "slot_anchor": "text",
    },
    {"name": "Surgery", "duration_minutes": 30},
)
WEEK = Function("set_opening_hours", {"hours": "jsonb", "resource_id": "uuid"}, {"hours": "{}"})
DATE = Function(
    "set_date_override", {"date": "date", "hours": "jsonb", "resource_id": "uuid", "reason": "text"}, {"hours": "[]"}
)
BUSY = Function(
    "add_busy_block",
    {"resource_id": "uuid", "starts_at": "timestamptz", "ends_at": "timestamptz", "reason": "text"},
)
FOLLOW_UP = Function(
    "create_follow_up",
    {
        "note": "text", "due_at": "timestamptz", "phone": "text", "name": "text", "owner": "text", "owner_phone": "text",
        "appointment_id": "uuid",
    },
    {"note": "Call back."},
)
CHANGE_FOLLOW_UP = Function(
    "change_follow_up",
    {"follow_up_id": "uuid", "state": "text", "due_at": "timestamptz", "owner": "text", "owner_phone": "text"},
)
FOLLOW_UPS = Function("set_follow_ups", {"owner": "text", "owner_phone": "text", "due_minutes": "int"})
TIMELINE = Function("contact_timeline", {"phone": "text"})
NOT_BUSY = Function("remove_busy_block", {"id": "uuid"})

EXPIRE = """
    UPDATE booking.appointments SET expires_at = clock_timestamp() - interval '1 second'
    WHERE org_id = %s AND id = %s AND status = 'held' RETURNING id"""


def hold(clinic: Clinic, at: object, **changes: object) -> str:
    """A hold that was had, by its id."""
    answer = HOLD.ask(clinic, scheduled_at=at, **changes)
    assert answer["success"] is True, answer
    return answer["holdId"]


def booked(clinic: Clinic, at: object, **changes: object) -> str:
    """An appointment that was had, by its id."""
    answer = clinic.book(at, **changes)
    assert answer["success"] is True, answer
    return answer["appointmentId"]


def expire(clinic: Clinic, hold_id: str) -> None:
    """Lets the time of a hold run out without waiting for it."""
    assert one(clinic.admin, EXPIRE, [clinic.org_id, hold_id])
