-- The outside calendar, as it is written: the event of an appointment follows it, and in the verified flow goes before it.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
-- A zone that keeps its clock all year, so that ten o'clock is ten o'clock.
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT id AS chair FROM booking.resources WHERE org_id = :'org' \gset
SELECT (date_trunc('day', now()) + interval '40 days 17 hours') AS ten \gset
PREPARE book(int, text) AS
SELECT answer->>'success' AS success, answer->>'error' AS error, answer->>'status' AS status, answer->>'calendarStatus' AS calendar, answer->>'appointmentId' AS id
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', :'ten'::timestamptz + $1 * interval '1 hour', p_resource_id => :'chair') AS answer;
PREPARE move(uuid, int, uuid) AS
SELECT answer->>'success' AS success, answer->>'error' AS error, answer->>'calendarStatus' AS calendar
FROM booking.reschedule_appointment_atomic(:'org', $1, :'ten'::timestamptz + $2 * interval '1 hour', p_resource_id => $3) AS answer;
PREPARE status(uuid) AS
SELECT answer->>'status' AS status, answer->>'calendarStatus' AS calendar, right(answer->>'eventId', 2) AS event FROM booking.appointment_status(:'org', $1) AS answer;
PREPARE cancel(uuid) AS
SELECT answer->>'success' AS success, answer->>'calendarStatus' AS calendar FROM booking.cancel_appointment(:'org', $1) AS answer;
-- What couriers have in hand. They claim, and report; of an id, its generation is shown.
CREATE TEMP TABLE claimed AS SELECT * FROM booking.claim_events('test') LIMIT 0;
PREPARE claim AS
INSERT INTO claimed SELECT c.* FROM booking.claim_events('test', 100) AS c WHERE c.org_id = :'org'
RETURNING attempt, lease, (SELECT string_agg(concat_ws(' ', r->>'calendarId', right(r->>'eventId', 2)), ', ') FROM jsonb_array_elements(removals) AS r) AS removals,
    calendar_id AS calendar, right(event_id, 2) AS event, to_char((event->'start'->>'dateTime')::timestamptz AT TIME ZONE 'America/Phoenix', 'HH24:MI') AS at, is_new, etag;
