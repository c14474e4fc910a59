-- Claims: whatever one organization has in its rows, the others get their work; and what may have gone out is looked for before it
-- goes out again, and not too early.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT booking.create_organization('Lakeside Dental', 'America/Phoenix') AS other \gset
SELECT date_trunc('day', now()) + interval '40 days 17 hours' AS ten \gset
PREPARE connect(uuid, text, jsonb) AS
SELECT booking.connect_integration($1, $2, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'), $3) AS version;
PREPARE book(uuid, int) AS
SELECT answer->>'success' AS success, answer->>'appointmentId' AS id
FROM booking.book_appointment_atomic($1, 'Ann Lee', NULL, '+14155550101', 'cleaning', :'ten'::timestamptz + $2 * interval '1 hour') AS answer;
CREATE FUNCTION pg_temp.name(org uuid) RETURNS text RETURN CASE org WHEN :'org' THEN 'riverside' WHEN :'other' THEN 'lakeside' END;
PREPARE claim AS
SELECT pg_temp.name(org_id) AS of, kind, attempt, is_unsure, former_sids, wait_milliseconds FROM booking.claim_messages('test', 100) WHERE org_id IN (:'org', :'other') ORDER BY 1;
EXECUTE connect(:'org', 'twilio', '{"per_second": 1000}');
EXECUTE connect(:'other', 'twilio', '{"per_second": 1000}');
EXECUTE connect(:'org', 'google', NULL);
EXECUTE connect(:'other', 'google', NULL);
SELECT booking.set_messaging(:'org', true, '{}'), booking.set_messaging(:'other', true, '{}');
-- A lease that cannot rise any more.
UPDATE booking.calendars SET lease = 4611686018427387904 WHERE org_id = :'org';
SELECT pg_temp.name(org_id) AS of FROM booking.claim_syncs('test', 100) WHERE org_id IN (:'org', :'other');
UPDATE booking.calendars SET lease = 1 WHERE org_id = :'org';
SELECT booking.set_calendar(:'org', false), booking.set_calendar(:'other', false);
-- A sender whose turn is at the end of time, and a message of it whose lease has ended: its next turn is in an hour.
EXECUTE book(:'org', 0) \gset
SELECT count(*) AS claimed FROM booking.claim_messages('test', 100) WHERE org_id = :'org';
UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE org_id = :'org' AND state = 'running';
UPDATE booking.integrations SET next_send_at = '9999-12-31 23:59:59.9999Z' WHERE org_id = :'org' AND provider = 'twilio';
EXECUTE book(:'other', 0) \gset
SELECT pg_temp.name(org_id) AS of, is_unsure, wait_milliseconds / 60000.0 > 59 AS waits FROM booking.claim_messages('test', 100) WHERE org_id IN (:'org', :'other') ORDER BY 1;
SELECT next_send_at < now() + interval '61 minutes' AS is_sane FROM booking.integrations WHERE org_id = :'org' AND provider = 'twilio';
UPDATE booking.integrations SET next_send_at = NULL WHERE org_id = :'org';
DELETE FROM booking.outbox WHERE org_id IN (:'org', :'other');
-- What may have gone out is looked for only when it would show: neither an account that is connected nor a person brings that forward.
CREATE TEMP VIEW waiting AS
SELECT o.state, o.run_at > now() + interval '5 seconds' AS waits, o.run_at > now() + interval '5 minutes' AS waits_long, m.status
FROM booking.outbox AS o JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id WHERE o.org_id = :'org' AND o.state IN ('available', 'retryable');
EXECUTE book(:'org', 1) \gset
SELECT job_id AS job, booking.fail_job(org_id, job_id, lease, 'the connection was reset', 'unknown') AS state FROM booking.claim_messages('test', 100) WHERE org_id = :'org' \gset
EXECUTE connect(:'org', 'twilio', '{"per_second": 1000}');
EXECUTE connect(:'org', 'vapi', NULL);
SELECT * FROM waiting;
SELECT booking.cancel_job(:'org', :'job') AS withdrawn, booking.requeue_job(:'org', :'job') AS requeued;
SELECT * FROM waiting;
EXECUTE claim;
SELECT * FROM waiting;
UPDATE booking.messages SET updated_at = now() - interval '15 seconds' WHERE org_id = :'org' AND job_id = :'job';
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND id = :'job';
EXECUTE claim;
-- A pause that was asked for is kept, whatever is connected.
SELECT booking.fail_job(o.org_id, o.id, o.lease, 'HTTP 429', p_retry_after_seconds => 3600) AS state FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.id = :'job';
EXECUTE connect(:'org', 'twilio', '{"per_second": 1000}');
EXECUTE connect(:'org', 'vapi', NULL);
SELECT * FROM waiting;
-- One that waits for the account to be accepted waits for that account, and no other.
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND id = :'job';
EXECUTE claim;
SELECT booking.fail_job(o.org_id, o.id, o.lease, 'HTTP 401', 'unauthorized', p_retry_after_seconds => 3600) AS state FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.id = :'job';
EXECUTE connect(:'org', 'vapi', NULL);
EXECUTE connect(:'org', 'google', NULL);
SELECT * FROM waiting;
EXECUTE connect(:'org', 'twilio', '{"per_second": 1000}');
SELECT * FROM waiting;
DELETE FROM booking.outbox WHERE org_id = :'org';
-- A second try that ends without a word: what the provider could not deliver before is named, so that it is not taken for it.
EXECUTE book(:'org', 2) \gset
SELECT booking.finish_message(org_id, job_id, lease, 'SM claims 1') AS finished FROM booking.claim_messages('test', 100) WHERE org_id = :'org';
SELECT booking.message_status(:'org', 'SM claims 1', 'undelivered', '30003') AS told;
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE claim;
UPDATE booking.outbox SET leased_until = now() - interval '1 minute' WHERE org_id = :'org' AND state = 'running';
EXECUTE claim;
-- A channel belongs to the account that opened it: under another one the calendar is read as often as without any, until there is
-- another channel.
SELECT booking.set_calendar(:'org', true);
SELECT lease FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' \gset
SELECT booking.watch_calendar(:'org', 'primary', :lease, 'channel 1', 'r1', now() + interval '7 days') AS watched;
EXECUTE connect(:'org', 'google', NULL);
SELECT calendar_id, channel_id, channel_resource_id, channel_expires_at FROM booking.claim_syncs('test', 100) WHERE org_id = :'org';
SELECT lease FROM booking.calendars WHERE org_id = :'org' \gset
SELECT booking.finish_sync(:'org', 'primary', :lease, 'token 1') AS answer, booking.calendar_notified(:'org', 'channel 1') AS known;
SELECT next_sync_at < now() + interval '3 minutes' AS is_soon FROM booking.calendars WHERE org_id = :'org';
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
SELECT lease FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' \gset
SELECT booking.watch_calendar(:'org', 'primary', :lease, 'channel 2', 'r2', now() + interval '7 days') AS watched;
SELECT booking.disconnect_integration(:'org', 'google') AS disconnected, booking.calendar_notified(:'org', 'channel 2') AS known;
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id IN (:'org', :'other');
DELETE FROM booking.integrations WHERE org_id IN (:'org', :'other');
