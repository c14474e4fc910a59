"""A message at Twilio, as its API shows it, lists it and refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from .exchange import Refused, Reply

API_BASE = "/2010-04-01/Accounts"
# Statuses that a message only has once it has been sent.
SENT = {"sent", "delivered", "undelivered", "read"}


@dataclass
class Message:
    """`from_` is None for one of a messaging service, which chooses the sender."""

    sid: str
    account: str
    to: str
    from_: str | None
    service: str | None
    body: str
    status_callback: str | None
    status: str
    date_created: datetime
    date_updated: datetime
    date_sent: datetime | None = None
    error_code: int | None = None

    @property
    def when(self) -> datetime:
        """When it was created."""
        return self.date_created

    def as_json(self) -> dict[str, object]:
        return {
            "account_sid": self.account, "api_version": "2010-04-01", "body": self.body,
            "date_created": _rfc2822(self.date_created), "date_sent": _rfc2822(self.date_sent),
            "date_updated": _rfc2822(self.date_updated), "direction": "outbound-api", "error_code": self.error_code,
            "error_message": None, "from": self.from_, "messaging_service_sid": self.service,
            "num_media": "0", "num_segments": "0" if self.service else "1", "price": None, "price_unit": "USD", "sid": self.sid,
            "status": self.status, "subresource_uris": {"media": f"{API_BASE}/{self.account}/Messages/{self.sid}/Media.json"},
            "to": self.to, "uri": f"{API_BASE}/{self.account}/Messages/{self.sid}.json",
        }

    def callback(self, status: str, error_code: int | None) -> dict[str, str]:
        """The form of a status callback."""
        form = {
            "AccountSid": self.account, "ApiVersion": "2010-04-01", "To": self.to, "MessageSid": self.sid, "SmsSid": self.sid,
            "MessageStatus": status, "SmsStatus": status,
        }
        if self.from_:
            form["From"] = self.from_
        if self.service:
            form["MessagingServiceSid"] = self.service
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return form


def refusal(status: int, code: int, message: str) -> Refused:
    """An error as Twilio writes it."""
    document = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return Refused(Reply.of_json(status, document))


def matches(message: Message, query: dict[str, str], lists_unsent_by_date: bool) -> bool:
    """Whether a list with this query shows the message. Dates are days of UTC, both ends included, or instants."""
    if query.get("To", message.to) != message.to or query.get("From", message.from_) != message.from_:
        return False
    bounds = [(name, query[name]) for name in ("DateSent", "DateSent<", "DateSent>") if query.get(name)]
    if bounds and message.date_sent is None and not lists_unsent_by_date:
        return False
    return all(_is_within(message.date_sent or message.date_created, name, bound) for name, bound in bounds)


def listed(found: list[Message], account: str, query: dict[str, str]) -> dict[str, object]:
    """One page of a list: from the message after the one that PageToken names, as many as PageSize says."""
    size = min(max(_number(query, "PageSize", 50), 1), 1000)
    page, token = _number(query, "Page", 0), query.get("PageToken")
    start = 0
    if token:
        last = [number for number, message in enumerate(found) if f"PA{message.sid}" == token]
        if not last:
            raise refusal(400, 20006, "Page token is not one of this list.")
        start = last[0] + 1
    shown = found[start : start + size]

    def uri(**where: object) -> str:
        kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken")}
        return f"{API_BASE}/{account}/Messages.json?{urlencode(kept | {'PageSize': size} | where)}"

    has_more = start + size < len(found)
    return {
        "messages": [message.as_json() for message in shown], "page": page, "page_size": size, "start": start,
        "end": start + max(len(shown) - 1, 0), "uri": uri(Page=page), "first_page_uri": uri(Page=0), "previous_page_uri": None,
        "next_page_uri": uri(Page=page + 1, PageToken=f"PA{shown[-1].sid}") if has_more else None,
    }


def _number(query: dict[str, str], name: str, usual: int) -> int:
    text = query.get(name) or str(usual)
    if not text.isdecimal():
        raise refusal(400, 20001, f"{name} is no number: {text}")
    return int(text)


def _is_within(sent: datetime, name: str, bound: str) -> bool:
    try:
        if len(bound) == len("2026-01-31"):
            at, limit = sent.astimezone(UTC).date(), date.fromisoformat(bound)
        else:
            at, limit = sent, datetime.fromisoformat(bound)
            if limit.tzinfo is None:
                limit = limit.replace(tzinfo=UTC)
    except ValueError:
        raise refusal(400, 20001, f"{name} is no date: {bound}") from None
    return {"DateSent": at == limit, "DateSent<": at <= limit, "DateSent>": at >= limit}[name]


def _rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at.astimezone(UTC)) if at else None
