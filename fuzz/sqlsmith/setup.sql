-- What sqlsmith is let loose on: an organization with something in every table, a role of it that is no superuser, and, in schema
-- smith, values that make a call more than a refusal. In a database of its own that has the extension.
SET client_min_messages = warning;
SET timezone = 'UTC';

-- A clinic at work -------------------------------------------------------------------------------------------------------------
SELECT booking.create_organization('Riverside', 'America/New_York', p_org_id => '00000000-0000-7000-8000-000000000001') AS org \gset
SELECT id AS main FROM booking.resources WHERE org_id = :'org' \gset
SELECT booking.create_resource(:'org', 'Class', 3) AS class \gset
SELECT booking.create_service(:'org', 'check-up', 30, 5, 10, 15, 0, 300, 4) AS check_up \gset
SELECT booking.create_service(:'org', 'yoga', 60, p_resource_ids => ARRAY[:'class'::uuid]) AS yoga \gset
SELECT date_trunc('week', current_date + 14)::timestamp AS monday \gset
SELECT booking.set_date_override(:'org', :'monday'::date + 3, '[["09:00","12:00"]]') \g /dev/null
SELECT booking.set_opening_hours(:'org', '{"mon": [["08:00","20:00"]], "tue": [["08:00","20:00"]], "wed": [["08:00","20:00"]],
    "thu": [["08:00","20:00"]], "fri": [["08:00","24:00"]], "sat": [["22:00","02:00"]]}') \g /dev/null
SELECT booking.connect_integration(:'org', provider, 'k1', decode(repeat('00', 12), 'hex'), decode(repeat('00', 16), 'hex'))
FROM unnest(ARRAY['twilio', 'google', 'vapi']) AS provider \g /dev/null
SELECT booking.set_messaging(:'org', true, ARRAY[1440, 60]), booking.set_calendar(:'org', true, 'async', 'follow'),
    booking.set_message_template(:'org', 'confirmation', 'See you at {{time}}', 'en'),
    booking.set_voice_agent(:'org', 'assistant-1', 'Ada', 'Be kind.', '+12125550100') \g /dev/null
SELECT booking.book_appointment_atomic(:'org', 'Ann Lee', NULL, '+1415555' || 1000 + hour, (ARRAY['check-up', 'yoga', 'x'])[1 + hour % 3],
    (:'monday'::timestamp + make_interval(hours => 9 + hour)) AT TIME ZONE 'America/New_York', p_idempotency_key => 'key ' || hour)
FROM generate_series(0, 8) AS hour \g /dev/null
SELECT booking.hold_slot(:'org', 'x', (:'monday'::timestamp + interval '1 day 10 hours') AT TIME ZONE 'America/New_York',
    p_ttl_seconds => 86400) \g /dev/null
SELECT booking.cancel_appointment(org_id, id, 'ill') FROM booking.appointments WHERE org_id = :'org' ORDER BY id LIMIT 1 \g /dev/null
SELECT booking.add_busy_block(:'org', :'main', (:'monday'::timestamp + interval '2 days 9 hours') AT TIME ZONE 'America/New_York',
    (:'monday'::timestamp + interval '2 days 17 hours') AT TIME ZONE 'America/New_York', 'training') \g /dev/null
SELECT booking.create_follow_up(:'org', 'Call back', now() + interval '1 day', '+14155551000', 'Ann Lee', 'Desk', '+12125550100') \g /dev/null
SELECT booking.worker_heartbeat('one', '0.2.0') \g /dev/null
SELECT count(*) FROM booking.claim_messages('one', 3) \g /dev/null
SELECT count(*) FROM booking.claim_events('one', 3) \g /dev/null
SELECT count(*) FROM booking.claim_syncs('one', 3) \g /dev/null
SELECT booking.vapi_message(format('{"message": {"type": "%s", "call": {"id": "call 1", "assistantId": "assistant-1"}}}', type)::json)
FROM unnest(ARRAY['status-update', 'end-of-call-report', 'hang']) AS type \g /dev/null
SELECT booking.tool_registered(:'org', 'book_appointment', 'tool-1') \g /dev/null
SELECT booking.receive_message(:'org', '+14155551001', '+12125550100', 'STOP', 'SM1') \g /dev/null
-- Another tenant, which is never seen.
SELECT booking.create_organization('Lakeside', 'Asia/Tokyo', p_org_id => '00000000-0000-7000-8000-000000000002') AS other \gset
SELECT booking.book_appointment_atomic(:'other', 'Bob Jones', NULL, '+14155551999', 'x', now() + interval '30 days') \g /dev/null

