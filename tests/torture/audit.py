"""Compares a clinic in the database with the ledgers of all its clients, to the last row: nothing that was told is missing, nothing
is there that nobody was told of, and what follows from an appointment is there with it, once."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from clinic import Clinic, one
from ledger import Ledger, Standing
from processes import wait_until

REMINDERS = [1440, 120]
OCCUPY = ("held", "pending", "confirmed")

SESSIONS_BUT_THIS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename <> %s AND backend_type = 'client backend'"""
ADVISORY_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
EVENTS = """
    SELECT appointment_id::text AS appointment, kind, count(*) FROM booking.events
    WHERE org_id = %s AND appointment_id IS NOT NULL GROUP BY 1, 2"""
JOBS = "SELECT appointment_id::text AS appointment, kind, state, run_at, deadline FROM booking.outbox WHERE org_id = %s"
KEYS = "SELECT key, response::jsonb AS response FROM booking.idempotency_keys WHERE org_id = %s"
LONELY = """
    SELECT count(*) FROM booking.contacts AS c
    WHERE org_id = %s AND NOT EXISTS (SELECT FROM booking.appointments AS a WHERE a.org_id = c.org_id AND a.contact_id = c.id)"""
OF_NOBODY = """
    SELECT count(*) FROM booking.appointments AS a
    WHERE org_id = %s AND contact_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM booking.contacts AS c WHERE c.org_id = a.org_id AND c.id = a.contact_id)"""


@dataclass(frozen=True)
class Found:
    """What is there, for a line of the log."""

    appointments: int
    of_nobody: int
    jobs: int
    keys: int

    def __str__(self) -> str:
        lost = f", {self.of_nobody} of them holds that nobody was told of" if self.of_nobody else ""
        return f"found {self.appointments} appointments{lost}, {self.jobs} jobs and {self.keys} keys, each as it was told"


def audit(clinic: Clinic, ledgers: list[Ledger], capacities: dict[str, int], but: str = "") -> Found:
    """Every ledger must be settled, and every client gone; sessions of role `but` are a pool's."""
    assert [ledger.unknown for ledger in ledgers if ledger.unknown] == []
    told = {name: standing for ledger in ledgers for name, standing in ledger.standing.items()}
    rows = {str(row["id"]): row for row in clinic.appointments()}
    _assert_as_told(told, rows)
    strays = rows.keys() - told.keys()
    _assert_only_lost_holds([rows[name] for name in strays], ledgers)
    _assert_no_seat_is_taken_twice(list(rows.values()), capacities)
    _assert_everybody_has_what_is_theirs(clinic)
    keys = _assert_keys(clinic, {key: names for ledger in ledgers for key, names in ledger.keys.items()})
    _assert_events(clinic, {name: standing.events for name, standing in told.items()} | {name: Counter(held=1) for name in strays})
    jobs = _assert_jobs(clinic, told)
    _assert_healthy(clinic.admin)
    _assert_nobody_is_left(clinic.admin, but)
    return Found(len(rows), len(strays), jobs, keys)


def _assert_as_told(told: dict[str, Standing], rows: dict[str, dict[str, Any]]) -> None:
    lost = [(name, standing) for name, standing in told.items() if name not in rows]
    assert lost == [], f"{len(lost)} appointments that were told are not there: {lost[:3]}"
    for name, standing in told.items():
        row = rows[name]
        found = Standing(
            str(row["resource_id"]), row["starts_at"], row["ends_at"], row["status"], standing.moves,
            row["contact_id"] is not None, standing.was_held)
        assert found == standing, (name, row)


def _assert_only_lost_holds(strays: list[dict[str, Any]], ledgers: list[Ledger]) -> None:
    """Each is a hold that somebody asked for and heard no more of."""
    for row in strays:
        assert (row["status"], row["contact_id"]) == ("held", None), f"nobody was told of {row}"
    asked = Counter(at for ledger in ledgers for at in ledger.lost_holds)
    assert Counter(row["starts_at"] for row in strays) <= asked


