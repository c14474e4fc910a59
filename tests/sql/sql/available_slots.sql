-- booking.available_slots, check_availability and find_alternatives: what is free.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT date_trunc('month', now()) + interval '2 months 9 days' AS day \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT answer->>'success' AS booked
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '10 hours', 60) AS answer;
SELECT starts_at - :'day' AS starts, ends_at - :'day' AS ends, resource_id = :'main' AS main
FROM booking.available_slots(:'org', :'day'::timestamptz + interval '8 hours', :'day'::timestamptz + interval '12 hours');
-- Shorter appointments fit where longer ones do not.
SELECT count(*) FROM booking.available_slots(:'org', :'day'::timestamptz + interval '8 hours', :'day'::timestamptz + interval '12 hours', p_duration_minutes => 30);
-- All resources in one call.
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT starts_at - :'day' AS starts, resource_id = :'second' AS second
FROM booking.available_slots(:'org', :'day'::timestamptz + interval '10 hours', :'day'::timestamptz + interval '11 hours 30 minutes');
SELECT count(*) FROM booking.available_slots(:'org', :'day', :'day'::timestamptz + interval '1 day', p_resource_id => :'main');
-- In the list of what is selected, beside others, and as rows.
SELECT (slot).starts_at - :'day' AS starts, (slot).resource_id = :'main' AS main, number
FROM (SELECT booking.available_slots(:'org', :'day'::timestamptz + interval '10 hours', :'day'::timestamptz + interval '11 hours 30 minutes'),
    generate_series(1, 2)) AS listed (slot, number);
-- Thousands of them: each once, and in order.
SELECT count(*), count(DISTINCT (starts_at, resource_id)) AS different, bool_and(starts_at >= previous) AS in_order
FROM (SELECT *, lag(starts_at, 1, starts_at) OVER () AS previous
    FROM booking.available_slots(:'org', :'day', :'day'::timestamptz + interval '30 days')) AS listed;
-- Nothing in the past.
SELECT count(*) FROM booking.available_slots(:'org', now() - interval '2 days', now());
-- A day in words, as a voice agent asks for it.
SELECT answer->>'success' AS success, answer->>'timezone' AS timezone, json_array_length(answer->'slots') AS slots, answer->'slots'->0 AS first,
    regexp_replace(answer->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message
FROM booking.check_availability(:'org', to_char(:'day'::timestamptz, 'YYYY-MM-DD')) AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.check_availability(:'org', 'someday') AS answer;
SELECT answer->>'error' AS error, answer->>'message' AS message FROM booking.check_availability(:'org', NULL) AS answer;
-- The nearest to a time, that one left out.
SELECT found - :'day' AS starts FROM unnest(booking.find_alternatives(:'org', :'day'::timestamptz + interval '10 hours', p_resource_id => :'main')) AS found;
SELECT cardinality(booking.find_alternatives(:'org', :'day'::timestamptz + interval '10 hours', p_count => 20)) AS found;
SELECT * FROM booking.available_slots(:'org', NULL, now());
SELECT * FROM booking.available_slots(:'org', '-infinity', now());
SELECT * FROM booking.available_slots(:'org', now(), 'infinity');
SELECT * FROM booking.available_slots('00000000-0000-7000-8000-000000000099', now(), now() + interval '1 day');
SELECT * FROM booking.available_slots(:'org', now(), now() + interval '1 day', p_duration_minutes => 0);
SELECT booking.find_alternatives(:'org', now() + interval '1 day', p_count => 0);
