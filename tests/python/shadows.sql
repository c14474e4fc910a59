-- A hostile search_path: schema shadows has a namesake for everything that the statements of the extension call, and a table for
-- each of its tables. A namesake that is called from inside a statement of a function fails; called by a test's own statement
-- it does what its original does, so that every test can run with it.
CREATE SCHEMA shadows;
GRANT USAGE ON SCHEMA shadows TO PUBLIC;

CREATE FUNCTION shadows.must_be_called_from_outside() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    stack text;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    -- The first is the PERFORM that calls this; a second one is a statement that a function of the extension runs.
    IF pg_catalog.split_part(stack, 'SQL statement "', 3) OPERATOR(pg_catalog.<>) '' THEN
        RAISE EXCEPTION 'a statement of the extension called a namesake' USING DETAIL = stack;
    END IF;
END
$$;

-- The operators between the types that the tables have.
DO $$
DECLARE
    o record;
    types regtype[] := ARRAY['uuid', 'text', 'timestamptz', 'tstzrange', 'int4', 'int8', 'bool', 'jsonb', 'date', 'interval', 'int4multirange'];
BEGIN
    FOR o IN
        SELECT op.oid, op.oprname, op.oprleft::regtype AS l, op.oprright::regtype AS r, op.oprresult::regtype AS result
        FROM pg_operator AS op
        WHERE op.oprnamespace = 'pg_catalog'::regnamespace AND op.oprkind = 'b'
          AND op.oprleft = ANY (types) AND op.oprright = ANY (types)
    LOOP
        EXECUTE format(
            'CREATE FUNCTION shadows.operator_%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L', o.oid, o.l, o.r, o.result,
            format('BEGIN PERFORM shadows.must_be_called_from_outside(); RETURN $1 OPERATOR(pg_catalog.%s) $2; END', o.oprname));
        EXECUTE format('CREATE OPERATOR shadows.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = shadows.operator_%s)',
            o.oprname, o.l, o.r, o.oid);
    END LOOP;
END
$$;

-- The functions that the statements call.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.oid, p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, p.pronargs
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND NOT p.proretset AND p.provariadic = 0
          AND p.proname = ANY ('{now,clock_timestamp,lower,upper,isempty,lower_inf,upper_inf,lower_inc,upper_inc,tstzrange,
              pg_advisory_xact_lock,has_table_privilege,jsonb_typeof,int4range,int4multirange,isfinite,format,to_regclass}')
          AND NOT EXISTS (SELECT FROM unnest(p.proargtypes) AS t WHERE t::regtype::text LIKE 'any%')
    LOOP
        EXECUTE format(
            'CREATE FUNCTION shadows.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname, f.arguments, f.result,
            CASE f.result WHEN 'void' THEN 'BEGIN PERFORM shadows.must_be_called_from_outside(); END'
            ELSE format('BEGIN PERFORM shadows.must_be_called_from_outside(); RETURN pg_catalog.%I(%s); END', f.proname,
                (SELECT string_agg('$' || n, ', ' ORDER BY n) FROM generate_series(1, f.pronargs) AS n)) END);
    END LOOP;
END
$$;

-- Empty tables of the same names.
DO $$
DECLARE
    t text;
BEGIN
    FOR t IN SELECT relname FROM pg_class WHERE relnamespace = 'booking'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('CREATE TABLE shadows.%I ()', t);
    END LOOP;
END
$$;
