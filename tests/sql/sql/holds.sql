-- booking.hold_slot, confirm_hold and release_hold.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT date_trunc('day', now()) + interval '30 days 14 hours' AS start \gset
CREATE FUNCTION pg_temp.outcome(answer json) RETURNS text LANGUAGE sql AS $$SELECT coalesce(answer->>'error', 'done')$$;
CREATE FUNCTION pg_temp.hold(org uuid, start timestamptz) RETURNS uuid LANGUAGE sql AS $$SELECT (booking.hold_slot(org, 'cleaning', start) ->> 'holdId')::uuid$$;
CREATE FUNCTION pg_temp.confirm(org uuid, hold uuid) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.outcome(booking.confirm_hold(org, hold, 'ann lee', '', '415 555 0124'))$$;
CREATE FUNCTION pg_temp.expire(hold uuid) RETURNS void LANGUAGE sql AS $$UPDATE booking.appointments SET expires_at = clock_timestamp() - interval '1 second' WHERE id = hold$$;
-- What it answers.
SELECT answer AS held FROM booking.hold_slot(:'org', 'Cleaning', :'start', 45, p_ttl_seconds => 600) AS answer \gset
SELECT (SELECT array_agg(key) FROM json_object_keys(:'held') AS key) AS keys;
SELECT :'held'::json->>'status' AS status, (:'held'::json->>'endsAt')::timestamptz - :'start'::timestamptz AS length,
    abs(extract(epoch FROM (:'held'::json->>'expiresAt')::timestamptz - clock_timestamp()) - 600) < 60 AS expires_in_ten_minutes,
    regexp_replace(:'held'::json->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message;
SELECT (:'held'::json->>'holdId')::uuid AS hold \gset
SELECT id = :'hold' AS same, status, contact_id IS NULL AS of_nobody, patient_name IS NULL AS no_name, service_type, ends_at - starts_at AS length FROM booking.appointments WHERE org_id = :'org';
-- It keeps others out: bookings, holds and offers.
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'x', :'start'::timestamptz + interval '30 minutes')) AS booking,
    pg_temp.outcome(booking.hold_slot(:'org', 'x', :'start')) AS hold;
SELECT array_agg(to_char(starts_at - :'start', 'HH24:MI')) AS slots
FROM booking.available_slots(:'org', :'start'::timestamptz - interval '30 minutes', :'start'::timestamptz + interval '2 hours', p_duration_minutes => 30);
-- Confirmed once, with what the patient said made clean, under the same id. It never expires again.
SELECT pg_temp.outcome(booking.confirm_hold(:'org', :'hold', 'ann lee', '', '555')) AS bad_phone, pg_temp.outcome(booking.confirm_hold(:'org', :'hold', NULL, '', '415 555 0124')) AS no_name;
SELECT answer->>'success' AS success, (answer->>'appointmentId')::uuid = :'hold' AS same, answer->>'status' AS status,
    (SELECT array_agg(key) FROM json_object_keys(answer) AS key) AS keys