-- Values to call with ----------------------------------------------------------------------------------------------------------
CREATE SCHEMA smith;

-- The organization comes with what is its own, so that a call with a column of each is one about something that is there.
CREATE TABLE smith.places AS
    SELECT a.org_id, a.id AS appointment_id, a.resource_id, a.starts_at, a.ends_at, a.service_type, c.phone, c.name, c.email,
        ARRAY[a.starts_at, a.ends_at] AS times, ARRAY[a.resource_id] AS resources, 30 AS minutes
    FROM booking.appointments AS a LEFT JOIN booking.contacts AS c ON c.org_id = a.org_id AND c.id = a.contact_id;

CREATE TABLE smith.jobs AS
    SELECT o.org_id, o.id AS job_id, o.lease, m.provider_sid, e.event_id, 'primary' AS calendar_id, 'google' AS provider,
        1::bigint AS version, 'k1' AS key_id, decode(repeat('00', 12), 'hex') AS nonce, now() AS at,
        jsonb_build_array(jsonb_build_object('id', e.event_id, 'status', 'cancelled', 'updated', now())) AS page
    FROM booking.outbox AS o
    LEFT JOIN booking.messages AS m ON m.org_id = o.org_id AND m.job_id = o.id
    LEFT JOIN booking.calendar_events AS e ON e.org_id = o.org_id AND e.appointment_id = o.appointment_id;

CREATE TABLE smith.history AS
    SELECT o.org_id, ARRAY[o.org_id] AS org_ids, event ->> 'position' AS position, page ->> 'position' AS until, 3 AS number
    FROM booking.organizations AS o
    CROSS JOIN LATERAL booking.read_events(o.org_id) AS page
    CROSS JOIN LATERAL json_array_elements(page -> 'events') AS event;

-- The words of a caller, sound and not.
CREATE TABLE smith.words AS
    SELECT * FROM (VALUES
        ('tomorrow', '9:30 a.m.', 'carol smith', 'four one five five five five oh one two four', 'ann dot lee at example dot com'),
        ('12/25', 'half past two', 'O''NEIL', '+44 20 7946 0018', 'ann@example.com'),
        ('2020-02-29', '25:61', '', '110', '@'),
        ('next friday', 'noon', E'\u202e\u0301', '٠١٢٣', repeat('a', 300) || '@x'),
        ('99999-12-31', '00:00', repeat('x', 300), repeat('1', 300), NULL)
    ) AS w (day, clock, name, phone, email);

CREATE TABLE smith.requests AS
    SELECT request::json AS request, request::jsonb AS object, '00000000-0000-7000-8000-000000000001'::uuid AS org_id
    FROM unnest(ARRAY[
        '{"toolCallId": "call_1", "tool": {"arguments": {"appointmentDate": "tomorrow", "appointmentTime": "9:30 a.m.",
          "patientName": "carol smith", "patientPhone": "415 555 0124", "serviceType": "check-up"}},
          "customer": {"metadata": {"org_id": "00000000-0000-7000-8000-000000000001"}}}',
        '{"message": {"type": "tool-calls", "toolCallList": [{"id": "c1", "function": {"name": "check_availability",
          "arguments": {"date": "tomorrow"}}}], "call": {"id": "1", "assistantId": "assistant-1"}}}',
        '{"message": {"type": "end-of-call-report", "endedReason": "hangup", "call": {"id": "1", "assistantId": "assistant-1"},
          "analysis": {"summary": "booked"}, "artifact": {"transcript": "hello"}}}',
        '{"mon": [["09:00", "12:00"]]}', '[["09:00", "12:00"], ["13:00", "17:00"]]', '{}', '[]', '[[[[]]]]', '"text"', 'null', '1e308'
    ]) AS request;

CREATE TABLE smith.edges AS
    SELECT * FROM (VALUES
        ('-infinity'::timestamptz, '-infinity'::date, -2147483648, -9223372036854775808, interval '-178000000 years',
            '00000000-0000-0000-0000-000000000000'::uuid, ARRAY[]::timestamptz[], ARRAY[NULL]::text[], true),
        ('infinity', 'infinity', 2147483647, 9223372036854775807, interval '178000000 years',
            'ffffffff-ffff-ffff-ffff-ffffffffffff', ARRAY['infinity', NULL]::timestamptz[], ARRAY['', 'x'], false),
        ('4714-11-24 00:00:00+00 BC', '4714-11-24 BC', 0, 0, interval '1 day', '00000000-0000-7000-8000-000000000001',
            array_fill(now(), ARRAY[300]), ARRAY[repeat('x', 9000)], NULL),
        ('294276-12-31 23:59:59.999999+00', '5874897-12-31', 1440, 1, interval '0', '00000000-0000-7000-8000-000000000002',
            ARRAY[[now(), now()], [now(), NULL]], NULL, true)
    ) AS e (at, day, number, big, span, id, times, texts, flag);

