"""What a look at the calendar reads does not grow with what else is in it. Counted in rows and pages, not in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import psycopg
import pytest
from calls import SERVICE
from clinic import BOOK, Clinic, connect, future, one
from clinic import request as booking_of
from databases import database_with_extension
from psycopg import sql
from tenants import roles_of_each_kind

# They fill the tables by plain inserts, and a hostile search_path has its own costs.
pytestmark = pytest.mark.superuser

FIRST_DAY = future(days=200, hour=0)
LAST_DAY = FIRST_DAY + timedelta(days=30)
SLOT = timedelta(minutes=5)
QUARTER = 50_000  # of the appointments that should not matter; one after the other, they fill half a year

# A service with a daily limit is read by one more index than free text.
LOOKS = {
    "slots": "SELECT * FROM booking.available_slots(%(org)s, %(first)s, %(last)s, NULL, 30, %(room)s)",
    "slots of a service": "SELECT * FROM booking.available_slots(%(org)s, %(first)s, %(last)s, 'surgery', NULL, %(room)s)",
    "alternatives": "SELECT booking.find_alternatives(%(org)s, %(first)s, 30, NULL, %(room)s, 50)",
    "alternatives of a service": "SELECT booking.find_alternatives(%(org)s, %(first)s, NULL, 'surgery', %(room)s, 50)",
    "booking": BOOK,
}

FILL = """
    INSERT INTO booking.appointments
        (org_id, id, resource_id, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked, status,
        limit_day, limit_place)
    SELECT %(org)s, gen_random_uuid(), %(room)s, gen_random_uuid(), 'Ann', 'Surgery', %(service)s, start, start + %(slot)s,
        tstzrange(start, start + %(slot)s, '[)'), %(status)s,
        start::date, row_number() OVER (PARTITION BY start::date ORDER BY start)
    FROM generate_series(%(first)s::timestamptz, %(first)s::timestamptz + (%(count)s - 1) * %(slot)s, %(slot)s) AS start"""

ROWS = """
    SELECT (seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables WHERE relid = 'booking.appointments'::regclass"""


@dataclass(frozen=True)
class Cost:
    """What one call read: appointments, and pages of anything."""

    rows: int
    pages: int


@dataclass(frozen=True)
class Month:
    """A clinic with a month that is partly taken."""

    session: psycopg.Connection
    clinic: Clinic
    room: str
    other_room: str
    service: str

    @classmethod
    def begin(cls, dsn: str, session: psycopg.Connection) -> Month:
        clinic = Clinic.open(dsn, session)
        room, other_room = clinic.first_resource(), clinic.add_resource()
        service = str(SERVICE.ask(clinic, name="Surgery", duration_minutes=30, daily_limit=200))
        # Foreign keys are not what this is about, and to check 200,000 of them takes its time.
        session.execute("SET session_replication_role = replica")
        return cls(session, clinic, room, other_room, service)

    def fill_days(self) -> None:
        for day in range(31):
            self.fill(self.room, 20, FIRST_DAY + timedelta(days=day, hours=9))

    def fill(self, room: str, count: int, first: datetime, status: str = "confirmed") -> None:
        """Appointments one after the other."""
        self.session.execute(FILL, {
            "org": self.clinic.org_id, "room": room, "service": self.service, "slot": SLOT, "count": count, "first": first,
            "status": status,
        })

    def costs(self, role: str | None) -> dict[str, Cost]:
        """Of each look, by the role, as one of this clinic."""
        if role:
            self.session.execute("SELECT set_config('booking.org_id', %s, false)", [self.clinic.org_id])
            self.session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        found = {look: self._cost(look) for look in LOOKS}
        self.session.execute("RESET ROLE")
        return found

    def _cost(self, look: str) -> Cost:
        """Of the second call: the first one makes its plans, and reads the catalog for them."""
        self._pages(look)
        before = one(self.session, ROWS)
        pages = self._pages(look)
        return Cost(one(self.session, ROWS) - before, pages)

    def _pages(self, look: str) -> int:
        """The pages that a call touched. A booking is undone, so that the next one finds its time free."""
        parameters = {"first": FIRST_DAY, "last": LAST_DAY, "room": self.room}
        wanted = booking_of(self.clinic.org_id, LAST_DAY, resource=self.room, service="surgery")
        with self.session.transaction(force_rollback=True):
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {LOOKS[look]}"
            (found,) = one(self.session, explain, wanted | parameters)
        return found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]


def crowd(month: Month, dsn: str) -> None:
    """Appointments of the same room in other years, of another room in the same months, and of another clinic."""
    month.fill(month.room, QUARTER, FIRST_DAY - timedelta(days=600), "completed")
    month.fill(month.room, QUARTER, LAST_DAY + timedelta(days=400))
    month.fill(month.other_room, QUARTER, FIRST_DAY - timedelta(days=70))
    other = Month.begin(dsn, month.session)
    other.fill_days()
    other.fill(other.other_room, QUARTER, FIRST_DAY - timedelta(days=70), "completed")


@pytest.fixture(scope="module", params=[None, "member"], ids=["a superuser", "a tenant under row level security"])
def costs(request: pytest.FixtureRequest, admin_dsn: str) -> Iterator[dict[str, dict[str, Cost]]]:
    """What each look costs in the month alone, and in the crowd."""
    with database_with_extension(admin_dsn) as dsn, roles_of_each_kind(dsn) as roles, connect(dsn) as session, connect(dsn) as first:
        role = roles.get(request.param)
        # Whatever has been found out about the tables by the way would be an accident.
        session.execute("ALTER TABLE booking.appointments SET (autovacuum_enabled = false)")
        month = Month.begin(dsn, session)
        early = replace(month, session=first)
        early.costs(role)
        month.fill_days()
        found = {"alone": month.costs(role)}
        crowd(month, dsn)
        found["by plans from before the first appointment"] = early.costs(role)
        found["by the plans it had"] = month.costs(role)
        session.execute("DISCARD PLANS")
        found["by new plans"] = month.costs(role)
        session.execute("ANALYZE booking.appointments")
        found["by plans that know the crowd"] = month.costs(role)
        yield found


PLANS = ["by plans from before the first appointment", "by the plans it had", "by new plans", "by plans that know the crowd"]


@pytest.mark.parametrize("plans", PLANS)
@pytest.mark.parametrize("look", LOOKS)
def test_a_look_reads_no_more_for_two_hundred_thousand_appointments_that_do_not_matter_to_it(costs, look: str, plans: str):
    alone, crowded = costs["alone"][look], costs[plans][look]
    assert crowded.rows <= alone.rows
    # An index grows deeper, and its pages hold fewer entries of one kind.
    assert crowded.pages <= 2 * alone.pages + 100
