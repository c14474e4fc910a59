-- What a booking locks, for the rest of its transaction: one key per resource and UTC day, and one for the contact.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT date_trunc('month', now()) + interval '2 months 9 days' AS day \gset
CREATE TEMP VIEW own_locks AS
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND mode = 'ExclusiveLock';
BEGIN;
SELECT answer->>'success' AS booked FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '9 hours') AS answer;
TABLE own_locks;
ROLLBACK;
-- Over midnight: both days. Up to midnight: one.
BEGIN;
SELECT answer->>'success' AS booked FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '23 hours 30 minutes') AS answer;
TABLE own_locks;
ROLLBACK;
BEGIN;
SELECT answer->>'success' AS booked FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '23 hours') AS answer;
TABLE own_locks;
ROLLBACK;
-- Any of two resources: both, and a key for the idempotency key.
SELECT booking.create_resource(:'org', 'Second') IS NOT NULL AS created;
BEGIN;
SELECT answer->>'success' AS booked
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '9 hours', p_idempotency_key => 'k') AS answer;
TABLE own_locks;
ROLLBACK;
-- Looking locks nothing.
BEGIN;
SELECT count(*) > 0 AS found FROM booking.available_slots(:'org', :'day', :'day'::timestamptz + interval '1 day');
TABLE own_locks;
ROLLBACK;
-- A read-only transaction can look, and cannot book.
BEGIN READ ONLY;
SELECT count(*) > 0 AS found FROM booking.available_slots(:'org', :'day', :'day'::timestamptz + interval '1 day');
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '9 hours');
ROLLBACK;
-- Booking any of very many resources would fill the server's lock table: refused, with the way out.
INSERT INTO booking.resources (org_id, id, name) SELECT :'org', gen_random_uuid(), 'Seat ' || n FROM generate_series(1, 2000) AS n;
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '9 hours');
\echo :LAST_ERROR_SQLSTATE
SELECT answer->>'success' AS booked
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '9 hours', p_resource_id => :'main') AS answer;
-- A trigger of the owner's may call into the extension while it writes.
CREATE FUNCTION public.look_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM booking.find_alternatives(new.org_id, new.starts_at, p_resource_id => new.resource_id);
    RETURN new;
END $$;
CREATE TRIGGER look_again AFTER INSERT ON booking.appointments FOR EACH ROW EXECUTE FUNCTION public.look_again();
SELECT answer->>'success' AS booked
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'x', :'day'::timestamptz + interval '12 hours', p_resource_id => :'main') AS answer;
DROP FUNCTION public.look_again() CASCADE;
DROP VIEW own_locks;
