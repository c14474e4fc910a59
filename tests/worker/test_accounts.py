"""Accounts: the consent to a calendar, access that is refreshed, secrets that nobody reads, and keys that change."""

from __future__ import annotations

import base64
import re
import subprocess
from datetime import timedelta

import pytest
from clinic import future, one
from listening import get
from office import PUBLIC, SENDER, SERVER_SECRET, Office, write_keys
from stand_ins.faults import slow, status
from stand_ins.twilio import ACCOUNT, TOKEN
from tokens import SECRET, sign

EVENTS = r"/events$"


@pytest.fixture
def calendar(office: Office) -> Office:
    office.worker = office.start()
    office.connect_google()
    return office


def link(office: Office) -> str:
    return re.search(r"https://\S+", office.command("connect", "google", "--org", office.org))[0]


def test_consent_refresh_revocation_and_reconnection(calendar: Office):
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced")
    row = calendar.integration("google")
    assert row["connected"] and row["last_checked_at"] and row["expires_at"]
    assert calendar.google.token_requests == {"authorization_code": 1}
    # The access ends before its time, in the middle of a job.
    calendar.google.expire_access_tokens()
    second = calendar.book(future(201))
    calendar.worker.wait_until(lambda: calendar.event(second) == "synced")
    assert calendar.google.token_requests["refresh_token"] == 1
    assert calendar.integration("google")["version"] == row["version"] + 1
    # The consent is taken back: a clear state, an event, and no more requests.
    calendar.google.user_revokes()
    third = calendar.book(future(202))
    calendar.worker.wait_until(lambda: calendar.integration("google")["connected"] is False)
    assert "connect the account again" in calendar.integration("google")["problem"]
    assert [told["provider"] for told in calendar.happened("integration_lost")] == ["google"]
    calendar.worker.wait_until(lambda: ("calendar", "running") not in calendar.states())
    asked = calendar.google.token_requests["refresh_token"]
    calendar.hurry()
    fourth = calendar.book(future(203))
    other = calendar.add_colleague()
    other.address = calendar.address
    other.connect_google()
    theirs = other.book()
    calendar.worker.wait_until(lambda: other.event(theirs) == "synced")
    assert calendar.google.token_requests["refresh_token"] == asked
    assert {calendar.event(third), calendar.event(fourth)} == {"queued"}
    # Connected again, everything that waited is done.
    calendar.connect_google()
    calendar.worker.wait_until(lambda: calendar.hurry() and {calendar.event(third), calendar.event(fourth)} == {"synced"})
    assert calendar.integration("google")["problem"] is None


def test_access_is_refreshed_five_minutes_ahead(office: Office):
    office.google.oauth.expires_in = 290
    worker = office.start()
    office.connect_google()
    office.google.oauth.expires_in = 3600
    booked = office.book()
    worker.wait_until(lambda: office.event(booked) == "synced")
    assert office.google.token_requests == {"authorization_code": 1, "refresh_token": 1}
    assert one(office.session, "SELECT expires_at > now() + interval '50 minutes' FROM booking.integrations")


def test_four_workers_that_need_new_access_at_once_ask_for_it_once(office: Office):
    # Each has three in hand at once, so that eleven that wait are in the hands of all four.
    workers = [office.start(BOOKING_CONCURRENCY="3") for _ in range(4)]
    office.connect_google()
    workers[0].wait_until(lambda: one(office.session, "SELECT bool_and(synced_at IS NOT NULL) FROM booking.calendars"))
    office.google.expire_access_tokens()
    office.google.faults.add("POST", "/token", held := slow(processed=True))
    booked = [office.book(future() + timedelta(hours=number)) for number in range(11)]
    held.wait_until_held()
    # All of them meet the refusal while one refreshes.
    workers[0].wait_until(lambda: len([e for e in office.google.log.of("POST", EVENTS) if e.status == 401]) == 11)
    held.release()
    workers[0].wait_until(lambda: all(office.event(each) == "synced" for each in booked))
    assert office.google.token_requests["refresh_token"] == 1
    assert len(office.google.events()) == 11


def test_a_worker_that_dies_while_it_refreshes_keeps_nobody_from_it_for_long(office: Office):
    first = office.start()
    office.connect_google()
    office.google.expire_access_tokens()
    office.google.faults.add("POST", "/token", held := slow(processed=False))
    booked = office.book()
    held.wait_until_held()
    first.kill()
    held.release()
    assert one(office.session, "SELECT refreshing_until BETWEEN now() AND now() + interval '30 seconds' FROM booking.integrations")
    office.session.execute("UPDATE booking.integrations SET refreshing_until = now()")
    office.end_leases()
    second = office.start()
    second.wait_until(lambda: office.hurry() and office.event(booked) == "synced")


