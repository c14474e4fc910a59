-- booking.health(): the line a monitor reads.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.health()::jsonb - 'version' - 'schemaVersion' AS health, health->>'version' = health->>'schemaVersion' AS version_fits FROM booking.health();
-- A second booking function anywhere is a second truth.
CREATE FUNCTION public.book_appointment_atomic() RETURNS void LANGUAGE sql AS '';
SELECT booking.health()->'healthy' AS healthy, booking.health()->'functions' AS functions;
DROP FUNCTION public.book_appointment_atomic();
-- Without the constraint there is no guarantee, and with an overlap there was none.
BEGIN;
ALTER TABLE booking.appointments DROP CONSTRAINT appointments_never_overlap;
SELECT booking.health()->'healthy' AS healthy, booking.health()->'exclusionConstraint' AS "exclusionConstraint";
ROLLBACK;
-- The constraint stands for every writer.
\set VERBOSITY terse
SELECT booking.create_organization('Import', 'UTC') AS org \gset
INSERT INTO booking.contacts (org_id, id, phone, name, email)
VALUES (:'org', '00000000-0000-7000-8000-00000000000c', '+14155550124', 'Ann', 'ann@example.com');
INSERT INTO booking.appointments (org_id, id, resource_id, contact_id, patient_name, service_type, starts_at, ends_at, blocked)
SELECT org_id, ('00000000-0000-7000-8000-00000000000' || n)::uuid, id, '00000000-0000-7000-8000-00000000000c', 'Ann', 'x', at, at + interval '1 hour', tstzrange(at, at + interval '1 hour')
FROM booking.resources, (VALUES (1, timestamptz '2020-01-01 09:00+00'), (2, '2020-01-01 09:30+00')) AS slots (n, at) WHERE org_id = :'org';
INSERT INTO booking.appointments (org_id, id, resource_id, contact_id, patient_name, service_type, starts_at, ends_at, blocked)
SELECT org_id, '00000000-0000-7000-8000-000000000001', id, '00000000-0000-7000-8000-00000000000c', 'Ann', 'x', '2020-01-01 09:00+00', '2020-01-01 10:00+00', 'empty'
FROM booking.resources WHERE org_id = :'org';
