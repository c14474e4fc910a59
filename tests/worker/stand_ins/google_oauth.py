"""Consent, tokens and their end, as Google's OAuth 2.0 for web servers has them."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

from .exchange import Refused, Reply, Request
from .google_errors import refusal

CLIENT_ID, CLIENT_SECRET = "test-client.apps.googleusercontent.com", "GOCSPX-test"
CODE_LIFE = timedelta(minutes=10)


@dataclass
class Grant:
    """What one user has allowed the client."""

    user: str
    scopes: frozenset[str]
    refresh_token: str | None = None
    is_revoked: bool = False


@dataclass
class Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    expires_at: datetime


@dataclass
class AccessToken:
    grant: Grant
    expires_at: datetime


class OAuth:
    """Not locked: FakeGoogle holds its lock around every call. `requests` counts those to /token by grant_type."""

    def __init__(self, clock: Callable[[], datetime], client_id: str, client_secret: str) -> None:
        self.clock, self.client_id, self.client_secret = clock, client_id, client_secret
        self.redirect_uris: set[str] | None = None  # None: any
        self.expires_in = 3600
        self.consents = True
        # What the user leaves ticked of the scopes that are asked for; None: all of them.
        self.ticks: set[str] | None = None
        self.requests: Counter[str] = Counter()
        self.grants: list[Grant] = []
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Grant] = {}
        self._access: dict[str, AccessToken] = {}

    def grant(self, user: str, scopes: set[str]) -> Grant:
        """Consent given in some earlier time, with a refresh token."""
        grant = Grant(user, frozenset(scopes))
        self._add_refresh_token(grant)
        return grant

    def new_access_token(self, grant: Grant) -> str:
        token = f"ya29.{uuid4().hex}"
        self._access[token] = AccessToken(grant, self.clock() + timedelta(seconds=self.expires_in))
        return token

    def expire_access_tokens(self) -> None:
        for token in self._access.values():
            token.expires_at = self.clock()

    def revoke_all(self, user: str) -> None:
        """The user takes back everything, on a page of Google's own."""
        for grant in self.grants:
            grant.is_revoked = grant.is_revoked or grant.user == user

    @property
    def given_out(self) -> list[str]:
        """Every access token."""
        return list(self._access)

    def admit(self, request: Request, allowing: set[str]) -> str:
        """The user whose access token this is; the grant must have one of these scopes."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        token = self._access.get(given) if kind.lower() == "bearer" else None
        if token is None or token.grant.is_revoked or self.clock() >= token.expires_at:
            message = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise refusal(401, "authError", message, locationType="header", location="Authorization")
        if not token.grant.scopes & allowing:
            raise refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        return token.grant.user

    def authorize(self, request: Request, user: str) -> Reply:
        """The page of consent, and the user who agrees or not."""
        query = request.query
        redirect_uri = query.get("redirect_uri", "")
        if query.get("client_id") != self.client_id:
            raise _page(401, "invalid_client")
        if not redirect_uri or (self.redirect_uris is not None and redirect_uri not in self.redirect_uris):
            raise _page(400, "redirect_uri_mismatch")
        if query.get("response_type") != "code" or not query.get("scope"):
            raise _page(400, "invalid_request")
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            raise _page(400, "invalid_request: this stand-in knows S256 only")
        back = {"state": query["state"]} if "state" in query else {}
        back |= self._consent(query, user, redirect_uri) if self.consents else {"error": "access_denied"}
        separator = "&" if "?" in redirect_uri else "?"
        return Reply(302, headers={"Location": redirect_uri + separator + urlencode(back)})

    def _consent(self, query: dict[str, str], user: str, redirect_uri: str) -> dict[str, str]:
        asked = set(query["scope"].split())
        grant = Grant(user, frozenset(asked if self.ticks is None else asked & self.ticks))
        knows_client = any(old.user == user and not old.is_revoked for old in self.grants)
        # Google gives a refresh token with the first consent only, unless consent is prompted for.
        if query.get("access_type") == "offline" and (not knows_client or query.get("prompt") == "consent"):
            self._add_refresh_token(grant)
        code = f"4/0{uuid4().hex}"
        self._codes[code] = Code(grant, redirect_uri, query.get("code_challenge"), self.clock() + CODE_LIFE)
        return {"code": code, "scope": " ".join(sorted(grant.scopes))}

    def _add_refresh_token(self, grant: Grant) -> None:
        grant.refresh_token = f"1//0{uuid4().hex}"
        self._refresh[grant.refresh_token] = grant
        self.grants.append(grant)

    def token(self, request: Request) -> Reply:
        form = request.form
        kind = form.get("grant_type", "")
        self.requests[kind] += 1
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            raise _error(401, "invalid_client", "The OAuth client was not found.")
        if kind == "authorization_code":
            grant = self._of_code(form)
            return self._tokens(grant, {"refresh_token": grant.refresh_token} if grant.refresh_token else {})
        if kind == "refresh_token":
            grant = self._refresh.get(form.get("refresh_token", ""))
            if grant is None or grant.is_revoked:
                raise _error(400, "invalid_grant", "Token has been expired or revoked.")
            return self._tokens(grant, {})
        raise _error(400, "unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _of_code(self, form: dict[str, str]) -> Grant:
        # A code is good once, whatever comes of it.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self.clock() >= code.expires_at or code.grant.is_revoked:
            raise _error(400, "invalid_grant", "Malformed auth code.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise _error(400, "redirect_uri_mismatch", "Bad Request")
        if code.challenge and not form.get("code_verifier"):
            raise _error(400, "invalid_grant", "Missing code verifier.")
        if code.challenge and challenge(form["code_verifier"]) != code.challenge:
            raise _error(400, "invalid_grant", "Invalid code verifier.")
        return code.grant

    def _tokens(self, grant: Grant, more: dict[str, str | None]) -> Reply:
        return Reply.of_json(200, {
            "access_token": self.new_access_token(grant), "expires_in": self.expires_in,
            "scope": " ".join(sorted(grant.scopes)), "token_type": "Bearer",
        } | more)

    def revoke(self, request: Request) -> Reply:
        """Either token ends the whole grant."""
        token = request.form.get("token") or request.query.get("token", "")
        access = self._access.get(token)
        grant = access.grant if access else self._refresh.get(token)
        if grant is None or grant.is_revoked:
            raise _error(400, "invalid_token", "Token expired or revoked")
        grant.is_revoked = True
        return Reply.of_json(200, {})


def challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _error(status: int, error: str, description: str) -> Refused:
    return Refused(Reply.of_json(status, {"error": error, "error_description": description}))


def _page(status: int, error: str) -> Refused:
    """What a user sees instead of the page of consent; the client learns nothing."""
    return Refused(Reply(status, f"Error {status}: {error}".encode(), {"Content-Type": "text/plain"}))
