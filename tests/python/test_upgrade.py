"""From each release to this version: what comes out is what a new installation has, no row is lost, and bookings go on."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from catalog import catalog, differences
from clinic import BOOK, Clinic, assert_booked, connect, future, new_phone, one
from databases import database_with_extension
from sessions import book_and_wait_for, second_session
from tenants import belongs_to, log_in, roles_of_each_kind
from victim import Victim

# They make databases, which takes a superuser.
pytestmark = pytest.mark.superuser

TREE = Path(__file__).resolve().parents[2]
RELEASES = sorted(script.stem.removeprefix("pg_booking--") for script in (TREE / "sql/released").glob("*.sql"))
UPDATE = "ALTER EXTENSION pg_booking UPDATE"
VERSION = "SELECT extversion FROM pg_extension WHERE extname = 'pg_booking'"


@pytest.fixture(params=RELEASES)
def old(request: pytest.FixtureRequest, admin_dsn: str) -> Iterator[str]:
    """A database with a released version of the extension."""
    with database_with_extension(admin_dsn, request.param) as dsn:
        yield dsn


@pytest.fixture
def session(old: str) -> Iterator[psycopg.Connection]:
    with connect(old) as session:
        yield session


def test_an_upgraded_extension_is_what_a_new_one_is(admin_dsn: str, session: psycopg.Connection):
    before = one(session, VERSION)
    session.execute(UPDATE)
    with database_with_extension(admin_dsn) as fresh, connect(fresh) as other:
        assert one(session, VERSION) == one(other, VERSION) != before
        assert differences(catalog(session), catalog(other)) == []


def test_an_object_that_is_not_the_same_is_noticed(session: psycopg.Connection):
    """The comparison can fail, in each of its aspects."""
    as_it_was = catalog(session)
    for change, aspect in [
        ("ALTER TABLE booking.contacts ADD COLUMN extra text", "columns"),
        ("ALTER TABLE booking.contacts ALTER COLUMN name SET STATISTICS 7", "columns"),
        ("ALTER TABLE booking.contacts DROP CONSTRAINT contacts_phone_check", "constraints"),
        ("DROP INDEX booking.appointments_only_held", "indexes"),
        ("ALTER POLICY contacts_of_tenant ON booking.contacts USING (true)", "policies"),
        ("ALTER TABLE booking.contacts FORCE ROW LEVEL SECURITY", "tables"),
        ("ALTER FUNCTION booking.health() COST 7", "functions"),
        ("CREATE OR REPLACE FUNCTION booking.grant_worker(p_role regrole) RETURNS void LANGUAGE sql AS ''", "functions"),
        ("GRANT SELECT ON booking.contacts TO PUBLIC", "table rights"),
        ("REVOKE ALL ON FUNCTION booking.health() FROM PUBLIC", "function rights"),
        ("REVOKE USAGE ON SCHEMA booking FROM PUBLIC", "schema rights"),
        ("COMMENT ON COLUMN booking.contacts.phone IS 'other'", "comments"),
        ("CREATE TRIGGER t BEFORE UPDATE ON booking.contacts FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
         "triggers"),
        ("ALTER EXTENSION pg_booking DROP FUNCTION booking.health()", "members"),
        ("UPDATE pg_extension SET extcondition[1] = 'WHERE false' WHERE extname = 'pg_booking'", "dumped tables"),
        ("CREATE TYPE booking.kind AS ENUM ('a')", "types"),
    ]:
        with session.transaction(force_rollback=True):
            session.execute(change)
            assert any(found.startswith(f"{aspect}: ") for found in differences(as_it_was, catalog(session))), change


def test_every_row_and_every_right_is_there_afterwards(old: str, session: psycopg.Connection):
    victim, other = Victim.open(old, session), Clinic.open(old, session)
    other.book(future(), key="k")
    with roles_of_each_kind(old) as roles:
        rows, others, rights = victim.rows(), everything_of(other), catalog(session)["table rights"]
        assert any("booking_test_member" in right for right in rights.values())
        session.execute(UPDATE)
        # New tables are empty.
        assert victim.rows() == rows | {table: [] for table in victim.rows() if table not in rows}
        assert everything_of(other) == others
        assert catalog(session)["table rights"].items() >= rights.items()
        # What is new is given by another call.
        session.execute("SELECT booking.grant_backend(%s)", [roles["backend"]])
        belongs_to(session, roles["backend"], other.org_id)
        with log_in(old, roles["backend"]) as backend:
            backend.execute("SELECT booking.update_resource(%s, %s, p_capacity => 2)", [other.org_id, other.first_resource()])
            assert_booked(one(backend, BOOK, other.request(future())))


def everything_of(clinic: Clinic) -> list[object]:
    return [clinic.appointments(), clinic.contacts(), clinic.keys()]


def test_bookings_go_on_before_during_and_after(old: str, session: psycopg.Connection):
    clinic, phone = Clinic.open(old, session), new_phone()
    early, later = future(100), future(101)
    # The new library serves the schema as it was.
    first = clinic.book(early, phone=phone, key="first")
    assert_booked(first)
    assert clinic.book(early)["error"] == "slot_unavailable"
    # A booking that comes in the middle of the upgrade waits for it, and is made, in a session that knew the old version.
    with clinic.connect(autocommit=False) as dba, second_session(clinic) as (caller, thread):
        assert_booked(clinic.book(future(102), caller))
        dba.execute(UPDATE)
        waiting = book_and_wait_for(clinic, caller, thread, dba, at=later)
        dba.commit()
        assert_booked(waiting.result())
        assert clinic.book(later, caller)["error"] == "slot_unavailable"
    # The first is still there, and its key is still known.
    assert clinic.book(early)["error"] == "slot_unavailable"
    assert clinic.book(early, phone=phone, key="first") == first | {"replayed": True}
    assert_booked(clinic.book(future(103)))
    moved = one(session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)",
                [clinic.org_id, first["appointmentId"], future(104)])
    assert_booked(moved)
    assert len(clinic.appointments()) == 4
    assert one(session, "SELECT booking.health()")["healthy"] is True


def test_the_new_library_serves_the_old_schema(old: str, session: psycopg.Connection):
    """Every function that a release has works between the installation of the files and the upgrade."""
    clinic, phone = Clinic.open(old, session), new_phone()
    org = [clinic.org_id]
    booked = clinic.book(future(), phone=phone)
    assert booked["smsStatus"] == "not_configured"
    held = one(session, "SELECT booking.hold_slot(%s, 'x', %s)", [*org, future(1)])["holdId"]
    for statement, parameters in [
        ("SELECT booking.confirm_hold(%s, %s, 'Ann', NULL, %s)", [held, phone]),
        ("SELECT booking.reschedule_appointment_atomic(%s, %s, %s)", [held, future(2)]),
        ("SELECT booking.book_series_atomic(%s, 'Ann', NULL, %s, 'x', %s)", [phone, [future(3), future(4)]]),
        ("SELECT booking.appointment_status(%s, %s)", [held]),
        ("SELECT booking.set_appointment_status(%s, %s, 'completed')", [held]),
        ("SELECT booking.cancel_appointment(%s, %s)", [booked["appointmentId"]]),
        ("SELECT booking.check_availability(%s, 'tomorrow')", []),
        ("SELECT booking.erase_contact(%s, %s)", [phone]),
        ("SELECT booking.clean_organization(%s, 'Test clinic')", []),
    ]:
        assert_booked(one(session, statement, [*org, *parameters]))
    assert_booked(one(session, "SELECT booking.purge(interval '30 days')"))
    health = one(session, "SELECT booking.health()")
    assert (health["healthy"], health["outbox"], health["schemaVersion"]) == (True, None, one(session, VERSION))


def test_an_upgrade_that_is_rolled_back_leaves_the_old_version_at_work(old: str, session: psycopg.Connection):
    clinic, as_it_was, version = Clinic.open(old, session), catalog(session), one(session, VERSION)
    with session.transaction(force_rollback=True):
        session.execute(UPDATE)
        assert_booked(clinic.book(future()))
    assert (one(session, VERSION), catalog(session)) == (version, as_it_was)
    assert_booked(clinic.book(future()))


def test_every_release_leads_to_this_version(admin: psycopg.Connection):
    current = one(admin, VERSION)
    paths = dict(admin.execute(
        "SELECT source, path FROM pg_extension_update_paths('pg_booking') WHERE target = %s", [current]).fetchall())
    assert all(paths[release] for release in RELEASES)


@pytest.mark.parametrize("script", ["released/pg_booking--0.1.0.sql", "pg_booking--0.1.0--0.2.0.sql"])
@pytest.mark.parametrize("change", ["edited", "removed"])
def test_a_released_script_that_is_touched_is_noticed(tmp_path: Path, script: str, change: str):
    for part in ["sql", "scripts", "Cargo.toml", "pgrx.toml", "pg_booking.control"]:
        copy = shutil.copytree if (TREE / part).is_dir() else shutil.copy
        copy(TREE / part, tmp_path / part)
    touched = tmp_path / "sql" / script
    is_released = script in (tmp_path / "sql/released/SHA256SUMS").read_text(encoding="utf-8")
    if change == "edited":
        touched.write_text(touched.read_text(encoding="utf-8") + "-- A harmless remark.\n", encoding="utf-8")
    else:
        touched.unlink()
    assert check_released(TREE) == 0
    # The upgrade to the version that is being worked on may be edited; it must be there.
    assert (check_released(tmp_path) == 0) == (change == "edited" and not is_released)


def check_released(tree: Path) -> int:
    return subprocess.run([tree / "scripts/check-released.sh"], capture_output=True, check=False).returncode
