"""Sessions call every function again and again, each time in a transaction that is rolled back. Their own memory stays what it was
after the first calls."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
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
# One for each core. Which one calls a function at all makes all of its calls.
SESSIONS = min(os.cpu_count() or 1, 8)
# All are called in turn, so often; the first rounds fill the caches.
ROUNDS, WARM_UP = 5, 2
# Of what there is then, and kB: what is planned anew, because autovacuum or a GRANT came by, may find no room where the old plan
# was, and planning what reads most tables takes more than a megabyte. That ends, whatever the number of calls: of a million, 600,000
# come after the first rounds, and if each kept the least that malloc gives, it were nine times as much.
GROWTH, STEPS = 1.01, 2048
# Calls of the session that commits, and when nothing is planned anew any more. What it has committed stays, and makes calls slow by
# and by.
COMMITS, SETTLED = min(2 * COUNT, 50_000), 50_000
# The calls of these, which write to the catalog and are made once in the life of a role, are so much fewer.
SELDOM = 20
WAYS = {name: (call, None) for name, call in CALLS.items()} | {f"the error of {name}": way for name, way in ERRORS.items()}
# No rollback takes a prepared statement back.
KEEP = """
    CREATE SEQUENCE kept;
    CREATE FUNCTION keep() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'PREPARE kept_' || nextval('kept') || ' AS SELECT'; END $$"""
KEPT_AT_MOST = 20_000


@pytest.fixture
def databases(server: Server) -> Iterator[list[str]]:
    """One for each session, so that none waits for another."""
    with ExitStack() as stack:
        yield [stack.enter_context(database_with_extension(server.start().dsn())) for _ in range(SESSIONS)]


def own_memory(session: psycopg.Connection) -> int:
    """Of the session's backend, in kB: what it has allocated itself, and not the shared buffers that it has looked at."""
    status = Path(f"/proc/{session.info.backend_pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))


def call(session: psycopg.Connection, sql: str, parameters: dict[str, Any], count: int, sqlstate: str | None = None) -> None:
    """Each a transaction of its own, which is rolled back; all of them in one statement, so that the server waits for nobody. Where
    an error is stated, every call must end in it."""
    perform = f"PERFORM {sql.strip().removeprefix('SELECT')};"
    if sqlstate:
        perform = f"BEGIN {perform} RAISE 'there was no error'; EXCEPTION WHEN SQLSTATE '{sqlstate}' THEN END;"
    repeated = f"DO $torture$ BEGIN FOR number IN 1..{count} LOOP {perform} ROLLBACK; END LOOP; END $torture$"
    psycopg.ClientCursor(session).execute(repeated, parameters)


def limit(first: int, steps: int = STEPS) -> float:
    return GROWTH * first + steps


@dataclass
class Soaked:
    """What has become of a session, in kB and seconds."""

    first: int = 0
    last: int = 0
    grown: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        most, slowest = self.grown.most_common(2), [(name, f"{seconds:.0f} s") for name, seconds in self.seconds.most_common(3)]
        return f"{self.first} kB of memory became {self.last} kB, most by {most}, in {self.seconds.total():.0f} s, most for {slowest}"


def soak(dsn: str, parameters: dict[str, Any], names: list[str]) -> Soaked:
    """One session calls these."""
    soaked = Soaked()
    with connect(dsn) as session:
        for turn in range(ROUNDS):
            for name in names:
                sql, sqlstate = WAYS[name]
                seldom = SELDOM if name.startswith("grant_") else 1
                began = time.monotonic()
                call(session, sql, parameters, -(-COUNT // ROUNDS // seldom), sqlstate)
                soaked.seconds[name] += time.monotonic() - began
                before, soaked.last = soaked.last, own_memory(session)
                if turn >= WARM_UP:
                    soaked.grown[name] += soaked.last - before
                    assert soaked.last <= limit(soaked.first), f"{name} made {soaked.first} kB {soaked.last} kB: {+soaked.grown}"
            if turn < WARM_UP:
                soaked.first = soaked.last
    return soaked


def test_the_memory_of_a_session_does_not_grow_by_calling(databases: list[str], say: Callable[[str], None]):
    filled = []
    for dsn in databases:
        with connect(dsn) as admin:
            filled.append(fill(dsn, admin))
            functions = {name for (name,) in admin.execute(FUNCTIONS)}
    assert {name.split()[0] for name in CALLS} == functions, "a function is not called, or is no more"
    shares = [list(WAYS)[number::SESSIONS] for number in range(SESSIONS)]
    with ThreadPoolExecutor(SESSIONS) as pool:
        sessions = list(pool.map(soak, databases, filled, shares))
    say(f"{COUNT} calls of each of {len(functions)} functions, {len(CALLS)} ways and {len(ERRORS)} errors, by {SESSIONS} sessions: "
        + "; ".join(map(str, sessions)))


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
    assert max(samples) <= limit(samples[WARM_UP - 1], STEPS if COMMITS < SETTLED else 0), samples


def test_a_session_that_keeps_a_little_of_each_call_is_found_out(databases: list[str], say: Callable[[str], None]):
    """Or the test above would prove nothing."""
    with connect(databases[0]) as session:
        session.execute(KEEP)
        call(session, "SELECT 1", {}, COUNT)
        first, calls = own_memory(session), 0
        while own_memory(session) <= limit(first):
            assert calls < KEPT_AT_MOST, "what a session keeps does not count"
            call(session, "SELECT keep()", {}, 100)
            calls += 100
    say(f"a statement kept of each of {calls} calls is too much")
