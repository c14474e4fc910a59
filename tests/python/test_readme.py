"""README.md, run as a reader would run it: every ```sql block, from top to bottom, in one psql session against a new database.

A ```text block that follows a ```sql block is what it prints (psql -A -t), broken into lines as is easy to read. Ids, dates
and what depends on them may differ; everything else must be as printed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from databases import new_database
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

# They make a database and roles, which takes a superuser.
pytestmark = pytest.mark.superuser

README = Path(__file__).resolve().parents[2] / "README.md"
# The roles that README.md makes. Roles belong to the whole cluster and outlive the database.
ROLES = ["riverside_backend", "riverside_staff", "riverside_courier"]
MARK = "---- README.md, block {} ----"


@dataclass
class Block:
    line: int
    language: str
    text: str


@dataclass
class Example:
    """A block of SQL, the answer that README.md prints below it, if any, and what it printed here."""

    block: Block
    answer: Block | None
    output: str = ""


def blocks() -> list[Block]:
    page = README.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [Block(page.count("\n", 0, fence.start()) + 1, fence[1], fence[2]) for fence in found]


def examples() -> list[Example]:
    page = blocks()
    return [
        Example(block, follower if follower and follower.language == "text" else None)
        for block, follower in zip(page, [*page[1:], None])
        if block.language == "sql"
    ]


@pytest.fixture
def reader(admin_dsn: str, admin: psycopg.Connection) -> Iterator[dict]:
    """The connection parameters of a database that only this test uses. It has no extension yet: README.md makes it."""
    try:
        with new_database(admin_dsn) as database:
            yield conninfo_to_dict(database)
    finally:
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.SQL(", ").join(map(sql.Identifier, ROLES))))


def run(database: dict, script: str) -> subprocess.CompletedProcess[str]:
    command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", make_conninfo(**database), "-f", "-"]
    environment = {**os.environ, "PGTZ": "UTC", "PGDATESTYLE": "ISO"}
    return subprocess.run(command, input=script, env=environment, capture_output=True, text=True, timeout=120, check=False)


def run_readme(database: dict) -> list[Example]:
    """Every example with what it printed. A block that fails is named by its line in README.md."""
    page = examples()
    # Each block stands at its own line of the script, so that psql counts as README.md does.
    script = ""
    for number, example in enumerate(page):
        script += "\n" * (example.block.line - 1 - script.count("\n"))
        script += f"\\echo '{MARK.format(number)}'\n{example.block.text}"
    finished = run(database, script)
    assert finished.returncode == 0, f"README.md does not run (the lines are those of README.md):\n{finished.stderr}"
    outputs = re.split(f"^{MARK.format('[0-9]+')}\n", finished.stdout, flags=re.MULTILINE)[1:]
    assert len(outputs) == len(page), f"{len(outputs)} of {len(page)} blocks were run"
    for example, output in zip(page, outputs):
        example.output = output
    return page


DIFFERS = [
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d)", "<instant>"),
    (r"\d{4}-\d\d-\d\d", "<date>"),
    (r"\b(today|tomorrow|(?:on )?[A-Z][a-z]+day, [A-Z][a-z]+ \d{1,2}(, \d{4})?)\b", "<day>"),
    # The time of day at which the example runs.
    (r"(?<=^Now: <day>, )\d{1,2}:\d\d [AP]M", "<time>"),
    # A day on which the clocks change has more or fewer of them.
    (r"\b\d+ more times\b", "<n> more times"),
]


def comparable(text: str) -> str:
    """The text without ids and dates, and without white space, since README.md breaks long lines."""
    for pattern, stand_in in DIFFERS:
        text = re.sub(pattern, stand_in, text, flags=re.MULTILINE)
    return re.sub(r"\s+", "", text)


def test_the_readme_runs_from_top_to_bottom_and_prints_what_it_says(reader: dict) -> None:
    page = run_readme(reader)

    first = [json.loads(line) for line in page[0].output.splitlines() if line.startswith("{")]
    assert len(first) == 2, f"the first example answers {page[0].output!r}"
    booked, refused = first
    assert booked["success"] is True and booked["status"] == "confirmed", booked
    assert refused["success"] is False and refused["error"] == "slot_unavailable", refused
    assert len(refused["alternatives"]) == 3, refused
    assert booked["scheduledAt"] not in refused["alternatives"], refused

    answered = [example for example in page if example.answer]
    assert len(answered) >= 10, f"only {len(answered)} examples print their answer"
    for example in answered:
        printed = example.answer.text
        assert comparable(example.output) == comparable(printed), (
            f"README.md line {example.answer.line} says\n{printed}\nbut the answer is\n{example.output}"
        )


def test_every_function_of_the_extension_stands_in_an_example(reader: dict) -> None:
    listed = run(
        reader,
        "SET client_min_messages = warning; CREATE EXTENSION pg_booking CASCADE;"
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'booking'::regnamespace;",
    )
    assert listed.returncode == 0, listed.stderr
    functions = listed.stdout.split()
    shown = "".join(example.block.text for example in examples())
    missing = [name for name in functions if f"booking.{name}(" not in shown]
    assert functions and not missing, f"README.md has no example of {', '.join(missing)}"


@pytest.mark.parametrize("broken", ["SELECT 1 / 0;", "SELECT booking.no_such_function();"])
def test_a_block_that_fails_is_noticed(reader: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, broken: str) -> None:
    copy = tmp_path / "README.md"
    copy.write_text(README.read_text(encoding="utf-8") + f"\n```sql\n{broken}\n```\n", encoding="utf-8")
    monkeypatch.setitem(globals(), "README", copy)
    with pytest.raises(AssertionError, match="README.md does not run"):
        run_readme(reader)
