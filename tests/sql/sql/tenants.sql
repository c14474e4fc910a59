-- Whose data a session sees: the setting booking.org_id, which only a superuser may give.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Ours', 'UTC') AS ours, booking.create_organization('Theirs', 'UTC') AS theirs \gset
SELECT date_trunc('month', now()) + interval '2 months 9 days 14 hours' AS slot \gset
SELECT answer->>'success' AS booked FROM booking.book_appointment_atomic(:'theirs', 'Ann Lee', NULL, '+14155550124', 'x', :'slot') AS answer;
CREATE ROLE booking_test_clinic;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA booking TO booking_test_clinic;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA booking TO booking_test_clinic;
CREATE ROLE booking_test_nobody;
SET booking.org_id = :'ours';
SET ROLE booking_test_clinic;
SELECT booking.current_org_id() = :'ours' AS ours;
SELECT name FROM booking.organizations;
SELECT count(*) AS appointments, (SELECT count(*) FROM booking.contacts) AS contacts FROM booking.appointments;
-- Another organization does not exist for it, whatever is asked.
SELECT answer->>'error' AS error FROM booking.book_appointment_atomic(:'theirs', 'Ann Lee', NULL, '+14155550124', 'x', :'slot') AS answer;
SELECT answer->>'error' AS error FROM booking.check_availability(:'theirs', 'tomorrow') AS answer;
SELECT answer->>'success' AS booked FROM booking.book_appointment_atomic(:'ours', 'Ann Lee', NULL, '+14155550124', 'x', :'slot') AS answer;
INSERT INTO booking.resources (org_id, id, name) VALUES (:'theirs', '00000000-0000-7000-8000-000000000001', 'Forged');
-- It cannot name another organization, nor claim one: claims count only for the authenticator.
SET booking.org_id = :'theirs';
SELECT set_config('request.jwt.claims', json_build_object('org_id', :'theirs')::text, false) IS NOT NULL AS forged;
SELECT booking.current_org_id() = :'ours' AS still_ours;
RESET ROLE;
RESET booking.org_id;
SET ROLE booking_test_clinic;
SELECT booking.current_org_id() IS NULL AS nobody, (SELECT count(*) FROM booking.organizations) AS organizations;
RESET ROLE;
-- PUBLIC may read the health line and its own organization, nothing else.
SET ROLE booking_test_nobody;
SELECT booking.health()->'overlaps' AS overlaps, booking.current_org_id() IS NULL AS nobody;
SELECT booking.normalize_name('ann');
SELECT * FROM booking.contacts;
RESET ROLE;
-- A misspelt setting is an error.
SET booking.org = 'x';
DROP OWNED BY booking_test_clinic;
DROP ROLE booking_test_clinic, booking_test_nobody;
