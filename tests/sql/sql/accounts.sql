-- Accounts: what couriers do for an organization, they do with accounts that were connected for it, and only while these work.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/Phoenix') AS org \gset
SELECT (date_trunc('day', now()) + interval '40 days 17 hours') AS ten \gset
-- What is known of an account, without its times.
PREPARE account(text) AS
SELECT connected, problem, settings, key_id, left(encode(ciphertext, 'hex'), 4) AS secret, version, last_checked_at IS NOT NULL AS checked, expires_at, refreshing_until > clock_timestamp() AS refreshing
FROM booking.integrations WHERE org_id = :'org' AND provider = $1;
CREATE TEMP VIEW history AS
SELECT e.kind, e.detail FROM booking.events AS e WHERE e.org_id = :'org' AND e.kind ~ '^(integration|verif)' ORDER BY e.id;
PREPARE connect(text, text, jsonb, timestamptz) AS
SELECT booking.connect_integration(:'org', $1, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat($2, 16), 'hex'), $3, $4) AS version;
PREPARE book(int, text) AS
SELECT answer->>'smsStatus' AS sms, answer->>'calendarStatus' AS calendar, answer->>'appointmentId' AS id
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, $2, 'cleaning', :'ten'::timestamptz + $1 * interval '1 hour') AS answer;
PREPARE status(uuid) AS
SELECT answer->>'smsStatus' AS sms, answer->>'calendarStatus' AS calendar FROM booking.appointment_status(:'org', $1) AS answer;
PREPARE messages(boolean) AS
SELECT kind, to_phone, attempt, integration_version AS version FROM booking.claim_messages('test', 100, 60, $1) WHERE org_id = :'org' ORDER BY to_phone, kind;
PREPARE events(boolean) AS
SELECT right(event_id, 2) AS generation, attempt, integration_version AS version FROM booking.claim_events('test', 100, 60, $1) WHERE org_id = :'org' ORDER BY event->>'start';
PREPARE syncs AS
SELECT calendar_id, lease, integration_version AS version FROM booking.claim_syncs('test', 100) WHERE org_id = :'org' ORDER BY calendar_id;
CREATE TEMP VIEW jobs AS
SELECT CASE WHEN o.kind = 'calendar' THEN 'calendar' ELSE 'message' END AS what, o.state, o.attempts, o.last_error
FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state <> 'succeeded' ORDER BY o.created_at, o.id;
-- To connect an account turns on what is done with it.
SELECT settings FROM booking.organizations WHERE org_id = :'org';
EXECUTE connect('twilio', 'a1', '{"sender": "+12125550100", "per_second": 100, "account": "AC1"}', NULL);
EXECUTE connect('google', 'b1', NULL, '2030-01-01 00:00Z');
EXECUTE connect('vapi', 'c1', '{"account": "assistant 1"}', NULL);
SELECT settings FROM booking.organizations WHERE org_id = :'org';
EXECUTE account('twilio');
EXECUTE account('google');
EXECUTE account('vapi');
SELECT * FROM history;
-- Connected again, it has another version; its settings stay where none are stated, and are replaced where some are.
EXECUTE connect('twilio', 'a2', NULL, NULL);
EXECUTE account('twilio');
EXECUTE connect('twilio', 'a3', '{"per_second": 100}', NULL);
EXECUTE account('twilio');
-- When the access ends belongs to the secret: a new one says its own, or that it does not end.
EXECUTE connect('google', 'b2', NULL, NULL);
EXECUTE account('google');
-- A provider has one spelling, however it is written.
EXECUTE connect(' TWILIO ', 'a4', NULL, NULL);
EXECUTE connect('Google', 'b3', NULL, '2030-01-01 00:00Z');
SELECT provider, version FROM booking.integrations WHERE org_id = :'org' ORDER BY provider;
SELECT booking.begin_refresh(:'org', 'GOOGLE', 3) AS refreshes, booking.replace_secret(:'org', 'Google', 3, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('b4', 16), 'hex')) AS version, booking.integration_checked(:'org', ' google', 4) AS checked;
-- Of those who want to refresh an access, one does, for a while; who knows an older version does not.
SELECT booking.begin_refresh(:'org', 'google', 4) AS one, booking.begin_refresh(:'org', 'google', 4) AS other, booking.begin_refresh(:'org', 'google', 3) AS late, booking.begin_refresh(:'org', 'twilio', 4) AS of_another;
EXECUTE account('google');
UPDATE booking.integrations SET refreshing_until = clock_timestamp() WHERE org_id = :'org' AND provider = 'google';
SELECT booking.begin_refresh(:'org', 'google', 4, 300) AS next;
SELECT refreshing_until BETWEEN now() + interval '4 minutes' AND now() + interval '6 minutes' AS for_five_minutes FROM booking.integrations WHERE org_id = :'org' AND provider = 'google';
-- A new secret follows the version that it was made from, and no other. Its access ends when it says, or else as before.
SELECT booking.replace_secret(:'org', 'google', 3, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('b5', 16), 'hex')) AS stale;
SELECT booking.replace_secret(:'org', 'google', 4, 'k2', decode(repeat('00', 12), 'hex'), decode(repeat('b5', 16), 'hex'), '2031-01-01 00:00Z') AS version;
EXECUTE account('google');
SELECT booking.replace_secret(:'org', 'google', 4, 'k2', decode(repeat('00', 12), 'hex'), decode(repeat('b6', 16), 'hex')) AS twice;
SELECT booking.replace_secret(:'org', 'google', 5, 'k2', decode(repeat('00', 12), 'hex'), decode(repeat('b6', 16), 'hex')) AS version;
EXECUTE account('google');
SELECT booking.integration_checked(:'org', 'google', 5, 'stale', true) AS late;
-- Trouble that passes is kept in words; the account stays connected.
DELETE FROM booking.events WHERE org_id = :'org';
SELECT booking.integration_checked(:'org', 'google', 6, 'HTTP 503') AS known, booking.begin_refresh(:'org', 'google', 6) AS refreshes;
EXECUTE account('google');
-- An attempt to refresh that failed is over: the next may try.
SELECT booking.integration_checked(:'org', 'google', 6, 'HTTP 503') AS known;
SELECT booking.begin_refresh(:'org', 'google', 6) AS refreshes;
SELECT booking.integration_checked(:'org', 'google', 6) AS known;
EXECUTE account('google');
SELECT * FROM history;
-- Paused: everything waits, and loses no attempt.
EXECUTE book(0, '+14155550101') \gset
SELECT :'sms' AS sms, :'calendar' AS calendar;
SELECT booking.pause_couriers(:'org');
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
EXECUTE messages(true);
EXECUTE events(true);
SELECT * FROM jobs WHERE what = 'calendar' OR state <> 'available';
EXECUTE status(:'id');
SELECT booking.pause_couriers(:'org', false);
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
SELECT booking.finish_message(o.org_id, o.id, 1, 'SM1') AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running' AND o.kind = 'confirmation';
SELECT booking.finish_event(o.org_id, o.id, 1, replace(o.appointment_id::text, '-', '') || 'g1', '"1"', now()) AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running';
SELECT booking.finish_sync(:'org', 'primary', 3, 'token 1') AS finished;
EXECUTE status(:'id');
-- Lost: what needs the account waits until somebody connects it again; a second loss is no news, and nobody refreshes it.
EXECUTE book(1, '+14155550102') \gset
SELECT booking.integration_checked(:'org', 'twilio', 4, 'HTTP 401', true) AS twilio, booking.integration_checked(:'org', 'google', 6, 'invalid_grant', true) AS google;
SELECT booking.integration_checked(:'org', 'google', 6, 'invalid_grant', true) AS again, booking.begin_refresh(:'org', 'google', 6) AS refreshes;
SELECT * FROM history;
EXECUTE account('google');
UPDATE booking.calendars SET next_sync_at = now() WHERE org_id = :'org';
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
-- Nor does a courier that sends nothing pretend that it has.
EXECUTE messages(true);
EXECUTE events(true);
SELECT * FROM jobs WHERE attempts > 0;
EXECUTE status(:'id');
-- Who had it in hand when it was lost: its lease ends, and it waits too.
SELECT booking.integration_checked(:'org', 'twilio', 4) AS twilio, booking.integration_checked(:'org', 'google', 6) AS google;
SELECT * FROM history;
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
SELECT booking.fail_job(o.org_id, o.id, 1, 'HTTP 401', 'unauthorized') AS message FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running' AND o.kind = 'confirmation';
SELECT booking.integration_checked(:'org', 'twilio', 4, 'HTTP 401', true) AS twilio, booking.integration_checked(:'org', 'google', 6, 'invalid_grant', true) AS google;
UPDATE booking.outbox SET leased_until = now() - interval '1 hour' WHERE org_id = :'org' AND state = 'running';
UPDATE booking.outbox SET run_at = now() WHERE org_id = :'org' AND state = 'retryable';
EXECUTE messages(false);
EXECUTE events(false);
SELECT * FROM jobs WHERE attempts > 0;
-- To connect it again is enough, unless couriers are paused. What may not be in line then is written once more.
EXECUTE connect('twilio', 'a5', NULL, NULL);
EXECUTE connect('google', 'b7', NULL, NULL);
EXECUTE account('google');
SELECT booking.pause_couriers(:'org');
EXECUTE messages(false);
EXECUTE events(false);
SELECT booking.pause_couriers(:'org', false);
EXECUTE messages(false);
EXECUTE events(false);
SELECT booking.finish_message(o.org_id, o.id, o.lease, 'SM2') AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running' AND o.kind = 'confirmation';
SELECT booking.finish_event(o.org_id, o.id, o.lease, replace(o.appointment_id::text, '-', '') || 'g1', '"1"', now()) AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running';
EXECUTE status(:'id');
EXECUTE events(false);
SELECT booking.finish_event(o.org_id, o.id, o.lease, replace(o.appointment_id::text, '-', '') || 'g1', '"2"', now()) AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running';
EXECUTE status(:'id');
-- A sender keeps its rate, however many messages wait: each has its own moment, and no more are handed out than go out in a second.
EXECUTE connect('twilio', 'a6', '{"per_second": 4}', NULL);
SELECT count(*) AS booked FROM generate_series(2, 9) AS n, LATERAL (SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550103', 'cleaning', :'ten'::timestamptz + n * interval '1 hour')->>'success' AS success) AS booking WHERE booking.success = 'true';
SELECT wait_milliseconds FROM booking.claim_messages('test', 100) WHERE org_id = :'org' ORDER BY wait_milliseconds;
UPDATE booking.integrations SET next_send_at = now() + interval '1 minute' WHERE org_id = :'org' AND provider = 'twilio';
EXECUTE messages(false);
UPDATE booking.integrations SET next_send_at = now() WHERE org_id = :'org' AND provider = 'twilio';
SELECT count(*) AS claimed FROM booking.claim_messages('test', 100) WHERE org_id = :'org';
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.messages WHERE org_id = :'org';
DELETE FROM booking.calendar_events WHERE org_id = :'org';
DELETE FROM booking.appointments WHERE org_id = :'org';
-- Disconnected, the secret is gone and what is done with it is off; what waited is withdrawn. What is not secret stays.
EXECUTE connect('twilio', 'a7', '{"per_second": 100, "sender": "+12125550100"}', NULL);
SELECT booking.set_messaging(:'org', true, '{60}', 'es');
SELECT booking.set_calendar(:'org', true, 'async', 'follow', 'team@example.com', 60);
EXECUTE book(10, '+14155550104') \gset
SELECT booking.disconnect_integration(:'org', 'Twilio') AS twilio, booking.disconnect_integration(:'org', 'google') AS google;
SELECT booking.disconnect_integration(:'org', 'twilio') AS twice;
EXECUTE account('twilio');
SELECT nonce IS NULL AS forgotten FROM booking.integrations WHERE org_id = :'org' AND provider = 'twilio';
SELECT settings FROM booking.organizations WHERE org_id = :'org';
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
SELECT * FROM jobs WHERE attempts > 0;
EXECUTE status(:'id');
SELECT booking.integration_checked(:'org', 'twilio', 8) AS checked, booking.begin_refresh(:'org', 'google', 8) AS refreshes,
    booking.replace_secret(:'org', 'twilio', 8, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('a8', 16), 'hex')) AS replaced;
