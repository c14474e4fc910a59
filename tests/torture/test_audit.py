"""The audit itself: whatever is changed behind the backs of the clients, a row lost, a row too many, it sees. Or no test here would
prove anything."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from audit import audit
from clients import Storm
from clinic import Clinic, connect
from databases import database_with_extension
from scene import Scene
from server import Server

ANSWERS = 250
ONE = "(SELECT min(id::text)::uuid FROM booking.{} WHERE org_id = %(org)s AND {})"
CONFIRMED = ONE.format("appointments", "status = 'confirmed'")
# The small room has no second seat: nobody is in the way of whoever is put there.
IN_LARGE_ROOM = ONE.format("appointments", "status = 'confirmed' AND resource_id IN (SELECT id FROM booking.resources WHERE capacity = 2)")
HELD = ONE.format("appointments", "status = 'held'")
EVENT = "DELETE FROM booking.events WHERE id = " + ONE.format("events", "kind = '{}'")
JOB = "DELETE FROM booking.outbox WHERE id = " + ONE.format("outbox", "kind = '{}' AND state = '{}'")

# As a crash, a race or a forgotten statement would leave it.
DAMAGES = {
    "a hold is lost": f"DELETE FROM booking.appointments WHERE id = {HELD}",
    "a booking is lost with all that it has": f"""
        WITH lost AS (DELETE FROM booking.appointments WHERE id = {CONFIRMED} RETURNING id, contact_id),
            jobs AS (DELETE FROM booking.outbox WHERE appointment_id IN (SELECT id FROM lost))
        DELETE FROM booking.contacts WHERE id IN (SELECT contact_id FROM lost)""",
    "a booking at another time": f"""
        UPDATE booking.appointments SET starts_at = starts_at + interval '1 year', ends_at = ends_at + interval '1 year',
            blocked = tstzrange(lower(blocked) + interval '1 year', upper(blocked) + interval '1 year') WHERE id = {CONFIRMED}""",
    "a cancel is lost": f"""
        UPDATE booking.appointments SET status = 'completed' WHERE id = {ONE.format("appointments", "status = 'cancelled' AND contact_id IS NOT NULL")}""",
    "a cancel that nobody asked for": f"UPDATE booking.appointments SET status = 'cancelled' WHERE id = {CONFIRMED}",
    "a booking that nobody asked for": f"""
        INSERT INTO booking.appointments (org_id, id, resource_id, contact_id, patient_name, service_type, starts_at, ends_at, blocked)
        SELECT org_id, gen_random_uuid(), resource_id, contact_id, patient_name, service_type, starts_at + interval '1 year',
            ends_at + interval '1 year', tstzrange(lower(blocked) + interval '1 year', upper(blocked) + interval '1 year')
        FROM booking.appointments WHERE id = {CONFIRMED}""",
    "a hold that nobody asked for": f"""
        INSERT INTO booking.appointments (org_id, id, resource_id, service_type, starts_at, ends_at, blocked, status, expires_at)
        SELECT org_id, gen_random_uuid(), resource_id, service_type, starts_at + interval '1 year', ends_at + interval '1 year',
            tstzrange(lower(blocked) + interval '1 year', upper(blocked) + interval '1 year'), 'held', now() + interval '1 day'
        FROM booking.appointments WHERE id = {CONFIRMED}""",
    "an appointment on another resource": f"""
        UPDATE booking.appointments AS a SET resource_id = r.id, seat = 2 FROM booking.resources AS r
        WHERE a.id = {IN_LARGE_ROOM} AND r.org_id = a.org_id AND r.id <> a.resource_id""",
    "a contact without a booking": """
        INSERT INTO booking.contacts (org_id, id, phone, name, email) VALUES (%(org)s, gen_random_uuid(), '+14155550999', 'Bo', 'bo@x.org')""",
    "a confirmation is lost": JOB.format("confirmation", "available"),
    "a reminder is lost": JOB.format("reminder", "available"),
    "a withdrawn reminder is lost": JOB.format("reminder", "cancelled"),
    "an event is lost": JOB.format("calendar", "available"),
    "a reminder at another time": f"""
        UPDATE booking.outbox SET run_at = run_at + interval '1 minute' WHERE id = {ONE.format("outbox", "kind = 'reminder' AND state = 'available'")}""",
    "a job twice": f"""
        INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
        SELECT org_id, gen_random_uuid(), kind, appointment_id, run_at, deadline FROM booking.outbox
        WHERE id = {ONE.format("outbox", "kind = 'confirmation'")}""",
    "a job of nobody": """
        INSERT INTO booking.outbox (org_id, id, kind, appointment_id, deadline)
        VALUES (%(org)s, gen_random_uuid(), 'confirmation', gen_random_uuid(), now() + interval '1 day')""",
    "a key is lost": """
        DELETE FROM booking.idempotency_keys WHERE org_id = %(org)s
            AND key = (SELECT min(key) FROM booking.idempotency_keys WHERE org_id = %(org)s)""",
    "a key that answers something else": """
        UPDATE booking.idempotency_keys AS k SET response = o.response FROM booking.idempotency_keys AS o
        WHERE k.org_id = %(org)s AND k.key = (SELECT min(key) FROM booking.idempotency_keys WHERE org_id = %(org)s)
          AND o.org_id = k.org_id AND o.key <> k.key""",
    "a booking is not on record": EVENT.format("booked"),
    "a hold is not on record": EVENT.format("held"),
    "a move is not on record": EVENT.format("moved"),
    "a cancel is on record twice": f"""
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT org_id, gen_random_uuid(), kind, appointment_id, detail FROM booking.events
        WHERE id = {ONE.format("events", "kind = 'cancelled'")}""",
    "a cancel on record that never was": f"""
        INSERT INTO booking.events (org_id, id, kind, appointment_id) VALUES (%(org)s, gen_random_uuid(), 'cancelled', {CONFIRMED})""",
    "the constraint is gone": "ALTER TABLE booking.appointments DROP CONSTRAINT appointments_never_overlap",
    "a lock is left": "SELECT pg_advisory_xact_lock(1)",
}


@pytest.fixture(scope="module")
def stormed(server: Server, seed: int) -> Iterator[Scene]:
    """After a storm in which nothing was lost."""
    with database_with_extension(server.start().dsn()) as dsn:
        scene = Scene.open(dsn)
        with Storm(scene.arrive(seed)) as storm:
            storm.wait_for(ANSWERS)
        scene.settle_and_audit()
        yield scene


def audited(scene: Scene, admin: psycopg.Connection) -> None:
    audit(Clinic(scene.dsn, admin, scene.org_id), [client.ledger for client in scene.clients], scene.capacities)


def test_it_sees_nothing_where_nothing_is(stormed: Scene):
    with connect(stormed.dsn) as admin, admin.transaction(force_rollback=True):
        audited(stormed, admin)


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_sees_when(stormed: Scene, damage: str):
    with connect(stormed.dsn) as admin, admin.transaction(force_rollback=True):
        done = admin.execute(DAMAGES[damage], {"org": stormed.org_id})
        assert done.rowcount != 0, "nothing was damaged"
        with pytest.raises(AssertionError):
            audited(stormed, admin)
