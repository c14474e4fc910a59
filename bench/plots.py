"""Plots of what was measured, as SVG."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402

# The same picture from the same figures, byte by byte.
matplotlib.rcParams |= {"svg.hashsalt": "booking", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
NAMES = {"floor": "bare INSERT", "statement": "one statement", "plpgsql": "PL/pgSQL", "extension": "pg_booking"}
COLOURS = {"floor": "#bbbbbb", "statement": "#7a9cc6", "plpgsql": "#d9a05b", "extension": "#3b7d4f"}


def draw(measured: dict, directory: Path) -> list[Path]:
    return [_bookings(measured, directory / "bookings.svg"), _refusals(measured, directory / "refusals.svg")]


def _bars(axes: pyplot.Axes, groups: dict[str, dict[str, list[float]]], kinds: list[str]) -> None:
    """A group of bars for each of `groups`, with the lowest and the highest round."""
    width = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        rounds = [rates[kind] for rates in groups.values()]
        middles = [median(values) for values in rounds]
        error = [
            [middle - min(values) for middle, values in zip(middles, rounds)],
            [max(values) - middle for middle, values in zip(middles, rounds)],
        ]
        places = [place + (number - (len(kinds) - 1) / 2) * width for place in range(len(groups))]
        axes.bar(places, middles, width, yerr=error, label=NAMES[kind], color=COLOURS[kind], error_kw={"lw": 0.7})
    axes.set_xticks(range(len(groups)), list(groups))


def _bookings(measured: dict, path: Path) -> Path:
    figure, both = pyplot.subplots(1, 2, figsize=(9, 3.4), sharey=True)
    for axes, sync in zip(both, ["off", "on"]):
        of_sync = {place: rates for place, rates in measured["bookings"].items() if place.startswith(f"{sync}-")}
        _bars(axes, {place.partition("-")[2]: rates for place, rates in of_sync.items()}, list(NAMES))
        axes.set_xlabel("clients")
        axes.set_title(f"bookings per second, fsync {sync}")
    # Beside the bars of fsync on, which are lower.
    both[1].legend(frameon=False, loc="upper left")
    return _save(figure, path)


def _refusals(measured: dict, path: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(6, 3.4))
    groups = {f"calendar of {int(size):,}": rates for size, rates in measured["refusals"].items()}
    groups["one slot, 32 clients"] = measured["hot_slot"]["rates"]
    groups["a month of slots"] = measured["month"]
    _bars(axes, groups, ["plpgsql", "extension"])
    axes.set_yscale("log")
    axes.set_title("refusals with three alternatives, and looks, per second")
    axes.legend(frameon=False)
    return _save(figure, path)


def _save(figure: pyplot.Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path
