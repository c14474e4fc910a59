"""A booking belongs to its caller's transaction, sees what is committed, and stands up to writers who go round it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from clinic import Clinic, assert_booked, assert_refused_with_three, future, new_phone, one, overlaps
from psycopg import sql
from sessions import book_and_wait_for, second_session, write_directly

HALF_HOUR = timedelta(minutes=30)


def assert_empty(clinic: Clinic):
    assert (clinic.appointments(), clinic.contacts(), clinic.keys()) == ([], [], [])


# The caller's transaction.


def test_a_rollback_takes_the_booking_its_contact_and_its_key_back(clinic: Clinic):
    with clinic.connect(autocommit=False) as session:
        assert_booked(clinic.book(future(), session, key="k"))
        session.rollback()

    assert_empty(clinic)
    assert_booked(clinic.book(future()))


def test_a_rollback_to_a_savepoint_takes_only_the_booking_after_it_back(clinic: Clinic):
    kept, dropped = future(hour=9), future(hour=10)
    with clinic.connect(autocommit=False) as session:
        assert_booked(clinic.book(kept, session))
        session.execute("SAVEPOINT before_the_second")
        assert_booked(clinic.book(dropped, session, key="k"))
        assert clinic.book(dropped, session)["error"] == "slot_unavailable", "a transaction does not see its own booking"
        session.execute("ROLLBACK TO SAVEPOINT before_the_second")
        session.commit()

    assert [row["starts_at"] for row in clinic.appointments()] == [kept]
    assert (len(clinic.contacts()), clinic.keys()) == (1, [])
    assert_booked(clinic.book(dropped))


def test_a_refusal_leaves_the_transaction_usable(clinic: Clinic):
    assert_booked(clinic.book(future()))
    with clinic.connect(autocommit=False) as session:
        assert_refused_with_three(clinic.book(future(), session), future())
        assert clinic.book(future(), session, phone="555")["error"] == "invalid_phone"
        assert_booked(clinic.book(future(days=201), session))
        session.commit()

    assert len(clinic.appointments()) == 2


def test_an_uncommitted_booking_is_seen_by_nobody_else(clinic: Clinic):
    with clinic.connect(autocommit=False) as session:
        assert_booked(clinic.book(future(), session))
        assert_empty(clinic)
        session.commit()

    assert len(clinic.appointments()) == 1


def test_a_session_killed_before_its_commit_frees_the_slot(clinic: Clinic):
    victim = clinic.connect(autocommit=False)
    assert_booked(clinic.book(future(), victim, key="k"))
    with second_session(clinic) as (session, thread):
        waiting = book_and_wait_for(clinic, session, thread, victim, at=future())
        assert one(clinic.admin, "SELECT pg_terminate_backend(%s)", [victim.info.backend_pid])
        assert_booked(waiting.result())
    with pytest.raises(psycopg.OperationalError):
        victim.execute("SELECT 1")
    victim.close()

    assert (len(clinic.appointments()), len(clinic.contacts()), clinic.keys()) == (1, 1, [])


@contextmanager
def prepared(clinic: Clinic, **request: object) -> Iterator[str]:
    """The name of a transaction that has booked and is prepared for a commit in two phases; its session has ended."""
    name = f"booking-{clinic.org_id}"
    with clinic.connect(autocommit=False) as session:
        assert_booked(clinic.book(future(), session, **request))
        session.execute(sql.SQL("PREPARE TRANSACTION {}").format(sql.Literal(name)))
    yield name
    # Whatever became of the test, nothing keeps its locks.
    with clinic.connect() as session:
        if one(session, "SELECT count(*) FROM pg_prepared_xacts WHERE gid = %s", [name]):
            session.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(name)))


@pytest.mark.parametrize("end, success", [("COMMIT", False), ("ROLLBACK", True)])
def test_a_prepared_transaction_keeps_its_slot_until_somebody_ends_it(clinic: Clinic, end: str, success: bool):
    with prepared(clinic) as name, second_session(clinic) as (second, thread):
        waiting = book_and_wait_for(clinic, second, thread, None, at=future())
        with clinic.connect() as third:
            third.execute(sql.SQL(end + " PREPARED {}").format(sql.Literal(name)))
        assert waiting.result()["success"] is success

    assert (len(clinic.appointments()), len(clinic.contacts())) == (1, 1)


def test_the_key_of_a_prepared_transaction_is_replayed_after_its_commit(clinic: Clinic):
    phone = new_phone()
    with prepared(clinic, key="k", phone=phone) as name, second_session(clinic) as (second, thread):
        waiting = book_and_wait_for(clinic, second, thread, None, at=future(), key="k", phone=phone)
        with clinic.connect() as third:
            third.execute(sql.SQL("COMMIT PREPARED {}").format(sql.Literal(name)))
        assert waiting.result()["replayed"] is True

    assert (len(clinic.appointments()), len(clinic.keys())) == (1, 1)


# What a booking sees.


def test_the_first_call_of_a_new_session_sees_what_was_committed_before_it(clinic: Clinic):
    assert_booked(clinic.book(future()))
    with clinic.connect() as session:
        assert_refused_with_three(clinic.book(future(), session), future())


def test_the_first_call_of_a_new_session_sees_what_was_committed_while_it_waited(clinic: Clinic):
    wanted, also_taken = future(), [future() - HALF_HOUR, future() + HALF_HOUR]
    with clinic.connect(autocommit=False) as first, second_session(clinic) as (second, thread):
        for start in [wanted, *also_taken]:
            assert_booked(clinic.book(start, first, minutes=30))
        waiting = book_and_wait_for(clinic, second, thread, first, at=wanted, minutes=30, key="k")
        first.commit()
        offered = assert_refused_with_three(waiting.result(), wanted)

    assert offered.isdisjoint(also_taken), "an alternative was looked up in an old snapshot"
    assert (len(clinic.appointments()), len(clinic.contacts()), clinic.keys()) == (3, 3, [])


def test_a_session_that_waited_for_a_rollback_gets_the_slot(clinic: Clinic):
    with clinic.connect(autocommit=False) as first, second_session(clinic) as (second, thread):
        assert_booked(clinic.book(future(), first))
        waiting = book_and_wait_for(clinic, second, thread, first, at=future())
        first.rollback()
        assert_booked(waiting.result())

    assert len(clinic.appointments()) == 1


def test_an_overlap_across_midnight_waits_and_is_refused(clinic: Clinic):
    midnight = future(hour=0)
    with clinic.connect(autocommit=False) as first, second_session(clinic) as (second, thread):
        assert_booked(clinic.book(midnight - HALF_HOUR, first, minutes=60))
        waiting = book_and_wait_for(clinic, second, thread, first, at=midnight, minutes=60)
        first.commit()
        assert_refused_with_three(waiting.result(), midnight)


def test_days_and_resources_of_their_own_do_not_wait_for_each_other(clinic: Clinic):
    room = clinic.add_resource()
    with clinic.connect(autocommit=False) as first, clinic.connect() as second:
        second.execute("SET lock_timeout = '10s'")
        assert_booked(clinic.book(future(), first, resource=clinic.first_resource()))
        assert_booked(clinic.book(future(), second, resource=room))
        assert_booked(clinic.book(future(days=201), second, resource=clinic.first_resource()))
        first.commit()

    assert len(clinic.appointments()) == 3


# Contacts.


def test_a_phone_never_makes_a_second_contact_and_the_newest_name_and_email_win(clinic: Clinic):
    phone = new_phone()
    first = clinic.book(future(days=200), phone=phone, name="ann lee", email="Ann@Example.com")
    spelled = f" {phone[:2]} ({phone[2:5]}) {phone[5:]} "
    second = clinic.book(future(days=201), phone=spelled, name="ann LEE-MEYER", email="new@example.com")

    assert first["contactId"] == second["contactId"]
    (contact,) = clinic.contacts()
    assert (contact["phone"], contact["name"], contact["email"]) == (phone, "Ann Lee-Meyer", "new@example.com")
    assert [row["patient_name"] for row in clinic.appointments()] == ["Ann Lee", "Ann Lee-Meyer"]


@pytest.mark.parametrize("nothing", [None, "", "   "])
def test_a_booking_without_an_email_keeps_the_known_one(clinic: Clinic, nothing: str | None):
    phone = new_phone()
    assert_booked(clinic.book(future(days=200), phone=phone, email="ann@example.com"))
    assert_booked(clinic.book(future(days=201), phone=phone, email=nothing))

    assert [contact["email"] for contact in clinic.contacts()] == ["ann@example.com"]


def test_a_contact_without_an_email_gets_a_placeholder_until_one_is_given(clinic: Clinic):
    phone = new_phone()
    assert_booked(clinic.book(future(days=200), phone=phone))
    assert [contact["email"] for contact in clinic.contacts()] == [f"{phone[1:]}@no-email.invalid"]
    assert_booked(clinic.book(future(days=201), phone=phone, email="ann@example.com"))
    assert [contact["email"] for contact in clinic.contacts()] == ["ann@example.com"]


def test_a_refused_booking_changes_nothing_about_a_known_contact(clinic: Clinic):
    phone = new_phone()
    assert_booked(clinic.book(future(), phone=phone, name="Ann Lee", email="ann@example.com"))
    before = clinic.contacts()
    assert_refused_with_three(clinic.book(future(), phone=phone, name="Bob Ray", email="bob@example.com"), future())

    assert clinic.contacts() == before


def test_the_same_phone_in_two_organizations_is_two_contacts(clinic: Clinic):
    other, phone = Clinic.open(clinic.dsn, clinic.admin), new_phone()
    assert clinic.book(future(), phone=phone)["contactId"] != other.book(future(), phone=phone)["contactId"]


# Idempotency keys.


def test_a_replay_is_the_first_answer_marked_as_replayed(clinic: Clinic):
    request = {"phone": new_phone(), "key": "k", "email": "ann@example.com", "minutes": 30, "metadata": '{"a": 1, "b": [2]}'}
    first = clinic.book(future(), **request)
    assert_booked(first)
    with clinic.connect() as session:
        assert clinic.book(future(), session, **request) == first | {"replayed": True}

    assert (len(clinic.appointments()), clinic.keys()) == (1, ["k"])


@pytest.mark.parametrize("change", [
    {"name": "Bob Ray"}, {"email": "bob@example.com"}, {"phone": "+14152007777"}, {"service": "cleaning"}, {"minutes": 31},
    {"at": future(days=202)}, {"metadata": '{"a": 2}'},
], ids=lambda change: next(iter(change)))
def test_another_request_under_a_used_key_is_a_conflict(clinic: Clinic, change: dict):
    request = {"at": future(), "phone": new_phone(), "key": "k", "minutes": 30}
    assert_booked(clinic.book(**request))
    refused = clinic.book(**(request | change))

    assert (refused["success"], refused["error"]) == (False, "idempotency_conflict"), refused
    assert len(clinic.appointments()) == len(clinic.contacts()) == 1


def test_a_refused_request_may_be_tried_again_under_its_key(clinic: Clinic):
    taken = clinic.book(future())
    request = {"at": future(), "phone": new_phone(), "key": "k"}
    assert_refused_with_three(clinic.book(**request), future())
    clinic.admin.execute("UPDATE booking.appointments SET status = 'cancelled' WHERE id = %s", [taken["appointmentId"]])

    again = clinic.book(**request)
    assert_booked(again)
    assert "replayed" not in again


def test_a_first_attempt_that_was_rolled_back_leaves_no_trace_of_its_key(clinic: Clinic):
    phone = new_phone()
    with clinic.connect(autocommit=False) as session:
        rolled_back = clinic.book(future(), session, phone=phone, key="k")
        session.rollback()
    booked = clinic.book(future(days=201), phone=phone, key="k")

    assert_booked(booked)
    assert "replayed" not in booked
    assert booked["appointmentId"] != rolled_back["appointmentId"]
    assert clinic.keys() == ["k"]


def test_a_key_belongs_to_its_organization(clinic: Clinic):
    other = Clinic.open(clinic.dsn, clinic.admin)
    assert_booked(clinic.book(future(), key="k"))
    answer = other.book(future(), key="k")
    assert_booked(answer)
    assert "replayed" not in answer


# Writers who go round the function.


def test_a_direct_insert_that_commits_first_gets_the_slot_and_the_function_leaves_nothing(clinic: Clinic):
    wanted, phone = future(), new_phone()
    with clinic.connect(autocommit=False) as writer, second_session(clinic) as (session, thread):
        write_directly(writer, clinic, wanted)
        waiting = book_and_wait_for(clinic, session, thread, writer, at=wanted, phone=phone, key="k", minutes=60)
        writer.commit()
        offered = assert_refused_with_three(waiting.result(), wanted)

    assert all(abs(start - wanted) >= timedelta(hours=1) for start in offered), offered
    assert [row["patient_name"] for row in clinic.appointments()] == ["Import"]
    assert phone not in [contact["phone"] for contact in clinic.contacts()]
    assert clinic.keys() == []
    assert overlaps(clinic.admin) == 0


def test_a_direct_insert_that_is_rolled_back_leaves_the_slot_to_the_function(clinic: Clinic):
    with clinic.connect(autocommit=False) as writer, second_session(clinic) as (session, thread):
        write_directly(writer, clinic, future() + HALF_HOUR)
        waiting = book_and_wait_for(clinic, session, thread, writer, at=future(), minutes=60)
        writer.rollback()
        assert_booked(waiting.result())

    assert [row["patient_name"] for row in clinic.appointments()] == ["Ann Lee"]


@pytest.mark.parametrize("capacity", [1, 2], ids=["on another resource", "on another seat"])
def test_a_direct_insert_makes_the_function_take_what_is_still_free(clinic: Clinic, capacity: int):
    room = clinic.add_resource(capacity)
    rooms = {"resource": room} if capacity == 2 else {}
    with clinic.connect(autocommit=False) as writer, second_session(clinic) as (session, thread):
        # Where nothing is booked yet, the resource with the lowest id comes first, and its seat 1.
        write_directly(writer, clinic, future(), resource=room if rooms else clinic.first_resource())
        waiting = book_and_wait_for(clinic, session, thread, writer, at=future(), **rooms)
        writer.commit()
        answer = waiting.result()

    assert_booked(answer)
    booked = next(row for row in clinic.appointments() if str(row["id"]) == answer["appointmentId"])
    assert (answer["resourceId"], booked["seat"]) == (room, capacity)
    assert overlaps(clinic.admin) == 0


def test_a_direct_insert_into_a_booked_slot_waits_and_then_breaks_the_constraint(clinic: Clinic):
    with clinic.connect(autocommit=False) as session, clinic.connect() as writer:
        assert_booked(clinic.book(future(), session))
        session.commit()
        with pytest.raises(psycopg.errors.ExclusionViolation):
            write_directly(writer, clinic, future() + HALF_HOUR)

    assert len(clinic.appointments()) == 1


def test_a_direct_insert_of_the_same_phone_does_not_fail_the_booking(clinic: Clinic):
    phone = new_phone()
    with clinic.connect(autocommit=False) as writer, second_session(clinic) as (session, thread):
        write_directly(writer, clinic, future(days=300), phone=phone)
        waiting = book_and_wait_for(clinic, session, thread, writer, at=future(), phone=phone, name="Ann Lee")
        writer.commit()
        answer = waiting.result()

    assert_booked(answer)
    (contact,) = clinic.contacts()
    assert (answer["contactId"], contact["name"]) == (str(contact["id"]), "Ann Lee")
