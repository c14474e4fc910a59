-- booking.book_appointment_atomic: books, or refuses with the nearest free times.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
-- Two in the afternoon, about two months from now.
SELECT (date_trunc('month', now()) + interval '2 months 9 days 14 hours') AS slot \gset
SELECT booking.book_appointment_atomic(:'org', 'mary-jane o''NEIL', 'Mary@Example.com', '(415) 555-0123', 'cleaning', :'slot') AS answer \gset
SELECT key, value FROM json_each(:'answer') WHERE key NOT LIKE '%Id' AND key NOT IN ('scheduledAt', 'endsAt', 'message') ORDER BY key;
SELECT regexp_replace(:'answer'::json->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message;
SELECT (:'answer'::json->>'scheduledAt')::timestamptz = :'slot' AS starts_as_asked,
    (:'answer'::json->>'endsAt')::timestamptz - :'slot' AS lasts;
SELECT seat, patient_name, service_type, starts_at = :'slot' AS starts, blocked = tstzrange(starts_at, ends_at) AS blocks_its_time, status, metadata
FROM booking.appointments WHERE org_id = :'org';
SELECT phone, name, email FROM booking.contacts WHERE org_id = :'org';
-- The same slot again, and one that overlaps it: refused, with the three nearest, the later first of two equally near.
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'cleaning', :'slot') AS answer \gset
SELECT :'answer'::json->>'success' AS success, :'answer'::json->>'error' AS error, :'answer'::json->>'message' AS message;
SELECT value::timestamptz - :'slot' AS away FROM json_array_elements_text(:'answer'::json->'alternatives');
SELECT answer->>'error' AS error
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'cleaning', :'slot'::timestamptz + interval '59 minutes') AS answer;
-- A time that only touches it is free.
SELECT answer->>'success' AS success
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', '', '+14155550124', 'cleaning', :'slot'::timestamptz + interval '1 hour', 30) AS answer;
SELECT name, email FROM booking.contacts WHERE org_id = :'org' AND phone = '+14155550124';
-- One contact per phone: the newest name and e-mail win, the appointment keeps the name it was booked under.
SELECT answer->>'success' AS success
FROM booking.book_appointment_atomic(:'org', 'Ann Chu', 'ann@example.com', '415 555 0124', 'cleaning', :'slot'::timestamptz + interval '2 hours') AS answer;
SELECT name, email FROM booking.contacts WHERE org_id = :'org' AND phone = '+14155550124';
SELECT patient_name FROM booking.appointments WHERE org_id = :'org' ORDER BY starts_at;
-- Seats: a class of two takes two.
SELECT booking.create_resource(:'org', 'Class', 2) AS class \gset
SELECT answer->>'success' AS success, answer->>'error' AS error
FROM generate_series(1, 3) AS caller,
    LATERAL booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+1415555020' || caller, 'yoga', :'slot', 60, :'class') AS answer;
SELECT seat FROM booking.appointments WHERE org_id = :'org' AND resource_id = :'class' ORDER BY seat;
-- An idempotency key: the same request gets the same answer, another one is refused.
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'slot'::timestamptz + interval '4 hours', p_idempotency_key => 'call-1') AS first \gset
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'slot'::timestamptz + interval '4 hours', p_idempotency_key => 'call-1') AS second \gset
SELECT :'second'::jsonb - 'replayed' = :'first'::jsonb AS same_answer, :'second'::jsonb->'replayed' AS replayed;
SELECT answer->>'error' AS error
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'slot'::timestamptz + interval '5 hours', p_idempotency_key => 'call-1') AS answer;
-- A year that has passed is replaced, and the answer says so.
SELECT answer->'success' AS success, answer->'dateCorrected' AS corrected,
    (answer->>'scheduledAt')::timestamptz - (:'slot'::timestamptz + interval '8 hours') AS off
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'slot'::timestamptz + interval '8 hours' - interval '2 years') AS answer;
-- Earlier today is refused with times still to come.
SELECT answer->>'error' AS error, json_array_length(answer->'alternatives') AS alternatives
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', date_trunc('day', now())) AS answer;
-- Bad input is refused by name, and nothing is left behind.
SELECT count(*) AS before FROM booking.appointments \gset
SELECT answer->>'error' AS error, answer->>'message' AS message, answer->>'hint' AS hint
FROM (VALUES
    (1, :'org'::uuid, 'Ann', NULL, '555', 'x', :'slot'::timestamptz, 60),
    (2, :'org', '', NULL, '+14155550124', 'x', :'slot', 60),
    (3, :'org', NULL, NULL, '+14155550124', 'x', :'slot', 60),
    (4, :'org', 'Ann', 'ann at home', '+14155550124', 'x', :'slot', 60),
    (5, :'org', 'Ann', NULL, NULL, 'x', :'slot', 60),
    (6, :'org', 'Ann', NULL, '+14155550124', ' ', :'slot', 60),
    (7, :'org', 'Ann', NULL, '+14155550124', 'x', NULL, 60),
    (8, :'org', 'Ann', NULL, '+14155550124', 'x', 'infinity', 60),
    (9, :'org', 'Ann', NULL, '+14155550124', 'x', '0044-03-15 12:00+00 BC', 60),
    (10, :'org', 'Ann', NULL, '+14155550124', 'x', '294276-01-01 00:00+00', 60),
    (11, :'org', 'Ann', NULL, '+14155550124', 'x', :'slot', 0),
    (12, :'org', 'Ann', NULL, '+14155550124', 'x', :'slot', -2147483648),
    (13, :'org', 'Ann', NULL, '+14155550124', 'x', :'slot', 2147483647),
    (14, NULL, 'Ann', NULL, '+14155550124', 'x', :'slot', 60),
    (15, '00000000-0000-7000-8000-000000000099', 'Ann', NULL, '+14155550124', 'x', :'slot', 60)
    ) AS bad (line, org, name, email, phone, service, at, minutes),
    LATERAL booking.book_appointment_atomic(org, name, email, phone, service, at, minutes) AS answer
ORDER BY line;
SELECT answer->>'error' AS error
FROM booking.book_appointment_atomic(:'org', 'Ann', NULL, '+14155550124', 'x', :'slot', p_resource_id => '00000000-0000-7000-8000-000000000099') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message
FROM (VALUES ('[]'::jsonb), ('"text"'), (jsonb_build_object('a', repeat('x', 100000)))) AS bad (metadata),
    LATERAL booking.book_appointment_atomic(:'org', 'Ann', NULL, '+14155550124', 'x', :'slot', p_metadata => metadata) AS answer;
SELECT count(*) = :before AS nothing_left_behind FROM booking.appointments;
