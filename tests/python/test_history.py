"""The history, read page by page while others write it: every committed event comes once, whatever the order of the commits, the
size of the pages and the place where a reader goes on; nothing comes that was rolled back, and nothing of anybody else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from clinic import Clinic, connect, future, one
from psycopg import IsolationLevel, sql
from tenants import belongs_to, log_in, roles_of_each_kind

# They write events of their own, and read as couriers, for which they make roles.
pytestmark = pytest.mark.superuser

WRITE = "INSERT INTO booking.events (org_id, id, kind, detail) VALUES (%s, %s, 'moved', '{\"by\": \"test\"}')"
READ = "SELECT booking.read_events(%s, %s, %s)"
READ_OF = "SELECT booking.read_events_of(%s::uuid[], %s, %s, %s)"
POSITION = "SELECT booking.events_position()"
Page = dict[str, Any]


def write(session: psycopg.Connection, org_id: str) -> str:
    """An event of the organization, whose id says nothing of when it is committed."""
    event = str(uuid4())
    session.execute(WRITE, [org_id, event])
    return event


def read(session: psycopg.Connection, org_id: str, after: str | None = None, limit: int = 500) -> Page:
    return one(session, READ, [org_id, after, limit])


def ids(page: Page) -> list[str]:
    return [event["id"] for event in page["events"]]


@dataclass
class Reader:
    """Whoever reads the history of some organizations, and may lose the end of a page and go on from an event of it."""

    session: psycopg.Connection
    org_ids: list[str]
    position: str | None = None
    seen: list[tuple[str, str]] = field(default_factory=list)

    def read(self, chance: random.Random, until: str | None = None) -> Page:
        page = self.ask(chance.choice([1, 2, 3, 10]), until)
        assert not page["reset"]
        events = [(event.get("orgId", self.org_ids[0]), event["id"]) for event in page["events"]]
        if events and chance.random() < 0.4:
            kept = chance.randrange(len(events))
            self.seen += events[: kept + 1]
            self.position = page["events"][kept]["position"]
        else:
            self.seen += events
            self.position = page["position"]
        return page

    def ask(self, limit: int, until: str | None) -> Page:
        if len(self.org_ids) == 1:
            return read(self.session, self.org_ids[0], self.position, limit)
        return one(self.session, READ_OF, [self.org_ids, self.position, until, limit])

    def read_all(self, chance: random.Random) -> None:
        while (page := self.read(chance))["hasMore"] or self.position != page["position"]:
            pass


@dataclass
class Writer:
    """One session, in whatever transaction it is in."""

    session: psycopg.Connection
    pending: list[tuple[str, str]] = field(default_factory=list)

    def step(self, chance: random.Random, org_ids: list[str]) -> list[tuple[str, str]]:
        """Does something, and says what that has committed."""
        what = chance.choice(["write", "write", "undo", "commit", "roll back"])
        if self.session.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            self.session.isolation_level = chance.choice([IsolationLevel.READ_COMMITTED, IsolationLevel.SERIALIZABLE])
        org_id = chance.choice(org_ids)
        if what == "write":
            self.pending.append((org_id, write(self.session, org_id)))
        elif what == "undo":
            with self.session.transaction(force_rollback=True):
                write(self.session, org_id)
            self.session.execute("SELECT")
        else:
            committed = self.pending if what == "commit" else []
            self.session.commit() if what == "commit" else self.session.rollback()
            self.pending = []
            return committed
        return []


@pytest.fixture
def clinics(dsn: str, admin: psycopg.Connection) -> list[str]:
    return [Clinic.open(dsn, admin).org_id for _ in range(3)]


@pytest.mark.parametrize("seed", range(6))
def test_in_any_order_of_commits_each_event_comes_once(dsn: str, admin: psycopg.Connection, clinics: list[str], seed: int):
    chance = random.Random(seed)
    with connect(dsn) as alone, connect(dsn) as several:
        writers = [Writer(connect(dsn, autocommit=False)) for _ in range(5)]
        readers = [Reader(alone, clinics[:1]), Reader(several, clinics[1:])]
        committed: list[tuple[str, str]] = []
        for _ in range(400):
            if chance.random() < 0.75:
                committed += chance.choice(writers).step(chance, clinics)
            else:
                until = one(admin, POSITION) if chance.random() < 0.5 else None
                chance.choice(readers).read(chance, until)
        for writer in writers:
            writer.session.rollback()
            writer.session.close()
        for reader in readers:
            reader.read_all(chance)
            assert sorted(reader.seen) == sorted(event for event in committed if event[0] in reader.org_ids)


def test_in_a_storm_of_writers_each_event_comes_once(dsn: str, clinic: Clinic):
    def writes(seed: int) -> list[str]:
        chance, committed = random.Random(seed), []
        with connect(dsn, autocommit=False) as session:
            for _ in range(40):
                events = [write(session, clinic.org_id) for _ in range(chance.randrange(1, 4))]
                if chance.random() < 0.3:
                    session.rollback()
                else:
                    session.commit()
                    committed += events
        return committed

    with connect(dsn) as session, ThreadPoolExecutor(8) as threads:
        reader, chance = Reader(session, [clinic.org_id]), random.Random(8)
        writing = [threads.submit(writes, seed) for seed in range(8)]
        while not all(task.done() for task in writing):
            reader.read(chance)
        reader.read_all(chance)
        committed = [event for task in writing for event in task.result()]
    assert sorted(event for _, event in reader.seen) == sorted(committed)


def test_what_began_earlier_and_commits_later_is_not_lost(dsn: str, clinic: Clinic):
    with connect(dsn, autocommit=False) as slow, connect(dsn) as quick:
        late = write(slow, clinic.org_id)
        early = write(quick, clinic.org_id)
        page = read(quick, clinic.org_id)
        assert ids(page) == [early]
        slow.commit()
        assert ids(read(quick, clinic.org_id, page["position"])) == [late]
        assert ids(read(quick, clinic.org_id, page["events"][0]["position"])) == [late]


def test_a_page_that_was_begun_is_ended_by_its_own_snapshot(admin: psycopg.Connection, clinic: Clinic):
    first = sorted(write(admin, clinic.org_id) for _ in range(4))
    page = read(admin, clinic.org_id, None, 2)
    assert (ids(page), page["hasMore"]) == (first[:2], True)
    later = sorted(write(admin, clinic.org_id) for _ in range(4))
    rest = read(admin, clinic.org_id, page["position"], 5)
    assert (ids(rest), rest["hasMore"]) == (first[2:] + later[:3], True)
    end = read(admin, clinic.org_id, rest["position"])
    assert (ids(end), end["hasMore"]) == (later[3:], False)


def test_what_a_transaction_has_written_itself_is_told_once_it_is_committed(dsn: str, clinic: Clinic):
    with connect(dsn, autocommit=False) as session, connect(dsn) as other:
        first = write(session, clinic.org_id)
        # Whoever took an id later and is over makes the snapshot reach beyond the one that reads.
        between = write(other, clinic.org_id)
        page = read(session, clinic.org_id)
        assert ids(page) == [between]
        second = write(session, clinic.org_id)
        session.commit()
        assert sorted(ids(read(other, clinic.org_id, page["position"]))) == sorted([first, second])


def test_a_transaction_that_was_prepared_is_told_when_it_is_committed(dsn: str, clinic: Clinic):
    with connect(dsn) as session:
        name = f"history-{uuid4()}"
        session.execute("BEGIN")
        prepared = write(session, clinic.org_id)
        session.execute(f"PREPARE TRANSACTION '{name}'")
        early = write(session, clinic.org_id)
        page = read(session, clinic.org_id)
        session.execute(f"COMMIT PREPARED '{name}'")
        assert (ids(page), ids(read(session, clinic.org_id, page["position"]))) == ([early], [prepared])


def test_an_older_snapshot_cannot_go_on_from_a_later_position(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    with connect(dsn, autocommit=False) as old:
        old.isolation_level = IsolationLevel.REPEATABLE_READ
        before = one(old, POSITION)
        write(admin, clinic.org_id)
        page = read(old, clinic.org_id, one(admin, POSITION))
        assert (page["reset"], page["position"]) == (True, before)
        assert ids(read(admin, clinic.org_id, page["position"])) != []


def test_nothing_is_told_beyond_a_position(admin: psycopg.Connection, clinic: Clinic):
    before = one(admin, POSITION)
    first = write(admin, clinic.org_id)
    until = one(admin, POSITION)
    second = write(admin, clinic.org_id)
    page = one(admin, READ_OF, [[clinic.org_id], before, until, 10])
    assert (ids(page), page["position"], page["hasMore"]) == ([first], until, False)
    beyond = one(admin, READ_OF, [[clinic.org_id], one(admin, POSITION), until, 10])
    assert (ids(beyond), beyond["reset"]) == ([], False)
    assert ids(one(admin, READ_OF, [[clinic.org_id], beyond["position"], None, 10])) == []
    assert ids(one(admin, READ_OF, [[clinic.org_id], page["position"], None, 10])) == [second]


def others(position: str) -> Iterator[str]:
    """What is no position, or is not one of here and now."""
    form, home, snapshot = position.split(".")
    system, database, timeline, recovered = home.split("-")
    yield from ["", "x", "1", "NULL", "\u2003", "1.1.1", "'", "9" * 5000, json.dumps({}), position + ".", position + " ", position.upper() + "X"]
    yield f"2.{home}.{snapshot}"
    yield f"{form}.1{system[1:] + '0'}-{database}-{timeline}-{recovered}.{snapshot}"
    yield f"{form}.{system}-{int(database, 16) + 1:x}-{timeline}-{recovered}.{snapshot}"
    yield f"{form}.{system}-{database}-{int(timeline, 16) + 1:x}-{recovered}.{snapshot}"
    yield f"{form}.{system}-{database}-{timeline}-{int(recovered, 16) + 1:x}.{snapshot}"
    yield f"{form}.{home}.9000000000000000000-0"
    yield f"{form}.{home}.{snapshot.split('-')[0]}-1000000"
    yield f"{form}.{home}.1-99999999999999999999"
    yield f"{form}.{home}.{snapshot}.{snapshot}"
    yield f"{form}.{home}.{snapshot}.{snapshot}.{uuid4()}"


def test_whatever_is_no_position_sends_the_reader_to_the_present(admin: psycopg.Connection, clinic: Clinic):
    write(admin, clinic.org_id)
    for text in others(one(admin, POSITION)):
        page = read(admin, clinic.org_id, text)
        assert (page["events"], page["hasMore"], page["reset"]) == ([], False, True), text
        assert page["position"] == one(admin, POSITION)
        until = one(admin, READ_OF, [[clinic.org_id], page["position"], text, 10])
        assert until["reset"] is True, text


def test_a_detail_that_no_number_can_hold_is_told_as_it_is(admin: psycopg.Connection, clinic: Clinic):
    admin.execute("""INSERT INTO booking.events (org_id, id, kind, detail) VALUES (%s, %s, 'moved', '{"a": 1e400, "b": "\\"}"}')""", [
        clinic.org_id, str(uuid4())])
    assert one(admin, "SELECT booking.read_events(%s) #>> '{events,0,detail,a}'", [clinic.org_id]) == "1" + "0" * 400


USE_UP = """DO $$ BEGIN FOR number IN 1..3000 LOOP
    BEGIN INSERT INTO used VALUES (number); EXCEPTION WHEN division_by_zero THEN NULL; END;
    END LOOP; END $$"""


def test_whoever_makes_a_position_long_is_told_less_at_once(admin: psycopg.Connection, clinic: Clinic):
    admin.execute("CREATE TEMP TABLE used (number int)")
    admin.execute(USE_UP)
    begun = int(one(admin, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))
    admin.execute("INSERT INTO booking.events (org_id, id, kind) SELECT %s, gen_random_uuid(), 'moved' FROM generate_series(1, 1000)", [
        clinic.org_id])
    form, home, _ = one(admin, POSITION).split(".")
    # As if 3000 that are long over were under way still.
    page = read(admin, clinic.org_id, f"{form}.{home}.1-{begun - 1}" + "-1" * 3000, 1000)
    assert (len(page["events"]) < 1000, page["hasMore"], page["reset"]) == (True, True, False)
    told = ids(page)
    while page["hasMore"]:
        page = read(admin, clinic.org_id, page["position"], 1000)
        told += ids(page)
    assert (len(told), len(set(told))) == (1000, 1000)
    admin.execute("DROP TABLE used")


# Purging.

OLD = "INSERT INTO booking.events (org_id, id, kind) VALUES (%s, %s, 'moved')"


def old_id(number: int = 0) -> str:
    """An id of before anybody had ids of version 7."""
    return f"00000000-0000-7000-8000-{number:012d}"


def purge(session: psycopg.Connection) -> int:
    """Everything that happened fifty years ago."""
    return one(session, "SELECT booking.purge(interval '50 years')")["events"]


def test_whoever_misses_what_was_purged_is_told(admin: psycopg.Connection, clinic: Clinic):
    before = one(admin, POSITION)
    admin.execute(OLD, [clinic.org_id, old_id()])
    kept = write(admin, clinic.org_id)
    assert purge(admin) > 0
    assert read(admin, clinic.org_id, before)["reset"] is True
    whole = read(admin, clinic.org_id)
    assert (ids(whole), whole["reset"]) == ([kept], False)
    # The next time, nothing is told of it again.
    assert read(admin, clinic.org_id, read(admin, clinic.org_id, before)["position"])["reset"] is False


def test_whoever_had_read_what_was_purged_goes_on(admin: psycopg.Connection, clinic: Clinic):
    admin.execute(OLD, [clinic.org_id, old_id()])
    read_already = read(admin, clinic.org_id)["position"]
    new = write(admin, clinic.org_id)
    purge(admin)
    page = read(admin, clinic.org_id, read_already)
    assert (ids(page), page["reset"]) == ([new], False)


def test_what_was_still_under_way_and_is_purged_is_missed(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    with connect(dsn, autocommit=False) as slow:
        slow.execute(OLD, [clinic.org_id, old_id()])
        write(admin, clinic.org_id)
        position = read(admin, clinic.org_id)["position"]
        slow.commit()
    purge(admin)
    assert read(admin, clinic.org_id, position)["reset"] is True


def test_a_later_purge_remembers_the_one_before_it(admin: psycopg.Connection, clinic: Clinic):
    before = one(admin, POSITION)
    admin.execute(OLD, [clinic.org_id, old_id(1)])
    between = one(admin, POSITION)
    purge(admin)
    admin.execute(OLD, [clinic.org_id, old_id(2)])
    after = one(admin, POSITION)
    purge(admin)
    resets = [read(admin, clinic.org_id, position)["reset"] for position in (before, between, after)]
    assert resets == [True, True, False]
    assert one(admin, "SELECT count(*) FROM booking.purged_events WHERE org_id = %s", [clinic.org_id]) == 1


def test_in_the_middle_of_a_page_only_what_is_beyond_it_is_missed(admin: psycopg.Connection, clinic: Clinic):
    for number in range(3):
        admin.execute(OLD, [clinic.org_id, old_id(number)])
    kept = sorted(write(admin, clinic.org_id) for _ in range(3))
    one_old, all_old = (read(admin, clinic.org_id, None, limit)["position"] for limit in (1, 4))
    write(admin, clinic.org_id)
    purge(admin)
    assert read(admin, clinic.org_id, one_old)["reset"] is True
    page = read(admin, clinic.org_id, all_old)
    assert (ids(page)[:2], len(page["events"]), page["reset"]) == (kept[1:], 3, False)


def test_a_purge_that_is_rolled_back_costs_nobody_anything(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    before = one(admin, POSITION)
    admin.execute(OLD, [clinic.org_id, old_id()])
    with connect(dsn, autocommit=False) as session:
        purge(session)
        session.rollback()
    assert ids(read(admin, clinic.org_id, before)) == [old_id()]


def test_of_two_purges_at_once_neither_forgets(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    before = one(admin, POSITION)
    for number in range(20):
        admin.execute(OLD, [clinic.org_id, old_id(number)])
    with connect(dsn) as first, connect(dsn) as second, ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(purge, (first, second))) >= 20
    assert read(admin, clinic.org_id, before)["reset"] is True


# Rights.


def test_a_member_and_a_courier_read_what_is_theirs(dsn: str, admin: psycopg.Connection, clinics: list[str]):
    own, other, _ = clinics
    with roles_of_each_kind(dsn) as roles:
        for kind in ("member", "worker"):
            belongs_to(admin, roles[kind], own)
        with log_in(dsn, roles["member"]) as member, log_in(dsn, roles["worker"]) as courier:
            before = one(member, POSITION)
            written, _ = write(member, own), write(admin, other)
            assert ids(read(member, own, before)) == [written]
            page = one(courier, READ_OF, [[own, other], before, one(courier, POSITION), 10])
            assert [(event["orgId"], event["id"]) for event in page["events"]] == [(own, written)]
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="does not exist"):
                read(member, other, before)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                member.execute(READ_OF, [[own], None, None, 10])


def test_a_position_in_several_histories_is_one_in_each(admin: psycopg.Connection, clinics: list[str]):
    before = one(admin, POSITION)
    written = sorted((write(admin, org_id), org_id) for _ in range(4) for org_id in clinics)
    page = one(admin, READ_OF, [clinics, before, None, 7])
    for org_id in clinics:
        rest = read(admin, org_id, page["position"])
        assert ids(rest) == [event for event, owner in written[7:] if owner == org_id]


# Who did it.

DETAIL = "SELECT detail FROM booking.events WHERE org_id = %s AND appointment_id = %s"


def test_it_is_on_record_who_has_booked(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    user = str(uuid4())
    with roles_of_each_kind(dsn) as roles:
        member = roles["member"]
        claims = json.dumps({"org_id": clinic.org_id, "sub": user, "email": "ann@example.com"})
        for is_verified in (True, False):
            admin.execute(sql.SQL("ALTER ROLE {} SET booking.authenticator = {}").format(
                sql.Identifier(member), sql.Literal(member if is_verified else "somebody")))
            belongs_to(admin, member, clinic.org_id)
            with log_in(dsn, member) as session:
                session.execute("SELECT set_config('request.jwt.claims', %s, false)", [claims])
                booked = clinic.book(future(200 + is_verified), session)
            detail = one(admin, DETAIL, [clinic.org_id, booked["appointmentId"]])
            assert (detail["by"], detail.get("user"), detail.get("via")) == (member, user if is_verified else None, None)
            assert "ann" not in json.dumps(detail)


def test_a_program_that_sees_every_organization_says_for_whom_it_acts(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    user = str(uuid4())
    with roles_of_each_kind(dsn) as roles:
        admin.execute(sql.SQL("GRANT {0} TO {1}; ALTER ROLE {1} BYPASSRLS").format(
            sql.Identifier(roles["member"]), sql.Identifier(roles["worker"])))
        with log_in(dsn, roles["worker"]) as session:
            session.execute("SELECT set_config('request.jwt.claims', %s, false)", [json.dumps({"role": "front_desk", "sub": user})])
            booked = clinic.book(future(), session)
        detail = one(admin, DETAIL, [clinic.org_id, booked["appointmentId"]])
        assert (detail["by"], detail["user"]) == ("front_desk", user)


def test_a_subject_that_is_no_id_is_not_on_record(dsn: str, admin: psycopg.Connection, clinic: Clinic):
    with roles_of_each_kind(dsn) as roles:
        admin.execute(sql.SQL("ALTER ROLE {0} SET booking.authenticator = {1}").format(
            sql.Identifier(roles["member"]), sql.Literal(roles["member"])))
        with log_in(dsn, roles["member"]) as session:
            claims = json.dumps({"org_id": clinic.org_id, "sub": "ann@example.com"})
            session.execute("SELECT set_config('request.jwt.claims', %s, false)", [claims])
            booked = clinic.book(future(), session)
        assert "user" not in one(admin, DETAIL, [clinic.org_id, booked["appointmentId"]])


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_limit_that_is_none_is_refused(admin: psycopg.Connection, clinic: Clinic, limit: int):
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="p_limit"):
        read(admin, clinic.org_id, None, limit)
