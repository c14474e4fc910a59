"""Phone normalization against Google's library, over every region and every way to write, dial or say a number.

One Rust process answers the whole corpus. docs/phones.md says what was measured and where the two part; these tests
hold the page to it. Run: `pip install -r tests/requirements.txt && pytest tests/phones`.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from corpus import Case, build

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "phones.md"
COMMAND = ["cargo", "run", "--release", "-q", "-p", "booking-core", "--example", "normalize_phones"]
REFUSAL = "!invalid_phone"
SAMPLES = 20

Answered = list[tuple[Case, str]]


@pytest.fixture(scope="session")
def answered() -> Answered:
    """Every case with the answer of the Rust code."""
    cases = build()
    questions = "".join(f"{case.region}\t{case.phone}\n" for case in cases)
    run = subprocess.run(COMMAND, cwd=ROOT, input=questions.encode(), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode(errors="replace")
    answers = run.stdout.decode().splitlines()
    assert len(answers) == len(cases), f"{len(answers)} answers to {len(cases)} questions"
    return list(zip(cases, answers))


def disagrees(case: Case, answer: str) -> bool:
    return answer != (case.expected or REFUSAL)


def shown(found: Answered) -> str:
    """How many there are, and a sample of them."""
    lines = [
        f"  {case.region} {case.phone!r} ({case.kind}): Google {case.expected}, meant {case.meant}, answered {answer}"
        for case, answer in found[:SAMPLES]
    ]
    return "\n".join([f"{len(found)} inputs, for example:", *lines])


def table(name: str) -> list[list[str]]:
    """The rows of a table of docs/phones.md, between its marks, without the two header lines."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", page, re.DOTALL)
    assert found, f"{PAGE} has no table {name!r}"
    rows = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def compare(name: str, recorded: dict, measured: dict) -> None:
    """Fails unless the page records what was measured, no more and no less."""
    lines = [f"  not recorded: {key}: {measured[key]}" for key in sorted(measured.keys() - recorded.keys())]
    lines += [f"  recorded, but not there: {key}: {recorded[key]}" for key in sorted(recorded.keys() - measured.keys())]
    lines += [
        f"  {key}: recorded {recorded[key]}, measured {measured[key]}"
        for key in sorted(measured.keys() & recorded.keys())
        if recorded[key] != measured[key]
    ]
    assert not lines, "\n".join([f"table {name!r} of {PAGE} is stale:", *lines])


def test_the_corpus_is_large_and_covers_every_region(answered: Answered) -> None:
    regions = {case.region for case, _ in answered}
    assert len(answered) >= 25_000 and len(regions) == 245, f"{len(answered)} inputs in {len(regions)} regions"


def test_no_number_is_another_than_googles(answered: Answered) -> None:
    wrong = [(case, answer) for case, answer in answered if case.expected and answer not in (case.expected, REFUSAL)]
    assert not wrong, shown(wrong)


def test_no_number_is_another_than_the_one_meant(answered: Answered) -> None:
    wrong = [(case, answer) for case, answer in answered if case.meant and answer not in (case.meant, REFUSAL)]
    assert not wrong, shown(wrong)


def test_the_outcome_agrees_with_google_in_999_of_1000_inputs(answered: Answered) -> None:
    apart = [(case, answer) for case, answer in answered if disagrees(case, answer)]
    agreement = 1 - len(apart) / len(answered)
    assert agreement >= 0.999, f"agreement {agreement:.4%}; {shown(apart)}"


def test_the_disagreements_are_those_on_record(answered: Answered) -> None:
    measured = Counter(
        (case.region, case.kind, "refused" if case.expected else "accepted")
        for case, answer in answered
        if disagrees(case, answer)
    )
    recorded = {(region, kind, here): int(inputs) for region, kind, here, inputs, _reason in table("disagreements")}
    compare("disagreements", recorded, measured)


def test_the_figures_on_the_page_are_those_measured(answered: Answered) -> None:
    measured: dict[str, list[int]] = {}
    for case, answer in answered:
        for row in (case.kind, "all"):
            figures = measured.setdefault(row, [0, 0, 0, 0])
            alike = not disagrees(case, answer)
            figures[0] += 1
            figures[1] += alike and case.expected is not None
            figures[2] += alike and case.expected is None
            figures[3] += not alike
    recorded = {kind: [int(figure.replace(",", "")) for figure in figures] for kind, *figures in table("figures")}
    compare("figures", recorded, measured)


def test_the_sentences_on_the_page_have_the_measured_figures(answered: Answered) -> None:
    apart = sum(disagrees(case, answer) for case, answer in answered)
    by_google = sum(1 for case, _ in answered if case.meant and case.expected and case.expected != case.meant)
    page = PAGE.read_text(encoding="utf-8")
    for sentence in (
        f"{len(answered):,} inputs, outcome alike in {100 - 100 * apart / len(answered):.2f} %",
        f"Google's library makes {by_google} such numbers",
    ):
        assert sentence in page, f"{PAGE} does not say: {sentence}"
