"""emulate serves what the worker needs of a happy path, and differs from the real ones where emulate.py says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from client import Client, Response, basic
from emulate import ACCOUNT, CLIENT_ID, CLIENT_SECRET, CLINIC, REDIRECT, TOKEN, USER, Emulate
from stand_ins.google import EVENTS
from stand_ins.google_oauth import challenge
from stand_ins.listener import Listener
from stand_ins.signature import signature

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PATIENT = "+14155550111"
PRIMARY = "/calendar/v3/calendars/primary/events"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
EVENT = {
    "id": "0123456789abcdef0123456789abcdef0", "summary": "Checkup",
    "start": {"dateTime": "2026-03-20T12:00:00Z"}, "end": {"dateTime": "2026-03-20T13:00:00Z"},
}


@pytest.fixture
def messages(emulate: Emulate) -> Iterator[Client]:
    with Client(emulate.twilio, basic(ACCOUNT, TOKEN)) as client:
        yield client


@pytest.fixture
def calendar(emulate: Emulate) -> Iterator[Client]:
    with Client(emulate.google) as client:
        client.headers = {"Authorization": f"Bearer {exchange(client, consent(client)).json['access_token']}"}
        yield client


def create(client: Client, **changes: str) -> Response:
    return client.post(MESSAGES, {"To": PATIENT, "From": CLINIC, "Body": "See you tomorrow"} | changes)


def consent(client: Client) -> str:
    """The code that comes back."""
    form = {
        "email": USER, "redirect_uri": REDIRECT, "scope": EVENTS, "state": "s/1", "client_id": CLIENT_ID,
        "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256",
    }
    answer = client.post("/o/oauth2/v2/auth/callback", form)
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.status, back["state"]) == (302, ["s/1"])
    return back["code"][0]


def exchange(client: Client, code: str, verifier: str = VERIFIER) -> Response:
    return tokens(client, grant_type="authorization_code", code=code, redirect_uri=REDIRECT, code_verifier=verifier)


def tokens(client: Client, **form: str) -> Response:
    return client.post("/oauth2/token", form | {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET})


def test_a_message_is_created_read_and_listed(messages: Client):
    first, second = create(messages), create(messages)
    assert first.status == 201
    assert re.fullmatch("SM[0-9a-f]{32}", first.json["sid"])
    assert (first.json["status"], first.json["date_sent"]) == ("queued", None)
    assert messages.get(first.json["uri"]).json == first.json
    listed = messages.get(f"{MESSAGES}?To=%2B14155550111&PageSize=1").json
    assert [message["sid"] for message in listed["messages"]] == [second.json["sid"]]
    assert listed["next_page_uri"]
    assert messages.get(f"/2010-04-01/Accounts/{ACCOUNT}.json").json["status"] == "active"


def test_wrong_credentials_and_a_wrong_sender_have_twilios_codes(emulate: Emulate, messages: Client):
    assert create(messages, From="+14155550199").json["code"] == 21606
    with Client(emulate.twilio, basic(ACCOUNT, "wrong")) as stranger:
        assert create(stranger).json["code"] == 20003


def test_a_status_is_simulated_and_told_signed(messages: Client, listener: Listener):
    url = f"{listener.url}/status?org=7"
    sid = create(messages, StatusCallback=url).json["sid"]
    simulated = messages.post("/_twilio/simulate/message-status", {"MessageSid": sid, "Status": "delivered"})
    assert (simulated.status, simulated.json["status"]) == (200, "delivered")
    told = [exchange.request for exchange in listener.log.of("POST", "^/status")]
    # The first has come before the create was answered.
    assert [(request.form["MessageSid"], request.form["MessageStatus"]) for request in told] == [
        (sid, "queued"), (sid, "delivered"),
    ]
    # Somebody else's signature, and ours.
    for request in told:
        assert request.headers["x-twilio-signature"] == signature(TOKEN, url, request.form.items())


def test_an_inbound_message_is_simulated_and_told_signed(messages: Client, listener: Listener):
    form = {"To": CLINIC, "From": PATIENT, "Body": "Ja, ich komme ☺"}
    assert messages.post("/_twilio/simulate/inbound-message", form).status == 201
    [told] = listener.log.of("POST", "^/inbound$")
    assert (told.request.form["From"], told.request.form["Body"]) == (PATIENT, "Ja, ich komme ☺")
    expected = signature(TOKEN, f"{listener.url}/inbound", told.request.form.items())
    assert told.request.headers["x-twilio-signature"] == expected


def test_a_code_gives_tokens_and_they_are_renewed_until_revoked(emulate: Emulate):
    with Client(emulate.google) as client:
        assert exchange(client, consent(client), "x" * 43).json["error"] == "invalid_grant"
        given = exchange(client, consent(client)).json
        assert (given["expires_in"], given["token_type"], given["scope"]) == (3600, "Bearer", EVENTS)
        renewed = tokens(client, grant_type="refresh_token", refresh_token=given["refresh_token"])
        assert (renewed.status, "refresh_token" in renewed.json) == (200, False)
        assert client.get(PRIMARY, Authorization=f"Bearer {renewed.json['access_token']}").status == 200
        assert client.post("/oauth2/revoke", {"token": given["refresh_token"]}).status == 200
        refused = tokens(client, grant_type="refresh_token", refresh_token=given["refresh_token"])
        assert (refused.status, refused.json["error"]) == (400, "invalid_grant")


def test_an_event_is_inserted_listed_and_deleted(calendar: Client):
    inserted = calendar.send("POST", PRIMARY, document=EVENT)
    assert (inserted.status, inserted.json["summary"]) == (200, "Checkup")
    listed = calendar.get(f"{PRIMARY}?timeMin=2026-03-20T12:30:00Z&timeMax=2026-03-21T00:00:00Z").json["items"]
    assert [event["id"] for event in listed] == [inserted.json["id"]]
    assert calendar.get(f"{PRIMARY}?timeMin=2026-03-20T13:00:00Z").json["items"] == []
    assert calendar.send("DELETE", f"{PRIMARY}/{inserted.json['id']}").status == 204
    assert calendar.get(PRIMARY).json["items"] == []


def test_twilio_differs_as_written_down(messages: Client):
    assert create(messages, Body="", Unknown="1").status == 201
    assert create(messages, To="4155550111").json["code"] == 21201
    assert len(messages.get(f"{MESSAGES}?DateSent=2001-01-01").json["messages"]) == 1
    messages.post("/_twilio/simulate/inbound-message", {"To": CLINIC, "From": PATIENT, "Body": "STOP"})
    assert create(messages).status == 201


def test_google_differs_as_written_down(calendar: Client):
    private = {"extendedProperties": {"private": {"a": "1"}}}
    first, second = (calendar.send("POST", PRIMARY, document=EVENT | private) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    assert len({EVENT["id"], first.json["id"], second.json["id"]}) == 3
    assert "extendedProperties" not in first.json
    event = f"{PRIMARY}/{first.json['id']}"
    assert (calendar.get(event).status, calendar.send("PATCH", event, document={}).status) == (404, 404)
    assert "nextSyncToken" not in calendar.get(f"{PRIMARY}?syncToken=unknown").json
    assert [calendar.send("DELETE", event).status for _ in range(2)] == [204, 404]
    assert calendar.get(PRIMARY, Authorization="Bearer never-given").status == 200
