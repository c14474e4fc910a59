"""The whole server is killed in the middle of a storm, again and again. What a client was told was committed; so it is there.

This proves recovery, not the disk: kill -9 leaves what was written with the kernel, so that even fsync=off would pass. A commit
that is answered before it is written does not pass, which the last test shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import psycopg
from clients import Client, Storm
from clinic import connect
from scene import Scene
from server import Server

# A round is killed after so many answers.
ANSWERS = (40, 1500)


def kill_in_mid_storm(server: Server, clients: list[Client], chance: Random) -> int:
    """One storm and its end: after how many answers it came."""
    with Storm(clients) as storm:
        storm.wait_for(chance.randint(*ANSWERS))
        server.kill()
    answers = storm.answers
    server.start()
    return answers


def test_what_was_answered_is_there_after_the_server_was_killed(
    server: Server, scene: Scene, seed: int, rounds: int, say: Callable[[str], None]
):
    chance = Random(f"{seed} killed server")
    clients = scene.arrive(chance.randrange(2**32))
    for number in range(1, rounds + 1):
        answers = kill_in_mid_storm(server, clients, chance)
        found = scene.settle_and_audit()
        say(f"kill {number} of {rounds} after {answers} answers; {found}")
    say(f"in all {scene.summary()}")
    assert scene.total(lambda client: client.lost) > 0, "no call was under way when the server died"


# What is not waited for is written by and by: so that it is very much so.
# A kill may come just after something else has had the log written, and cost nothing.
KILLS_AT_MOST = 5
NEVER = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "autovacuum": "off"}


def test_a_commit_that_is_answered_before_it_is_written_is_lost_and_found_out(
    scene: Scene, server: Server, seed: int, say: Callable[[str], None]
):
    """The same storm by clients who do not wait for their commits must not pass, or the test above would prove nothing."""

    def impatient() -> psycopg.Connection:
        session = connect(scene.dsn)
        session.execute("SET synchronous_commit = off")
        return session

    clients, chance = scene.arrive(seed, connect=impatient), Random(f"{seed} impatient")
    with changed(server, NEVER):
        for _ in range(KILLS_AT_MOST):
            answers = kill_in_mid_storm(server, clients, chance)
            if lost := scene.what_is_lost():
                break
    assert lost, "commits that were not waited for are all there"
    say(f"killed after {answers} answers that were not waited for; found out: {lost[:100]}")


@contextmanager
def changed(server: Server, settings: dict[str, str]) -> Iterator[None]:
    """Its settings, until it leaves; it may have been killed meanwhile."""
    server.change(**settings)
    try:
        yield
    finally:
        server.change(**dict.fromkeys(settings))
