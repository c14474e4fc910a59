-- One of the ten callers of the race: waits at the gate, then books.
SELECT pg_advisory_lock_shared({{gate}}) \g /dev/null
SELECT booking.book_appointment_atomic('{{org_id}}', 'Caller Number ' || chr(64 + :caller), NULL,
    '+1415555' || to_char(200 + :caller, 'FM0000'), 'cleaning', '{{race_time}}');
