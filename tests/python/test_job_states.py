"""The state machine of a job: each change in the list of core/ is made, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from clinic import Clinic, assert_booked, connect, future, one
from databases import database_with_extension

# It puts a trigger on a table, and couriers take the messages of everybody.
pytestmark = pytest.mark.superuser

LISTED = Path(__file__).resolve().parents[2] / "core/src/outbox/mod.rs"

WATCH = """
    CREATE TABLE public.changes (was text, became text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        -- What a claim takes from whoever had it stays running, under another lease.
        IF (OLD.state, OLD.lease) IS DISTINCT FROM (NEW.state, NEW.lease) THEN
            INSERT INTO public.changes VALUES (OLD.state, NEW.state);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER note AFTER UPDATE ON booking.outbox FOR EACH ROW EXECUTE FUNCTION note()"""

CLAIM = "SELECT job_id, lease FROM booking.claim_messages('courier', 100)"
DUE = "UPDATE booking.outbox SET run_at = now() WHERE state = 'retryable'"


def listed() -> set[tuple[str, str]]:
    text = re.search(r"pub const CHANGES: .*?= \[(.*?)\n\];", LISTED.read_text(), re.DOTALL)[1]
    return {(was.lower(), became.lower()) for was, became in re.findall(r"\((\w+), (\w+)\)", text)}


class Desk:
    """A clinic with an account, and a courier at it."""

    def __init__(self, session: psycopg.Connection) -> None:
        self.session = session
        self.clinic = Clinic.open(session.info.dsn, session)
        self.clinic.open_account("twilio")
        self.days = iter(range(100, 400))
        session.execute("SELECT booking.set_messaging(%s, true, '{}')", [self.clinic.org_id])

    def book(self) -> str:
        booked = self.clinic.book(future(next(self.days)))
        assert_booked(booked)
        return booked["appointmentId"]

    def claim(self) -> tuple[str, int]:
        (claimed,) = self.session.execute(CLAIM).fetchall()
        return claimed

    def fail(self, outcome: str, claimed: tuple[str, int] | None = None) -> str:
        return one(self.session, "SELECT booking.fail_job(%s, %s, %s, 'no', %s)", [self.clinic.org_id, *(claimed or self.claim()), outcome])

    def finish(self, sid: str) -> None:
        assert one(self.session, "SELECT booking.finish_message(%s, %s, %s, %s)", [self.clinic.org_id, *self.claim(), sid])

    def tell(self, sid: str, code: str) -> None:
        assert one(self.session, "SELECT booking.message_status(%s, %s, 'undelivered', %s)", [self.clinic.org_id, sid, code])

    def change(self, function: str, job: str) -> None:
        assert one(self.session, f"SELECT booking.{function}(%s, %s)", [self.clinic.org_id, job])

    def cancel(self, appointment: str) -> None:
        assert_booked(one(self.session, "SELECT booking.cancel_appointment(%s, %s)", [self.clinic.org_id, appointment]))


@pytest.fixture
def desk(admin_dsn: str) -> Iterator[Desk]:
    with database_with_extension(admin_dsn) as dsn, connect(dsn) as session:
        desk = Desk(session)
        session.execute(WATCH)
        yield desk


def test_every_change_in_the_list_is_made_and_no_other(desk: Desk):
    session = desk.session
    # Withdrawn before anybody has claimed it; requeued, and refused; requeued, and sent.
    desk.book()
    job = one(session, "SELECT id FROM booking.outbox")
    desk.change("cancel_job", job)
    desk.change("requeue_job", job)
    assert desk.fail("refused") == "discarded"
    desk.change("requeue_job", job)
    desk.finish("SM1")
    # Not delivered: once more, and then no more.
    desk.tell("SM1", "30003")
    session.execute(DUE)
    desk.finish("SM2")
    desk.tell("SM2", "30003")
    # Tried again, and withdrawn while it waits.
    appointment = desk.book()
    assert desk.fail("not_done") == "retryable"
    desk.cancel(appointment)
    desk.finish("SM3")
    # Its courier vanishes, and another one comes.
    desk.book()
    desk.claim()
    session.execute("UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE state = 'running'")
    desk.finish("SM4")
    # Somebody holds the account.
    desk.book()
    with desk.clinic.connect(autocommit=False) as other:
        other.execute("SELECT FROM booking.integrations FOR UPDATE")
        assert session.execute(CLAIM).fetchall() == []
    session.execute("UPDATE booking.outbox SET run_at = now() WHERE state = 'available'")
    desk.finish("SM5")
    # It is not true any more when it is claimed.
    session.execute("UPDATE booking.appointments SET starts_at = starts_at + interval '1 minute' WHERE id = %s", [desk.book()])
    assert session.execute(CLAIM).fetchall() == []
    made = set(session.execute("SELECT DISTINCT was, became FROM public.changes").fetchall())
    assert (made - listed(), listed() - made) == (set(), set())
