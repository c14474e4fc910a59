-- The days on which clocks change: a 23-hour day lists 46 half hours, a 25-hour day 50, and every one can be booked.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
-- Twelve whole months hold both changes of every zone.
SELECT date_trunc('month', now())::date + interval '1 month' AS first, date_trunc('month', now())::date + interval '13 months' AS last \gset
CREATE TEMPORARY TABLE change_days AS
SELECT zone, wall::date AS day, count(*) AS half_hours
FROM unnest(ARRAY['America/New_York', 'Europe/London', 'Australia/Sydney', 'Australia/Lord_Howe']) AS zone,
    generate_series(:'first'::timestamptz - interval '2 days', :'last'::timestamptz + interval '2 days', interval '30 minutes') AS at,
    LATERAL (SELECT at AT TIME ZONE zone AS wall) AS clock
WHERE wall >= :'first' AND wall < :'last'
GROUP BY zone, wall::date HAVING count(*) <> 48;
SELECT zone, half_hours FROM change_days ORDER BY zone, half_hours;
CREATE TEMPORARY TABLE clinics AS
SELECT zone, booking.create_organization(zone, zone) AS org FROM (SELECT DISTINCT zone FROM change_days) AS zones;
SELECT zone, half_hours,
    (SELECT count(*) FROM booking.available_slots(org, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, p_duration_minutes => 30)) AS slots,
    (SELECT json_array_length(booking.check_availability(org, day::text, p_duration_minutes => 30)->'slots')) AS times_of_day
FROM change_days JOIN clinics USING (zone) ORDER BY zone, half_hours;
SELECT zone, half_hours, bool_and(answer->>'success' = 'true') AS all_booked
FROM change_days JOIN clinics USING (zone),
    LATERAL booking.available_slots(org, day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone, p_duration_minutes => 30) AS slot,
    LATERAL booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', 'x', slot.starts_at, 30, slot.resource_id) AS answer
GROUP BY zone, half_hours ORDER BY zone, half_hours;
-- Every half hour of a year, said as it stands on the wall, is the first instant at which the wall shows it.
SELECT zone, count(*) AS wrong
FROM unnest(ARRAY['America/New_York', 'Europe/London', 'Australia/Sydney', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']) AS zone,
    LATERAL (
        SELECT at AT TIME ZONE zone AS wall, min(at) AS first_at
        FROM generate_series(timestamptz '2026-01-01 00:00+00', '2026-12-31 12:00+00', interval '30 minutes') AS at
        GROUP BY wall) AS clock
WHERE booking.normalize_booking_time(to_char(wall, 'YYYY-MM-DD'), to_char(wall, 'HH24:MI'), zone, '2025-12-31 00:00+00') <> first_at
GROUP BY zone;
-- The day that Apia skipped in 2011 has no times; those around it do.
SELECT at AT TIME ZONE 'Pacific/Apia' AS wall
FROM unnest(ARRAY[booking.normalize_booking_time('2011-12-29', '12:00', 'Pacific/Apia', '2011-12-01'),
    booking.normalize_booking_time('2011-12-30', '12:00', 'Pacific/Apia', '2011-12-01'),
    booking.normalize_booking_time('2011-12-31', '12:00', 'Pacific/Apia', '2011-12-01')]) AS at;
