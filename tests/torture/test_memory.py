"""One session calls every function again and again, each time in a transaction that it rolls back. Its own memory stays what it
was after the first calls."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clinic import connect
from databases import database_with_extension
from every_call import CALLS, ERRORS, FUNCTIONS, fill
from scene import Scene
from server import Server

COUNT = int(os.environ.get("BOOKING_SOAK_CALLS", "400"))
# All are called in turn, so often; the first rounds fill the caches.
ROUNDS, WARM_UP = 5, 2
# Of what there is then, and kB: what is planned anew, because autovacuum or a GRANT came by, may find no room where the old plan
# was. That ends, whatever the number of calls, so that many calls make it a small thing.
GROWTH, STEPS = 1.01, 1024
BATCH = 50
# Calls of the session that commits. What it has committed stays, and makes calls slow by and by.
COMMITS = min(2 * COUNT, 50_000)
# The calls of these, which write to the catalog and are made once in the life of a role, are so much fewer.
SELDOM = 20
# A setting of its own is what a session remembers to its end.
KEEPING = "SELECT set_config('torture.kept_' || %(kept)s, repeat('x', 200), false)"


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    with database_with_extension(server.start().dsn()) as dsn:
        yield dsn


def own_memory(session: psycopg.Connection) -> int:
    """Of the session's backend, in kB: what it has allocated itself, and not the shared buffers that it has looked at."""
    status = Path(f"/proc/{session.info.backend_pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))


def call(session: psycopg.Connection, sql: str, parameters: dict[str, Any], count: int) -> None:
    """Each a transaction of its own. Many are sent at once, so that the session does not wait for its client."""
    for begin in range(0, count, BATCH):
        with session.pipeline():
            for _ in range(min(BATCH, count - begin)):
                session.execute("BEGIN")
                session.execute(sql, parameters)
                session.execute("ROLLBACK")


def fail(session: psycopg.Connection, sql: str, sqlstate: str, parameters: dict[str, Any], count: int) -> None:
    for _ in range(count):
        with pytest.raises(psycopg.Error) as raised:
            session.execute(sql, parameters)
        assert raised.value.sqlstate == sqlstate, raised.value


def call_all(session: psycopg.Connection, parameters: dict[str, Any], count: int) -> Iterator[str]:
    """Yields the name of each after so many calls."""
    for name, sql in CALLS.items():
        call(session, sql, parameters, -(-count // SELDOM) if name.startswith("grant_") else count)
        yield name
    for name, (sql, sqlstate) in ERRORS.items():
        fail(session, sql, sqlstate, parameters, count)
        yield f"the error of {name}"


def limit(first: int) -> float:
    return GROWTH * first + STEPS


def test_the_memory_of_a_session_does_not_grow_by_calling(dsn: str, say: Callable[[str], None]):
    with connect(dsn) as admin:
        parameters = fill(dsn, admin)
        functions = {name for (name,) in admin.execute(FUNCTIONS)}
    assert {name.split()[0] for name in CALLS} == functions, "a function is not called, or is no more"
    began = time.monotonic()
    with connect(dsn) as session:
        for _ in range(WARM_UP):
            for _ in call_all(session, parameters, COUNT // ROUNDS):
                pass
        first = last = own_memory(session)
        grown: Counter[str] = Counter()
        for _ in range(ROUNDS - WARM_UP):
            for name in call_all(session, parameters, COUNT // ROUNDS):
                before, last = last, own_memory(session)
                grown[name] += last - before
                assert last <= limit(first), f"{name} made {first} kB {last} kB: {+grown}"
    say(f"{COUNT} calls of each of {len(functions)} functions, {len(CALLS)} ways and {len(ERRORS)} errors, in "
        f"{time.monotonic() - began:.0f} s: {first} kB of memory became {last} kB; most by {grown.most_common(2)}")


def test_the_memory_of_a_session_does_not_grow_by_what_it_commits(scene: Scene, seed: int, say: Callable[[str], None]):
    """Booked, held, moved and cancelled for good, a transaction a call."""
    (client,) = scene.arrive(seed, count=1)
    samples = []
    for _ in range(ROUNDS):
        client.call(COMMITS // ROUNDS)
        client.ledger.forget_what_is_over()
        samples.append(own_memory(client.session))
    client.close()
    say(f"{client.ledger.answers} calls ({client.ledger.refusals} refusals): {samples} kB of memory")
    assert max(samples) <= limit(samples[WARM_UP - 1]), samples


def test_a_session_that_keeps_a_little_of_each_call_is_found_out(dsn: str, say: Callable[[str], None]):
    """Or the test above would prove nothing."""
    with connect(dsn) as session:
        call(session, KEEPING, {"kept": "none"}, BATCH)
        first, calls = own_memory(session), 0
        while own_memory(session) <= limit(first):
            assert calls < 20_000, "what a session keeps does not count"
            session.execute(KEEPING, {"kept": str(calls)})
            calls += 1
    say(f"200 bytes kept of each of {calls} calls are too much")