def test_a_refresh_may_take_as_long_as_the_provider_may(office: Office):
    office.start(BOOKING_HTTP_TIMEOUT_SECONDS="60", BOOKING_LEASE_SECONDS="121")
    office.connect_google()
    office.google.expire_access_tokens()
    office.google.faults.add("POST", "/token", held := slow(processed=True))
    office.book()
    held.wait_until_held()
    assert one(office.session, "SELECT refreshing_until > now() + interval '60 seconds' FROM booking.integrations")
    held.release()


def test_trouble_of_google_that_passes_disconnects_nobody(calendar: Office):
    calendar.google.expire_access_tokens()
    calendar.google.faults.add("POST", "/token", status(503), times=2)
    booked = calendar.book()
    calendar.worker.wait_until(lambda: calendar.hurry() and calendar.event(booked) == "synced")
    assert calendar.happened("integration_lost") == []


def test_a_link_is_good_for_whom_it_was_made_and_for_nothing_else(office: Office):
    office.start()
    good = link(office)
    assert f"{PUBLIC}/google/connect?link=" in good
    for bad in [good[:-1], good + "x", good.replace("link=", "link=x"), f"{PUBLIC}/google/connect?link="]:
        assert office.browse(bad)[0] == 403, bad
    # A link is no state, and a state is no link.
    ticket = good.split("link=")[1]
    assert office.browse(f"{PUBLIC}/google/callback?state={ticket}&code=x")[0] == 403
    _, _, way = office.browse(good)
    state = re.search(r"[?&]state=([^&]+)", way[1])[1]
    assert office.browse(f"{PUBLIC}/google/connect?link={state}")[0] == 403
    assert office.browse(f"{PUBLIC}/google/callback?state={state}x&code=x")[0] == 403
    # Nor does somebody else's code connect anything.
    before = office.integration("google")["version"]
    assert office.browse(f"{PUBLIC}/google/callback?state={state}&code=stolen")[0] == 502
    assert office.integration("google")["version"] == before


def test_who_does_not_consent_or_only_in_part_is_not_connected(office: Office):
    office.start()
    office.google.oauth.consents = False
    status, page, _ = office.browse(link(office))
    assert (status, "was not connected" in page) == (200, True)
    office.google.oauth.consents = True
    office.google.oauth.ticks = {"https://www.googleapis.com/auth/calendar.readonly"}
    status, page, _ = office.browse(link(office))
    assert "allow both" in page
    assert office.integration("google") is None


def test_disconnecting_takes_the_consent_back_and_forgets_the_secret(calendar: Office):
    calendar.connect_twilio()
    assert "disconnected" in calendar.command("disconnect", "google", "--org", calendar.org)
    assert len(calendar.google.log.of("POST", "/revoke")) == 1
    row = calendar.integration("google")
    assert (row["connected"], row["ciphertext"], row["nonce"], row["key_id"]) == (False, None, None, None)
    booked = calendar.book()
    assert booked["calendarStatus"] == "not_configured"
    assert "no account of google" in calendar.command("disconnect", "google", "--org", calendar.org, status=1)
    calendar.command("disconnect", "twilio", "--org", calendar.org)
    assert calendar.book(future(201))["smsStatus"] == "not_configured"


def test_a_wrong_token_is_not_stored(office: Office):
    said = office.command("connect", "twilio", "--org", office.org, "--account-sid", ACCOUNT, "--from", "+12025550100",
                          words="wrong\n", status=1)
    assert "wrong" not in said.replace("what is wrong", "")
    assert office.integration("twilio") is None


