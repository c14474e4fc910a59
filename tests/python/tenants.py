"""Roles with the rights that the grant functions give, and the sessions that log in as them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from clinic import connect
from psycopg import sql
from psycopg.conninfo import make_conninfo

KINDS = ["member", "backend", "worker"]


@contextmanager
def roles_of_each_kind(dsn: str) -> Iterator[dict[str, str]]:
    """A login role of each kind, with no rights but those of its kind, and no organization yet."""
    names = {kind: f"booking_test_{kind}" for kind in KINDS}
    with psycopg.connect(dsn, autocommit=True) as admin:
        for name in names.values():
            forget(admin, name)
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        try:
            for kind, name in names.items():
                admin.execute(sql.SQL("SELECT booking.{}(%s)").format(sql.Identifier(f"grant_{kind}")), [name])
            yield names
        finally:
            for name in names.values():
                forget(admin, name)


def forget(admin: psycopg.Connection, role: str) -> None:
    """Drops a role with all it owns and may do, if it is there."""
    if admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None:
        admin.execute(sql.SQL("DROP OWNED BY {0} CASCADE").format(sql.Identifier(role)))
        admin.execute(sql.SQL("DROP ROLE {0}").format(sql.Identifier(role)))


def belongs_to(admin: psycopg.Connection, role: str, org_id: str) -> None:
    """From its next login on, the role is of this organization."""
    admin.execute(sql.SQL("ALTER ROLE {} SET booking.org_id = {}").format(sql.Identifier(role), sql.Literal(org_id)))


def log_in(dsn: str, role: str) -> psycopg.Connection:
    """An autocommit session of the role."""
    return connect(make_conninfo(dsn, user=role))
