-- The roles of a Supabase project, with the rights that README.md says to give them, and one for the programs that speak SQL.
SET client_min_messages = warning;
DROP ROLE IF EXISTS authenticator, anon, authenticated, service_role, booking_test_program;
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE anon;
CREATE ROLE authenticated;
CREATE ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO authenticator;
SELECT booking.grant_member('authenticated'), booking.grant_backend('service_role') \g /dev/null

CREATE ROLE booking_test_program LOGIN BYPASSRLS;
SELECT booking.grant_member('booking_test_program') \g /dev/null
