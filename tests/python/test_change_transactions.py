"""A change belongs to its caller's transaction: where that is undone, every row of every table is as it was before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg
import pytest
from calls import (
    BUSY,
    CANCEL,
    CONFIRM,
    DATE,
    HOLD,
    MOVE,
    RELEASE,
    SERIES,
    SERVICE,
    SET_STATUS,
    WEEK,
    Function,
    booked,
    expire,
    hold,
)
from clinic import Answer, Clinic, assert_booked, assert_refused_with_three, future, new_phone, one, overlaps
from hostile import everything
from psycopg import IsolationLevel
from sessions import book_and_wait_for, second_session
from storm import Outcome, split, storm

HOUR = timedelta(hours=1)
WANTED = future(days=220)
TIMES = [WANTED, WANTED + 24 * HOUR, WANTED + 48 * HOUR]
ABOVE = [IsolationLevel.REPEATABLE_READ, IsolationLevel.SERIALIZABLE]

# What a move above READ COMMITTED may end with, as the README says.
RUN_AGAIN = (psycopg.errors.SerializationFailure, psycopg.errors.ExclusionViolation, psycopg.errors.UniqueViolation)

# Calls a function within a block that catches what is raised in it; the block undoes what was done before.
CAUGHT = """
    CREATE FUNCTION pg_temp.caught(call text, undo boolean) RETURNS json LANGUAGE plpgsql AS $$
    DECLARE answer json;
    BEGIN
        EXECUTE call INTO answer;
        IF undo THEN
            RAISE SQLSTATE 'UNDO1';
        END IF;
        RETURN answer;
    EXCEPTION WHEN SQLSTATE 'UNDO1' OR data_exception THEN
        RETURN json_build_object('caught', SQLSTATE, 'answer', answer);
    END $$"""


@dataclass(frozen=True)
class Change:
    """A call that changes something, on a clinic with one appointment, one hold and one hold that has expired."""

    function: Function
    arguments: Callable[[Desk], dict[str, object]]

    def ask(self, desk: Desk, session: psycopg.Connection) -> object:
        answer = self.function.ask(desk.clinic, session, **self.arguments(desk))
        assert not isinstance(answer, dict) or answer["success"], answer
        return answer


@dataclass(frozen=True)
class Desk:
    clinic: Clinic
    appointment: str
    hold: str
    expired: str

    def everything(self) -> dict[str, list[str]]:
        return everything(self.clinic.admin, self.clinic.org_id)


CHANGES = {
    "hold": Change(HOLD, lambda desk: {"scheduled_at": WANTED}),
    # Its place is that of a hold which has expired, and whose row says so from now on.
    "hold over an expired one": Change(HOLD, lambda desk: {"scheduled_at": future(hour=20)}),
    "confirm": Change(CONFIRM, lambda desk: {"hold_id": desk.hold}),
    "release": Change(RELEASE, lambda desk: {"hold_id": desk.hold}),
    "move": Change(MOVE, lambda desk: {"appointment_id": desk.appointment, "scheduled_at": WANTED}),
    "cancel": Change(CANCEL, lambda desk: {"appointment_id": desk.appointment, "reason": "ill"}),
    "complete": Change(SET_STATUS, lambda desk: {"appointment_id": desk.appointment, "status": "completed"}),
    "series": Change(SERIES, lambda desk: {"times": TIMES, "idempotency_key": "k"}),
    "service": Change(SERVICE, lambda desk: {"resource_ids": [desk.clinic.first_resource()]}),
    "week": Change(WEEK, lambda desk: {"hours": '{"mon": [["09:00", "12:00"]]}'}),
    "date": Change(DATE, lambda desk: {"date": WANTED.date(), "hours": '[["09:00", "12:00"]]', "reason": "feast"}),
    "busy": Change(
        BUSY, lambda desk: {"resource_id": desk.clinic.first_resource(), "starts_at": WANTED, "ends_at": WANTED + HOUR}
    ),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    desk = Desk(clinic, booked(clinic, future()), hold(clinic, future(hour=15)), hold(clinic, future(hour=20)))
    expire(clinic, desk.expired)
    return desk


@pytest.fixture
def session(clinic: Clinic) -> Iterator[psycopg.Connection]:
    """A session with autocommit off, as most drivers have it."""
    with clinic.connect(autocommit=False) as session:
        yield session


# Undone.


@every_change
def test_a_rollback_leaves_every_row_as_it_was(desk: Desk, session, change: Change):
    before = desk.everything()
    change.ask(desk, session)
    assert everything(session, desk.clinic.org_id) != before, "it changed nothing"
    session.rollback()

    assert desk.everything() == before
    # What was undone can be done.
    change.ask(desk, session)


@every_change
def test_a_rollback_to_a_savepoint_leaves_every_row_as_it_was_there(desk: Desk, session, change: Change):
    assert_booked(desk.clinic.book(future(days=240), session))
    session.execute("SAVEPOINT here")
    at_savepoint = everything(session, desk.clinic.org_id)
    change.ask(desk, session)
    session.execute("ROLLBACK TO SAVEPOINT here")
    session.commit()

    assert desk.everything() == at_savepoint


@every_change
def test_a_session_that_ends_without_a_commit_leaves_every_row_as_it_was(desk: Desk, change: Change):
    before, session = desk.everything(), desk.clinic.connect(autocommit=False)
    change.ask(desk, session)
    session.close()

    assert desk.everything() == before


@every_change
def test_an_error_of_the_caller_afterwards_undoes_the_change(desk: Desk, session, change: Change):
    before = desk.everything()
    change.ask(desk, session)
    with pytest.raises(psycopg.errors.DivisionByZero):
        session.execute("SELECT 1 / 0")
    session.rollback()

    assert desk.everything() == before


@every_change
def test_a_block_that_catches_an_error_undoes_the_change_and_the_transaction_goes_on(desk: Desk, session, change: Change):
    session.execute(CAUGHT)
    before = desk.everything()
    call = _written_out(session, change.function, desk.clinic, **change.arguments(desk))
    assert one(session, "SELECT pg_temp.caught(%s, true)", [call])["caught"] == "UNDO1"
    assert everything(session, desk.clinic.org_id) == before
    assert_booked(desk.clinic.book(future(days=240), session))
    session.commit()

    assert len(desk.clinic.appointments()) == 4


def test_a_block_that_catches_a_refusal_as_an_error_goes_on(desk: Desk, session):
    session.execute(CAUGHT)
    before = desk.everything()
    call = _written_out(session, SERVICE, desk.clinic, duration_minutes=0)
    assert one(session, "SELECT pg_temp.caught(%s, false)", [call])["caught"] == "22023"
    session.commit()

    assert desk.everything() == before


def test_the_key_of_a_series_that_was_undone_can_be_used_again(desk: Desk, session):
    phone, clinic = new_phone(), desk.clinic
    undone = SERIES.ask(clinic, session, times=TIMES, idempotency_key="k", patient_phone=phone)
    with pytest.raises(psycopg.errors.UndefinedTable):
        session.execute("INSERT INTO no_such_table VALUES (1)")
    session.rollback()
    again = SERIES.ask(clinic, times=TIMES[:2], idempotency_key="k", patient_phone=phone)

    assert_booked(again)
    assert "replayed" not in again
    assert {row["appointmentId"] for row in again["appointments"]}.isdisjoint(
        row["appointmentId"] for row in undone["appointments"]
    )
    assert SERIES.ask(clinic, times=TIMES[:2], idempotency_key="k", patient_phone=phone) == again | {"replayed": True}
    assert clinic.keys() == ["k"]


# Kept.


@every_change
def test_a_change_is_seen_by_others_only_when_it_is_committed(desk: Desk, session, change: Change):
    before = desk.everything()
    change.ask(desk, session)
    inside = everything(session, desk.clinic.org_id)
    assert desk.everything() == before
    session.commit()

    assert desk.everything() == inside


def test_the_contact_of_a_confirmed_hold_is_there_when_its_foreign_key_is_checked(desk: Desk, session):
    answer = CONFIRM.ask(desk.clinic, session, hold_id=desk.hold)
    session.execute("SET CONSTRAINTS ALL IMMEDIATE")
    session.commit()

    persons = {str(contact["id"]) for contact in desk.clinic.contacts()}
    assert answer["contactId"] in persons


def test_a_hold_of_this_transaction_is_confirmed_moved_and_cancelled_in_it(clinic: Clinic, session):
    held = HOLD.ask(clinic, session, scheduled_at=WANTED)["holdId"]
    assert_refused_with_three(clinic.book(WANTED, session), WANTED)
    assert_booked(CONFIRM.ask(clinic, session, hold_id=held))
    assert_booked(MOVE.ask(clinic, session, appointment_id=held, scheduled_at=TIMES[1]))
    assert_booked(clinic.book(WANTED, session))
    assert CANCEL.ask(clinic, session, appointment_id=held)["success"]
    assert_booked(clinic.book(TIMES[1], session))
    session.commit()

    rows = [(row["starts_at"], row["status"]) for row in clinic.appointments()]
    assert sorted(rows) == [(WANTED, "confirmed"), (TIMES[1], "cancelled"), (TIMES[1], "confirmed")]
    assert overlaps(clinic.admin) == 0


def test_series_holds_and_bookings_of_one_transaction_see_each_other(clinic: Clinic, session):
    assert_booked(SERIES.ask(clinic, session, times=TIMES))
    assert_refused_with_three(HOLD.ask(clinic, session, scheduled_at=TIMES[2]), TIMES[2])
    refused = SERIES.ask(clinic, session, times=[WANTED + 5 * HOUR, TIMES[0]])
    assert (refused["error"], len(refused["failed"])) == ("slot_unavailable", 1)
    assert_booked(clinic.book(WANTED + 5 * HOUR, session))
    session.commit()

    assert (len(clinic.appointments()), len(clinic.contacts())) == (4, 2)


def test_a_refused_change_leaves_every_row_as_it_was_and_the_transaction_usable(desk: Desk, session):
    before, clinic = desk.everything(), desk.clinic
    taken = future(hour=15)
    assert_refused_with_three(MOVE.ask(clinic, session, appointment_id=desk.appointment, scheduled_at=taken), taken)
    assert SERIES.ask(clinic, session, times=[*TIMES, taken], idempotency_key="k")["error"] == "slot_unavailable"
    assert CONFIRM.ask(clinic, session, hold_id=desk.expired)["error"] == "hold_expired"
    assert RELEASE.ask(clinic, session, hold_id=desk.appointment)["error"] == "invalid_status"
    assert everything(session, clinic.org_id) == before
    session.commit()

    assert desk.everything() == before


# Isolation levels.


@pytest.mark.parametrize("level", ABOVE, ids=lambda level: level.name)
@every_change
def test_a_change_is_made_above_read_committed_too(desk: Desk, session, change: Change, level: IsolationLevel):
    session.isolation_level = level
    before = desk.everything()
    change.ask(desk, session)
    session.commit()

    assert desk.everything() != before


@pytest.mark.parametrize("level", ABOVE, ids=lambda level: level.name)
@pytest.mark.parametrize("kind", ["confirm", "release", "move", "cancel", "complete"])
def test_what_another_session_changed_after_the_snapshot_is_a_serialization_failure_or_refused(
    desk: Desk, session, kind: str, level: IsolationLevel
):
    session.isolation_level = level
    # The snapshot is taken here, before the other session's change.
    session.execute("SELECT count(*) FROM booking.appointments")
    name = desk.hold if kind in ("confirm", "release") else desk.appointment
    assert CANCEL.ask(desk.clinic, appointment_id=name)["success"]
    after = desk.everything()
    function = CHANGES[kind].function
    try:
        answer = function.ask(desk.clinic, session, **CHANGES[kind].arguments(desk))
        assert answer["success"] is False, answer
        session.commit()
    except psycopg.errors.SerializationFailure:
        session.rollback()

    assert desk.everything() == after


def test_moves_of_every_isolation_level_into_one_slot_move_one(clinic: Clinic):
    levels = [IsolationLevel.READ_COMMITTED, *ABOVE] * 7
    own = [booked(clinic, future(days=240 + number)) for number in range(len(levels))]
    outcomes = storm(clinic, [
        MOVE.caller(clinic, level, appointment_id=name, scheduled_at=WANTED) for name, level in zip(own, levels, strict=True)
    ])

    won, lost = split(_answers_or(RUN_AGAIN, outcomes))
    moved = [str(row["id"]) for row in clinic.appointments() if row["starts_at"] == WANTED]
    assert moved == [answer["appointmentId"] for answer in won]
    assert len(moved) == 1
    assert {answer["error"] for answer in lost} <= {"slot_unavailable"}
    assert overlaps(clinic.admin) == 0


def test_moves_of_every_isolation_level_into_a_day_with_a_limit_keep_it(clinic: Clinic):
    SERVICE.ask(clinic, name="Surgery", daily_limit=2)
    levels = [IsolationLevel.READ_COMMITTED, *ABOVE] * 6
    own = [booked(clinic, future(days=240 + number), service="surgery") for number in range(len(levels))]
    outcomes = storm(clinic, [
        MOVE.caller(clinic, level, appointment_id=name, scheduled_at=future(days=220, hour=number))
        for number, (name, level) in enumerate(zip(own, levels, strict=True))
    ])

    moved = [row for row in clinic.appointments() if row["starts_at"] < future(days=240)]
    assert sorted(row["limit_place"] for row in moved) == [1, 2]
    won, lost = split(_answers_or(RUN_AGAIN, outcomes))
    assert (len(won), {answer["error"] for answer in lost}) == (2, {"daily_limit_reached"})


def test_series_of_every_isolation_level_are_whole_or_nothing(clinic: Clinic):
    levels = [IsolationLevel.READ_COMMITTED, *ABOVE] * 8
    orders = [TIMES[turn:] + TIMES[:turn] for turn in range(3)] * 8
    callers = [SERIES.caller(clinic, level, times=times) for times, level in zip(orders, levels, strict=True)]
    won, _ = split(_answers_or(psycopg.errors.SerializationFailure, storm(clinic, callers)))

    assert len(won) == 1
    said = {row["appointmentId"] for row in won[0]["appointments"]}
    assert {str(row["id"]) for row in clinic.appointments()} == said
    assert len(clinic.contacts()) == 1


# Who waits for whom.


@pytest.mark.parametrize("kind", ["cancel", "move"])
@pytest.mark.parametrize("commit", [True, False], ids=["committed", "rolled back"])
def test_a_caller_of_a_slot_that_is_being_left_waits_and_gets_it_if_it_was_left(desk: Desk, session, kind: str, commit: bool):
    CHANGES[kind].ask(desk, session)
    with second_session(desk.clinic) as (second, thread):
        waiting = book_and_wait_for(desk.clinic, second, thread, session, at=future())
        session.commit() if commit else session.rollback()
        answer: Answer = waiting.result()

    assert answer["success"] is commit, answer


def _answers_or(allowed: object, outcomes: list[Outcome]) -> list[Answer]:
    """The answers; whoever got none got an error that is allowed."""
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert [error for error in errors if not isinstance(error, allowed)] == []
    return [outcome.answer for outcome in outcomes if outcome.answer]


def _written_out(session: psycopg.Connection, function: Function, clinic: Clinic, **changes: object) -> str:
    """A statement without parameters that calls the function and returns JSON, whatever it returns."""
    call = psycopg.ClientCursor(session).mogrify(function.sql, function.parameters(clinic, **changes))
    return f"SELECT to_json(answer) FROM ({call}) AS called (answer)"
