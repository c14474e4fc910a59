-- What PUBLIC may do: ask for a health line, for its own organization, which every policy calls, and for the transaction that it
-- writes in, which everybody may ask the server for. Nothing else.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA booking FROM PUBLIC;
GRANT USAGE ON SCHEMA booking TO PUBLIC;
GRANT EXECUTE ON FUNCTION booking.health(), booking.current_org_id(), booking.writing_transaction() TO PUBLIC;
