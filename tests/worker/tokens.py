"""JSON Web Tokens as an application's sign-in issues them, and as forgers make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

SECRET = "a secret of the tests, of at least 32 characters"


def sign(org_id: object, /, secret: str = SECRET, algorithm: str = "HS256", **changes: object) -> str:
    """A token for a member of an organization that is good for an hour. A claim of None is left out."""
    claims = {"org_id": str(org_id), "role": "authenticated", "exp": int(time.time()) + 3600} | changes
    stated = {name: value for name, value in claims.items() if value is not None}
    signed = f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(stated)}"
    if algorithm == "none":
        return f"{signed}."
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    return f"{signed}.{_encoded(hmac.new(secret.encode(), signed.encode(), digest).digest())}"


def _part(value: dict[str, object]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
