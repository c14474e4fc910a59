"""events.list: pages, and what has changed since the last list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from .exchange import Request
from .google_calendar import Calendar
from .google_errors import refusal
from .google_times import Json, bound, instant, milliseconds

KNOWN = {
    "singleEvents", "timeMin", "timeMax", "pageToken", "maxResults", "syncToken", "showDeleted", "orderBy", "updatedMin",
    "privateExtendedProperty",
}
# They change how an answer looks and not what is in it; here they change nothing.
COSMETIC = {"fields", "alt", "prettyPrint", "quotaUser", "timeZone", "maxAttendees"}
NOT_WITH_SYNC_TOKEN = {
    "iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin",
}
# A list in an order or of a selection is no start for a synchronization.
WITHOUT_SYNC_TOKEN = {"orderBy", "updatedMin", "privateExtendedProperty"}
EXPIRED = "Sync token is no longer valid, a full sync is required."


@dataclass
class SyncPoint:
    calendar: str
    change: int
    single_events: bool
    is_expired: bool = False


@dataclass
class Page:
    """The rest of a list, as it was when its first page was asked for."""

    calendar: str
    items: list[Json]
    sync_token: str | None


class Lists:
    """The tokens that were given out. Not locked: FakeGoogle holds its lock around every call."""

    def __init__(self) -> None:
        self._points: dict[str, SyncPoint] = {}
        self._pages: dict[str, Page] = {}

    def expire(self, calendar: str | None = None) -> None:
        for point in self._points.values():
            point.is_expired = point.is_expired or calendar in (None, point.calendar)

    def answer(self, calendar: Calendar, request: Request, role: str) -> Json:
        query = _query(request)
        page = self._page(calendar, query)
        size = _size(query)
        shown, rest = page.items[:size], page.items[size:]
        answer: Json = {
            "kind": "calendar#events", "etag": f'"p{calendar.last_change}"', "summary": calendar.id, "timeZone": calendar.zone,
            "updated": milliseconds(calendar.clock()), "accessRole": role, "defaultReminders": [], "items": shown,
        }
        if rest:
            token = uuid4().hex
            self._pages[token] = Page(page.calendar, rest, page.sync_token)
            answer["nextPageToken"] = token
        elif page.sync_token:
            answer["nextSyncToken"] = page.sync_token
        return answer

    def _page(self, calendar: Calendar, query: dict[str, list[str]]) -> Page:
        if "pageToken" in query:
            page = self._pages.get(query["pageToken"][0])
            if page is None or page.calendar != calendar.id:
                raise refusal(400, "invalid", "Invalid page token value.", locationType="parameter", location="pageToken")
            return page
        items = self._changes(calendar, query) if "syncToken" in query else _all(calendar, query)
        has_token = not query.keys() & WITHOUT_SYNC_TOKEN
        return Page(calendar.id, items, self._new_point(calendar, query) if has_token else None)

    def _new_point(self, calendar: Calendar, query: dict[str, list[str]]) -> str:
        token = f"CP{uuid4().hex}="
        self._points[token] = SyncPoint(calendar.id, calendar.last_change, _is(query, "singleEvents"))
        return token

    def _changes(self, calendar: Calendar, query: dict[str, list[str]]) -> list[Json]:
        """Everything that has changed since, wherever in time it is; what was deleted as a tombstone."""
        if clash := query.keys() & NOT_WITH_SYNC_TOKEN:
            raise refusal(400, "invalid", f"Sync token cannot be used with {', '.join(sorted(clash))}.")
        if "showDeleted" in query and not _is(query, "showDeleted"):
            raise refusal(400, "invalid", "Sync token cannot be used with showDeleted=false.")
        point = self._points.get(query["syncToken"][0])
        if point is None or point.is_expired or point.calendar != calendar.id:
            raise refusal(410, "fullSyncRequired", EXPIRED, "calendar", locationType="parameter", location="syncToken")
        if point.single_events != _is(query, "singleEvents"):
            raise refusal(400, "invalid", "The parameters are not those of the list that gave the sync token.")
        since = [(change, event_id) for event_id, change in calendar.changed.items() if change > point.change]
        return [_shown(calendar, event_id) for _, event_id in sorted(since)]


def _all(calendar: Calendar, query: dict[str, list[str]]) -> list[Json]:
    earliest, latest, updated = (
        bound(name, query[name][0]) if name in query else None for name in ("timeMin", "timeMax", "updatedMin")
    )
    private = [text.partition("=")[::2] for text in query.get("privateExtendedProperty", [])]

    def is_wanted(event: Json) -> bool:
        properties = event.get("extendedProperties", {}).get("private", {})
        return (
            (event["status"] != "cancelled" or _is(query, "showDeleted") or updated is not None)
            and (earliest is None or instant(event["end"], calendar.zone) > earliest)
            and (latest is None or instant(event["start"], calendar.zone) < latest)
            and (updated is None or datetime.fromisoformat(event["updated"]) >= updated)
            and all(properties.get(name) == value for name, value in private)
        )

    found = [event for event in calendar.events.values() if is_wanted(event)]
    order = query.get("orderBy", [None])[0]
    if order == "startTime":
        if not _is(query, "singleEvents"):
            raise refusal(400, "badRequest", "The requested ordering is not available for the particular query.", "calendar")
        found.sort(key=lambda event: instant(event["start"], calendar.zone))
    elif order == "updated":
        found.sort(key=lambda event: calendar.changed[event["id"]])
    return [_shown(calendar, event["id"]) for event in found]


def _shown(calendar: Calendar, event_id: str) -> Json:
    event = calendar.get(event_id)
    return calendar.tombstone(event_id) if event["status"] == "cancelled" else event


def _query(request: Request) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(urlsplit(request.target).query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    if unknown := query.keys() - KNOWN - COSMETIC - NOT_WITH_SYNC_TOKEN:
        raise refusal(400, "invalidParameter", f"Parameters that this stand-in does not know: {', '.join(sorted(unknown))}")
    return query


def _is(query: dict[str, list[str]], name: str) -> bool:
    return query.get(name) == ["true"]


def _size(query: dict[str, list[str]]) -> int:
    text = query.get("maxResults", ["250"])[0]
    if not text.isdecimal() or int(text) < 1:
        raise refusal(400, "invalidParameter", f"Invalid value '{text}'.", locationType="parameter", location="maxResults")
    return min(int(text), 2500)
