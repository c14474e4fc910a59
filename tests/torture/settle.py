"""Finds out what became of calls whose answers never came, as a careful client does: by the key where there is one, by looking
where there is none. Whatever is found, it is all of the call or nothing of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import psycopg
from clinic import one
from ledger import BOOKING, HOLD, MOVE, SERIES, STATUS_AFTER, Attempt, Ledger, Standing

STORED = "SELECT response FROM booking.idempotency_keys WHERE org_id = %s AND key = %s"
ROW = """
    SELECT resource_id::text, starts_at, ends_at, status, contact_id IS NOT NULL FROM booking.appointments
    WHERE org_id = %s AND id = %s"""
MOVES = "SELECT count(*) FROM booking.events WHERE org_id = %s AND appointment_id = %s AND kind = 'moved'"


def settle(session: psycopg.Connection, org_id: str, ledger: Ledger) -> bool | None:
    """Whether the call whose answer was lost had been carried out; None if there is no such call. The session that had made
    the call must be gone."""
    attempt = ledger.unknown
    if attempt is None:
        return None
    if attempt.function in (BOOKING, SERIES):
        return _ask_again(session, org_id, ledger, attempt)
    if attempt.function == HOLD:
        ledger.unknown = None
        ledger.lost_holds.append(attempt.wanted)
        return None
    return _look(session, org_id, ledger, attempt)


def _ask_again(session: psycopg.Connection, org_id: str, ledger: Ledger, attempt: Attempt) -> bool:
    stored = session.execute(STORED, [org_id, attempt.key]).fetchone()
    answer = one(session, attempt.sql, attempt.parameters)
    if stored is not None:
        assert answer["success"] is True and answer["replayed"] is True, (attempt, answer)
        assert _names(json.loads(stored[0])) == _names(answer), (stored, answer)
    else:
        assert "replayed" not in answer, ("it has nothing to replay", attempt, answer)
    ledger.note(attempt, answer)
    return stored is not None


def _names(answer: dict[str, Any]) -> list[str]:
    return [item["appointmentId"] for item in answer.get("appointments", [answer])]


def _look(session: psycopg.Connection, org_id: str, ledger: Ledger, attempt: Attempt) -> bool:
    before = ledger.standing[attempt.appointment]
    found = session.execute(ROW, [org_id, attempt.appointment]).fetchone()
    assert found is not None, f"{attempt.appointment} is lost: {before}"
    moves = one(session, MOVES, [org_id, attempt.appointment])
    now = Standing(found[0], found[1], found[2], found[3], moves, found[4], before.was_held)
    after = _after(before, attempt, now)
    assert now in (before, after), (attempt, before, now)
    ledger.standing[attempt.appointment] = now
    ledger.unknown = None
    return now == after


def _after(before: Standing, attempt: Attempt, now: Standing) -> Standing:
    """What the call makes of it, if it is carried out. A move may choose the resource, nothing else."""
    after = replace(before, status=STATUS_AFTER[attempt.function])
    if attempt.function == MOVE:
        end = attempt.wanted + (before.end - before.start)
        return replace(after, resource=now.resource, start=attempt.wanted, end=end, moves=before.moves + 1)
    return replace(after, has_contact=before.has_contact or attempt.function == "confirm_hold")
