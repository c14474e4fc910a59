-- Which resource is taken when any may be, how many seats it has, and when it is away.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT booking.create_resource(:'org', 'Third') AS third \gset
SELECT date_trunc('day', now()) + interval '30 days' AS day \gset
CREATE FUNCTION pg_temp.book(org uuid, start timestamptz, resource uuid DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(answer->>'error', (SELECT r.name FROM booking.resources AS r WHERE r.id = (answer->>'resourceId')::uuid))
    FROM booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', 'x', start, 60, resource) AS answer $$;
-- Equal ones by id; then the least loaded of the day.
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '9 hours') AS first, pg_temp.book(:'org', :'day'::timestamptz + interval '11 hours') AS second,
    pg_temp.book(:'org', :'day'::timestamptz + interval '10 hours') AS third;
-- Equally loaded: the one that has been idle longest, whichever its id; what comes later in the day is no rest.
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours') AS idle_since_ten, pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours') AS idle_since_eleven,
    pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours') AS idle_since_twelve, pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours') AS nobody;
-- Another day is another load.
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '1 day 9 hours') AS first;
-- A class of twelve takes exactly twelve, the lowest seat that is free first.
SELECT booking.create_resource(:'org', 'Class', 12) AS class \gset
SELECT count(*) AS calls, count(*) FILTER (WHERE answer = 'Class') AS booked, count(*) FILTER (WHERE answer = 'slot_unavailable') AS refused
FROM (SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '18 hours', :'class') AS answer FROM generate_series(1, 15)) AS calls;
SELECT array_agg(seat ORDER BY seat) AS seats FROM booking.appointments WHERE resource_id = :'class';
SELECT booking.cancel_appointment(:'org', id) ->> 'success' AS cancelled FROM booking.appointments WHERE resource_id = :'class' AND seat IN (3, 7);
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '18 hours 30 minutes', :'class') AS later;
SELECT seat FROM booking.appointments WHERE resource_id = :'class' AND starts_at = :'day'::timestamptz + interval '18 hours 30 minutes';
-- Time away takes every seat; blocks may overlap each other and what is there, and cancel nothing.
SELECT booking.add_busy_block(:'org', :'class', :'day'::timestamptz + interval '16 hours', :'day'::timestamptz + interval '19 hours', 'training') AS one \gset
SELECT booking.add_busy_block(:'org', :'class', :'day'::timestamptz + interval '17 hours', :'day'::timestamptz + interval '21 hours') AS two \gset
SELECT to_char(lower(during) - :'day', 'HH24:MI') AS starts, to_char(upper(during) - :'day', 'HH24:MI') AS ends, reason FROM booking.busy_blocks WHERE org_id = :'org' ORDER BY during;
SELECT count(*) FROM booking.appointments WHERE resource_id = :'class' AND status = 'confirmed';
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours 30 minutes', :'class') AS into_the_block,
    pg_temp.book(:'org', :'day'::timestamptz + interval '15 hours', :'class') AS up_to_the_block, pg_temp.book(:'org', :'day'::timestamptz + interval '20 hours', :'class') AS second_block;
SELECT array_agg(DISTINCT to_char(starts_at, 'HH24:MI')) AS slots
FROM booking.available_slots(:'org', :'day'::timestamptz + interval '14 hours', :'day'::timestamptz + interval '22 hours', p_resource_id => :'class');
SELECT booking.remove_busy_block(:'org', :'two') AS removed, booking.remove_busy_block(:'org', :'two') AS again;
SELECT pg_temp.book(:'org', :'day'::timestamptz + interval '20 hours', :'class') AS after_removal;
-- A block is not a thing of another organization.
SELECT booking.create_organization('Other', 'UTC') AS other \gset
SELECT booking.remove_busy_block(:'other', :'one') AS removed;
\set VERBOSITY sqlstate
SELECT booking.add_busy_block(:'other', :'class', now(), now() + interval '1 hour');
\set VERBOSITY default
SELECT booking.add_busy_block(:'org', :'class', now(), now());
SELECT booking.add_busy_block(:'org', :'class', now(), now() - interval '1 hour');
SELECT booking.add_busy_block(:'org', :'class', now(), 'infinity');
SELECT booking.add_busy_block(:'org', :'class', '-infinity', now());
SELECT booking.add_busy_block(:'org', :'class', now(), now() + interval '11 years');
SELECT booking.add_busy_block(:'org', :'class', NULL, now());
SELECT booking.add_busy_block(:'org', NULL, now(), now() + interval '1 hour');
SELECT booking.add_busy_block(:'org', :'class', now(), now() + interval '1 hour', '');
SELECT booking.remove_busy_block(:'org', NULL);
SELECT count(*) AS blocks FROM booking.busy_blocks WHERE org_id = :'org';
