\echo
\echo '6. What follows: a text message, and an event in the calendar'
\echo '============================================================='
\echo
\echo 'The clinic wants both, and books:'
\echo
\set ECHO queries
SELECT booking.set_messaging('{{org_id}}', true);
SELECT booking.set_calendar('{{org_id}}', true);
SELECT answer ->> 'message' AS message, answer ->> 'smsStatus' AS sms, answer ->> 'calendarStatus' AS calendar
FROM booking.book_appointment_atomic('{{org_id}}', 'Mary Jones', NULL, '(212) 555-0143', 'cleaning', '{{race_time}}'::timestamptz + interval '2 days') AS answer;
