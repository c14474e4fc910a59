-- booking.reschedule_appointment_atomic, cancel_appointment, set_appointment_status and appointment_status.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'UTC') AS org \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT booking.create_resource(:'org', 'Second') AS second \gset
SELECT date_trunc('day', now()) + interval '30 days 14 hours' AS start \gset
CREATE FUNCTION pg_temp.outcome(answer json) RETURNS text LANGUAGE sql AS $$SELECT coalesce(answer->>'error', 'done')$$;
CREATE FUNCTION pg_temp.book(org uuid, start timestamptz, resource uuid, service text DEFAULT 'x', minutes int DEFAULT NULL) RETURNS uuid LANGUAGE sql AS $$
    SELECT (booking.book_appointment_atomic(org, 'Ann Lee', NULL, '+14155550124', service, start, minutes, resource) ->> 'appointmentId')::uuid$$;
CREATE FUNCTION pg_temp.place(id uuid, start timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.name, a.starts_at - start, a.ends_at - a.starts_at, a.status) FROM booking.appointments AS a JOIN booking.resources AS r ON r.id = a.resource_id WHERE a.id = place.id$$;
SELECT pg_temp.book(:'org', :'start', :'main') AS ann \gset
SELECT pg_temp.book(:'org', :'start'::timestamptz + interval '2 hours', :'main') AS later \gset
-- Moved: the same appointment at another time, with its length and its resource.
SELECT answer->>'success' AS success, (answer->>'appointmentId')::uuid = :'ann' AS same, answer->>'status' AS status,
    (SELECT array_agg(key) FROM json_object_keys(answer) AS key) AS keys, regexp_replace(answer->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message
FROM booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz - interval '2 hours') AS answer;
SELECT pg_temp.place(:'ann', :'start');
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'x', :'start', p_resource_id => :'main')) AS old_time_is_free;
-- Over its own old time; to the time it has; longer; to another resource.
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz - interval '90 minutes')) AS own_overlap;
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz - interval '90 minutes')) AS same_time;
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz - interval '90 minutes', 90)) AS longer;
SELECT pg_temp.place(:'ann', :'start');
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start', 30, :'second')) AS other_resource;
SELECT pg_temp.place(:'ann', :'start');
-- A taken time is refused with times of the resource that was meant, never the one it has; the old time stays.
SELECT answer->>'error' AS error, (SELECT array_agg(found::timestamptz - :'start') FROM json_array_elements_text(answer->'alternatives') AS found) AS alternatives
FROM booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz + interval '2 hours', p_resource_id => :'main') AS answer;
SELECT pg_temp.book(:'org', :'start'::timestamptz + interval '30 minutes', :'second') AS neighbour \gset
SELECT answer->>'error' AS error, (SELECT array_agg(found::timestamptz - :'start') FROM json_array_elements_text(answer->'alternatives') AS found) AS alternatives
FROM booking.reschedule_appointment_atomic(:'org', :'ann', :'start'::timestamptz + interval '30 minutes') AS answer;
SELECT pg_temp.place(:'ann', :'start');
-- By the rules of its service, as they are today: resources, hours, buffers.
SELECT booking.create_service(:'org', 'Laser', 30, 0, 15, p_horizon_days => 40, p_resource_ids => ARRAY[:'main']::uuid[]) IS NOT NULL AS created;
SELECT pg_temp.book(:'org', :'start'::timestamptz + interval '4 hours', NULL, 'laser') AS laser \gset
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'laser', :'start'::timestamptz + interval '5 hours', p_resource_id => :'second')) AS cannot_do_it,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'laser', :'start'::timestamptz + interval '90 minutes')) AS buffer_in_the_way,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'laser', :'start'::timestamptz + interval '20 days')) AS beyond_horizon,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'laser', :'start'::timestamptz + interval '5 hours')) AS fine;
SELECT starts_at - :'start' AS starts, upper(blocked) - ends_at AS buffer FROM booking.appointments WHERE id = :'laser';
-- What is refused changes nothing.
SELECT pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', NULL)) AS no_time, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', 'infinity')) AS infinity,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', now() - interval '1 hour')) AS past, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start', 0)) AS no_length,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start', p_resource_id => '00000000-0000-7000-8000-000000000099')) AS no_resource,
    pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', NULL, :'start')) AS no_id, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', '00000000-0000-7000-8000-000000000099', :'start')) AS unknown,
    pg_temp.outcome(booking.reschedule_appointment_atomic(NULL, :'ann', :'start')) AS no_org;
