"""Many couriers at once, one organization with a mountain of messages, and couriers that vanish."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, connect, future, one
from databases import database_with_extension

# Couriers take the messages of everybody: they get databases of their own, which takes a superuser.
pytestmark = pytest.mark.superuser

CLAIM = "SELECT org_id::text, job_id::text, lease, is_unsure FROM booking.claim_messages(%s, %s, 3600)"
STATES = "SELECT state, count(*) FROM booking.outbox GROUP BY state"

# What bookings would have written.
MOUNTAIN = """
    INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
    SELECT %s, gen_random_uuid(), 'confirmation', %s, now() - interval '1 hour' + n * interval '1 ms', %s
    FROM generate_series(1, %s) AS n"""


@pytest.fixture
def desk(admin_dsn: str):
    """A session in a database of its own."""
    with database_with_extension(admin_dsn) as dsn, connect(dsn) as session:
        yield session


def clinic_with_messages(session: psycopg.Connection, bookings: int) -> Clinic:
    clinic = Clinic.open(session.info.dsn, session)
    clinic.open_account("twilio")
    session.execute("SELECT booking.set_messaging(%s, true, '{}')", [clinic.org_id])
    for number in range(bookings):
        assert_booked(clinic.book(future() + timedelta(hours=number)))
    return clinic


def test_ten_thousand_messages_of_one_organization_do_not_delay_the_one_of_another(desk: psycopg.Connection):
    busy, quiet = clinic_with_messages(desk, 1), clinic_with_messages(desk, 1)
    appointment = busy.appointments()[0]
    desk.execute(MOUNTAIN, [busy.org_id, appointment["id"], appointment["starts_at"], 10_000])
    claimed = Counter(org for org, *_ in desk.execute(CLAIM, ["courier", 10]))
    # They have waited for an hour already; the other one has just come.
    assert claimed == {busy.org_id: 9, quiet.org_id: 1}


def test_every_organization_has_its_turn_where_there_are_more_than_a_claim_takes(desk: psycopg.Connection):
    clinics = [clinic_with_messages(desk, 2) for _ in range(6)]
    everybody = {clinic.org_id for clinic in clinics}
    first, second, third = ([org for org, *_ in desk.execute(CLAIM, ["courier", 4])] for _ in range(3))
    # Two claims of four are enough for six to have had one each, whatever chance decides.
    assert len(set(first)) == 4
    assert set(first) | set(second) == everybody
    assert Counter(first + second + third) == dict.fromkeys(everybody, 2)


@pytest.mark.parametrize("couriers", [2, 8])
def test_couriers_that_claim_at_once_never_have_the_same_message(desk: psycopg.Connection, admin_dsn: str, couriers: int):
    dsn = psycopg.conninfo.make_conninfo(admin_dsn, dbname=desk.info.dbname)
    for _ in range(4):
        clinic_with_messages(desk, 30)
    together = threading.Barrier(couriers)

    def work(name: str) -> list[str]:
        taken: list[str] = []
        with connect(dsn) as session:
            together.wait(60)
            # A claim may find everything that is due in other hands, and more to come.
            while one(session, "SELECT count(*) FROM booking.outbox WHERE state = 'available'"):
                for org, job, lease, is_unsure in session.execute(CLAIM, [name, 7]).fetchall():
                    assert is_unsure is False
                    assert one(session, "SELECT booking.finish_message(%s, %s, %s, %s)", [org, job, lease, f"SM{job}"])
                    taken.append(job)
        return taken

    with ThreadPoolExecutor(couriers) as pool:
        done = [job for jobs in pool.map(work, [f"courier {number}" for number in range(couriers)]) for job in jobs]
    assert len(done) == len(set(done)) == 120
    assert dict(desk.execute(STATES).fetchall()) == {"succeeded": 120}


@pytest.mark.parametrize("seed", range(5))
def test_couriers_that_vanish_lose_nothing_and_leave_a_mark(desk: psycopg.Connection, admin_dsn: str, seed: int):
    """Each courier dies after some of its work, claimed and not reported; its leases end; the next one goes on."""
    dsn, chance = psycopg.conninfo.make_conninfo(admin_dsn, dbname=desk.info.dbname), Random(seed)
    clinic_with_messages(desk, 12)
    open_ones: set[str] = set()
    leases: dict[str, int] = {}
    for number in range(200):
        with connect(dsn) as courier:
            claimed = courier.execute(CLAIM, [f"courier {number}", chance.randint(1, 5)]).fetchall()
            for org, job, lease, is_unsure in claimed:
                # It was begun before exactly if somebody has vanished with it, and the lease is a newer one.
                assert is_unsure is (job in open_ones), (job, number)
                assert lease > leases.get(job, 0)
                leases[job] = lease
                if chance.random() < 0.5:
                    open_ones.add(job)
                    continue
                assert one(courier, "SELECT booking.finish_message(%s, %s, %s, 'SM' || %s)", [org, job, lease, job])
                # Who comes late with the lease before changes nothing.
                assert one(courier, "SELECT booking.finish_message(%s, %s, %s, 'late')", [org, job, lease - 1]) is False
        desk.execute("UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE state = 'running'")
        if dict(desk.execute(STATES).fetchall()) == {"succeeded": 12}:
            break
    assert dict(desk.execute(STATES).fetchall()) == {"succeeded": 12}
    assert one(desk, "SELECT count(DISTINCT provider_sid) FROM booking.messages WHERE status = 'queued'") == 12


def test_what_is_rolled_back_is_not_said(desk: psycopg.Connection):
    clinic = clinic_with_messages(desk, 0)
    with desk.transaction(force_rollback=True):
        assert_booked(one(desk, BOOK, clinic.request(future())))
        assert dict(desk.execute(STATES).fetchall()) == {"available": 1}
    assert desk.execute(STATES).fetchall() == []
    assert desk.execute(CLAIM, ["courier", 10]).fetchall() == []
