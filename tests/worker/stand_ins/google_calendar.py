"""One calendar and its events: what is written, what changed since, what was deleted and stays as a tombstone."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import uuid4

from .google_errors import refusal
from .google_times import Json, instant, milliseconds, shown

ID = re.compile(r"[a-v0-9]{5,1024}")
# Google's own; a client that states them is not heard.
READ_ONLY = {"kind", "etag", "id", "created", "updated", "htmlLink", "iCalUID", "creator", "organizer", "sequence"}


class Calendar:
    """Events are the JSON documents that Google shows. Not locked: FakeGoogle holds its lock around every call."""

    def __init__(self, id: str, zone: str, clock: Callable[[], datetime], changes: Iterator[int] | None = None) -> None:
        self.id, self.zone, self.clock = id, zone, clock
        self._changes = changes or itertools.count(1)
        self.last_change = 0
        self.events: dict[str, Json] = {}
        self.changed: dict[str, int] = {}

    def insert(self, stated: Json) -> Json:
        event_id = stated.get("id") or uuid4().hex
        if not ID.fullmatch(event_id):
            raise refusal(400, "invalid", "Invalid resource id value.")
        if event_id in self.events:
            raise refusal(409, "duplicate", "The requested identifier already exists.")
        event = {
            "kind": "calendar#event", "id": event_id, "status": "confirmed", "created": milliseconds(self.clock()),
            "htmlLink": f"https://www.google.com/calendar/event?eid={event_id}", "iCalUID": f"{event_id}@google.com",
            "creator": {"email": self.id, "self": True}, "organizer": {"email": self.id, "self": True}, "sequence": 0,
            "reminders": {"useDefault": True}, "eventType": "default",
        } | _writable(stated)
        return self._write(event)

    def get(self, event_id: str) -> Json:
        """Tombstones can be seen: their status is cancelled."""
        if event_id not in self.events:
            raise refusal(404, "notFound", "Not Found")
        return copy.deepcopy(self.events[event_id])

    def patch(self, event_id: str, stated: Json, if_match: str | None = None) -> Json:
        """A cancelled event stays so, unless `status` says confirmed."""
        event = self._matching(event_id, if_match)
        patched = _merged(event, _writable(stated))
        if (patched.get("start"), patched.get("end")) != (event.get("start"), event.get("end")):
            patched["sequence"] += 1
        return self._write(patched)

    def delete(self, event_id: str, if_match: str | None = None) -> None:
        event = self._matching(event_id, if_match)
        if event["status"] == "cancelled":
            raise refusal(410, "deleted", "Resource has been deleted")
        self._write(event | {"status": "cancelled"})

    def tombstone(self, event_id: str) -> Json:
        """All that a list is bound to say of a deleted event."""
        event = self.events[event_id]
        return {name: event[name] for name in ("kind", "etag", "id", "status")}

    def _matching(self, event_id: str, if_match: str | None) -> Json:
        event = self.get(event_id)
        if if_match not in (None, "*", event["etag"]):
            raise refusal(412, "conditionNotMet", "Precondition Failed", locationType="header", location="If-Match")
        return event

    def _write(self, event: Json) -> Json:
        event = event | self._times(event)
        self.last_change = next(self._changes)
        event |= {"etag": f'"{3_500_000_000_000_000 + 2 * self.last_change}"', "updated": milliseconds(self.clock())}
        self.events[event["id"]], self.changed[event["id"]] = event, self.last_change
        return copy.deepcopy(event)

    def _times(self, event: Json) -> Json:
        for name in ("start", "end"):
            if not event.get(name):
                raise refusal(400, "required", f"Missing {name} time.")
        start, end = event["start"], event["end"]
        if bool(start.get("date")) != bool(end.get("date")):
            raise refusal(400, "invalid", "Invalid start time.")
        if instant(end, self.zone) < instant(start, self.zone):
            raise refusal(400, "timeRangeEmpty", "The specified time range is empty.", "calendar")
        return {"start": shown(start, self.zone), "end": shown(end, self.zone)}


def _writable(stated: Json) -> Json:
    return {name: copy.deepcopy(value) for name, value in stated.items() if name not in READ_ONLY}


def _merged(old: Json, new: Json) -> Json:
    """Patch: objects are merged, everything else is replaced, and null removes."""
    merged = dict(old)
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(old.get(name), dict):
            merged[name] = _merged(old[name], value)
        else:
            merged[name] = value
    return merged
