"""Twilio's messages as its customers see them: create, list, read, status callbacks and inbound messages.

Stricter than Twilio where its documentation leaves a choice, so that a client cannot rely on luck:
- a list by DateSent leaves out messages that were not sent yet, which have no such date (`lists_unsent_by_date` includes them);
- a parameter that is not known here is refused with 400, where Twilio would ignore it.
Not here: media, schedules, messaging services with senders of their own, price.
"""

from __future__ import annotations

import base64
import http.client
import itertools
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlencode
from uuid import uuid4

from .exchange import Refused, Reply, Request
from .server import Route, StandIn, utc_now
from .signature import Signing, signature
from .twilio_messages import API_BASE, SENT, Message, listed, matches, refusal
from .web import Answer

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "0" * 31 + "1"

# What a create may state; anything else is a mistake of the client, or missing here.
CREATE = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "SmartEncoded", "ProvideFeedback"}
LIST = {"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"}
E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass
class Account:
    """One customer of Twilio: who has the token may do everything, and who has the secret of an API key, by its sid, nearly so."""

    sid: str
    token: str
    status: str = "active"
    api_keys: dict[str, str] = field(default_factory=dict)


class FakeTwilio(StandIn):
    """Accounts and their messages. `messages` is in order of creation."""

    routes: ClassVar[list[Route]] = [
        ("POST", rf"{API_BASE}/(?P<account>[^/]+)/Messages\.json", "_create"),
        ("GET", rf"{API_BASE}/(?P<account>[^/]+)/Messages\.json", "_list"),
        ("GET", rf"{API_BASE}/(?P<account>[^/]+)/Messages/(?P<sid>[^/]+)\.json", "_read"),
        ("GET", rf"{API_BASE}/(?P<account>[^/.]+)\.json", "_account"),
    ]

    def __init__(self, account: str = ACCOUNT, token: str = TOKEN, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__(clock)
        self.accounts = {account: Account(account, token)}
        self.messages: list[Message] = []
        self.opted_out: set[tuple[str, str]] = set()
        self.lists_unsent_by_date = False
        # Statuses whose callbacks are posted before a create is answered, as happens when Twilio is quick.
        self.callbacks_before_reply: tuple[str, ...] = ()
        self._refusals: dict[str, tuple[int, int]] = {}
        self._inbound = itertools.count(1)

    # What tests do.

    def add_account(self, sid: str, token: str) -> Account:
        """Another customer of the same Twilio."""
        with self.lock:
            self.accounts[sid] = Account(sid, token)
            return self.accounts[sid]

    def refuse_to(self, number: str, code: int, status: int = 400) -> None:
        """From now on no message to this number is taken: 21211, 21610, ..."""
        with self.lock:
            self._refusals[number] = (code, status)

    def accept_to(self, number: str) -> None:
        with self.lock:
            self._refusals.pop(number, None)

    def sent_to(self, number: str) -> list[Message]:
        """The messages that were created for this number, in order."""
        with self.lock:
            return [message for message in self.messages if message.to == number]

    def message(self, sid: str) -> Message:
        with self.lock:
            return next(message for message in self.messages if message.sid == sid)

    def advance(
        self, sid: str, status: str, error_code: int | None = None, signing: Signing = Signing.RIGHT
    ) -> Answer | None:
        """The message has got this far, and its status callback is told; None where it has none."""
        with self.lock:
            message, now = self.message(sid), self.clock()
            message.status, message.error_code, message.date_updated = status, error_code, now
            if status in SENT:
                message.date_sent = message.date_sent or now
        return self.post_status(sid, status, error_code, signing)

    def post_status(
        self, sid: str, status: str, error_code: int | None = None, signing: Signing = Signing.RIGHT
    ) -> Answer | None:
        """The callback alone: late, again, or in the wrong order."""
        message = self.message(sid)
        if not message.status_callback:
            return None
        form = message.callback(status, error_code)
        return self.post(message.status_callback, form, message.account, signing)

    def inbound(
        self, url: str, from_: str, to: str, body: str, sid: str | None = None, opt_out_type: str | None = None,
        signing: Signing = Signing.RIGHT, account: str | None = None,
    ) -> Answer:
        """Somebody writes to a number whose webhook is `url`. `opt_out_type` STOP, START or HELP is what Twilio adds when it
        has acted on the word itself: after STOP a message back is refused with 21610, until START."""
        account = account or next(iter(self.accounts))
        sid = sid or f"SM{uuid4().hex}"
        form = {
            "AccountSid": account, "ApiVersion": "2010-04-01", "Body": body, "From": from_, "To": to, "MessageSid": sid,
            "SmsMessageSid": sid, "SmsSid": sid, "SmsStatus": "received", "NumMedia": "0", "NumSegments": "1",
        }
        if opt_out_type:
            form["OptOutType"] = opt_out_type
        with self.lock:
            if opt_out_type == "STOP":
                self.opted_out.add((to, from_))
            elif opt_out_type == "START":
                self.opted_out.discard((to, from_))
        return self.post(url, form, account, signing)

    def post(self, url: str, form: dict[str, str], account: str | None = None, signing: Signing = Signing.RIGHT) -> Answer:
        """Posts any form as Twilio would, signed or not. What stands behind # says how, and is neither sent nor signed."""
        url = url.partition("#")[0]
        token = self.accounts[account or next(iter(self.accounts))].token
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "TwilioProxy/1.1"}
        if signing is not Signing.MISSING:
            known = token if signing is Signing.RIGHT else token[::-1] + "forged"
            headers["X-Twilio-Signature"] = signature(known, url, form.items())
        return self.web.post(url, urlencode(form).encode(), headers)

    # What clients do.

    def admit(self, request: Request, groups: dict[str, str]) -> None:
        account = self.accounts.get(groups["account"])
        if account is None or _credentials(request) not in {(account.sid, account.token), *account.api_keys.items()}:
            raise refusal(401, 20003, "Authenticate")
        if account.status != "active":
            raise refusal(401, 20005, "Account not active")

    def not_found(self, request: Request) -> Reply:
        return refusal(404, 20404, f"The requested resource {request.path} was not found").reply

    def _create(self, request: Request, account: str) -> Reply:
        form = request.form
        _refuse_unknown(form.keys() - CREATE)
        self._check(form)
        now, service = self.clock(), form.get("MessagingServiceSid")
        message = Message(
            sid=f"SM{uuid4().hex}", account=account, to=form["To"], from_=form.get("From"), service=service,
            body=form["Body"], status_callback=form.get("StatusCallback"), status="accepted" if service else "queued",
            date_created=now, date_updated=now,
        )
        self.messages.append(message)
        return Reply.of_json(201, message.as_json(), before=lambda: self._post_early(message.sid))

    def _check(self, form: dict[str, str]) -> None:
        to, sender = form.get("To", ""), form.get("From") or form.get("MessagingServiceSid")
        if not to:
            raise refusal(400, 21604, "A 'To' phone number is required.")
        if not sender:
            raise refusal(400, 21603, "A 'From' phone number is required.")
        if not form.get("Body"):
            raise refusal(400, 21602, "Message body is required.")
        if len(form["Body"]) > 1600:
            raise refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if not E164.fullmatch(to):
            raise refusal(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if to in self._refusals:
            code, status = self._refusals[to]
            raise refusal(status, code, f"The message to {to} is refused with {code}.")
        if (sender, to) in self.opted_out:
            raise refusal(400, 21610, "Attempt to send to unsubscribed recipient")

    def _post_early(self, sid: str) -> None:
        for status in self.callbacks_before_reply:
            with suppress(OSError, http.client.HTTPException):  # Twilio does not care either
                self.advance(sid, status)

    def _list(self, request: Request, account: str) -> Reply:
        query = request.query
        _refuse_unknown(query.keys() - LIST)
        found = [
            message for message in reversed(self.messages)
            if message.account == account and matches(message, query, self.lists_unsent_by_date)
        ]
        return Reply.of_json(200, listed(found, account, query))

    def _read(self, request: Request, account: str, sid: str) -> Reply:
        for message in self.messages:
            if (message.account, message.sid) == (account, sid):
                return Reply.of_json(200, message.as_json())
        raise Refused(self.not_found(request))

    def _account(self, request: Request, account: str) -> Reply:
        known = self.accounts[account]
        return Reply.of_json(200, {
            "sid": known.sid, "friendly_name": "Test clinic", "status": known.status, "type": "Full",
            "owner_account_sid": known.sid, "uri": f"{API_BASE}/{known.sid}.json",
        })


def _credentials(request: Request) -> tuple[str, str] | None:
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user, password


def _refuse_unknown(names: set[str]) -> None:
    if names:
        raise refusal(400, 20001, f"Parameters that this stand-in does not know: {', '.join(sorted(names))}")
