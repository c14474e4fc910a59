"""Errors as Google's Calendar API writes them."""

from __future__ import annotations

from .exchange import Refused, Reply
from .faults import Fault, status

STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}


def document(code: int, reason: str, message: str, domain: str = "global", **where: str) -> dict[str, object]:
    """`where` is locationType and location, if the error has a place in the request."""
    error = {"domain": domain, "reason": reason, "message": message} | where
    known = {"status": STATUSES[code]} if code in STATUSES else {}
    return {"error": {"code": code, "message": message, "errors": [error]} | known}


def refusal(code: int, reason: str, message: str, domain: str = "global", **where: str) -> Refused:
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'} if code == 401 else {}
    return Refused(Reply.of_json(code, document(code, reason, message, domain, **where), headers))


def rate_limited(code: int = 403, reason: str = "rateLimitExceeded", headers: dict[str, str] | None = None) -> Fault:
    """The fault of asking too often, which Google reports with 403 as well as with 429."""
    return status(code, document(code, reason, "Rate Limit Exceeded", "usageLimits"), headers)