def _assert_no_seat_is_taken_twice(rows: list[dict[str, Any]], capacities: dict[str, int]) -> None:
    ends = defaultdict[tuple[str, int], datetime | None](lambda: None)
    for row in sorted(rows, key=lambda row: row["starts_at"]):
        if row["status"] in OCCUPY:
            seat = (str(row["resource_id"]), row["seat"])
            assert 1 <= row["seat"] <= capacities[seat[0]], row
            assert ends[seat] is None or ends[seat] <= row["starts_at"], f"a seat is taken twice: {row}"
            ends[seat] = row["ends_at"]


def _assert_everybody_has_what_is_theirs(clinic: Clinic) -> None:
    assert one(clinic.admin, LONELY, [clinic.org_id]) == 0, "a contact whose booking is not there"
    assert one(clinic.admin, OF_NOBODY, [clinic.org_id]) == 0, "an appointment whose contact is not there"


def _assert_keys(clinic: Clinic, told: dict[str, list[str]]) -> int:
    stored = {
        row["key"]: [item["appointmentId"] for item in row["response"].get("appointments", [row["response"]])]
        for row in _rows(clinic, KEYS)
    }
    assert stored == told
    return len(stored)


def _assert_events(clinic: Clinic, wanted: dict[str, Counter[str]]) -> None:
    found = defaultdict[str, Counter[str]](Counter)
    for row in _rows(clinic, EVENTS):
        found[row["appointment"]][row["kind"]] = row["count"]
    wrong = [(name, found.get(name), wanted.get(name)) for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name)]
    assert wrong == [], f"the history of {len(wrong)} appointments is not what they were told, as of {wrong[:3]}"


def _assert_jobs(clinic: Clinic, told: dict[str, Standing]) -> int:
    found = defaultdict[str, list[dict[str, Any]]](list)
    for row in _rows(clinic, JOBS):
        found[row["appointment"]].append(row)
    strangers = found.keys() - {name for name, standing in told.items() if standing.has_contact}
    assert not strangers, f"jobs of what nobody has booked: {[found[name] for name in list(strangers)[:3]]}"
    for name, standing in told.items():
        if standing.has_contact:
            _assert_jobs_of(standing, found[name])
    return sum(map(len, found.values()))


def _assert_jobs_of(standing: Standing, jobs: list[dict[str, Any]]) -> None:
    """No courier is at work: a confirmation waits, or was withdrawn; so do the reminders of the time that holds, and those of
    earlier times are withdrawn. Nobody has to be told of a move before the confirmation went out."""
    stands = standing.status == "confirmed"
    state = "available" if stands else "cancelled"
    counts = Counter((job["kind"], job["state"]) for job in jobs)
    withdrawn = len(REMINDERS) * (standing.moves + (not stands))
    wanted = Counter({
        ("calendar", "available"): 1, ("confirmation", state): 1,
        ("reminder", "available"): len(REMINDERS) * stands, ("reminder", "cancelled"): withdrawn,
    })
    assert +counts == +wanted, (standing, jobs)
    assert {job["deadline"] for job in jobs if job["state"] == "available" and job["kind"] != "calendar"} <= {standing.start}
    due = sorted(job["run_at"] for job in jobs if (job["kind"], job["state"]) == ("reminder", "available"))
    assert due == [standing.start - timedelta(minutes=minutes) for minutes in REMINDERS if stands], (standing, jobs)


def _assert_healthy(admin: psycopg.Connection) -> None:
    health = one(admin, "SELECT booking.health()")
    assert (health["healthy"], health["overlaps"]) == (True, 0), health


def _assert_nobody_is_left(admin: psycopg.Connection, but: str) -> None:
    # A session ends a moment after its client has left it.
    wait_until(lambda: one(admin, SESSIONS_BUT_THIS, [but]) == 0, "the sessions of all clients to end")
    assert one(admin, ADVISORY_LOCKS) == 0


def _rows(clinic: Clinic, sql: str) -> list[dict[str, Any]]:
    return clinic.admin.cursor(row_factory=psycopg.rows.dict_row).execute(sql, [clinic.org_id]).fetchall()
