"""The history as it is sent to whoever subscribes to it: by logical decoding, each booking's event once, at its commit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from clinic import assert_booked, connect, future, one
from filled import Filled

SLOT = "booking_live"
PUBLISH = "CREATE PUBLICATION supabase_realtime FOR TABLE booking.events"
CHANGES = "SELECT data FROM pg_logical_slot_get_changes(%s, NULL, NULL)"
MESSAGES = """
    SELECT encode(data, 'escape') FROM pg_logical_slot_get_binary_changes(
        %s, NULL, NULL, 'proto_version', '1', 'publication_names', 'supabase_realtime')"""


@pytest.fixture
def slot(filled: Filled, request: pytest.FixtureRequest) -> Iterator[str]:
    """A slot of the plugin that the test names, from now on."""
    filled.session.execute("SELECT pg_create_logical_replication_slot(%s, %s)", [SLOT, request.param])
    try:
        yield SLOT
    finally:
        filled.session.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])


def decoded(session: psycopg.Connection, sql: str, slot: str) -> list[str]:
    return [text for (text,) in session.execute(sql, [slot])]


@pytest.mark.parametrize("slot", ["test_decoding"], indirect=True)
def test_a_booking_is_one_insert_into_the_history_at_its_commit(filled: Filled, slot: str):
    events = lambda: [line for line in decoded(filled.session, CHANGES, slot) if line.startswith("table booking.events:")]
    with connect(filled.dsn, autocommit=False) as session:
        booked = filled.clinic.book(future(230), session)
        assert_booked(booked)
        assert events() == []
        session.commit()
    (line,) = events()
    assert line.startswith("table booking.events: INSERT:")
    assert booked["appointmentId"] in line and "kind[text]:'booked'" in line
    assert events() == []
    with connect(filled.dsn, autocommit=False) as session:
        filled.clinic.book(future(231), session)
        session.rollback()
    assert events() == []


@pytest.mark.parametrize("slot", ["pgoutput"], indirect=True)
def test_a_publication_of_the_history_sends_its_events_and_nothing_else(filled: Filled, slot: str):
    filled.session.execute(PUBLISH)
    booked = filled.clinic.book(future(230))
    one(filled.session, "SELECT booking.cancel_appointment(%s, %s)", [filled.clinic.org_id, booked["appointmentId"]])
    sent = decoded(filled.session, MESSAGES, slot)
    inserts = [message for message in sent if message.startswith("I")]
    assert [kind in message for kind, message in zip(["booked", "cancelled"], inserts, strict=True)] == [True, True]
    assert all(booked["appointmentId"] in message for message in inserts)
    # The relation is described once; who booked is in none of it.
    assert sum("booking\\000events\\000" in message for message in sent) == 1
    assert "Ann Lee" not in json.dumps(sent)


@pytest.mark.parametrize("slot", ["pgoutput"], indirect=True)
def test_what_is_purged_is_sent_by_its_key(filled: Filled, slot: str):
    """The primary key identifies a row that is deleted; without one, a publication would refuse the deletion."""
    filled.session.execute(PUBLISH)
    filled.session.execute(
        "INSERT INTO booking.events (org_id, id, kind) VALUES (%s, '00000000-0000-7000-8000-000000000001', 'moved')",
        [filled.clinic.org_id])
    assert one(filled.session, "SELECT booking.purge(interval '50 years')")["events"] == 1
    deletions = [message for message in decoded(filled.session, MESSAGES, slot) if message.startswith("D")]
    assert len(deletions) == 1 and "00000000-0000-7000-8000-000000000001" in deletions[0]
