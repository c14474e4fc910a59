"""FakeGoogle gives, renews and ends tokens as its documentation says of Google."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from client import Client, Response
from stand_ins.google import EVENTS, READONLY, USER, FakeGoogle
from stand_ins.google_oauth import CLIENT_ID, CLIENT_SECRET, challenge
from stand_ins.server import Clock

BACK = "https://hooks.example.com/google/callback"
# Appendix B of RFC 7636.
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALENDAR = "/calendar/v3/calendars/primary"


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 20, 12, tzinfo=UTC))


@pytest.fixture
def google(clock: Clock) -> Iterator[FakeGoogle]:
    with FakeGoogle(clock=clock) as google:
        yield google


@pytest.fixture
def client(google: FakeGoogle) -> Iterator[Client]:
    with Client(google.url) as client:
        yield client


def authorize(client: Client, path: str = "/authorize", **changes: str) -> Response:
    query = {
        "client_id": CLIENT_ID, "redirect_uri": BACK, "response_type": "code", "scope": f"{EVENTS} {READONLY}", "state": "s/1",
        "access_type": "offline", "prompt": "consent", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | changes
    return client.get(f"{path}?{urlencode({name: value for name, value in query.items() if value})}")


def came_back(response: Response) -> dict[str, str]:
    assert response.status == 302, response.body
    location = response.headers["location"]
    assert location.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(client: Client, code: str, **changes: str) -> Response:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET, "code_verifier": VERIFIER,
    } | changes
    return client.post("/token", {name: value for name, value in form.items() if value})


def refresh(client: Client, token: str, **changes: str) -> Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    return client.post("/token", form | changes)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def error(response: Response) -> tuple[int, str]:
    return response.status, response.json["error"]


def test_the_challenge_is_that_of_the_standard():
    assert challenge(VERIFIER) == CHALLENGE


@pytest.mark.parametrize("path", ["/authorize", "/o/oauth2/v2/auth"])
def test_consent_comes_back_with_a_code_that_gives_tokens(google: FakeGoogle, client: Client, path: str):
    back = came_back(authorize(client, path))
    assert back["state"] == "s/1"
    tokens = exchange(client, back["code"])
    assert tokens.status == 200
    given = tokens.json
    assert (given["expires_in"], given["token_type"], set(given["scope"].split())) == (3600, "Bearer", {EVENTS, READONLY})
    assert client.get(CALENDAR, **bearer(given["access_token"])).json["id"] == USER
    again = refresh(client, given["refresh_token"])
    assert (again.status, "refresh_token" in again.json) == (200, False)
    assert again.json["access_token"] != given["access_token"]
    assert google.token_requests == {"authorization_code": 1, "refresh_token": 1}


def test_a_refused_consent_comes_back_with_an_error(google: FakeGoogle, client: Client):
    google.oauth.consents = False
    assert came_back(authorize(client)) == {"state": "s/1", "error": "access_denied"}


def test_the_user_may_leave_a_scope_unticked(google: FakeGoogle, client: Client):
    google.oauth.ticks = {READONLY}
    given = exchange(client, came_back(authorize(client))["code"]).json
    assert given["scope"] == READONLY
    refused = client.send("POST", f"{CALENDAR}/events", document={}, headers=bearer(given["access_token"]))
    assert (refused.status, refused.json["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"client_id": "x"}, 401), ({"redirect_uri": ""}, 400), ({"scope": ""}, 400), ({"code_challenge_method": "plain"}, 400)],
)
def test_a_wrong_question_for_consent_does_not_come_back(client: Client, changes: dict[str, str], status: int):
    assert authorize(client, **changes).status == status


def test_a_redirect_that_is_not_registered_does_not_come_back(google: FakeGoogle, client: Client):
    google.oauth.redirect_uris = {"https://elsewhere.example.com"}
    assert authorize(client).status == 400


def test_a_refresh_token_comes_once_unless_consent_is_prompted_for(client: Client):
    def tokens(**changes: str) -> dict[str, str]:
        return exchange(client, came_back(authorize(client, **changes))["code"]).json

    assert "refresh_token" not in tokens(access_type="")
    assert "refresh_token" in tokens(prompt="")
    assert "refresh_token" not in tokens(prompt="")
    assert "refresh_token" in tokens()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "4/unknown"}, (400, "invalid_grant")), ({"code_verifier": ""}, (400, "invalid_grant")),
        ({"code_verifier": "x" * 43}, (400, "invalid_grant")), ({"redirect_uri": BACK + "/"}, (400, "redirect_uri_mismatch")),
        ({"client_secret": "x"}, (401, "invalid_client")), ({"grant_type": "password"}, (400, "unsupported_grant_type")),
    ],
)
def test_a_wrong_exchange_is_refused(client: Client, changes: dict[str, str], expected: tuple[int, str]):
    code = came_back(authorize(client))["code"]
    assert error(exchange(client, **({"code": code} | changes))) == expected


def test_a_code_is_good_once_and_for_ten_minutes(client: Client, clock: Clock):
    code = came_back(authorize(client))["code"]
    assert exchange(client, code).status == 200
    assert error(exchange(client, code)) == (400, "invalid_grant")
    late = came_back(authorize(client))["code"]
    clock.now += timedelta(minutes=10)
    assert error(exchange(client, late)) == (400, "invalid_grant")


def test_an_access_token_lives_as_long_as_it_says(google: FakeGoogle, client: Client, clock: Clock):
    google.oauth.expires_in = 60
    given = refresh(client, google.grant()).json
    assert given["expires_in"] == 60
    assert client.get(CALENDAR, **bearer(given["access_token"])).status == 200
    clock.now += timedelta(seconds=60)
    refused = client.get(CALENDAR, **bearer(given["access_token"]))
    assert (refused.status, refused.json["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert refused.json["error"]["errors"][0]["reason"] == "authError"
    assert "invalid_token" in refused.headers["www-authenticate"]


def test_access_tokens_can_be_expired_and_the_refresh_token_stays_good(google: FakeGoogle, client: Client):
    token = google.grant()
    first = refresh(client, token).json["access_token"]
    google.expire_access_tokens()
    assert client.get(CALENDAR, **bearer(first)).status == 401
    assert client.get(CALENDAR, **bearer(refresh(client, token).json["access_token"])).status == 200


@pytest.mark.parametrize("headers", [{}, bearer("unknown"), {"Authorization": "Basic eDp5"}])
def test_without_a_known_access_token_nothing_is_answered(client: Client, headers: dict[str, str]):
    assert client.get(CALENDAR, **headers).status == 401


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_whole_grant(google: FakeGoogle, client: Client, kind: str):
    given = exchange(client, came_back(authorize(client))["code"]).json
    assert client.post("/revoke", {"token": given[kind]}).status == 200
    assert client.get(CALENDAR, **bearer(given["access_token"])).status == 401
    assert error(refresh(client, given["refresh_token"])) == (400, "invalid_grant")
    assert error(client.post("/revoke", {"token": given[kind]})) == (400, "invalid_token")
    assert google.token_requests["refresh_token"] == 1


def test_what_the_user_takes_back_cannot_be_refreshed(google: FakeGoogle, client: Client):
    other = "desk@example.com"
    google.add_calendar(other, other)
    mine, theirs = google.grant(), google.grant(other)
    google.user_revokes()
    assert error(refresh(client, mine)) == error(refresh(client, "1//unknown")) == (400, "invalid_grant")
    token = refresh(client, theirs).json["access_token"]
    assert client.get(CALENDAR, **bearer(token)).json["id"] == other
