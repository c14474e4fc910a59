"""What goes wrong on the way: which requests it befalls, and what the client sees of it.

    server.faults.add("POST", r"/Messages\\.json", status(429, headers={"Retry-After": "2"}), times=3)
    server.faults.add("POST", r"/Messages\\.json", reset_after(), after=1)   # the second request
    server.faults.add_random("", "", [reset_before(), half_reply()], probability=0.1, random=Random(7))
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from .exchange import PATIENCE, Reply
from .wire import Wire

# Carries the request out, once, and makes the reply that the client would have got.
Process = Callable[[], Reply]


class Fault(Protocol):
    name: str
    # Whether the body of the request is read first.
    reads: bool

    def play(self, process: Process, wire: Wire) -> None: ...


@dataclass
class _Fault:
    name: str
    act: Callable[[Process, Wire], None]
    reads: bool = True

    def play(self, process: Process, wire: Wire) -> None:
        self.act(process, wire)


def status(code: int, body: object = "", headers: dict[str, str] | None = None) -> Fault:
    """This reply, and nothing is carried out. A body that is no text is sent as JSON."""
    reply = Reply(code, body.encode(), headers or {}) if isinstance(body, str) else Reply.of_json(code, body, headers)
    return _Fault(f"status {code}", lambda _process, wire: wire.send(reply))


def reset_before() -> Fault:
    """The connection is reset as soon as the headers are read, and nothing is carried out."""
    return _Fault("reset_before", lambda _process, wire: wire.reset(), reads=False)


def reset_after() -> Fault:
    """The request is carried out, and the connection is reset in place of the reply."""

    def act(process: Process, wire: Wire) -> None:
        process()
        wire.reset()

    return _Fault("reset_after", act)


def half_reply() -> Fault:
    """The request is carried out, and the connection closes in the midst of the reply."""
    return _Fault("half_reply", lambda process, wire: wire.send_half(process()))


def garbage_reply() -> Fault:
    """The request is carried out, and what comes back is no HTTP."""

    def act(process: Process, wire: Wire) -> None:
        process()
        wire.send_bytes(b"\x00\xff\xfe SSH-2.0-garbage\r\n\r\n")
        wire.close()

    return _Fault("garbage_reply", act)


def garbage_body() -> Fault:
    """The request is carried out, and the reply has the right status and headers with a body that is neither JSON nor UTF-8."""

    def act(process: Process, wire: Wire) -> None:
        reply = process()
        wire.send(Reply(reply.status, b"\xff<html>{", reply.headers))

    return _Fault("garbage_body", act)


class Slow:
    """Holds the request until the test releases it: before it is carried out, or the reply to it."""

    def __init__(self, until: threading.Event, processed: bool) -> None:
        self.name, self.reads = "slow", True
        self._until, self._processed = until, processed
        self._held = threading.Event()

    def play(self, process: Process, wire: Wire) -> None:
        reply = process() if self._processed else None
        self._held.set()
        self._until.wait()
        wire.send(reply or process())

    @property
    def is_held(self) -> bool:
        """Whether a request has got there."""
        return self._held.is_set()

    def wait_until_held(self) -> None:
        """Returns when a request has got there."""
        assert self._held.wait(PATIENCE), "no request came to be held"

    def release(self) -> None:
        self._until.set()


def slow(until: threading.Event | None = None, processed: bool = True) -> Slow:
    """The reply waits for `until`, or for `release`. With processed=False nothing is carried out before that."""
    return Slow(until or threading.Event(), processed)


@dataclass
class Rule:
    """Befalls matching requests: not the first `after`, then `times` of them (None: all), each with this chance."""

    method: str
    target: re.Pattern[str]
    faults: Sequence[Fault]
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    random: Random = field(default_factory=lambda: Random(0))
    seen: int = 0
    hits: int = 0

    def sees(self, method: str, target: str) -> bool:
        """Whether this request matches, which it counts."""
        matches = self.method in ("", method) and self.target.search(target) is not None
        self.seen += matches
        return matches

    def pick(self, method: str, target: str) -> Fault | None:
        if not self.sees(method, target):
            return None
        is_due = self.seen > self.after and (self.times is None or self.hits < self.times)
        if not is_due or self.random.random() >= self.probability:
            return None
        self.hits += 1
        return self.random.choice(self.faults)


class Faults:
    """The rules of a server. Where several are due, the one that was added first takes the request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def add(self, method: str, target: str, fault: Fault, times: int | None = 1, after: int = 0) -> Rule:
        """`method` "" is any; `target` is a regular expression that matches somewhere in path and query."""
        return self._add(Rule(method, re.compile(target), [fault], times, after))

    def add_random(self, method: str, target: str, faults: Sequence[Fault], probability: float, random: Random) -> Rule:
        """Until they are cleared: one of these, with this chance for each request."""
        return self._add(Rule(method, re.compile(target), faults, None, 0, probability, random))

    def clear(self) -> None:
        """No request meets a fault any more, and those that are held go on."""
        with self._lock:
            rules, self._rules = self._rules, []
        for rule in rules:
            for fault in rule.faults:
                if isinstance(fault, Slow):
                    fault.release()

    def pick(self, method: str, target: str) -> Fault | None:
        """The fault that befalls this request, if any."""
        with self._lock:
            picked = None
            for rule in self._rules:
                # Every rule counts every request, and at most one has its way.
                if picked is None:
                    picked = rule.pick(method, target)
                else:
                    rule.sees(method, target)
            return picked

    def _add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule
