"""Clients behind a pool in transaction mode, more of them than it has sessions: whose turn comes next is nobody's affair."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random

import psycopg
import pytest
from clients import Storm
from clinic import BOOK, Clinic, assert_booked, connect, future, one, request
from pooler import Pooler, pooling
from psycopg import sql
from scene import Scene
from tenants import belongs_to, forget

SIZE = 4
CLIENTS_OF_A_TENANT = 8
ANSWERS = 800
CALLS_OF_A_TENANT = 40
BACKEND, TENANTS, AUTHENTICATOR = "booking_pooled", ["booking_pooled_a", "booking_pooled_b"], "authenticator"
ROLES = [BACKEND, *TENANTS, AUTHENTICATOR]

SESSIONS_OF = "SELECT usename, count(*) FROM pg_stat_activity WHERE usename = ANY (%s) GROUP BY usename"
ORGANIZATION = "SELECT booking.current_org_id()::text"
# What a tenant sees of every table that has an organization's rows.
SEEN = "SELECT array_agg(DISTINCT org_id::text) FROM booking.{}"
TABLES = ["organizations", "resources", "appointments", "contacts", "outbox", "idempotency_keys"]


@pytest.fixture
def pooler(scene: Scene) -> Iterator[Pooler]:
    """For a backend of all organizations, a tenant of the scene's and one of another, and PostgREST's role."""
    with connect(scene.dsn) as admin:
        for role in ROLES:
            forget(admin, role)
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            admin.execute("SELECT booking.grant_backend(%s)", [role])
        admin.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(BACKEND)))
    try:
        with pooling(scene.dsn, ROLES, SIZE) as pooler:
            yield pooler
    finally:
        with connect(scene.dsn) as admin:
            for role in ROLES:
                forget(admin, role)


@pytest.fixture
def organizations(scene: Scene) -> dict[str, str]:
    """Of each tenant its own."""
    with connect(scene.dsn) as admin:
        return dict(zip(TENANTS, [scene.org_id, Clinic.open(scene.dsn, admin).org_id], strict=True))


def sessions(scene: Scene) -> dict[str, int]:
    with connect(scene.dsn) as admin:
        return dict(admin.execute(SESSIONS_OF, [ROLES]).fetchall())


def test_a_storm_through_a_pool_is_answered_as_without_it(
    scene: Scene, pooler: Pooler, seed: int, rounds: int, say: Callable[[str], None]
):
    clients = scene.arrive(seed, connect=lambda: pooler.connect(BACKEND))
    for number in range(1, rounds + 1):
        with Storm(clients) as storm:
            storm.wait_for(ANSWERS)
            shared = sessions(scene)[BACKEND]
        assert shared <= SIZE < len(clients)
        found = scene.settle_and_audit(but=BACKEND)
        say(f"round {number} of {rounds}: {storm.answers} answers to {len(clients)} clients by {shared} sessions; {found}")


class Tenant:
    """One client of an organization, who now and then tries to be of another."""

    def __init__(self, pooler: Pooler, role: str, own: str, other: str, chance: Random) -> None:
        self.pooler, self.role, self.own, self.other, self.chance = pooler, role, own, other, chance
        self.backends: set[int] = set()

    def work(self, together: threading.Barrier) -> None:
        with self.pooler.connect(self.role) as session:
            together.wait(60)
            for number in range(CALLS_OF_A_TENANT):
                self.chance.choice([self.claim, self.set, self.book_there, self.book_here])(session)
                self.look(session)

    def look(self, session: psycopg.Connection) -> None:
        """All of it is ours, in whatever session we have come."""
        with session.transaction():
            self.backends.add(one(session, "SELECT pg_backend_pid()"))
            assert one(session, ORGANIZATION) == self.own
            for table in TABLES:
                assert one(session, SEEN.format(table)) in (None, [self.own]), table

    def claim(self, session: psycopg.Connection) -> None:
        """As PostgREST says it; only its own role is believed. It stays in the session, for whoever comes next."""
        session.execute("SELECT set_config('request.jwt.claims', %s, false)", [json.dumps({"org_id": self.other})])

    def set(self, session: psycopg.Connection) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(sql.SQL("SET booking.org_id = {}").format(sql.Literal(self.other)))

    def book_there(self, session: psycopg.Connection) -> None:
        assert one(session, BOOK, request(self.other, self._time()))["error"] == "org_not_found"

    def book_here(self, session: psycopg.Connection) -> None:
        answer = one(session, BOOK, request(self.own, self._time()))
        assert answer["success"] or answer["error"] == "slot_unavailable", answer

    def _time(self) -> datetime:
        return future(self.chance.randrange(20, 60), self.chance.randrange(24))


class Request(Tenant):
    """One of PostgREST's: a transaction with claims of its own, as somebody of either organization."""

    def look(self, session: psycopg.Connection) -> None:
        wanted = self.chance.choice([self.own, self.other, None])
        with session.transaction():
            self.backends.add(one(session, "SELECT pg_backend_pid()"))
            # Nobody's claims are left.
            assert one(session, ORGANIZATION) is None
            if wanted:
                one(session, "SELECT set_config('request.jwt.claims', %s, true)", [json.dumps({"org_id": wanted})])
            assert one(session, ORGANIZATION) == wanted
            for table in TABLES:
                assert one(session, SEEN.format(table)) in (None, [wanted]), table

    def claim(self, session: psycopg.Connection) -> None:
        """It never says anything for longer than its transaction."""

    def book_here(self, session: psycopg.Connection) -> None:
        self.book_there(session)


def test_the_organization_of_a_pools_user_does_not_pass_to_the_next(
    scene: Scene, pooler: Pooler, organizations: dict[str, str], seed: int, say: Callable[[str], None]
):
    with connect(scene.dsn) as admin:
        for role, org in organizations.items():
            belongs_to(admin, role, org)
    first, second = organizations.values()
    chance = Random(f"{seed} tenants")
    kinds = [(Tenant, TENANTS[0], first, second), (Tenant, TENANTS[1], second, first), (Request, AUTHENTICATOR, first, second)]
    tenants = [
        kind(pooler, role, own, other, Random(chance.random()))
        for kind, role, own, other in kinds for _ in range(CLIENTS_OF_A_TENANT)
    ]
    together = threading.Barrier(len(tenants))
    with ThreadPoolExecutor(len(tenants)) as pool:
        for working in [pool.submit(tenant.work, together) for tenant in tenants]:
            working.result()
    used = {role: set().union(*(tenant.backends for tenant in tenants if tenant.role == role)) for _, role, _, _ in kinds}
    assert all(len(backends) <= SIZE < CLIENTS_OF_A_TENANT for backends in used.values()), used
    for role, org in organizations.items():
        with pooler.connect(role) as session:
            assert_booked(one(session, BOOK, request(org, future(100))))
    say(f"{len(tenants)} clients of 2 organizations took {sum(map(len, used.values()))} sessions in turn, "
        f"{len(tenants) * CALLS_OF_A_TENANT} times; nobody saw the other's")
