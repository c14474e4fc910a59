-- Days on which the clocks change: as many slots as there are, at the right local times, in hours, limits and grids.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
-- The next change forward and back of a zone, by the server's own time zone database.
CREATE FUNCTION pg_temp.day_length(zone text, day date) RETURNS interval LANGUAGE sql STABLE AS $$SELECT ((day + 1)::timestamp AT TIME ZONE zone) - (day::timestamp AT TIME ZONE zone)$$;
CREATE FUNCTION pg_temp.change(zone text, forward boolean) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT min(day) FROM generate_series(current_date + 2, current_date + 368, interval '1 day') AS d (at), CAST(at AS date) AS day
    WHERE CASE WHEN forward THEN pg_temp.day_length(zone, day) < interval '24 hours' ELSE pg_temp.day_length(zone, day) > interval '24 hours' END$$;
CREATE TABLE pg_temp.zones AS
SELECT zone, booking.create_organization(zone, zone) AS org, pg_temp.change(zone, true) AS spring, pg_temp.change(zone, false) AS autumn
FROM unnest(ARRAY['America/New_York', 'Europe/London', 'Australia/Sydney', 'Australia/Lord_Howe']) AS zone;
CREATE FUNCTION pg_temp.slots(org uuid, zone text, day date, service text DEFAULT NULL) RETURNS TABLE (starts_at timestamptz, local timestamp) LANGUAGE sql AS $$
    SELECT s.starts_at, s.starts_at AT TIME ZONE zone FROM booking.available_slots(org, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, service, 30) AS s$$;
-- How many half hours the days have, first without hours, then open around the clock: nothing changes.
CREATE TEMPORARY VIEW counts AS
SELECT zone, pg_temp.day_length(zone, spring) AS spring_day, (SELECT count(*) FROM pg_temp.slots(org, zone, spring)) AS spring,
    pg_temp.day_length(zone, autumn) AS autumn_day, (SELECT count(*) FROM pg_temp.slots(org, zone, autumn)) AS autumn FROM pg_temp.zones;
SELECT * FROM pg_temp.counts ORDER BY zone;
SELECT count(booking.set_opening_hours(org, (SELECT jsonb_object_agg(day, '[["00:00","24:00"]]'::jsonb) FROM unnest(ARRAY['mon','tue','wed','thu','fri','sat','sun']) AS day)) IS NULL) AS set FROM pg_temp.zones;
SELECT * FROM pg_temp.counts ORDER BY zone;
-- Which local times a day lacks, or has twice.
SELECT zone, (SELECT array_agg(half::time ORDER BY half) FROM generate_series(spring::timestamp, spring + interval '23 hours 30 minutes', '30 minutes') AS half
        WHERE half NOT IN (SELECT local FROM pg_temp.slots(org, zone, spring))) AS left_out,
    (SELECT array_agg(local::time ORDER BY local) FROM (SELECT local FROM pg_temp.slots(org, zone, autumn) GROUP BY local HAVING count(*) > 1) AS twice) AS twice
FROM pg_temp.zones ORDER BY zone;
-- Each of them can be booked: all of a day's half hours, and then there is none.
CREATE FUNCTION pg_temp.fill(org uuid, zone text, day date) RETURNS TABLE (booked bigint, refused bigint) LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE answer->>'success' = 'true'), count(*) FILTER (WHERE answer->>'success' = 'false')
    FROM pg_temp.slots(org, zone, day) AS s, booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', 'x', s.starts_at, 30) AS answer$$;
SELECT zone, spring.booked AS spring, spring.refused, autumn.booked AS autumn, autumn.refused FROM pg_temp.zones, pg_temp.fill(org, zone, spring) AS spring, pg_temp.fill(org, zone, autumn) AS autumn ORDER BY zone;
SELECT * FROM pg_temp.counts ORDER BY zone;
SELECT sum(pg_temp.day_length(zone, spring) + pg_temp.day_length(zone, autumn)) = sum(length) AS every_minute_is_taken
FROM pg_temp.zones, LATERAL (SELECT sum(ends_at - starts_at) AS length FROM booking.appointments AS a WHERE a.org_id = zones.org) AS taken;
-- A window over the change: 00:30 to 03:30 on the wall is two, four, two and a half or three and a half hours.
SELECT count(booking.create_resource(org, 'Night')) AS made FROM pg_temp.zones;
SELECT count(booking.set_opening_hours(r.org_id, (SELECT jsonb_object_agg(day, '[["00:30","03:30"]]'::jsonb) FROM unnest(ARRAY['mon','tue','wed','thu','fri','sat','sun']) AS day), r.id) IS NULL) AS set
FROM booking.resources AS r WHERE r.name = 'Night' AND r.org_id IN (SELECT org FROM pg_temp.zones);
SELECT zone, (SELECT count(*) * interval '30 minutes' FROM pg_temp.slots(org, zone, spring)) AS spring, (SELECT count(*) * interval '30 minutes' FROM pg_temp.slots(org, zone, autumn)) AS autumn,
    (SELECT min(local::time) || ' to ' || max(local::time) FROM pg_temp.slots(org, zone, autumn)) AS starts FROM pg_temp.zones ORDER BY zone;
-- A grid from the opening follows the clock: every hour from half past midnight.
SELECT count(booking.create_service(org, 'Night watch', 30, p_slot_step_minutes => 60, p_slot_anchor => 'opening', p_horizon_days => 400)) AS made FROM pg_temp.zones;
SELECT zone, (SELECT array_agg(to_char(local, 'HH24:MI') ORDER BY starts_at) FROM pg_temp.slots(org, zone, spring, 'night watch')) AS spring,
    (SELECT array_agg(to_char(local, 'HH24:MI') ORDER BY starts_at) FROM pg_temp.slots(org, zone, autumn, 'night watch')) AS autumn FROM pg_temp.zones ORDER BY zone;
-- A daily limit counts the local day, however long it is: three on the day of 25 hours, and three the day after.
SELECT count(booking.create_service(org, 'Limited', 30, p_daily_limit => 3, p_horizon_days => 400)) AS made FROM pg_temp.zones;
SELECT zone, day - autumn AS day, count(*) FILTER (WHERE answer->>'success' = 'true') AS booked, array_agg(DISTINCT answer->>'error') AS errors
FROM pg_temp.zones, unnest(ARRAY[autumn, autumn + 1]) AS day, generate_series(0, 5) AS half,
    booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', 'limited', (day + time '00:30') AT TIME ZONE zone + half * interval '30 minutes',
        p_resource_id => (SELECT r.id FROM booking.resources AS r WHERE r.org_id = org AND r.name = 'Night')) AS answer
GROUP BY zone, day, autumn ORDER BY zone, day;
