"""What the tests that break things stand on.

scripts/suites/torture.sh sets BOOKING_TEST_PORT, and removes the clusters that are named here. BOOKING_TORTURE_SEED says which
storms (any number; it is printed), BOOKING_TORTURE_ROUNDS how often each test breaks something."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from databases import database_with_extension
from scene import Scene
from server import Server, running


def pytest_configure(config: pytest.Config) -> None:
    # Of tests/python, whose calls are made here too.
    config.addinivalue_line("markers", "superuser: takes a superuser")


@pytest.fixture(scope="session")
def seed() -> int:
    return int(os.environ.get("BOOKING_TORTURE_SEED", "1"))


@pytest.fixture(scope="session")
def rounds() -> int:
    return int(os.environ.get("BOOKING_TORTURE_ROUNDS", "2"))


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One that syncs its files, and is killed."""
    with running("torture") as server:
        yield server


@pytest.fixture
def scene(server: Server) -> Iterator[Scene]:
    """A clinic in a database of its own."""
    with database_with_extension(server.start().dsn()) as dsn:
        yield Scene.open(dsn)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest, seed: int) -> Callable[[str], None]:
    """Prints a line of what a test did, whether or not it passes."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name}, seed {seed}: {line}", end="")

    return say
