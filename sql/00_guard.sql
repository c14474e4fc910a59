-- Names, messages and phones are Unicode through and through: a database in another encoding is refused at once. So is a schema
-- that somebody else has prepared: whoever owns it could put namesakes beside our objects.
DO $$
DECLARE
    owner name := (
        SELECT r.rolname FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
        WHERE n.nspname OPERATOR(pg_catalog.=) 'booking' AND NOT r.rolsuper);
BEGIN
    IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION 'pg_booking needs a database in UTF8, this one is in %', pg_catalog.current_setting('server_encoding')
            USING ERRCODE = '0A000', HINT = 'Create the database with ENCODING ''UTF8''.';
    END IF;
    IF owner IS NOT NULL THEN
        RAISE EXCEPTION 'schema booking belongs to %, who is no superuser', owner
            USING ERRCODE = '55000', HINT = 'Drop the schema, or look at what is in it and make a superuser its owner.';
    END IF;
END
$$;
