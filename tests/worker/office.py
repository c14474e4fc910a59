"""A clinic whose messages and events a worker carries: its organization, its accounts at the stand-ins, and the programs."""

from __future__ import annotations

import http.client
import json
import os
import re
import stat
import subprocess
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from clinic import Clinic, assert_booked, future, new_phone, one
from courier import INHERITED, Courier
from psycopg import sql
from psycopg.conninfo import make_conninfo
from stand_ins.google import FakeGoogle
from stand_ins.twilio import ACCOUNT, TOKEN, FakeTwilio
from stand_ins.vapi import FakeVapi
from stand_ins.vapi_call import VoiceCall

PUBLIC = "https://worker.example.com"
SENDER = "+12025550100"
# What Vapi shows when it calls.
SERVER_SECRET = "what-the-voice-agent-says-of-itself"
PATIENCE = 40.0

STATES = "SELECT kind, state, count(*) FROM booking.outbox WHERE org_id = %s GROUP BY kind, state ORDER BY kind, state"
# What waits for its next attempt, or for somebody who is gone, does not have to wait in tests; nor does the job of an event that waits in
# place of one that failed.
HURRY = """
    UPDATE booking.outbox SET run_at = now()
    WHERE org_id = %s AND (state = 'retryable' OR (state = 'available' AND kind = 'calendar')) AND run_at > now();
    """
# Nor for the provider to show what may have gone out: the stand-ins do at once.
SHOW = "UPDATE booking.messages SET updated_at = now() - interval '1 minute' WHERE org_id = %s AND status = 'uncertain'"
LOSE = "UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE org_id = %s AND state = 'running'"
SYNC = "UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = %s AND leased_until IS NULL"


