"""FakeTwilio does what its documentation says of Twilio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from client import Client, Response, basic
from stand_ins.faults import reset_after
from stand_ins.listener import Listener
from stand_ins.server import Clock
from stand_ins.signature import Signing, signature
from stand_ins.twilio import ACCOUNT, TOKEN, FakeTwilio

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
CLINIC, PATIENT = "+14155550100", "+14155550111"
EXAMPLE = {
    "CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212", "Caller": "+14158675309",
}


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 20, 12, tzinfo=UTC))


@pytest.fixture
def twilio(clock: Clock) -> Iterator[FakeTwilio]:
    with FakeTwilio(clock=clock) as twilio:
        yield twilio


@pytest.fixture
def client(twilio: FakeTwilio) -> Iterator[Client]:
    with Client(twilio.url, basic(ACCOUNT, TOKEN)) as client:
        yield client


def create(client: Client, **changes: str) -> Response:
    form = {"To": PATIENT, "From": CLINIC, "Body": "See you tomorrow"} | changes
    return client.post(MESSAGES, {name: value for name, value in form.items() if value})


def sids(response: Response) -> list[str]:
    return [message["sid"] for message in response.json["messages"]]


def refusal(response: Response) -> tuple[int, int]:
    assert response.json["status"] == response.status
    return response.status, response.json["code"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ],
)
def test_the_signature_is_that_of_the_documentation(url: str, expected: str):
    assert signature("12345", url, EXAMPLE.items()) == expected
    # A name that is repeated: each value once, and in order.
    twice = [*EXAMPLE.items(), ("To", "+18005551212")]
    assert signature("12345", url, twice) == expected


def test_a_created_message_is_queued_and_kept(twilio: FakeTwilio, client: Client):
    answer = create(client, StatusCallback="https://hooks.example.com/status")
    assert answer.status == 201
    message: dict[str, Any] = answer.json
    assert re.fullmatch("SM[0-9a-f]{32}", message["sid"])
    assert (message["status"], message["date_sent"], message["error_code"]) == ("queued", None, None)
    assert message["date_created"] == "Fri, 20 Mar 2026 12:00:00 +0000"
    [kept] = twilio.messages
    assert (kept.sid, kept.to, kept.body, kept.status_callback) == (
        message["sid"], PATIENT, "See you tomorrow", "https://hooks.example.com/status",
    )
    assert kept.when == parsedate_to_datetime(message["date_created"])


def test_a_message_of_a_messaging_service_is_accepted_without_a_sender(client: Client):
    message = create(client, From="", MessagingServiceSid="MG" + "0" * 32).json
    assert (message["status"], message["from"], message["messaging_service_sid"]) == ("accepted", None, "MG" + "0" * 32)


@pytest.mark.parametrize("headers", [{}, basic(ACCOUNT, "wrong"), basic("AC" + "9" * 32, TOKEN), {"Authorization": "Basic %"}])
def test_wrong_credentials_are_refused(twilio: FakeTwilio, headers: dict[str, str]):
    with Client(twilio.url, headers) as stranger:
        assert refusal(create(stranger)) == (401, 20003)
        assert refusal(stranger.get(f"/2010-04-01/Accounts/{ACCOUNT}.json")) == (401, 20003)
    assert twilio.messages == []


def test_a_token_that_was_changed_is_refused(twilio: FakeTwilio, client: Client):
    assert client.get(f"/2010-04-01/Accounts/{ACCOUNT}.json").json["status"] == "active"
    twilio.accounts[ACCOUNT].token = "f" * 32
    assert refusal(create(client)) == (401, 20003)


def test_accounts_do_not_see_each_others_messages(twilio: FakeTwilio, client: Client):
    other = twilio.add_account("AC" + "2" * 32, "2" * 32)
    sid = create(client).json["sid"]
    with Client(twilio.url, basic(other.sid, other.token)) as stranger:
        assert sids(stranger.get(f"/2010-04-01/Accounts/{other.sid}/Messages.json")) == []
        assert refusal(stranger.get(f"/2010-04-01/Accounts/{other.sid}/Messages/{sid}.json")) == (404, 20404)
        assert refusal(stranger.get(MESSAGES)) == (401, 20003)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604), ({"From": ""}, 21603), ({"Body": ""}, 21602), ({"To": "4155550111"}, 21211),
        ({"Body": "x" * 1601}, 21617), ({"SatusCallback": "x"}, 20001),
    ],
)
def test_a_wrong_message_is_refused(twilio: FakeTwilio, client: Client, changes: dict[str, str], code: int):
    assert refusal(create(client, **changes)) == (400, code)
    assert twilio.messages == []


def test_a_number_can_be_refused_and_accepted_again(twilio: FakeTwilio, client: Client):
    twilio.refuse_to(PATIENT, 21614)
    assert refusal(create(client)) == (400, 21614)
    assert create(client, To="+14155550112").status == 201
    twilio.accept_to(PATIENT)
    assert create(client).status == 201


def test_one_message_can_be_read(client: Client):
    message = create(client).json
    assert client.get(message["uri"]).json == message
    assert refusal(client.get(f"/2010-04-01/Accounts/{ACCOUNT}/Messages/SM{'0' * 32}.json")) == (404, 20404)


def test_a_list_is_newest_first_in_pages(client: Client):
    created = [create(client).json["sid"] for _ in range(5)]
    assert sids(client.get(MESSAGES)) == created[::-1]
    page, found = client.get(f"{MESSAGES}?To=%2B14155550111&PageSize=2"), []
    found += sids(page)
    while page.json["next_page_uri"]:
        # What is sent meanwhile does not move the pages.
        create(client)
        page = client.get(page.json["next_page_uri"])
        found += sids(page)
    assert found == created[::-1]
    assert sids(client.get(f"{MESSAGES}?To=%2B14155550199")) == []
    assert refusal(client.get(f"{MESSAGES}?PageSize=many")) == (400, 20001)
    assert refusal(client.get(f"{MESSAGES}?PageToken=PAnone")) == (400, 20006)


def test_a_list_by_date_has_what_was_sent_then(twilio: FakeTwilio, client: Client, clock: Clock):
    yesterday = create(client).json["sid"]
    twilio.advance(yesterday, "sent")
    clock.now += timedelta(days=1)
    today = create(client).json["sid"]
    twilio.advance(today, "delivered")
    unsent = create(client).json["sid"]

    def listed(query: str) -> list[str]:
        return sids(client.get(f"{MESSAGES}?{query}"))

    assert listed("DateSent=2026-03-20") == [yesterday]
    # As a URL has it, and as a form encodes the name.
    assert listed("DateSent>=2026-03-21") == listed("DateSent%3E=2026-03-21") == [today]
    assert listed("DateSent<=2026-03-20") == [yesterday]
    assert listed("DateSent%3E=2026-03-20T12%3A00%3A01Z") == [today]
    assert refusal(client.get(f"{MESSAGES}?DateSent%3E%3D=2026-03-21")) == (400, 20001)
    assert refusal(client.get(f"{MESSAGES}?DateSent=soon")) == (400, 20001)
    twilio.lists_unsent_by_date = True
    assert listed("DateSent>=2026-03-21") == [unsent, today]


def test_a_status_is_posted_signed_and_shown(twilio: FakeTwilio, client: Client, listener: Listener):
    url = f"{listener.url}/status?org=7"
    sid = create(client, StatusCallback=url).json["sid"]
    assert twilio.advance(sid, "undelivered", 30003).status == 204
    [posted] = listener.log.of("POST")
    form = posted.request.form
    assert (form["MessageSid"], form["MessageStatus"], form["ErrorCode"]) == (sid, "undelivered", "30003")
    assert posted.request.target == "/status?org=7"
    assert posted.request.headers["x-twilio-signature"] == signature(TOKEN, url, form.items())
    shown = client.get(f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json").json
    assert (shown["status"], shown["error_code"]) == ("undelivered", 30003)
    assert shown["date_sent"] == "Fri, 20 Mar 2026 12:00:00 +0000"


def test_a_signature_is_of_the_public_address(twilio: FakeTwilio, client: Client, listener: Listener):
    twilio.web.route("https://hooks.example.com", listener.url)
    sid = create(client, StatusCallback="https://hooks.example.com/status").json["sid"]
    twilio.advance(sid, "sent")
    [posted] = listener.log.of("POST", "^/status$")
    expected = signature(TOKEN, "https://hooks.example.com/status", posted.request.form.items())
    assert posted.request.headers["x-twilio-signature"] == expected


@pytest.mark.parametrize("signing", [Signing.FORGED, Signing.MISSING])
def test_a_callback_can_be_forged_or_unsigned(twilio: FakeTwilio, client: Client, listener: Listener, signing: Signing):
    sid = create(client, StatusCallback=listener.url).json["sid"]
    twilio.post_status(sid, "delivered", signing=signing)
    twilio.inbound(listener.url, PATIENT, CLINIC, "STOP", signing=signing)
    for exchange in listener.log.of("POST"):
        right = signature(TOKEN, listener.url, exchange.request.form.items())
        given = exchange.request.headers.get("x-twilio-signature")
        assert given is None if signing is Signing.MISSING else given not in (None, right)
    # The callback alone changes nothing at Twilio.
    assert twilio.message(sid).status == "queued"


def test_a_message_without_a_callback_advances_quietly(twilio: FakeTwilio, client: Client):
    sid = create(client).json["sid"]
    assert twilio.advance(sid, "delivered") is None
    assert twilio.message(sid).status == "delivered"


def test_callbacks_can_come_before_the_create_is_answered(twilio: FakeTwilio, client: Client, listener: Listener):
    twilio.callbacks_before_reply = ("queued", "sent")
    twilio.faults.add("POST", "/Messages.json", reset_after())
    with pytest.raises(ConnectionResetError):
        create(client, StatusCallback=listener.url)
    assert [exchange.request.form["MessageStatus"] for exchange in listener.log.of("POST")] == ["queued", "sent"]


def test_nobody_at_the_callback_is_no_matter_for_a_create(twilio: FakeTwilio, client: Client):
    with Listener() as gone:
        url = gone.url
    twilio.callbacks_before_reply = ("sent",)
    assert create(client, StatusCallback=url).status == 201


def test_an_inbound_message_is_posted_signed(twilio: FakeTwilio, listener: Listener):
    url = f"{listener.url}/inbound"
    assert twilio.inbound(url, PATIENT, CLINIC, "Ja, ich komme ☺", sid="SM" + "a" * 32).status == 204
    [posted] = listener.log.of("POST")
    form = posted.request.form
    assert (form["From"], form["To"], form["Body"], form["MessageSid"]) == (PATIENT, CLINIC, "Ja, ich komme ☺", "SM" + "a" * 32)
    assert "OptOutType" not in form
    assert posted.request.headers["x-twilio-signature"] == signature(TOKEN, url, form.items())


def test_who_has_opted_out_gets_nothing_until_opting_in(twilio: FakeTwilio, client: Client, listener: Listener):
    twilio.inbound(listener.url, PATIENT, CLINIC, "STOP", opt_out_type="STOP")
    assert listener.log.of("POST")[0].request.form["OptOutType"] == "STOP"
    assert refusal(create(client)) == (400, 21610)
    assert create(client, From="+14155550101").status == 201
    twilio.inbound(listener.url, PATIENT, CLINIC, "START", opt_out_type="START")
    assert create(client).status == 201


def test_a_create_whose_reply_is_lost_is_found_in_the_list(twilio: FakeTwilio, client: Client):
    twilio.faults.add("POST", "/Messages.json", reset_after())
    with pytest.raises(ConnectionResetError):
        create(client, Body="See you (ref 12ab)")
    [found] = client.get(f"{MESSAGES}?To=%2B14155550111").json["messages"]
    assert found["body"] == "See you (ref 12ab)"
    assert [found["sid"]] == [message.sid for message in twilio.sent_to(PATIENT)]
