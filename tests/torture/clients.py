"""Clients who book, hold, move and cancel as fast as they are answered, each in a thread and a session of its own, each keeping a
ledger. What a client asks follows from the seed; whom it meets does not."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import calls
import psycopg
from asides import LOOKS, Aside
from clinic import BOOK, Clinic, future, one
from ledger import BOOKING, CANCEL, CONFIRM, HOLD, MOVE, RELEASE, SERIES, Attempt, Ledger
from processes import wait_until
from settle import settle

CHANCES = {BOOKING: 32, SERIES: 6, HOLD: 14, CONFIRM: 9, RELEASE: 5, MOVE: 16, CANCEL: 18}
# Of the calls, so many come after an aside.
ASIDES = 0.15
# What a client may hear when it comes second. Everything else, SQL errors too, ends the test.
REFUSALS = {"slot_unavailable"}
DAYS = range(60, 80)
HALF_HOURS = 20
MINUTES = [30, 45, 60]
A_DAY = 86_400
PATIENCE = 60.0

_runs = itertools.count()


@dataclass
class Client:
    """`connect` opens its session, where it is not one of the clinic's own; `setting` is executed before each call, to disturb it."""

    clinic: Clinic
    name: str
    chance: Random
    connect: Callable[[], psycopg.Connection] | None = None
    setting: Callable[[Random], str | None] = lambda chance: None
    #: From today.
    days: range = DAYS
    asides: list[Aside] = field(default_factory=lambda: LOOKS)
    ledger: Ledger = field(default_factory=Ledger)
    session: psycopg.Connection | None = None
    #: Of its session; libpq forgets it when the connection breaks.
    backend: int = 0
    #: Answers lost, and how many of these calls had been carried out.
    lost: int = 0
    found: int = 0
    timeouts: int = 0
    _numbers: itertools.count = field(default_factory=itertools.count)

    def work(self, stop: threading.Event, returns: bool) -> None:
        """Until it is told to stop. One that `returns` connects again after its connection broke, and asks what became of its
        call; another takes that as the end."""
        try:
            while not stop.is_set():
                if not self._survives(self._call if self.session else self._open) and not returns:
                    return
        finally:
            self.close()

    def call(self, count: int) -> None:
        """So many calls, in the thread of whoever asks for them, and in one session."""
        if self.session is None:
            self._open()
        for _ in range(count):
            self._call()

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None

    def settle(self, session: psycopg.Connection) -> None:
        """Learns what became of the last call."""
        self._count(settle(session, self.clinic.org_id, self.ledger))

    def _survives(self, action: Callable[[], None]) -> bool:
        """Whether the connection has held."""
        try:
            action()
        except psycopg.OperationalError:
            session, self.session = self.session, None
            # A deadlock is an OperationalError too, and no client may meet one.
            if session is not None and not session.closed:
                session.close()
                raise
            if session is not None:
                self._wait_for_the_end_of(self.backend)
            return False
        return True

    def _open(self) -> None:
        self.session = (self.connect or self.clinic.connect)()
        self.backend = self.session.info.backend_pid
        self.settle(self.session)

    def _count(self, had_been_done: bool | None) -> None:
        if had_been_done is not None:
            self.lost += 1
            self.found += had_been_done

    def _call(self) -> None:
        attempt = self._choose()
        self.ledger.unknown = attempt
        try:
            if disturbance := self.setting(self.chance):
                self.session.execute(disturbance)
            if self.chance.random() < ASIDES:
                self.chance.choice(self.asides)(self.clinic, self.session, self._time())
            answer = one(self.session, attempt.sql, attempt.parameters)
        except psycopg.errors.QueryCanceled:
            # Most of them were not done; but a time-out that strikes during the commit is told after it.
            self.timeouts += 1
            _be_patient(self.session)
            self.settle(self.session)
            return
        assert answer["success"] is True or answer["error"] in REFUSALS, (attempt, answer)
        self.ledger.note(attempt, answer)

    def _wait_for_the_end_of(self, backend: int) -> None:
        """A backend whose client is gone may still be at work. With a server that is away, it is gone too."""
        gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"

        def is_gone() -> bool:
            try:
                watcher = self.clinic.connect()
            except psycopg.OperationalError:
                return True
            try:
                with watcher:
                    return one(watcher, gone, [backend])
            except psycopg.OperationalError:
                return False

        wait_until(is_gone, f"backend {backend} to end", PATIENCE)

    # What to ask.

    def _choose(self) -> Attempt:
        function = self.chance.choices(list(CHANCES), list(CHANCES.values()))[0]
        if function in (CONFIRM, RELEASE):
            known = self.ledger.of_status("held")
        elif function in (MOVE, CANCEL):
            known = self.ledger.of_status("confirmed")
        else:
            return self._take(function)
        return self._change(function, self.chance.choice(known)) if known else self._take(BOOKING)

    def _take(self, function: str) -> Attempt:
        key, minutes = f"{self.name}-{next(self._numbers)}", self.chance.choice(MINUTES)
        if function == BOOKING:
            wish = self.clinic.request(self._time(), minutes=minutes, key=key)
            return Attempt(function, BOOK, wish)
        if function == SERIES:
            times = [self._time() for _ in range(self.chance.randint(2, 4))]
            wish = calls.SERIES.parameters(self.clinic, times=times, duration_minutes=minutes, idempotency_key=key)
            return Attempt(function, calls.SERIES.sql, wish)
        wish = calls.HOLD.parameters(self.clinic, scheduled_at=self._time(), duration_minutes=minutes, ttl_seconds=A_DAY)
        return Attempt(function, calls.HOLD.sql, wish)

    def _change(self, function: str, name: str) -> Attempt:
        if function == CONFIRM:
            return Attempt(function, calls.CONFIRM.sql, calls.CONFIRM.parameters(self.clinic, hold_id=name), name)
        if function == RELEASE:
            return Attempt(function, calls.RELEASE.sql, calls.RELEASE.parameters(self.clinic, hold_id=name), name)
        if function == CANCEL:
            return Attempt(function, calls.CANCEL.sql, calls.CANCEL.parameters(self.clinic, appointment_id=name), name)
        at = self._time()
        while at == self.ledger.standing[name].start:
            at = self._time()
        wish = calls.MOVE.parameters(self.clinic, appointment_id=name, scheduled_at=at)
        return Attempt(function, calls.MOVE.sql, wish, name)

    def _time(self) -> datetime:
        """On the quarter hours of a few days, so that everybody meets. Some reach into the next day of UTC."""
        quarters = self.chance.randrange(2 * HALF_HOURS)
        return future(self.chance.choice(self.days), 14) + timedelta(minutes=15 * quarters)


