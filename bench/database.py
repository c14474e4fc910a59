"""What the extension costs in the database, beside what could be written without it. Prints a table of ratios and leaves it, with
what it was made of, in target/bench. docs/benchmarks.md says what each row means.

    BOOKING_BENCH_DSN="host=... port=... user=postgres" python bench/database.py [--update-docs]

Everything that is compared runs in turn, A B C D B C D A, so that what else the machine does falls on all of them; a row is the
median over the rounds of the ratio within a round.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from statistics import median

import psycopg
import report
from load import ORG, SECONDS, SLOTS, SQL, TEMPLATE, Run, Server, settings, write_json
from rows import CLIENTS, NORMALIZED, SYNC, is_large, sizes

TREE = Path(__file__).resolve().parents[1]
ROUNDS = int(os.environ.get("BOOKING_BENCH_ROUNDS", "3"))
FIRST_CALLS = 15
HOT_CLIENTS = 32
GROWTH_CLIENTS = 8
# Of the calendars whose slots are refused.
CALENDAR = 200
TAKEN_SLOTS = 198
# Rates by the name of what was measured, one for each round.
Rates = dict[str, list[float]]

BOOKINGS = {
    "floor": ["slot", "floor"],
    "statement": ["slot", "statement"],
    "plpgsql": ["slot", "plpgsql-book"],
    "extension": ["slot", "extension-book"],
}
BY_HAND = ["taken-slot", "plpgsql-refuse"]
REFUSALS = {"plpgsql": BY_HAND, "window": BY_HAND, "unknown": BY_HAND, "extension": ["taken-slot", "extension-refuse"]}
HOT = {"plpgsql": ["hot-slot", "plpgsql-refuse"], "extension": ["hot-slot", "extension-refuse"]}
MONTH = {kind: ["extension-month" if kind == "extension" else "plpgsql-month"] for kind in REFUSALS}


def first_slot(days: int = 4) -> datetime:
    """The first half hour of a day that lies within the hours of New York in summer and in winter."""
    day = datetime.now(timezone.utc).date() + timedelta(days=days)
    return datetime.combine(day, datetime.min.time(), timezone.utc) + timedelta(hours=14)


FIRST = first_slot()


def history(rows: int, resources: int = 100, first: int = 0) -> str:
    """Appointments of the days before FIRST, of so many resources from the first one on."""
    days = -(-rows // resources // 14)
    return f"CALL bench.fill('{ORG}', {first}, {resources}, '{FIRST - timedelta(days=days)}', {rows})"


def histories(rows: int, resources: int = 100) -> list[str]:
    """The same in parts that can be written at once, one for each core."""
    parts = min(os.cpu_count() or 1, resources)
    bounds = [resources * part // parts for part in range(parts + 1)]
    return [history(rows * (end - first) // resources, end - first, first) for first, end in pairwise(bounds)]


def taken(rows: int) -> str:
    """Of the calendar of one resource, from FIRST on: of each four slots three are taken."""
    return f"CALL bench.fill('{ORG}', 0, 1, '{FIRST}', {rows * 4 // 3}, 4)"


# The extension withholds from the planner which tenants there are. A table of one's own would have these statistics, once
# ANALYZE has met the tenant.
WITH_STATISTICS = "ALTER TABLE booking.appointments ALTER org_id SET STATISTICS -1, ALTER resource_id SET STATISTICS -1"
WITHOUT_STATISTICS = """
    ALTER TABLE booking.appointments ALTER org_id SET STATISTICS 0, ALTER resource_id SET STATISTICS 0;
    DELETE FROM pg_statistic WHERE starelid = 'booking.appointments'::regclass"""
OTHERS = f"CALL bench.fill('{ORG}', 1, 99, '{FIRST - timedelta(days=15)}', 20000)"


def in_turn(kinds: dict[str, list[str]], measure: Callable[[str, list[str]], float]) -> Rates:
    rates: Rates = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        # Each is the first of its round in turn.
        order = [*kinds][number % len(kinds) :] + [*kinds][: number % len(kinds)]
        for kind in order:
            rates[kind].append(measure(kind, kinds[kind]))
    return rates


class Benchmark:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.variables: dict[str, object] = {"first": int(FIRST.timestamp())}

    def count(self, database: str, what: str = "booking.appointments") -> int:
        with self.server.connect(database) as session:
            return session.execute(f"SELECT count(*) FROM {what}").fetchone()[0]

    def bookings(self) -> dict[str, Rates]:
        self.server.make(TEMPLATE, history(10_000), WITH_STATISTICS)
        found = {}
        for sync in SYNC:
            self.server.set_fsync(sync)
            for clients in CLIENTS:
                found[f"{sync}-{clients}"] = in_turn(BOOKINGS, lambda _, parts, clients=clients: self._book(parts, clients))
                say(f"bookings, fsync {sync}, {clients} clients", found[f"{sync}-{clients}"])
        self.server.set_fsync("off")
        return found

    def _book(self, parts: list[str], clients: int) -> float:
        with self.server.copy() as database:
            before = self.count(database)
            rate = Run(self.server, database, parts, clients, self.variables).measure()
            # A slot that was refused would have been cheaper.
            written = self.count(database) - before
            assert written > rate * SECONDS * 0.9, f"{parts}: {written} rows at {rate} a second"
            jobs = self.count(database, "booking.outbox")
            assert jobs == (0 if "floor" in parts else 2 * written), f"{parts}: {jobs} jobs of {written} appointments"
            events = self.count(database, "booking.events")
            assert events == (0 if "floor" in parts else written), f"{parts}: {events} events of {written} appointments"
            return rate

    def calendars(self, rows: int, *more: str) -> dict[str, str]:
        """Databases with the calendar of one resource, by who looks at it: they differ in what the PL/pgSQL function is given."""
        past = [history(rows - CALENDAR, resources=1)] if rows > CALENDAR else []
        self.server.make(TEMPLATE, taken(CALENDAR), *past, *more, OTHERS, WITH_STATISTICS)
        found = {"extension": TEMPLATE, "plpgsql": TEMPLATE, "window": "bench_window", "unknown": "bench_unknown"}
        changes = {"bench_window": (SQL / "plpgsql-window.sql").read_text(), "bench_unknown": WITHOUT_STATISTICS}
        for name, change in changes.items():
            self.server.execute(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            self.server.execute(change, "ANALYZE", database=name)
        return found

    def refusals(self, rows: int) -> Rates:
        # The slots that are asked for are the same in both calendars; the longer one has a past.
        databases = self.calendars(rows)
        for database in {*databases.values()}:
            self._assert_equal_answers(database)
        before = self.count(TEMPLATE)
        variables = self.variables | {"slots": TAKEN_SLOTS}
        rates = in_turn(REFUSALS, lambda kind, parts: Run(self.server, databases[kind], parts, 1, variables).measure())
        assert self.count(TEMPLATE) == before, "what was to be refused was booked"
        say(f"refusals, calendar of {rows:,}", rates)
        return rates

    def _assert_equal_answers(self, database: str) -> None:
        """Both find the same three times, wherever one looks."""
        with self.server.connect(database) as session:
            unequal = session.execute(UNEQUAL, {"org": ORG, "first": FIRST}).fetchall()
        assert not unequal, unequal

    def hot_slot(self) -> dict[str, object]:
        """The rates, and the errors and deadlocks of the extension's runs."""
        errors = 0
        self.server.make(TEMPLATE, taken(CALENDAR), WITH_STATISTICS)

        def measure(kind: str, parts: list[str]) -> float:
            nonlocal errors
            with self.server.copy() as database:
                before = self.count(database)
                rate = Run(self.server, database, parts, HOT_CLIENTS, self.variables).measure()
                assert self.count(database) == before + 1, "the slot was not booked once"
                if kind == "extension":
                    errors += self._deadlocks(database)
                return rate

        rates = in_turn(HOT, measure)
        say(f"one slot, {HOT_CLIENTS} clients", rates)
        return {"rates": rates, "errors": errors}

    def _deadlocks(self, database: str) -> int:
        with self.server.connect() as session:
            asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = %s"
            return session.execute(asked, [database]).fetchone()[0]

    def month(self) -> Rates:
        midnight = FIRST.replace(hour=0) + timedelta(days=1)
        self.variables["month"] = int(midnight.timestamp())
        databases = self.calendars(20_000)
        counts = [self._count_month(databases[kind], parts[0]) for kind, parts in MONTH.items()]
        assert len({*counts}) == 1 and counts[0] > 0, counts
        rates = in_turn(MONTH, lambda kind, parts: Run(self.server, databases[kind], parts, 1, self.variables).measure())
        say("a month of slots", rates)
        return rates

    def _count_month(self, database: str, script: str) -> int:
        statement = (SQL / f"{script}.sql").read_text()
        for name, value in {"org": f"'{ORG}'", "month": str(self.variables["month"])}.items():
            statement = re.sub(rf"(?<!:):{name}\b", value, statement)
        with self.server.connect(database) as session:
            return session.execute(statement).fetchone()[0]

    def growth(self) -> dict[str, Rates]:
        """Rates of the bare INSERT and of bookings, by the number of rows that were there before. The databases are too large
        to be copied: each run has slots of its own."""
        for name, rows in sizes().items():
            began = time.monotonic()
            self.server.make(f"bench_{name}", at_once=histories(rows))
            print(f"  made {rows:,} appointments in {time.monotonic() - began:.0f} s", flush=True)
        kinds = {f"{kind}-{name}": BOOKINGS[kind] for name in sizes() for kind in ["floor", "extension"]}
        used = -1
        share = SLOTS // GROWTH_CLIENTS // (len(kinds) * ROUNDS)

        def measure(kind: str, parts: list[str]) -> float:
            nonlocal used
            used += 1
            database = f"bench_{kind.partition('-')[2]}"
            return Run(self.server, database, parts, GROWTH_CLIENTS, self.variables | {"n": used * share}).measure()

        rates = in_turn(kinds, measure)
        say(f"growth, {GROWTH_CLIENTS} clients", rates)
        return {name: {kind: rates[f"{kind}-{name}"] for kind in ["floor", "extension"]} for name in sizes()}

    def first_calls(self) -> list[float]:
        """What the first booking of a session takes, in milliseconds."""
        self.server.make(TEMPLATE, history(10_000))
        taken = []
        for number in range(FIRST_CALLS):
            with self.server.connect(TEMPLATE) as session:
                session.execute("SELECT 1")
                began = time.perf_counter()
                answer = session.execute(FIRST_CALL, [ORG, FIRST + timedelta(days=number)]).fetchone()[0]
                taken.append((time.perf_counter() - began) * 1000)
                assert answer["success"], answer
        return taken

    def normalization(self) -> dict[str, list[float]]:
        """Nanoseconds of one call, without those of the loop around it."""
        found: dict[str, list[float]] = {what: [] for what in NORMALIZED}
        with self.server.connect(TEMPLATE) as session:
            rows = session.execute("SELECT count(*) FROM bench.stated").fetchone()[0]
            # The first call of a session loads what it needs.
            for what in NORMALIZED:
                session.execute(f"SELECT count({CALLS[what][1]}) FROM bench.stated")
            for _ in range(ROUNDS):
                for what, (empty, call) in CALLS.items():
                    loop = timed(session, f"SELECT count({empty}) FROM bench.stated")
                    with_call = timed(session, f"SELECT count({call}) FROM bench.stated")
                    found[what].append((with_call - loop) / rows * 1e9)
        return found


