-- What a DBA finds in the catalog. Every query that finds nothing names a rule; what it finds breaks it.
SET timezone = 'UTC';
\pset format unaligned
CREATE TEMP VIEW tables AS
SELECT c.* FROM pg_class AS c WHERE c.relnamespace = 'booking'::regnamespace AND c.relkind IN ('r', 'p');
CREATE TEMP VIEW functions AS
SELECT p.* FROM pg_proc AS p WHERE p.pronamespace = 'booking'::regnamespace;
-- Everything that a user can touch says what it is.
SELECT p.oid::regprocedure AS function_without_comment FROM functions AS p WHERE obj_description(p.oid, 'pg_proc') IS NULL;
SELECT t.relname AS table_without_comment FROM tables AS t WHERE obj_description(t.oid, 'pg_class') IS NULL;
SELECT t.relname, a.attname AS column_without_comment
FROM tables AS t JOIN pg_attribute AS a ON a.attrelid = t.oid
WHERE a.attnum > 0 AND NOT a.attisdropped AND col_description(t.oid, a.attnum) IS NULL ORDER BY 1, 2;
SELECT p.polname AS policy_without_comment
FROM tables AS t JOIN pg_policy AS p ON p.polrelid = t.oid WHERE obj_description(p.oid, 'pg_policy') IS NULL;
SELECT i.indexrelid::regclass AS index_without_comment
FROM tables AS t JOIN pg_index AS i ON i.indrelid = t.oid
WHERE obj_description(i.indexrelid, 'pg_class') IS NULL AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid);
SELECT obj_description('booking'::regnamespace, 'pg_namespace') IS NOT NULL AS schema_has_comment,
    (SELECT obj_description(e.oid, 'pg_extension') IS NOT NULL FROM pg_extension AS e WHERE e.extname = 'pg_booking') AS extension_has_comment;
-- Nothing in the schema is a stranger to the extension, nothing of the extension is outside it, and its kinds are few.
-- From PostgreSQL 17 on, the row type of a table belongs to the extension as the table does.
SELECT p.oid::regprocedure AS stray_function FROM functions AS p
WHERE NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e');
SELECT t.relname AS stray_table FROM tables AS t
WHERE NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = t.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e');
SELECT o.type, count(*) > 0 AS there, bool_and(o.schema = 'booking' OR o.identity LIKE 'booking.%') AS in_the_schema
FROM pg_extension AS e
JOIN pg_depend AS d ON d.refobjid = e.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) AS o
WHERE e.extname = 'pg_booking' AND NOT EXISTS (
    SELECT FROM tables AS t JOIN pg_type AS y ON t.reltype IN (y.oid, y.typelem) WHERE d.classid = 'pg_type'::regclass AND d.objid = y.oid)
GROUP BY o.type ORDER BY o.type;
-- PUBLIC may use the schema and call two functions.
SELECT p.oid::regprocedure AS open_to_public
FROM functions AS p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS acl WHERE acl.grantee = 0 ORDER BY 1;
SELECT t.relname AS open_to_public FROM tables AS t, aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) AS acl WHERE acl.grantee = 0;
SELECT acl.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS acl WHERE n.nspname = 'booking' AND acl.grantee = 0;
-- Nobody gets rights by calling, and no search_path leads astray: what runs SQL has its own.
SELECT p.oid::regprocedure AS security_definer FROM functions AS p WHERE p.prosecdef;
SELECT p.proname AS without_search_path FROM functions AS p
WHERE NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) ORDER BY 1;
-- One tenant, one policy, on every table.
SELECT t.relname AS table_without_row_security FROM tables AS t WHERE NOT t.relrowsecurity;
SELECT DISTINCT p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid) AS using, p.polwithcheck IS NULL AS same_for_writing
FROM tables AS t JOIN pg_policy AS p ON p.polrelid = t.oid;
SELECT (SELECT count(*) FROM tables) = count(*) AS one_each FROM tables AS t JOIN pg_policy AS p ON p.polrelid = t.oid;
-- The organization comes first in every key, and every reference stays inside it.
SELECT c.conname AS key_without_organization
FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
WHERE c.contype IN ('p', 'u', 'x', 'f') AND a.attname <> 'org_id';
SELECT i.indexrelid::regclass AS index_without_organization
FROM tables AS t JOIN pg_index AS i ON i.indrelid = t.oid JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE a.attname <> 'org_id';
-- No constraint that a caller can break has a name made up by a counter.
SELECT c.conname AS unnamed FROM tables AS t JOIN pg_constraint AS c ON c.conrelid = t.oid WHERE c.conname ~ '_check[0-9]*$' AND array_length(c.conkey, 1) > 1;
-- Every table's rows are in a dump.
SELECT t.relname AS table_without_dump FROM tables AS t, pg_extension AS e WHERE e.extname = 'pg_booking' AND NOT t.oid = ANY (e.extconfig);
SELECT DISTINCT condition AS dump_condition FROM pg_extension AS e, unnest(e.extcondition) AS condition WHERE e.extname = 'pg_booking';
-- The prefix of the settings is ours, and both settings are a superuser's.
SELECT name, context, vartype, short_desc FROM pg_settings WHERE name LIKE 'booking.%' ORDER BY name;
