"""From a booking to the patient's phone, and back."""

from __future__ import annotations

import re

import pytest
from clinic import future, new_phone, one
from office import PUBLIC, SENDER, Office, write_keys
from stand_ins.faults import garbage_body, half_reply, reset_after, reset_before, slow, status
from stand_ins.signature import Signing

MESSAGES = r"/Messages\.json"


@pytest.fixture
def phones(office: Office) -> Office:
    """An office whose messages go out by Twilio, and a worker at it."""
    office.connect_twilio()
    office.worker = office.start()
    return office


def test_a_booking_is_told_and_its_delivery_is_known(phones: Office):
    booked = phones.book(phone="+14155550101")
    assert booked["smsStatus"] == "queued"
    phones.worker.wait_until(lambda: phones.twilio.sent_to("+14155550101"))
    (message,) = phones.twilio.sent_to("+14155550101")
    assert re.search(r"your appointment is .* Reply C to cancel\. Ref [0-9A-Z]{6}$", message.body)
    assert message.from_ == SENDER
    # If nobody answers, or the database is away, Twilio comes again.
    assert re.fullmatch(rf"{PUBLIC}/twilio/{phones.org}/status/[0-9a-f-]+#rc=5&rp=5xx,ct", message.status_callback)
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"] == message.sid)
    for state in ["sent", "delivered"]:
        assert phones.twilio.advance(message.sid, state).status == 204
        assert phones.sms(booked) == state


def test_moved_and_cancelled_are_told_too(phones: Office):
    phone = new_phone()
    booked = phones.book(phone=phone)
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 1)
    phones.worker.wait_until(phones.is_settled)
    phones.move(booked, future(201))
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 2)
    phones.worker.wait_until(phones.is_settled)
    phones.cancel(booked)
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 3)
    told = [message.body for message in phones.twilio.sent_to(phone)]
    assert ["is now" in body for body in told] == [False, True, False]
    assert "is cancelled" in told[2]


def test_a_status_that_comes_before_the_answer_twice_or_late_counts_once_and_by_rank(phones: Office):
    phones.twilio.callbacks_before_reply = ("queued", "sent")
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.sms(booked) == "sent")
    (message,) = phones.twilio.sent_to(phone)
    phones.worker.wait_until(phones.is_settled)
    assert phones.status(booked)["messageSid"] == message.sid
    phones.twilio.advance(message.sid, "delivered")
    for late in ["queued", "sent", "sent", "failed", "delivered"]:
        assert phones.twilio.post_status(message.sid, late).status == 204
        assert phones.sms(booked) == "delivered"


@pytest.mark.parametrize("signing", [Signing.FORGED, Signing.MISSING])
def test_what_twilio_has_not_signed_is_not_believed(phones: Office, signing: Signing):
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    (message,) = phones.twilio.sent_to(phone)
    assert phones.twilio.advance(message.sid, "delivered", signing=signing).status == 403
    answer = phones.twilio.inbound(f"{PUBLIC}/twilio/{phones.org}/inbound", phone, SENDER, "C", signing=signing)
    assert answer.status == 403
    assert phones.status(booked)["status"] == "confirmed"
    assert phones.sms(booked) == "queued"


def test_another_organizations_signature_is_not_believed(phones: Office):
    other = phones.add_colleague()
    phones.twilio.add_account("AC" + "9" * 32, "another token")
    other.command("connect", "twilio", "--org", other.org, "--account-sid", "AC" + "9" * 32, "--from", "+12025550199",
                  words="another token\n")
    booked = phones.book(phone=(phone := new_phone()))
    url = f"{PUBLIC}/twilio/{phones.org}/inbound"
    form = {"From": phone, "To": SENDER, "Body": "C", "MessageSid": "SM1"}
    assert phones.twilio.post(url, form, account="AC" + "9" * 32).status == 403
    assert phones.twilio.post(f"{PUBLIC}/twilio/{other.org}/inbound", form).status == 403
    assert phones.twilio.post(f"{PUBLIC}/twilio/00000000-0000-7000-8000-000000000009/inbound", form).status == 403
    assert phones.status(booked)["status"] == "confirmed"


def test_a_patient_answers(phones: Office):
    phone, url = new_phone(), f"{PUBLIC}/twilio/{phones.org}/inbound"
    booked = phones.book(phone=phone)
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    assert phones.twilio.inbound(url, phone, SENDER, "Y").status == 200
    assert phones.happened("patient_confirmed") == [{}]
    assert phones.twilio.inbound(url, phone, SENDER, "Is there <parking>?").body.endswith(b"<Response/>")
    first = phones.twilio.inbound(url, phone, SENDER, " c. ", sid="SM" + "c" * 32)
    again = phones.twilio.inbound(url, phone, SENDER, " c. ", sid="SM" + "c" * 32)
    assert (first.status, again.status) == (200, 200)
    assert phones.status(booked)["status"] == "cancelled"
    phones.worker.wait_until(lambda: "is cancelled" in phones.twilio.sent_to(phone)[-1].body)
    assert b"could not do that any more" in phones.twilio.inbound(url, phone, SENDER, "C").body
    received = phones.session.execute("SELECT body FROM booking.messages WHERE direction = 'inbound' ORDER BY id").fetchall()
    assert [body for (body,) in received] == ["Y", "Is there <parking>?", " c. ", "C"]


