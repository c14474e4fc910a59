"""docs/guarantee.md: what it names as shown by a test is there to be run, and every isolation spec has its place in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# What a page says does not depend on who calls.
pytestmark = pytest.mark.superuser

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guarantee.md"
SPECS = ROOT / "tests" / "isolation" / "specs"

SPAN = r"`[^`]+`"
#: A link into this repository, and the tests or permutations of that file that are named right behind it.
EVIDENCE = re.compile(rf"\[[^\]]+\]\((\.\./[^)#]+)(?:#[^)]*)?\)((?:,?\s+{SPAN})*)")
ITEM = re.compile(r"^- .*?(?=^- |^#|^\||\Z|\n\n)", re.MULTILINE | re.DOTALL)


def named(page: str) -> list[tuple[Path, list[str]]]:
    """The files that the page links, each with what it names in it."""
    return [
        ((PAGE.parent / path).resolve(), [" ".join(span.strip("`").split()) for span in re.findall(SPAN, spans)])
        for path, spans in EVIDENCE.findall(page)
    ]


def there_is(file: Path, name: str) -> bool:
    """Whether a test or a permutation of this name is in the file."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".spec":
        return name in re.findall(r"^permutation (.*\S)\s*$", text, re.MULTILINE)
    return re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE) is not None


def missing(page: str) -> list[str]:
    """What the page names and is not there."""
    found = [str(file) for file, _ in named(page) if not file.is_file()]
    return found + [f"{file.name}: {name}" for file, names in named(page) for name in names if file.is_file() and not there_is(file, name)]


def unmentioned(page: str) -> set[str]:
    """The isolation specs that the page does not link."""
    return {spec.name for spec in SPECS.glob("*.spec")} - {file.name for file, _ in named(page)}


def unproved(page: str) -> list[str]:
    """What the page lists and follows by no link into the tests."""
    return [item for item in ITEM.findall(page) if not any("tests" in file.parts for file, _ in named(item))]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_everything_that_the_page_names_is_there(page: str):
    assert missing(page) == []


def test_every_isolation_spec_has_its_place(page: str):
    assert unmentioned(page) == set()


def test_every_sentence_of_a_list_is_followed_by_what_shows_it(page: str):
    assert len(ITEM.findall(page)) > 50
    assert unproved(page) == []


def test_a_page_that_says_too_much_or_too_little_is_noticed(page: str):
    assert missing(page.replace("specs/midnight.spec", "specs/noon.spec")) == [str(SPECS / "noon.spec")]
    assert missing(page.replace("`s1_begin s1_late s2_early", "`s1_begin s2_early")) == [
        "midnight.spec: s1_begin s2_early s1_commit s2_count"]
    assert missing(page.replace("`test_the_same_message_at_once", "`test_the_same_message_twice")) == [
        "test_voice.py: test_the_same_message_twice_books_once"]
    assert unmentioned(page.replace("specs/seats.spec", "specs/midnight.spec")) == {"seats.spec"}
    assert unproved(page + "\n\n- Nobody ever waits.\n") == ["- Nobody ever waits.\n"]
