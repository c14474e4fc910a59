-- Messages: what follows from a change, what a courier gets to send, and what becomes of it.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
SELECT ((date_trunc('day', now() AT TIME ZONE 'America/New_York') + interval '40 days 14 hours') AT TIME ZONE 'America/New_York') AS two \gset
CREATE TEMP VIEW jobs AS
SELECT o.kind, o.state, o.attempts, o.deadline - o.run_at AS before, o.last_error
FROM booking.outbox AS o WHERE o.org_id = :'org' ORDER BY o.created_at, o.id;
PREPARE book(timestamptz, text) AS
SELECT answer->>'smsStatus' AS sms, answer->>'appointmentId' AS id
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', $1, p_idempotency_key => $1::text) AS answer;
-- The text without its date.
PREPARE claim(int) AS
SELECT kind, attempt, lease, is_unsure, to_phone, right(body, 10) = marker AND marker ~ '^Ref [0-9A-Z]{6}$' AS is_marked, replace(regexp_replace(body, 'on \w+, \w+ \d+(, \d+)?', 'on DAY'), marker, '...') AS body
FROM booking.claim_messages('test', $1) WHERE org_id = :'org';
-- Messages are off until somebody wants them.
EXECUTE book(:'two', '+14155550124') \gset off_
SELECT :'off_sms' AS sms, (SELECT count(*) FROM jobs) AS jobs;
SELECT booking.connect_integration(:'org', 'Twilio', 'k1', '\x000000000000000000000000', '\x00000000000000000000000000000000', '{"per_second": 100}') AS version;
SELECT booking.set_messaging(:'org', true, '{2880,60}');
-- A booking is followed by a confirmation and by reminders; a refusal and a replay by nothing.
EXECUTE book(:'two'::timestamptz + interval '1 hour', '+14155550125') \gset
SELECT :'sms' AS sms;
SELECT answer->>'replayed' AS replayed FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550125', 'cleaning', :'two'::timestamptz + interval '1 hour', p_idempotency_key => (:'two'::timestamptz + interval '1 hour')::text) AS answer;
SELECT answer->>'error' AS error FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550125', 'cleaning', :'two'::timestamptz + interval '1 hour') AS answer;
SELECT kind, state, attempts, CASE WHEN kind = 'reminder' THEN before END AS before FROM jobs;
SELECT answer->>'smsStatus' AS sms, answer->>'messageSid' AS sid FROM booking.appointment_status(:'org', :'id') AS answer;
-- It is moved before anything went out: the confirmation says the new time, the reminders are new ones.
SELECT answer->>'smsStatus' AS sms FROM booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '3 hours') AS answer;
SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state;
EXECUTE claim(10);
SELECT answer->>'smsStatus' AS sms FROM booking.appointment_status(:'org', :'id') AS answer;
-- Nobody else gets it while the lease lasts.
EXECUTE claim(10);
-- The provider has taken it, whatever word it has for that; what it tells later counts only where it is further on.
SELECT id AS job, lease FROM booking.outbox WHERE org_id = :'org' AND state = 'running' \gset
SELECT booking.finish_message(:'org', :'job', 0, 'SM1') AS stale;
SELECT booking.finish_message(:'org', :'job', :'lease', 'SM1', 'teleported') AS finished;
SELECT booking.finish_message(:'org', :'job', :'lease', 'SM2') AS twice;
SELECT booking.message_status(:'org', 'SM1', 'sent') AS sent, booking.message_status(:'org', 'SM1', 'delivered') AS delivered,
    booking.message_status(:'org', 'SM1', 'sent') AS late, booking.message_status(:'org', 'SM9', 'sent') AS of_nobody;
