"""A dump has everything: rows, rights, policies, settings. What is restored from it is the same, and books on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from catalog import catalog, differences
from clinic import connect
from databases import new_database
from filled import Filled, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tenants import KINDS, forget


def pg(program: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs one of PostgreSQL's programs; what it says is an error here."""
    path = Path(os.environ["BOOKING_PG_BIN"]) / program
    finished = subprocess.run([path, *arguments], capture_output=True, text=True, check=False, **options)
    assert (finished.returncode, finished.stderr) == (0, ""), finished.stderr
    return finished


def plain(source: str, target: str, directory: Path) -> None:
    pg("pg_dump", "-d", source, "-f", str(directory / "dump.sql"))
    pg("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-f", str(directory / "dump.sql"), stdout=None)


def custom(source: str, target: str, directory: Path) -> None:
    pg("pg_dump", "-Fc", "-d", source, "-f", str(directory / "dump"))
    pg("pg_restore", "--exit-on-error", "-d", target, str(directory / "dump"))


def in_one_transaction(source: str, target: str, directory: Path) -> None:
    pg("pg_dump", "-Fc", "-d", source, "-f", str(directory / "dump"))
    pg("pg_restore", "--single-transaction", "-d", target, str(directory / "dump"))


def in_parallel(source: str, target: str, directory: Path) -> None:
    """The foreign keys of an extension's tables are there before their rows, and parallel jobs do not wait for each other."""
    pg("pg_dump", "-Fd", "-j2", "-d", source, "-f", str(directory / "dump"))
    for step in [["--section=pre-data"], ["--data-only", "--disable-triggers", "-j2"], ["--section=post-data"]]:
        pg("pg_restore", "--exit-on-error", *step, "-d", target, str(directory / "dump"))


def schema_then_data(source: str, target: str, directory: Path) -> None:
    for part in ["--schema-only", "--data-only"]:
        pg("pg_dump", part, "-d", source, "-f", str(directory / "dump.sql"))
        pg("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", target, "-f", str(directory / "dump.sql"))


WAYS = {
    "plain": plain, "custom": custom, "in one transaction": in_one_transaction, "in parallel": in_parallel,
    "schema, then data": schema_then_data,
}


def assert_is_the_same(filled: Filled, session: psycopg.Connection) -> None:
    assert filled.rows(session) == filled.rows()
    assert differences(catalog(session), catalog(filled.session)) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_restored_database_is_what_was_dumped(filled: Filled, primary: str, tmp_path: Path, way: str):
    with new_database(primary) as target:
        WAYS[way](filled.dsn, target, tmp_path)
        with connect(target) as session:
            assert_is_the_same(filled, session)
        filled.assert_works_in(target)


def test_a_database_moves_to_another_cluster_with_its_roles_and_settings(filled: Filled, second: str, tmp_path: Path):
    name = conninfo_to_dict(filled.dsn)["dbname"]
    moved, dump = make_conninfo(second, dbname=name), str(tmp_path / "dump.sql")
    roles = [f"booking_test_{kind}" for kind in KINDS]
    with psycopg.connect(second, autocommit=True) as server:
        try:
            pg("pg_dumpall", "--globals-only", "-d", filled.dsn, "-f", dump)
            # The superuser is there already.
            globals_of_others = Path(dump).read_text(encoding="utf-8").replace("CREATE ROLE postgres;", "")
            pg("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", second, input=globals_of_others)
            pg("pg_dump", "--create", "-d", filled.dsn, "-f", dump)
            pg("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", second, "-f", dump)
            with connect(moved) as session:
                assert_is_the_same(filled, session)
                assert settings(session) == settings(filled.session)
                assert [role for role, _ in settings(session) if role] == sorted([*roles, "booking_test_member"])
            filled.assert_works_in(moved)
            with connect(make_conninfo(moved, user="booking_test_member")) as member:
                shown = member.execute("SELECT org_id::text FROM booking.organizations").fetchall()
                assert shown == [(filled.clinic.org_id,)]
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in roles:
                forget(server, role)


def test_a_table_that_is_not_marked_for_dumps_is_noticed(filled: Filled, primary: str, tmp_path: Path):
    """The comparison can fail."""
    filled.session.execute(
        "UPDATE pg_extension SET extconfig = array_remove(extconfig, 'booking.closures'::regclass::oid),"
        " extcondition = extcondition[2:] WHERE extname = 'pg_booking'")
    with new_database(primary) as target:
        plain(filled.dsn, target, tmp_path)
        with connect(target) as session, pytest.raises(AssertionError, match="a table is empty"):
            assert_is_the_same(filled, session)
