"""A server that does not preload the library: it is loaded by the first call of a session, and what the session did before
gives it nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from clinic import BOOK, Clinic, assert_booked, connect, future, one
from databases import database_with_extension
from psycopg.conninfo import make_conninfo
from tenants import belongs_to, log_in, roles_of_each_kind
from victim import Victim


@pytest.fixture
def own(second: str) -> Iterator[Clinic]:
    with database_with_extension(second) as dsn, connect(dsn) as session:
        yield Clinic.open(dsn, session)


@pytest.fixture
def member(own: Clinic) -> Iterator[str]:
    with roles_of_each_kind(own.dsn) as roles:
        yield roles["member"]


def test_the_health_line_says_so(own: Clinic):
    assert one(own.admin, "SELECT booking.health()")["preloaded"] is False


def test_a_role_has_its_organization_from_the_first_call_on(own: Clinic, member: str):
    belongs_to(own.admin, member, own.org_id)
    with log_in(own.dsn, member) as session:
        assert_booked(one(session, BOOK, own.request(future())))
    with log_in(own.dsn, member) as session:
        # A policy calls into the library too.
        assert one(session, "SELECT count(*) FROM booking.appointments") == 1


@pytest.mark.parametrize("statement", [
    "SET booking.org_id = '{org}'",
    "SELECT set_config('booking.org_id', '{org}', false)",
    "SET booking.authenticator = 'booking_test_member'",
])
@pytest.mark.parametrize("with_own", [True, False])
def test_a_setting_made_before_the_library_is_loaded_is_dropped(own: Clinic, member: str, statement: str, with_own: bool):
    victim = Victim.open(own.dsn, own.admin)
    if with_own:
        belongs_to(own.admin, member, own.org_id)
    with log_in(own.dsn, member) as session:
        session.execute(f"SET request.jwt.claims = '{{\"org_id\": \"{victim.ids['org']}\"}}'")
        try:
            session.execute(statement.format(org=victim.ids["org"]))
        except psycopg.errors.InsufficientPrivilege:
            # From PostgreSQL 15 on an unknown setting with a value of a role's own is known to be a superuser's.
            assert with_own
        assert one(session, "SELECT booking.current_org_id()::text") == (own.org_id if with_own else None)
        assert one(session, "SELECT count(*) FROM booking.contacts WHERE org_id = %s", [victim.ids["org"]]) == 0


@pytest.mark.parametrize("setting", ["booking.org_id={org}", "booking.authenticator=booking_test_member"])
def test_a_setting_made_at_login_is_dropped(own: Clinic, member: str, setting: str):
    victim = Victim.open(own.dsn, own.admin)
    claims = f'request.jwt.claims={{"org_id":"{victim.ids["org"]}"}}'
    options = f"-c {setting.format(org=victim.ids['org'])} -c {claims}"
    with psycopg.connect(make_conninfo(own.dsn, user=member, options=options), autocommit=True) as session:
        assert one(session, "SELECT booking.current_org_id()") is None
        assert one(session, "SELECT count(*) FROM booking.contacts") == 0


def test_a_role_cannot_give_itself_an_organization_for_its_next_login(own: Clinic, member: str):
    with log_in(own.dsn, member) as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"ALTER ROLE CURRENT_USER SET booking.org_id = '{own.org_id}'")
