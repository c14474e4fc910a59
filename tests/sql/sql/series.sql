-- booking.book_series_atomic: all or none.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT date_trunc('day', now()) + interval '30 days 14 hours' AS start \gset
CREATE FUNCTION pg_temp.times(start timestamptz, VARIADIC days int[]) RETURNS timestamptz[] LANGUAGE sql AS $$SELECT array_agg(start + day * interval '1 day' ORDER BY number) FROM unnest(days) WITH ORDINALITY AS d (day, number)$$;
CREATE FUNCTION pg_temp.failed(answer json, start timestamptz) RETURNS TABLE (failed interval, error text, alternatives interval[]) LANGUAGE sql AS $$
    SELECT (f->>'scheduledAt')::timestamptz - start, f->>'error', (SELECT array_agg(found::timestamptz - start) FROM json_array_elements_text(f->'alternatives') AS found)
    FROM json_array_elements(answer->'failed') AS f$$;
-- In the order in which they were stated, for one contact.
SELECT answer->>'success' AS success, (SELECT array_agg(key) FROM json_object_keys(answer) AS key) AS keys,
    regexp_replace(answer->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>', 'g') AS message
FROM booking.book_series_atomic(:'org', 'ann lee', '', '415 555 0124', 'Physio', pg_temp.times(:'start', 7, 0, 14), 30) AS answer;
SELECT starts_at - :'start' AS starts, ends_at - starts_at AS length, patient_name, service_type, status FROM booking.appointments WHERE org_id = :'org' ORDER BY id;
SELECT count(*) AS contacts FROM booking.contacts WHERE org_id = :'org';
-- One time is taken: none is booked; the taken one is named, with what is free apart from the rest of the series.
SELECT failed.* FROM booking.book_series_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'Physio', ARRAY[:'start'::timestamptz + interval '30 minutes', :'start'], 30) AS answer, pg_temp.failed(answer, :'start') AS failed;
SELECT answer->>'error' AS error, answer->>'message' AS message, replace(answer->>'detail', (:'start'::timestamptz)::date::text, '<day>') AS detail, answer->>'timezone' AS timezone
FROM booking.book_series_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'Physio', pg_temp.times(:'start', 1, 0, 2, 7)) AS answer;
SELECT count(*) AS appointments, (SELECT count(*) FROM booking.contacts WHERE org_id = :'org') AS contacts FROM booking.appointments WHERE org_id = :'org';
-- A series that is in its own way.
SELECT failed.* FROM booking.book_series_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'Physio', pg_temp.times(:'start', 1, 1), 60) AS answer, pg_temp.failed(answer, :'start') AS failed;
-- With a second resource it has room.
SELECT booking.create_resource(:'org', 'Second') IS NOT NULL AS created;
SELECT count(DISTINCT a->>'resourceId') AS resources FROM booking.book_series_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'Physio', pg_temp.times(:'start', 1, 1), 60) AS answer, json_array_elements(answer->'appointments') AS a;
-- Times that fail for different reasons, each with its own.
SELECT booking.create_service(:'org', 'Laser', 30, p_daily_limit => 1, p_horizon_days => 60, p_slot_step_minutes => 60) IS NOT NULL AS created;
SELECT booking.set_opening_hours(:'org', '{"mon": [["09:00","17:00"]], "tue": [["09:00","17:00"]], "wed": [["09:00","17:00"]], "thu": [["09:00","17:00"]], "fri": [["09:00","17:00"]], "sat": [["09:00","17:00"]], "sun": [["09:00","17:00"]]}');
SELECT failed.failed, failed.error, cardinality(failed.alternatives) AS alternatives
FROM booking.book_series_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'laser', ARRAY[:'start'::timestamptz + interval '5 days', :'start'::timestamptz + interval '5 days 5 hours',
    :'start'::timestamptz + interval '5 days 1 hour', :'start'::timestamptz + interval '5 days 2 hours', :'start'::timestamptz + interval '50 days']) AS answer, pg_temp.failed(answer, :'start') AS failed;
SELECT count(*) AS laser FROM booking.appointments WHERE org_id = :'org' AND service_type = 'Laser';
-- Keys: the same series gets the first answer, another one a refusal; a refused one may be tried again.
SELECT booking.book_series_atomic(:'org', 'Carol Smith', NULL, '+14155550167', 'Physio', pg_temp.times(:'start', 20, 21), p_idempotency_key => 'form-1') AS first \gset
SELECT answer->>'replayed' AS replayed, (answer->'appointments')::text = (:'first'::json->'appointments')::text AS same
FROM booking.book_series_atomic(:'org', 'Carol Smith', NULL, '+14155550167', 'Physio', pg_temp.times(:'start', 20, 21), p_idempotency_key => 'form-1') AS answer;
SELECT booking.book_series_atomic(:'org', 'Carol Smith', NULL, '+14155550167', 'Physio', pg_temp.times(:'start', 21, 20), p_idempotency_key => 'form-1') ->> 'error' AS other_order;
SELECT booking.book_appointment_atomic(:'org', 'Carol Smith', NULL, '+14155550167', 'Physio', :'start'::timestamptz + interval '20 days', p_idempotency_key => 'form-1') ->> 'error' AS no_series;
SELECT booking.book_series_atomic(:'org', 'Dan Brown', NULL, '+14155550188', 'Physio', pg_temp.times(:'start', 0, 0, 0), p_idempotency_key => 'form-2') ->> 'error' AS refused,
    booking.book_series_atomic(:'org', 'Dan Brown', NULL, '+14155550188', 'Physio', pg_temp.times(:'start', 23, 24), p_idempotency_key => 'form-2') ->> 'success' AS tried_again;
-- What is no series leaves nothing.
SELECT count(*) AS appointments FROM booking.appointments \gset
SELECT answer->>'error' AS error, answer->>'detail' AS detail FROM unnest(ARRAY['{}', NULL, '{NULL}', '{infinity}', '{2030-01-01 12:00+00,NULL}']::text[]) WITH ORDINALITY AS stated (times, number),
    booking.book_series_atomic(:'org', 'Eve Hill', NULL, '+14155550102', 'x', times::timestamptz[]) AS answer ORDER BY number;
SELECT booking.book_series_atomic(:'org', 'Eve Hill', NULL, '+14155550102', 'x', array_fill(:'start'::timestamptz, ARRAY[201])) ->> 'detail' AS too_many;
SELECT booking.book_series_atomic(:'org', 'Eve Hill', NULL, '555', 'x', pg_temp.times(:'start', 26)) ->> 'error' AS phone, booking.book_series_atomic(:'org', '', NULL, '+14155550102', 'x', pg_temp.times(:'start', 26)) ->> 'error' AS name,
    booking.book_series_atomic(:'org', 'Eve Hill', NULL, '+14155550102', '', pg_temp.times(:'start', 26)) ->> 'error' AS service, booking.book_series_atomic(:'org', 'Eve Hill', NULL, '+14155550102', 'x', pg_temp.times(:'start', 26), 2000) ->> 'error' AS length,
    booking.book_series_atomic(NULL, 'Eve Hill', NULL, '+14155550102', 'x', pg_temp.times(:'start', 26)) ->> 'error' AS org;
SELECT count(*) = :appointments AS as_before FROM booking.appointments;
