"""Databases of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


@contextmanager
def new_database(admin_dsn: str, encoding: str = "UTF8") -> Iterator[str]:
    """The connection string of a new, empty database."""
    name = f"booking_test_{uuid4().hex[:8]}"
    create = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE 'C' LC_CTYPE 'C'"
    with psycopg.connect(admin_dsn, autocommit=True) as server:
        server.execute(sql.SQL(create).format(sql.Identifier(name), sql.Literal(encoding)))
    try:
        yield make_conninfo(admin_dsn, dbname=name)
    finally:
        with psycopg.connect(admin_dsn, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def database_with_extension(admin_dsn: str, version: str | None = None) -> Iterator[str]:
    """The connection string of a new database that has the extension, in the version that is stated or as it is made now."""
    with new_database(admin_dsn) as dsn:
        with psycopg.connect(dsn, autocommit=True) as session:
            stated = sql.SQL("VERSION {}").format(sql.Literal(version)) if version else sql.SQL("")
            session.execute(sql.SQL("CREATE EXTENSION btree_gist; CREATE EXTENSION pg_booking {}").format(stated))
        yield dsn