@dataclass
class Office:
    """`courier` starts a worker with flags; `binary` is the program for the other commands."""

    session: psycopg.Connection
    clinic: Clinic
    role: str
    courier: Callable[..., Courier]
    binary: Path
    place: Path
    twilio: FakeTwilio
    google: FakeGoogle
    vapi: FakeVapi
    # What an operator has set differently.
    overrides: dict[str, str] = field(default_factory=dict)

    @property
    def org(self) -> str:
        return self.clinic.org_id

    @property
    def keys_file(self) -> Path:
        return self.place / "keys"

    @property
    def env(self) -> dict[str, str]:
        """What an operator would set."""
        return {
            "BOOKING_DATABASE_URL": make_conninfo(self.clinic.dsn, user=self.role),
            "BOOKING_KEYS_FILE": str(self.keys_file),
            "BOOKING_PUBLIC_URL": PUBLIC,
            "BOOKING_LISTEN": "127.0.0.1:0",
            "BOOKING_POLL_MS": "20",
            "BOOKING_HTTP_TIMEOUT_SECONDS": "5",
            "BOOKING_LEASE_SECONDS": "20",
            "BOOKING_DRAIN_SECONDS": "5",
            "BOOKING_TWILIO_URL": self.twilio.url,
            "BOOKING_GOOGLE_CLIENT_ID": self.google.oauth.client_id,
            "BOOKING_GOOGLE_CLIENT_SECRET": self.google.oauth.client_secret,
            "BOOKING_GOOGLE_AUTHORIZE_URL": f"{self.google.url}/authorize",
            "BOOKING_GOOGLE_TOKEN_URL": f"{self.google.url}/token",
            "BOOKING_GOOGLE_REVOKE_URL": f"{self.google.url}/revoke",
            "BOOKING_GOOGLE_CALENDAR_URL": f"{self.google.url}/calendar/v3",
            "BOOKING_VAPI_URL": self.vapi.url,
        } | self.overrides

    # Programs.

    def start(self, *flags: str, **env: str) -> Courier:
        """A worker that is at work. What the providers tell goes to the one that was started last."""
        worker = self.courier(*flags, env=self.env | env)
        self.reach(worker)
        return worker

    def reach(self, worker: Courier) -> None:
        address = worker.wait_for_log(r'listening=\"?(127\.0\.0\.1:\d+)(?![\s\S]*listening=)')[1]
        for stand_in in (self.twilio, self.google):
            stand_in.web.route(PUBLIC, f"http://{address}")
        self.address = address

    def command(self, *arguments: str, words: str = "", status: int = 0, **env: str) -> str:
        """One of the other commands; `words` is its standard input. Returns all that it has printed."""
        returned, said = self.run(*arguments, words=words, **env)
        assert returned == status, said
        return said

    def run(self, *arguments: str, words: str = "", without: Collection[str] = (), **env: str) -> tuple[int, str]:
        """The same, whatever its exit status is, which comes first. `without` are variables that nobody has set."""
        done = subprocess.run(
            [self.binary, *arguments], input=words, capture_output=True, text=True, timeout=PATIENCE,
            env=self.surroundings(without, **env), check=False)
        return done.returncode, done.stdout + done.stderr

    def surroundings(self, without: Collection[str] = (), **env: str) -> dict[str, str]:
        """The environment of a command."""
        inherited = {key: os.environ[key] for key in INHERITED if key in os.environ}
        return inherited | {key: value for key, value in self.env.items() if key not in without} | env

    # Accounts.

    def connect_twilio(self, per_second: float = 1000, token: str = TOKEN) -> str:
        return self.command(
            "connect", "twilio", "--org", self.org, "--account-sid", ACCOUNT, "--from", SENDER, "--per-second", str(per_second),
            words=f"{token}\n")

    def connect_vapi(self, secret: str = SERVER_SECRET) -> str:
        return self.command("connect", "vapi", "--org", self.org, words=f"{self.vapi.key}\n{secret}\n")

    def connect_google(self) -> str:
        """Consents, at the worker that was started last, and returns the page at the end."""
        link = re.search(r"https://\S+", self.command("connect", "google", "--org", self.org))[0]
        status, page, _ = self.browse(link)
        assert status == 200, page
        return page

    def browse(self, url: str) -> tuple[int, str, list[str]]:
        """Follows a link as a browser does: the last status, its page and the way."""
        way = [url]
        while True:
            parts = urlsplit(way[-1].replace(PUBLIC, f"http://{self.address}"))
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            page = answer.read().decode()
            connection.close()
            if answer.status not in (302, 303, 307):
                return answer.status, page, way
            way.append(answer.headers["Location"])
            assert len(way) < 10, way

    def integration(self, provider: str) -> dict[str, Any]:
        cursor = self.session.cursor(row_factory=psycopg.rows.dict_row)
        cursor.execute("SELECT * FROM booking.integrations WHERE org_id = %s AND provider = %s", [self.org, provider])
        return cursor.fetchone()

    # Patients.

    def book(self, at: object = None, phone: str | None = None, **changes: object) -> dict[str, Any]:
        booked = self.clinic.book(at or future(), phone=phone or new_phone(), **changes)
        assert_booked(booked)
        return booked

    def call(self, caller: str | None = None, secret: str = SERVER_SECRET, **changes: Any) -> VoiceCall:
        """Somebody calls this organization's voice agent, whose server is the worker that was started last."""
        return VoiceCall(f"http://{self.address}", self.org, secret, caller or new_phone(), **changes)

    def move(self, booked: dict[str, Any], at: object) -> None:
        assert_booked(one(self.session, "SELECT booking.reschedule_appointment_atomic(%s, %s, %s)", [self.org, booked["appointmentId"], at]))

    def cancel(self, booked: dict[str, Any]) -> None:
        assert_booked(one(self.session, "SELECT booking.cancel_appointment(%s, %s)", [self.org, booked["appointmentId"]]))

    def status(self, booked: dict[str, Any]) -> dict[str, Any]:
        return one(self.session, "SELECT booking.appointment_status(%s, %s)", [self.org, booked["appointmentId"]])

    def sms(self, booked: dict[str, Any]) -> str:
        return self.status(booked)["smsStatus"]

    def event(self, booked: dict[str, Any]) -> str:
        return self.status(booked)["calendarStatus"]

    # The database.

    def states(self) -> dict[tuple[str, str], int]:
        return {(kind, state): count for kind, state, count in self.session.execute(STATES, [self.org])}

    def is_settled(self) -> bool:
        """Nothing waits that is due, and nothing is under way."""
        return one(self.session, """
            SELECT count(*) = 0 FROM booking.outbox
            WHERE org_id = %s AND (state = 'running' OR (state IN ('available', 'retryable') AND run_at <= now()))""", [self.org])

    def hurry(self) -> bool:
        """No pauses: what waits for its next attempt is due. True, so that it can be asked in passing."""
        self.session.execute(SHOW, [self.org])
        self.session.execute(HURRY, [self.org])
        return True

    def end_leases(self) -> None:
        """As if the time of those that are under way were over."""
        self.session.execute(LOSE, [self.org])

    def sync(self) -> bool:
        """Whether a calendar is to be read now that nobody was reading."""
        return self.session.execute(SYNC, [self.org]).rowcount > 0

    def happened(self, kind: str) -> list[dict[str, Any]]:
        """What booking.events tells of this kind."""
        rows = self.session.execute("SELECT detail FROM booking.events WHERE org_id = %s AND kind = %s ORDER BY id", [self.org, kind])
        return [detail for (detail,) in rows]

    def add_colleague(self) -> Office:
        """Another organization in the same database, for the same workers."""
        clinic = Clinic.open(self.clinic.dsn, self.session)
        return replace(self, clinic=clinic)


def make_role(session: psycopg.Connection) -> str:
    """A role that may do what a worker does, and no more, for every organization."""
    role = f"worker_of_{session.info.dbname}"
    session.execute(sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS").format(sql.Identifier(role)))
    session.execute("SELECT booking.grant_worker(%s)", [role])
    return role


def write_keys(binary: Path, path: Path, name: str) -> None:
    """A new key at the top of the file, as an operator puts it there."""
    line = subprocess.run([binary, "keys", "generate", name], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    path.write_text(line + (path.read_text() if path.exists() else ""))
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def pretty(value: object) -> str:
    return json.dumps(value, indent=1, default=str)