def test_who_answers_stop_is_told_nothing_until_start(phones: Office):
    phone, url = new_phone(), f"{PUBLIC}/twilio/{phones.org}/inbound"
    phones.twilio.inbound(url, phone, SENDER, "Stop", opt_out_type="STOP")
    silent = phones.book(phone=phone)
    phones.worker.wait_until(lambda: phones.sms(silent) == "failed_but_booked")
    assert phones.status(silent)["status"] == "confirmed"
    phones.twilio.inbound(url, phone, SENDER, "START", opt_out_type="START")
    phones.book(future(201), phone=phone)
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 1)


@pytest.mark.parametrize(("code", "words"), [(21211, "not valid"), (21610, "opted out"), (21614, "mobile"), (30034, "not registered")])
def test_what_twilio_refuses_for_good_is_given_up_at_once_and_the_booking_stands(phones: Office, code: int, words: str):
    phones.twilio.refuse_to(phone := new_phone(), code)
    booked = phones.book(phone=phone)
    phones.worker.wait_until(lambda: phones.sms(booked) == "failed_but_booked")
    assert phones.status(booked)["status"] == "confirmed"
    attempts, error, given = phones.session.execute(
        "SELECT attempts, last_error, errors -> -1 ->> 'code' FROM booking.outbox WHERE kind = 'confirmation'").fetchone()
    assert (attempts, given) == (1, str(code))
    assert re.search(words, error), error
    assert phone not in error


def test_what_a_phone_could_not_get_is_sent_once_more(phones: Office):
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    phones.worker.wait_until(phones.is_settled)
    phones.twilio.advance(phones.twilio.sent_to(phone)[0].sid, "undelivered", 30003)
    phones.worker.wait_until(lambda: phones.hurry() and len(phones.twilio.sent_to(phone)) == 2)
    phones.worker.wait_until(phones.is_settled)
    phones.twilio.advance(phones.twilio.sent_to(phone)[1].sid, "undelivered", 30003)
    assert phones.sms(booked) == "failed_but_booked"
    assert dead_letter(phones) == ("not delivered: the phone is switched off or out of reach (error 30003)", "30003")


def dead_letter(office: Office) -> tuple[str, str]:
    return office.session.execute(
        "SELECT last_error, errors -> -1 ->> 'code' FROM booking.outbox WHERE kind = 'confirmation' AND state = 'discarded'").fetchone()


def test_what_twilio_took_and_could_not_deliver_is_a_dead_letter_in_words_and_can_be_sent_again(phones: Office):
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    phones.worker.wait_until(phones.is_settled)
    first = phones.twilio.sent_to(phone)[0].sid
    phones.twilio.advance(first, "undelivered", 30007)
    assert dead_letter(phones) == ("not delivered: the carrier has filtered the message out (error 30007)", "30007")
    assert (phones.sms(booked), phones.status(booked)["messageSid"], phones.status(booked)["status"]) == ("failed_but_booked", first, "confirmed")
    assert "1 of 1 jobs wait again" in phones.command("requeue", "--org", phones.org)
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 2)
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"] == phones.twilio.sent_to(phone)[1].sid)
    phones.twilio.advance(phones.twilio.sent_to(phone)[1].sid, "delivered")
    assert phones.sms(booked) == "delivered"


def test_a_second_try_that_ends_without_a_word_is_not_taken_for_the_first(phones: Office):
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    phones.worker.wait_until(phones.is_settled)
    phones.twilio.faults.add("POST", MESSAGES, reset_before())
    phones.twilio.advance(phones.twilio.sent_to(phone)[0].sid, "undelivered", 30003)
    phones.worker.wait_until(lambda: phones.hurry() and phones.sms(booked) == "uncertain")
    phones.worker.wait_until(lambda: phones.hurry() and len(phones.twilio.sent_to(phone)) == 2)
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"] == phones.twilio.sent_to(phone)[1].sid)


def test_too_many_requests_wait_as_long_as_they_are_told(phones: Office):
    phones.twilio.faults.add("POST", MESSAGES, status(429, {"code": 20429}, {"Retry-After": "3000"}))
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: ("confirmation", "retryable") in phones.states())
    assert one(phones.session, """
        SELECT run_at BETWEEN now() + interval '49 minutes' AND now() + interval '51 minutes' FROM booking.outbox
        WHERE kind = 'confirmation'""")
    assert phones.sms(booked) == "queued"
    phones.hurry()
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 1)


