"""What else is asked in a storm, of which no ledger knows: looks, which change nothing, and, where no ledger is compared with
anything, calls to the voice agent and messages that come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
from clinic import Clinic, new_phone, one
from voice import VoiceCall

Aside = Callable[[Clinic, psycopg.Connection, datetime], None]

SLOTS = "SELECT count(*) FROM booking.available_slots(%s, %s, %s, 'checkup')"
AVAILABILITY = "SELECT booking.check_availability(%s, %s, 'checkup')"
RECEIVE = "SELECT booking.receive_message(%s, %s, '+12025550100', 'Is there parking?', %s)"


def look(clinic: Clinic, session: psycopg.Connection, at: datetime) -> None:
    one(session, SLOTS, [clinic.org_id, at, at + timedelta(days=1)])


def ask(clinic: Clinic, session: psycopg.Connection, at: datetime) -> None:
    answer = one(session, AVAILABILITY, [clinic.org_id, str(at.date())])
    assert answer["success"] is True, answer


def ring(clinic: Clinic, session: psycopg.Connection, at: datetime) -> None:
    """Books by voice, if that time is free, and thinks better of it."""
    wish = {"patientName": "ann lee", "serviceType": "checkup", "appointmentDate": str(at.date()), "appointmentTime": f"{at:%H:%M}"}
    booked, cancelled = VoiceCall(clinic, session).tools(("book_appointment", wish), ("cancel_appointment", {}))
    assert booked.startswith("Appointment confirmed") == ("cancelled" in cancelled), (booked, cancelled)


def write(clinic: Clinic, session: psycopg.Connection, _: datetime) -> None:
    one(session, RECEIVE, [clinic.org_id, new_phone(), f"SM-{uuid4()}"])


LOOKS: list[Aside] = [look, ask]
TALKS: list[Aside] = [ring, write]
