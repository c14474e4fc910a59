"""What happens in an organization, written by transactions that take their time, end in any order, or come to nothing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from uuid import UUID

import psycopg
from clinic import Clinic

WRITE = "INSERT INTO booking.events (org_id, id, kind, detail) VALUES (%s, %s, %s, %s)"
MANY = """
    INSERT INTO booking.events (org_id, id, kind, detail)
    SELECT %s, gen.id, 'happened', jsonb_build_object('words', repeat('x', %s))
    FROM unnest(%s::uuid[]) AS gen (id)"""

_chance = Random(7)


def new_id(chance: Random = _chance) -> str:
    """A uuid of version 7: in order of time, to the millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
    return str(UUID(int=number))


def happen(session: psycopg.Connection, org_id: str, kind: str = "happened", **detail: object) -> str:
    """Something happens, and this is its id."""
    session.execute(WRITE, [org_id, event_id := new_id(), kind, json.dumps(detail)])
    return event_id


def much_happens(session: psycopg.Connection, org_id: str, count: int, words: int = 200) -> list[str]:
    """So many events in one transaction, each with a detail of so many letters."""
    ids = sorted(new_id() for _ in range(count))
    session.execute(MANY, [org_id, words, ids])
    return ids


class Storm:
    """`writers` write at once until it is over. What was committed is in `committed`."""

    def __init__(self, clinic: Clinic, writers: int, transactions: int, seed: int) -> None:
        self.committed: set[str] = set()
        self._clinic, self._transactions = clinic, transactions
        self._threads = [threading.Thread(target=self._write, args=(Random(f"{seed} {number}"),)) for number in range(writers)]
        self._failures: list[BaseException] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()
        assert not self._failures, self._failures

    def _write(self, chance: Random) -> None:
        try:
            with self._clinic.connect(autocommit=False) as session:
                for _ in range(self._transactions):
                    ids = [new_id(chance) for _ in range(chance.randint(1, 4))]
                    for event_id in ids:
                        session.execute(WRITE, [self._clinic.org_id, event_id, "happened", "{}"])
                        session.execute("SELECT pg_sleep(%s)", [chance.random() * 0.01])
                    if chance.random() < 0.2:
                        session.rollback()
                    else:
                        session.commit()
                        self.committed.update(ids)
        except BaseException as failure:
            self._failures.append(failure)


@contextmanager
def storm(clinic: Clinic, writers: int = 6, transactions: int = 60, seed: int = 0) -> Iterator[Storm]:
    it = Storm(clinic, writers, transactions, seed)
    it.start()
    try:
        yield it
    finally:
        it.join()
