-- booking.set_opening_hours and set_date_override: when a time lies inside.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT date_trunc('week', current_date + 21)::date AS monday \gset
-- The slots of an hour that start on each day of that week, as ranges on the local clock: first and last of each stretch.
CREATE FUNCTION pg_temp.open_times(org uuid, monday date, resource uuid DEFAULT NULL, days int DEFAULT 7) RETURNS TABLE (day text, stretches text) LANGUAGE sql AS $$
    WITH slot AS (
        SELECT DISTINCT starts_at, starts_at AT TIME ZONE 'America/New_York' AS local
        FROM booking.available_slots(org, monday::timestamp AT TIME ZONE 'America/New_York', (monday + days)::timestamp AT TIME ZONE 'America/New_York', p_resource_id => resource)
    ), stretch AS (
        SELECT local, starts_at - row_number() OVER (PARTITION BY local::date ORDER BY starts_at) * interval '30 minutes' AS number FROM slot
    ), ends AS (
        SELECT local::date AS day, min(local)::time AS first, max(local)::time AS last FROM stretch GROUP BY local::date, number
    )
    SELECT to_char(day, 'Dy'), string_agg(to_char(first, 'HH24:MI') || '-' || to_char(last, 'HH24:MI'), ' ' ORDER BY first) FROM ends GROUP BY day ORDER BY day
$$;
-- Without hours it is open always.
SELECT * FROM pg_temp.open_times(:'org', :'monday');
-- Breaks, midnight at the end of a day, a night, days off.
SELECT booking.set_opening_hours(:'org', '{"mon": [["09:00","12:00"],["13:00","17:00"]], "tue": [["18:00","24:00"]], "wed": [["22:00","02:30"]], "fri": [["10:00","10:30"]], "sat": []}');
SELECT * FROM pg_temp.open_times(:'org', :'monday');
SELECT weekday, windows FROM booking.opening_hours WHERE org_id = :'org' ORDER BY weekday;
-- An appointment lies within one opening.
SELECT clock, coalesce(answer->>'error', 'booked') AS answer
FROM unnest(ARRAY['08:30','11:30','12:00','12:59','13:00','16:01']::time[]) AS clock,
    booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', (:'monday'::date + clock) AT TIME ZONE 'America/New_York') AS answer;
SELECT booking.cancel_appointment(:'org', id) ->> 'success' AS cancelled FROM booking.appointments WHERE org_id = :'org';
-- The nearest times inside, that day and the days after.
SELECT answer->>'error' AS error, replace(answer->>'detail', :'monday', '<monday>') AS detail,
    (SELECT array_agg(to_char(found::timestamptz AT TIME ZONE 'America/New_York', 'Dy HH24:MI')) FROM json_array_elements_text(answer->'alternatives') AS found) AS alternatives
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', (:'monday'::date + time '21:30') AT TIME ZONE 'America/New_York') AS answer;
SELECT answer->>'error' AS error,
    (SELECT array_agg(to_char(found::timestamptz AT TIME ZONE 'America/New_York', 'Dy HH24:MI')) FROM json_array_elements_text(answer->'alternatives') AS found) AS alternatives
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', (:'monday'::date + 5 + time '11:00') AT TIME ZONE 'America/New_York') AS answer;
-- Overrides: a closed day, other hours, a day more, a night that stays of the day before.
SELECT booking.set_date_override(:'org', :'monday', '[]', p_reason => 'public holiday');
SELECT booking.set_date_override(:'org', :'monday'::date + 1, '[["06:00","08:00"]]');
SELECT booking.set_date_override(:'org', :'monday'::date + 3, '[]');
SELECT booking.set_date_override(:'org', :'monday'::date + 5, '[["10:00","14:00"]]');
SELECT * FROM pg_temp.open_times(:'org', :'monday');
SELECT date - :'monday' AS day, windows, reason FROM booking.closures WHERE org_id = :'org' ORDER BY date;
-- Set again it is replaced, NULL takes it back.
SELECT booking.set_date_override(:'org', :'monday', '[["11:00","12:00"],["11:30","14:00"]]');
SELECT booking.set_date_override(:'org', :'monday'::date + 1, NULL);
SELECT * FROM pg_temp.open_times(:'org', :'monday', days => 2);
-- A resource with hours of its own: an override of the organization takes from them and does not add; its own counts first.
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT booking.set_opening_hours(:'org', '{"mon": [["10:00","13:00"]], "tue": [["07:00","09:00"]], "thu": [["09:00","12:00"]]}', :'second');
SELECT * FROM pg_temp.open_times(:'org', :'monday', :'second');
SELECT booking.set_date_override(:'org', :'monday'::date + 3, '[["15:00","17:00"]]', :'second');
SELECT * FROM pg_temp.open_times(:'org', :'monday', :'second');
SELECT booking.set_opening_hours(:'org', '{"mon": []}', :'second');
SELECT * FROM pg_temp.open_times(:'org', :'monday', :'second');
-- Without hours of its own again it is open as its organization is, and that can be always.
SELECT booking.set_opening_hours(:'org', '{}', :'second');
SELECT booking.set_date_override(:'org', :'monday'::date + 3, NULL, :'second');
SELECT count(*) AS differing FROM (
    SELECT * FROM pg_temp.open_times(:'org', :'monday', :'second') EXCEPT SELECT * FROM pg_temp.open_times(:'org', :'monday', :'main')) AS difference;
SELECT booking.set_opening_hours(:'org', '{}');
SELECT * FROM pg_temp.open_times(:'org', :'monday', days => 2);
-- Two organizations do not share hours.
SELECT booking.create_organization('Other', 'America/New_York') AS other \gset
SELECT booking.set_opening_hours(:'other', '{"mon": []}');
SELECT count(*) AS closed FROM pg_temp.open_times(:'other', :'monday');
SELECT count(*) AS open FROM pg_temp.open_times(:'org', :'monday');
-- What is no hours is refused, and those there were stay.
SELECT booking.set_opening_hours(:'other', '{"mon": [["09:00","17:00"]]}');
SELECT booking.set_opening_hours(:'other', NULL);
SELECT booking.set_opening_hours(:'other', '[]');
SELECT booking.set_opening_hours(:'other', '{"monday": []}');
SELECT booking.set_opening_hours(:'other', '{"mon": {"from": "09:00"}}');
SELECT booking.set_opening_hours(:'other', '{"mon": ["09:00","12:00"]}');
SELECT booking.set_opening_hours(:'other', '{"mon": [["9:00","12:00"]]}');
SELECT booking.set_opening_hours(:'other', '{"mon": [["09:00","25:00"]]}');
SELECT booking.set_opening_hours(:'other', '{"mon": [["09:00","09:00"]]}');
SELECT booking.set_opening_hours(:'other', '{"mon": [["24:00","02:00"]]}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT booking.set_opening_hours(:'other', '{}', :'second');
\set VERBOSITY default
SELECT booking.set_opening_hours('00000000-0000-7000-8000-000000000099', '{}');
SELECT booking.set_opening_hours(NULL, '{}');
SELECT booking.set_date_override(:'other', NULL, '[]');
SELECT booking.set_date_override(:'other', 'infinity', '[]');
SELECT booking.set_date_override(:'other', :'monday', '{}');
SELECT booking.set_date_override(:'other', :'monday', 'null');
SELECT booking.set_date_override(:'other', :'monday', '[]', p_reason => E'a\nb');
SELECT count(*) AS days, count(*) FILTER (WHERE NOT isempty(windows)) AS open_days FROM booking.opening_hours WHERE org_id = :'other';
SELECT count(*) AS overrides FROM booking.closures WHERE org_id = :'other';