@pytest.mark.parametrize("fault", [reset_after, half_reply, garbage_body], ids=lambda fault: fault.__name__)
def test_what_went_out_although_its_answer_was_lost_is_found_and_not_sent_again(phones: Office, fault):
    phones.twilio.faults.add("POST", MESSAGES, fault())
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.sms(booked) == "uncertain")
    assert one(phones.session, "SELECT run_at >= now() + interval '10 seconds' FROM booking.outbox WHERE kind = 'confirmation'")
    phones.hurry()
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"] == phones.twilio.messages[0].sid)
    phones.worker.wait_until(phones.is_settled)
    assert len(phones.twilio.sent_to(phone)) == 1


@pytest.mark.parametrize("fault", [reset_after, reset_before], ids=lambda fault: fault.__name__)
def test_who_may_have_been_told_the_old_time_is_told_the_new_one(phones: Office, fault):
    phones.twilio.faults.add("POST", MESSAGES, fault())
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.sms(booked) == "uncertain")
    phones.move(booked, future(201, hour=15))
    phones.worker.wait_until(lambda: phones.hurry() and phones.is_settled() and phones.status(booked)["messageSid"])
    last = phones.twilio.sent_to(phone)[-1]
    assert ("is now" in last.body, "at 3:00 PM" in last.body) == (True, True)
    assert phones.status(booked)["messageSid"] == last.sid
    # What is on record as sent is what was sent.
    bodies = {message.sid: message.body for message in phones.twilio.sent_to(phone)}
    kept = phones.session.execute("SELECT provider_sid, body FROM booking.messages WHERE provider_sid IS NOT NULL").fetchall()
    assert kept == [(sid, bodies[sid]) for sid, _ in kept]


def test_what_did_not_go_out_is_sent_when_that_is_certain(phones: Office):
    phones.twilio.faults.add("POST", MESSAGES, reset_before())
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.sms(booked) == "uncertain")
    # It cannot be found out, and so it is not sent.
    phones.twilio.faults.add("GET", MESSAGES, status(503), times=1)
    phones.hurry()
    phones.worker.wait_until(lambda: one(phones.session, "SELECT attempts FROM booking.outbox WHERE kind = 'confirmation'") == 2)
    phones.worker.wait_until(lambda: ("confirmation", "retryable") in phones.states())
    assert (phones.sms(booked), phones.twilio.sent_to(phone)) == ("uncertain", [])
    phones.hurry()
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 1)
    phones.worker.wait_until(lambda: phones.sms(booked) == "queued")


def test_an_answer_that_takes_too_long_is_unknown_and_found_later(office: Office):
    office.connect_twilio()
    worker = office.start(BOOKING_HTTP_TIMEOUT_SECONDS="1", BOOKING_LEASE_SECONDS="10")
    office.twilio.faults.add("POST", MESSAGES, held := slow())
    booked = office.book(phone=(phone := new_phone()))
    worker.wait_until(lambda: office.sms(booked) == "uncertain")
    held.release()
    office.hurry()
    worker.wait_until(lambda: office.status(booked)["messageSid"])
    assert len(office.twilio.sent_to(phone)) == 1


def test_a_token_that_is_refused_stops_the_queue_until_the_account_is_connected_again(phones: Office):
    account = next(iter(phones.twilio.accounts.values()))
    account.token, old = "a new token", account.token
    first, second = phones.book(future(200)), phones.book(future(201))
    phones.worker.wait_until(lambda: phones.integration("twilio")["connected"] is False)
    assert phones.integration("twilio")["problem"]
    assert [detail["provider"] for detail in phones.happened("integration_lost")] == ["twilio"]
    phones.worker.wait_until(lambda: not any(state == "running" for _, state in phones.states()))
    asked = len(phones.twilio.log.of("POST", MESSAGES))
    phones.hurry()
    third = phones.book(future(202))
    other = phones.add_colleague()
    phones.twilio.add_account("AC" + "8" * 32, "other")
    other.command("connect", "twilio", "--org", other.org, "--account-sid", "AC" + "8" * 32, "--from", "+12025550198", words="other\n")
    theirs = other.book()
    phones.worker.wait_until(lambda: other.status(theirs)["messageSid"])
    # Meanwhile nothing of the first was tried.
    assert len(phones.twilio.log.of("POST", MESSAGES)) == asked + 1
    account.token = old
    phones.connect_twilio()
    phones.worker.wait_until(lambda: phones.hurry() and all(phones.status(booked)["messageSid"] for booked in [first, second, third]))