@pytest.mark.parametrize("arguments", [
    ["connect", "twilio"],
    ["connect", "Twitter", "--org", "{org}"],
    ["connect", "twilio", "--org", "me", "--account-sid", ACCOUNT, "--from", "+12025550100"],
    ["connect", "twilio", "--org", "{org}", "--from", "+12025550100"],
    ["connect", "twilio", "--org", "{org}", "--account-sid", ACCOUNT],
    ["connect", "twilio", "--org", "{org}", "--account-sid", ACCOUNT, "--from", "+1", "--messaging-service", "MG1"],
    ["connect", "twilio", "--org", "00000000-0000-7000-8000-000000000009", "--account-sid", ACCOUNT, "--from", "+12025550100"],
    ["connect", "twilio", "--org", "{org}", "--account-sid", ACCOUNT, "--from", "+12025550100", "--per-second", "0"],
    ["connect", "twilio", "--org", "{org}", "--account-sid", ACCOUNT, "--from", "+12025550100", "--auth-token", TOKEN],
])
def test_what_cannot_be_connected_is_refused_and_says_why(office: Office, arguments: list[str]):
    done = subprocess.run(
        [office.binary, *(word.format(org=office.org) for word in arguments)], input=f"{TOKEN}\n", capture_output=True,
        text=True, env=office.env, timeout=30, check=False)
    assert done.returncode != 0
    assert len(done.stderr) > 20 and TOKEN not in done.stderr.replace(f"'{TOKEN}'", "")
    assert office.integration("twilio") is None


def test_an_empty_standard_input_is_refused(office: Office):
    said = office.command("connect", "twilio", "--org", office.org, "--account-sid", ACCOUNT, "--from", "+12025550100", status=1)
    assert "BOOKING_TWILIO_AUTH_TOKEN" in said


def test_a_secret_can_come_from_the_environment(office: Office):
    office.command("connect", "twilio", "--org", office.org, "--account-sid", ACCOUNT, "--from", "+12025550100",
                   BOOKING_TWILIO_AUTH_TOKEN=TOKEN)
    assert office.integration("twilio")["connected"]


def everything_in_the_database(office: Office) -> str:
    tables = office.session.execute("SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind = 'r'")
    rows = [office.session.execute(f"SELECT string_agg(t::text, ' ') FROM {table} AS t").fetchone()[0] or "" for (table,) in tables.fetchall()]
    # Also what was in a row before.
    activity = office.session.execute("SELECT string_agg(query, ' ') FROM pg_stat_activity").fetchone()[0]
    return " ".join([*rows, activity])


