-- booking.purge, erase_contact and clean_organization: what is forgotten, and what stays.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org, booking.create_organization('Other', 'UTC') AS other \gset
SELECT date_trunc('day', now()) + interval '30 days 14 hours' AS start \gset
CREATE FUNCTION pg_temp.book(org uuid, name text, phone text, start timestamptz, key text DEFAULT NULL) RETURNS uuid LANGUAGE sql AS $$
    SELECT (booking.book_appointment_atomic(org, name, 'x@example.com', phone, 'x', start, p_idempotency_key => key, p_metadata => '{"note": "private"}') ->> 'appointmentId')::uuid$$;
SELECT pg_temp.book(:'org', 'Ann Lee', '+14155550124', :'start', 'ann-1') AS first, pg_temp.book(:'org', 'Ann Lee', '+14155550124', :'start'::timestamptz + interval '1 day', 'ann-2') AS second,
    pg_temp.book(:'org', 'Ann Lee', '+14155550124', :'start'::timestamptz + interval '2 days') AS third, pg_temp.book(:'org', 'Bob Jones', '+14155550145', :'start'::timestamptz + interval '3 days', 'bob-1') AS bob,
    pg_temp.book(:'other', 'Ann Lee', '+14155550124', :'start', 'ann-1') AS elsewhere \gset
SELECT booking.cancel_appointment(:'org', :'second', 'she has a cold') ->> 'success' AS cancelled;
UPDATE booking.appointments SET starts_at = starts_at - interval '60 days', ends_at = ends_at - interval '60 days', blocked = tstzrange(lower(blocked) - interval '60 days', upper(blocked) - interval '60 days') WHERE id = :'first';
SELECT booking.set_appointment_status(:'org', :'first', 'completed') ->> 'success' AS completed;
-- One person is erased: from contacts, appointments and kept answers; nobody else, and no other organization's.
SELECT booking.erase_contact(:'org', '(415) 555-0124');
SELECT phone FROM booking.contacts WHERE org_id = :'org';
SELECT patient_name, contact_id IS NULL AS of_nobody, status, metadata, cancel_reason, erased_at IS NOT NULL AS erased, starts_at > now() AS to_come
FROM booking.appointments WHERE org_id = :'org' ORDER BY starts_at;
SELECT key FROM booking.idempotency_keys WHERE org_id = :'org';
SELECT patient_name, status FROM booking.appointments WHERE org_id = :'other';
SELECT count(*) AS traces FROM booking.appointments AS a, booking.contacts AS c, booking.idempotency_keys AS i
WHERE a.org_id = :'org' AND c.org_id = :'org' AND i.org_id = :'org' AND concat(a.*, c.*, i.*) ~* 'ann|4155550124|cold';
-- The slot is free, and the person may come back as a new one.
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'start'::timestamptz + interval '2 days') ->> 'success' AS booked;
-- What is of nobody is looked up, and neither moved nor changed.
SELECT booking.appointment_status(:'org', :'first') ->> 'status' AS status, booking.reschedule_appointment_atomic(:'org', :'first', :'start') ->> 'error' AS move, booking.cancel_appointment(:'org', :'third') ->> 'error' AS cancel;
UPDATE booking.appointments SET status = 'confirmed' WHERE id = :'first';
SELECT booking.reschedule_appointment_atomic(:'org', :'first', :'start') ->> 'error' AS move;
SELECT answer->>'error' AS error, answer->>'detail' AS detail FROM unnest(ARRAY['+14155550199', '555', NULL]) WITH ORDINALITY AS stated (phone, number), booking.erase_contact(:'org', phone) AS answer ORDER BY number;
SELECT booking.erase_contact('00000000-0000-7000-8000-000000000099', '+14155550124') ->> 'error' AS error;
-- What has served its time: keys, and holds that nobody confirmed. Appointments are history.
SELECT (booking.hold_slot(:'org', 'x', :'start'::timestamptz + interval '5 days') ->> 'holdId')::uuid AS expired, (booking.hold_slot(:'org', 'x', :'start'::timestamptz + interval '6 days') ->> 'holdId')::uuid AS released,
    (booking.hold_slot(:'org', 'x', :'start'::timestamptz + interval '7 days') ->> 'holdId')::uuid AS fresh \gset
SELECT booking.release_hold(:'org', :'released') ->> 'success' AS released;
UPDATE booking.appointments SET expires_at = now() - interval '40 days' WHERE id IN (:'expired', :'released');
UPDATE booking.idempotency_keys SET created_at = now() - interval '40 days' WHERE org_id = :'org';
SELECT booking.purge(interval '50 days') ->> 'holds' AS too_young;
SELECT booking.purge(interval '30 days');
SELECT count(*) FILTER (WHERE id = :'fresh') AS fresh, count(*) FILTER (WHERE id IN (:'expired', :'released')) AS given_up, count(*) AS all_rows FROM booking.appointments WHERE org_id = :'org';
SELECT answer->>'error' AS error, answer->>'detail' AS detail FROM unnest(ARRAY['0', '-1 day', '101 years', NULL]::interval[]) AS age, booking.purge(age) AS answer;
-- An organization is cleaned only by its name; what it is stays, and others stay whole.
SELECT answer->>'error' AS error, answer->>'detail' AS detail FROM unnest(ARRAY['riverside dental', 'Other', '', NULL]) AS name, booking.clean_organization(:'org', name) AS answer;
SELECT booking.clean_organization('00000000-0000-7000-8000-000000000099', 'x') ->> 'error' AS unknown, booking.clean_organization(NULL, 'x') ->> 'error' AS none;
SELECT booking.clean_organization(:'org', 'Riverside Dental');
SELECT (SELECT count(*) FROM booking.appointments WHERE org_id = :'org') AS appointments, (SELECT count(*) FROM booking.contacts WHERE org_id = :'org') AS contacts,
    (SELECT count(*) FROM booking.idempotency_keys WHERE org_id = :'org') AS keys, (SELECT count(*) FROM booking.resources WHERE org_id = :'org') AS resources;
SELECT (SELECT count(*) FROM booking.appointments WHERE org_id = :'other') AS appointments, (SELECT count(*) FROM booking.contacts WHERE org_id = :'other') AS contacts;
