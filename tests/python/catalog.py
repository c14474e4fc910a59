"""The extension as the catalog of a database has it: every object with all that makes it what it is, oids aside."""

from __future__ import annotations

import psycopg

# Each statement returns the name of an object and one line of what it is.
ASPECTS = {
    "members": """
        SELECT o.type || ' ' || o.identity, ''
        FROM pg_extension AS e
        JOIN pg_depend AS d ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
        CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) AS o
        WHERE e.extname = 'pg_booking'""",
    "tables": """
        SELECT c.relname, to_jsonb(c) - '{oid,reltype,relfilenode,reltoastrelid,relpages,reltuples,relallvisible,relfrozenxid,relminmxid,relacl,relnamespace,relowner,relam,relallfrozen}'::text[]
        FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')""",
    "columns": """
        SELECT c.relname || '.' || a.attname,
            jsonb_build_array(a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstattarget, a.attidentity,
                a.attgenerated, a.attstorage, a.attcompression, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute AS a
        JOIN pg_class AS c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0""",
    "constraints": """
        SELECT c.conrelid::regclass || ' ' || c.conname,
            jsonb_build_array(pg_get_constraintdef(c.oid), c.convalidated, c.condeferrable, c.condeferred, c.connoinherit)
        FROM pg_constraint AS c WHERE c.connamespace = 'booking'::regnamespace""",
    "indexes": """
        SELECT i.indexrelid::regclass::text, jsonb_build_array(pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready)
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid WHERE c.relnamespace = 'booking'::regnamespace""",
    "policies": """
        SELECT p.polrelid::regclass || ' ' || p.polname,
            jsonb_build_array(p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
                pg_get_expr(p.polwithcheck, p.polrelid))
        FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid WHERE c.relnamespace = 'booking'::regnamespace""",
    "triggers": """
        SELECT t.tgrelid::regclass || ' ' || t.tgname, pg_get_triggerdef(t.oid)
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'booking'::regnamespace AND NOT t.tgisinternal""",
    "functions": """
        SELECT p.oid::regprocedure::text,
            jsonb_build_array(pg_get_functiondef(p.oid), p.prosrc, p.probin, p.procost, p.prorows, p.proisstrict, p.proparallel,
                p.provolatile, p.prosecdef, p.proleakproof, p.proconfig, p.proargnames)
        FROM pg_proc AS p WHERE p.pronamespace = 'booking'::regnamespace""",
    "table rights": """
        SELECT c.relname, (SELECT jsonb_agg(acl::text ORDER BY acl::text) FROM unnest(c.relacl) AS acl)
        FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')""",
    "function rights": """
        SELECT p.oid::regprocedure::text, (SELECT jsonb_agg(acl::text ORDER BY acl::text) FROM unnest(p.proacl) AS acl)
        FROM pg_proc AS p WHERE p.pronamespace = 'booking'::regnamespace""",
    "schema rights": "SELECT n.nspname, n.nspacl::text FROM pg_namespace AS n WHERE n.nspname = 'booking'",
    "rights that a dump leaves out": """
        SELECT o.type || ' ' || o.identity, (SELECT jsonb_agg(acl::text ORDER BY acl::text) FROM unnest(i.initprivs) AS acl)
        FROM pg_init_privs AS i CROSS JOIN pg_identify_object(i.classoid, i.objoid, i.objsubid) AS o
        WHERE o.schema = 'booking' OR o.identity = 'booking' OR o.identity LIKE 'booking.%'""",
    "comments": """
        SELECT o.type || ' ' || o.identity, d.description
        FROM pg_description AS d CROSS JOIN pg_identify_object(d.classoid, d.objoid, d.objsubid) AS o
        WHERE o.schema = 'booking' OR o.identity IN ('booking', 'pg_booking') OR o.identity LIKE 'booking.%'
           OR o.identity LIKE '% on booking.%'""",
    "dumped tables": """
        SELECT dumped.table::regclass::text, dumped.condition
        FROM pg_extension AS e CROSS JOIN unnest(e.extconfig, e.extcondition) AS dumped ("table", condition)
        WHERE e.extname = 'pg_booking'""",
    "types": """
        SELECT format_type(t.oid, NULL), t.typtype FROM pg_type AS t WHERE t.typnamespace = 'booking'::regnamespace""",
}


def catalog(session: psycopg.Connection) -> dict[str, dict[str, str]]:
    """By aspect: what stands under each name. With an empty search_path everything is shown with its schema."""
    with session.transaction():
        session.execute("SET LOCAL search_path = ''")
        return {aspect: {name: str(what) for name, what in session.execute(query)} for aspect, query in ASPECTS.items()}


def differences(one: dict[str, dict[str, str]], other: dict[str, dict[str, str]]) -> list[str]:
    """Every object that is not the same in both, with what it is in each."""
    found = []
    for aspect in ASPECTS:
        for name in sorted(one[aspect].keys() | other[aspect].keys()):
            here, there = one[aspect].get(name, "is not there"), other[aspect].get(name, "is not there")
            if here != there:
                found.append(f"{aspect}: {name}: {here} / {there}")
    return found
