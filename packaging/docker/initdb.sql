-- What a new database of compose.yaml begins with: the extension, the roles of a Supabase project for PostgREST, with the rights that
-- README.md says to give them, and the role of booking-worker. Run once, by the entrypoint of PostgreSQL's image.
\getenv authenticator_password AUTHENTICATOR_PASSWORD
\getenv worker_password WORKER_PASSWORD

CREATE EXTENSION pg_booking CASCADE;

CREATE ROLE authenticator LOGIN NOINHERIT PASSWORD :'authenticator_password';
CREATE ROLE anon;
CREATE ROLE authenticated;
CREATE ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO authenticator;
SELECT booking.grant_member('authenticated'), booking.grant_backend('service_role');

CREATE ROLE booking_worker LOGIN BYPASSRLS PASSWORD :'worker_password';
SELECT booking.grant_worker('booking_worker');
