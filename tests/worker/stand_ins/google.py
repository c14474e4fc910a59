"""Google's OAuth and Calendar API as an application with consent sees them.

Served at `url`: /authorize (also /o/oauth2/v2/auth), /token, /revoke and /calendar/v3/...
Stricter than Google where its documentation leaves a choice, so that a client cannot rely on luck:
- a list shows of a deleted event its id and status only; events.get shows all of it;
- a parameter of events.list that is not known here is refused with 400, where Google would ignore it;
- with another singleEvents than the list that gave it, a sync token is refused with 400.
Not here: recurring events, attendees' answers, events.update, quick adds, conditional reads.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import ClassVar

from .exchange import Reply, Request
from .google_calendar import Calendar
from .google_channels import Channel, Channels
from .google_errors import refusal
from .google_lists import Lists
from .google_oauth import CLIENT_ID, CLIENT_SECRET, OAuth
from .google_times import Json, bound, instant, milliseconds, stated
from .server import Route, StandIn, utc_now
from .web import Answer

USER = "clinic@example.com"
_AUTH = "https://www.googleapis.com/auth/"
EVENTS, READONLY, ALL = f"{_AUTH}calendar.events", f"{_AUTH}calendar.readonly", f"{_AUTH}calendar"

# Which scopes each kind of call takes, one of them.
WRITE_EVENTS = {ALL, EVENTS}
READ_EVENTS = {ALL, EVENTS, READONLY, f"{_AUTH}calendar.events.readonly"}
READ_CALENDARS = {ALL, READONLY, f"{_AUTH}calendar.calendars", f"{_AUTH}calendar.calendars.readonly"}
READ_LIST = {ALL, READONLY, f"{_AUTH}calendar.calendarlist", f"{_AUTH}calendar.calendarlist.readonly"}
READ_BUSY = {ALL, READONLY, f"{_AUTH}calendar.freebusy"}

_V3 = "/calendar/v3"
_EVENTS = rf"{_V3}/calendars/(?P<calendar>[^/]+)/events"
_EVENT = rf"{_EVENTS}/(?P<event>[^/]+)"


class FakeGoogle(StandIn):
    """One client of OAuth, users, and calendars that they may read or write."""

    routes: ClassVar[list[Route]] = [
        ("GET", "/authorize", "_authorize"),
        ("GET", "/o/oauth2/v2/auth", "_authorize"),
        ("POST", "/token", "_token"),
        ("POST", "/revoke", "_revoke"),
        ("POST", _EVENTS, "_insert"),
        ("GET", _EVENTS, "_list"),
        ("POST", rf"{_EVENTS}/watch", "_watch"),
        ("GET", _EVENT, "_get"),
        ("PATCH", _EVENT, "_patch"),
        ("DELETE", _EVENT, "_delete"),
        ("POST", rf"{_V3}/channels/stop", "_stop"),
        ("POST", rf"{_V3}/freeBusy", "_free_busy"),
        ("GET", rf"{_V3}/calendars/(?P<calendar>[^/]+)", "_calendar"),
        ("GET", rf"{_V3}/users/me/calendarList", "_calendar_list"),
        ("GET", rf"{_V3}/users/me/calendarList/(?P<calendar>[^/]+)", "_calendar_entry"),
    ]

    def __init__(
        self, client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET, user: str = USER, zone: str = "UTC",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(clock)
        self.oauth = OAuth(clock, client_id, client_secret)
        self.channels = Channels(clock)
        self.user = user  # who sits at the browser
        self.calendars: dict[str, Calendar] = {}
        self.roles: dict[tuple[str, str], str] = {}
        # Calendars that freeBusy cannot look into, and the reason that it states.
        self.busy_errors: dict[str, str] = {}
        self._lists = Lists()
        self._changes = itertools.count(1)
        self.add_calendar(user, user, zone)

    # What tests set up and look at.

    def add_calendar(self, user: str, calendar: str, zone: str = "UTC", role: str = "owner") -> Calendar:
        """`role` is owner, writer or reader. A user's primary calendar has the user's address as its id. A calendar that is
        there already is shared with the user."""
        with self.lock:
            self.roles[user, calendar] = role
            return self.calendars.setdefault(calendar, Calendar(calendar, zone, self.clock, self._changes))

    def grant(self, user: str | None = None, scopes: set[str] | None = None) -> str:
        """A refresh token, as if the user had consented earlier."""
        with self.lock:
            return self.oauth.grant(user or self.user, scopes or {EVENTS, READONLY}).refresh_token

    def access_token(self, user: str | None = None, scopes: set[str] | None = None) -> str:
        with self.lock:
            return self.oauth.new_access_token(self.oauth.grant(user or self.user, scopes or {EVENTS, READONLY}))

    @property
    def token_requests(self) -> Counter[str]:
        """How often /token was asked, by grant_type."""
        with self.lock:
            return Counter(self.oauth.requests)

    def expire_access_tokens(self) -> None:
        """Those given out so far; refresh tokens stay good."""
        with self.lock:
            self.oauth.expire_access_tokens()

    def expire_sync_tokens(self, calendar: str | None = None) -> None:
        """Those given out so far: the next list with one of them gets 410 fullSyncRequired."""
        with self.lock:
            self._lists.expire(calendar)

    def user_revokes(self, user: str | None = None) -> None:
        """The user takes consent back, on a page of Google's own."""
        with self.lock:
            self.oauth.revoke_all(user or self.user)

    def event(self, calendar: str, event_id: str) -> Json:
        """A copy of the event, or of its tombstone."""
        with self.lock:
            return self.calendars[calendar].get(event_id)

    def events(self, calendar: str | None = None) -> list[Json]:
        """Copies of those that are not deleted, in order of creation."""
        with self.lock:
            shown = self.calendars[calendar or self.user]
            return [shown.get(event_id) for event_id, event in shown.events.items() if event["status"] != "cancelled"]

    # What somebody does in Google's own page.

    def staff_adds(
        self, calendar: str, start: date | datetime, end: date | datetime, summary: str = "Lunch", **fields: object
    ) -> str:
        """The id of the new event. Datetimes have a zone; days are for an event that lasts all day, its end excluded."""
        with self.lock:
            event = {"summary": summary, "start": stated(start), "end": stated(end)} | fields
            return self.calendars[calendar].insert(event)["id"]

    def staff_moves(self, calendar: str, event_id: str, start: date | datetime, end: date | datetime) -> Json:
        # From a day to an instant and back: what it was is taken away.
        empty = {"date": None, "dateTime": None}
        return self.staff_edits(calendar, event_id, start=empty | stated(start), end=empty | stated(end))

    def staff_edits(self, calendar: str, event_id: str, **fields: object) -> Json:
        with self.lock:
            return self.calendars[calendar].patch(event_id, fields)

    def staff_deletes(self, calendar: str, event_id: str) -> None:
        with self.lock:
            self.calendars[calendar].delete(event_id)

    def notify(self, channel: str | Channel, state: str = "exists", **headers: str | None) -> Answer:
        """Posts a notification: sync, exists or not_exists. `headers` replace those of the same name, with _ for -: a token
        that is forged, or None for none."""
        with self.lock:
            known = self.channels.all[channel] if isinstance(channel, str) else channel
            given = known.notification(state)
        changed = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if name.lower() not in changed}
        sent |= {name: value for name, value in changed.items() if value is not None}
        return self.web.post(known.address, b"", sent)

    # What clients do.

    def not_found(self, request: Request) -> Reply:
        return refusal(404, "notFound", "Not Found").reply

    def _authorize(self, request: Request) -> Reply:
        return self.oauth.authorize(request, request.query.get("login_hint") or self.user)

    def _token(self, request: Request) -> Reply:
        return self.oauth.token(request)

    def _revoke(self, request: Request) -> Reply:
        return self.oauth.revoke(request)

    def _insert(self, request: Request, calendar: str) -> Reply:
        known, _ = self._open(request, calendar, WRITE_EVENTS, writes=True)
        return _shown(known.insert(_document(request)))

    def _get(self, request: Request, calendar: str, event: str) -> Reply:
        known, _ = self._open(request, calendar, READ_EVENTS)
        return _shown(known.get(event))

    def _patch(self, request: Request, calendar: str, event: str) -> Reply:
        known, _ = self._open(request, calendar, WRITE_EVENTS, writes=True)
        return _shown(known.patch(event, _document(request), request.headers.get("if-match")))

    def _delete(self, request: Request, calendar: str, event: str) -> Reply:
        known, _ = self._open(request, calendar, WRITE_EVENTS, writes=True)
        known.delete(event, request.headers.get("if-match"))
        return Reply(204)

    def _list(self, request: Request, calendar: str) -> Reply:
        known, role = self._open(request, calendar, READ_EVENTS)
        return Reply.of_json(200, self._lists.answer(known, request, role))

    def _watch(self, request: Request, calendar: str) -> Reply:
        known, _ = self._open(request, calendar, READ_EVENTS)
        return Reply.of_json(200, self.channels.watch(known.id, _document(request)).as_json())

    def _stop(self, request: Request) -> Reply:
        self.oauth.admit(request, READ_EVENTS | READ_LIST)
        self.channels.stop(_document(request))
        return Reply(204)

    def _calendar(self, request: Request, calendar: str) -> Reply:
        known, _ = self._open(request, calendar, READ_CALENDARS)
        return Reply.of_json(200, _calendar_json(known))

    def _calendar_list(self, request: Request) -> Reply:
        user = self.oauth.admit(request, READ_LIST)
        items = [self._entry(user, calendar) for owner, calendar in self.roles if owner == user]
        return Reply.of_json(200, {"kind": "calendar#calendarList", "etag": '"p1"', "nextSyncToken": "CL", "items": items})

    def _calendar_entry(self, request: Request, calendar: str) -> Reply:
        known, _ = self._open(request, calendar, READ_LIST)
        return Reply.of_json(200, self._entry(self.oauth.admit(request, READ_LIST), known.id))

    def _free_busy(self, request: Request) -> Reply:
        user, asked = self.oauth.admit(request, READ_BUSY), _document(request)
        start, end = bound("timeMin", asked.get("timeMin", "")), bound("timeMax", asked.get("timeMax", ""))
        ids = [str(item.get("id")) for item in asked.get("items", [])]
        if len(ids) > 50:
            raise refusal(400, "tooManyCalendarsRequested", "The number of calendars requested is too large.", "calendar")
        calendars = {name: self._busy(user, name, start, end) for name in ids}
        times = {"timeMin": milliseconds(start), "timeMax": milliseconds(end)}
        return Reply.of_json(200, {"kind": "calendar#freeBusy", **times, "calendars": calendars})

    def _busy(self, user: str, name: str, start: datetime, end: datetime) -> Json:
        calendar = user if name == "primary" else name
        reason = self.busy_errors.get(calendar, "" if (user, calendar) in self.roles else "notFound")
        if reason:
            return {"errors": [{"domain": "global", "reason": reason}], "busy": []}
        known = self.calendars[calendar]
        busy = sorted(
            (max(instant(event["start"], known.zone), start), min(instant(event["end"], known.zone), end))
            for event in known.events.values()
            if event["status"] != "cancelled" and event.get("transparency") != "transparent"
        )
        return {"busy": [{"start": milliseconds(a), "end": milliseconds(b)} for a, b in busy if a < b]}

    def _open(self, request: Request, calendar: str, scopes: set[str], writes: bool = False) -> tuple[Calendar, str]:
        """The calendar, and the role in which this user may use it."""
        user = self.oauth.admit(request, scopes)
        known = user if calendar == "primary" else calendar
        role = self.roles.get((user, known))
        if role is None:
            raise refusal(404, "notFound", "Not Found")
        if writes and role == "reader":
            raise refusal(403, "requiredAccessLevel", "You need to have writer access to this calendar.", "calendar")
        return self.calendars[known], role

    def _entry(self, user: str, calendar: str) -> Json:
        role = {"accessRole": self.roles[user, calendar], "selected": True}
        is_primary = {"primary": True} if calendar == user else {}
        return _calendar_json(self.calendars[calendar]) | {"kind": "calendar#calendarListEntry"} | role | is_primary


def _calendar_json(calendar: Calendar) -> Json:
    return {
        "kind": "calendar#calendar", "etag": '"cal1"', "id": calendar.id, "summary": calendar.id, "timeZone": calendar.zone,
    }


def _document(request: Request) -> Json:
    try:
        document = request.json
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise refusal(400, "parseError", "Parse Error")
    return document


def _shown(event: Json) -> Reply:
    return Reply.of_json(200, event, {"ETag": event["etag"]})
