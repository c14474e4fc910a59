"""How Twilio signs what it posts, written from its documentation and sharing no code with what is tested."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from enum import Enum

Parameters = Iterable[tuple[str, str]]


class Signing(Enum):
    """Who signs: Twilio, somebody who does not know the token, or nobody."""

    RIGHT = "right"
    FORGED = "forged"
    MISSING = "missing"


def signature(token: str, url: str, parameters: Parameters) -> str:
    """X-Twilio-Signature of a form: the URL as Twilio was given it, then each name with its values, both in order and each
    value once."""
    signed = url + "".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
