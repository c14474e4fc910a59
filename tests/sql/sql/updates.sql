-- Changing what is there: update_resource and update_service. What is not stated stays.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
\set VERBOSITY default
SELECT booking.create_organization('Changes', 'UTC') AS org \gset
SELECT id AS room FROM booking.resources WHERE org_id = :'org' \gset
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT date_trunc('day', now()) + interval '40 days 9 hours' AS nine \gset
PREPARE book(text, timestamptz) AS
SELECT answer->>'success' AS success, answer->>'error' AS error, (answer->>'endsAt')::timestamptz - $2 AS lasts
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', $1, $2, p_resource_id => :'room') AS answer;
-- A room gets a name and seats, and loses seats again: those who have booked stay, and no more come than there is room for.
SELECT booking.update_resource(:'org', :'room', 'Hall', 3);
SELECT name, capacity FROM booking.resources WHERE org_id = :'org' ORDER BY name;
EXECUTE book('class', :'nine');
EXECUTE book('class', :'nine');
EXECUTE book('class', :'nine');
SELECT booking.update_resource(:'org', :'room', p_capacity => 2);
SELECT booking.cancel_appointment(org_id, id)->>'success' AS cancelled FROM booking.appointments WHERE org_id = :'org' AND seat = 1;
EXECUTE book('class', :'nine');
SELECT booking.cancel_appointment(org_id, id)->>'success' AS cancelled FROM booking.appointments WHERE org_id = :'org' AND seat = 2 AND status = 'confirmed';
EXECUTE book('class', :'nine');
SELECT seat FROM booking.appointments WHERE org_id = :'org' AND status = 'confirmed' ORDER BY seat;
SELECT booking.update_resource(:'org', :'room');
SELECT name, capacity FROM booking.resources WHERE org_id = :'org' ORDER BY name;
-- What no resource can be.
SELECT booking.update_resource(:'org', :'room', '  ');
SELECT booking.update_resource(:'org', :'room', p_capacity => 0);
SELECT booking.update_resource(:'org', NULL, 'Hall');
SELECT booking.update_resource(:'org', '00000000-0000-7000-8000-000000000001', 'Hall');
SELECT booking.update_resource(NULL, :'room', 'Hall');
-- A service is found by its name in any case.
SELECT booking.create_service(:'org', 'Haircut', 30, 5, 10, 15, 60, 90, 1, ARRAY[:'room']::uuid[], 'opening') IS NOT NULL AS created;
CREATE TEMP VIEW service AS
SELECT s.name, s.name_key, s.duration_minutes AS lasts, s.buffer_before_minutes AS before, s.buffer_after_minutes AS after, s.slot_step_minutes AS step,
    s.min_notice_minutes AS notice, s.horizon_days AS horizon, s.daily_limit AS "limit", s.slot_anchor AS anchor,
    (SELECT count(*) FROM booking.service_resources AS able WHERE able.org_id = s.org_id AND able.service_id = s.id) AS able
FROM booking.services AS s WHERE s.org_id = :'org' ORDER BY s.name;
SELECT booking.update_service(:'org', 'HAIRCUT');
TABLE service;
EXECUTE book('haircut', :'nine'::timestamptz + interval '2 hours');
SELECT booking.update_service(:'org', 'haircut', 'Cut & Wash', 45);
EXECUTE book('Haircut', :'nine'::timestamptz + interval '4 hours');
EXECUTE book('cut & wash', :'nine'::timestamptz + interval '6 hours');
SELECT booking.update_service(:'org', 'cut & wash', p_daily_limit => 3, p_buffer_before_minutes => 0, p_buffer_after_minutes => 0, p_slot_step_minutes => 20, p_min_notice_minutes => 0, p_horizon_days => 365, p_slot_anchor => 'midnight', p_resource_ids => ARRAY[:'room', :'second']::uuid[]);
TABLE service;
EXECUTE book('cut & wash', :'nine'::timestamptz + interval '6 hours');
SELECT booking.update_service(:'org', 'cut & wash', p_daily_limit => 0, p_resource_ids => '{}');
TABLE service;
-- The case of a name can change; the name of another cannot be had.
SELECT booking.update_service(:'org', 'cut & wash', 'CUT & WASH');
SELECT booking.create_service(:'org', 'Shave', 20) IS NOT NULL AS created;
SELECT booking.update_service(:'org', 'shave', 'Cut & wash');
-- A key is known although its service has another name by now, and nothing else may be booked by the old one.
UPDATE booking.organizations SET settings = '{"strict_services": true}' WHERE org_id = :'org';
PREPARE keyed(text) AS
SELECT answer->>'success' AS success, answer->>'error' AS error, answer->>'replayed' AS replayed
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', $1, :'nine'::timestamptz + interval '1 day', p_idempotency_key => 'once') AS answer;
PREPARE keyed_series(text) AS
SELECT answer->>'success' AS success, answer->>'error' AS error, answer->>'replayed' AS replayed
FROM booking.book_series_atomic(:'org', 'Ann Lee', NULL, '+14155550124', $1, ARRAY[:'nine'::timestamptz + interval '2 days'], p_idempotency_key => 'series') AS answer;
EXECUTE keyed('shave');
EXECUTE keyed_series('shave');
SELECT booking.update_service(:'org', 'shave', 'Wet shave');
EXECUTE keyed('shave');
EXECUTE keyed_series('shave');
EXECUTE keyed('beard');
SELECT booking.update_service(:'org', 'wet shave', 'Shave');
-- What no service can be.
SELECT booking.update_service(:'org', 'beard', p_duration_minutes => 10);
SELECT booking.update_service(:'org', NULL, p_duration_minutes => 10);
SELECT booking.update_service(:'org', 'shave', '');
SELECT booking.update_service(:'org', 'shave', p_duration_minutes => 0);
SELECT booking.update_service(:'org', 'shave', p_daily_limit => -1);
SELECT booking.update_service(:'org', 'shave', p_slot_anchor => 'noon');
SELECT booking.update_service(:'org', 'shave', p_resource_ids => ARRAY[NULL]::uuid[]);
SELECT booking.update_service(:'org', 'shave', p_resource_ids => ARRAY['00000000-0000-7000-8000-000000000001']::uuid[]);
SELECT booking.update_service('00000000-0000-7000-8000-000000000001', 'shave', p_duration_minutes => 10);
TABLE service;
