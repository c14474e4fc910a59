"""What a booking is made of: the processor's instructions, as valgrind counts them in a single-user server. They are the same in
each run, whatever else the machine does, and they say where the time goes; what they cost, and what waits for the disk or for
others, they do not say. Prints a table, and writes it into docs/benchmarks.md if asked.

    BOOKING_BENCH_DSN="host=... port=... user=postgres" python bench/instructions.py [--update-docs]
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import report
from database import BOOKINGS, FIRST, history
from load import CLUSTER, ORG, SETTINGS, SLOTS, SQL, TEMPLATE, Server

# What a session does once, and making the plans, is taken away: it is the same in a short run and in a long one.
SHORT, LONG = 100, 400
BEGIN, END = "<!-- the instructions that make bench counted -->", "<!-- the end of them -->"
TITLES = {"floor": "bare INSERT", "statement": "one statement", "plpgsql": "PL/pgSQL", "extension": "booking"}
# The steps of a booking, by the functions that are nothing else.
PARTS = {
    "reads the organization, its service and resource": "pg_booking::organization::Organization::read",
    "normalizes who it is for": "pg_booking::book::request::Person::read",
    "reads the opening hours": "pg_booking::calendar::hours::open_resources",
    "takes its locks": "pg_booking::book::lock::Locks::take",
    "reads what is taken": "pg_booking::book::place::Plan::seats",
    "finds the contact": "pg_booking::book::contact::Contact::find",
    "writes": "pg_booking::book::record::write",
}
CHECKS = "ExecConstraints"
# Variables of pgbench, as parameters of a prepared statement.
PARAMETERS = {":caller::integer": "$1", ":resource": "$2", ":at": "$3", ":number": "$4"}
FIXED = {":org::uuid": f"'{ORG}'::uuid", ":service::uuid": f"'{ORG}'::uuid"}


def script(kind: str, count: int) -> str:
    """So many bookings, a line each, of the slots and callers that pgbench has. Every kind has the same."""
    (_, name) = BOOKINGS[kind]
    lines = (SQL / f"{name}.sql").read_text().splitlines()
    statement = " ".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
    for variable, value in (FIXED | PARAMETERS).items():
        statement = re.sub(rf"(?<!:){re.escape(variable)}\b", lambda _, value=value: value, statement)
    calls = []
    for turn, number in enumerate(random.Random(1).sample(range(SLOTS // 10), count)):
        at = int(FIRST.timestamp()) + number // 1400 * 86400 + number // 100 % 14 * 1800
        calls.append(f"EXECUTE book({number % 1000 if turn % 2 == 0 else 100_000 + number}, {number % 100}, {at}, {number});")
    begin = ["SET timezone = 'UTC';", "SET plan_cache_mode = force_generic_plan;"]
    return "\n".join([*begin, f"PREPARE book(integer, integer, double precision, integer) AS {statement};", *calls]) + "\n"


@dataclass
class Count:
    total: int
    # By function, with what it calls.
    functions: dict[str, int]

    def less(self, other: Count, calls: int) -> Count:
        """What each call more has cost."""
        functions = {name: (number - other.functions.get(name, 0)) // calls for name, number in self.functions.items()}
        return Count((self.total - other.total) // calls, functions)


def counted(database: str, text: str) -> Count:
    log = Path(subprocess.run([CLUSTER, "log", "bench"], capture_output=True, text=True, check=True).stdout.strip())
    data = log.parent / "data"
    options = [f"-c{name}={value}" for name, value in (SETTINGS | {"fsync": "off"}).items()]
    with tempfile.TemporaryDirectory() as directory:
        # The server runs as another user than root.
        Path(directory).chmod(0o777)
        found = Path(directory) / "callgrind"
        server = ["postgres", "--single", "-D", str(data), *options, database]
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={found}", *server]
        if os.geteuid() == 0:
            command = ["runuser", "-u", log.parent.owner(), "--", "env", f"PATH={os.environ['PATH']}", *command]
        done = subprocess.run(command, input=text, cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise RuntimeError(f"the bookings could not be counted:\n{done.stderr[:2000]}")
        annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(found)]
        listed = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    functions: dict[str, int] = {}
    for number, name in re.findall(r"^\s*([\d,]+) \([ \d.]+%\)\s+\S*?:([\w:]+)(?: \[|$)", listed, re.MULTILINE):
        functions.setdefault(name, int(number.replace(",", "")))
    return Count(int(re.search(r"^\s*([\d,]+).*PROGRAM TOTALS", listed, re.MULTILINE)[1].replace(",", "")), functions)


def measure(server: Server) -> dict[str, Count]:
    server.start()
    server.make(TEMPLATE, history(10_000))
    runs = {(kind, count): f"bench_{kind}_{count}" for kind in BOOKINGS for count in [SHORT, LONG]}
    for database in runs.values():
        server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} TEMPLATE {TEMPLATE}")
    subprocess.run([CLUSTER, "stop", "bench"], check=True)
    counts = {run: counted(database, script(*run)) for run, database in runs.items()}
    subprocess.run([CLUSTER, "start", "bench"], check=True)
    for (kind, count), database in runs.items():
        with server.connect(database) as session:
            booked = session.execute("SELECT count(*) - 10000 FROM booking.appointments").fetchone()[0]
            assert booked == count, f"{kind}: {booked} of {count} were booked"
    return {kind: counts[kind, LONG].less(counts[kind, SHORT], LONG - SHORT) for kind in BOOKINGS}


def lines(counts: dict[str, Count]) -> list[list[str]]:
    ours = counts["extension"]

    def line(what: str, number: int) -> list[str]:
        return [what, f"{number / 1000:,.0f}", f"{number / ours.total:.0%}"]

    parts = {what: ours.functions[function] for what, function in PARTS.items()}
    return [
        *(line(TITLES[kind], count.total) for kind, count in counts.items()),
        *(line(f"booking: {what}", number) for what, number in parts.items()),
        line("booking: the rest", ours.total - sum(parts.values())),
        *(line(f"{TITLES[kind]}: of it the CHECKs of the tables", counts[kind].functions[CHECKS]) for kind in counts),
    ]


HEAD = ["what", "thousand instructions", "of a booking"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--update-docs", action="store_true", help="write the table into docs/benchmarks.md")
    stated = arguments.parse_args()
    table = lines(measure(Server(os.environ["BOOKING_BENCH_DSN"])))
    print(report.aligned([HEAD, *table]))
    if stated.update_docs:
        report.update_docs(report.as_markdown([HEAD, *table]) + "\n", begin=BEGIN, end=END)


if __name__ == "__main__":
    main()
