"""CREATE EXTENSION where it must be refused, and where somebody has prepared the ground."""

from __future__ import annotations

import psycopg
import pytest
from catalog import catalog, differences
from clinic import connect, one
from databases import database_with_extension, new_database
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tenants import forget

# They make databases and roles, which takes a superuser.
pytestmark = pytest.mark.superuser

INSTALL = "CREATE EXTENSION pg_booking CASCADE"
OWNER = "booking_test_owner"

NAMESAKES = """
    CREATE FUNCTION public.always(int4multirange, int4multirange) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
    CREATE FUNCTION public.always(tstzrange, tstzrange) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
    CREATE FUNCTION public.always(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
    CREATE OPERATOR public.<@ (LEFTARG = int4multirange, RIGHTARG = int4multirange, FUNCTION = public.always);
    CREATE OPERATOR public.@> (LEFTARG = tstzrange, RIGHTARG = tstzrange, FUNCTION = public.always);
    CREATE OPERATOR public.&& (LEFTARG = tstzrange, RIGHTARG = tstzrange, FUNCTION = public.always);
    CREATE OPERATOR public.~ (LEFTARG = text, RIGHTARG = text, FUNCTION = public.always);
    CREATE FUNCTION public.lower(tstzrange) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
    CREATE FUNCTION public.tstzrange(timestamptz, timestamptz, text) RETURNS tstzrange LANGUAGE sql AS $$ SELECT 'empty'::tstzrange $$;
    CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2000-01-01 00:00+00' $$"""


@pytest.fixture
def owner(admin: psycopg.Connection):
    """A role that is no superuser."""
    forget(admin, OWNER)
    admin.execute(f"CREATE ROLE {OWNER} LOGIN")
    yield OWNER
    forget(admin, OWNER)


def name_of(dsn: str) -> sql.Identifier:
    return sql.Identifier(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])


def test_a_database_owner_who_is_no_superuser_is_told_who_can(admin: psycopg.Connection, admin_dsn: str, owner: str):
    with new_database(admin_dsn) as dsn:
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name_of(dsn), sql.Identifier(owner)))
        with connect(make_conninfo(dsn, user=owner)) as session:
            session.execute("CREATE EXTENSION btree_gist")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied to create extension") as raised:
                session.execute(INSTALL)
            assert raised.value.diag.message_hint == "Must be superuser to create this extension."
            assert one(session, "SELECT to_regnamespace('booking') IS NULL")


def test_a_schema_that_somebody_else_prepared_is_refused(admin: psycopg.Connection, admin_dsn: str, owner: str):
    with new_database(admin_dsn) as dsn:
        admin.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(name_of(dsn), sql.Identifier(owner)))
        with connect(make_conninfo(dsn, user=owner)) as stranger, connect(dsn) as session:
            stranger.execute("CREATE SCHEMA booking")
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match=f"belongs to {owner}") as raised:
                session.execute(INSTALL)
            assert "make a superuser its owner" in raised.value.diag.message_hint
            session.execute("ALTER SCHEMA booking OWNER TO CURRENT_USER")
            session.execute(INSTALL)
            assert one(session, "SELECT booking.health()")["healthy"] is True


def test_namesakes_in_public_get_no_hold_of_a_constraint(admin_dsn: str):
    with new_database(admin_dsn) as dsn, connect(dsn) as session, database_with_extension(admin_dsn) as clean:
        for statement in NAMESAKES.split(";"):
            session.execute(statement)
        session.execute("CREATE EXTENSION btree_gist SCHEMA public")
        session.execute(INSTALL)
        with connect(clean) as other:
            assert differences(catalog(session), catalog(other)) == []


def test_a_database_in_another_encoding_is_refused(admin_dsn: str):
    with new_database(admin_dsn, "LATIN1") as dsn, connect(dsn) as session:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="needs a database in UTF8") as raised:
            session.execute(INSTALL)
        assert raised.value.diag.message_hint == "Create the database with ENCODING 'UTF8'."
