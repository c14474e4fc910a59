"""Who is believed to be Vapi, and for which organization. Who is not learns nothing, not even which organizations there are."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest
from client import Client
from clinic import future, new_phone, one
from office import SERVER_SECRET, Office
from stand_ins import vapi_auth
from stand_ins.vapi_auth import bearer, header, hmac_of, signed, unsigned
from stand_ins.vapi_call import DIRECT, MESSAGES, Answered, VoiceCall
from stand_ins.vapi_shapes import Place, Shape, ToolCall
from voice import UNAUTHORIZED, confirmed, wish

OTHER_SECRET = "what-another-voice-agent-says"


@pytest.fixture
def agent(office: Office) -> Office:
    office.connect_vapi()
    office.worker = office.start()
    return office


@pytest.fixture
def other(agent: Office) -> Office:
    """Another organization with a voice agent, at the same worker."""
    other = agent.add_colleague()
    other.connect_vapi(OTHER_SECRET)
    other.address = agent.address
    return other


def book(call: VoiceCall) -> Answered:
    return call.tool("book_appointment", wish(call, future()))


def assert_refused(answered: Answered, case: object = "") -> None:
    """In the same words whatever is wrong."""
    assert (answered.status, answered.json) == (401, UNAUTHORIZED), case


@pytest.mark.parametrize("auth", vapi_auth.ALL.values(), ids=vapi_auth.ALL)
def test_who_has_the_secret_is_believed_however_it_is_shown(agent: Office, auth: vapi_auth.Auth):
    assert book(agent.call(auth=auth)).result == confirmed(future())
    direct = agent.call(auth=auth)
    assert direct.direct(wish(direct, future(201))).json["result"]["message"] == confirmed(future(201))


WRONG = {
    "nothing": unsigned,
    "another secret": lambda _secret, body: bearer("another secret of theirs", body),
    "the secret and more": lambda secret, body: bearer(f"{secret}x", body),
    "a part of the secret": lambda secret, body: bearer(secret[:-1], body),
    "an empty bearer": lambda _secret, body: bearer("", body),
    "another scheme": lambda secret, _body: {"Authorization": f"Basic {secret}"},
    "the bare secret": lambda secret, _body: {"Authorization": secret},
    "another header": lambda secret, body: header(f"{secret}x", body),
    "an empty header": lambda _secret, body: header("", body),
    "a signature of another secret": lambda _secret, body: signed("another secret of theirs", body),
    "a signature of another body": lambda secret, body: signed(secret, body + b" "),
    "a signature of six minutes ago": partial(signed, age=360),
    "a signature of six minutes ago in seconds": partial(signed, age=360, per_second=1),
    "a signature of the future": partial(signed, age=-360),
    "a signature of the future in seconds": partial(signed, age=-360, per_second=1),
    "a signature by a broken hash": partial(signed, algorithm="md5"),
    "a signature without its time": lambda secret, body: {"x-signature": signed(secret, body)["x-signature"]},
    "a signature of another time": lambda secret, body: signed(secret, body) | {"x-timestamp": signed(secret, body, age=60)["x-timestamp"]},
    "a signature of no time": lambda secret, body: {"x-timestamp": "now", "x-signature": hmac_of(secret, "now", body)},
    "an empty signature": lambda secret, body: signed(secret, body) | {"x-signature": ""},
    "half a signature": lambda secret, body: {name: value[:32] for name, value in signed(secret, body).items()},
    "a time without signature": lambda secret, body: {"x-timestamp": signed(secret, body)["x-timestamp"]},
}


def test_who_has_not_the_secret_is_refused_and_nothing_is_done(agent: Office):
    for case, auth in WRONG.items():
        call = agent.call(auth=auth)
        assert_refused(book(call), case)
        call.style = "metadata"
        for answered in [book(call), call.status("in-progress"), call.end_of_call(), call.direct(wish(call, future()))]:
            assert_refused(answered, case)
    assert agent.clinic.appointments() == []
    assert one(agent.session, "SELECT count(*) FROM booking.call_logs") == 0


def test_a_signature_is_good_for_its_body_only_even_when_it_is_fresh(agent: Office):
    call = agent.call()
    message = call.tool_message([ToolCall.new("book_appointment", wish(call, future()))])
    changed = json.loads(json.dumps(message).replace("Ann", "Bob").replace("ann", "bob"))
    assert changed != message
    headers = signed(SERVER_SECRET, json.dumps(message).encode())
    assert_refused(call.send(changed, headers))
    assert call.send(message, headers).result == confirmed(future())


def test_one_secret_that_is_right_is_enough(agent: Office):
    """A header that is of a proxy's making, beside the secret."""
    call = agent.call()
    call.auth = lambda secret, body: {"Authorization": "Basic cHJveHk6cHJveHk="} | header(secret, body)
    assert book(call).result == confirmed(future())


