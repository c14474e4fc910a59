"""The primary dies in the middle of a storm and its standby takes over. Whoever waited for the standby has lost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from clients import Storm
from clinic import connect, one
from processes import wait_until
from scene import Scene
from server import Server, running

ANSWERS = (100, 800)
AFTERWARDS = 300
IS_SYNCHRONOUS = "SELECT coalesce(bool_or(sync_state = 'sync'), false) FROM pg_stat_replication"


@pytest.fixture
def primary() -> Iterator[Server]:
    with running("torture-primary") as primary:
        yield primary


@pytest.fixture
def standby(primary: Server) -> Iterator[Server]:
    """Of that primary, whose commits wait for it from now on."""
    standby = Server("torture-standby")
    standby.remove()
    try:
        standby.follow(primary)
        with connect(primary.dsn()) as admin:
            # After the copy was made, so that the standby waits for nobody when it takes over.
            admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            admin.execute("SELECT pg_reload_conf()")
            wait_until(lambda: one(admin, IS_SYNCHRONOUS), "the standby to be synchronous")
        yield standby
    finally:
        standby.remove()


def test_a_standby_that_takes_over_in_mid_storm_has_all_that_was_answered(
    primary: Server, standby: Server, seed: int, say: Callable[[str], None]
):
    chance = Random(f"{seed} promoted")
    with connect(primary.dsn()) as admin:
        admin.execute("CREATE EXTENSION pg_booking CASCADE")
    scene = Scene.open(primary.dsn())
    with Storm(scene.arrive(chance.randrange(2**32))) as storm:
        storm.wait_for(chance.randint(*ANSWERS))
        primary.kill()
    with connect(standby.dsn()) as admin:
        assert one(admin, "SELECT pg_promote()") is True
    found = scene.move_to(standby.dsn()).settle_and_audit()
    say(f"killed after {storm.answers} answers, {scene.summary()}; {found} on the standby")

    with Storm(scene.arrive(chance.randrange(2**32))) as storm:
        storm.wait_for(AFTERWARDS)
    say(f"{storm.answers} answers more; {scene.settle_and_audit()}")