def timed(session: psycopg.Connection, statement: str) -> float:
    began = time.perf_counter()
    session.execute(statement)
    return time.perf_counter() - began


# $org, $first. The answers to every taken slot of the calendar, where the two ways differ.
UNEQUAL = """
    SELECT slot.at, own.alternatives, other.alternatives
    FROM (SELECT %(first)s + day * interval '1 day' + n * interval '30 minutes' AS at
        FROM generate_series(0, 18, 3) AS day, generate_series(0, 13) AS n) AS slot
    JOIN booking.appointments AS a ON a.org_id = %(org)s AND a.resource_id = bench.id(0) AND a.starts_at = slot.at,
    LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(booking.book_appointment_atomic(%(org)s, 'Ann Lee', NULL, '+14152000001',
        'Checkup', slot.at, p_resource_id => a.resource_id)::jsonb -> 'alternatives'))::timestamptz[] AS alternatives) AS own,
    LATERAL (SELECT ARRAY(SELECT jsonb_array_elements_text(bench.book(%(org)s, 'Ann Lee', NULL, '+14152000001',
        'Checkup', slot.at, a.resource_id)::jsonb -> 'alternatives'))::timestamptz[] AS alternatives) AS other
    WHERE own.alternatives IS DISTINCT FROM other.alternatives OR cardinality(own.alternatives) <> 3"""

