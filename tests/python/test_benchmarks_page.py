"""docs/benchmarks.md explains what `make bench` prints. Nothing is measured here."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.append(str(TREE / "bench"))

from rows import Row, rows  # noqa: E402

README = (TREE / "README.md").read_text(encoding="utf-8")
PAGE = (TREE / "docs" / "benchmarks.md").read_text(encoding="utf-8")
# What was written by hand: the table of a run names its rows, too.
EXPLAINED = set(re.findall(r"^\| (`.*?) \|", PAGE.partition("## The rows")[2], re.MULTILINE))
NAMES = {name for cell in EXPLAINED for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("row", rows(with_large=True), ids=lambda row: row.name)
def test_every_row_is_explained(row: Row) -> None:
    assert row.name in NAMES


def test_no_row_is_explained_that_is_not_printed() -> None:
    assert NAMES == {row.name for row in rows(with_large=True)}


@pytest.mark.parametrize("script", ["report.py", "instructions.py"])
def test_the_page_has_the_marks_between_which_the_table_is_written(script: str) -> None:
    source = (TREE / "bench" / script).read_text(encoding="utf-8")
    for mark in re.search(r'^BEGIN, END = "(.*)", "(.*)"$', source, re.MULTILINE).groups():
        assert PAGE.count(mark) == 1


def test_the_readme_shows_what_the_page_shows() -> None:
    section = README.partition("## Performance\n")[2].partition("\n## ")[0]
    shown = re.findall(r"^\| (?!what |---)(.+?) \| (.+?) \|$", section, re.MULTILINE)
    page = {(cells[1], cells[3]) for line in PAGE.splitlines() if len(cells := [cell.strip() for cell in line.strip("| ").split(" | ")]) > 3}
    assert shown and {*shown} <= page
