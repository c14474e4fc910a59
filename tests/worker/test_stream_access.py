"""Who may follow the history: whoever has a token, of their own organization alone."""

from __future__ import annotations

import http.client
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from followers import KINDS, Browser, Program, last_word, ready, until
from happenings import happen
from listening import get, listening, metric
from office import Office
from psycopg import sql
from tokens import SECRET, sign
from websockets.exceptions import InvalidStatus



@pytest.mark.parametrize("kind", KINDS)
def test_another_organizations_token_hears_nothing(office: Office, member: str, kind: Any):
    listening(office)
    colleague = office.add_colleague()
    with kind(office.address, sign(colleague.org, role=member)) as theirs, kind(office.address, sign(office.org, role=member)) as ours:
        position = ready(ours)
        ready(theirs)
        happen(office.session, office.org, "secret")
        until(ours, lambda told: told.kind == "secret")
        happen(office.session, colleague.org, "over")
        assert [told.kind for told in until(theirs, lambda told: told.kind == "over") if told.kind] == ["over"]
    # Nor by a position of the others, nor from the beginning.
    for where in [{"position": position}, {"from": "start"}]:
        with kind(office.address, sign(colleague.org, role=member), **where) as theirs:
            assert "secret" not in [told.kind for told in until(theirs, lambda told: told.kind == "over")]


FORGED = {
    "none": lambda org, member: "",
    "no token": lambda org, member: "nonsense",
    "another secret": lambda org, member: sign(org, "another secret of the tests, of at least 32 characters", role=member),
    "no signature": lambda org, member: sign(org, algorithm="none", role=member),
    "another algorithm": lambda org, member: sign(org, algorithm="HS512", role=member),
    "another's claims": lambda org, member: ".".join(
        [*sign(org, role=member).split(".")[:1], sign(member, role=member).split(".")[1], sign(org, role=member).split(".")[2]]),
    "expired": lambda org, member: sign(org, role=member, exp=int(time.time()) - 60),
    "not yet": lambda org, member: sign(org, role=member, nbf=int(time.time()) + 600),
    "for ever": lambda org, member: sign(org, role=member, exp=None),
    "no organization": lambda org, member: sign(org, role=member, org_id=None),
    "no role": lambda org, member: sign(org, role=None),
}


def test_every_forgery_is_refused_in_the_same_words(office: Office, member: str):
    listening(office)
    answers = set()
    for name, forged in FORGED.items():
        token = forged(office.org, member)
        status, headers, page = get(office, "/events", Authorization=f"Bearer {token}")
        assert (status, headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"'), name
        assert "sign in" in json.loads(page)["error"]
        with pytest.raises(InvalidStatus) as refused, Program(office.address, token):
            pass
        assert refused.value.response.status_code == 401
        answers |= {page, refused.value.response.body.decode()}
    assert len(answers) == 1
    assert metric(office, "booking_worker_tokens_refused_total") == 2 * len(FORGED)


def test_with_an_audience_only_its_tokens_are_believed(office: Office, member: str):
    listening(office, BOOKING_JWT_AUDIENCE="authenticated")
    token = sign(office.org, role=member, aud="somebody else")
    assert get(office, "/events", Authorization=f"Bearer {token}")[0] == 401
    with Browser(office.address, sign(office.org, role=member, aud=["authenticated"])) as browser:
        assert browser.status == 200


def test_a_role_that_may_not_read_the_history_is_told_whom_to_ask(office: Office):
    listening(office)
    for role in ["pg_monitor", "postgres", "no_such_role", "'; --"]:
        status, _, page = get(office, "/events", Authorization=f"Bearer {sign(office.org, role=role)}")
        assert status == 403
        assert "booking.grant_member" in json.loads(page)["error"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_that_is_taken_away_ends_what_it_has_opened(office: Office, member: str, kind: Any):
    worker = listening(office, BOOKING_RIGHTS_SECONDS="1")
    token = sign(office.org, role=member)
    with kind(office.address, token) as follower:
        ready(follower)
        office.session.execute(sql.SQL("REVOKE EXECUTE ON FUNCTION booking.read_events FROM {}").format(sql.Identifier(member)))
        assert last_word(follower) == ("forbidden" if kind is Browser else 4403)
    assert get(office, "/events", Authorization=f"Bearer {token}")[0] == 403
    office.session.execute("SELECT booking.grant_member(%s)", [member])
    worker.wait_until(lambda: _is_open(office, token))


def _is_open(office: Office, token: str) -> bool:
    with Browser(office.address, token) as browser:
        return browser.status == 200


def test_a_database_that_cannot_say_who_may_takes_nothing_away(office: Office, member: str):
    listening(office, BOOKING_RIGHTS_SECONDS="1", BOOKING_HEARTBEAT_SECONDS="1")
    with Browser(office.address, sign(office.org, role=member)) as browser:
        ready(browser)
        office.session.execute("REVOKE SELECT ON pg_catalog.pg_roles FROM PUBLIC")
        # Between two heartbeats it is asked.
        while browser.comments.count("heartbeat") < 3:
            happen(office.session, office.org, "told")
            until(browser, lambda told: told.kind == "told")


def test_without_a_secret_there_is_no_such_place_and_check_says_so(office: Office, member: str):
    office.start()
    for path in ["/events", "/ws"]:
        assert get(office, path, Authorization=f"Bearer {sign(office.org, role=member)}")[0] == 404
    assert re.search(r"no --jwt-secret-file: /events and /ws are not there", office.run("check")[1])
    assert re.search(r"ok +whoever has a token .* at /events and /ws", office.run("check", BOOKING_JWT_SECRET=SECRET)[1])


def test_a_secret_comes_from_a_file_that_nobody_else_reads_and_is_long_enough(office: Office, member: str, tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o640)
    refused = office.courier("--jwt-secret-file", str(file), env=office.env)
    assert refused.wait() == 1 and "chmod 600" in refused.log
    file.chmod(0o600)
    both = office.courier("--jwt-secret-file", str(file), env=office.env | {"BOOKING_JWT_SECRET": SECRET})
    assert both.wait() == 1 and "not both" in both.log
    short = office.courier(env=office.env | {"BOOKING_JWT_SECRET": SECRET[:31]})
    assert short.wait() == 1 and "has 31 bytes and needs 32" in short.log and SECRET[:31] not in short.log
    office.start("--jwt-secret-file", str(file))
    with Browser(office.address, sign(office.org, role=member)) as browser:
        assert browser.status == 200


def test_a_token_in_the_address_serves_browsers_that_cannot_send_headers_and_stays_out_of_the_log(office: Office, member: str):
    worker = office.courier(env=office.env | {"BOOKING_JWT_SECRET": SECRET, "RUST_LOG": "trace"})
    office.reach(worker)
    token = sign(office.org, role=member)
    connection = http.client.HTTPConnection(office.address, timeout=30)
    connection.request("GET", f"/events?access_token={token}")
    answer = connection.getresponse()
    assert (answer.status, answer.readline()) == (200, b"retry: 2000\n")
    connection.close()
    assert get(office, f"/events?access_token={token}x")[0] == 401
    assert worker.terminate() == 0
    # Neither as it is nor in the words of a library.
    assert token.rpartition(".")[2] not in worker.log
    assert SECRET not in worker.log