FIRST_CALL = """
    SELECT booking.book_appointment_atomic(%s, 'Ann Lee', NULL, '(415) 200-0001', 'Checkup', %s, p_resource_id => bench.id(99))"""

# An expression that costs only the loop, and the call.
CALLS = {
    "phone": ("phone", "booking.normalize_phone(phone)"),
    "name": ("name", "booking.normalize_name(name)"),
    "email": ("email", "booking.normalize_email(email)"),
    "date": ("day", "booking.normalize_booking_time(day, '2:30 pm', 'America/New_York')"),
}


def say(what: str, rates: Rates) -> None:
    """One line as it comes, so that nobody waits in the dark."""
    print(f"  {what}: " + ", ".join(f"{kind} {median(values):,.0f}/s" for kind, values in rates.items()), flush=True)


def measure(server: Server) -> dict[str, object]:
    benchmark = Benchmark(server)
    server.start()
    measured: dict[str, object] = {
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}",
        "server": settings(server),
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "is_large": is_large(),
        "bookings": benchmark.bookings(),
        "refusals": {str(rows): benchmark.refusals(rows) for rows in [CALENDAR, 20_000]},
        "hot_slot": benchmark.hot_slot(),
        "month": benchmark.month(),
        "growth": benchmark.growth(),
        "normalization": benchmark.normalization(),
        "first_calls": {"preloaded": benchmark.first_calls()},
    }
    server.start(is_preloaded=False)
    measured["first_calls"]["late"] = benchmark.first_calls()
    return measured


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--update-docs", action="store_true", help="write the table into docs/benchmarks.md")
    stated = arguments.parse_args()
    measured = measure(Server(os.environ["BOOKING_BENCH_DSN"]))
    write_json(report.RESULT, measured)
    report.write(measured, stated.update_docs)


if __name__ == "__main__":
    main()
