-- booking.create_organization and booking.create_resource: what can be booked, and by whom.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
SELECT name, timezone, default_region, settings FROM booking.organizations WHERE org_id = :'org';
SELECT name, capacity FROM booking.resources WHERE org_id = :'org';
SELECT booking.create_resource(:'org', 'Yoga class', 12) IS NOT NULL AS created;
SELECT name, capacity FROM booking.resources WHERE org_id = :'org' ORDER BY id;
-- Under an id of one's own; ids are uuids of version 7 otherwise.
SELECT booking.create_organization('Own id', 'Europe/Berlin', 'de', '{"a":1}', '00000000-0000-7000-8000-000000000042');
SELECT default_region, settings FROM booking.organizations WHERE org_id = '00000000-0000-7000-8000-000000000042';
SELECT booking.create_organization('Own id', p_org_id => '00000000-0000-7000-8000-000000000042');
SELECT substr(:'org', 15, 1) AS uuid_version;
SELECT booking.create_organization('');
SELECT booking.create_organization(NULL);
SELECT booking.create_organization('X', 'Mars/Olympus');
SELECT booking.create_organization('X', 'UTC', 'USA');
SELECT booking.create_organization('X', p_settings => '[]');
SELECT booking.create_resource(:'org', 'Chair', 0);
SELECT booking.create_resource(:'org', E'Chair\n2');
SELECT booking.create_resource('00000000-0000-7000-8000-000000000099', 'Chair');
SELECT booking.create_resource(NULL, 'Chair');
