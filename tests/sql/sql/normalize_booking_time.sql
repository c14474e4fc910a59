-- booking.normalize_booking_time(p_date, p_time, p_timezone, p_now): the instant of a date and a time in words.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
-- It is Friday, 20 November 2026, 07:00 in New York.
\set now '2026-11-20 12:00:00+00'
SELECT said_date, said_time, booking.normalize_booking_time(said_date, said_time, 'America/New_York', :'now') AS starts_at
FROM (VALUES ('2026-11-24', '14:00'), ('2026-11-24', '14:00:00'), ('2026-11-24', '2 PM'), ('2026-11-24', '2:30pm'),
    ('2026-11-24', '2.30 p.m.'), ('2026-11-24', 'noon'), ('2026-11-24', 'midnight'),
    ('12/25/2026', '09:00'), ('December 25th', '09:00'), ('25 Dec 2026', '09:00'),
    ('today', '09:00'), ('tomorrow', '09:00'), ('next Tuesday', '09:00')) AS examples (said_date, said_time);
-- Outside the United States the day comes first.
SELECT booking.normalize_booking_time('03/04/2027', '09:00', 'Europe/London', :'now');
SELECT booking.normalize_booking_time('03/04/2027', '09:00', 'America/New_York', :'now');
-- A year that has passed: this year if the day is still to come, next year if it passed more than 30 days ago.
SELECT booking.normalize_booking_time('2024-12-25', '09:00', 'America/New_York', :'now');
SELECT booking.normalize_booking_time('2024-03-20', '14:30', 'America/New_York', :'now');
-- The hour that spring leaves out counts from before the gap; of the two that autumn has, the earlier.
SELECT booking.normalize_booking_time('2027-03-14', '02:30', 'America/New_York', :'now');
SELECT booking.normalize_booking_time('2027-11-07', '01:30', 'America/New_York', :'now');
SELECT booking.normalize_booking_time('2027-10-03', '02:15', 'Australia/Lord_Howe', :'now');
-- Refused: passed lately, no such day, two readings, no such zone.
SELECT booking.normalize_booking_time('2026-11-10', '09:00', 'America/New_York', :'now');
\echo :LAST_ERROR_SQLSTATE
SELECT booking.normalize_booking_time('2024-02-29', '09:00', 'America/New_York', :'now');
SELECT booking.normalize_booking_time('2027-02-30', '09:00', 'America/New_York', :'now');
SELECT booking.normalize_booking_time('03/04/2027', '09:00', 'UTC', :'now');
SELECT booking.normalize_booking_time('2026-11-24', '2:30', 'UTC', :'now');
SELECT booking.normalize_booking_time('2026-11-24', '25:00', 'UTC', :'now');
SELECT booking.normalize_booking_time('sometime', '09:00', 'UTC', :'now');
SELECT booking.normalize_booking_time('2026-11-24', '09:00', 'Mars/Olympus', :'now');
SELECT booking.normalize_booking_time('2026-11-24', '09:00', 'XYZ+3', :'now');
SELECT booking.normalize_booking_time('294276-01-01', '09:00', 'UTC', :'now');
SELECT booking.normalize_booking_time('2027-01-01', '09:00', 'UTC', 'infinity');