def _be_patient(session: psycopg.Connection) -> None:
    """What ends the time-outs has as little time as the call had, and the last of them may strike one statement later."""
    while True:
        with suppress(psycopg.errors.QueryCanceled):
            session.execute("SET statement_timeout = 0")
            session.execute("SELECT")
            return


def clients(clinic: Clinic, count: int, seed: int, **changes: Any) -> list[Client]:
    """New ones, each with a chance of its own."""
    run = next(_runs)
    return [Client(clinic, f"{run}.{number}", Random(f"{seed} {number}"), **changes) for number in range(count)]


class Storm:
    """All clients at work, from entering to leaving. An error that a client did not expect is raised at the end."""

    def __init__(self, clients: list[Client], returns: bool = False) -> None:
        self.clients, self.returns = clients, returns
        self._stop, self._pool, self._futures = threading.Event(), ThreadPoolExecutor(len(clients)), list[Future]()

    def __enter__(self) -> Storm:
        self._before = self._answers()
        self._futures = [self._pool.submit(client.work, self._stop, self.returns) for client in self.clients]
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        if kind is None:
            for future in self._futures:
                future.result()

    @property
    def answers(self) -> int:
        """Since it began."""
        return self._answers() - self._before

    def wait_for(self, answers: int) -> None:
        """Returns in the middle of the storm, when so many answers have come in all."""
        wait_until(lambda: self.has_all() and self.answers >= answers, f"{answers} answers", PATIENCE)

    def has_all(self) -> bool:
        """True: a client who has ended ends the test."""
        for future in self._futures:
            if future.done():
                raise AssertionError(f"a client ended before the storm did: {future.exception()}")
        return True

    def _answers(self) -> int:
        return sum(client.ledger.answers for client in self.clients)
