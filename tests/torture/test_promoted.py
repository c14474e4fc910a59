"""The primary dies in the middle of a storm and its standby takes over, again and again. Whoever waited for the standby has lost
nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest
from clients import Storm
from clinic import connect, one
from processes import wait_until
from scene import Scene
from server import Server, running

ANSWERS = (100, 800)
AFTERWARDS = 300
FOLLOWS = "SELECT coalesce(bool_or(state = 'streaming' AND sync_state = %s), false) FROM pg_stat_replication"
IS_CUT_OFF = "SELECT NOT EXISTS (SELECT FROM pg_stat_wal_receiver)"


@dataclass
class Pair:
    """A primary, which has the extension, and who will be its standby."""

    primary: Server
    standby: Server

    def replicate(self, waited_for: bool) -> None:
        """Makes the standby anew. From then on commits wait for it, or do not."""
        self.standby.remove()
        self.standby.follow(self.primary)
        # After the copy was made, so that the standby waits for nobody when it takes over.
        self.primary.change(synchronous_standby_names="*" if waited_for else "")
        with connect(self.primary.dsn()) as admin:
            state = "sync" if waited_for else "async"
            wait_until(lambda: one(admin, FOLLOWS, [state]), f"the standby to be {state}")

    def cut(self) -> None:
        """The standby hears no more of its primary."""
        self.standby.change(primary_conninfo="")
        with connect(self.standby.dsn()) as admin:
            wait_until(lambda: one(admin, IS_CUT_OFF), "the standby to be cut off")

    def take_over(self) -> str:
        """The standby is the primary from now on: its connection string."""
        with connect(self.standby.dsn()) as admin:
            assert one(admin, "SELECT pg_promote()") is True
        self.primary, self.standby = self.standby, self.primary
        return self.primary.dsn()


@pytest.fixture
def pair() -> Iterator[Pair]:
    standby = Server("torture-standby")
    with running("torture-primary") as primary:
        with connect(primary.dsn()) as admin:
            admin.execute("CREATE EXTENSION pg_booking CASCADE")
        try:
            yield Pair(primary, standby)
        finally:
            standby.remove()


def test_a_standby_that_takes_over_in_mid_storm_has_all_that_was_answered(
    pair: Pair, seed: int, rounds: int, say: Callable[[str], None]
):
    chance = Random(f"{seed} promoted")
    scene = Scene.open(pair.primary.dsn())
    clients = scene.arrive(chance.randrange(2**32))
    for number in range(1, rounds + 1):
        pair.replicate(waited_for=True)
        with Storm(clients) as storm:
            storm.wait_for(chance.randint(*ANSWERS))
            pair.primary.kill()
        found = scene.move_to(pair.take_over()).settle_and_audit()
        say(f"standby {number} of {rounds} took over after {storm.answers} answers; {found} there")
    with Storm(clients) as storm:
        storm.wait_for(AFTERWARDS)
    say(f"{storm.answers} answers more; {scene.settle_and_audit()}; in all {scene.summary()}")
    assert scene.total(lambda client: client.lost) > 0, "no call was under way when a primary died"


def test_answers_that_did_not_wait_for_a_standby_that_hears_nothing_are_lost_and_found_out(
    pair: Pair, seed: int, say: Callable[[str], None]
):
    """Or the test above would prove nothing."""
    scene = Scene.open(pair.primary.dsn())
    pair.replicate(waited_for=False)
    with Storm(scene.arrive(seed)) as storm:
        storm.wait_for(ANSWERS[0])
        pair.cut()
        heard = storm.answers
        storm.wait_for(heard + ANSWERS[0])
        pair.primary.kill()
    lost = scene.move_to(pair.take_over()).what_is_lost()
    assert lost, "the standby has what it never heard of"
    say(f"the standby heard nothing after {heard} of {storm.answers} answers; found out: {lost[:100]}")