PREPARE finish(text) AS
DELETE FROM claimed RETURNING booking.finish_event(org_id, job_id, lease, event_id, $1, now(), ARRAY(SELECT r->>'eventId' FROM jsonb_array_elements(removals) AS r)) AS finished;
PREPARE fail(text, text) AS
DELETE FROM claimed RETURNING booking.fail_job(org_id, job_id, lease, $1, $2) AS state;
PREPARE free(int) AS
SELECT count(*) AS free FROM booking.available_slots(:'org', :'ten'::timestamptz + $1 * interval '1 hour', :'ten'::timestamptz + $1 * interval '1 hour' + interval '1 minute', 'cleaning', 60, :'chair');
CREATE TEMP VIEW history AS
SELECT e.kind, e.detail - 'eventId' AS detail, right(e.detail->>'eventId', 2) AS event FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind ~ '^(verif|event_(moved|deleted|restored))' ORDER BY e.id;
CREATE TEMP VIEW jobs AS
SELECT o.kind, o.state, count(*) FROM booking.outbox AS o WHERE o.org_id = :'org' GROUP BY o.kind, o.state ORDER BY o.kind, o.state;
-- Nobody has set a calendar up.
EXECUTE book(-1, '+14155550101') \gset
SELECT :'calendar' AS calendar;
SELECT * FROM jobs;
SELECT booking.connect_integration(:'org', 'google', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')) AS version;
-- What was booked before that gets its event as well.
EXECUTE claim;
EXECUTE finish('"0"');
EXECUTE status(:'id');
-- In the flow async it is booked at once, and its event follows.
EXECUTE book(0, '+14155550101') \gset a_
SELECT :'a_status' AS status, :'a_calendar' AS calendar;
EXECUTE status(:'a_id');
EXECUTE claim;
SELECT event_id = replace(:'a_id', '-', '') || 'g1' AS is_named_after_it, event - 'id' - 'start' - 'end' - 'extendedProperties' AS event, event->'id' = to_jsonb(event_id) AS says_its_id,
    (event->'end'->>'dateTime')::timestamptz - (event->'start'->>'dateTime')::timestamptz AS length, event->'start'->>'timeZone' AS zone, event->'extendedProperties'->'private'->>'pgBookingAppointment' = :'a_id' AS names_it
FROM claimed;
EXECUTE status(:'a_id');
-- Nobody else gets it meanwhile, and whoever has no lease changes nothing.
EXECUTE claim;
SELECT booking.finish_event(org_id, job_id, lease - 1, event_id) AS finished, booking.lost_event(org_id, job_id, lease - 1, event_id) AS lost, booking.fail_job(org_id, job_id, lease - 1, 'HTTP 503') AS failed FROM claimed;
SELECT org_id, job_id, lease, event_id FROM claimed \gset done_
EXECUTE finish('"1"');
SELECT booking.finish_event(:'done_org_id', :'done_job_id', :'done_lease', :'done_event_id') AS twice;
EXECUTE status(:'a_id');
SELECT answer->>'eventId' = replace(:'a_id', '-', '') || 'g1' AS shows_its_id FROM booking.appointment_status(:'org', :'a_id') AS answer;
-- Moved before it was written: it is written once, where it is now.
EXECUTE book(1, '+14155550102') \gset b_
EXECUTE move(:'b_id', 2, NULL);
EXECUTE move(:'b_id', 3, NULL);
EXECUTE claim;
-- Moved while it is being written: that waits until the courier is done.
EXECUTE move(:'b_id', 4, NULL);
EXECUTE claim;
SELECT * FROM jobs;
EXECUTE finish('"2"');
EXECUTE status(:'b_id');
EXECUTE claim;
EXECUTE finish('"3"');
EXECUTE status(:'b_id');
-- Moved after that: the same event, with its mark.
EXECUTE move(:'b_id', 5, NULL);
EXECUTE status(:'b_id');
EXECUTE claim;
EXECUTE finish('"4"');
-- Cancelled before it was written: there is nothing to be done.
EXECUTE book(6, '+14155550103') \gset
EXECUTE cancel(:'id');
EXECUTE claim;
EXECUTE status(:'id');
-- Cancelled while it is being written, and reported as written after that: it goes again.
EXECUTE book(6, '+14155550103') \gset
EXECUTE claim;
EXECUTE cancel(:'id');
EXECUTE claim;
EXECUTE finish('"5"');
EXECUTE claim;
EXECUTE finish(NULL);
EXECUTE status(:'id');
EXECUTE claim;
-- Cancelled after it was written.
EXECUTE cancel(:'b_id');
EXECUTE claim;
EXECUTE status(:'b_id');
EXECUTE finish(NULL);
EXECUTE status(:'b_id');
-- What took place stays as it is.
EXECUTE book(6, '+14155550103') \gset
SELECT answer->>'success' AS success FROM booking.set_appointment_status(:'org', :'id', 'completed') AS answer;
EXECUTE claim;
SELECT count(*) FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'id';
-- A courier has vanished: another one looks first, for the event may be there.
EXECUTE book(7, '+14155550103') \gset c_
EXECUTE claim;
DELETE FROM claimed;
UPDATE booking.outbox SET leased_until = now() - interval '1 second' WHERE org_id = :'org' AND state = 'running';
EXECUTE claim;
-- Somebody has deleted it meanwhile: its id is used up, and another one is next, at once where that was the first attempt.
SELECT booking.lost_event(org_id, job_id, lease, 'another') AS of_another FROM claimed;
DELETE FROM claimed RETURNING booking.lost_event(org_id, job_id, lease, event_id) AS lost;
SELECT * FROM history;
EXECUTE status(:'c_id');
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim;
EXECUTE finish('"6"');
EXECUTE status(:'c_id');
-- A failure that passes is tried again; one that does not is a dead letter, and the appointment stands.
EXECUTE move(:'c_id', 8, NULL);
EXECUTE claim;
EXECUTE fail('HTTP 503', 'not_done');
EXECUTE status(:'c_id');
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim;
SELECT job_id AS job FROM claimed \gset
EXECUTE fail('HTTP 403: the calendar is read-only', 'refused');
EXECUTE status(:'c_id');
EXECUTE claim;
-- It is done again where somebody wants it, unless another job is about to.
SELECT booking.requeue_job(:'org', :'job') AS requeued, booking.requeue_job(:'org', :'job') AS twice;
EXECUTE status(:'c_id');
EXECUTE claim;
EXECUTE finish('"7"');
EXECUTE status(:'c_id');
EXECUTE move(:'c_id', 7, NULL);
EXECUTE claim;
SELECT job_id AS job FROM claimed \gset
EXECUTE fail('HTTP 403: the calendar is read-only', 'refused');
EXECUTE move(:'c_id', 8, NULL);
EXECUTE status(:'c_id');
SELECT booking.requeue_job(:'org', :'job') AS requeued;
EXECUTE claim;
EXECUTE finish('"8"');
EXECUTE status(:'c_id');
-- A failure while another job has come to wait: that one does it, after the same pause.
EXECUTE move(:'c_id', 7, NULL);
EXECUTE claim;
EXECUTE move(:'c_id', 8, NULL);
EXECUTE fail('HTTP 503', 'not_done');
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'available';
EXECUTE claim;
EXECUTE finish('"9"');
-- Who has a calendar of their own has their events there: one that goes to them leaves the calendar it was in.
SELECT booking.create_resource(:'org', 'Room') AS room \gset
SELECT booking.set_resource_calendar(:'org', :'room', ' room@example.com ');
SELECT calendar_id FROM booking.calendars WHERE org_id = :'org' ORDER BY calendar_id;
EXECUTE move(:'c_id', 8, :'room');
EXECUTE claim;
EXECUTE finish('"10"');
EXECUTE status(:'c_id');
SELECT right(event_id, 2) AS event, calendar_id, state FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'c_id' ORDER BY generation;
-- What could not be deleted is told again with whatever comes next.
SELECT booking.set_resource_calendar(:'org', :'room', NULL);
EXECUTE move(:'c_id', 9, :'room');
EXECUTE claim;
DELETE FROM claimed RETURNING booking.finish_event(org_id, job_id, lease, event_id, '"11"', now()) AS finished;
EXECUTE status(:'c_id');
EXECUTE move(:'c_id', 8, :'room');
EXECUTE claim;
EXECUTE finish('"12"');
SELECT right(event_id, 2) AS event, calendar_id, state FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'c_id' ORDER BY generation;
-- In the flow verified the time is held until the event is there, and nobody is told before.
DELETE FROM booking.events WHERE org_id = :'org';
DELETE FROM booking.outbox WHERE org_id = :'org';
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex')) AS version;
SELECT booking.set_messaging(:'org', true, '{60}');
SELECT booking.set_calendar(:'org', true, 'verified', p_verify_seconds => 600);
EXECUTE book(10, '+14155550104') \gset d_
SELECT :'d_status' AS status, :'d_calendar' AS calendar;
SELECT expires_at BETWEEN now() + interval '9 minutes' AND now() + interval '11 minutes' AS for_ten_minutes FROM booking.appointments WHERE org_id = :'org' AND id = :'d_id';
SELECT * FROM jobs;
EXECUTE book(10, '+14155550105') \gset
SELECT :'success' AS success, :'error' AS error;
EXECUTE move(:'d_id', 11, NULL);
EXECUTE claim;
EXECUTE status(:'d_id');
EXECUTE finish('"1"');
EXECUTE status(:'d_id');
SELECT expires_at FROM booking.appointments WHERE org_id = :'org' AND id = :'d_id';
SELECT * FROM history;
SELECT * FROM jobs;
-- From then on it is moved as any other: booked all the time.
EXECUTE move(:'d_id', 11, NULL);
EXECUTE status(:'d_id');
EXECUTE claim;
EXECUTE finish('"2"');
EXECUTE status(:'d_id');
SELECT * FROM history;
DELETE FROM booking.outbox WHERE org_id = :'org';
-- Refused by the calendar: it is none, its time is free, nobody was told; and what may be there of it is to be deleted.
EXECUTE book(12, '+14155550105') \gset e_
EXECUTE free(12);
EXECUTE claim;
EXECUTE fail('HTTP 403: the calendar is read-only', 'refused');
EXECUTE status(:'e_id');
SELECT cancel_reason FROM booking.appointments WHERE org_id = :'org' AND id = :'e_id';
SELECT * FROM history;
SELECT * FROM jobs;
EXECUTE free(12);
EXECUTE claim;
EXECUTE finish(NULL);
EXECUTE status(:'e_id');
-- A failure that passes leaves it held.
EXECUTE book(12, '+14155550105') \gset e_
EXECUTE claim;
EXECUTE fail('HTTP 503', 'not_done');
EXECUTE status(:'e_id');
EXECUTE free(12);
-- Not in time: it is ended by the next claim, whoever makes it; what may be there of it goes after the pause of the failure.
UPDATE booking.appointments SET expires_at = now() - interval '1 second' WHERE org_id = :'org' AND id = :'e_id';
UPDATE booking.outbox SET run_at = now() + interval '1 hour' WHERE org_id = :'org' AND state = 'retryable';
EXECUTE free(12);
EXECUTE claim;
SELECT a.status, a.cancelled_at = a.expires_at AS ended_when_it_expired, a.cancel_reason FROM booking.appointments AS a WHERE a.org_id = :'org' AND a.id = :'e_id';
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim;
EXECUTE finish(NULL);
EXECUTE status(:'e_id');
SELECT * FROM history;
-- Written, but too late: it stays none, and its event goes again.
EXECUTE book(12, '+14155550105') \gset e_
EXECUTE claim;
UPDATE booking.appointments SET expires_at = now() - interval '1 second' WHERE org_id = :'org' AND id = :'e_id';
EXECUTE finish('"1"');
EXECUTE status(:'e_id');
EXECUTE claim;
EXECUTE finish(NULL);
EXECUTE status(:'e_id');
-- Its time may be somebody else's by then.
EXECUTE book(12, '+14155550105') \gset e_
EXECUTE claim;
UPDATE booking.appointments SET expires_at = now() - interval '1 second' WHERE org_id = :'org' AND id = :'e_id';
EXECUTE book(12, '+14155550106') \gset f_
SELECT :'f_success' AS success, :'f_status' AS status;
EXECUTE finish('"1"');
EXECUTE status(:'e_id');
EXECUTE claim;
EXECUTE finish('"1"');
EXECUTE status(:'e_id');
EXECUTE status(:'f_id');
-- Whoever ends it, it is on record that it came to nothing.
SELECT kind FROM booking.events WHERE org_id = :'org' AND appointment_id = :'e_id';
-- Given up while it waits.
EXECUTE book(13, '+14155550105') \gset e_
EXECUTE claim;
EXECUTE cancel(:'e_id');
EXECUTE finish('"1"');
EXECUTE status(:'e_id');
EXECUTE claim;
EXECUTE finish(NULL);
SELECT kind, state, count FROM jobs WHERE kind = 'cancelled';
-- A hold is nobody's, and has no event; confirmed, it waits for its event as a booking does, and is confirmed once.
SELECT answer->>'holdId' AS hold FROM booking.hold_slot(:'org', 'cleaning', :'ten'::timestamptz + interval '13 hours') AS answer \gset
EXECUTE claim;
SELECT answer->>'success' AS success, answer->>'status' AS status, answer->>'calendarStatus' AS calendar FROM booking.confirm_hold(:'org', :'hold', 'Bo Kim', NULL, '+14155550107') AS answer;
SELECT answer->>'error' AS error FROM booking.confirm_hold(:'org', :'hold', 'Bo Kim', NULL, '+14155550107') AS answer;
EXECUTE claim;
EXECUTE finish('"1"');
EXECUTE status(:'hold');
-- A series is booked at once; its events follow.
DELETE FROM booking.outbox WHERE org_id = :'org';
SELECT answer->>'success' AS success, answer->>'status' AS status, answer->>'calendarStatus' AS calendar
FROM booking.book_series_atomic(:'org', 'Bo Kim', NULL, '+14155550107', 'cleaning', ARRAY[:'ten'::timestamptz + interval '1 day', :'ten'::timestamptz + interval '2 days'], p_resource_id => :'chair') AS answer;
SELECT status, count(*) FROM booking.appointments WHERE org_id = :'org' AND starts_at >= :'ten'::timestamptz + interval '1 day' GROUP BY status;
SELECT * FROM jobs;
EXECUTE claim;
EXECUTE finish('"1"');
-- Who is erased is not in the calendar either; nor is one of whom nothing had been written yet.
EXECUTE book(18, '+14155550107') \gset
SELECT answer->>'success' AS success, answer->>'cancelled' AS cancelled FROM booking.erase_contact(:'org', '+14155550107') AS answer;
EXECUTE claim;
EXECUTE finish(NULL);
SELECT e.state, count(*) FROM booking.calendar_events AS e JOIN booking.appointments AS a ON a.org_id = e.org_id AND a.id = e.appointment_id WHERE e.org_id = :'org' AND a.erased_at IS NOT NULL GROUP BY e.state;
EXECUTE claim;
-- Where everything is cleaned away, the events go too, and what a courier has in hand counts no more.
SELECT state, count(*) FROM booking.calendar_events WHERE org_id = :'org' AND state <> 'gone' GROUP BY state;
EXECUTE move(:'d_id', 10, NULL);
EXECUTE claim;
SELECT answer->>'success' AS success FROM booking.clean_organization(:'org', 'Riverside Dental') AS answer;
EXECUTE finish('"1"');
EXECUTE claim;
EXECUTE finish(NULL);
SELECT state FROM booking.calendar_events WHERE org_id = :'org' AND state <> 'gone';
EXECUTE claim;
-- What cannot be.
SELECT booking.set_calendar(:'org', NULL);
SELECT booking.set_calendar(:'org', true, 'eventually');
SELECT booking.set_calendar(:'org', true, 'async', 'ignore');
SELECT booking.set_calendar(:'org', true, p_calendar_id => '');
SELECT booking.set_calendar(:'org', true, p_calendar_id => 'my calendar');
SELECT booking.set_calendar(:'org', true, p_verify_seconds => 0);
SELECT booking.set_calendar(:'org', true, p_verify_seconds => 3601);
SELECT booking.set_calendar('00000000-0000-7000-8000-000000000001', true);
SELECT settings->'calendar' AS calendar FROM booking.organizations WHERE org_id = :'org';
SELECT booking.set_resource_calendar(:'org', :'room', 'café@example.com');
SELECT booking.set_resource_calendar(:'org', NULL, 'room@example.com');
SELECT booking.set_resource_calendar(:'org', '00000000-0000-7000-8000-000000000001', 'room@example.com');
SELECT booking.set_resource_calendar('00000000-0000-7000-8000-000000000001', :'room', 'room@example.com');
SELECT * FROM booking.claim_events(NULL);
SELECT * FROM booking.claim_events('test', 101);
SELECT * FROM booking.claim_events('test', 10, 0);
SELECT booking.finish_event(:'org', :'job', NULL);
SELECT booking.finish_event(:'org', NULL, 1);
SELECT booking.lost_event(:'org', :'job', 1, NULL);
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.integrations WHERE org_id = :'org';
