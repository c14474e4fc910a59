"""Times as events have them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from .google_errors import refusal

Json = dict[str, Any]


def stated(at: date | datetime) -> Json:
    """What an event says of a time: an instant, or a day for one that lasts all day."""
    return {"dateTime": at.isoformat()} if isinstance(at, datetime) else {"date": at.isoformat()}


def shown(point: Json, zone: str) -> Json:
    """The same time as Google shows it, whatever zone it was stated in: with the offset of the calendar's zone."""
    if point.get("date"):
        return {"date": point["date"]}
    local = instant(point, zone).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    return {"dateTime": local.removesuffix("+00:00") + "Z" if local.endswith("+00:00") else local,
            "timeZone": point.get("timeZone") or zone}


def instant(point: Json, zone: str) -> datetime:
    """When it is; a day begins at midnight of the calendar."""
    try:
        if point.get("date"):
            return datetime.combine(date.fromisoformat(point["date"]), time(), ZoneInfo(zone))
        at = datetime.fromisoformat(point["dateTime"])
        return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(point["timeZone"]))
    except (KeyError, TypeError, ValueError):
        raise refusal(400, "invalid", f"Invalid value for: {point}") from None


def bound(name: str, text: str) -> datetime:
    """A parameter in RFC 3339, which must have an offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise refusal(400, "badRequest", "Bad Request", locationType="parameter", location=name)
    return at


def milliseconds(at: datetime) -> str:
    """As `updated` has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
