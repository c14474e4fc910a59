"""Sessions that end in the middle of a call: terminated by the DBA, left by a client whose machine died, cut short by a time-out,
killed, and all others with them. Nobody's booking is half there, no lock stays, and who asks again under the same key has one booking."""

from __future__ import annotations

import os
import signal
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psycopg
from clients import Storm
from clinic import connect, one
from scene import Scene

BLOWS_IN_A_ROUND = 60
# So often, and not as the last, a blow is one that the whole server has to recover from.
KILLED_OF = 20
# Answers between one blow and the next.
PAUSE = (1, 12)
# Milliseconds, which is about what a call takes under this load.
TIMEOUTS = (1, 6)
IS_OURS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND datname = current_database() AND backend_type = 'client backend')"


def terminate(session: psycopg.Connection, admin: psycopg.Connection) -> bool:
    """As a DBA does. Whether there was a session."""
    backend = session.info.backend_pid
    return backend != 0 and admin.execute("SELECT pg_terminate_backend(%s)", [backend]).fetchone()[0]


def cut(session: psycopg.Connection, _: psycopg.Connection) -> bool:
    """The client's end of the connection goes, whatever was on its way, and the server is told nothing else."""
    with suppress(OSError, psycopg.OperationalError):
        # A number of its own: psycopg keeps the one it has.
        with socket.socket(fileno=os.dup(session.fileno())) as end:
            end.shutdown(socket.SHUT_RDWR)
        return True
    return False


def kill(session: psycopg.Connection, admin: psycopg.Connection) -> bool:
    """As the kernel does when memory runs out: the server ends every session, this one too, and recovers."""
    backend = session.info.backend_pid
    if is_there := one(admin, IS_OURS, [backend]):
        os.kill(backend, signal.SIGKILL)
    return is_there


BLOWS = {"terminated": terminate, "cut off": cut}


def impatience(chance: Random) -> str:
    """One call in ten gets a few milliseconds."""
    return f"SET statement_timeout = {chance.randint(*TIMEOUTS) if chance.random() < 0.1 else 0}"


def rain_blows(storm: Storm, scene: Scene, chance: Random, count: int) -> Counter[str]:
    """At random clients, after random numbers of answers: how often each has struck."""
    struck: Counter[str] = Counter()
    while struck.total() < count:
        storm.wait_for(storm.answers + chance.randint(*PAUSE))
        blow, session = chance.choice(sorted(BLOWS)), chance.choice(storm.clients).session
        if struck.total() % KILLED_OF == KILLED_OF // 2:
            blow = "killed"
        if session is not None:
            struck[blow] += strike(BLOWS.get(blow, kill), session, scene.dsn)
    return struck


def strike(blow: Callable[[psycopg.Connection, psycopg.Connection], bool], session: psycopg.Connection, dsn: str) -> bool:
    """Whether it has struck: not where the server is still recovering from one before."""
    try:
        with connect(dsn) as admin:
            return blow(session, admin)
    except psycopg.OperationalError:
        return False


def test_a_session_that_ends_in_the_middle_of_a_call_leaves_all_of_it_or_nothing(
    scene: Scene, seed: int, rounds: int, say: Callable[[str], None]
):
    chance = Random(f"{seed} killed sessions")
    clients = scene.arrive(chance.randrange(2**32), setting=impatience)
    for number in range(1, rounds + 1):
        before = scene.total(lambda client: client.timeouts)
        with Storm(clients, returns=True) as storm:
            struck = rain_blows(storm, scene, chance, BLOWS_IN_A_ROUND)
        timeouts = scene.total(lambda client: client.timeouts) - before
        found = scene.settle_and_audit()
        blows = ", ".join(f"{count} {blow}" for blow, count in sorted(struck.items()))
        say(f"round {number} of {rounds}: {blows}, {timeouts} timed out within {storm.answers} answers; {found}")
    say(f"in all {scene.summary()}")
    assert scene.total(lambda client: client.lost) > 0 and scene.total(lambda client: client.timeouts) > 0
