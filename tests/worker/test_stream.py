"""The history as it happens, at /events and /ws: everything, once and in order, whatever breaks."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest
from clinic import future, one
from followers import KINDS, Browser, Program, events, ready, until
from happenings import happen, much_happens, storm
from listening import listening
from office import Office
from tokens import sign

CLUSTER = Path(__file__).resolve().parents[2] / "scripts" / "cluster.sh"
kinds = pytest.mark.parametrize("kind", KINDS)


def history(office: Office, **changes: Any) -> dict[str, Any]:
    arguments = {"p_org_id": office.org} | changes
    named = ", ".join(f"{name} => %({name})s" for name in arguments)
    return one(office.session, f"SELECT booking.read_events({named})", arguments)


# What is told.


def test_a_browser_hears_of_an_event_as_read_events_tells_it(office: Office, member: str):
    listening(office)
    with Browser(office.address, sign(office.org, role=member)) as browser:
        assert (browser.status, browser.headers["Content-Type"]) == (200, "text/event-stream")
        assert (browser.headers["Cache-Control"], browser.headers["X-Accel-Buffering"]) == ("no-store", "no")
        since = ready(browser)
        assert browser.retry == 2000
        event_id = happen(office.session, office.org, "moved", note="übermorgen")
        told = until(browser, lambda told: told.kind == "moved")[-1]
    kept = history(office, p_after=since)["events"]
    assert [told.event | {"position": None}] == [kept[0] | {"position": None}]
    assert (told.event["id"], told.event["detail"]) == (event_id, {"note": "übermorgen"})
    assert told.position == told.event["position"]


def test_a_program_hears_the_same_over_a_websocket(office: Office, member: str):
    listening(office)
    token = sign(office.org, role=member)
    with Program(office.address, token, in_protocol=True) as program, Browser(office.address, token) as browser:
        assert program.socket.subprotocol == "bearer"
        for follower in [program, browser]:
            ready(follower)
        happen(office.session, office.org, "moved")
        by_frame, by_line = [until(follower, lambda told: told.kind == "moved")[-1] for follower in [program, browser]]
        assert by_frame.event | {"position": None} == by_line.event | {"position": None}


def test_a_booking_its_move_and_its_cancellation_are_heard_in_order_and_name_nobody(office: Office, member: str):
    listening(office)
    with Browser(office.address, sign(office.org, role=member)) as browser:
        ready(browser)
        booked = office.book(name="Mary Jones", phone="+14155550142")
        office.move(booked, future(201))
        office.cancel(booked)
        came = until(browser, lambda told: told.kind == "cancelled")
    of_it = [told for told in came if told.event and told.event["appointmentId"] == booked["appointmentId"]]
    assert [told.kind for told in of_it] == ["booked", "moved", "cancelled"]
    assert not re.search("Mary|Jones|5550142", str(of_it))


@kinds
def test_from_the_start_means_from_the_oldest_that_is_kept(office: Office, member: str, kind: Any):
    listening(office)
    ids = much_happens(office.session, office.org, 1200)
    # Whatever else has happened here before.
    kept = [event["id"] for event in history(office, p_limit=10_000)["events"]]
    assert set(ids) <= set(kept)
    with kind(office.address, sign(office.org, role=member), **{"from": "start"}) as follower:
        came = until(follower, lambda told: told.event and told.event["id"] == kept[-1])
        last = happen(office.session, office.org)
        came += until(follower, lambda told: told.event and told.event["id"] == last)
    assert events(came) == [*kept, last]


@kinds
def test_between_events_a_follower_hears_that_the_connection_is_there_and_where_it_stands(office: Office, member: str, kind: Any):
    listening(office, BOOKING_HEARTBEAT_SECONDS="1")
    with kind(office.address, sign(office.org, role=member)) as follower:
        since = ready(follower)
        # Elsewhere time goes on.
        happen(office.session, office.add_colleague().org)
        later = until(follower, lambda told: told.position != since)[-1]
        assert (later.kind, later.event) == (None, None)
        if kind is Browser:
            until(follower, lambda _: "heartbeat" in follower.comments)
    assert history(office, p_after=later.position) | {"position": None} == {
        "events": [], "position": None, "hasMore": False, "reset": False}


# Everything once.


@kinds
@pytest.mark.parametrize("seed", range(3))
def test_whoever_comes_and_goes_between_two_workers_in_a_storm_hears_of_everything_once(
    office: Office, member: str, kind: Any, seed: int
):
    """Others write at the same time; some transactions take long, some come to nothing. The follower leaves in the middle, for the
    other worker, with the last position that it was told."""
    chance, colleague = Random(seed), office.add_colleague()
    listening(office)
    addresses = [office.address]
    listening(office)
    addresses.append(office.address)
    token, came, position = sign(office.org, role=member), [], None
    with kind(addresses[0], token) as first:
        position = ready(first)
    with storm(office.clinic, seed=seed) as ours, storm(colleague.clinic, writers=2, seed=seed):
        while not ours.is_over:
            with kind(chance.choice(addresses), token, position) as follower:
                for _ in range(chance.randint(1, 60)):
                    came.append(follower.next())
                    if ours.is_over:
                        break
                position = follower.position
    last = happen(office.session, office.org, "over")
    with kind(addresses[0], token, position) as follower:
        came += until(follower, lambda told: told.kind == "over")
    assert len(ours.committed) > 200
    heard = events(came)
    assert len(heard) == len(set(heard))
    assert set(heard) == ours.committed | {last}


def test_all_who_listen_to_a_storm_hear_the_same(office: Office, member: str):
    listening(office)
    token = sign(office.org, role=member)
    with ExitStack() as listening_too:
        followers = [listening_too.enter_context(kind(office.address, token)) for kind in KINDS * 3]
        for follower in followers:
            ready(follower)
        with storm(office.clinic, seed=9) as ours:
            pass
        last = happen(office.session, office.org, "over")
        heard = [events(until(follower, lambda told: told.kind == "over")) for follower in followers]
    assert all(sorted(each) == sorted(ours.committed | {last}) for each in heard)


@kinds
def test_a_position_that_cannot_be_gone_on_from_is_answered_with_a_new_one(office: Office, member: str, kind: Any):
    listening(office)
    token = sign(office.org, role=member)
    for nonsense in ["nonsense", "1.0-1-0.1-1", "'; DROP TABLE booking.events; --", "x" * 9000, "a\tb"]:
        happen(office.session, office.org, "before")
        with kind(office.address, token, nonsense) as follower:
            told = until(follower, lambda told: told.kind)[-1]
            assert (told.kind, told.event or {}) == ("reset", {})
            happen(office.session, office.org, "after")
            until(follower, lambda told: told.kind == "after")
        with kind(office.address, token, told.position) as follower:
            assert [told.kind for told in until(follower, lambda told: told.kind == "after") if told.kind] == ["after"]


def test_a_detail_that_only_the_database_can_read_keeps_nobody_waiting(office: Office, member: str):
    listening(office)
    with Browser(office.address, sign(office.org, role=member)) as browser:
        ready(browser)
        office.session.execute(
            """INSERT INTO booking.events (org_id, id, kind, detail) VALUES (%s, gen_random_uuid(), 'strange', '{"n": 1e400}')""",
            [office.org])
        happen(office.session, office.org, "after")
        until(browser, lambda told: told.kind == "after")


# When something breaks.


def restart(how: str) -> None:
    if not (cluster := os.environ.get("BOOKING_TEST_CLUSTER")):
        pytest.skip("BOOKING_TEST_CLUSTER names no cluster that may be restarted")
    subprocess.run([CLUSTER, how, cluster], check=True, capture_output=True)
    subprocess.run([CLUSTER, "start", cluster, "fsync=off"], check=True, capture_output=True)


@kinds
def test_a_database_that_is_restarted_is_waited_for_and_nothing_is_missed(office: Office, member: str, kind: Any):
    worker = listening(office)
    with kind(office.address, sign(office.org, role=member)) as follower:
        position = ready(follower)
        before = happen(office.session, office.org)
        came = until(follower, lambda told: told.event)
        restart("stop")
        with office.clinic.connect() as session:
            after = happen(session, office.org, "after")
        came += until(follower, lambda told: told.kind == "after")
        assert events(came) == [before, after]
        worker.wait_for_log("the history can be read again")
    # Nor by whoever was away meanwhile.
    with kind(office.address, sign(office.org, role=member), position) as follower:
        assert events(until(follower, lambda told: told.kind == "after")) == [before, after]


@kinds
def test_after_a_crash_of_the_database_a_follower_looks_at_everything_anew(office: Office, member: str, kind: Any):
    listening(office)
    with kind(office.address, sign(office.org, role=member)) as follower:
        ready(follower)
        restart("kill")
        until(follower, lambda told: told.kind == "reset")
        with office.clinic.connect() as session:
            after = happen(session, office.org, "after")
        assert events(until(follower, lambda told: told.kind == "after")) == [after]
