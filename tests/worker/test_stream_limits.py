"""What a stream may cost, and how it ends."""

from __future__ import annotations

import json
import re
import resource
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from clinic import one
from courier import Courier
from followers import KINDS, SMALL, Browser, Program, events, last_word, ready, until
from happenings import happen, much_happens
from listening import get, listening, metric
from office import Office
from tokens import sign
from websockets.exceptions import ConnectionClosed

QUEUE = 256
kinds = pytest.mark.parametrize("kind", KINDS)



@kinds
def test_when_the_token_expires_the_follower_is_told_and_that_is_the_end(office: Office, member: str, kind: Any):
    listening(office)
    # It is believed for half a minute more, as clocks differ.
    with kind(office.address, sign(office.org, role=member, exp=int(time.time()) - 25)) as follower:
        assert last_word(follower) == ("expired" if kind is Browser else 4401)


@kinds
def test_a_worker_that_is_told_to_stop_says_so_at_once(office: Office, member: str, kind: Any):
    worker = listening(office)
    with kind(office.address, sign(office.org, role=member)) as follower:
        ready(follower)
        assert worker.terminate(timeout=4) == 0
        assert last_word(follower) == ("closing" if kind is Browser else 1001)


@kinds
def test_whoever_does_not_keep_up_is_cut_off_and_goes_on_later(office: Office, member: str, kind: Any):
    worker = listening(office)
    token, written = sign(office.org, role=member), []
    with kind(office.address, token, buffer=SMALL) as slow, kind(office.address, token) as quick:
        ready(slow)
        ready(quick)
        # More than the kernel and the queue hold.
        while metric(office, "booking_streams_cut_total") == 0:
            written += much_happens(office.session, office.org, QUEUE, words=4000)
            until(quick, lambda told: told.event and told.event.get("id") == written[-1])
            assert len(written) < 40 * QUEUE
        came = list(iter(slow.next, None))
    if kind is Browser:
        assert came.pop().kind == "slow"
    else:
        assert slow.code == 4408
    assert 0 < len(events(came)) < len(written)
    worker.wait_until(lambda: metric(office, "booking_streams_open") == 0)
    with kind(office.address, token, slow.position) as again:
        came += until(again, lambda told: told.event and told.event.get("id") == written[-1])
    assert events(came) == written


def test_above_the_most_streams_one_is_told_to_come_again_and_a_place_that_is_free_is_given_away(office: Office, member: str):
    worker = listening(office, BOOKING_MAX_STREAMS="2")
    token = sign(office.org, role=member)
    with Browser(office.address, token), Program(office.address, token):
        status, headers, page = get(office, "/events", Authorization=f"Bearer {token}")
        assert (status, headers["retry-after"]) == (503, "5")
        assert "--max-streams" in json.loads(page)["error"]
        assert metric(office, "booking_streams_open") == 2
    worker.wait_until(lambda: metric(office, "booking_streams_open") == 0)
    with Browser(office.address, token) as browser:
        assert browser.status == 200


def test_one_organization_leaves_room_for_another(office: Office, member: str):
    listening(office, BOOKING_MAX_STREAMS="3", BOOKING_MAX_STREAMS_EACH="2")
    other = one(office.session, "SELECT booking.create_organization('Other')")
    own = {"Authorization": f"Bearer {sign(office.org, role=member)}"}
    with Browser(office.address, sign(office.org, role=member)), Program(office.address, sign(office.org, role=member)):
        assert get(office, "/events", **own)[0] == 503
        with Browser(office.address, sign(str(other), role=member)) as browser:
            assert browser.status == 200


def test_what_a_program_says_means_nothing_and_is_not_to_be_long(office: Office, member: str):
    listening(office)
    with Program(office.address, sign(office.org, role=member)) as program:
        ready(program)
        for word in ["hello", '{"kind": "subscribe"}', b"\x00\x01", "x" * 4096]:
            program.socket.send(word)
        happen(office.session, office.org, "heard")
        until(program, lambda told: told.kind == "heard")
        program.socket.send("x" * 4097)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                program.socket.recv(timeout=30)
        assert closed.value.rcvd.code == 1009


