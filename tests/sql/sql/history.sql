-- What is recorded: every change of an appointment, by whom and through what, and what has become of messages and events.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT date_trunc('day', now() AT TIME ZONE 'UTC') + interval '40 days 14 hours' AS two \gset
CREATE TEMP TABLE reader AS SELECT booking.events_position() AS position;
-- What was recorded since the last time; times as hours of that day, ids as whether they are the appointment's.
PREPARE told(text) AS
WITH page AS MATERIALIZED (
    SELECT booking.read_events(:'org', r.position) AS page FROM reader AS r
), kept AS (
    UPDATE reader SET position = page.page ->> 'position' FROM page
)
SELECT event->>'kind' AS kind, event->>'appointmentId' IS NOT NULL AS is_about_one, (event->'detail'->>'startsAt')::timestamptz - $1::timestamptz AS starts,
    (event->'detail'->>'endsAt')::timestamptz - (event->'detail'->>'startsAt')::timestamptz AS lasts, event->'detail'->>'serviceType' AS service,
    event->'detail'->>'status' AS status, event->'detail'->>'by' = session_user AS is_by_us, event->'detail'->>'via' AS via,
    (event->'detail')::jsonb - '{startsAt,endsAt,serviceType,status,by,via,resourceId,jobId,messageId,eventId,expiresAt,from,to}'::text[] AS more
FROM page, json_array_elements(page.page -> 'events') AS event;
PREPARE book(timestamptz, text) AS
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', $1)->>'appointmentId' AS id;
-- Booked, moved, and marked. What is refused, and a move to where it is, are nothing.
EXECUTE book(:'two', '+14155550124') \gset
EXECUTE book(:'two', '+14155550125') \gset refused_
SELECT booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '1 hour')->>'success' AS moved;
SELECT booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '1 hour')->>'success' AS moved;
SELECT booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '1 hour', 30)->>'success' AS moved;
SELECT booking.set_appointment_status(:'org', :'id', 'completed')->>'success' AS completed;
EXECUTE told(:'two');
SELECT e.detail->>'from' = e.detail->>'startsAt' AS is_from_there, e.detail->>'to' = e.detail->>'startsAt' AS is_to_there FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind = 'moved' ORDER BY e.id;
SELECT e.detail->>'from' AS "from", e.detail->>'to' AS "to" FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind = 'status_changed';
-- The patient's history has each once.
SELECT t.kind FROM booking.contact_timeline(:'org', '+14155550124') AS t;
-- A key's answer given again, a rollback.
BEGIN;
EXECUTE book(:'two'::timestamptz + interval '4 hours', '+14155550126') \gset
ROLLBACK;
EXECUTE told(:'two');
-- Held and confirmed, released, expired. Of one that expires, whoever takes its time tells.
SELECT booking.hold_slot(:'org', 'cleaning', :'two'::timestamptz + interval '5 hours')->>'holdId' AS hold \gset
SELECT booking.confirm_hold(:'org', :'hold', 'Ann Lee', NULL, '+14155550127')->>'success' AS confirmed;
SELECT booking.hold_slot(:'org', 'cleaning', :'two'::timestamptz + interval '6 hours')->>'holdId' AS hold \gset
SELECT booking.release_hold(:'org', :'hold')->>'success' AS released;
SELECT booking.hold_slot(:'org', 'cleaning', :'two'::timestamptz + interval '7 hours')->>'holdId' AS hold \gset
UPDATE booking.appointments SET expires_at = now() - interval '1 hour' WHERE org_id = :'org' AND id = :'hold';
EXECUTE book(:'two'::timestamptz + interval '7 hours', '+14155550128') \gset
SELECT booking.cancel_appointment(:'org', :'id', 'Ann is ill, call +14155550128')->>'success' AS cancelled;
EXECUTE told(:'two');
-- A series; a voice agent.
SELECT booking.book_series_atomic(:'org', 'Ann Lee', NULL, '+14155550129', 'cleaning', ARRAY[:'two'::timestamptz + interval '1 day', :'two'::timestamptz + interval '2 days'])->>'success' AS series;
SELECT booking.vapi_message(json_build_object('message', json_build_object('type', 'tool-calls', 'call', json_build_object('id', 'history-call', 'metadata', json_build_object('org_id', :'org'), 'customer', json_build_object('number', '+14155550130')),
    'toolCallList', json_build_array(
        json_build_object('id', 'a', 'name', 'book_appointment', 'arguments', json_build_object('date', to_char(:'two'::timestamp + interval '3 days', 'YYYY-MM-DD'), 'time', '14:00', 'name', 'Bo Day', 'service', 'cleaning')),
        json_build_object('id', 'b', 'name', 'reschedule_appointment', 'arguments', json_build_object('date', to_char(:'two'::timestamp + interval '3 days', 'YYYY-MM-DD'), 'time', '16:00')),
        json_build_object('id', 'c', 'name', 'cancel_appointment'))))) IS NOT NULL AS answered;
