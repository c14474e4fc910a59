"""The table of what bench/database.py has measured: on the terminal, as markdown, as plots, and, if asked, in docs/benchmarks.md.

    python bench/report.py [--update-docs]    shows the last run again
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import plots
from rows import NORMALIZED, Row, rows

TREE = Path(__file__).resolve().parents[1]
DIRECTORY = TREE / "target" / "bench"
RESULT = DIRECTORY / "bench.json"
PAGE = TREE / "docs" / "benchmarks.md"
BEGIN, END = "<!-- the table that make bench printed -->", "<!-- the end of it -->"
README = TREE / "README.md"
# What README.md shows of it.
SHOWN = [
    "plpgsql-off-1", "plpgsql-off-8", "statement-off-8", "statement-on-8", "refusal-200", "refusal-200-unknown", "refusal-20000",
    "refusal-20000-unknown", "hot-slot", "hot-slot-errors", "month", "month-unknown", "growth-1m", "first-call-preloaded",
    "first-call-late", "normalize-phone",
]  # fmt: skip


@dataclass
class Figure:
    """What came out for a row."""

    value: float
    # What the value is made of, in words.
    of: str
    # Half the distance between the lowest and the highest round, of the value.
    spread: float

    @classmethod
    def of_rounds(cls, values: list[float], of: str = "") -> Figure:
        middle = median(values)
        return cls(middle, of, (max(values) - min(values)) / 2 / middle if middle else 0)

    @classmethod
    def of_ratio(cls, ours: list[float], others: list[float]) -> Figure:
        """The median of the ratios within a round."""
        ratios = [own / other for own, other in zip(ours, others)]
        return cls.of_rounds(ratios, f"{shown(median(ours))} / {shown(median(others))}")


def figures(measured: dict) -> dict[str, Figure]:
    """By the name of the row."""
    found: dict[str, Figure] = {}
    for place, rates in measured["bookings"].items():
        found[f"floor-{place}"] = Figure.of_rounds(rates["floor"])
        for kind in ["statement", "plpgsql"]:
            found[f"{kind}-{place}"] = Figure.of_ratio(rates["extension"], rates[kind])
    looks = {f"refusal-{size}": rates for size, rates in measured["refusals"].items()} | {"month": measured["month"]}
    for name, rates in looks.items():
        for kind, suffix in {"plpgsql": "", "window": "-window", "unknown": "-unknown"}.items():
            found[name + suffix] = Figure.of_ratio(rates["extension"], rates[kind])
    hot = measured["hot_slot"]
    found["hot-slot"] = Figure.of_ratio(hot["rates"]["extension"], hot["rates"]["plpgsql"])
    found["hot-slot-errors"] = Figure(hot["errors"], "", 0)
    found |= _growth(measured["growth"])
    for when, milliseconds in measured["first_calls"].items():
        found[f"first-call-{when}"] = Figure.of_rounds(milliseconds)
    for what in NORMALIZED:
        found[f"normalize-{what}"] = Figure.of_rounds(measured["normalization"][what])
    return found


def _growth(growth: dict[str, dict[str, list[float]]]) -> dict[str, Figure]:
    """How much of its rate a booking keeps, over how much the bare INSERT keeps."""
    (_, small), *larger = growth.items()
    found = {}
    for name, large in larger:
        kept = {kind: [own / other for own, other in zip(large[kind], small[kind])] for kind in large}
        figure = Figure.of_ratio(kept["extension"], kept["floor"])
        figure.of = " / ".join(f"{median(kept[kind]):.2f}" for kind in ["extension", "floor"])
        found[f"growth-{name}"] = figure
    return found


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def lines(measured: dict) -> list[list[str]]:
    """The cells of the table."""
    found = figures(measured)
    return [_line(row, found[row.name]) for row in rows(measured["is_large"])]


def _line(row: Row, figure: Figure) -> list[str]:
    value = f"{figure.value:.2f}" if row.unit == "x" else shown(figure.value)
    aim = "" if row.aim is None else f"{'at most' if row.is_most else 'at least'} {row.aim:g}"
    met = {None: "", True: "yes", False: "no"}[row.is_met(figure.value)]
    return [row.name, row.title, figure.of, f"{value} {row.unit}", aim, met, f"±{figure.spread:.0%}"]


HEAD = ["row", "what", "made of", "value", "aim", "met", "spread"]


def about(measured: dict) -> str:
    server = ", ".join(f"{name} {value}" for name, value in measured["server"].items() if name != "server_version")
    return (
        f"PostgreSQL {measured['server']['server_version'].split()[0]} on {measured['machine']}, {measured['at'][:10]}; "
        f"{measured['rounds']} rounds of {measured['seconds']} s. {server}."
    )


def aligned(table: list[list[str]]) -> str:
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table)


def as_markdown(table: list[list[str]]) -> str:
    head, *cells = table
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *cells])


def terminal(measured: dict) -> str:
    return f"{aligned([HEAD, *lines(measured)])}\n{about(measured)}"


def markdown(measured: dict) -> str:
    cells = [[f"`{name}`", *rest] for name, *rest in lines(measured)]
    return f"{as_markdown([HEAD, *cells])}\n\n{about(measured)}\n"


def in_short(measured: dict) -> str:
    """What README.md shows: of some rows what they are and what came out."""
    cells = [[line[1], line[3]] for name in SHOWN for line in lines(measured) if line[0] == name]
    return f"{as_markdown([[HEAD[1], HEAD[3]], *cells])}\n"


def update_docs(table: str, page: Path = PAGE, begin: str = BEGIN, end: str = END) -> None:
    """Writes the table between two marks of a page."""
    text = page.read_text()
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise SystemExit(f"{page.name} lacks the marks {begin} and {end}")
    page.write_text(f"{before}{begin}\n\n{table}\n{end}{after}")


def write(measured: dict, is_for_docs: bool) -> None:
    print(terminal(measured))
    table = markdown(measured)
    (DIRECTORY / "bench.md").write_text(table)
    drawn = plots.draw(measured, DIRECTORY)
    written = [RESULT, DIRECTORY / "bench.md", *drawn]
    if is_for_docs:
        update_docs(table)
        update_docs(in_short(measured), README)
        written += [PAGE, README]
    print("Written to " + ", ".join(str(path.relative_to(TREE)) for path in written) + ".")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--update-docs", action="store_true", help="write the table into docs/benchmarks.md")
    write(json.loads(RESULT.read_text()), arguments.parse_args().update_docs)


if __name__ == "__main__":
    main()