def test_without_an_account_the_booking_stands_and_nothing_is_tried_again(office: Office):
    office.session.execute("SELECT booking.set_messaging(%s, true, '{}')", [office.org])
    worker, booked = office.start(), office.book()
    worker.wait_until(lambda: office.sms(booked) == "not_configured")
    assert office.states() == {("confirmation", "discarded"): 1}
    assert office.status(booked)["status"] == "confirmed"


def test_a_paused_organization_is_left_alone_and_nothing_of_it_is_lost(phones: Office):
    phones.session.execute("SELECT booking.pause_couriers(%s)", [phones.org])
    booked, other = phones.book(), phones.add_colleague()
    other.connect_twilio()
    theirs = other.book()
    phones.worker.wait_until(lambda: other.status(theirs)["messageSid"])
    assert (phones.states()["confirmation", "available"], phones.sms(booked)) == (1, "queued")
    phones.session.execute("SELECT booking.pause_couriers(%s, false)", [phones.org])
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])


def test_no_sender_is_faster_than_it_may_be_however_many_workers_there_are(office: Office):
    office.connect_twilio(per_second=20)
    workers = [office.start() for _ in range(3)]
    for day in range(30):
        office.book(future(200 + day))
    workers[0].wait_until(lambda: len(office.twilio.messages) == 30)
    times = sorted(message.date_created for message in office.twilio.messages)
    # Thirty at twenty in a second take a second and a half, less what the machine delays the first.
    assert (times[-1] - times[0]).total_seconds() > 1.0


def test_a_reminder_goes_out_when_its_time_has_come(phones: Office):
    phones.session.execute("SELECT booking.set_messaging(%s, true, '{120}')", [phones.org])
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    assert phones.states()["reminder", "available"] == 1
    phones.session.execute("UPDATE booking.outbox SET run_at = now() WHERE kind = 'reminder'")
    phones.worker.wait_until(lambda: len(phones.twilio.sent_to(phone)) == 2)
    assert "a reminder" in phones.twilio.sent_to(phone)[1].body


def test_while_nobody_knows_whether_it_went_out_nothing_makes_it_look_unsent(phones: Office):
    """The account is away when it is to be looked for: what is not known stays so, and it is looked for later."""
    phones.twilio.faults.add("POST", MESSAGES, reset_after())
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.sms(booked) == "uncertain")
    phones.worker.terminate()
    hidden = phones.keys_file.read_text()
    phones.keys_file.unlink()
    write_keys(phones.binary, phones.keys_file, "other")
    worker = phones.start()
    worker.wait_until(lambda: phones.hurry() and one(phones.session, "SELECT attempts FROM booking.outbox WHERE kind = 'confirmation'") >= 2)
    worker.wait_until(lambda: ("confirmation", "retryable") in phones.states())
    assert phones.sms(booked) == "uncertain"
    worker.terminate()
    phones.keys_file.write_text(hidden)
    worker = phones.start()
    worker.wait_until(lambda: phones.hurry() and phones.status(booked)["messageSid"] is not None)
    assert len(phones.twilio.sent_to(phone)) == 1


def test_what_the_provider_has_told_of_is_never_sent_again(phones: Office):
    """Delivered, says the callback; the answer to the sending is lost all the same."""
    phones.twilio.callbacks_before_reply = ("queued", "sent", "delivered")
    phones.twilio.faults.add("POST", MESSAGES, reset_after())
    booked = phones.book(phone=(phone := new_phone()))
    phones.worker.wait_until(lambda: phones.states().get(("confirmation", "succeeded")) == 1)
    assert (phones.sms(booked), len(phones.twilio.sent_to(phone))) == ("delivered", 1)


def test_patients_are_heard_also_while_the_account_is_not_accepted(phones: Office):
    phone, url = new_phone(), f"{PUBLIC}/twilio/{phones.org}/inbound"
    booked = phones.book(phone=phone)
    phones.worker.wait_until(lambda: phones.status(booked)["messageSid"])
    phones.session.execute("UPDATE booking.integrations SET connected = false")
    phones.start()
    assert phones.twilio.inbound(url, phone, SENDER, "C").status == 200
    assert phones.status(booked)["status"] == "cancelled"


def test_what_one_organization_holds_keeps_nobody_else_waiting(phones: Office):
    other = phones.add_colleague()
    other.connect_twilio()
    with phones.clinic.connect(autocommit=False) as session:
        session.execute("SELECT FROM booking.integrations WHERE org_id = %s FOR UPDATE", [phones.org])
        held, theirs = phones.book(), other.book()
        phones.worker.wait_until(lambda: other.status(theirs)["messageSid"])
        assert phones.sms(held) == "queued"
        session.rollback()
    phones.worker.wait_until(lambda: phones.status(held)["messageSid"])
    assert one(phones.session, "SELECT attempts FROM booking.outbox WHERE org_id = %s AND kind = 'confirmation'", [phones.org]) == 1