def forms(secret: str) -> set[str]:
    """A secret as it is, in hex, and in base64 wherever it stands in what was encoded."""
    encoded = {base64.b64encode(b" " * before + secret.encode())[-(-before * 4 // 3):].decode() for before in range(3)}
    whole = {text.rstrip("=")[:-1] for text in encoded}
    return {secret, secret.encode().hex(), *whole, *(text.replace("+", "-").replace("/", "_") for text in whole)}


def test_no_secret_is_anywhere_in_clear(calendar: Office):
    token, key_secret = "a-token-like-no-other", "the-secret-of-an-api-key"
    calendar.twilio.accounts[ACCOUNT].token = token
    calendar.twilio.accounts[ACCOUNT].api_keys["SK" + "1" * 32] = key_secret
    calendar.worker.terminate()
    # Those that were started before are silent; what libraries tell at most is told.
    calendar.worker = calendar.start(RUST_LOG="trace", BOOKING_JWT_SECRET=SECRET)
    calendar.command("connect", "twilio", "--org", calendar.org, "--account-sid", ACCOUNT, "--from", SENDER, "--per-second", "1000",
                     "--api-key-sid", "SK" + "1" * 32, words=f"{token}\n{key_secret}\n", RUST_LOG="trace")
    calendar.connect_vapi()
    calendar.call().status("in-progress")
    assert get(calendar, "/events", Authorization=f"Bearer {sign(calendar.org, secret='x' * 32)}")[0] == 401
    phone = "+14155550177"
    booked = calendar.book(phone=phone, name="Zuzanna Quill")
    calendar.worker.wait_until(lambda: calendar.event(booked) == "synced" and calendar.status(booked)["messageSid"])
    # And when things go wrong.
    calendar.twilio.refuse_to("+14155550178", 21610)
    calendar.google.expire_access_tokens()
    failed = calendar.book(future(201), phone="+14155550178")
    calendar.worker.wait_until(lambda: calendar.sms(failed) == "failed_but_booked" and calendar.event(failed) == "synced")
    calendar.google.user_revokes()
    calendar.book(future(202))
    calendar.worker.wait_until(lambda: calendar.integration("google")["connected"] is False)
    checked = calendar.command("check", status=1, RUST_LOG="trace", BOOKING_JWT_SECRET=SECRET)
    assert "TRACE" in calendar.worker.log and "TRACE" in checked
    oauth = calendar.google.oauth
    secrets = [token, key_secret, calendar.vapi.key, SERVER_SECRET, SECRET, oauth.client_secret,
               *(grant.refresh_token for grant in oauth.grants), *oauth.given_out]
    assert len(secrets) > 8 and all(len(secret) > 8 for secret in secrets), secrets
    key = calendar.keys_file.read_text().split()[1]
    database = everything_in_the_database(calendar)
    assert "Zuzanna Quill" in database
    for place, text in [("database", database), ("log", calendar.worker.log), ("check", checked)]:
        for secret in [*secrets, key]:
            for form in forms(secret):
                assert form not in text, (place, secret, form)
    # Nor does a log or an event know of patients.
    for text in [calendar.worker.log, str(calendar.session.execute("SELECT detail FROM booking.events").fetchall())]:
        assert phone not in text and "+14155550178" not in text and "Zuzanna" not in text


def test_a_secret_that_is_put_into_another_row_does_not_open(calendar: Office):
    other = calendar.add_colleague()
    calendar.connect_twilio()
    other.session.execute("""
        INSERT INTO booking.integrations (org_id, provider, connected, key_id, nonce, ciphertext)
        SELECT %s, provider, connected, key_id, nonce, ciphertext FROM booking.integrations WHERE provider = 'twilio'""", [other.org])
    other.session.execute("SELECT booking.set_messaging(%s, true, '{}')", [other.org])
    booked = other.book()
    calendar.worker.wait_until(lambda: ("confirmation", "retryable") in other.states())
    assert calendar.twilio.messages == []
    assert other.sms(booked) == "queued"


def test_keys_are_changed_while_workers_work(calendar: Office):
    calendar.connect_twilio()
    write_keys(calendar.binary, calendar.keys_file, "second")
    # With both keys in the file, whoever starts now reads the old and writes the new.
    worker = calendar.start()
    said = calendar.command("keys", "rotate")
    assert "2 of 2 accounts sealed anew under key second" in said
    assert {calendar.integration(provider)["key_id"] for provider in ["twilio", "google"]} == {"second"}
    assert "0 of 0 accounts" in calendar.command("keys", "rotate")
    calendar.worker.terminate()
    booked = calendar.book()
    worker.wait_until(lambda: calendar.event(booked) == "synced" and calendar.status(booked)["messageSid"])
    # The old key can go.
    calendar.keys_file.write_text(calendar.keys_file.read_text().splitlines()[0] + "\n")
    assert "ok      twilio" in calendar.command("check")


def test_a_missing_key_is_named_and_loses_nothing(calendar: Office):
    calendar.connect_twilio()
    calendar.worker.terminate()
    old = calendar.keys_file.read_text()
    calendar.keys_file.unlink()
    write_keys(calendar.binary, calendar.keys_file, "other")
    assert "first" in calendar.command("check", status=1)
    assert "first" in calendar.command("keys", "rotate", status=1)
    worker, booked = calendar.start(), calendar.book()
    worker.wait_until(lambda: calendar.states().get(("confirmation", "retryable")) == 1)
    assert "first" in one(calendar.session, "SELECT last_error FROM booking.outbox WHERE kind = 'confirmation'")
    worker.terminate()
    calendar.keys_file.write_text(old)
    worker = calendar.start()
    worker.wait_until(lambda: calendar.hurry() and calendar.status(booked)["messageSid"])


def test_an_account_that_does_not_open_keeps_no_other_from_being_sealed_anew(office: Office):
    other, third = office.add_colleague(), office.add_colleague()
    for each in [office, other, third]:
        each.connect_twilio()
    office.session.execute("UPDATE booking.integrations SET key_id = 'lost' WHERE org_id = %s", [min(office.org, other.org, third.org)])
    write_keys(office.binary, office.keys_file, "second")
    said = office.command("keys", "rotate", status=1)
    assert "2 of 3 accounts sealed anew under key second" in said
    assert "1 accounts do not open" in said and f"twilio of {min(office.org, other.org, third.org)}" in said and "lost" in said
    assert sorted(each.integration("twilio")["key_id"] for each in [office, other, third]) == ["lost", "second", "second"]


def test_a_key_file_that_others_can_read_is_refused(office: Office):
    office.keys_file.chmod(0o640)
    assert "chmod 600" in office.command("keys", "rotate", status=1)


def test_keys_can_come_from_the_environment_but_not_from_two_places(office: Office):
    office.connect_twilio()
    both = office.env | {"BOOKING_KEYS": office.keys_file.read_text()}
    assert office.courier(env=both).wait() == 1
    worker = office.courier(env={key: value for key, value in both.items() if key != "BOOKING_KEYS_FILE"})
    booked = office.book()
    worker.wait_until(lambda: office.status(booked)["messageSid"])
