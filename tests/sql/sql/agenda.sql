-- What a front desk has before its eyes: days, hours, appointments with what became of them, and what could not be delivered. The
-- dates are fixed; what stands on them was written by hand, as an import does.
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
\pset format unaligned
SELECT booking.create_organization('Riverside Dental', 'America/New_York') AS clinic \gset
SELECT r.id AS main FROM booking.resources AS r WHERE r.org_id = :'clinic' \gset
SELECT booking.create_resource(:'clinic', 'Class', 2) AS class \gset
SELECT booking.create_service(:'clinic', 'Cleaning', 45) IS NOT NULL;
SELECT booking.set_opening_hours(:'clinic', '{"sat": [["22:00","02:00"]], "sun": [["00:30","12:00"],["13:00","17:00"]]}');
SELECT booking.set_opening_hours(:'clinic', '{"sun": [["09:00","10:00"]]}', :'class');
INSERT INTO booking.contacts (org_id, id, phone, name, email)
    VALUES (:'clinic', 'c0000000-0000-0000-0000-000000000001', '+14155550123', 'Ann Lee', 'ann@example.com');
CREATE FUNCTION pg_temp.appointment(n integer, clinic uuid, resource uuid, starts text, minutes integer, status text DEFAULT 'confirmed')
    RETURNS void LANGUAGE sql AS $$
    INSERT INTO booking.appointments (org_id, id, resource_id, contact_id, patient_name, service_type, starts_at, ends_at, blocked,
        status, cancelled_at, cancel_reason)
    SELECT clinic, ('a0000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, resource,
        'c0000000-0000-0000-0000-000000000001', 'Ann Lee', 'cleaning', s, s + make_interval(mins => minutes),
        tstzrange(s, s + make_interval(mins => minutes)), status, CASE WHEN status = 'cancelled' THEN s END,
        CASE WHEN status = 'cancelled' THEN 'a cold' END
    FROM CAST(starts || ' America/New_York' AS timestamptz) AS s
$$;
-- The evening before, over the hour that spring leaves out, and on the day after.
SELECT pg_temp.appointment(1, :'clinic', :'main', '2026-03-07 23:30', 60);
SELECT pg_temp.appointment(2, :'clinic', :'main', '2026-03-08 01:30', 60);
SELECT pg_temp.appointment(3, :'clinic', :'main', '2026-03-08 09:00', 45, 'completed');
SELECT pg_temp.appointment(4, :'clinic', :'main', '2026-03-08 11:00', 45, 'cancelled');
SELECT pg_temp.appointment(5, :'clinic', :'class', '2026-03-08 09:00', 60, 'no_show');
SELECT pg_temp.appointment(6, :'clinic', :'main', '2026-03-09 00:00', 60);
-- A hold that has expired, and one that was released: nobody ever had an appointment there.
INSERT INTO booking.appointments (org_id, id, resource_id, service_type, starts_at, ends_at, blocked, status, expires_at, cancelled_at)
SELECT :'clinic', gen_random_uuid(), :'main', 'any', s, s + interval '1 hour', tstzrange(s, s + interval '1 hour'), status, s, cancelled
FROM (VALUES (timestamptz '2026-03-08 14:00-04', 'held', NULL::timestamptz), ('2026-03-08 15:00-04', 'cancelled', '2026-03-01')) AS v (s, status, cancelled);

\set agenda 'booking.agenda(:''clinic'', ''2026-03-08'') AS answer'
SELECT answer -> 'success', answer #> '{organization,name}', answer #> '{organization,timezone}', answer -> 'days', answer #> '{services,0,name}'
FROM :agenda;
-- The instant now has the offset of the place, and today is its date.
SELECT (answer #>> '{organization,now}')::timestamptz BETWEEN now() - interval '1 second' AND clock_timestamp(),
    left(answer #>> '{organization,now}', 10) = answer #>> '{organization,today}', answer #>> '{organization,now}' ~ '-0[45]:00$'
FROM :agenda;
SELECT r ->> 'name' AS resource, r -> 'capacity' AS capacity, r #> '{hours,0}' AS hours
FROM :agenda, json_array_elements(answer -> 'resources') AS r;
SELECT right(a ->> 'id', 2) AS id, a ->> 'startsAt' AS starts, a ->> 'endsAt' AS ends, a ->> 'date' AS date, a -> 'fromMinute' AS "from",
    a -> 'toMinute' AS "to", a ->> 'status' AS status, a ->> 'cancelReason' AS reason, a ->> 'patientPhone' AS phone
FROM :agenda, json_array_elements(answer -> 'appointments') AS a;

-- A week: hours of each day, and those of Saturday reach into the next one.
SELECT h
FROM booking.agenda(:'clinic', '2026-03-07', 3) AS answer, json_array_elements(answer #> '{resources,0,hours}') AS h;

-- Who is away, day by day.
SELECT booking.add_busy_block(:'clinic', :'main', '2026-03-07 18:00-05', '2026-03-09 08:00-04', 'congress') IS NOT NULL;
SELECT b ->> 'date' AS date, b -> 'fromMinute' AS "from", b -> 'toMinute' AS "to", b ->> 'reason' AS reason
FROM booking.agenda(:'clinic', '2026-03-07', 5) AS answer, json_array_elements(answer -> 'busy') AS b;

-- What became of messages and events is told as appointment_status tells it, whatever it is.
INSERT INTO booking.outbox (org_id, id, kind, appointment_id, state, deadline, finished_at, errors, last_error, attempts, created_at)
SELECT :'clinic', gen_random_uuid(), kind, ('a0000000-0000-0000-0000-00000000000' || n)::uuid, state, '2099-01-01',
    CASE WHEN state IN ('succeeded', 'discarded', 'cancelled') THEN timestamptz '2026-03-01' + n * interval '1 day' + length(kind) * interval '1 hour' END,
    CASE WHEN code IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('code', code)) END, code, 1, timestamptz '2026-02-01' + n * interval '1 hour'
FROM (VALUES (1, 'confirmation', 'discarded', '30006'), (1, 'calendar', 'discarded', 'forbidden'), (2, 'confirmation', 'available', NULL),
    (2, 'calendar', 'available', NULL), (3, 'confirmation', 'discarded', 'not_configured'), (3, 'calendar', 'succeeded', NULL),
    (4, 'cancelled', 'succeeded', NULL), (5, 'confirmation', 'cancelled', NULL)) AS v (n, kind, state, code);
INSERT INTO booking.messages (org_id, id, job_id, appointment_id, segments, status)
SELECT :'clinic', gen_random_uuid(), o.id, o.appointment_id, 1, 'delivered' FROM booking.outbox AS o
WHERE o.org_id = :'clinic' AND o.kind = 'cancelled';
INSERT INTO booking.calendar_events (org_id, appointment_id, generation, calendar_id, event_id, state, flag)
VALUES (:'clinic', 'a0000000-0000-0000-0000-000000000003', 1, 'primary', 'aaaaa', 'present', 'moved'),
    (:'clinic', 'a0000000-0000-0000-0000-000000000004', 1, 'primary', 'bbbbb', 'gone', NULL);
SELECT right(a ->> 'id', 2) AS id, a ->> 'smsStatus' AS sms, a ->> 'calendarStatus' AS calendar,
    a ->> 'smsStatus' = s ->> 'smsStatus' AND a ->> 'calendarStatus' = s ->> 'calendarStatus' AS same
FROM :agenda, json_array_elements(answer -> 'appointments') AS a, booking.appointment_status(:'clinic', (a ->> 'id')::uuid) AS s;
-- What was given up and still has time, the latest first.
SELECT j ->> 'kind' AS kind, right(j ->> 'appointmentId', 2) AS of, j ->> 'lastError' AS error, j -> 'attempts' AS attempts, j ->> 'finishedAt' AS given_up
FROM :agenda, json_array_elements(answer -> 'deadJobs') AS j;
DELETE FROM booking.outbox WHERE org_id = :'clinic';

INSERT INTO booking.integrations (org_id, provider, problem, last_checked_at) VALUES (:'clinic', 'google', 'access was withdrawn', '2026-03-01 12:00-05');
SELECT answer -> 'integrations' FROM :agenda;
SELECT booking.worker_heartbeat('courier of agenda') ->> 'success';
SELECT (answer #>> '{workers,alive}')::integer > 0, answer #>> '{workers,lastSeenAt}' IS NOT NULL FROM :agenda;
DELETE FROM booking.workers WHERE id = 'courier of agenda';

-- The position is that of the snapshot: what commits later is after it, and nothing of what is shown.
SELECT answer ->> 'position' AS position FROM :agenda \gset
SELECT json_array_length(booking.read_events(:'clinic', :'position') -> 'events') AS before;
SELECT booking.reschedule_appointment_atomic(:'clinic', 'a0000000-0000-0000-0000-000000000002', now() + interval '700 days') ->> 'error';
SELECT booking.create_follow_up(:'clinic', 'call back') IS NOT NULL;
SELECT json_array_length(booking.read_events(:'clinic', :'position') -> 'events') AS later;
DELETE FROM booking.outbox WHERE org_id = :'clinic';

-- What cannot be shown is refused.
SELECT booking.agenda(:'clinic', '2026-03-08', 0) ->> 'message';
SELECT booking.agenda(:'clinic', '2026-03-08', 32) ->> 'message';
SELECT booking.agenda(:'clinic', 'infinity') ->> 'message';
SELECT booking.agenda(:'clinic', '0999-12-31') ->> 'error';
SELECT booking.agenda(:'clinic', '5874897-12-31') ->> 'error';
SELECT booking.agenda('00000000-0000-0000-0000-000000000001') ->> 'message';
SELECT booking.agenda(NULL) ->> 'error';
SELECT json_array_length(booking.agenda(:'clinic', p_days => 31) -> 'days');
SELECT booking.agenda(:'clinic', p_days => NULL) #>> '{days,0}' = booking.agenda(:'clinic') #>> '{organization,today}';

-- A member sees its own organization only.
SELECT booking.create_organization('Hillside', 'UTC') AS other \gset
CREATE ROLE agenda_member;
SELECT booking.grant_member('agenda_member');
SET booking.org_id = :'other';
SET ROLE agenda_member;
SELECT booking.agenda(:'clinic') ->> 'error', booking.agenda(:'other') #>> '{organization,name}';
RESET ROLE;
RESET booking.org_id;
SELECT booking.create_resource(:'other', 'Away') IS NOT NULL;
SET booking.org_id = :'clinic';
SET ROLE agenda_member;
SELECT json_array_length(answer -> 'appointments'), json_array_length(answer -> 'resources') FROM :agenda;
RESET ROLE;
RESET booking.org_id;
DROP OWNED BY agenda_member;
DROP ROLE agenda_member;
