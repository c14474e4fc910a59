"""Patients, their voice agent and a courier at work for as long as it takes, with a purge after each cycle: what is cleared away leaves room for what
comes, so that only history grows, and no more than by its rows.

BOOKING_SOAK_SECONDS says how long patients are at work in all; without it there is no such test. `make torture` says 600."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from asides import LOOKS, TALKS
from clients import Storm
from clinic import connect, one
from courier import Courier
from processes import wait_until
from psycopg.conninfo import make_conninfo
from scene import Scene
from tenants import forget

SECONDS = int(os.environ.get("BOOKING_SOAK_SECONDS", "0"))
CYCLES = 10
# The largest size after the first of them is what the later ones are compared with.
GROWN_UP = 3
# Few, so that the calendar is soon as full as it will be.
DAYS = range(60, 65)
CLIENTS = 4
WORKER = Path(__file__).resolve().parents[2] / "target" / "release" / "booking-worker"
ROLE = "booking_torture_courier"
DRAINING = 300.0

# What purge clears, and by which factor it may be larger than it was; and what stays as history, of which that is said of a row.
CLEARED = {"outbox": 2.0, "idempotency_keys": 2.0, "events": 2.0, "call_messages": 2.0, "follow_ups": 2.0}
HISTORY = {"appointments": 1.5, "contacts": 1.5, "messages": 1.5, "calendar_events": 1.5, "call_logs": 1.5}
# Autovacuum as it is delivered comes when a fifth of a table and 50 rows are dead.
DEAD, DEAD_ROWS = 0.3, 200

UNDER_WAY = """
    SELECT count(*) FROM booking.outbox WHERE state = 'running' OR (state IN ('available', 'retryable') AND run_at <= now())"""
SIZE = "SELECT pg_total_relation_size('booking.{0}'), count(*) FROM booking.{0}"
DEAD_OF = "SELECT n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE relid = 'booking.{}'::regclass"
FINISHED = "SELECT count(*) FROM booking.outbox WHERE finished_at IS NOT NULL OR run_at <= now()"

pytestmark = pytest.mark.skipif(SECONDS == 0, reason="BOOKING_SOAK_SECONDS is not set")


@pytest.fixture
def courier(scene: Scene) -> Iterator[Courier]:
    """A dry run: it does every job, and sends nothing."""
    with connect(scene.dsn) as admin:
        forget(admin, ROLE)
        admin.execute(f"CREATE ROLE {ROLE} LOGIN BYPASSRLS")
        admin.execute("SELECT booking.grant_worker(%s)", [ROLE])
    env = {"BOOKING_DATABASE_URL": make_conninfo(scene.dsn, user=ROLE), "BOOKING_LISTEN": "127.0.0.1:0", "RUST_LOG": "warn",
           "BOOKING_POLL_MS": "20", "BOOKING_CONCURRENCY": "64"}
    with Courier(WORKER, "torture-bloat", ["--dry-run"], env) as courier:
        yield courier
    with connect(scene.dsn) as admin:
        forget(admin, ROLE)


def purge_all(admin: psycopg.Connection, courier: Courier) -> None:
    """As every night, when everything that was due is done. All that is finished is old enough."""
    courier.wait_until(lambda: one(admin, UNDER_WAY) == 0, "everything that is due to be done", DRAINING)
    answer = one(admin, "SELECT booking.purge(interval '1 microsecond')")
    assert answer["success"] is True and answer["jobs"] > 0, answer


def assert_is_vacuumed(admin: psycopg.Connection) -> None:
    """Nobody has to do it by hand."""

    def is_vacuumed(table: str) -> bool:
        dead, live = admin.execute(DEAD_OF.format(table)).fetchone()
        return dead <= DEAD * live + DEAD_ROWS

    for table in [*CLEARED, *HISTORY]:
        wait_until(lambda table=table: is_vacuumed(table), f"autovacuum of {table}", 60.0)


def sizes(admin: psycopg.Connection) -> dict[str, float]:
    """In bytes; of history, per row."""
    found = {}
    for table in [*CLEARED, *HISTORY]:
        size, rows = admin.execute(SIZE.format(table)).fetchone()
        found[table] = size / max(1, rows) if table in HISTORY else size
    return found


def test_what_is_purged_leaves_room_and_only_history_grows(
    scene: Scene, courier: Courier, seed: int, say: Callable[[str], None]
):
    clients, sampled = scene.arrive(seed, count=CLIENTS, days=DAYS, asides=LOOKS + TALKS), []
    for cycle in range(1, CYCLES + 1):
        with Storm(clients) as storm:
            ends = time.monotonic() + SECONDS / CYCLES
            wait_until(lambda storm=storm, ends=ends: storm.has_all() and time.monotonic() > ends, "the cycle to end", 2.0 * SECONDS)
        for client in clients:
            client.ledger.forget_what_is_over()
        with connect(scene.dsn) as admin:
            purge_all(admin, courier)
            assert_is_vacuumed(admin)
            sampled.append(sizes(admin))
            left = one(admin, FINISHED)
            health = one(admin, "SELECT booking.health()")
        show = ", ".join(f"{table} {size / 1024:.0f} kB" if table in CLEARED else f"{table} {size:.0f} B a row"
                         for table, size in sampled[-1].items())
        say(f"cycle {cycle} of {CYCLES}: {storm.answers} answers; {show}")
        assert (left, health["healthy"], health["overlaps"], health["outbox"]["discarded"]) == (0, True, 0, 0), health
        for table, factor in (CLEARED | HISTORY).items():
            of_the_table = [each[table] for each in sampled]
            assert of_the_table[-1] <= factor * max(of_the_table[:GROWN_UP]), f"{table} grows: {of_the_table}"
