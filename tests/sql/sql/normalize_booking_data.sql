-- booking.normalize_booking_data(p_data, p_timezone, p_region, p_now): a whole request made clean.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.normalize_booking_data('{"appointmentDate":"March 20th, 2024","appointmentTime":"2:30 p.m.","patientName":"mary-jane o''NEIL",
    "patientPhone":"four one five five five five oh one two three","patientEmail":"mary dot jane at example dot com","serviceType":" cleaning "}',
    'America/New_York', 'US', '2026-11-20 12:00:00+00');
-- Numbers without a country code and dates such as 03/04 are read by the region.
SELECT booking.normalize_booking_data('{"appointmentDate":"03/04/2027","appointmentTime":"14:00","patientPhone":"020 7946 0018"}',
    'Europe/London', 'GB', '2026-11-20 12:00:00+00');
-- Missing and null fields stay as they are; fields that are not ours too.
SELECT booking.normalize_booking_data('{"patientName":"ann lee","patientEmail":null,"note":"window seat"}');
SELECT booking.normalize_booking_data('{}');
SELECT booking.normalize_booking_data('{"patientPhone":"555"}');
SELECT booking.normalize_booking_data('[]');
SELECT booking.normalize_booking_data('{"patientName":"Ann\u0000Lee"}');
SELECT booking.normalize_booking_data('{"patientName":"\ud800"}');
SELECT booking.normalize_booking_data('{"note":1e999}');
SELECT booking.normalize_booking_data('{"patientPhone":"4155550123"}', 'UTC', 'Nowhere');
