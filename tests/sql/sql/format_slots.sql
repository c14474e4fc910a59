-- booking.format_slots(p_slots, p_timezone, p_now): times as they are said.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
\set now '2026-11-20 12:00:00+00'
SELECT booking.format_slots(ARRAY['2026-11-24 14:30+00', '2026-11-24 15:00+00', '2026-11-24 15:30+00']::timestamptz[], 'UTC', :'now');
SELECT booking.format_slots(ARRAY['2026-11-24 14:30+00', '2026-11-24 15:00+00']::timestamptz[], 'America/New_York', :'now');
SELECT booking.format_slots(ARRAY['2026-11-24 00:00+00']::timestamptz[], 'UTC', :'now');
-- Times of several days are said each with its day.
SELECT booking.format_slots(ARRAY['2026-11-20 17:00+00', '2026-11-21 09:00+00', '2027-01-05 12:00+00']::timestamptz[], 'UTC', :'now');
SELECT booking.format_slots('{}', 'UTC', :'now') = '' AS nothing_to_say;
SELECT booking.format_slots(ARRAY[NULL, '2026-11-24 14:30+00']::timestamptz[], 'UTC', :'now');
SELECT booking.format_slots(ARRAY['infinity']::timestamptz[], 'UTC', :'now');
SELECT booking.format_slots(ARRAY['2026-11-24 14:30+00']::timestamptz[], 'nowhere', :'now');