EXECUTE told(:'two');
-- Messages and events: sent, delivered, not delivered, refused; by whom they were written down does not matter.
SELECT booking.connect_integration(:'org', 'twilio', 'k1', '\x000000000000000000000000', '\x00000000000000000000000000000000', '{"per_second": 100}') AS version;
SELECT booking.connect_integration(:'org', 'google', 'k1', '\x000000000000000000000000', '\x00000000000000000000000000000000') AS version;
SELECT booking.set_messaging(:'org', true, '{}');
SELECT booking.set_calendar(:'org', true);
EXECUTE book(:'two'::timestamptz + interval '4 days', '+14155550131') \gset
EXECUTE book(:'two'::timestamptz + interval '5 days', '+14155550132') \gset other_
SELECT job_id, lease, message_id FROM booking.claim_messages('test', 100) WHERE org_id = :'org' AND to_phone = '+14155550131' \gset
SELECT booking.finish_message(:'org', :'job_id', :'lease', 'SM-history') AS finished;
SELECT booking.message_status(:'org', 'SM-history', 'sent') AS told, booking.message_status(:'org', 'SM-history', 'delivered') AS told;
SELECT o.id AS job_id, o.lease FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.kind = 'confirmation' AND o.state = 'running' \gset
SELECT booking.fail_job(:'org', :'job_id', :'lease', 'The ''To'' number +14155550132 is not valid', 'refused', '21211') AS failed;
SELECT c.org_id, c.job_id, c.lease, c.event_id FROM booking.claim_events('test', 100) AS c WHERE c.org_id = :'org' AND c.appointment_id = :'id' \gset
SELECT booking.finish_event(:'org', :'job_id', :'lease', :'event_id', '"1"', now()) AS finished;
SELECT o.id AS job_id, o.lease FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.kind = 'calendar' AND o.state = 'running' AND o.appointment_id = :'other_id' \gset
SELECT booking.fail_job(:'org', :'job_id', :'lease', 'Ann Lee is busy', 'refused', '403') AS failed;
EXECUTE told(:'two');
-- Somebody is erased, and everything is cleaned away; of the history that stays nobody can tell who it was.
SELECT booking.erase_contact(:'org', '+14155550131')->>'cancelled' AS cancelled;
SELECT booking.clean_organization(:'org', 'Riverside Dental')->>'success' AS cleaned;
EXECUTE told(:'two');
SELECT count(*) AS names_somebody FROM booking.events AS e WHERE e.org_id = :'org' AND e.detail::text ~* 'ann|lee|bo day|\+1415|ill';
-- Arguments.
SELECT booking.read_events(NULL);
SELECT booking.read_events('00000000-0000-0000-0000-000000000000');
SELECT booking.read_events_of(NULL, NULL);
SELECT booking.read_events_of('{}', NULL, NULL, 0);
SELECT booking.read_events_of(ARRAY[NULL, :'org']::uuid[], booking.events_position())::jsonb - 'position';
-- Nobody makes those who follow the history hold more than they can.
\set VERBOSITY sqlstate
INSERT INTO booking.events (org_id, id, kind, detail) VALUES (:'org', '00000000-0000-7000-8000-000000000001', 'moved', jsonb_build_object('x', repeat('x', 8192)));
INSERT INTO booking.events (org_id, id, kind, detail) VALUES (:'org', '00000000-0000-7000-8000-000000000001', 'moved', '{"x": 1e8192}');
-- Nor does anybody speak to them as the stream itself does.
INSERT INTO booking.events (org_id, id, kind) VALUES (:'org', '00000000-0000-7000-8000-000000000001', 'expired');
INSERT INTO booking.events (org_id, id, kind) VALUES (:'org', '00000000-0000-7000-8000-000000000001', 'message');
\set VERBOSITY default
SELECT booking.writing_transaction() = pg_current_xact_id() AS is_this;
DELETE FROM booking.outbox WHERE org_id = :'org';
