-- The rows that a booking writes, by one statement, from values that are clean already: no lock, no hours, no look at the calendar.
-- As book_appointment_atomic does, it leaves a contact alone that has not changed.
WITH known AS (
    SELECT c.id FROM booking.contacts AS c WHERE c.org_id = :org::uuid AND c.phone = '+1415' || 2000000 + :caller::integer
), fresh AS (
    INSERT INTO booking.contacts (org_id, id, phone, name, email)
    SELECT :org::uuid, gen_random_uuid(), '+1415' || 2000000 + :caller::integer, 'Maria Gonzalez', 'maria.gonzalez@example.com'
    WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (org_id, phone) DO UPDATE SET name = excluded.name, email = excluded.email, updated_at = excluded.updated_at
    RETURNING id
), appointment AS (
    INSERT INTO booking.appointments
        (org_id, id, resource_id, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked)
    VALUES (:org::uuid, gen_random_uuid(), bench.id(:resource), COALESCE((SELECT id FROM known), (SELECT id FROM fresh)),
        'Maria Gonzalez', 'Checkup', :service::uuid, to_timestamp(:at), to_timestamp(:at + 1800),
        tstzrange(to_timestamp(:at), to_timestamp(:at + 1800)))
    ON CONFLICT DO NOTHING
    RETURNING org_id, id, resource_id, service_type, starts_at, ends_at, status
), event AS (
    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    SELECT a.org_id, gen_random_uuid(), 'booked', a.id, jsonb_build_object('startsAt', a.starts_at, 'endsAt', a.ends_at,
        'resourceId', a.resource_id, 'serviceType', a.service_type, 'status', a.status, 'by', current_user)
    FROM appointment AS a
)
INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
SELECT a.org_id, gen_random_uuid(), job.kind, a.id, job.run_at, a.starts_at
FROM appointment AS a
CROSS JOIN LATERAL (VALUES ('confirmation', now()), ('reminder', a.starts_at - interval '1 day')) AS job (kind, run_at);
