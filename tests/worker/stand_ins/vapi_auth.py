"""How Vapi shows that it is Vapi, written from its documentation and sharing no code with what is tested."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from functools import partial

Headers = dict[str, str]
# The headers that a secret gives to a body.
Auth = Callable[[str, bytes], Headers]

MILLISECONDS = 1000


def bearer(secret: str, _body: bytes) -> Headers:
    """A bearer credential."""
    return {"Authorization": f"Bearer {secret}"}


def header(secret: str, _body: bytes) -> Headers:
    """The header of older accounts."""
    return {"X-Vapi-Secret": secret}


def unsigned(_secret: str, _body: bytes) -> Headers:
    return {}


def signed(
    secret: str, body: bytes, algorithm: str = "sha256", per_second: int = MILLISECONDS, age: float = 0, prefix: str = ""
) -> Headers:
    """An HMAC credential. The documentation does not say whether the timestamp counts seconds (per_second=1) or
    milliseconds. `age` is how many seconds ago it was signed."""
    timestamp = str(int((time.time() - age) * per_second))
    return {"x-timestamp": timestamp, "x-signature": prefix + hmac_of(secret, timestamp, body, algorithm)}


def hmac_of(secret: str, timestamp: str, body: bytes, algorithm: str = "sha256") -> str:
    """In hex, of `{timestamp}.{body}`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, getattr(hashlib, algorithm)).hexdigest()


# Whatever an account may be set to.
ALL: dict[str, Auth] = {
    "bearer": bearer,
    "header": header,
    "hmac in milliseconds": signed,
    "hmac in seconds": partial(signed, per_second=1),
    "hmac sha512": partial(signed, algorithm="sha512"),
    "hmac with a prefix": partial(signed, prefix="sha256="),
    "hmac of four minutes ago": partial(signed, age=240),
}
