"""Whoever connects and asks nothing, or asks slowly, or asks all the time, keeps nobody else waiting."""

from __future__ import annotations

import http.client
import json
import resource
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from clinic import future, one
from followers import Browser, Program, ready, until
from happenings import happen
from listening import get, listening
from office import PUBLIC, SENDER, Office
from stand_ins.signature import Signing
from tokens import sign
from voice import locked

PATIENCE = 30.0
# A request has so many seconds to come.
BRIEF = {"BOOKING_REQUEST_SECONDS": "1"}
# How many there may be beside those who follow the history.
BESIDE_STREAMS = 1000


def connected(office: Office) -> socket.socket:
    host, _, port = office.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def to_the_end(connection: socket.socket) -> bytes:
    """All that is said until the worker closes."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("said", [b"", b"GET /hea", b"GET /healthz HTTP/1.1\r\nHost: worker\r\n"])
def test_whoever_says_nothing_or_half_of_something_is_cut_off(office: Office, said: bytes):
    office.start(**BRIEF)
    connection = connected(office)
    connection.sendall(said)
    assert b" 200 " not in to_the_end(connection)


def test_whoever_dribbles_is_cut_off(office: Office):
    office.start(**BRIEF)
    deadline = time.monotonic() + PATIENCE
    with connected(office) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        while not select.select([connection], [], [], 0.1)[0]:
            assert time.monotonic() < deadline, "it is waited for for ever"
            connection.sendall(b"X-Drop: x\r\n")


def test_a_connection_that_asks_nothing_more_is_cut_off(office: Office):
    office.start(**BRIEF)
    connection = connected(office)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: worker\r\n\r\n")
    assert to_the_end(connection).count(b" 200 OK") == 1


def test_streams_stay_open_for_longer_than_a_request_may_take(office: Office, member: str):
    listening(office, **BRIEF)
    token = sign(office.org, role=member)
    with Browser(office.address, token) as browser, Program(office.address, token) as program:
        ready(browser)
        ready(program)
        # Whoever comes later and says nothing is cut off before.
        to_the_end(connected(office))
        happen(office.session, office.org, "later")
        for follower in [browser, program]:
            until(follower, lambda told: told.kind == "later")


@pytest.mark.parametrize("path", ["/board/call/agenda", "/twilio/{org}/inbound", "/twilio/{org}/status/{org}"])
def test_a_body_that_does_not_come_is_not_waited_for(office: Office, member: str, path: str):
    listening(office, **BRIEF)
    connection = connected(office)
    token = sign(office.org, role=member)
    connection.sendall(
        f"POST {path.format(org=office.org)} HTTP/1.1\r\nHost: worker\r\nAuthorization: Bearer {token}\r\nX-Twilio-Signature: x\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n{".encode())
    assert to_the_end(connection).startswith(b"HTTP/1.1 408 ")


def test_of_whoever_does_not_sign_no_body_is_read_and_the_database_is_not_asked(office: Office):
    office.connect_twilio()
    office.start()
    with locked(office, "integrations"):
        connection = connected(office)
        connection.settimeout(5)
        connection.sendall(
            f"POST /twilio/{office.org}/inbound HTTP/1.1\r\nHost: worker\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nFrom".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")
        connection.close()


def test_forgers_take_no_connection_of_the_couriers(office: Office):
    office.connect_twilio()
    worker = office.start()
    url = f"{PUBLIC}/twilio/{office.org}/inbound"
    with ThreadPoolExecutor(24) as forgers:
        with locked(office, "integrations"):
            crowd = [forgers.submit(office.twilio.inbound, url, "+14155550123", SENDER, "C", signing=Signing.FORGED) for _ in range(24)]
            worker.wait_until(lambda: waiting(office, "booking.integrations") >= 2)
            assert get(office, "/readyz")[0] == 200
        assert {forger.result().status for forger in crowd} == {403}


def test_a_board_that_waits_leaves_room_for_those_of_others(office: Office, member: str):
    worker, other = listening(office), office.add_colleague()
    ours, theirs = (sign(each.org, role=member) for each in [office, other])
    with ThreadPoolExecutor(12) as desk, locked(office, "contacts"):
        slow = [desk.submit(board_call, office, ours, "contact_timeline", p_phone="+14155550123") for _ in range(12)]
        worker.wait_until(lambda: waiting(office, "contact_timeline") >= 2)
        assert board_call(office, theirs, "check_availability", p_date=str(future().date()))[0] == 200
        assert waiting(office, "contact_timeline") == 2
    assert {status for status, _ in (call.result() for call in slow)} <= {200, 409, 503, 504}


def board_call(office: Office, token: str, function: str, **arguments: object) -> tuple[int, str]:
    connection = http.client.HTTPConnection(office.address, timeout=PATIENCE)
    connection.request("POST", f"/board/call/{function}", json.dumps(arguments), {"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def waiting(office: Office, words: str) -> int:
    """How many sessions of the worker wait for somebody to let go of something, in a statement with these words."""
    return one(office.session, """
        SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock' AND query ILIKE %s""",
        [office.role, f"%{words}%"])


def test_however_many_ask_whether_it_is_ready_the_database_is_asked_by_one(office: Office):
    worker = office.start()
    worker.wait_until(lambda: get(office, "/readyz")[0] == 200)
    at_once, crowd = 0, []
    with held_catalog(office), ThreadPoolExecutor(16) as monitors:
        # What was known is not believed for long.
        worker.wait_until(lambda: crowd.append(monitors.submit(get, office, "/readyz")) or waiting(office, "pg_extension"))
        crowd += [monitors.submit(get, office, "/readyz") for _ in range(12)]
        while not all(monitor.done() for monitor in crowd):
            at_once = max(at_once, waiting(office, "pg_extension"))
        assert {monitor.result()[0] for monitor in crowd[-12:]} == {503}
    assert at_once == 1
    worker.wait_until(lambda: get(office, "/readyz")[0] == 200)


@contextmanager
def held_catalog(office: Office) -> Iterator[None]:
    """Nobody is told which extensions there are until the end of the block."""
    with office.clinic.connect(autocommit=False) as session:
        session.execute("LOCK TABLE pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE")
        yield
        session.rollback()


# How many.

def test_above_the_most_connections_one_waits_until_another_ends(office: Office, member: str):
    listening(office, BOOKING_MAX_STREAMS="1")
    most = BESIDE_STREAMS + 1
    with files(most + 500), ExitStack() as opened:
        stream = opened.enter_context(Program(office.address, sign(office.org, role=member)))
        ready(stream)
        kept = http.client.HTTPConnection(office.address, timeout=PATIENCE)
        others = [opened.enter_context(connected(office)) for _ in range(most - 2)]
        assert healthy(kept)
        late = http.client.HTTPConnection(office.address, timeout=PATIENCE)
        late.request("GET", "/healthz")
        # Those who are in are answered, one after the other, and the late one is not.
        for _ in range(20):
            assert healthy(kept)
        assert not select.select([late.sock], [], [], 1)[0]
        others[0].close()
        assert late.getresponse().status == 200
        # A WebSocket has its place until it ends.
        later = http.client.HTTPConnection(office.address, timeout=PATIENCE)
        later.request("GET", "/healthz")
        assert not select.select([later.sock], [], [], 1)[0]
        stream.socket.close()
        assert later.getresponse().status == 200


def healthy(connection: http.client.HTTPConnection) -> bool:
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    return (answer.status, answer.read()) == (200, b"ok\n")


@contextmanager
def files(number: int) -> Iterator[None]:
    """This process may have so many open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, number), hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
