-- The gate of the race: shut until all ten callers stand before it, then open to all of them at once.
SELECT pg_advisory_lock({{gate}}) \g /dev/null
DO $$
BEGIN
    FOR attempt IN 1..1000 LOOP
        IF (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {{gate}} AND NOT granted) = 10 THEN
            RETURN;
        END IF;
        PERFORM pg_sleep(0.02);
    END LOOP;
    RAISE EXCEPTION 'not all ten callers came within 20 seconds';
END
$$;
SELECT pg_advisory_unlock({{gate}}) \g /dev/null