FROM booking.confirm_hold(:'org', :'hold', 'ann lee', '', '415 555 0124') AS answer;
SELECT a.status, a.patient_name, c.phone, c.email, a.expires_at FROM booking.appointments AS a JOIN booking.contacts AS c ON c.id = a.contact_id WHERE a.org_id = :'org';
SELECT pg_temp.confirm(:'org', :'hold') AS again, pg_temp.outcome(booking.release_hold(:'org', :'hold')) AS release;
-- Released once.
SELECT pg_temp.hold(:'org', :'start'::timestamptz + interval '2 hours') AS other \gset
SELECT answer->>'success' AS success, answer->>'status' AS status, (answer->>'holdId')::uuid = :'other' AS same FROM booking.release_hold(:'org', :'other') AS answer;
SELECT pg_temp.outcome(booking.release_hold(:'org', :'other')) AS again, pg_temp.confirm(:'org', :'other') AS confirm;
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'x', :'start'::timestamptz + interval '2 hours')) AS booking;
-- Expired it keeps nobody away, from the moment on, before anybody has touched its row.
SELECT pg_temp.hold(:'org', :'start'::timestamptz + interval '4 hours') AS expired \gset
SELECT pg_temp.expire(:'expired');
SELECT status, booking.appointment_status(:'org', id) ->> 'status' AS shown FROM booking.appointments WHERE id = :'expired';
SELECT count(*) FROM booking.available_slots(:'org', :'start'::timestamptz + interval '4 hours', :'start'::timestamptz + interval '4 hours 1 minute');
SELECT pg_temp.confirm(:'org', :'expired') AS confirm, pg_temp.outcome(booking.release_hold(:'org', :'expired')) AS release,
    pg_temp.outcome(booking.cancel_appointment(:'org', :'expired')) AS cancel, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'expired', :'start')) AS move,
    pg_temp.outcome(booking.set_appointment_status(:'org', :'expired', 'completed')) AS complete;
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'x', :'start'::timestamptz + interval '4 hours 15 minutes')) AS booking;
SELECT status, cancel_reason, cancelled_at = expires_at AS ended_then FROM booking.appointments WHERE id = :'expired';
SELECT pg_temp.confirm(:'org', :'expired') AS confirm, pg_temp.outcome(booking.release_hold(:'org', :'expired')) AS release,
    pg_temp.outcome(booking.cancel_appointment(:'org', :'expired')) AS cancel, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'expired', :'start')) AS move,
    pg_temp.outcome(booking.set_appointment_status(:'org', :'expired', 'completed')) AS complete;
-- A hold counts towards the daily limit, and gives its place back when it expires.
SELECT booking.create_service(:'org', 'Laser', 30, p_daily_limit => 1) IS NOT NULL AS created;
SELECT (booking.hold_slot(:'org', 'laser', :'start'::timestamptz + interval '5 days') ->> 'holdId')::uuid AS laser \gset
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'laser', :'start'::timestamptz + interval '5 days 2 hours')) AS booking;
SELECT pg_temp.expire(:'laser');
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'laser', :'start'::timestamptz + interval '5 days 2 hours')) AS booking;
-- A hold whose time has come is over, however long it lasts.
SELECT pg_temp.hold(:'org', :'start'::timestamptz + interval '6 days') AS passed \gset
UPDATE booking.appointments SET starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour', blocked = tstzrange(now() - interval '2 hours', now() - interval '1 hour') WHERE id = :'passed';
SELECT pg_temp.confirm(:'org', :'passed') AS confirm;
-- What cannot be held, leaves nothing.
SELECT count(*) AS appointments FROM booking.appointments \gset
SELECT answer->>'error' AS error, answer->>'detail' AS detail FROM unnest(ARRAY[0, -1, 86401, 2147483647]) AS seconds, booking.hold_slot(:'org', 'x', :'start'::timestamptz + interval '8 days', p_ttl_seconds => seconds) AS answer;
SELECT pg_temp.outcome(booking.hold_slot(:'org', NULL, :'start')) AS no_service, pg_temp.outcome(booking.hold_slot(:'org', 'x', NULL)) AS no_time,
    pg_temp.outcome(booking.hold_slot(:'org', 'x', now() - interval '1 hour')) AS past, pg_temp.outcome(booking.hold_slot(:'org', 'x', :'start', 0)) AS no_length,
    pg_temp.outcome(booking.hold_slot('00000000-0000-7000-8000-000000000099', 'x', :'start')) AS no_org;
SELECT pg_temp.confirm(:'org', '00000000-0000-7000-8000-000000000099') AS unknown, pg_temp.confirm(:'org', NULL) AS none, pg_temp.outcome(booking.release_hold(NULL, NULL)) AS nothing;
SELECT booking.create_organization('Other', 'UTC') AS stranger \gset
SELECT pg_temp.outcome(booking.release_hold(:'stranger', :'hold')) AS other_org;
SELECT count(*) = :appointments AS as_before FROM booking.appointments;
