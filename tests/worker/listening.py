"""A worker at which people sign in, and what it says when it is asked."""

from __future__ import annotations

import http.client
import re

from courier import Courier
from office import Office
from tokens import SECRET


def listening(office: Office, **env: str) -> Courier:
    """A worker with the secret of tokens."""
    return office.start(BOOKING_JWT_SECRET=SECRET, **env)


def get(office: Office, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """The status, the headers with names in lower case, and the page."""
    connection = http.client.HTTPConnection(office.address, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, page


def metric(office: Office, name: str) -> float:
    """The sum over all labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", get(office, "/metrics")[2], re.MULTILINE))
