"""The worker with a Twilio and a Google that somebody else has written. What emulate does not do is said in emulate.py."""

from __future__ import annotations

import re
import socket
from urllib.parse import parse_qs, urlsplit

import pytest
from client import Client, basic
from clinic import new_phone
from emulate import ACCOUNT, CLIENT_ID, CLIENT_SECRET, CLINIC, TOKEN, USER, Emulate, Seed
from office import Office


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def others(emulate_is_installed: None, office: Office, tmp_path):
    """An office whose providers are emulate's, which reach its worker at an address that is known beforehand."""
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    seed = Seed(sms_url=f"{public}/twilio/{office.org}/inbound", redirect_uri=f"{public}/google/callback")
    with Emulate(tmp_path, seed) as emulate:
        office.overrides = {
            "BOOKING_PUBLIC_URL": public, "BOOKING_LISTEN": f"127.0.0.1:{port}", "BOOKING_TWILIO_URL": emulate.twilio,
            "BOOKING_GOOGLE_CLIENT_ID": CLIENT_ID, "BOOKING_GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "BOOKING_GOOGLE_AUTHORIZE_URL": f"{emulate.google}/o/oauth2/v2/auth",
            "BOOKING_GOOGLE_TOKEN_URL": f"{emulate.google}/oauth2/token",
            "BOOKING_GOOGLE_REVOKE_URL": f"{emulate.google}/oauth2/revoke",
            "BOOKING_GOOGLE_CALENDAR_URL": f"{emulate.google}/calendar/v3",
        }
        office.emulate = emulate
        office.worker = office.start()
        yield office


def consent(office: Office) -> None:
    """What the user does at emulate's page, which is a form."""
    link = re.search(r"http://\S+", office.command("connect", "google", "--org", office.org))[0]
    parts = urlsplit(link)
    with Client(f"http://{parts.netloc}") as worker, Client(office.emulate.google) as page:
        asked = parse_qs(urlsplit(worker.get(f"{parts.path}?{parts.query}").headers["location"]).query)
        assert set(asked) >= {"state", "code_challenge", "access_type", "prompt", "scope"}
        form = {"email": USER} | {name: values[0] for name, values in asked.items()}
        back = urlsplit(page.post("/o/oauth2/v2/auth/callback", form).headers["location"])
        assert worker.get(f"{back.path}?{back.query}").status == 200


def test_a_booking_is_sent_and_delivered_and_cancelled_by_an_answer(others: Office):
    others.command("connect", "twilio", "--org", others.org, "--account-sid", ACCOUNT, "--from", CLINIC, words=f"{TOKEN}\n")
    booked = others.book(phone=(phone := new_phone()))
    others.worker.wait_until(lambda: others.status(booked)["messageSid"])
    with Client(others.emulate.twilio, basic(ACCOUNT, TOKEN)) as client:
        sid = others.status(booked)["messageSid"]
        assert client.get(f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json").json["to"] == phone
        client.post("/_twilio/simulate/message-status", {"MessageSid": sid, "Status": "delivered"})
        assert others.sms(booked) == "delivered"
        client.post("/_twilio/simulate/inbound-message", {"To": CLINIC, "From": phone, "Body": "C"})
    assert others.status(booked)["status"] == "cancelled"


def test_consent_revocation_and_another_consent(others: Office):
    consent(others)
    assert others.integration("google")["connected"]
    version = others.integration("google")["version"]
    others.command("disconnect", "google", "--org", others.org)
    assert others.integration("google")["version"] == version + 1
    consent(others)
    assert others.integration("google")["connected"]


def test_an_event_that_has_another_id_than_it_was_given_confirms_nothing(others: Office):
    """emulate gives events ids of its own: just what the verified flow looks for."""
    consent(others)
    others.session.execute("SELECT booking.set_calendar(%s, true, 'verified')", [others.org])
    booked = others.book()
    others.worker.wait_until(lambda: others.status(booked)["status"] == "cancelled")
    with Client(others.emulate.google) as client:
        client.headers = {"Authorization": "Bearer any"}
        assert client.get("/calendar/v3/calendars/primary/events").json["items"] == []
