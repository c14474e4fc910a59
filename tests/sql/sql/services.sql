-- booking.create_service, and what its rules do to bookings.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS org \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT date_trunc('week', current_date + 21)::date AS monday \gset
CREATE FUNCTION pg_temp.at_local(day date, clock time) RETURNS timestamptz LANGUAGE sql AS
    $$SELECT (day + clock) AT TIME ZONE 'America/New_York'$$;
CREATE FUNCTION pg_temp.book(org uuid, service text, start timestamptz, minutes int DEFAULT NULL, resource uuid DEFAULT NULL) RETURNS text LANGUAGE sql AS
    $$SELECT coalesce(answer->>'error', 'booked') FROM booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', service, start, minutes, resource) AS answer$$;
SELECT booking.create_service(:'org', 'Root Canal', 90, 10, 20, 45, 120, 60, 2, ARRAY[:'second']::uuid[], 'opening') AS canal \gset
SELECT name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes, slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit
FROM booking.services WHERE id = :'canal';
-- The usual values.
SELECT booking.create_service(:'org', '  Check-up ', 30) AS checkup \gset
SELECT name, duration_minutes, buffer_before_minutes, buffer_after_minutes, slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit
FROM booking.services WHERE id = :'checkup';
-- Found without regard to case; its own spelling is kept, and its duration, buffers and resources count.
SELECT pg_temp.book(:'org', ' rOOT cANAL ', pg_temp.at_local(:'monday', '09:00'));
SELECT service_type, service_id = :'canal' AS is_service, resource_id = :'second' AS second, ends_at - starts_at AS length,
    starts_at - lower(blocked) AS before, upper(blocked) - ends_at AS after, limit_day - :'monday' AS limit_day, limit_place
FROM booking.appointments WHERE org_id = :'org';
-- The argument counts before the service.
SELECT pg_temp.book(:'org', 'check-up', pg_temp.at_local(:'monday', '12:00'), 20);
SELECT service_type, ends_at - starts_at AS length FROM booking.appointments WHERE service_id = :'checkup';
-- Other text is free, with an hour and no rules.
SELECT pg_temp.book(:'org', 'something else', pg_temp.at_local(:'monday', '14:00'));
SELECT service_id IS NULL AS free, ends_at - starts_at AS length FROM booking.appointments WHERE org_id = :'org' AND service_type = 'something else';
-- Who cannot do it is not booked for it.
SELECT answer->>'error' AS error, replace(answer->>'detail', :'main', '<main>') AS detail
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'root canal', pg_temp.at_local(:'monday', '16:00'), p_resource_id => :'main') AS answer;
-- The buffers of neighbours add up: 20 minutes after the first and 10 before the second.
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday', '10:59'));
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday', '11:00'));
-- The daily limit, on the resource and the local day. What is completed still counts, what is cancelled does not.
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday', '20:00'));
SELECT answer->>'error' AS error, replace(answer->>'detail', :'monday', '<monday>') AS detail, json_array_length(answer->'alternatives') AS alternatives
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'root canal', pg_temp.at_local(:'monday', '20:00')) AS answer;
SELECT count(*) FROM booking.available_slots(:'org', pg_temp.at_local(:'monday', '00:00'), pg_temp.at_local(:'monday'::date + 1, '00:00'), 'root canal');
SELECT id AS first FROM booking.appointments WHERE service_id = :'canal' ORDER BY starts_at LIMIT 1 \gset
SELECT booking.set_appointment_status(:'org', :'first', 'completed') ->> 'status' AS status;
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday', '20:00'));
SELECT id AS other FROM booking.appointments WHERE service_id = :'canal' AND status = 'confirmed' \gset
-- Moved within the day it keeps a place; cancelled it gives it back.
SELECT booking.reschedule_appointment_atomic(:'org', :'other', pg_temp.at_local(:'monday', '18:00')) ->> 'success' AS moved;
SELECT limit_place FROM booking.appointments WHERE id = :'other';
SELECT booking.cancel_appointment(:'org', :'other') ->> 'success' AS cancelled;
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday', '20:00'));
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local(:'monday'::date + 1, '09:00'));
-- Notice and horizon, with times that can be had.
SELECT answer->>'error' AS error, regexp_replace(answer->>'detail', '^\S+ \S+', '<time>') AS detail, json_array_length(answer->'alternatives') AS alternatives
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'root canal', now() + interval '119 minutes') AS answer;
SELECT min(found::timestamptz) >= now() + interval '2 hours' AS after_notice
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'root canal', now() + interval '1 minute') AS answer,
    json_array_elements_text(answer->'alternatives') AS found;
