"""Notification channels: events.watch, channels.stop, and what Google posts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5

from .google_errors import refusal
from .google_times import Json

ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
LIFE = timedelta(days=7)


@dataclass
class Channel:
    """Where changes of one calendar are told. `token` is what the client wants to hear again."""

    id: str
    calendar: str
    address: str
    token: str | None
    expires_at: datetime
    is_stopped: bool = False
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    @property
    def resource_id(self) -> str:
        """The same for every channel of a calendar."""
        return uuid5(NAMESPACE_URL, self.calendar).hex

    @property
    def resource_uri(self) -> str:
        return f"https://www.googleapis.com/calendar/v3/calendars/{self.calendar}/events?alt=json"

    def as_json(self) -> Json:
        document = {
            "kind": "api#channel", "id": self.id, "resourceId": self.resource_id, "resourceUri": self.resource_uri,
            "expiration": str(int(self.expires_at.timestamp() * 1000)),
        }
        return document | ({"token": self.token} if self.token else {})

    def notification(self, state: str) -> dict[str, str]:
        """The headers of the next notification; it has no body."""
        headers = {
            "X-Goog-Channel-ID": self.id, "X-Goog-Channel-Expiration": format_datetime(self.expires_at, usegmt=True),
            "X-Goog-Resource-ID": self.resource_id, "X-Goog-Resource-URI": self.resource_uri, "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(next(self.numbers)), "User-Agent": "APIs-Google",
        }
        return headers | ({"X-Goog-Channel-Token": self.token} if self.token else {})


class Channels:
    """Every channel that was ever opened. Not locked: FakeGoogle holds its lock around every call."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.all: dict[str, Channel] = {}

    def live(self) -> list[Channel]:
        return [channel for channel in self.all.values() if not channel.is_stopped and self._clock() < channel.expires_at]

    def watch(self, calendar: str, stated: Json) -> Channel:
        channel_id, address = str(stated.get("id", "")), str(stated.get("address", ""))
        if not ID.fullmatch(channel_id):
            raise refusal(400, "required", "entity.id", locationType="parameter", location="entity.id")
        if stated.get("type") not in ("web_hook", "webhook"):
            raise refusal(400, "push.channelTypeUnknown", f"Unknown channel type: {stated.get('type')}")
        if not address.startswith("https://"):
            raise refusal(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
        if channel_id in self.all:
            raise refusal(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        channel = Channel(channel_id, calendar, address, stated.get("token"), self._expiry(stated))
        self.all[channel_id] = channel
        return channel

    def stop(self, stated: Json) -> None:
        channel = self.all.get(stated.get("id", ""))
        if channel is None or channel not in self.live() or channel.resource_id != stated.get("resourceId"):
            raise refusal(404, "notFound", f"Channel '{stated.get('id')}' not found for project")
        channel.is_stopped = True

    def _expiry(self, stated: Json) -> datetime:
        """A client may ask for less than Google gives, in milliseconds since 1970."""
        longest = self._clock() + LIFE
        try:
            wanted = datetime.fromtimestamp(int(stated["expiration"]) / 1000, UTC) if stated.get("expiration") else longest
        except (ValueError, OverflowError):
            raise refusal(400, "invalid", "Invalid value for expiration") from None
        return min(wanted, longest)
