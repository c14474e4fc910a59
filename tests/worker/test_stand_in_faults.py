"""The server of the stand-ins: connections, log, and every way in which a reply can fail to come."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import ClassVar

import pytest
from client import Client, Response
from stand_ins.exchange import Reply, Request
from stand_ins.faults import (
    Fault,
    garbage_body,
    garbage_reply,
    half_reply,
    reset_after,
    reset_before,
    slow,
    status,
)
from stand_ins.server import Route, StandIn
from stand_ins.web import Web


class Counter(StandIn):
    """Counts what it carries out."""

    routes: ClassVar[list[Route]] = [("POST", "/count", "count"), ("DELETE", "/count", "empty"), ("GET", "/crash", "crash")]
    carried_out = 0

    def count(self, _request: Request) -> Reply:
        self.carried_out += 1
        return Reply.of_json(200, {"carried_out": self.carried_out, "padding": "x" * 1000})

    def empty(self, _request: Request) -> Reply:
        self.carried_out = 0
        return Reply(204)

    def crash(self, _request: Request) -> Reply:
        raise ZeroDivisionError


@pytest.fixture
def server() -> Iterator[Counter]:
    with Counter() as server:
        yield server


@pytest.fixture
def client(server: Counter) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def count(server: Counter) -> Response:
    """One request on a connection of its own."""
    with Client(server.url) as client:
        return client.post("/count", {"by": "one"})


def test_a_connection_serves_many_requests(server: Counter, client: Client):
    assert client.post("/count", {}).json["carried_out"] == 1
    connected = client._connection.sock
    assert client.send("DELETE", "/count").status == 204
    assert client.post("/count", {}).json["carried_out"] == 1
    assert client._connection.sock is connected


def test_requests_come_at_once_and_none_is_lost(server: Counter):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: count(server).json["carried_out"], range(200)))
    assert sorted(answers) == list(range(1, 201))
    assert [exchange.number for exchange in server.log.of()] == list(range(1, 201))


def test_an_unknown_path_and_a_wrong_method_are_not_found(client: Client):
    assert (client.get("/nowhere").status, client.get("/count").status) == (404, 404)


def test_the_log_has_what_was_sent_and_what_came_of_it(server: Counter, client: Client):
    client.send("POST", "/count?a=1%202", form={"b": "ü"}, headers={"X-Own": "c"})
    [exchange] = server.log.of("POST", "/count")
    request = exchange.request
    assert (request.path, request.query, request.form, request.headers["x-own"]) == ("/count", {"a": "1 2"}, {"b": "ü"}, "c")
    assert (exchange.outcome, exchange.status) == ("replied", 200)
    assert server.log.of("GET") == []


def test_the_log_can_be_waited_for(server: Counter):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.log.wait_for, 2, "POST", "/count", "replied")
        count(server)
        count(server)
        assert len(waiting.result(30)) == 2


def test_a_status_comes_with_its_headers_and_nothing_is_carried_out(server: Counter, client: Client):
    server.faults.add("POST", "/count", status(429, {"code": 20429}, {"Retry-After": "7"}))
    refused = client.post("/count", {})
    assert (refused.status, refused.json, refused.headers["retry-after"]) == (429, {"code": 20429}, "7")
    assert server.carried_out == 0
    assert client.post("/count", {}).status == 200


@pytest.mark.parametrize(
    ("fault", "error", "carried_out"),
    [
        (reset_before(), ConnectionResetError, 0),
        (reset_after(), ConnectionResetError, 1),
        (half_reply(), http.client.IncompleteRead, 1),
        (garbage_reply(), http.client.BadStatusLine, 1),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_reply_that_does_not_come_leaves_done_what_was_done(
    server: Counter, fault: Fault, error: type[Exception], carried_out: int
):
    server.faults.add("POST", "/count", fault)
    with pytest.raises(error):
        count(server)
    assert server.carried_out == carried_out
    [exchange] = server.log.of("POST")
    assert (exchange.outcome, exchange.status) == (fault.name, 200 if carried_out else None)
    assert count(server).status == 200


def received(server: Counter, headers: bytes = b"") -> bytes:
    """All that comes back, up to an orderly end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(b"DELETE /count HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
        return b"".join(iter(lambda: raw.recv(4096), b""))


def test_half_of_a_reply_without_a_body_is_half_of_its_head(server: Counter):
    server.faults.add("DELETE", "/count", half_reply())
    got = received(server)
    assert got.startswith(b"HTTP/1.1 204 ")
    assert b"\r\n\r\n" not in got


@pytest.mark.parametrize("fault", [reset_before(), reset_after()], ids=lambda fault: fault.name)
def test_a_reset_is_one_and_no_orderly_end(server: Counter, fault: Fault):
    server.faults.add("DELETE", "/count", fault)
    with pytest.raises(ConnectionResetError):
        received(server)


def test_a_body_in_chunks_is_refused_before_it_can_be_taken_for_none(server: Counter):
    assert received(server, b"Transfer-Encoding: chunked\r\n").startswith(b"HTTP/1.1 411 ")
    assert server.log.of() == []


def test_a_garbage_body_has_a_good_status_and_is_no_json(server: Counter, client: Client):
    server.faults.add("POST", "/count", garbage_body())
    reply = client.post("/count", {})
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=UTF-8")
    with pytest.raises(UnicodeDecodeError):
        json.loads(reply.body)
    assert server.carried_out == 1


@pytest.mark.parametrize("processed", [True, False])
def test_a_slow_reply_waits_for_the_test(server: Counter, processed: bool):
    fault = slow(processed=processed)
    server.faults.add("POST", "/count", fault)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(count, server)
        fault.wait_until_held()
        assert (waiting.done(), server.carried_out) == (False, 1 if processed else 0)
        # Others do not wait for it.
        assert count(server).json["carried_out"] == (2 if processed else 1)
        fault.release()
        assert waiting.result(30).json["carried_out"] == (1 if processed else 2)


def test_a_slow_reply_waits_for_an_event_of_the_test(server: Counter):
    gate = threading.Event()
    server.faults.add("POST", "/count", slow(gate))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(count, server)
        server.log.wait_for(1, outcome="slow")
        gate.set()
        assert waiting.result(30).status == 200


def test_a_held_reply_does_not_keep_the_server_from_ending():
    fault = slow()
    with ThreadPoolExecutor(1) as pool:
        with Counter() as server:
            server.faults.add("POST", "/count", fault)
            waiting = pool.submit(count, server)
            fault.wait_until_held()
        # The reply may still get out, or the connection ends: either way the client learns it now.
        assert waiting.exception(30) is None or isinstance(waiting.exception(), (OSError, http.client.HTTPException))


def test_faults_come_in_turn_and_after_as_many_requests_as_stated(server: Counter, client: Client):
    server.faults.add("POST", "/count", status(503), times=2, after=1)
    server.faults.add("POST", "/count", status(500), after=3)
    server.faults.add("GET", "/count", status(418), times=None)
    assert [client.post("/count", {}).status for _ in range(5)] == [200, 503, 503, 500, 200]
    assert [client.get("/count").status for _ in range(3)] == [418] * 3


def test_a_target_is_matched_in_path_and_query(server: Counter, client: Client):
    server.faults.add("POST", r"page=2$", status(500))
    assert [client.post(f"/count?page={page}", {}).status for page in (1, 2, 3)] == [200, 500, 200]


def test_random_faults_are_the_same_for_the_same_seed():
    def run(seed: int) -> list[int]:
        with Counter() as server, Client(server.url) as client:
            server.faults.add_random("POST", "/count", [status(500), status(503)], 0.5, Random(seed))
            return [client.post("/count", {}).status for _ in range(40)]

    first = run(1)
    assert set(first) == {200, 500, 503}
    assert run(1) == first != run(2)


def test_faults_that_are_cleared_befall_nobody(server: Counter, client: Client):
    server.faults.add_random("", "", [status(500)], 1.0, Random(1))
    assert client.post("/count", {}).status == 500
    server.faults.clear()
    assert client.post("/count", {}).status == 200


def test_a_fault_of_the_stand_in_fails_the_test():
    with pytest.raises(ZeroDivisionError), Counter() as server, Client(server.url) as client:
        assert client.get("/crash").status == 500


def test_a_server_that_has_ended_refuses_connections():
    with Counter() as server:
        url = server.url
    with pytest.raises(ConnectionRefusedError), Client(url) as client:
        client.get("/count")


def test_a_public_address_is_posted_to_the_server_behind_it(server: Counter):
    web = Web()
    web.route("https://hooks.example.com", server.url)
    assert web.post("https://hooks.example.com/count?x=1", b"a=b").status == 200
    assert server.log.of("POST")[0].request.target == "/count?x=1"
    with pytest.raises(ValueError, match="no route to https://elsewhere"):
        web.post("https://elsewhere.example.com/")
