"""Two clusters and the place of a third, as scripts/suites/dba.sh makes them. BOOKING_TEST_DSN, BOOKING_SECOND_DSN and
BOOKING_STANDBY_DSN are conninfos of a superuser in database postgres of each; BOOKING_PG_BIN has pg_dump and its kin."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from databases import database_with_extension
from filled import Filled


@pytest.fixture(scope="session")
def primary() -> str:
    return os.environ["BOOKING_TEST_DSN"]


@pytest.fixture(scope="session")
def second() -> str:
    return os.environ["BOOKING_SECOND_DSN"]


@pytest.fixture
def filled(primary: str) -> Iterator[Filled]:
    """A database in which every table has rows, and every kind of role its rights."""
    with database_with_extension(primary) as dsn, Filled.by_calls(dsn) as filled:
        yield filled
