-- The outside calendar, as it is read: who is busy there is busy here, and nobody changes an event of ours unnoticed.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
-- A zone that keeps its clock all year, so that a whole day has 24 hours.
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT id AS chair FROM booking.resources WHERE org_id = :'org' \gset
SELECT booking.create_resource(:'org', 'Room') AS room \gset
SELECT date_trunc('day', now()) + interval '40 days 17 hours' AS ten, now() - interval '1 hour' AS written \gset
-- Times are hours after ten o'clock of one day; when something was changed there, minutes after our last writing.
CREATE FUNCTION pg_temp.moment(hours numeric) RETURNS jsonb RETURN jsonb_build_object('dateTime', to_char(:'ten'::timestamptz + hours * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
CREATE FUNCTION pg_temp.day(days int) RETURNS jsonb RETURN jsonb_build_object('date', to_char(:'ten'::timestamptz + days * interval '1 day', 'YYYY-MM-DD'));
CREATE FUNCTION pg_temp.item(id text, starts jsonb, ends jsonb, more jsonb = '{}') RETURNS jsonb RETURN jsonb_build_object('id', id, 'status', 'confirmed', 'start', starts, 'end', ends) || more;
CREATE FUNCTION pg_temp.busy(id text, starts numeric, ends numeric, more jsonb = '{}') RETURNS jsonb RETURN pg_temp.item(id, pg_temp.moment(starts), pg_temp.moment(ends), more);
CREATE FUNCTION pg_temp.changed(minutes int) RETURNS jsonb RETURN jsonb_build_object('etag', '"' || minutes || '"', 'updated', to_char(:'written'::timestamptz + minutes * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
PREPARE claim AS
SELECT calendar_id, lease, sync_token, time_max - time_min AS reads, channel_id FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' ORDER BY calendar_id;
PREPARE apply(bigint, jsonb) AS
SELECT page->'busy' AS busy, page->'free' AS free, jsonb_array_length(page->'ours') AS ours FROM booking.apply_calendar_changes(:'org', 'primary', $1, $2) AS page;
PREPARE finish(bigint, text) AS
SELECT jsonb_array_length(answer->'ours') AS missed FROM booking.finish_sync(:'org', 'primary', $1, $2) AS answer;
CREATE TEMP VIEW blocks AS
SELECT CASE b.resource_id WHEN :'chair' THEN 'chair' ELSE 'room' END AS who, b.calendar_id AS calendar, left(b.outside_id, 12) AS id, lower(b.during) - :'ten'::timestamptz AS after, upper(b.during) - lower(b.during) AS length
FROM booking.busy_blocks AS b WHERE b.org_id = :'org' ORDER BY who, lower(b.during), b.outside_id;
CREATE TEMP VIEW calendars AS
SELECT c.calendar_id AS calendar, c.sync_token AS token, c.problem, c.attempts, c.synced_at IS NOT NULL AS synced, date_trunc('minute', c.next_sync_at - now() + interval '30 seconds') AS next FROM booking.calendars AS c WHERE c.org_id = :'org' AND c.is_used ORDER BY c.calendar_id;
PREPARE free AS
SELECT string_agg(to_char(starts_at AT TIME ZONE 'America/Phoenix', 'HH24:MI'), ' ' ORDER BY starts_at) AS free
FROM booking.available_slots(:'org', :'ten'::timestamptz, :'ten'::timestamptz + interval '4 hours', 'cleaning', 30, :'chair');
-- Without an account there is nothing to be read; with one, the calendars of those who are booked.
SELECT booking.set_calendar(:'org', true);
EXECUTE claim;
SELECT booking.connect_integration(:'org', 'google', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')) AS version;
SELECT booking.set_resource_calendar(:'org', :'room', 'room@example.com');
SELECT * FROM calendars;
-- From the beginning it covers from yesterday to more than a year ahead.
SELECT calendar_id, lease, sync_token, time_max - time_min AS reads, time_min BETWEEN now() - interval '49 hours' AND now() - interval '23 hours' AS from_yesterday, channel_id
FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' ORDER BY calendar_id;
EXECUTE claim;
-- Who is busy cannot be booked; who has declined, or says to be free or where they work, can.
EXECUTE free;
EXECUTE apply(3, jsonb_build_array(
    pg_temp.busy('lunch', 0, 1),
    pg_temp.busy('call', 2, 2.5, '{"status": "tentative", "attendees": [{"self": true, "responseStatus": "needsAction"}, {"responseStatus": "declined"}]}'),
    pg_temp.busy('declined', 1, 2, '{"attendees": [{"responseStatus": "accepted"}, {"self": true, "responseStatus": "declined"}]}'),
    pg_temp.busy('transparent', 1, 2, '{"transparency": "transparent"}'),
    pg_temp.busy('office', 1, 2, '{"eventType": "workingLocation"}'),
    pg_temp.item('holiday', pg_temp.day(1), pg_temp.day(2)),
    '{"id": "never", "status": "cancelled"}'::jsonb,
    pg_temp.busy('twice', 1, 2), pg_temp.busy('twice', 3.5, 4)));
SELECT * FROM blocks;
EXECUTE free;
SELECT answer->>'error' AS error FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550101', 'cleaning', :'ten'::timestamptz, 60, :'chair') AS answer;
SELECT answer->>'success' AS success FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550101', 'cleaning', :'ten'::timestamptz, 60, :'room') AS answer;
SELECT count(*) AS on_the_holiday FROM booking.available_slots(:'org', :'ten'::timestamptz + interval '14 hours', :'ten'::timestamptz + interval '38 hours', 'cleaning', 30, :'chair');
EXECUTE finish(3, 'token 1');
EXECUTE finish(3, 'token 1');
SELECT booking.finish_sync(:'org', 'room@example.com', 1, 'token 1') AS room;
SELECT * FROM calendars;
EXECUTE claim;
-- Then it goes on from there: moved, freed, declined after all; what cannot be read stays as it was.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
EXECUTE claim;
EXECUTE apply(4, jsonb_build_array(
    pg_temp.busy('lunch', 0.5, 1.5),
    pg_temp.busy('call', 2, 2.5, '{"transparency": "transparent"}'),
    '{"id": "holiday", "status": "cancelled"}'::jsonb,
    '{"id": "twice", "status": "confirmed", "start": {"dateTime": "soon"}, "end": {"dateTime": "later"}}'::jsonb));
SELECT * FROM blocks;
EXECUTE free;
-- Whatever stands there, it is read or left, and nothing is raised.
EXECUTE apply(4, jsonb_build_array(
    'null'::jsonb, '3'::jsonb, '"text"'::jsonb, '[]'::jsonb, '{}'::jsonb, '{"id": 7}'::jsonb, '{"id": ""}'::jsonb, '{"id": null, "status": "cancelled"}'::jsonb, jsonb_build_object('id', repeat('x', 1025)),
    '{"id": "bare"}'::jsonb,
    pg_temp.item('ends first', pg_temp.moment(1), pg_temp.moment(0)),
    pg_temp.item('no length', pg_temp.moment(1), pg_temp.moment(1)),
    pg_temp.item('no end', pg_temp.moment(1), NULL),
    pg_temp.item('day and time', pg_temp.day(1), pg_temp.moment(100)),
    pg_temp.item('no date', '{"date": "2026-02-30"}', '{"date": "2026-03-01"}'),
    pg_temp.item('first year', '{"dateTime": "0001-01-01T00:00:00Z"}', '{"dateTime": "0001-01-01T01:00:00Z"}'),
    pg_temp.item('last year', '{"dateTime": "9999-12-31T22:00:00Z"}', '{"dateTime": "9999-12-31T23:00:00Z"}'),
    pg_temp.item('last day', '{"date": "9999-12-31"}', '{"date": "10000-01-01"}'),
    pg_temp.item('for ever', '{"date": "1000-01-01"}', '{"date": "9998-01-01"}'),
    pg_temp.item('leap second', '{"dateTime": "2016-12-31T23:59:60Z"}', '{"dateTime": "2017-01-01T01:00:00Z"}'),
    pg_temp.busy('eleven years', 0, 11 * 366 * 24)));
SELECT * FROM blocks WHERE id <> 'leap second';
EXECUTE apply(4, jsonb_build_array(
    pg_temp.busy('a vacation', 100, 100 + 24 * 365),
    pg_temp.item(repeat('x', 1024), pg_temp.moment(24), pg_temp.moment(25)),
    pg_temp.item('elsewhere', '{"dateTime": "2017-01-01T09:00:00+14:00"}', '{"dateTime": "2017-01-01T09:00:00-12:00"}')));
SELECT who, calendar, id, length FROM blocks WHERE id <> 'leap second' AND length <> interval '30 minutes';
-- One that grows beyond what can be kept is not kept at what it was.
EXECUTE apply(4, jsonb_build_array(pg_temp.busy('a vacation', 100, 100 + 24 * 366 * 11)));
EXECUTE apply(4, '[]');
EXECUTE finish(4, 'token 2');
-- A reading breaks off: the token stays, and it is tried again after a while.
SELECT booking.fail_sync(:'org', 'room@example.com', 1, 'HTTP 503') AS stale;
SELECT booking.fail_sync(:'org', 'room@example.com', 2, 'HTTP 503', p_retry_after_seconds => 600) AS failed, booking.fail_sync(:'org', 'room@example.com', 2, 'HTTP 503') AS twice;
SELECT * FROM calendars;
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org' AND calendar_id <> 'primary';
EXECUTE claim;
SELECT booking.finish_sync(:'org', 'room@example.com', 3, 'token 2') AS room;
SELECT * FROM calendars;
-- The calendar does not take the token any more: it is read from the beginning, at once, and what it does not show is over.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
EXECUTE claim;
SELECT booking.add_busy_block(:'org', :'chair', :'ten'::timestamptz + interval '3 hours', :'ten'::timestamptz + interval '3 hours 30 minutes') IS NOT NULL AS by_hand;
SELECT booking.fail_sync(:'org', 'primary', 5, 'HTTP 410', 600, true) AS gone;
SELECT * FROM calendars WHERE calendar = 'primary';
SELECT booking.finish_sync(:'org', 'room@example.com', 4, 'token 3') AS room;
EXECUTE claim;
EXECUTE apply(6, jsonb_build_array(pg_temp.busy('lunch', 0.5, 1.5)));
EXECUTE free;
EXECUTE finish(6, 'token 3');
SELECT * FROM blocks;
EXECUTE free;
-- Once a week it is read from the beginning in any case.
UPDATE booking.calendars SET next_sync_at = now(), full_sync_at = now() - interval '7 days' WHERE org_id = :'org' AND calendar_id = 'primary';
EXECUTE claim;
-- A courier is too slow, and another one reads: whatever the first one says, counts no more.
UPDATE booking.calendars SET leased_until = now() - interval '1 second', next_sync_at = now() WHERE org_id = :'org' AND calendar_id = 'primary';
EXECUTE claim;
EXECUTE apply(7, jsonb_build_array(pg_temp.busy('late', 2, 3)));
EXECUTE finish(7, 'token 4');
SELECT booking.calendar_event_changed(:'org', 'primary', 7, '{"id": "lunch"}') AS changed, booking.fail_sync(:'org', 'primary', 7, 'HTTP 503') AS failed, booking.watch_calendar(:'org', 'primary', 7, 'channel 0', 'r0', now() + interval '1 day') AS watched;
EXECUTE apply(8, jsonb_build_array(pg_temp.busy('lunch', 0, 1)));
EXECUTE finish(8, 'token 5');
SELECT * FROM blocks;
-- A channel by which the calendar tells of changes: then it need not be asked so often, and is read when it tells.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org' AND calendar_id = 'primary';
EXECUTE claim;
SELECT booking.watch_calendar(:'org', 'primary', 9, 'channel 1', 'r1', now() + interval '7 days') AS watched;
EXECUTE finish(9, 'token 6');
SELECT * FROM calendars WHERE calendar = 'primary';
SELECT booking.calendar_notified(:'org', 'channel 9') AS unknown, booking.calendar_notified('00000000-0000-7000-8000-000000000001', 'channel 1') AS of_nobody, booking.calendar_notified(:'org', 'channel 1') AS known;
SELECT calendar_id, lease, sync_token, channel_id, channel_resource_id, channel_expires_at > now() + interval '6 days' AS for_a_week FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' ORDER BY calendar_id;
-- Told while it is being read: it is read once more, at once.
SELECT booking.calendar_notified(:'org', 'channel 1') AS known;
EXECUTE claim;
EXECUTE finish(10, 'token 7');
EXECUTE claim;
EXECUTE finish(11, 'token 8');
EXECUTE claim;
-- So it is where the reading before that failed; while nobody reads, the pause after a failure is kept.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org' AND calendar_id = 'primary';
EXECUTE claim;
SELECT booking.fail_sync(:'org', 'primary', 12, 'HTTP 503', p_retry_after_seconds => 600) AS failed, booking.calendar_notified(:'org', 'channel 1') AS known;
EXECUTE claim;
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org' AND calendar_id = 'primary';
EXECUTE claim;
SELECT booking.calendar_notified(:'org', 'channel 1') AS known;
EXECUTE finish(13, 'token 8');
EXECUTE claim;
EXECUTE finish(14, 'token 8');
-- Paused, nothing is read.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org' AND calendar_id = 'primary';
SELECT booking.pause_couriers(:'org');
EXECUTE claim;
SELECT booking.pause_couriers(:'org', false);
EXECUTE claim;
-- A calendar of several is busy for each of them; who leaves it is not busy by it any more, and what is put in by hand stays.
SELECT booking.set_resource_calendar(:'org', :'room', NULL);
SELECT * FROM calendars;
-- Whoever reads it at this moment has lost it, and it is read from the beginning at once.
EXECUTE apply(15, jsonb_build_array(pg_temp.busy('late', 2, 3)));
EXECUTE claim;
EXECUTE apply(17, jsonb_build_array(pg_temp.busy('lunch', 0, 1)));
EXECUTE finish(17, 'token 9');
SELECT * FROM blocks;
SELECT booking.set_resource_calendar(:'org', :'room', 'room@example.com');
SELECT * FROM blocks;
SELECT booking.set_calendar(:'org', true, p_calendar_id => 'team@example.com');
SELECT * FROM blocks;
SELECT calendar, token FROM calendars;
SELECT booking.set_calendar(:'org', false);
SELECT calendar, token FROM calendars;
SELECT booking.set_calendar(:'org', true);
SELECT calendar, token FROM calendars;
-- A calendar that nobody uses keeps its place, so that no lease of it comes twice.
SELECT calendar_id, is_used, lease > 0 AS was_changed FROM booking.calendars WHERE org_id = :'org' ORDER BY calendar_id;
EXECUTE claim;
-- A resource that is new is busy at once by what was read of the calendar of its organization, and so is one that comes to it: nobody
-- is booked with it before that is read again.
SELECT booking.create_organization('Lakeside Dental', 'America/Phoenix') AS lake \gset
SELECT booking.connect_integration(:'lake', 'google', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')) AS version;
SELECT lease FROM booking.claim_syncs('test', 100) WHERE org_id = :'lake' \gset
SELECT page->'busy' AS busy FROM booking.apply_calendar_changes(:'lake', 'primary', :lease, jsonb_build_array(pg_temp.busy('lunch', 0, 1))) AS page;
SELECT booking.finish_sync(:'lake', 'primary', :lease, 'token 1') AS answer;
PREPARE at_lunch AS
SELECT answer->>'success' AS success, answer->>'error' AS error FROM booking.book_appointment_atomic(:'lake', 'Ann Lee', NULL, '+14155550101', 'cleaning', :'ten'::timestamptz, 60) AS answer;
CREATE TEMP VIEW lake AS
SELECT r.name, b.calendar_id, b.outside_id FROM booking.busy_blocks AS b JOIN booking.resources AS r ON r.org_id = b.org_id AND r.id = b.resource_id WHERE b.org_id = :'lake' ORDER BY r.name;
SELECT booking.create_resource(:'lake', 'Room 2') AS second \gset
EXECUTE at_lunch;
SELECT * FROM lake;
SELECT booking.set_resource_calendar(:'lake', :'second', 'room@example.com');
SELECT * FROM lake;
SELECT booking.set_resource_calendar(:'lake', :'second', NULL);
SELECT booking.set_resource_calendar(:'lake', :'second', NULL);
EXECUTE at_lunch;
SELECT * FROM lake;
-- It is read from the beginning after that, and what is over is over for both.
SELECT calendar_id, lease, sync_token IS NULL AS is_whole FROM booking.claim_syncs('test', 100) WHERE org_id = :'lake' \gset
SELECT :'calendar_id' AS calendar, :'is_whole' AS is_whole;
SELECT booking.finish_sync(:'lake', 'primary', :lease, 'token 2') AS answer;
EXECUTE at_lunch;
SELECT * FROM lake;
-- Of an organization without a calendar nothing is read.
SELECT booking.set_calendar(:'lake', false);
SELECT booking.create_resource(:'lake', 'Room 3') IS NOT NULL AS third;
SELECT count(*) AS used FROM booking.calendars WHERE org_id = :'lake' AND is_used;
-- What cannot be.
SELECT * FROM booking.claim_syncs('');
SELECT * FROM booking.claim_syncs('test', 0);
SELECT * FROM booking.claim_syncs('test', 1, 3601);
SELECT booking.apply_calendar_changes(:'org', 'primary', 1, '{}');
SELECT booking.apply_calendar_changes(:'org', 'primary', 1, NULL);
SELECT booking.apply_calendar_changes(:'org', NULL, 1, '[]');
SELECT booking.apply_calendar_changes(:'org', 'primary', NULL, '[]');
SELECT booking.calendar_event_changed(:'org', 'primary', 1, NULL);
SELECT booking.finish_sync(:'org', 'primary', 1, NULL);
SELECT booking.fail_sync(:'org', 'primary', 1, NULL);
SELECT booking.watch_calendar(:'org', 'primary', 1, 'channel 1', 'r1', NULL);
SELECT booking.watch_calendar(:'org', 'primary', 1, '', 'r1', now());
SELECT booking.calendar_notified(:'org', NULL);
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id IN (:'org', :'lake');
DELETE FROM booking.integrations WHERE org_id IN (:'org', :'lake');
