-- One of three who book while the board is looked at: the first half hour that is free.
SELECT answer ->> 'message'
FROM (
    SELECT s.starts_at, s.resource_id
    FROM booking.available_slots('{{org_id}}', now() + interval '1 hour', now() + interval '1 day', 'checkup') AS s
    ORDER BY s.starts_at, s.resource_id
    LIMIT 1
) AS slot,
LATERAL booking.book_appointment_atomic('{{org_id}}', (ARRAY['Finn Marsh', 'Grace Wood', 'Hugo Brook'])[:caller], NULL,
    '+1415555' || to_char(200 + :caller, 'FM0000'), 'checkup', slot.starts_at, NULL, slot.resource_id) AS answer;