-- What is called ---------------------------------------------------------------------------------------------------------------
-- sqlsmith calls no function that returns rows, so each of them is called by one that counts them.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.proname, p.oid, p.pronargs FROM pg_proc AS p
        WHERE p.pronamespace = 'booking'::regnamespace AND p.proretset
    LOOP
        EXECUTE format('CREATE FUNCTION smith.count_%s(%s) RETURNS bigint LANGUAGE sql AS %L', f.proname,
            oidvectortypes((SELECT proargtypes FROM pg_proc WHERE oid = f.oid)),
            format('SELECT count(*) FROM booking.%I(%s)', f.proname,
                (SELECT string_agg('$' || n, ', ') FROM generate_series(1, f.pronargs) AS n)));
    END LOOP;
END
$$;

-- sqlsmith reads these two by their bare names, and finds them here before it finds the server's own. Once it calls, with its
-- statement_timeout, they are empty, so that no call is spent on them.
--
-- What it calls: ours, and of the server's own functions a few that make arguments of arguments and do nothing else. So it does not
-- sleep, write files, signal processes, take locks or change settings.
CREATE VIEW smith.pg_proc AS
    SELECT p.oid, p.proname, p.pronamespace, p.prorettype, p.proretset, p.prokind, p.proargtypes FROM pg_catalog.pg_proc AS p
    WHERE current_setting('statement_timeout') = '0'
      AND (p.pronamespace IN ('booking'::regnamespace, 'smith'::regnamespace)
        OR p.oid = ANY (ARRAY[
            'lower(text)', 'reverse(text)', 'left(text,integer)', 'substr(text,integer,integer)', 'repeat(text,integer)',
            'replace(text,text,text)', 'quote_literal(text)', 'string_to_array(text,text)', 'decode(text,text)',
            'date_trunc(text,timestamp with time zone)', 'to_timestamp(double precision)', 'json_object(text[])',
            'jsonb_object(text[])', 'jsonb_pretty(jsonb)', 'count()', 'max(text)', 'max(timestamp with time zone)', 'sum(integer)'
        ]::regprocedure[]))
    ORDER BY p.oid;

-- The types, where those that stand for any are one that they can stand for: it would write NULL of type anyrange, say, and half of
-- its queries would end there. (Without anyarray it does not start.)
CREATE VIEW smith.pg_type AS
    SELECT t.oid, COALESCE(stands_for.name, t.typname) AS typname, t.typnamespace, t.typdelim, t.typrelid, t.typelem, t.typarray,
        CASE WHEN stands_for.name IS NULL THEN t.typtype ELSE 'b' END AS typtype
    FROM pg_catalog.pg_type AS t
    LEFT JOIN (VALUES
        ('anyelement', 'int4'::name), ('anynonarray', 'int4'), ('anycompatible', 'int4'), ('anycompatiblenonarray', 'int4'),
        ('anycompatiblearray', '_int4'), ('anyenum', 'text'), ('anyrange', 'int4range'), ('anycompatiblerange', 'int4range'),
        ('anymultirange', 'int4multirange'), ('anycompatiblemultirange', 'int4multirange')
    ) AS stands_for (type, name) ON stands_for.type = t.typname
    WHERE current_setting('statement_timeout') = '0'
    ORDER BY t.oid;

CREATE ROLE smith LOGIN;
SELECT booking.grant_backend('smith'), booking.grant_worker('smith') \g /dev/null
GRANT USAGE ON SCHEMA smith TO smith;
GRANT ALL ON smith.places, smith.jobs, smith.history, smith.words, smith.requests, smith.edges TO smith;
GRANT SELECT ON smith.pg_proc, smith.pg_type TO smith;
ALTER ROLE smith SET booking.org_id = '00000000-0000-7000-8000-000000000001';
ALTER ROLE smith SET search_path = smith, pg_catalog;
ALTER DATABASE :"DBNAME" SET track_functions = 'all';
ANALYZE;
