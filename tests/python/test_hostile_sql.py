"""A tenant who writes SQL of its own: every table by every statement, forged settings and claims, functions and operators in
its own schema. It sees its own rows, it changes its own rows, and no text that comes back names another organization."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, connect, future, one, request
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tenants import KINDS, belongs_to, forget, log_in, roles_of_each_kind
from victim import Victim

# They make roles, which takes a superuser.
pytestmark = pytest.mark.superuser

TABLES = [
    "organizations", "resources", "services", "service_resources", "opening_hours", "closures", "busy_blocks", "contacts",
    "appointments", "idempotency_keys", "message_templates", "outbox",
    "messages", "opt_outs", "integrations", "calendar_events", "calendars", "events", "purged_events", "follow_ups", "workers",
    "voice_agents", "org_tools", "call_logs", "call_messages",
]
# Whose rows name a row of another table.
WITH_PARENTS = ["service_resources", "busy_blocks", "appointments"]
DENIED, NOT_SUPPORTED, NO_PARENT = "42501", "0A000", "23503"

LISTED = "SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')"


@pytest.fixture(scope="module")
def roles(dsn: str, own: Clinic) -> Iterator[dict[str, str]]:
    with roles_of_each_kind(dsn) as names:
        for name in names.values():
            belongs_to(own.admin, name, own.org_id)
        yield names


@pytest.fixture(scope="module", params=KINDS)
def tenant(request: pytest.FixtureRequest, dsn: str, roles: dict[str, str]) -> Iterator[psycopg.Connection]:
    with log_in(dsn, roles[request.param]) as session:
        yield session


@pytest.fixture(autouse=True)
def nothing_of_theirs_changes(victim: Victim) -> Iterator[None]:
    before = victim.rows()
    yield
    assert victim.rows() == before


def attempt(session: psycopg.Connection, statement: str | sql.Composed, parameters: object = None) -> tuple[str | None, str]:
    """The SQLSTATE of a statement that is rolled back, and every text that came back."""
    notices: list[str] = []
    heard = lambda notice: notices.append(str(notice.message_primary) + str(notice.message_detail))  # noqa: E731
    session.add_notice_handler(heard)
    try:
        with session.transaction(force_rollback=True):
            cursor = session.execute(statement, parameters)
            rows = cursor.fetchall() if cursor.description else []
        return None, f"{rows} {notices}"
    except psycopg.Error as error:
        told = [getattr(error.diag, name) for name in ("message_primary", "message_detail", "message_hint", "context")]
        return error.sqlstate, f"{told} {notices}"
    finally:
        session.remove_notice_handler(heard)


def assert_sees_nothing_of(victim: Victim, text: str, *stated: str) -> None:
    """Nothing but what was stated in the statement itself."""
    for trace in victim.traces():
        assert trace in stated or trace not in text, (trace, text)


def in_table(statement: str, table: str) -> sql.Composed:
    return sql.SQL(statement).format(table=sql.Identifier("booking", table))


def test_every_table_is_tried(admin: psycopg.Connection):
    assert {name for (name,) in admin.execute(LISTED)} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", [
    "SELECT * FROM {table} WHERE org_id = %s",
    "SELECT * FROM {table} WHERE org_id = %s FOR UPDATE",
    "SELECT * FROM {table} WHERE org_id = %s OR true",
    "TABLE {table}",
    "WITH everybody AS MATERIALIZED (SELECT * FROM {table}) SELECT to_jsonb(everybody) FROM everybody",
    "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM {table} WHERE org_id <> booking.current_org_id()",
    "SELECT * FROM {table} TABLESAMPLE SYSTEM (100)",
])
def test_reading_shows_no_row_of_theirs(tenant: psycopg.Connection, victim: Victim, table: str, statement: str):
    parameters = [victim.ids["org"]] if "%s" in statement else None
    _, text = attempt(tenant, in_table(statement, table), parameters)
    assert_sees_nothing_of(victim, text)


@pytest.mark.parametrize("table", TABLES)
def test_copying_out_shows_no_row_of_theirs(tenant: psycopg.Connection, victim: Victim, table: str):
    try:
        with tenant.cursor().copy(in_table("COPY {table} TO STDOUT", table)) as copied:
            assert_sees_nothing_of(victim, b"".join(map(bytes, copied)).decode())
    except psycopg.errors.InsufficientPrivilege:
        pass


@pytest.mark.parametrize("table", TABLES)
def test_copying_in_writes_nothing(tenant: psycopg.Connection, victim: Victim, admin: psycopg.Connection, table: str):
    columns = columns_of(admin, table)
    line = "\t".join(victim.ids["org"] if column == "org_id" else "\\N" for column in columns)
    with pytest.raises(psycopg.Error) as raised:
        with tenant.cursor().copy(in_table("COPY {table} FROM STDIN", table)) as copy:
            copy.write(line + "\n")
    assert raised.value.sqlstate in (DENIED, NOT_SUPPORTED)


@pytest.mark.parametrize("table", TABLES)
def test_deleting_and_truncating_remove_nothing_of_theirs(tenant: psycopg.Connection, victim: Victim, table: str):
    with tenant.transaction(force_rollback=True):
        try:
            found = tenant.execute(in_table("DELETE FROM {table} WHERE org_id = %s", table), [victim.ids["org"]])
            assert found.rowcount == 0
        except psycopg.errors.InsufficientPrivilege:
            pass
    assert attempt(tenant, in_table("TRUNCATE {table} CASCADE", table))[0] == DENIED


@pytest.mark.parametrize("table", TABLES)
def test_updating_changes_nothing_of_theirs_and_gives_nothing_to_them(
    tenant: psycopg.Connection, victim: Victim, admin: psycopg.Connection, table: str
):
    for column in columns_of(admin, table):
        change = sql.SQL("UPDATE {} SET {column} = {column} WHERE org_id = %s").format(
            sql.Identifier("booking", table), column=sql.Identifier(column))
        with tenant.transaction(force_rollback=True):
            try:
                assert tenant.execute(change, [victim.ids["org"]]).rowcount == 0, column
            except psycopg.errors.InsufficientPrivilege:
                pass
    state, text = attempt(tenant, in_table("UPDATE {table} SET org_id = %s", table), [victim.ids["org"]])
    assert state == DENIED
    assert_sees_nothing_of(victim, text)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("ending", ["", "ON CONFLICT DO NOTHING"])
@pytest.mark.parametrize("as_ours", [False, True])
def test_a_copy_of_their_row_tells_nothing(
    tenant: psycopg.Connection, victim: Victim, own: Clinic, admin: psycopg.Connection, table: str, ending: str, as_ours: bool
):
    """Neither in their name, nor in ours with their ids inside: it is refused, or it is a row of ours like any other."""
    row = json.loads(victim.rows()[f"booking.{table}"][0])
    if as_ours:
        row["org_id"] = own.org_id
    columns = ", ".join(columns_of(admin, table))
    insert = f"INSERT INTO {{table}} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{{table}}, %s) {ending} RETURNING true"
    state, text = attempt(tenant, in_table(insert, table), [json.dumps(row)])
    if as_ours:
        assert state in ((NO_PARENT, DENIED) if table in WITH_PARENTS else (None, DENIED, "23505")), text
    else:
        assert state == DENIED, text
    assert_sees_nothing_of(victim, text, *map(str, row.values()))


@pytest.mark.parametrize("statement", [
    "ALTER TABLE booking.appointments DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE booking.appointments DROP CONSTRAINT appointments_never_overlap",
    "DROP POLICY appointments_of_tenant ON booking.appointments",
    "CREATE POLICY mine ON booking.contacts USING (true)",
    "CREATE FUNCTION booking.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION booking.current_org_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "CREATE TRIGGER mine BEFORE INSERT ON booking.appointments FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON SELECT TO booking.contacts DO INSTEAD SELECT 1",
    "DROP EXTENSION pg_booking CASCADE",
    "ALTER EXTENSION pg_booking DROP TABLE booking.contacts",
    "SELECT booking.grant_backend(current_user::regrole)",
    "SELECT booking.grant_member('pg_monitor')",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
])
def test_the_schema_is_not_theirs_to_change(tenant: psycopg.Connection, statement: str):
    assert attempt(tenant, statement)[0] == DENIED


def test_rights_are_not_theirs_to_give(tenant: psycopg.Connection):
    _, text = attempt(tenant, "GRANT SELECT ON booking.contacts TO PUBLIC")
    assert "no privileges were granted" in text


def test_row_security_cannot_be_switched_off(tenant: psycopg.Connection, victim: Victim):
    state, text = attempt(tenant, "SET LOCAL row_security = off; SELECT * FROM booking.contacts")
    assert state == DENIED
    assert_sees_nothing_of(victim, text)


@pytest.mark.parametrize("statement", [
    "SET booking.org_id = '{org}'",
    "SET LOCAL booking.org_id = '{org}'",
    "SELECT set_config('booking.org_id', '{org}', false)",
    "SET booking.authenticator = '{me}'",
    "ALTER ROLE CURRENT_USER SET booking.org_id = '{org}'",
    "ALTER ROLE CURRENT_USER SET booking.authenticator = '{me}'",
    "CREATE FUNCTION pg_temp.mine() RETURNS uuid LANGUAGE sql SET booking.org_id = '{org}' AS 'SELECT booking.current_org_id()'",
    "UPDATE pg_settings SET setting = '{org}' WHERE name = 'booking.org_id'",
])
def test_the_organization_cannot_be_set(tenant: psycopg.Connection, victim: Victim, own: Clinic, statement: str):
    state, _ = attempt(tenant, statement.format(org=victim.ids["org"], me=tenant.info.user))
    assert state == DENIED
    assert str(one(tenant, "SELECT booking.current_org_id()")) == own.org_id


@pytest.mark.parametrize("options", ["-c booking.org_id={org}", "-c booking.authenticator={me}"])
def test_the_organization_cannot_be_chosen_at_login(dsn: str, roles: dict[str, str], victim: Victim, options: str):
    role = roles["member"]
    with pytest.raises(psycopg.OperationalError, match="permission denied to set parameter"):
        psycopg.connect(make_conninfo(dsn, user=role, options=options.format(org=victim.ids["org"], me=role)))


def test_resetting_brings_no_other_organization(tenant: psycopg.Connection, own: Clinic):
    for statement in ["RESET ALL", "DISCARD ALL", "RESET booking.org_id"]:
        attempt(tenant, statement)
        tenant.execute("RESET SESSION AUTHORIZATION")
        assert str(one(tenant, "SELECT booking.current_org_id()")) == own.org_id


@pytest.mark.parametrize("setting", ["request.jwt.claims", "request.jwt.claim.org_id", "role.org_id", "request.headers"])
@pytest.mark.parametrize("with_own", [True, False])
def test_forged_claims_are_not_believed(
    dsn: str, roles: dict[str, str], victim: Victim, own: Clinic, setting: str, with_own: bool
):
    claims = json.dumps({"org_id": victim.ids["org"], "role": "service_role", "app_metadata": {"org_id": victim.ids["org"]}})
    if not with_own:
        own.admin.execute(sql.SQL("ALTER ROLE {} RESET booking.org_id").format(sql.Identifier(roles["member"])))
    try:
        with log_in(dsn, roles["member"]) as session:
            session.execute("SELECT set_config(%s, %s, false)", [setting, claims])
            assert one(session, "SELECT booking.current_org_id()::text") == (own.org_id if with_own else None)
            assert one(session, "SELECT count(*) FROM booking.contacts WHERE org_id = %s", [victim.ids["org"]]) == 0
    finally:
        belongs_to(own.admin, roles["member"], own.org_id)


CURIOUS = """
    CREATE FUNCTION pg_temp.curious({type}) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
    $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$"""


@pytest.mark.parametrize(("table", "column", "type"), [
    ("contacts", "phone", "text"), ("appointments", "patient_name", "text"), ("organizations", "name", "text"),
    ("services", "name", "text"), ("closures", "reason", "text"), ("appointments", "id", "uuid"),
])
def test_a_curious_function_is_shown_own_rows_only(
    dsn: str, roles: dict[str, str], own: Clinic, victim: Victim, table: str, column: str, type: str
):
    own.book(future())
    with log_in(dsn, roles["member"]) as session:
        session.execute(CURIOUS.format(type=type))
        query = f"SELECT {column} FROM booking.{table} WHERE pg_temp.curious({column})"
        state, text = attempt(session, query)
        assert state is None, text
        assert_sees_nothing_of(victim, text)
        # Division by a value of theirs would say so in an error.
        state, text = attempt(session, f"SELECT {column} FROM booking.{table} WHERE 1 / (length({column}::text) - 13) > 5")
        assert_sees_nothing_of(victim, text)


SHADOWS = """
    CREATE SCHEMA {schema};
    CREATE FUNCTION {schema}.current_org_id() RETURNS uuid LANGUAGE sql AS $$ SELECT {org}::uuid $$;
    CREATE FUNCTION {schema}.always(uuid, uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE OPERATOR {schema}.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = {schema}.always);
    CREATE FUNCTION {schema}.has_table_privilege(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION {schema}.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS 'SELECT NULL';
    CREATE FUNCTION {schema}.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2000-01-01 00:00+00' $$;
    CREATE TABLE {schema}.organizations AS SELECT {org}::uuid AS org_id, 'Forged'::text AS name, 'UTC'::text AS timezone;
    SET search_path = {schema}, pg_catalog"""


def test_what_a_tenant_puts_into_its_own_schema_changes_nothing(
    dsn: str, admin: psycopg.Connection, roles: dict[str, str], own: Clinic, victim: Victim
):
    role = roles["backend"]
    admin.execute(sql.SQL("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {}', current_database()); END $$").format(
        sql.Identifier(role)))
    with log_in(dsn, role) as session:
        for statement in SHADOWS.split(";"):
            session.execute(sql.SQL(statement).format(schema=sql.Identifier("eve"), org=sql.Literal(victim.ids["org"])))
        assert str(one(session, "SELECT booking.current_org_id()")) == own.org_id
        shown = session.execute("SELECT org_id::text FROM booking.organizations").fetchall()
        assert shown == [(own.org_id,)]
        assert_booked(one(session, BOOK, request(own.org_id, future(230))))
        assert one(session, BOOK, request(victim.ids["org"], future(230)))["error"] == "org_not_found"
        assert one(session, BOOK, request(own.org_id, future(230)))["error"] == "slot_unavailable"


def test_one_session_serves_one_organization_after_another(
    dsn: str, admin: psycopg.Connection, own: Clinic, victim: Victim
):
    """A pool of the authenticator's: each transaction has its role and its claims, and the plans that are kept leak nothing."""
    authenticator = "booking_test_authenticator"
    forget(admin, authenticator)
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(sql.Identifier(authenticator)))
    admin.execute(sql.SQL("ALTER ROLE {} SET booking.authenticator = {}").format(
        sql.Identifier(authenticator), sql.Literal(authenticator)))
    plain, all_seeing = "booking_test_authenticated", "booking_test_service"
    try:
        for role, kind in [(plain, "member"), (all_seeing, "backend")]:
            forget(admin, role)
            admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            admin.execute(sql.SQL("SELECT booking.{}(%s)").format(sql.Identifier(f"grant_{kind}")), [role])
            admin.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(authenticator)))
        admin.execute(sql.SQL("ALTER ROLE {} BYPASSRLS").format(sql.Identifier(all_seeing)))
        status = "SELECT booking.appointment_status(%s, %s)->>'error'"
        with connect(make_conninfo(dsn, user=authenticator)) as session:

            def asked(role: str, claimed: str | None) -> str | None:
                with session.transaction():
                    session.execute("SELECT set_config('role', %s, true)", [role])
                    claims = json.dumps({"role": role} | ({"org_id": claimed} if claimed else {}))
                    session.execute("SELECT set_config('request.jwt.claims', %s, true)", [claims])
                    return one(session, status, [victim.ids["org"], victim.ids["appointment"]])

            for _ in range(8):
                assert asked(all_seeing, None) is None
                assert asked(plain, own.org_id) == "org_not_found"
                assert asked(plain, victim.ids["org"]) is None
                assert asked(plain, None) == "org_not_found"
                assert asked(plain, "not a uuid") == "org_not_found"
    finally:
        for role in (authenticator, plain, all_seeing):
            forget(admin, role)


def columns_of(admin: psycopg.Connection, table: str) -> list[str]:
    """Those that a writer can name: a generated one is the server's."""
    found = admin.execute(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [f"booking.{table}"])
    return [name for (name,) in found]
