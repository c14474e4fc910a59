"""FakeGoogle keeps calendars as its documentation says of Google."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from client import Client, Response
from stand_ins.faults import reset_after
from stand_ins.google import EVENTS, READONLY, USER, FakeGoogle
from stand_ins.google_errors import rate_limited
from stand_ins.listener import Listener
from stand_ins.server import Clock

V3 = "/calendar/v3"
PRIMARY = f"{V3}/calendars/primary/events"
ID = "0123456789abcdef0123456789abcdef0"
NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC))


@pytest.fixture
def google(clock: Clock) -> Iterator[FakeGoogle]:
    with FakeGoogle(clock=clock) as google:
        yield google


@pytest.fixture
def client(google: FakeGoogle) -> Iterator[Client]:
    with Client(google.url, {"Authorization": f"Bearer {google.access_token()}"}) as client:
        yield client


def event(**changes: Any) -> dict[str, Any]:
    times = {"start": {"dateTime": NOON.isoformat()}, "end": {"dateTime": (NOON + HOUR).isoformat()}}
    return {"id": ID, "summary": "Checkup"} | times | changes


def insert(client: Client, **changes: Any) -> Response:
    return client.send("POST", PRIMARY, document=event(**changes))


def patch(client: Client, changes: dict[str, Any], **headers: str) -> Response:
    return client.send("PATCH", f"{PRIMARY}/{ID}", document=changes, headers=headers)


def delete(client: Client, event_id: str = ID, **headers: str) -> Response:
    return client.send("DELETE", f"{PRIMARY}/{event_id}", headers=headers)


def listed(client: Client, **query: Any) -> Response:
    return client.get(f"{PRIMARY}?{urlencode({'singleEvents': 'true'} | query)}")


def ids(response: Response) -> list[str]:
    assert response.status == 200, response.body
    return [item["id"] for item in response.json["items"]]


def refusal(response: Response) -> tuple[int, str]:
    error = response.json["error"]
    assert error["code"] == response.status
    return response.status, error["errors"][0]["reason"]


def test_an_inserted_event_is_shown_as_google_keeps_it(google: FakeGoogle, client: Client):
    private = {"private": {"appointment": "7"}}
    inserted = insert(client, extendedProperties=private)
    assert inserted.status == 200
    shown = inserted.json
    assert (shown["id"], shown["status"], shown["summary"]) == (ID, "confirmed", "Checkup")
    assert shown["extendedProperties"] == private
    assert shown["updated"] == "2026-03-01T08:00:00.123Z"
    assert inserted.headers["etag"] == shown["etag"]
    assert client.get(f"{PRIMARY}/{ID}").json == shown == google.event(USER, ID)
    assert google.events() == [shown]


def test_an_event_without_an_id_gets_one(client: Client):
    first, second = insert(client, id=None).json["id"], insert(client, id=None).json["id"]
    assert first != second


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "Upper-Case"}, "invalid"), ({"id": "abcd"}, "invalid"), ({"id": "wxyz0"}, "invalid"),
        ({"end": {"dateTime": "2026-03-20T11:00:00Z"}}, "timeRangeEmpty"), ({"end": {"date": "2026-03-21"}}, "invalid"),
        ({"end": None}, "required"),
        ({"start": {"dateTime": "2026-03-20T11:00:00"}}, "invalid"),
    ],
)
def test_a_wrong_event_is_refused(google: FakeGoogle, client: Client, changes: dict[str, Any], reason: str):
    assert refusal(insert(client, **changes)) == (400, reason)
    assert google.events() == []


def test_what_is_no_json_is_refused(client: Client):
    assert refusal(client.send("POST", PRIMARY, form={"id": ID})) == (400, "parseError")


def test_times_are_shown_in_the_zone_of_the_calendar(google: FakeGoogle, client: Client):
    google.add_calendar(USER, "room@group.calendar.google.com", "America/New_York")
    events = f"{V3}/calendars/{quote('room@group.calendar.google.com', safe='')}/events"
    shown = client.send("POST", events, document=event()).json
    assert shown["start"] == {"dateTime": "2026-03-20T08:00:00-04:00", "timeZone": "America/New_York"}
    local = event(id="local", start={"dateTime": "2026-03-20T12:00:00", "timeZone": "Europe/Berlin"})
    shown = client.send("POST", events, document=local).json
    assert shown["start"] == {"dateTime": "2026-03-20T07:00:00-04:00", "timeZone": "Europe/Berlin"}


def test_an_id_is_taken_by_an_event_and_by_its_tombstone(client: Client):
    assert insert(client).status == 200
    assert refusal(insert(client)) == (409, "duplicate")
    assert delete(client).status == 204
    assert refusal(insert(client)) == (409, "duplicate")
    tombstone = client.get(f"{PRIMARY}/{ID}")
    assert (tombstone.status, tombstone.json["status"], tombstone.json["summary"]) == (200, "cancelled", "Checkup")
    assert refusal(delete(client)) == (410, "deleted")


def test_an_unknown_event_is_not_found(client: Client):
    for answer in (client.get(f"{PRIMARY}/{ID}"), patch(client, {}), delete(client)):
        assert refusal(answer) == (404, "notFound")


def test_a_patch_merges_and_every_write_has_a_new_etag(client: Client, clock: Clock):
    first = insert(client, extendedProperties={"private": {"a": "1", "b": "2"}}, location="Room 1").json
    clock.now += timedelta(milliseconds=1)
    changes = {"summary": "Moved", "location": None, "extendedProperties": {"private": {"b": "3"}}, "id": "other", "etag": "x"}
    second = patch(client, changes).json
    assert (second["id"], second["summary"], second["start"], "location" in second) == (ID, "Moved", first["start"], False)
    assert second["extendedProperties"] == {"private": {"a": "1", "b": "3"}}
    assert second["etag"] != first["etag"]
    assert second["updated"] == "2026-03-01T08:00:00.124Z"
    # Even if nothing is changed, or no time has passed.
    assert patch(client, {}).json["etag"] not in (first["etag"], second["etag"])


def test_a_write_with_an_old_etag_is_refused(client: Client):
    old = insert(client).json["etag"]
    new = patch(client, {"summary": "Theirs"}, **{"If-Match": old}).json["etag"]
    assert refusal(patch(client, {"summary": "Ours"}, **{"If-Match": old})) == (412, "conditionNotMet")
    assert refusal(delete(client, **{"If-Match": old})) == (412, "conditionNotMet")
    assert patch(client, {"summary": "Ours"}, **{"If-Match": "*"}).json["etag"] != new
    assert delete(client).status == 204


def test_a_list_has_what_overlaps_the_times(google: FakeGoogle, client: Client):
    first, second, third = (google.staff_adds(USER, NOON + n * HOUR, NOON + (n + 1) * HOUR) for n in range(3))
    assert ids(listed(client)) == [first, second, third]
    # timeMin bounds the ends and timeMax the starts, both exclusively.
    within = {"timeMin": (NOON + HOUR).isoformat(), "timeMax": (NOON + 2 * HOUR).isoformat()}
    assert ids(listed(client, **within)) == [second]
    assert refusal(listed(client, timeMin="2026-03-20T12:00:00")) == (400, "badRequest")
    assert refusal(listed(client, tiemMin="x")) == (400, "invalidParameter")


def test_a_day_of_a_calendar_begins_at_its_own_midnight(google: FakeGoogle, client: Client):
    calendar = google.calendars[USER]
    calendar.zone = "America/New_York"
    closed = google.staff_adds(USER, date(2026, 3, 20), date(2026, 3, 21), "Closed")
    assert google.event(USER, closed)["start"] == {"date": "2026-03-20"}
    assert ids(listed(client, timeMax="2026-03-20T04:00:00Z")) == []
    assert ids(listed(client, timeMin="2026-03-21T03:59:00Z")) == [closed]


def test_a_list_in_order_or_of_a_selection_gives_no_sync_token(google: FakeGoogle, client: Client):
    late = google.staff_adds(USER, NOON + HOUR, NOON + 2 * HOUR, extendedProperties={"private": {"a": "1"}})
    early = google.staff_adds(USER, NOON, NOON + HOUR)
    ordered = listed(client, orderBy="startTime")
    assert ids(ordered) == [early, late]
    assert "nextSyncToken" not in ordered.json
    assert ids(listed(client, privateExtendedProperty="a=1")) == [late]
    assert refusal(listed(client, orderBy="startTime", singleEvents="false")) == (400, "badRequest")


def test_a_list_comes_in_pages_and_the_last_has_the_sync_token(google: FakeGoogle, client: Client):
    added = [google.staff_adds(USER, NOON, NOON + HOUR) for _ in range(5)]
    first = listed(client, maxResults=2)
    # What happens between two pages is a change since the first.
    between = google.staff_adds(USER, NOON, NOON + HOUR)
    second = listed(client, maxResults=2, pageToken=first.json["nextPageToken"])
    third = listed(client, maxResults=2, pageToken=second.json["nextPageToken"])
    assert ids(first) + ids(second) + ids(third) == added
    assert ["nextSyncToken" in page.json for page in (first, second, third)] == [False, False, True]
    assert ids(listed(client, syncToken=third.json["nextSyncToken"])) == [between]
    assert ids(listed(client, maxResults=2, pageToken=first.json["nextPageToken"])) == ids(second)
    assert refusal(listed(client, pageToken="unknown")) == (400, "invalid")


def test_a_sync_token_gives_everything_that_changed_since(google: FakeGoogle, client: Client):
    kept, moved, deleted = (google.staff_adds(USER, NOON, NOON + HOUR) for _ in range(3))
    start = listed(client, timeMin=NOON.isoformat()).json["nextSyncToken"]
    google.staff_moves(USER, moved, NOON - 48 * HOUR, NOON - 47 * HOUR)
    google.staff_deletes(USER, deleted)
    added = google.staff_adds(USER, date(2026, 3, 22), date(2026, 3, 23))
    changes = listed(client, syncToken=start)
    assert ids(changes) == [moved, deleted, added]
    assert kept not in ids(changes)
    by_id = {item["id"]: item for item in changes.json["items"]}
    assert by_id[moved]["start"]["dateTime"] == "2026-03-18T12:00:00Z"
    assert (by_id[deleted]["status"], "start" in by_id[deleted]) == ("cancelled", False)
    following = changes.json["nextSyncToken"]
    assert ids(listed(client, syncToken=following)) == []
    # The older token is good still, and gives the same.
    assert ids(listed(client, syncToken=start)) == [moved, deleted, added]


def test_staff_can_turn_an_event_into_one_of_all_day_and_back(google: FakeGoogle):
    moved = google.staff_adds(USER, NOON, NOON + HOUR)
    assert google.staff_moves(USER, moved, date(2026, 3, 22), date(2026, 3, 23))["start"] == {"date": "2026-03-22"}
    assert google.staff_moves(USER, moved, NOON, NOON + HOUR)["start"]["dateTime"] == "2026-03-20T12:00:00Z"
    assert google.staff_edits(USER, moved, summary="Tea")["summary"] == "Tea"


@pytest.mark.parametrize("clash", ["timeMin", "timeMax", "q", "orderBy", "updatedMin", "privateExtendedProperty"])
def test_a_sync_token_does_not_go_with_a_selection(client: Client, clash: str):
    token = listed(client).json["nextSyncToken"]
    assert refusal(listed(client, syncToken=token, **{clash: NOON.isoformat()})) == (400, "invalid")


def test_a_sync_token_goes_with_the_parameters_it_came_from(client: Client):
    token = listed(client).json["nextSyncToken"]
    assert refusal(listed(client, syncToken=token, singleEvents="false")) == (400, "invalid")
    assert refusal(listed(client, syncToken=token, showDeleted="false")) == (400, "invalid")


def test_an_expired_sync_token_asks_for_a_full_sync(google: FakeGoogle, client: Client):
    token = listed(client).json["nextSyncToken"]
    google.expire_sync_tokens("other@example.com")
    assert ids(listed(client, syncToken=token)) == []
    google.expire_sync_tokens()
    assert refusal(listed(client, syncToken=token)) == (410, "fullSyncRequired")
    assert refusal(listed(client, syncToken="unknown")) == (410, "fullSyncRequired")
    fresh = listed(client).json["nextSyncToken"]
    assert ids(listed(client, syncToken=fresh)) == []


def test_deleted_events_are_listed_when_asked_for(google: FakeGoogle, client: Client):
    deleted = google.staff_adds(USER, NOON, NOON + HOUR)
    google.staff_deletes(USER, deleted)
    assert ids(listed(client)) == []
    assert ids(listed(client, showDeleted="true")) == [deleted]


def test_calendars_are_listed_with_the_users_role(google: FakeGoogle, client: Client):
    google.add_calendar(USER, "holidays@example.com", "Europe/Berlin", role="reader")
    items = client.get(f"{V3}/users/me/calendarList").json["items"]
    assert [(item["id"], item["accessRole"], item.get("primary", False)) for item in items] == [
        (USER, "owner", True), ("holidays@example.com", "reader", False),
    ]
    assert client.get(f"{V3}/calendars/primary").json["timeZone"] == "UTC"
    assert client.get(f"{V3}/users/me/calendarList/primary").json["primary"] is True
    refused = client.send("POST", f"{V3}/calendars/holidays@example.com/events", document=event())
    assert refusal(refused) == (403, "requiredAccessLevel")


def test_a_calendar_of_somebody_else_is_not_found(google: FakeGoogle, client: Client):
    google.add_calendar("desk@example.com", "desk@example.com")
    assert refusal(client.get(f"{V3}/calendars/desk%40example.com/events")) == (404, "notFound")
    assert refusal(client.get(f"{V3}/calendars/desk%40example.com")) == (404, "notFound")


@pytest.mark.parametrize(("scope", "reads_calendar", "writes"), [(EVENTS, 403, 200), (READONLY, 200, 403)])
def test_a_scope_allows_what_it_says(google: FakeGoogle, scope: str, reads_calendar: int, writes: int):
    with Client(google.url, {"Authorization": f"Bearer {google.access_token(scopes={scope})}"}) as client:
        assert client.get(f"{V3}/calendars/primary").status == reads_calendar
        assert insert(client).status == writes
        assert listed(client).status == 200


def test_free_busy_tells_what_is_taken_and_what_it_cannot_see(google: FakeGoogle, client: Client):
    google.staff_adds(USER, NOON - HOUR, NOON + HOUR)
    google.staff_adds(USER, NOON, NOON + HOUR, transparency="transparent")
    google.staff_deletes(USER, google.staff_adds(USER, NOON + 2 * HOUR, NOON + 3 * HOUR))
    google.add_calendar(USER, "room@example.com")
    google.busy_errors["room@example.com"] = "internalError"
    items = [{"id": name} for name in ("primary", "room@example.com", "unknown@example.com")]
    asked = {"timeMin": NOON.isoformat(), "timeMax": (NOON + 8 * HOUR).isoformat(), "items": items}
    answer = client.send("POST", f"{V3}/freeBusy", document=asked).json["calendars"]
    assert answer["primary"]["busy"] == [{"start": "2026-03-20T12:00:00.000Z", "end": "2026-03-20T13:00:00.000Z"}]
    assert answer["room@example.com"]["errors"][0]["reason"] == "internalError"
    assert answer["unknown@example.com"]["errors"][0]["reason"] == "notFound"
    too_many = client.send("POST", f"{V3}/freeBusy", document=asked | {"items": items * 17})
    assert refusal(too_many) == (400, "tooManyCalendarsRequested")


def watch(client: Client, **changes: str) -> Response:
    channel = {"id": "channel-1", "type": "web_hook", "address": "https://hooks.example.com/google", "token": "secret"}
    return client.send("POST", f"{PRIMARY}/watch", document=channel | changes)


def test_a_channel_is_opened_and_told_of_changes(google: FakeGoogle, client: Client):
    opened = watch(client).json
    assert (opened["id"], opened["token"], opened["kind"]) == ("channel-1", "secret", "api#channel")
    assert int(opened["expiration"]) == int(datetime(2026, 3, 8, 8, 0, 0, 123456, tzinfo=UTC).timestamp() * 1000)
    with Listener() as listener:
        google.web.route("https://hooks.example.com", listener.url)
        assert google.notify("channel-1", "sync").status == 204
        google.notify("channel-1")
        google.notify("channel-1", "exists", X_Goog_Channel_Token="forged")
        google.notify("channel-1", "exists", X_Goog_Channel_Token=None)
        told = [exchange.request for exchange in listener.log.of("POST", "^/google$")]
    assert [request.headers["x-goog-resource-state"] for request in told] == ["sync", "exists", "exists", "exists"]
    assert [request.headers["x-goog-message-number"] for request in told] == ["1", "2", "3", "4"]
    assert [request.headers.get("x-goog-channel-token") for request in told] == ["secret", "secret", "forged", None]
    assert {request.headers["x-goog-resource-id"] for request in told} == {opened["resourceId"]}
    assert {request.body for request in told} == {b""}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": "x" * 65}, "required"), ({"id": "a b"}, "required"), ({"type": "email"}, "push.channelTypeUnknown"),
        ({"address": "http://hooks.example.com"}, "push.webhookUrlNotHttps"), ({"expiration": "soon"}, "invalid"),
    ],
)
def test_a_wrong_channel_is_refused(google: FakeGoogle, client: Client, changes: dict[str, str], reason: str):
    assert refusal(watch(client, **changes)) == (400, reason)
    assert google.channels.all == {}


def test_a_channel_ends_when_it_is_stopped_or_expires(google: FakeGoogle, client: Client, clock: Clock):
    def stop(**changes: str) -> Response:
        return client.send("POST", f"{V3}/channels/stop", document={"id": "channel-1", "resourceId": resource} | changes)

    resource = watch(client).json["resourceId"]
    assert refusal(watch(client)) == (400, "channelIdNotUnique")
    assert refusal(stop(resourceId="other")) == (404, "notFound")
    assert stop().status == 204
    assert refusal(stop()) == (404, "notFound")
    watch(client, id="channel-2", expiration=str(int((clock.now + HOUR).timestamp() * 1000)))
    assert [channel.id for channel in google.channels.live()] == ["channel-2"]
    clock.now += HOUR
    assert google.channels.live() == []


def test_rate_limits_are_reported_in_both_ways(google: FakeGoogle, client: Client):
    google.faults.add("POST", "/events", rate_limited())
    google.faults.add("POST", "/events", rate_limited(429, "userRateLimitExceeded", {"Retry-After": "1"}))
    first, second = insert(client), insert(client)
    assert (refusal(first), refusal(second)) == ((403, "rateLimitExceeded"), (429, "userRateLimitExceeded"))
    assert first.json["error"]["errors"][0]["domain"] == "usageLimits"
    assert insert(client).status == 200


def test_an_insert_whose_reply_is_lost_has_been_made(google: FakeGoogle, client: Client):
    google.faults.add("POST", "/events", reset_after())
    with pytest.raises(ConnectionResetError):
        insert(client)
    assert [shown["id"] for shown in google.events()] == [ID]