def test_the_secret_of_one_organization_is_none_for_another(agent: Office, other: Office):
    for auth in vapi_auth.ALL.values():
        for style in ["static", "metadata", "overrides", "assistant"]:
            assert_refused(book(agent.call(secret=OTHER_SECRET, auth=auth, style=style)))
            assert_refused(book(other.call(secret=SERVER_SECRET, auth=auth, style=style)))
    assert agent.clinic.appointments() == other.clinic.appointments() == []
    assert book(other.call(secret=OTHER_SECRET)).result == confirmed(future())
    assert (len(agent.clinic.appointments()), len(other.clinic.appointments())) == (0, 1)


@pytest.mark.parametrize("style", ["static", "metadata", "overrides", "assistant"])
def test_the_organization_is_read_where_only_an_operator_writes(agent: Office, other: Office, style: str):
    assert book(agent.call(style=style)).result == confirmed(future())
    assert (len(agent.clinic.appointments()), len(other.clinic.appointments())) == (1, 0)


@pytest.mark.parametrize("style", ["static", "metadata"])
def test_an_organization_that_the_model_has_filled_in_is_not_looked_at(agent: Office, other: Office, style: str):
    call = agent.call(style=style)
    assert call.tool("book_appointment", wish(call, future(), org_id=other.org, orgId=other.org)).result == confirmed(future())
    direct = agent.call(style="metadata")
    assert direct.direct(wish(direct, future(201), org_id=other.org)).json["result"]["success"] is True
    assert (len(agent.clinic.appointments()), other.clinic.appointments()) == (2, [])


@pytest.mark.parametrize("place", [Place.LIST, Place.WITH_TOOL])
def test_an_organization_that_only_the_model_names_is_nobodys(agent: Office, place: Place):
    call = agent.call(style="nobody")
    assert_refused(call.tool("book_appointment", wish(call, future(), org_id=agent.org), Shape(place)))
    assert_refused(call.direct(wish(call, future(), org_id=agent.org)))
    assert agent.clinic.appointments() == []


def test_two_places_that_name_two_organizations_are_nobodys(agent: Office, other: Office):
    for secret in [SERVER_SECRET, OTHER_SECRET]:
        call = agent.call(secret=secret, style="metadata")
        message = call.tool_message([ToolCall.new("book_appointment", wish(call, future()))])
        message["message"]["assistant"]["metadata"] = {"org_id": other.org}
        assert_refused(call.send(message))
    assert agent.clinic.appointments() == other.clinic.appointments() == []


def test_who_names_no_organization_is_known_by_the_assistant_or_the_number(agent: Office, other: Office):
    stored = "SELECT booking.set_voice_agent(%s, %s, p_phone_number => %s)"
    agent.session.execute(stored, [agent.org, "assistant-a", "+14155550171"])
    agent.session.execute(stored, [other.org, "assistant-b", "+14155550172"])
    strange = {"assistant_id": "assistant-c", "called": "+14155550179"}
    assert book(agent.call(style="nobody", **strange | {"assistant_id": "assistant-a"})).result == confirmed(future())
    assert book(agent.call(secret=OTHER_SECRET, style="nobody", **strange | {"called": "+14155550172"})).result == confirmed(future())
    assert_refused(book(agent.call(style="nobody", **strange | {"assistant_id": "assistant-b"})))
    assert_refused(book(agent.call(style="nobody", **strange)))
    assert (len(agent.clinic.appointments()), len(other.clinic.appointments())) == (1, 1)


