-- Somebody moves or deletes an event of ours in the outside calendar: the appointment follows, or is flagged. Never nothing.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT id AS chair FROM booking.resources WHERE org_id = :'org' \gset
SELECT date_trunc('day', now()) + interval '40 days 17 hours' AS ten, now() - interval '1 hour' AS written \gset
-- Times are hours after ten o'clock of one day; when something was written, there or by us, minutes of one clock: the provider's.
CREATE FUNCTION pg_temp.moment(hours numeric) RETURNS jsonb RETURN jsonb_build_object('dateTime', to_char(:'ten'::timestamptz + hours * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
CREATE FUNCTION pg_temp.clock(minutes int) RETURNS timestamptz RETURN :'written'::timestamptz + minutes * interval '1 minute';
CREATE FUNCTION pg_temp.changed(event text, minutes int, etag text = NULL) RETURNS jsonb
RETURN jsonb_build_object('id', event, 'etag', COALESCE(etag, '"' || minutes || '"'), 'updated', to_char(pg_temp.clock(minutes), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
CREATE FUNCTION pg_temp.moved(event text, minutes int, starts numeric, ends numeric, etag text = NULL) RETURNS jsonb
RETURN pg_temp.changed(event, minutes, etag) || jsonb_build_object('status', 'confirmed', 'start', pg_temp.moment(starts), 'end', pg_temp.moment(ends));
CREATE FUNCTION pg_temp.deleted(event text, minutes int) RETURNS jsonb RETURN pg_temp.changed(event, minutes) || '{"status": "cancelled"}';
PREPARE book(numeric, text) AS
SELECT answer->>'appointmentId' AS id, replace(answer->>'appointmentId', '-', '') || 'g1' AS "1", replace(answer->>'appointmentId', '-', '') || 'g2' AS "2"
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', :'ten'::timestamptz + $1 * interval '1 hour') AS answer;
-- Writes what waits, and says at which minute that was.
PREPARE write(int) AS
SELECT right(event_id, 2) AS event, to_char((event->'start'->>'dateTime')::timestamptz AT TIME ZONE 'America/Phoenix', 'HH24:MI') AS at, etag,
    booking.finish_event(org_id, job_id, lease, event_id, '"' || $1 || '"', pg_temp.clock($1), ARRAY(SELECT r->>'eventId' FROM jsonb_array_elements(removals) AS r)) AS finished
FROM booking.claim_events('test', 100) WHERE org_id = :'org';
-- Whoever reads the calendar is told of it, under the latest lease.
PREPARE read AS
SELECT lease, sync_token FROM booking.claim_syncs('test', 100, 3600) WHERE org_id = :'org' AND calendar_id = 'primary';
PREPARE tell(jsonb) AS SELECT booking.calendar_event_changed(:'org', 'primary', (SELECT c.lease FROM booking.calendars AS c WHERE c.org_id = :'org'), $1) AS became;
PREPARE status(uuid) AS
SELECT answer->>'status' AS status, (answer->>'scheduledAt')::timestamptz - :'ten'::timestamptz AS after, (answer->>'endsAt')::timestamptz - (answer->>'scheduledAt')::timestamptz AS length, answer->>'calendarStatus' AS calendar
FROM booking.appointment_status(:'org', $1) AS answer;
PREPARE move(uuid, numeric) AS
SELECT answer->>'success' AS success FROM booking.reschedule_appointment_atomic(:'org', $1, :'ten'::timestamptz + $2 * interval '1 hour') AS answer;
CREATE TEMP VIEW history AS
SELECT e.kind, e.detail->'followed' AS followed, e.detail->>'error' AS error, right(e.detail->>'eventId', 2) AS event, (e.detail->>'to')::timestamptz - :'ten'::timestamptz AS to, (e.detail->>'until')::timestamptz - (e.detail->>'to')::timestamptz AS length
FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind ~ '^event_(moved|deleted|restored)' ORDER BY e.id;
CREATE TEMP VIEW jobs AS
SELECT o.kind, o.state, count(*) FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state IN ('available', 'retryable', 'running') GROUP BY o.kind, o.state ORDER BY o.kind, o.state;
SELECT booking.connect_integration(:'org', 'google', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')) AS version;
EXECUTE read;
EXECUTE book(0, '+14155550101') \gset a_
EXECUTE write(1);
-- Our own writing comes back, as an event of ours and as nobody's busy time.
SELECT page->'busy' AS busy, page->'free' AS free, page->'ours' = jsonb_build_array(pg_temp.moved(:'a_1', 1, 0, 1)) AS is_ours
FROM booking.apply_calendar_changes(:'org', 'primary', 1, jsonb_build_array(pg_temp.moved('lunch', 1, 2, 3), pg_temp.moved(:'a_1', 1, 0, 1))) AS page;
SELECT outside_id FROM booking.busy_blocks WHERE org_id = :'org';
EXECUTE tell(pg_temp.moved(:'a_1', 1, 0, 1));
-- Somebody has written something else into it: the time is what counts.
EXECUTE tell(pg_temp.moved(:'a_1', 2, 0, 1) || '{"summary": "Ann Lee, with her daughter"}');
-- What cannot be read, or is not of ours, or not of this calendar, is none.
EXECUTE tell(pg_temp.changed(:'a_1', 3));
EXECUTE tell(pg_temp.moved('lunch', 3, 0, 1));
EXECUTE tell('{}');
EXECUTE tell('[]');
EXECUTE status(:'a_id');
SELECT * FROM history;
-- Moved there, and only flagged: the appointment stays where it is. Told twice, it is one event.
EXECUTE tell(pg_temp.moved(:'a_1', 4, 1, 2));
EXECUTE tell(pg_temp.moved(:'a_1', 4, 1, 2));
EXECUTE status(:'a_id');
SELECT * FROM history;
-- Moved on: that is another.
EXECUTE tell(pg_temp.moved(:'a_1', 5, 1, 2.5));
SELECT * FROM history;
-- Put back, it agrees.
EXECUTE tell(pg_temp.moved(:'a_1', 6, 0, 1));
EXECUTE tell(pg_temp.moved(:'a_1', 6, 0, 1));
EXECUTE status(:'a_id');
-- Deleted there, told twice; what was there before comes late, and is no news; and it is put back.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE tell(pg_temp.deleted(:'a_1', 8));
EXECUTE tell(pg_temp.deleted(:'a_1', 8));
EXECUTE tell(pg_temp.moved(:'a_1', 7, 0, 1));
EXECUTE status(:'a_id');
SELECT * FROM history;
SELECT * FROM jobs;
EXECUTE tell(pg_temp.moved(:'a_1', 9, 0, 1));
EXECUTE status(:'a_id');
-- Deleted, and put back somewhere else.
EXECUTE tell(pg_temp.deleted(:'a_1', 10));
EXECUTE tell(pg_temp.moved(:'a_1', 11, 3, 4));
EXECUTE status(:'a_id');
SELECT * FROM history;
-- Flagged, and then moved here: the event is put right, and the flag is gone.
EXECUTE move(:'a_id', 5);
EXECUTE write(12);
EXECUTE status(:'a_id');
-- Deleted, and then moved here: an id is used once, so that another event follows.
EXECUTE tell(pg_temp.deleted(:'a_1', 13));
EXECUTE move(:'a_id', 6);
EXECUTE write(14);
EXECUTE status(:'a_id');
EXECUTE tell(pg_temp.deleted(:'a_1', 15));
EXECUTE status(:'a_id');
-- Older than our last writing, or while something waits to be written: what is there is not the last word. What is moved there
-- meanwhile is on record, since our writing will move it back; and as a writing under way may have been before it, another follows.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE tell(pg_temp.moved(:'a_2', 13, 8, 9));
EXECUTE tell(pg_temp.moved(:'a_2', 14, 8, 9, '"other"'));
EXECUTE move(:'a_id', 7);
EXECUTE tell(pg_temp.moved(:'a_2', 16, 8, 9));
EXECUTE tell(pg_temp.deleted(:'a_2', 16));
SELECT count(*) AS claimed FROM booking.claim_events('test', 100) WHERE org_id = :'org';
EXECUTE tell(pg_temp.moved(:'a_2', 16, 8, 9));
EXECUTE tell(pg_temp.moved(:'a_2', 18, 9, 10));
UPDATE booking.outbox SET leased_until = now() - interval '1 second' WHERE org_id = :'org' AND state = 'running';
EXECUTE write(17);
EXECUTE tell(pg_temp.moved(:'a_2', 16, 8, 9));
EXECUTE status(:'a_id');
EXECUTE write(19);
EXECUTE status(:'a_id');
SELECT * FROM history;
-- Who reads with a lease that is not the latest, changes nothing.
SELECT booking.calendar_event_changed(:'org', 'primary', 0, pg_temp.moved(:'a_2', 18, 8, 9)) AS stale, booking.calendar_event_changed(:'org', 'other@example.com', 1, pg_temp.moved(:'a_2', 18, 8, 9)) AS of_another;
EXECUTE status(:'a_id');
-- It follows: to the new time and the new length. The event is ours again after that.
DELETE FROM booking.events WHERE org_id = :'org';
SELECT booking.set_calendar(:'org', true, 'async', 'follow');
EXECUTE read;
EXECUTE tell(pg_temp.moved(:'a_2', 20, 8, 9.5));
EXECUTE status(:'a_id');
SELECT * FROM history;
SELECT * FROM jobs;
EXECUTE tell(pg_temp.moved(:'a_2', 20, 8, 9.5));
EXECUTE write(21);
EXECUTE tell(pg_temp.moved(:'a_2', 20, 8, 9.5));
EXECUTE tell(pg_temp.moved(:'a_2', 21, 8, 9.5));
EXECUTE status(:'a_id');
-- It cannot follow: where somebody else is, where nobody is booked, or for a length that nothing has. Then it is flagged, with the reason.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE book(10, '+14155550102') \gset b_
EXECUTE write(22);
EXECUTE tell(pg_temp.moved(:'a_2', 23, 10, 11));
EXECUTE tell(pg_temp.moved(:'a_2', 23, 10, 11));
EXECUTE tell(pg_temp.moved(:'a_2', 24, 2, 3));
EXECUTE tell(pg_temp.moved(:'a_2', 25, -24000, -23999));
EXECUTE tell(pg_temp.moved(:'a_2', 26, 100000, 100001));
EXECUTE tell(pg_temp.changed(:'a_2', 27) || '{"start": {"dateTime": "9999-12-31T22:00:00Z"}, "end": {"dateTime": "9999-12-31T23:00:00Z"}}');
EXECUTE tell(pg_temp.changed(:'a_2', 28) || '{"start": {"dateTime": "0001-01-01T00:00:00Z"}, "end": {"dateTime": "0001-01-01T00:59:00Z"}}');
EXECUTE tell(pg_temp.moved(:'a_2', 29, 8, 8.01));
EXECUTE tell(pg_temp.moved(:'a_2', 30, 8, 108));
EXECUTE tell(pg_temp.changed(:'a_2', 31) || '{"start": {"date": "0001-01-01"}, "end": {"date": "9999-12-31"}}');
EXECUTE status(:'a_id');
SELECT followed, error FROM history WHERE length <> interval '59 minutes';
SELECT * FROM jobs;
EXECUTE tell(pg_temp.moved(:'a_2', 32, 8, 9.5));
EXECUTE tell(pg_temp.moved(:'a_2', 31, 2, 3));
EXECUTE status(:'a_id');
-- Two that change places there: the first cannot follow, until the second has.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE tell(pg_temp.moved(:'a_2', 33, 10, 11));
EXECUTE tell(pg_temp.moved(:'b_1', 33, 12, 13));
EXECUTE tell(pg_temp.moved(:'a_2', 34, 10, 11));
SELECT kind, followed, error, event, "to" FROM history;
EXECUTE status(:'a_id');
EXECUTE status(:'b_id');
EXECUTE write(35);
-- Deleted there, it is cancelled, and nothing is left to be done.
DELETE FROM booking.events WHERE org_id = :'org';
EXECUTE tell(pg_temp.deleted(:'b_1', 36));
EXECUTE tell(pg_temp.deleted(:'b_1', 36));
EXECUTE status(:'b_id');
SELECT cancel_reason FROM booking.appointments WHERE org_id = :'org' AND id = :'b_id';
EXECUTE write(37);
EXECUTE status(:'b_id');
-- Put back there, it goes again: the appointment is off.
EXECUTE tell(pg_temp.moved(:'b_1', 38, 12, 13));
EXECUTE write(38);
EXECUTE status(:'b_id');
SELECT * FROM history;
-- What took place, or did not, stays as it was said.
EXECUTE book(12, '+14155550102') \gset b_
EXECUTE write(39);
SELECT answer->>'success' AS success FROM booking.set_appointment_status(:'org', :'b_id', 'no_show') AS answer;
EXECUTE tell(pg_temp.deleted(:'b_1', 40));
EXECUTE status(:'b_id');
EXECUTE book(13, '+14155550102') \gset c_
EXECUTE write(39);
UPDATE booking.appointments SET starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour', blocked = tstzrange(now() - interval '2 hours', now() - interval '1 hour') WHERE org_id = :'org' AND id = :'c_id';
EXECUTE tell(pg_temp.deleted(:'c_1', 40));
SELECT status FROM booking.appointments WHERE org_id = :'org' AND id = :'c_id';
-- Of an appointment that has been cleaned away there is nothing to say.
EXECUTE book(12, '+14155550103') \gset b_
EXECUTE write(41);
DELETE FROM booking.appointments WHERE org_id = :'org' AND id = :'b_id';
EXECUTE tell(pg_temp.deleted(:'b_1', 42));
SELECT * FROM history;
-- A whole reading has not come upon two events of ours, and the calendar is asked for each. One was deleted, long ago; it knows
-- nothing of the other, which is written again. They are told of once, and then the reading is over.
DELETE FROM booking.events WHERE org_id = :'org';
DELETE FROM booking.outbox WHERE org_id = :'org';
SELECT booking.set_calendar(:'org', true, 'async', 'flag');
UPDATE booking.calendar_events SET state = 'gone' WHERE org_id = :'org';
EXECUTE book(14, '+14155550104') \gset d_
EXECUTE book(15, '+14155550105') \gset e_
EXECUTE book(16, '+14155550106') \gset f_
EXECUTE book(20, '+14155550108') \gset h_
EXECUTE write(50);
UPDATE booking.calendar_events SET updated_at = now() - interval '1 minute' WHERE org_id = :'org';
EXECUTE read \gset
SELECT booking.calendar_event_changed(:'org', 'primary', :lease, pg_temp.moved(:'d_1', 50, 14, 15)) AS became;
-- What is moved meanwhile is written before the end, and what is booked meanwhile cannot have been there.
EXECUTE move(:'f_id', 17);
EXECUTE book(18, '+14155550107') \gset g_
SELECT right(event_id, 2) AS event, etag, booking.finish_event(org_id, job_id, lease, event_id, '"51"', pg_temp.clock(51)) AS finished FROM booking.claim_events('test', 100) WHERE org_id = :'org';
SELECT booking.finish_sync(:'org', 'primary', :lease, 'token 1') AS answer \gset
SELECT jsonb_agg(item ORDER BY item) = jsonb_build_array(jsonb_build_object('id', :'e_1'), jsonb_build_object('id', :'h_1')) AS has_missed_two FROM jsonb_array_elements(:'answer'::jsonb->'ours') AS item;
SELECT sync_token, full_sync_at FROM booking.calendars WHERE org_id = :'org';
SELECT booking.calendar_event_changed(:'org', 'primary', :lease, jsonb_build_object('id', :'e_1', 'status', 'cancelled')) AS deleted, booking.calendar_event_changed(:'org', 'primary', :lease, jsonb_build_object('id', :'h_1', 'status', 'missing')) AS missing;
SELECT booking.finish_sync(:'org', 'primary', :lease, 'token 1') AS answer;
SELECT sync_token, full_sync_at > now() - interval '10 minutes' AS just_now FROM booking.calendars WHERE org_id = :'org';
SELECT kind, followed FROM history;
EXECUTE status(:'h_id');
EXECUTE write(52);
EXECUTE status(:'h_id');
EXECUTE status(:'d_id');
EXECUTE status(:'e_id');
EXECUTE status(:'f_id');
EXECUTE status(:'g_id');
-- It comes up after all, as we have written it: then it agrees.
EXECUTE tell(pg_temp.moved(:'e_1', 50, 15, 16));
EXECUTE status(:'e_id');
-- What follows from the token has missed nothing, whatever it does not show.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
UPDATE booking.calendar_events SET updated_at = now() - interval '1 minute' WHERE org_id = :'org';
EXECUTE read \gset
SELECT page->'busy' AS busy FROM booking.apply_calendar_changes(:'org', 'primary', :lease, jsonb_build_array(pg_temp.moved('lunch', 51, 30, 31))) AS page;
SELECT booking.finish_sync(:'org', 'primary', :lease, 'token 2') AS answer;
-- Nor has it where somebody changes the settings meanwhile, although the calendar is then to be read from the beginning: no event is
-- missing, and who is busy there stays busy.
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
EXECUTE read \gset
SELECT :'sync_token' AS sync_token;
SELECT booking.set_resource_calendar(:'org', :'chair', NULL);
SELECT COALESCE(jsonb_array_length(answer->'ours'), 0) AS missed FROM booking.finish_sync(:'org', 'primary', :lease, 'token 3') AS answer;
SELECT outside_id FROM booking.busy_blocks WHERE org_id = :'org' AND outside_id = 'lunch' AND seen < :lease;
-- Nor does that token count for anything: the next reading begins at the beginning.
UPDATE booking.calendars SET leased_until = NULL, next_sync_at = now() WHERE org_id = :'org';
SELECT sync_token, time_max IS NOT NULL AS is_whole FROM booking.claim_syncs('test', 100, 3600) WHERE org_id = :'org';
-- An event that was flagged, deleted there, and written anew under another id before anybody told of that: the old one says nothing
-- of the appointment any more, and goes again where it is put back.
DELETE FROM booking.events WHERE org_id = :'org';
DELETE FROM booking.outbox WHERE org_id = :'org';
UPDATE booking.calendars SET lease = lease + 1, leased_until = NULL, next_sync_at = now() WHERE org_id = :'org';
SELECT booking.set_calendar(:'org', true, 'async', 'follow');
EXECUTE read \gset
DELETE FROM booking.outbox WHERE org_id = :'org';
EXECUTE book(40, '+14155550110') \gset i_
EXECUTE book(42, '+14155550111') \gset j_
EXECUTE write(60);
EXECUTE tell(pg_temp.moved(:'i_1', 61, 42, 43));
EXECUTE status(:'i_id');
EXECUTE move(:'i_id', 44);
SELECT booking.lost_event(org_id, job_id, lease, event_id) AS lost FROM booking.claim_events('test', 100) WHERE org_id = :'org';
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE write(63);
EXECUTE tell(pg_temp.deleted(:'i_1', 62));
EXECUTE tell(pg_temp.moved(:'i_1', 64, 46, 47));
EXECUTE write(64);
EXECUTE tell(pg_temp.deleted(:'i_1', 65));
EXECUTE status(:'i_id');
SELECT right(event_id, 2) AS event, state, flag FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'i_id' ORDER BY generation;
-- So it is where the appointment goes to another calendar: what becomes of the event that it left is no news.
EXECUTE tell(pg_temp.moved(:'i_2', 66, 42, 43));
SELECT booking.set_resource_calendar(:'org', :'chair', 'chair@example.com');
DELETE FROM booking.outbox WHERE org_id = :'org' AND appointment_id <> :'i_id';
EXECUTE write(67);
SELECT lease FROM booking.calendars WHERE org_id = :'org' AND calendar_id = 'primary' \gset
UPDATE booking.calendars SET leased_until = now() + interval '1 hour' WHERE org_id = :'org' AND calendar_id = 'primary';
SELECT booking.calendar_event_changed(:'org', 'primary', :lease, pg_temp.deleted(:'i_2', 68)) AS became;
EXECUTE status(:'i_id');
SELECT right(event_id, 2) AS event, calendar_id, state, flag FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'i_id' ORDER BY generation;
SELECT kind, followed, error, event FROM history;
SELECT booking.set_resource_calendar(:'org', :'chair', NULL);
DELETE FROM booking.outbox WHERE org_id = :'org';
-- Moved or deleted there after our writing, and told of before the courier has said that it wrote: it is written once more.
SELECT booking.set_calendar(:'org', true, 'async', 'follow');
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.events WHERE org_id = :'org';
PREPARE tell_primary(jsonb) AS SELECT booking.calendar_event_changed(:'org', 'primary', (SELECT c.lease FROM booking.calendars AS c WHERE c.org_id = :'org' AND c.calendar_id = 'primary'), $1) AS became;
SELECT count(*) AS claimed FROM booking.claim_syncs('test', 100, 3600) WHERE org_id = :'org';
EXECUTE book(48, '+14155550112') \gset k_
EXECUTE write(70);
EXECUTE move(:'k_id', 49);
SELECT org_id, job_id, lease, event_id FROM booking.claim_events('test', 100) WHERE org_id = :'org' \gset held_
EXECUTE tell_primary(pg_temp.moved(:'k_1', 72, 50, 51));
SELECT booking.finish_event(:'held_org_id', :'held_job_id', :held_lease, :'held_event_id', '"71"', pg_temp.clock(71)) AS finished;
EXECUTE status(:'k_id');
EXECUTE write(73);
EXECUTE status(:'k_id');
SELECT kind, followed, error, event FROM history;
EXECUTE move(:'k_id', 50);
SELECT org_id, job_id, lease, event_id FROM booking.claim_events('test', 100) WHERE org_id = :'org' \gset held_
EXECUTE tell_primary(pg_temp.deleted(:'k_1', 75));
SELECT booking.finish_event(:'held_org_id', :'held_job_id', :held_lease, :'held_event_id', '"74"', pg_temp.clock(74)) AS finished;
EXECUTE status(:'k_id');
SELECT booking.lost_event(org_id, job_id, lease, event_id) AS lost FROM booking.claim_events('test', 100) WHERE org_id = :'org';
EXECUTE write(76);
EXECUTE status(:'k_id');
-- What is told of our own writing meanwhile, or of what somebody wrote into it, is nothing to be written again.
EXECUTE move(:'k_id', 51);
SELECT org_id, job_id, lease, event_id FROM booking.claim_events('test', 100) WHERE org_id = :'org' \gset held_
EXECUTE tell_primary(pg_temp.moved(:'k_2', 77, 51, 52));
SELECT booking.finish_event(:'held_org_id', :'held_job_id', :held_lease, :'held_event_id', '"77"', pg_temp.clock(77)) AS finished;
SELECT * FROM jobs;
-- A courier's writing hangs until its appointment is off and another courier has found no event to delete: when it comes, the event
-- goes again. Told twice, or late of what was there before, it is done once.
EXECUTE book(53, '+14155550113') \gset l_
SELECT count(*) AS claimed FROM booking.claim_events('test', 100) WHERE org_id = :'org';
SELECT answer->>'success' AS success FROM booking.cancel_appointment(:'org', :'l_id') AS answer;
UPDATE booking.outbox SET leased_until = now() - interval '1 second' WHERE org_id = :'org' AND state = 'running';
EXECUTE write(81);
EXECUTE write(81);
SELECT * FROM jobs;
EXECUTE status(:'l_id');
EXECUTE tell_primary(pg_temp.moved(:'l_1', 82, 53, 54));
EXECUTE tell_primary(pg_temp.moved(:'l_1', 82, 53, 54));
SELECT * FROM jobs;
EXECUTE status(:'l_id');
SELECT right(r->>'eventId', 2) AS removed, booking.finish_event(c.org_id, c.job_id, c.lease, p_removed => ARRAY[r->>'eventId']) AS finished
FROM booking.claim_events('test', 100) AS c, jsonb_array_elements(c.removals) AS r WHERE c.org_id = :'org';
EXECUTE tell_primary(pg_temp.moved(:'l_1', 82, 53, 54));
EXECUTE tell_primary(pg_temp.deleted(:'l_1', 83));
EXECUTE status(:'l_id');
SELECT * FROM jobs;
-- So it is where nobody knows the appointment any more.
DELETE FROM booking.appointments WHERE org_id = :'org' AND id = :'l_id';
EXECUTE tell_primary(pg_temp.moved(:'l_1', 84, 53, 54));
SELECT * FROM jobs;
DELETE FROM booking.outbox WHERE org_id = :'org';
-- Somebody makes an event of ours recur: where the appointment is, it is in nobody's way; at its other times somebody is busy.
SELECT right(page->'ours'->0->>'id', 2) AS ours, page->'busy' AS busy, page->'free' AS free
FROM booking.apply_calendar_changes(:'org', 'primary', (SELECT c.lease FROM booking.calendars AS c WHERE c.org_id = :'org' AND c.calendar_id = 'primary'), jsonb_build_array(
    pg_temp.moved(:'k_2', 80, 51, 52), pg_temp.moved(:'k_2' || '_1', 80, 51, 52), pg_temp.moved(:'k_2' || '_2', 80, 75, 76),
    pg_temp.moved('third', 80, 99, 100) || jsonb_build_object('recurringEventId', :'k_2'), pg_temp.moved('first', 80, 51, 52) || jsonb_build_object('recurringEventId', :'k_2'))) AS page;
SELECT replace(outside_id, :'k_2', 'ours') AS outside, lower(during) - :'ten'::timestamptz AS after FROM booking.busy_blocks WHERE org_id = :'org' AND (outside_id LIKE :'k_2' || '%' OR outside_id IN ('first', 'third')) ORDER BY during;
-- What cannot be.
SELECT booking.calendar_event_changed(:'org', NULL, 1, '{}');
SELECT booking.calendar_event_changed(:'org', 'primary', NULL, '{}');
SELECT booking.calendar_event_changed(NULL, 'primary', 1, '{}');
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.integrations WHERE org_id = :'org';
