-- What PUBLIC may do: ask for a health line, and for its own organization, which every policy calls. Nothing else.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA booking FROM PUBLIC;
GRANT USAGE ON SCHEMA booking TO PUBLIC;
GRANT EXECUTE ON FUNCTION booking.health(), booking.current_org_id() TO PUBLIC;