EXECUTE book(11, '+14155550104') \gset
SELECT :'sms' AS sms, :'calendar' AS calendar;
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.events WHERE org_id = :'org';
DELETE FROM booking.appointments WHERE org_id = :'org';
-- Wanted, and no account: it is given up, and the answer is that nobody has set it up.
SELECT booking.set_messaging(:'org', true, '{}');
SELECT booking.set_calendar(:'org', true);
EXECUTE book(12, '+14155550105') \gset
SELECT :'sms' AS sms, :'calendar' AS calendar;
EXECUTE messages(false);
EXECUTE events(false);
EXECUTE syncs;
SELECT * FROM jobs;
EXECUTE status(:'id');
-- What would wait for its event waits for nothing then: it is none.
SELECT booking.create_organization('Lakeside Dental', 'America/Phoenix') AS other \gset
SELECT booking.set_calendar(:'other', true, 'verified');
SELECT answer->>'status' AS status, answer->>'appointmentId' AS id FROM booking.book_appointment_atomic(:'other', 'Bo Kim', NULL, '+14155550106', 'cleaning', :'ten'::timestamptz) AS answer \gset other_
SELECT count(*) AS claimed FROM booking.claim_events('test', 100) WHERE org_id = :'other';
SELECT :'other_status' AS was, status, cancel_reason FROM booking.appointments WHERE org_id = :'other' AND id = :'other_id';
SELECT kind, detail FROM booking.events WHERE org_id = :'other' AND appointment_id = :'other_id' AND kind ~ '^verif';
DELETE FROM booking.outbox WHERE org_id = :'other';
-- A courier that sends nothing works for those who have no account, and says so.
EXECUTE book(13, '+14155550105') \gset
EXECUTE messages(true);
EXECUTE events(true);
SELECT booking.finish_message(o.org_id, o.id, o.lease, NULL, 'dry_run') AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running' AND o.kind = 'confirmation';
SELECT booking.finish_event(o.org_id, o.id, o.lease, replace(o.appointment_id::text, '-', '') || 'g1', p_is_dry_run => true) AS finished FROM booking.outbox AS o WHERE o.org_id = :'org' AND o.state = 'running';
EXECUTE status(:'id');
SELECT status, provider_sid FROM booking.messages WHERE org_id = :'org' AND appointment_id = :'id';
SELECT generation, state FROM booking.calendar_events WHERE org_id = :'org' AND appointment_id = :'id';
-- An account comes: what was given up, or only written to a log before, is written now.
EXECUTE connect('twilio', 'a8', NULL, NULL);
EXECUTE connect('google', 'b8', NULL, NULL);
SELECT booking.set_messaging(:'org', true, '{}');
EXECUTE events(false);
SELECT booking.finish_event(o.org_id, o.id, o.lease, e.event_id, '"1"', now()) AS finished FROM booking.outbox AS o JOIN booking.calendar_events AS e ON e.org_id = o.org_id AND e.appointment_id = o.appointment_id WHERE o.org_id = :'org' AND o.state = 'running' AND e.state = 'wanted';
SELECT answer->>'success' AS moved FROM booking.reschedule_appointment_atomic(:'org', :'id', :'ten'::timestamptz + interval '14 hours') AS answer;
EXECUTE messages(false);
SELECT right(event_id, 2) AS generation, is_new, removals FROM booking.claim_events('test', 100) WHERE org_id = :'org';
-- What is off is on again, as it was, when the account comes back.
SELECT booking.set_messaging(:'org', true, '{60}', 'es');
SELECT booking.set_calendar(:'org', true, 'verified', 'follow', 'team@example.com', 60);
SELECT booking.disconnect_integration(:'org', 'twilio') AS twilio, booking.disconnect_integration(:'org', 'google') AS google;
EXECUTE connect('twilio', 'a9', NULL, NULL);
EXECUTE connect('google', 'b9', NULL, NULL);
SELECT settings FROM booking.organizations WHERE org_id = :'org';
SELECT kind, detail FROM history;
-- A courier says that it is at work, that it leaves, and comes back.
SELECT booking.worker_heartbeat('courier 1')::jsonb - 'version' AS answer;
SELECT booking.worker_heartbeat('courier 1', '0.2.0', '{"inFlight": 3}')->>'success' AS success;
UPDATE booking.workers SET started_at = now() - interval '1 hour', last_seen_at = now() - interval '1 hour' WHERE id = 'courier 1';
SELECT booking.worker_heartbeat('courier 1', '0.2.0', '{"inFlight": 4}')->>'success' AS success;
SELECT org_id, version, state, started_at < now() - interval '50 minutes' AS as_before, last_seen_at > now() - interval '5 minutes' AS just_now, stopped_at FROM booking.workers WHERE id = 'courier 1';
SELECT booking.health()->'workers'->'alive' AS alive;
SELECT booking.worker_heartbeat('courier 1', p_is_leaving => true)->>'success' AS success;
SELECT version, state, started_at < now() - interval '50 minutes' AS as_before, stopped_at > now() - interval '5 minutes' AS just_now FROM booking.workers WHERE id = 'courier 1';
SELECT booking.health()->'workers'->'alive' AS alive;
SELECT booking.worker_heartbeat('courier 1')->>'success' AS success;
SELECT started_at > now() - interval '5 minutes' AS anew, stopped_at FROM booking.workers WHERE id = 'courier 1';
UPDATE booking.workers SET last_seen_at = now() - interval '40 days' WHERE id = 'courier 1';
SELECT booking.purge(interval '30 days')->'workers' AS forgotten;
-- What cannot be.
SELECT booking.worker_heartbeat(NULL)->>'error' AS error, booking.worker_heartbeat('  ')->>'error' AS error, booking.worker_heartbeat('courier 1', p_state => '[]')->>'error' AS error, booking.worker_heartbeat('courier 1', p_state => '3')->>'error' AS error;
EXECUTE connect('stripe', '00', NULL, NULL);
EXECUTE connect('', '00', NULL, NULL);
EXECUTE connect(NULL, '00', NULL, NULL);
EXECUTE connect('twilio', '00', '[]', NULL);
EXECUTE connect('twilio', '00', '{"per_second": 0}', NULL);
EXECUTE connect('twilio', '00', '{"per_second": 1001}', NULL);
EXECUTE connect('twilio', '00', '{"per_second": "1"}', NULL);
EXECUTE connect('twilio', '00', '{"sender": ""}', NULL);
EXECUTE connect('twilio', '00', '{"auth_token": "secret"}', NULL);
EXECUTE connect('google', '00', '{"sender": "+12125550100"}', NULL);
EXECUTE connect('google', '00', '{"account": 1}', NULL);
SELECT booking.connect_integration('00000000-0000-7000-8000-000000000001', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.connect_integration(NULL, 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', '', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 11), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 15), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 65537), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', 'k1', NULL, decode(repeat('00', 16), 'hex'));
SELECT booking.connect_integration(:'org', 'twilio', 'k1', decode(repeat('00', 12), 'hex'), NULL);
SELECT booking.disconnect_integration(:'org', 'stripe');
SELECT booking.disconnect_integration('00000000-0000-7000-8000-000000000001', 'twilio');
SELECT booking.replace_secret(:'org', 'twilio', NULL, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.replace_secret(:'org', 'twilio', 1, 'k1', decode(repeat('00', 13), 'hex'), decode(repeat('00', 16), 'hex'));
SELECT booking.integration_checked(:'org', 'twilio', NULL);
SELECT booking.begin_refresh(:'org', NULL, 1);
SELECT booking.pause_couriers(:'org', NULL);
SELECT booking.pause_couriers('00000000-0000-7000-8000-000000000001');
-- What was refused changed nothing.
SELECT provider, version FROM booking.integrations WHERE org_id = :'org' ORDER BY provider;
-- As everywhere, a number that is out of its range is refused and not bent.
\set VERBOSITY sqlstate
SELECT booking.begin_refresh(:'org', 'google', 11, 0);
SELECT booking.begin_refresh(:'org', 'google', 11, 301);
-- Nothing is left to couriers, or to be counted.
DELETE FROM booking.outbox WHERE org_id = :'org';
DELETE FROM booking.integrations WHERE org_id = :'org';