SELECT answer->>'smsStatus' AS sms, answer->>'messageSid' AS sid FROM booking.appointment_status(:'org', :'id') AS answer;
-- Moved again, now that it was said: that is said too.
SELECT answer->>'success' AS moved FROM booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '4 hours') AS answer;
EXECUTE claim(10);
-- An attempt fails, and another one after its pause; a lease that has ended is unsure, once what it began would show.
SELECT id AS job, lease FROM booking.outbox WHERE org_id = :'org' AND state = 'running' \gset
SELECT booking.fail_job(:'org', :'job', 0, 'stale') AS stale;
SELECT booking.fail_job(:'org', :'job', :'lease', 'HTTP 503', p_retry_after_seconds => 3600) AS state;
SELECT kind, state, attempts, last_error FROM jobs WHERE state = 'retryable';
SELECT run_at > now() + interval '59 minutes' AS waits FROM booking.outbox WHERE org_id = :'org' AND id = :'job';
EXECUTE claim(10);
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND id = :'job';
EXECUTE claim(10);
UPDATE booking.outbox SET leased_until = now() WHERE org_id = :'org' AND id = :'job';
EXECUTE claim(10);
UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE org_id = :'org' AND id = :'job';
EXECUTE claim(10);
SELECT booking.fail_job(:'org', :'job', 3, 'the connection was reset', 'unknown') AS state;
SELECT answer->>'smsStatus' AS sms FROM booking.appointment_status(:'org', :'id') AS answer;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND id = :'job';
UPDATE booking.messages SET updated_at = now() - interval '15 seconds' WHERE org_id = :'org' AND job_id = :'job';
EXECUTE claim(10);
-- A permanent error ends it; the appointment stands.
SELECT booking.fail_job(:'org', :'job', 4, 'the number has opted out', 'refused', '21610') AS state;
SELECT answer->>'smsStatus' AS sms, answer->>'status' AS status FROM booking.appointment_status(:'org', :'id') AS answer;
SELECT jsonb_path_query_array(errors, '$[*].error') AS errors, jsonb_path_query_array(errors, '$[*].attempt') AS attempts FROM booking.outbox WHERE org_id = :'org' AND id = :'job';
SELECT status, error_code, to_phone, segments FROM booking.messages WHERE org_id = :'org' AND job_id = :'job';
-- A dead letter can be sent again.
SELECT booking.requeue_job(:'org', :'job') AS requeued, booking.requeue_job(:'org', :'job') AS twice;
SELECT booking.cancel_job(:'org', :'job') AS withdrawn, booking.cancel_job(:'org', :'job') AS twice;
-- Who has opted out is told nothing, until START.
SELECT phone FROM booking.opt_outs WHERE org_id = :'org';
SELECT booking.receive_message(:'org', '+14155550125', '+12025550100', ' start. ', 'SM-in-1')->>'action' AS action, booking.receive_message(:'org', '+14155550125', '+12025550100', ' start. ', 'SM-in-1')->>'action' AS twice;
-- A cancellation withdraws the rest, and is said.
SELECT answer->>'smsStatus' AS sms FROM booking.cancel_appointment(:'org', :'id') AS answer;
SELECT kind, state, count(*) FROM jobs GROUP BY kind, state ORDER BY kind, state;
EXECUTE claim(10);
-- Nobody is told that something is off who cannot have been told that it was on.
EXECUTE book(:'two'::timestamptz + interval '13 days', '+14155550126') \gset
SELECT answer->>'success' AS success FROM booking.cancel_appointment(:'org', :'id') AS answer;
SELECT kind, state, attempts FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' ORDER BY id;
-- What is not true any more when it is claimed is not sent: moved or given up behind the functions, or messages are off.
EXECUTE book(:'two'::timestamptz + interval '1 day', '+14155550126') \gset
UPDATE booking.appointments SET status = 'cancelled', cancelled_at = now() WHERE org_id = :'org' AND id = :'id';
EXECUTE book(:'two'::timestamptz + interval '2 days', '+14155550126') \gset
UPDATE booking.appointments SET starts_at = starts_at + interval '5 minutes' WHERE org_id = :'org' AND id = :'id';
EXECUTE book(:'two'::timestamptz + interval '3 days', '+14155550126') \gset
UPDATE booking.appointments SET starts_at = now(), ends_at = now() + interval '1 hour', blocked = tstzrange(now(), now() + interval '1 hour') WHERE org_id = :'org' AND id = :'id';
UPDATE booking.outbox SET deadline = (SELECT starts_at FROM booking.appointments WHERE org_id = :'org' AND id = :'id') WHERE org_id = :'org' AND appointment_id = :'id';
EXECUTE claim(10);
SELECT kind, state, last_error FROM jobs WHERE last_error IS NOT NULL AND attempts = 1 AND state <> 'succeeded';
EXECUTE book(:'two'::timestamptz + interval '4 days', '+14155550126') \gset
SELECT booking.set_messaging(:'org', false);
EXECUTE claim(10);
SELECT kind, state, last_error FROM jobs WHERE last_error = 'messages are off';
-- The provider may be faster than the courier; and what it knows is not sent again, although its courier has vanished, or saw it fail.
SELECT booking.set_messaging(:'org', true, '{}');
EXECUTE book(:'two'::timestamptz + interval '8 days', '+14155550126') \gset
EXECUTE book(:'two'::timestamptz + interval '9 days', '+14155550126') \gset
EXECUTE claim(10);
SELECT org_id, job_id AS job, id AS message FROM booking.messages WHERE org_id = :'org' AND status = 'sending' ORDER BY id LIMIT 1 \gset
SELECT booking.message_status(:'org', 'SM3', 'sent', p_message_id => :'message') AS early, booking.message_status(:'org', 'SM4', 'delivered', p_message_id => :'message') AS of_another;
SELECT booking.finish_message(:'org', :'job', 1, 'SM3') AS finished;
SELECT status, provider_sid FROM booking.messages WHERE org_id = :'org' AND id = :'message';
SELECT id AS message FROM booking.messages WHERE org_id = :'org' AND status = 'sending' ORDER BY id DESC LIMIT 1 \gset
SELECT booking.message_status(:'org', 'SM5', 'queued', p_message_id => :'message') AS early;
UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE org_id = :'org' AND state = 'running';
EXECUTE claim(10);
SELECT o.state, m.status, m.provider_sid FROM booking.outbox AS o JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id WHERE o.org_id = :'org' AND m.id = :'message';
EXECUTE book(:'two'::timestamptz + interval '12 days', '+14155550126') \gset
SELECT job_id AS job, message_id AS message, lease FROM booking.claim_messages('test') WHERE org_id = :'org' \gset
SELECT booking.message_status(:'org', 'SM6', 'sent', p_message_id => :'message') AS early, booking.fail_job(:'org', :'job', :lease, 'the connection was reset', 'unknown') AS state;
SELECT status, provider_sid, error_code FROM booking.messages WHERE org_id = :'org' AND id = :'message';
SELECT booking.set_messaging(:'org', false);
-- A template or a zone that somebody broke keeps nobody else from their messages.
SELECT booking.set_messaging(:'org', true, '{}');
SELECT booking.set_message_template(:'org', 'confirmation', 'Hello {name}');
EXECUTE book(:'two'::timestamptz + interval '10 days', '+14155550126') \gset
UPDATE booking.message_templates SET body = 'Hello {nobody}' WHERE org_id = :'org';
EXECUTE claim(10);
UPDATE booking.message_templates SET body = 'Hello {name}' WHERE org_id = :'org';
EXECUTE book(:'two'::timestamptz + interval '11 days', '+14155550126') \gset
UPDATE booking.organizations SET timezone = 'Mars/Olympus' WHERE org_id = :'org';
EXECUTE claim(10);
UPDATE booking.organizations SET timezone = 'America/New_York' WHERE org_id = :'org';
SELECT kind, state, last_error FROM jobs WHERE last_error ~ 'placeholder|time zone';
SELECT booking.set_message_template(:'org', 'confirmation', NULL);
-- Nobody knows whether the confirmation has gone out, and the appointment moves: the new time is told by a message of its own, and
-- what may have gone out is not written anew.
EXECUTE book(:'two'::timestamptz + interval '14 days', '+14155550128') \gset
SELECT job_id AS job, booking.fail_job(org_id, job_id, lease, 'the connection was reset', 'unknown') AS state FROM booking.claim_messages('test') WHERE org_id = :'org' \gset
SELECT answer->>'smsStatus' AS sms FROM booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '15 days 1 hour') AS answer;
SELECT kind, state, attempts FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' ORDER BY id;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND id = :'job';
UPDATE booking.messages SET updated_at = now() - interval '15 seconds' WHERE org_id = :'org' AND job_id = :'job';
EXECUTE claim(10);
SELECT kind, state, last_error FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' ORDER BY id;
SELECT o.kind, m.status, m.body ~ 'at 2:00 PM' AS at_two, m.body ~ 'at 3:00 PM' AS at_three FROM booking.messages AS m JOIN booking.outbox AS o ON o.org_id = m.org_id AND o.id = m.job_id WHERE m.org_id = :'org' AND m.appointment_id = :'id' ORDER BY o.id;
-- Or the provider tells, before the courier has asked, that it has.
EXECUTE book(:'two'::timestamptz + interval '17 days', '+14155550130') \gset
SELECT message_id AS message, booking.fail_job(org_id, job_id, lease, 'the connection was reset', 'unknown') AS state FROM booking.claim_messages('test') WHERE org_id = :'org' \gset
SELECT booking.message_status(:'org', 'SM14', 'delivered', p_message_id => :'message') AS told;
SELECT answer->>'smsStatus' AS sms FROM booking.reschedule_appointment_atomic(:'org', :'id', :'two'::timestamptz + interval '18 days 1 hour') AS answer;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim(10);
SELECT kind, state FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' ORDER BY id;
-- So it is where it was withdrawn and requeued meanwhile; and that it is off is told then too.
EXECUTE book(:'two'::timestamptz + interval '16 days', '+14155550129') \gset
SELECT job_id AS job, booking.fail_job(org_id, job_id, lease, 'the connection was reset', 'unknown') AS state FROM booking.claim_messages('test') WHERE org_id = :'org' \gset
SELECT booking.cancel_job(:'org', :'job') AS withdrawn, booking.requeue_job(:'org', :'job') AS requeued;
SELECT answer->>'success' AS cancelled FROM booking.cancel_appointment(:'org', :'id') AS answer;
SELECT kind, state FROM booking.outbox WHERE org_id = :'org' AND appointment_id = :'id' ORDER BY id;
DELETE FROM booking.outbox WHERE org_id = :'org' AND state = 'available';
-- Nothing is said of a hold; of what it becomes, yes. A series says each.
SELECT booking.set_messaging(:'org', true, '{}', 'es');
SELECT booking.set_message_template(:'org', 'confirmation', '{name}: {date} {time}', 'es');
SELECT answer->>'holdId' AS hold FROM booking.hold_slot(:'org', 'x', :'two'::timestamptz + interval '5 days') AS answer \gset
SELECT count(*) FROM jobs WHERE state = 'available' AND kind <> 'reminder';
SELECT answer->>'smsStatus' AS sms FROM booking.confirm_hold(:'org', :'hold', 'Bo Kim', NULL, '+14155550127') AS answer;
SELECT answer->>'smsStatus' AS sms FROM booking.book_series_atomic(:'org', 'Bo Kim', NULL, '+14155550127', 'x', ARRAY[:'two'::timestamptz + interval '6 days', :'two'::timestamptz + interval '7 days']) AS answer;
SELECT kind, to_phone, body ~ '^Bo Kim: \d{4}-\d\d-\d\d 14:00 Ref [0-9A-Z]{6}$' AS in_spanish FROM booking.claim_messages('test') WHERE org_id = :'org';
-- Who is erased gets nothing more, and is not in what was sent.
SELECT answer->>'success' AS erased FROM booking.erase_contact(:'org', '+14155550127') AS answer;
SELECT count(*) FROM booking.messages WHERE org_id = :'org' AND to_phone = '+14155550127';
-- The monitor's line, and the night's work.
SELECT answer->'outbox'->'due' IS NOT NULL AS due, answer->'outbox' ? 'oldestSeconds' AS oldest, (answer->'outbox'->>'discarded')::int > 0 AS discarded FROM (SELECT booking.health()::jsonb AS answer) AS line;
UPDATE booking.outbox SET finished_at = finished_at - interval '40 days' WHERE org_id = :'org' AND finished_at IS NOT NULL;
SELECT (answer->>'jobs')::int > 10 AS purged FROM booking.purge(interval '30 days') AS answer;
SELECT count(*) FROM jobs WHERE state IN ('succeeded', 'discarded', 'cancelled');
SELECT answer->>'success' AS cleaned FROM booking.clean_organization(:'org', 'Riverside Dental') AS answer;
SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM booking.messages WHERE org_id = :'org') AS messages;
-- What cannot be.
SELECT booking.set_messaging(:'org', NULL);
SELECT booking.set_messaging(:'org', true, '{0}');
SELECT booking.set_messaging(:'org', true, '{1,2,3,4,5,6}');
SELECT booking.set_messaging(:'org', true, ARRAY[NULL]::int[]);
SELECT booking.set_messaging(:'org', true, '{60}', 'english');
SELECT booking.set_messaging('00000000-0000-7000-8000-000000000001', true);
SELECT * FROM booking.claim_messages(NULL);
SELECT * FROM booking.claim_messages('');
SELECT * FROM booking.claim_messages('test', 0);
SELECT * FROM booking.claim_messages('test', 10, 3601);
SELECT booking.fail_job(:'org', :'job', 1, 'no', 'maybe');
SELECT booking.finish_message(:'org', :'job', NULL);
SELECT booking.finish_message(:'org', :'job', 1, NULL, 'teleported');
SELECT booking.fail_job(:'org', :'job', 1, NULL);
SELECT booking.message_status(:'org', NULL, 'sent');