SELECT answer->>'error' AS error, regexp_replace(answer->>'detail', '^\S+', '<date>') AS detail,
    (SELECT array_agg((found::timestamptz AT TIME ZONE 'America/New_York')::date - (now() AT TIME ZONE 'America/New_York')::date)
     FROM json_array_elements_text(answer->'alternatives') AS found) AS days_ahead
FROM booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+14155550124', 'root canal',
    pg_temp.at_local((now() AT TIME ZONE 'America/New_York')::date + 61, '12:00')) AS answer;
SELECT pg_temp.book(:'org', 'root canal', pg_temp.at_local((now() AT TIME ZONE 'America/New_York')::date + 60, '23:59'));
-- Strict organizations have only the services they have.
SELECT booking.create_organization('Strict', p_settings => '{"strict_services": true}') AS strict \gset
SELECT booking.create_service(:'strict', 'Massage', 30) IS NOT NULL AS created;
SELECT pg_temp.book(:'strict', 'massage', now() + interval '1 day');
SELECT answer->>'error' AS error, answer->>'detail' AS detail, answer->>'hint' AS hint
FROM booking.book_appointment_atomic(:'strict', 'Ann Lee', NULL, '+14155550124', 'massages', now() + interval '1 day') AS answer;
SELECT * FROM booking.available_slots(:'strict', now(), now() + interval '1 day', 'massages');
SELECT count(*) > 0 AS any_service FROM booking.available_slots(:'strict', now(), now() + interval '1 day');
-- What no service can be is refused, and nothing is made of it.
SELECT count(*) AS services FROM booking.services \gset
SELECT booking.create_service(:'org', 'CHECK-UP', 30);
\echo :LAST_ERROR_SQLSTATE
SELECT booking.create_service(:'org', '', 30);
SELECT booking.create_service(:'org', NULL, 30);
SELECT booking.create_service(:'org', 'New', NULL);
SELECT booking.create_service(:'org', 'New', 0);
SELECT booking.create_service(:'org', 'New', 1441);
SELECT booking.create_service(:'org', 'New', 30, -1);
SELECT booking.create_service(:'org', 'New', 30, 0, 1441);
SELECT booking.create_service(:'org', 'New', 30, p_slot_step_minutes => 0);
SELECT booking.create_service(:'org', 'New', 30, p_min_notice_minutes => -5);
SELECT booking.create_service(:'org', 'New', 30, p_horizon_days => 4000);
SELECT booking.create_service(:'org', 'New', 30, p_daily_limit => 0);
SELECT booking.create_service(:'org', 'New', 30, p_slot_anchor => 'noon');
SELECT booking.create_service(:'org', 'New', 30, p_resource_ids => '{}');
SELECT booking.create_service(:'org', 'New', 30, p_resource_ids => ARRAY[NULL]::uuid[]);
SELECT booking.create_service(:'strict', 'New', 30, p_resource_ids => ARRAY['00000000-0000-7000-8000-000000000099']::uuid[]);
SELECT booking.create_service('00000000-0000-7000-8000-000000000099', 'New', 30);
\echo :LAST_ERROR_SQLSTATE
SELECT booking.create_service(NULL, 'New', 30);
SELECT count(*) = :services AS as_before FROM booking.services;
