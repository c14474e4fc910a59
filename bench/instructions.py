"""What a booking, a refusal and a look are made of: the processor's instructions, as valgrind counts them in a single-user server. They are the same in
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
from database import BOOKINGS, CALENDAR, FIRST, OTHERS, TAKEN_SLOTS, WITH_STATISTICS, history, taken
from load import CLUSTER, ORG, SETTINGS, SLOTS, SQL, TEMPLATE, Server

# What a session does once, and making the plans, is taken away: it is the same in a short run and in a long one.
SHORT, LONG = 100, 400
BEGIN, END = "<!-- the instructions that make bench counted -->", "<!-- the end of them -->"
MARKDOWN = report.DIRECTORY / "instructions.md"
TITLES = {
    "floor": "bare INSERT", "statement": "one statement", "plpgsql": "PL/pgSQL", "extension": "booking",
    "refusal": "refusal with three alternatives", "month": "a month of slots",
}  # fmt: skip
# What is looked at: a calendar of which three of each four slots are taken, as in the rows refusal-... and month.
CALENDARS = "bench_calendars"
LOOKS = {"refusal": "extension-refuse", "month": "extension-month"}
SCRIPTS = {kind: parts[-1] for kind, parts in BOOKINGS.items()} | LOOKS
# The steps of ours, by the functions that are nothing else.
ORGANIZATION = {"reads the organization, its service and resource": "pg_booking::organization::Organization::read"}
HOURS = {"reads the opening hours": "pg_booking::calendar::hours::open_resources"}
BEFORE = ORGANIZATION | {
    "normalizes who it is for": "pg_booking::book::request::Person::read",
    "takes its locks": "pg_booking::book::lock::Locks::take",
} | HOURS  # fmt: skip
TAKEN = {"reads what is taken": "pg_booking::calendar::read"}
PARTS = {
    "extension": BEFORE | TAKEN | {
        "finds the contact": "pg_booking::book::contact::Contact::find",
        "writes": "pg_booking::book::record::write",
    },
    "refusal": BEFORE | TAKEN,
    "month": ORGANIZATION | HOURS | TAKEN,
}  # fmt: skip
CHECKS = "ExecConstraints"
# Variables of pgbench, as parameters of a prepared statement.
PARAMETERS = {":caller::integer": "$1", ":caller": "$1", ":resource": "$2", ":at": "$3", ":number": "$4"}
MONTH = int(FIRST.replace(hour=0).timestamp()) + 86400
FIXED = {":org::uuid": f"'{ORG}'::uuid", ":service::uuid": f"'{ORG}'::uuid", ":month": str(MONTH)}


def script(kind: str, count: int) -> str:
    """So many calls, a line each, of the slots and callers that pgbench has. Every kind of booking has the same."""
    lines = (SQL / f"{SCRIPTS[kind]}.sql").read_text().splitlines()
    statement = " ".join(line for line in lines if not line.startswith("--")).strip().rstrip(";")
    for variable, value in (FIXED | PARAMETERS).items():
        statement = re.sub(rf"(?<!:){re.escape(variable)}\b", lambda _, value=value: value, statement)
    begin = ["SET timezone = 'UTC';", "SET plan_cache_mode = force_generic_plan;"]
    calls = asked(count) if kind in LOOKS else booked(count)
    return "\n".join([*begin, f"PREPARE call(integer, integer, double precision, integer) AS {statement};", *calls]) + "\n"


def booked(count: int) -> list[str]:
    calls = []
    for turn, number in enumerate(random.Random(1).sample(range(SLOTS // 10), count)):
        at = int(FIRST.timestamp()) + number // 1400 * 86400 + number // 100 % 14 * 1800
        calls.append(f"EXECUTE call({number % 1000 if turn % 2 == 0 else 100_000 + number}, {number % 100}, {at}, {number});")
    return calls


def asked(count: int) -> list[str]:
    """For slots that are taken, the last three of each four, all of them equally often."""
    calls = []
    for turn in range(count):
        slot = turn * 7 % TAKEN_SLOTS
        number = slot // 3 * 4 + slot % 3 + 1
        at = int(FIRST.timestamp()) + number // 14 * 86400 + number % 14 * 1800
        calls.append(f"EXECUTE call({slot}, 0, {at}, {number});")
    return calls


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
    server.make(TEMPLATE, history(10_000), WITH_STATISTICS)
    server.make(CALENDARS, taken(CALENDAR), OTHERS, WITH_STATISTICS)
    runs = {(kind, count): f"bench_{kind}_{count}" for kind in SCRIPTS for count in [SHORT, LONG]}
    for (kind, _), database in runs.items():
        template = CALENDARS if kind in LOOKS else TEMPLATE
        server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} TEMPLATE {template}")
    before = rows(server, runs)
    subprocess.run([CLUSTER, "stop", "bench"], check=True)
    counts = {run: counted(database, script(*run)) for run, database in runs.items()}
    subprocess.run([CLUSTER, "start", "bench"], check=True)
    for (kind, count), found in rows(server, runs).items():
        booked = found - before[kind, count]
        assert booked == (0 if kind in LOOKS else count), f"{kind}: {booked} of {count} were booked"
    return {kind: counts[kind, LONG].less(counts[kind, SHORT], LONG - SHORT) for kind in SCRIPTS}


def rows(server: Server, runs: dict[tuple[str, int], str]) -> dict[tuple[str, int], int]:
    found = {}
    for run, database in runs.items():
        with server.connect(database) as session:
            found[run] = session.execute("SELECT count(*) FROM booking.appointments").fetchone()[0]
    return found


def line(what: str, number: int, whole: int) -> list[str]:
    return [what, f"{number / 1000:,.0f}", f"{number / whole:.0%}"]


def parts(kind: str, count: Count) -> list[list[str]]:
    steps = {what: count.functions[function] for what, function in PARTS[kind].items()} if kind in PARTS else {}
    rest = {"the rest": count.total - sum(steps.values())} if steps else {}
    return [line(f"{TITLES[kind]}: {what}", number, count.total) for what, number in (steps | rest).items()]


def bookings(counts: dict[str, Count]) -> list[list[str]]:
    whole = counts["extension"].total
    return [
        ["what", "thousand instructions", "of a booking"],
        *(line(TITLES[kind], counts[kind].total, whole) for kind in BOOKINGS),
        *parts("extension", counts["extension"]),
        *(line(f"{TITLES[kind]}: of it the CHECKs of the tables", counts[kind].functions[CHECKS], whole) for kind in BOOKINGS),
    ]


def looks(counts: dict[str, Count]) -> list[list[str]]:
    found = [["what", "thousand instructions", "of all of it"]]
    for kind in LOOKS:
        found += [line(TITLES[kind], counts[kind].total, counts[kind].total), *parts(kind, counts[kind])]
    return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--update-docs", action="store_true", help="write the tables into docs/benchmarks.md")
    stated = arguments.parse_args()
    counts = measure(Server(os.environ["BOOKING_BENCH_DSN"]))
    tables = [bookings(counts), looks(counts)]
    print("\n\n".join(report.aligned(table) for table in tables))
    markdown = "\n\n".join(report.as_markdown(table) for table in tables) + "\n"
    report.DIRECTORY.mkdir(parents=True, exist_ok=True)
    MARKDOWN.write_text(markdown)
    if stated.update_docs:
        report.update_docs(markdown, begin=BEGIN, end=END)


if __name__ == "__main__":
    main()
