"""emulate 0.11.2 (npm): Twilio and Google as somebody else has read their documentation. It serves happy paths; what it does
not do, the stand-ins here do. It wants Node.js 20: emulate/prepare.cjs gives 18 what it lacks, and keeps emulate on the
loopback.

Where it was found to differ from the real ones (the last tests of test_emulate.py notice when that changes):

Twilio
- a status callback "queued" is posted and awaited before the create is answered; callbacks carry the body of the message and
  no ErrorCode, and simulate/message-status takes none;
- a list ignores DateSent in all its forms, and pages move when messages come in between;
- a missing body, one that is too long and unknown parameters are accepted; a bad To is 21201, for the real 21211;
- STOP has no effect on later messages and no OptOutType; inbound messages go to the seeded sms_url only;
- the path of another account is 404 for an unknown one and 403 for a known one, for the real 401.

Google
- events.insert ignores `id`, gives one that real Google would not accept (evt_..., with capitals), and so never answers 409;
  extendedProperties are dropped, an end before the start is accepted, an etag never changes;
- any bearer token is accepted, also one that is revoked or was never given; only a missing one is 401. Scopes mean nothing;
- no events.get, patch, update or watch, no channels.stop, no calendars.get: 404 in a shape that is not Google's;
- a list ignores singleEvents, syncToken and showDeleted, has no nextSyncToken, and 10 events to a page unless told;
- a second delete is 404, for the real 410, and a deleted event leaves no tombstone;
- freeBusy leaves out calendars that it does not know, for the real `errors`, and does not cut events at the bounds;
- tokens are at /oauth2/token and /oauth2/revoke; consent is a form posted to /o/oauth2/v2/auth/callback;
- an exchange does not compare redirect_uri, and gives a refresh token each time; revoke is 200 with an empty body for anything.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from processes import kill, start, wait_until

TREE = Path(__file__).resolve().parents[2]
FOLDER = TREE / "tests" / "worker" / "emulate"
LOGS = TREE / "tests" / "results" / "worker"
ATTEMPTS = 10

ACCOUNT, TOKEN = "AC" + "1" * 32, "2" * 32
CLINIC = "+14155550100"
USER = "clinic@example.com"
CLIENT_ID, CLIENT_SECRET = "test-client.apps.googleusercontent.com", "GOCSPX-test"
REDIRECT = "http://127.0.0.1:1/google/callback"


@dataclass(frozen=True)
class Seed:
    """What is there from the beginning. `sms_url` is where messages to CLINIC are posted."""

    sms_url: str = ""
    redirect_uri: str = REDIRECT
    zone: str = "UTC"

    def as_json(self) -> dict[str, object]:
        calendar = {"id": "primary", "user_email": USER, "summary": USER, "primary": True, "time_zone": self.zone}
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [self.redirect_uri]}
        return {
            "google": {"users": [{"email": USER, "name": "Clinic"}], "oauth_clients": [client], "calendars": [calendar]},
            "twilio": {
                "account": {"sid": ACCOUNT, "auth_token": TOKEN, "friendly_name": "Test clinic"},
                "phone_numbers": [{"phone_number": CLINIC, "friendly_name": "Clinic", "sms_url": self.sms_url}],
            },
        }


def install() -> None:
    """Node.js where it is missing, and what the lock file pins. Does nothing when it is there."""
    subprocess.run([TREE / "scripts" / "node.sh", "tests/worker/emulate"], check=True)


class Emulate:
    """Serves Google at `google` and Twilio at `twilio`, without a slash at the end, while it is entered."""

    def __init__(self, folder: Path, seed: Seed | None = None) -> None:
        """`folder` is for its seed; its log is in tests/results/worker."""
        self._seed = folder / "seed.yaml"
        # JSON is YAML as well.
        self._seed.write_text(json.dumps((seed or Seed()).as_json()))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def google(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def twilio(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    def __enter__(self) -> Self:
        LOGS.mkdir(parents=True, exist_ok=True)
        for _ in range(ATTEMPTS):
            self.port = _two_free_ports()
            if self._starts():
                return self
        raise AssertionError(f"emulate does not start: {(LOGS / 'emulate.log').read_text()}")

    def __exit__(self, *_: object) -> None:
        kill(self._process)

    def _starts(self) -> bool:
        """Whether it serves. It ends by itself where somebody else has taken a port meanwhile."""
        main = FOLDER / "node_modules" / "emulate" / "dist" / "index.js"
        command = ["node", "--require", FOLDER / "prepare.cjs", main, "--service", "google,twilio"]
        with (LOGS / "emulate.log").open("wb") as log:
            self._process = start([*command, "--port", str(self.port), "--seed", self._seed], log)
        try:
            wait_until(lambda: self._has_ended() or all(map(_answers, (self.port, self.port + 1))), "emulate to answer")
        except BaseException:
            kill(self._process)
            raise
        return not self._has_ended()

    def _has_ended(self) -> bool:
        return self._process.poll() is not None


def _two_free_ports() -> int:
    """The lower of two that follow each other, as emulate wants them."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as lower:
            port = lower.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return port
            except OSError:
                continue


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True
