-- Names, messages and phones are Unicode through and through: a database in another encoding is refused at once.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_encoding') OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION 'pg_booking needs a database in UTF8, this one is in %', pg_catalog.current_setting('server_encoding')
            USING ERRCODE = '0A000', HINT = 'Create the database with ENCODING ''UTF8''.';
    END IF;
END
$$;