SELECT pg_temp.place(:'ann', :'start');
-- Cancelled once, with a reason; its seat is free.
SELECT answer->>'success' AS success, answer->>'status' AS status, regexp_replace(answer->>'message', 'on \w+, \w+ \d+(, \d+)?', 'on <day>') AS message
FROM booking.cancel_appointment(:'org', :'ann', ' caught a cold ') AS answer;
SELECT status, cancel_reason, cancelled_at IS NOT NULL AS cancelled FROM booking.appointments WHERE id = :'ann';
SELECT pg_temp.outcome(booking.cancel_appointment(:'org', :'ann')) AS again, pg_temp.outcome(booking.reschedule_appointment_atomic(:'org', :'ann', :'start')) AS move,
    pg_temp.outcome(booking.cancel_appointment(:'org', '00000000-0000-7000-8000-000000000099')) AS unknown, pg_temp.outcome(booking.cancel_appointment(:'org', NULL)) AS none,
    pg_temp.outcome(booking.cancel_appointment(:'org', :'later', E'a\tb')) AS bad_reason;
SELECT pg_temp.outcome(booking.book_appointment_atomic(:'org', 'Bob Jones', NULL, '+14155550145', 'x', :'start', 30, :'second')) AS seat_is_free;
-- Another organization's appointment does not exist.
SELECT booking.create_organization('Other', 'UTC') AS stranger \gset
SELECT pg_temp.outcome(booking.cancel_appointment(:'stranger', :'later')) AS cancel, pg_temp.outcome(booking.reschedule_appointment_atomic(:'stranger', :'later', :'start')) AS move,
    pg_temp.outcome(booking.set_appointment_status(:'stranger', :'later', 'completed')) AS status, pg_temp.outcome(booking.appointment_status(:'stranger', :'later')) AS look;
-- The state machine: from each state, by each function.
CREATE FUNCTION pg_temp.from_state(org uuid, state text, start timestamptz, resource uuid) RETURNS TABLE (confirmed text, completed text, no_show text, cancelled text, moved text) LANGUAGE plpgsql AS $$
DECLARE appointment uuid := pg_temp.book(org, start, resource); outcomes text[] := '{}'; outcome text; statement text;
BEGIN
    UPDATE booking.appointments SET status = state, expires_at = CASE WHEN state = 'held' THEN now() + interval '1 hour' END WHERE id = appointment;
    FOREACH statement IN ARRAY ARRAY['set_appointment_status($1, $2, ''confirmed'')', 'set_appointment_status($1, $2, ''completed'')',
        'set_appointment_status($1, $2, ''no_show'')', 'cancel_appointment($1, $2)', 'reschedule_appointment_atomic($1, $2, $3)'] LOOP
        BEGIN
            EXECUTE 'SELECT pg_temp.outcome(booking.' || statement || ')' INTO outcome USING org, appointment, start + interval '15 minutes';
            RAISE SQLSTATE 'UNDO1';
        EXCEPTION WHEN SQLSTATE 'UNDO1' THEN outcomes := outcomes || outcome;
        END;
    END LOOP;
    RETURN QUERY SELECT outcomes[1], outcomes[2], outcomes[3], outcomes[4], outcomes[5];
END $$;
SELECT state, change.* FROM unnest(ARRAY['held', 'pending', 'confirmed', 'cancelled', 'completed', 'no_show']) WITH ORDINALITY AS state (state, number),
    pg_temp.from_state(:'org', state, :'start'::timestamptz + number * interval '1 day', :'main') AS change ORDER BY number;