def test_a_websocket_is_pinged(office: Office, member: str):
    listening(office, BOOKING_HEARTBEAT_SECONDS="1")
    raw = handshake(office, sign(office.org, role=member))
    raw.settimeout(30)
    opcodes = iter(lambda: frame(raw)[0], None)
    assert 9 in opcodes
    raw.close()


# How many.

CONNECTIONS = 1000
# Of the worker with all of them, in KiB, as docs/worker.md states.
MOST_MEMORY = 64 * 1024
# To the database: for jobs, as many as there are at most, for streams 6, and for calls 8.
MOST_SESSIONS = 12 + 6 + 8


def test_a_thousand_connections_cost_little_memory_and_few_sessions(office: Office, member: str, capsys: pytest.CaptureFixture[str]):
    worker = listening(office)
    token, colleague = sign(office.org, role=member), office.add_colleague()
    alone = memory(worker)
    with many(office, [token if number % 2 else sign(colleague.org, role=member) for number in range(CONNECTIONS)]) as connections:
        assert metric(office, "booking_streams_open") == CONNECTIONS
        began = time.monotonic()
        for round in range(20):
            for org in [office.org, colleague.org]:
                happen(office.session, org, f"round_{chr(ord('a') + round)}")
        heard_by_all(connections, b'"kind":"round_t"')
        seconds = time.monotonic() - began
        with_all = memory(worker)
        sessions = one(office.session, "SELECT count(*) FROM pg_stat_activity WHERE usename = %s", [office.role])
        assert get(office, "/readyz")[0] == 200
    with capsys.disabled():
        print(f"\n{CONNECTIONS} streams: {alone} KiB before, {with_all} KiB with all, {sessions} sessions of the database; "
              f"40 events reached everybody in {seconds:.2f} s")
    assert with_all < MOST_MEMORY
    assert sessions <= MOST_SESSIONS


def memory(worker: Courier) -> int:
    """What is resident, in KiB."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


@contextmanager
def many(office: Office, tokens: list[str]) -> Iterator[list[socket.socket]]:
    """So many browsers and programs, each of which has been let in."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, len(tokens) + 500), hard), hard))
    with ExitStack() as opened:
        connections = []
        for token in tokens:
            host, _, port = office.address.partition(":")
            connection = opened.enter_context(socket.create_connection((host, int(port)), timeout=30))
            connection.sendall(upgrade(token) if len(connections) % 4 < 2 else PLAIN.format(token).encode())
            connections.append(connection)
        heard_by_all(connections, b"id: ", b'"kind":"position"')
        yield connections


def heard_by_all(connections: list[socket.socket], *words: bytes) -> None:
    """Waits until everybody has heard one of these."""
    deadline = time.monotonic() + 60
    heard = dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            waiting.register(connection, selectors.EVENT_READ)
        while waiting.get_map():
            assert time.monotonic() < deadline, f"{len(waiting.get_map())} have not heard {words}"
            for key, _ in waiting.select(timeout=1):
                chunk = key.fileobj.recv(65536)
                assert chunk, heard[key.fileobj][-500:]
                heard[key.fileobj] += chunk
                if any(word in heard[key.fileobj] for word in words):
                    waiting.unregister(key.fileobj)


# By hand: what libraries keep to themselves, or could not do a thousand times.

PLAIN = "GET /events HTTP/1.1\r\nHost: worker\r\nAuthorization: Bearer {}\r\n\r\n"


def upgrade(token: str) -> bytes:
    """The request for a WebSocket."""
    return (f"GET /ws?access_token={token} HTTP/1.1\r\nHost: worker\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode()


def handshake(office: Office, token: str) -> socket.socket:
    host, _, port = office.address.partition(":")
    it = socket.create_connection((host, int(port)), timeout=30)
    it.sendall(upgrade(token))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += it.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 ")
    return it


def frame(raw: socket.socket) -> tuple[int, bytes]:
    """The opcode and the content of the next frame, which a server does not mask."""
    head = exactly(raw, 2)
    length = head[1]
    if length == 126:
        length = int.from_bytes(exactly(raw, 2))
    return head[0] & 0x0F, exactly(raw, length)


def exactly(raw: socket.socket, length: int) -> bytes:
    got = b""
    while len(got) < length:
        chunk = raw.recv(length - len(got))
        assert chunk, "the connection has ended"
        got += chunk
    return got
