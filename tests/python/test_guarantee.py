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
#: Between two passages: an empty line, but for those around a table, or the beginning of an item of a list.
BREAK = re.compile(r"\n\n+(?=#)|(?<!\|)\n\n+(?!\|)|\n(?=- )")


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


def passages(page: str) -> list[str]:
    """What the page says under its headings: paragraphs, items of lists, a table with what stands before and after it."""
    said = page[page.index("\n## "):]
    return [passage.strip() for passage in BREAK.split(said) if not re.match(r"\s*(#|$)", passage)]


def unproved(page: str) -> list[str]:
    """What the page says and follows by no link into the tests."""
    return [passage for passage in passages(page) if not any("tests" in file.parts for file, _ in named(passage))]


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_everything_that_the_page_names_is_there(page: str):
    assert missing(page) == []


def test_every_isolation_spec_has_its_place(page: str):
    assert unmentioned(page) == set()


def test_every_passage_is_followed_by_what_shows_it(page: str):
    assert len(passages(page)) > 80
    assert unproved(page) == []


def test_the_extension_raises_no_serialization_failure_itself():
    """Which the page says, and no session can see."""
    sources = [*(ROOT / "src").rglob("*.rs"), *(ROOT / "core" / "src").rglob("*.rs")]
    assert [file.name for file in sources if re.search("40001|SERIALIZATION_FAILURE", file.read_text(encoding="utf-8"))] == []


def test_a_page_that_says_too_much_or_too_little_is_noticed(page: str):
    assert missing(page.replace("specs/midnight.spec", "specs/noon.spec")) == [str(SPECS / "noon.spec")]
    assert missing(page.replace("`s1_begin s1_late s2_early", "`s1_begin s2_early")) == [
        "midnight.spec: s1_begin s2_early s1_commit s2_count"]
    assert missing(page.replace("`test_the_same_message_at_once", "`test_the_same_message_twice")) == [
        "test_voice.py: test_the_same_message_twice_books_once"]
    assert unmentioned(page.replace("specs/seats.spec", "specs/midnight.spec")) == {"seats.spec"}
    assert unproved(page + "\n\n- Nobody ever waits.\n\nNor does\nanybody deadlock.\n") == ["- Nobody ever waits.", "Nor does\nanybody deadlock."]
    level = "| SERIALIZABLE | SQLSTATE 40001 | SQLSTATE 40001 |"
    assert level in unproved(page.replace(f"{level}\n\nLine by line", f"{level}\n\n## Line by line"))[0]