SELECT pg_temp.outcome(booking.set_appointment_status(:'org', :'later', 'cancelled')) AS cancelled, pg_temp.outcome(booking.set_appointment_status(:'org', :'later', 'held')) AS held,
    pg_temp.outcome(booking.set_appointment_status(:'org', :'later', 'done')) AS unknown, pg_temp.outcome(booking.set_appointment_status(:'org', :'later', NULL)) AS none;
SELECT answer->>'error' AS error, answer->>'message' AS message, answer->>'hint' AS hint FROM booking.set_appointment_status(:'org', :'later', 'confirmed') AS answer;
-- Looked up.
SELECT booking.set_appointment_status(:'org', :'later', 'no_show') ->> 'message' AS message;
SELECT answer->>'status' AS status, answer->>'smsStatus' AS sms, answer->'messageSid' AS sid, answer->>'calendarStatus' AS calendar, answer->'eventId' AS event,
    (answer->>'scheduledAt')::timestamptz - :'start' AS starts FROM booking.appointment_status(:'org', :'later') AS answer;
SELECT pg_temp.outcome(booking.appointment_status(:'org', NULL)) AS none, pg_temp.outcome(booking.appointment_status(NULL, :'later')) AS no_org;
-- Still what somebody has seen, who is about to change it: its start to the second, its resource, its status; each of them counts.
SELECT pg_temp.book(:'org', :'start'::timestamptz + interval '20 days', :'main') AS seen \gset
SELECT booking.is_as_seen(:'org', :'seen', :'start'::timestamptz + interval '20 days', :'main', 'confirmed') AS as_seen,
    booking.is_as_seen(:'org', :'seen', :'start'::timestamptz + interval '20 days 1 minute', :'main', 'confirmed') AS other_time,
    booking.is_as_seen(:'org', :'seen', :'start'::timestamptz + interval '20 days', :'second', 'confirmed') AS other_place,
    booking.is_as_seen(:'org', :'seen', :'start'::timestamptz + interval '20 days', :'main', 'pending') AS other_status;
UPDATE booking.appointments SET starts_at = starts_at + interval '0.4 seconds' WHERE id = :'seen';
SELECT booking.is_as_seen(:'org', :'seen', :'start'::timestamptz + interval '20 days', :'main', 'confirmed') AS to_the_second;
-- What is not there, or was not said, is not as it was seen; nor is an appointment of another organization.
SELECT booking.is_as_seen(:'org', '00000000-0000-7000-8000-000000000099', :'start', :'main', 'confirmed') AS unknown,
    booking.is_as_seen(:'org', NULL, NULL, NULL, NULL) AS nothing, booking.is_as_seen(:'org', :'seen', NULL, NULL, NULL) AS unseen,
    booking.is_as_seen(NULL, :'seen', :'start', :'main', 'confirmed') AS no_org,
    booking.is_as_seen(:'org', :'seen', 'infinity', :'main', 'confirmed') AS infinity,
    booking.is_as_seen(:'stranger', :'seen', :'start'::timestamptz + interval '20 days', :'main', 'confirmed') AS other_org;
-- A hold that has expired is cancelled, as it is shown.
SELECT booking.hold_slot(:'org', 'x', :'start'::timestamptz + interval '21 days', NULL, :'main') ->> 'holdId' AS hold \gset
SELECT booking.is_as_seen(:'org', :'hold', :'start'::timestamptz + interval '21 days', :'main', 'held') AS held;
UPDATE booking.appointments SET expires_at = now() - interval '1 second' WHERE id = :'hold';
SELECT booking.is_as_seen(:'org', :'hold', :'start'::timestamptz + interval '21 days', :'main', 'held') AS held,
    booking.is_as_seen(:'org', :'hold', :'start'::timestamptz + interval '21 days', :'main', 'cancelled') AS cancelled;
