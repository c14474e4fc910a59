"""Many real sessions released at the same moment.

Each session connects and waits at a barrier for the others; then each sends its call behind a gate, an advisory lock that the
test holds. When all of them stand at the gate inside the server, the test opens it. The gate is part of the calling statement
itself, so no round trip lies between its opening and the call, and every statement's own snapshot is older than the storm: a
booking function that looks with the snapshot of its caller would book twice here.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from clinic import BOOK, Answer, Clinic, connect, one

PATIENCE = 120.0
GATES = 0x53544F  # the upper half of every gate's key
NAME = "booking-storm"

GATED = f"""
    WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared({GATES}, %(gate)s) AS opened)
    {{call}} FROM gate WHERE gate.opened IS NOT NULL"""

AT_THE_GATE = f"""
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = {GATES} AND objid = %s AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
STORMING = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{NAME}'"

_gates = itertools.count(1)


@dataclass(frozen=True)
class Caller:
    """One session's call. Without a level it is one autocommit statement, as most clients send it."""

    request: dict[str, object]
    level: psycopg.IsolationLevel | None = None
    call: str = BOOK  # a SELECT of one function and without a FROM


@dataclass(frozen=True)
class Outcome:
    """What one session got: an answer that is committed, or the error that took its place."""

    request: dict[str, object]
    answer: Answer | None
    error: psycopg.Error | None


def storm(clinic: Clinic, callers: list[Caller]) -> list[Outcome]:
    """Runs all callers at once. No outcome is lost, and no deadlock goes unseen."""
    gate, barrier = next(_gates), threading.Barrier(len(callers))
    with connect(clinic.dsn) as watcher, ThreadPoolExecutor(len(callers)) as pool:
        deadlocks = one(watcher, DEADLOCKS)
        watcher.execute("SELECT pg_advisory_lock(%s, %s)", [GATES, gate])
        futures = [pool.submit(_call, clinic.dsn, caller, gate, barrier) for caller in callers]
        try:
            _wait_for_all(watcher, gate, futures)
        finally:
            watcher.execute("SELECT pg_advisory_unlock(%s, %s)", [GATES, gate])
        outcomes = [future.result(PATIENCE) for future in futures]
        # A session reports its deadlocks at the latest when it ends.
        _until(lambda: one(watcher, STORMING) == 0, "the sessions to end")
        assert one(watcher, DEADLOCKS) == deadlocks
    return outcomes


def answers(clinic: Clinic, requests: list[dict[str, object]]) -> list[Answer]:
    """The answers to autocommit callers, none of whom may meet an SQL error."""
    return answers_to(clinic, [Caller(request) for request in requests])


def answers_to(clinic: Clinic, callers: list[Caller]) -> list[Answer]:
    """The same for callers of any function."""
    outcomes = storm(clinic, callers)
    assert [outcome.error for outcome in outcomes if outcome.error] == []
    return [outcome.answer for outcome in outcomes]


def split(given: list[Answer]) -> tuple[list[Answer], list[Answer]]:
    """The winners and the losers."""
    return [answer for answer in given if answer["success"]], [answer for answer in given if not answer["success"]]


def _call(dsn: str, caller: Caller, gate: int, barrier: threading.Barrier) -> Outcome:
    try:
        with connect(dsn) as session:
            session.execute(f"SET application_name = '{NAME}'")
            barrier.wait(PATIENCE)
            try:
                with _transaction(session, caller.level):
                    answer = one(session, GATED.format(call=caller.call), caller.request | {"gate": gate})
            except psycopg.Error as error:
                return Outcome(caller.request, None, error)
            return Outcome(caller.request, answer, None)
    except BaseException:
        barrier.abort()
        raise


@contextmanager
def _transaction(session: psycopg.Connection, level: psycopg.IsolationLevel | None) -> Iterator[None]:
    if level is None:
        yield
        return
    session.isolation_level = level
    with session.transaction():
        yield


def _wait_for_all(watcher: psycopg.Connection, gate: int, futures: list[Future[Outcome]]) -> None:
    def all_stand_there() -> bool:
        ended = [future for future in futures if future.done()]
        for future in ended:
            raise AssertionError(f"a session ended before the storm: {future.exception() or future.result()}")
        return one(watcher, AT_THE_GATE, [gate]) == len(futures)

    _until(all_stand_there, f"{len(futures)} sessions at the gate")


def _until(holds, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