def test_an_organization_that_is_not_there_is_refused_like_a_wrong_secret(agent: Office):
    for org_id in ["00000000-0000-7000-8000-000000000009", "nonsense", "", None, 7, {"a": 1}]:
        for style in ["static", "metadata"]:
            call = VoiceCall(f"http://{agent.address}", org_id, SERVER_SECRET, new_phone(), style=style)
            for answered in [book(call), call.status("in-progress"), call.direct(wish(call, future()))]:
                assert_refused(answered, (org_id, style))


def test_an_organization_without_an_account_is_refused_likewise(agent: Office):
    without = agent.add_colleague()
    without.address = agent.address
    assert_refused(book(without.call()))
    assert_refused(book(without.call(secret="")))
    assert without.clinic.appointments() == []


def test_what_names_nobody_is_refused_whatever_it_is(agent: Office):
    for body in [b"", b"{", b"[]", b"null", b"7", b"\xff", b'{"message": 7}', b'{"message": {"type": "tool-calls"}}']:
        for path in [MESSAGES, DIRECT]:
            assert_refused(agent.call().post_bytes(path, body), body)


def peak_memory(office: Office) -> int:
    """The most, in MB, that one of the worker's sessions at the database has ever used."""
    sessions = office.session.execute("SELECT pid FROM pg_stat_activity WHERE usename = %s", [office.role]).fetchall()
    peaks = (re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE) for (pid,) in sessions)
    return max(int(peak[1]) for peak in peaks) // 1024


def test_what_a_stranger_sends_is_no_burden_to_the_database(agent: Office):
    """As a tree it would be a hundred times as long."""
    assert book(agent.call()).result == confirmed(future())
    before = peak_memory(agent)
    tree = b",".join([b'{"":1}'] * 1_000_000)
    for path, organization in [(MESSAGES, f'"message": {{"call": {{"metadata": {{"org_id": "{agent.org}"}}}}}}'), (DIRECT, '"tool": {}')]:
        body = b'{"a": [' + tree + b"], " + organization.encode() + b"}"
        assert_refused(agent.call(secret=OTHER_SECRET).post_bytes(path, body), path)
    assert peak_memory(agent) < before + 50


def test_what_is_refused_is_counted(agent: Office):
    assert_refused(book(agent.call(secret=OTHER_SECRET)))
    with Client(f"http://{agent.address}") as operator:
        metrics = operator.get("/metrics").body.decode()
    counted = [line for line in metrics.splitlines() if line.startswith("booking_worker_callbacks_total")]
    assert any('outcome="forged"' in line and line.endswith(" 1") for line in counted), metrics


def test_a_secret_that_was_replaced_is_none_any_more(agent: Office):
    assert book(agent.call()).result == confirmed(future())
    agent.connect_vapi(OTHER_SECRET)
    assert_refused(book(agent.call()))
    call = agent.call(secret=OTHER_SECRET)
    assert call.tool("book_appointment", wish(call, future(201))).result == confirmed(future(201))
    agent.command("disconnect", "vapi", "--org", agent.org)
    assert_refused(book(agent.call(secret=OTHER_SECRET)))


# The account itself.


def test_the_account_is_kept_sealed_and_never_printed(office: Office):
    said = office.connect_vapi()
    stored = office.session.execute("SELECT row_to_json(i)::text, encode(ciphertext, 'escape') FROM booking.integrations AS i").fetchall()
    assert len(stored) == 1
    for secret in [SERVER_SECRET, office.vapi.key]:
        assert secret not in said
        assert not any(secret in text or secret.encode().hex() in text for row in stored for text in row)


def test_secrets_come_from_the_environment_too(office: Office):
    secrets = {"BOOKING_VAPI_API_KEY": office.vapi.key, "BOOKING_VAPI_SERVER_SECRET": SERVER_SECRET}
    office.command("connect", "vapi", "--org", office.org, **secrets)
    office.start()
    assert book(office.call()).result == confirmed(future())


@pytest.mark.parametrize("secret", ["", "swordfish", "fifteen-letters", "    "])
def test_a_secret_that_could_be_guessed_is_refused_without_repeating_it(office: Office, secret: str):
    status, said = office.run("connect", "vapi", "--org", office.org, words=f"{office.vapi.key}\n{secret}\n")
    assert status != 0
    assert office.vapi.key not in said and (not secret.strip() or secret not in said)
    if secret.strip():
        assert "16" in said
    assert office.integration("vapi") is None
