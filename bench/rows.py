"""The rows of the table that `make bench` prints: their names, and what each is to reach. docs/benchmarks.md explains every one."""

from __future__ import annotations

import os
from dataclasses import dataclass

CLIENTS = (1, 8, 32)
SYNC = ("off", "on")

# The number of appointments that are there before, by the name of the row.
SIZES = {"10k": 10_000, "1m": 1_000_000}
LARGE = {"10m": 10_000_000}

# What a booking has to reach of the rate of one statement that writes the same rows, and of a function in PL/pgSQL; by whether
# fsync is on and by clients. What is not here is shown without an aim.
OF_STATEMENT = {("off", 1): 0.95, ("off", 8): 0.95, ("on", 1): 0.95, ("on", 8): 0.95, ("on", 32): 0.95}
OF_PLPGSQL = {("off", 1): 1.2, ("off", 8): 1.2}


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    # What the value is counted in; "x" for a ratio.
    unit: str = "x"
    aim: float | None = None
    # Whether the aim is the most that it may be, not the least.
    is_most: bool = False

    def is_met(self, value: float) -> bool | None:
        if self.aim is None:
            return None
        return value <= self.aim if self.is_most else value >= self.aim


def is_large() -> bool:
    return os.environ.get("BOOKING_BENCH_LARGE") == "1"


def sizes() -> dict[str, int]:
    return SIZES | (LARGE if is_large() else {})


def rows(with_large: bool) -> list[Row]:
    """In the order in which they are printed."""
    return [*_bookings(), *_looks(), *_growth(with_large), *_first_calls(), *_normalization()]


def _bookings() -> list[Row]:
    found = []
    for sync in SYNC:
        for clients in CLIENTS:
            who = f"{clients} client{'s' if clients > 1 else ''}, fsync {sync}"
            found += [
                Row(f"floor-{sync}-{clients}", f"bare INSERT, {who}", "/s"),
                Row(f"statement-{sync}-{clients}", f"booking / one statement, {who}", aim=OF_STATEMENT.get((sync, clients))),
                Row(f"plpgsql-{sync}-{clients}", f"booking / PL/pgSQL, {who}", aim=OF_PLPGSQL.get((sync, clients))),
            ]
    return found


def _looks() -> list[Row]:
    return [
        *_against("refusal-200", "refusal, calendar of 200", aim=4),
        *_against("refusal-20000", "refusal, calendar of 20,000", aim=20),
        Row("hot-slot", "one slot, 32 clients / PL/pgSQL", aim=4),
        Row("hot-slot-errors", "errors and deadlocks meanwhile", "errors", aim=0, is_most=True),
        *_against("month", "a month of slots", aim=20),
    ]


def _against(name: str, title: str, aim: float) -> list[Row]:
    """Against the same function in three circumstances."""
    return [
        Row(name, f"{title} / PL/pgSQL", aim=aim),
        Row(f"{name}-window", f"{title} / PL/pgSQL that reads once"),
        Row(f"{name}-unknown", f"{title} / PL/pgSQL, tenant unknown to the planner"),
    ]


def _growth(with_large: bool) -> list[Row]:
    names = [*SIZES, *(LARGE if with_large else {})][1:]
    return [Row(f"growth-{name}", f"rate kept from 10k to {name} rows / bare INSERT", aim=1) for name in names]


def _first_calls() -> list[Row]:
    return [
        Row("first-call-preloaded", "first booking of a session, preloaded", "ms"),
        Row("first-call-late", "first booking of a session, not preloaded", "ms"),
    ]


def _normalization() -> list[Row]:
    return [Row(f"normalize-{what}", f"one {title}", "ns") for what, title in NORMALIZED.items()]


NORMALIZED = {"phone": "phone number", "name": "name", "email": "e-mail address", "date": "date and time in words"}
