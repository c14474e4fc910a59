"""A database as a year of use leaves it: every table has rows, appointments are in every state, roles have their rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from clinic import BOOK, Answer, Clinic, assert_booked, connect, future, new_phone, one
from psycopg import sql
from tenants import roles_of_each_kind
from victim import Victim

TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r' ORDER BY relname"
SETTINGS = """
    SELECT coalesce(r.rolname, ''), s.setconfig FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE s.setdatabase = 0 OR s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1, 2"""


@dataclass(frozen=True)
class Filled:
    dsn: str
    session: psycopg.Connection
    clinic: Clinic
    other: Victim
    #: A booking that was made under the key "kept", and the request that it was made by.
    kept: Answer
    request: dict[str, object]
    hold: str

    @classmethod
    @contextmanager
    def by_calls(cls, dsn: str) -> Iterator[Filled]:
        with connect(dsn) as session, roles_of_each_kind(dsn) as roles:
            clinic = Clinic.open(dsn, session, "America/New_York")
            for role in roles.values():
                session.execute(sql.SQL("ALTER ROLE {} SET booking.org_id = {}").format(
                    sql.Identifier(role), sql.Literal(clinic.org_id)))
            session.execute(sql.SQL("ALTER ROLE {} IN DATABASE {} SET statement_timeout = '10s'").format(
                sql.Identifier(roles["member"]), sql.Identifier(session.info.dbname)))
            request = clinic.request(future(), key="kept", name="Zoë Ågren", metadata='{"note": "tab\\tquote\\" ünï"}')
            kept = one(session, BOOK, request)
            assert_booked(kept)
            hold = states(clinic)
            yield cls(dsn, session, clinic, Victim.open(dsn, session), kept, request, hold)

    def rows(self, session: psycopg.Connection | None = None) -> dict[str, list[str]]:
        return rows(session or self.session)

    def assert_works_in(self, dsn: str) -> None:
        """What was taken is taken there, what was free is free, a key is known and a hold can be confirmed."""
        with connect(dsn) as session:
            there = Clinic(dsn, session, self.clinic.org_id)
            assert there.book(future())["error"] == "slot_unavailable"
            assert_booked(there.book(future(210)))
            assert one(session, BOOK, self.request) == self.kept | {"replayed": True}
            assert_booked(one(session, "SELECT booking.confirm_hold(%s, %s, 'Ann', NULL, %s)",
                              [there.org_id, self.hold, new_phone()]))
            assert one(session, "SELECT booking.health()")["healthy"] is True


def states(clinic: Clinic) -> str:
    """Appointments in every state; the id of a hold that can be confirmed."""
    org, session = clinic.org_id, clinic.admin

    def booked(day: int) -> str:
        return clinic.book(future(day))["appointmentId"]

    def held(day: int) -> str:
        return one(session, "SELECT booking.hold_slot(%s, 'x', %s, p_ttl_seconds => 86400)", [org, future(day)])["holdId"]

    assert_booked(one(session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)", [org, booked(1), future(2)]))
    assert_booked(one(session, "SELECT booking.cancel_appointment(%s, %s, 'ill')", [org, booked(3)]))
    assert_booked(one(session, "SELECT booking.set_appointment_status(%s, %s, 'completed')", [org, booked(4)]))
    assert_booked(one(session, "SELECT booking.set_appointment_status(%s, %s, 'no_show')", [org, booked(5)]))
    assert_booked(one(session, "SELECT booking.release_hold(%s, %s)", [org, held(6)]))
    session.execute("UPDATE booking.appointments SET expires_at = now() - interval '1 hour' WHERE id = %s", [held(7)])
    assert_booked(one(session, "SELECT booking.book_series_atomic(%s, 'Bo', NULL, %s, 'x', %s)",
                      [org, new_phone(), [future(8), future(9)]]))
    erased = new_phone()
    clinic.book(future(10), phone=erased)
    assert_booked(one(session, "SELECT booking.erase_contact(%s, %s)", [org, erased]))
    return held(11)


def rows(session: psycopg.Connection) -> dict[str, list[str]]:
    """Every row of every table, to the last column but the transaction that wrote it, which is another one in each database."""
    tables = [name for (name,) in session.execute(TABLES)]
    found = {
        table: [row for (row,) in session.execute(f"SELECT (to_jsonb(t) - 'tx')::text FROM booking.{table} AS t ORDER BY 1")]
        for table in tables
    }
    assert all(found.values()), "a table is empty"
    return found


def settings(session: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """The settings of roles and of the database."""
    return session.execute(SETTINGS).fetchall()
