-- What a careful user writes today, without the extension, to book in these tables: the same checks, rows and answer.
-- It is the strongest version we know how to write that is still of the usual kind:
--   * it locks the resource's day before it looks, so that two calls never pass each other, and a slot over midnight locks both days;
--   * it inserts with ON CONFLICT DO NOTHING, so that the constraint has the last word without a subtransaction;
--   * it writes the contact only where it is new or has changed, and all messages by one statement;
--   * what it reads it reads by key. Each read is a statement of its own: after a lock, only a new statement sees what was committed
--     while it waited.
-- It leaves out what such a function usually leaves out: spoken numbers and dates, foreign phone numbers, seats, buffers,
-- daily limits, holds, idempotency keys, hours past midnight. All of that is to its advantage.

-- When the resource is open on a date, in minutes after midnight: the exception for the date counts before the hours of the week, and
-- the resource's own before those of the house.
CREATE FUNCTION bench.open_on(p_org_id uuid, p_resource_id uuid, p_date date) RETURNS int4multirange
LANGUAGE sql STABLE AS $$
    SELECT COALESCE(
        (SELECT c.windows
        FROM booking.closures AS c
        WHERE c.org_id = p_org_id AND c.date = p_date AND (c.resource_id = p_resource_id OR c.resource_id IS NULL)
        ORDER BY c.resource_id NULLS LAST
        LIMIT 1),
        (SELECT h.windows
        FROM booking.opening_hours AS h
        WHERE h.org_id = p_org_id AND h.weekday = extract(isodow FROM p_date)
          AND (h.resource_id = p_resource_id OR h.resource_id IS NULL)
        ORDER BY h.resource_id NULLS LAST
        LIMIT 1),
        '{[0,1440)}')
$$;

-- The free times of the grid between two local times. Only times within the hours are generated, and none of them is looked at
-- twice.
CREATE FUNCTION bench.free_starts(
    p_org_id uuid, p_resource_id uuid, p_timezone text, p_from timestamp, p_to timestamp, p_step integer, p_minutes integer)
RETURNS SETOF timestamptz
LANGUAGE sql STABLE AS $$
    SELECT slot.at
    FROM generate_series(date_trunc('day', p_from), p_to, interval '1 day') AS day
    CROSS JOIN LATERAL unnest(bench.open_on(p_org_id, p_resource_id, day::date)) AS opening (minutes)
    CROSS JOIN LATERAL generate_series(
        (lower(minutes) + p_step - 1) / p_step * p_step, upper(minutes) - p_minutes, p_step) AS minute
    CROSS JOIN LATERAL (SELECT day + make_interval(mins => minute) AS local) AS local
    CROSS JOIN LATERAL (
        SELECT local AT TIME ZONE p_timezone AS at,
            tstzrange(local AT TIME ZONE p_timezone, local AT TIME ZONE p_timezone + make_interval(mins => p_minutes)) AS span
    ) AS slot
    WHERE local.local BETWEEN p_from AND p_to
      AND slot.at > now()
      AND NOT EXISTS (
          SELECT FROM booking.appointments AS a
          WHERE a.org_id = p_org_id AND a.resource_id = p_resource_id AND a.status IN ('held', 'pending', 'confirmed')
            AND a.blocked && slot.span)
      AND NOT EXISTS (
          SELECT FROM booking.busy_blocks AS b
          WHERE b.org_id = p_org_id AND b.resource_id = p_resource_id AND b.during && slot.span)
$$;

-- The three nearest: within three hours, else on the rest of that day and the thirty after it, one day after the other, until there
-- are three.
CREATE FUNCTION bench.alternatives(
    p_org_id uuid, p_resource_id uuid, p_timezone text, p_wanted timestamptz, p_step integer, p_minutes integer)
RETURNS timestamptz[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_wanted timestamp := p_wanted AT TIME ZONE p_timezone;
    v_from timestamp := v_wanted - interval '3 hours';
    v_to timestamp := v_wanted + interval '3 hours';
    v_day timestamp := date_trunc('day', v_wanted);
    v_found timestamptz[] := '{}';
BEGIN
    FOR number IN 0 .. 31 LOOP
        v_found := v_found || ARRAY(
            SELECT at
            FROM bench.free_starts(p_org_id, p_resource_id, p_timezone, v_from, v_to, p_step, p_minutes) AS at
            WHERE at <> p_wanted AND at <> ALL (v_found)
            ORDER BY abs(extract(epoch FROM (at AT TIME ZONE p_timezone)::time - v_wanted::time)), at DESC
            LIMIT 3 - cardinality(v_found));
        EXIT WHEN cardinality(v_found) = 3;
        v_from := v_day + number * interval '1 day';
        v_to := v_from + interval '1 day' - interval '1 microsecond';
    END LOOP;
    RETURN v_found;
END $$;

CREATE FUNCTION bench.refused(p_error text, p_message text, p_alternatives timestamptz[] DEFAULT '{}') RETURNS json
LANGUAGE sql IMMUTABLE AS $$
    SELECT json_build_object('success', false, 'error', p_error, 'message', p_message, 'alternatives', p_alternatives)
$$;

CREATE FUNCTION bench.book(
    p_org_id uuid, p_name text, p_email text, p_phone text, p_service text, p_at timestamptz, p_resource_id uuid)
RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_organization record;
    v_name text := initcap(regexp_replace(btrim(p_name), '\s+', ' ', 'g'));
    v_email text := lower(btrim(p_email));
    v_digits text := regexp_replace(p_phone, '\D', '', 'g');
    v_phone text;
    v_local timestamp;
    v_minute integer;
    v_ends_at timestamptz;
    v_blocked tstzrange;
    v_day date;
    v_contact record;
    v_contact_id uuid;
    v_appointment_id uuid;
BEGIN
    SELECT o.timezone, o.settings -> 'messages' AS messages, s.id AS service_id, s.name AS service, s.duration_minutes,
        s.slot_step_minutes AS step, s.min_notice_minutes, s.horizon_days
    INTO v_organization
    FROM booking.organizations AS o
    JOIN booking.services AS s ON s.org_id = o.org_id AND s.name_key = lower(btrim(p_service))
    JOIN booking.resources AS r ON r.org_id = o.org_id AND r.id = p_resource_id
    WHERE o.org_id = p_org_id;
    IF NOT FOUND THEN
        RETURN bench.refused('not_found', 'There is no such organization, service or resource.');
    END IF;

    v_phone := CASE
        WHEN p_phone ~ '^\s*\+' AND v_digits ~ '^[1-9]\d{6,14}$' THEN '+' || v_digits
        WHEN v_digits ~ '^1?[2-9]\d{2}[2-9]\d{6}$' THEN '+1' || right(v_digits, 10)
    END;
    IF v_phone IS NULL THEN
        RETURN bench.refused('invalid_phone', 'This is no phone number.');
    ELSIF v_name = '' THEN
        RETURN bench.refused('invalid_name', 'This is no name.');
    ELSIF v_email <> '' AND v_email !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' THEN
        RETURN bench.refused('invalid_email', 'This is no e-mail address.');
    END IF;

    v_local := p_at AT TIME ZONE v_organization.timezone;
    v_minute := extract(hour FROM v_local) * 60 + extract(minute FROM v_local);
    v_ends_at := p_at + make_interval(mins => v_organization.duration_minutes);
    v_blocked := tstzrange(p_at, v_ends_at);
    IF p_at < now() + make_interval(mins => v_organization.min_notice_minutes)
        OR v_local::date > (now() AT TIME ZONE v_organization.timezone)::date + v_organization.horizon_days
    THEN
        RETURN bench.refused('invalid_time', 'This time cannot be booked.', bench.alternatives(
            p_org_id, p_resource_id, v_organization.timezone, p_at, v_organization.step, v_organization.duration_minutes));
    ELSIF NOT bench.open_on(p_org_id, p_resource_id, v_local::date) @> int4range(v_minute, v_minute + v_organization.duration_minutes)
    THEN
        RETURN bench.refused('outside_hours', 'We are closed then.', bench.alternatives(
            p_org_id, p_resource_id, v_organization.timezone, p_at, v_organization.step, v_organization.duration_minutes));
    END IF;

    -- In order of the days, so that no two calls wait for each other.
    v_day := (p_at AT TIME ZONE 'UTC')::date;
    PERFORM pg_advisory_xact_lock(hashtextextended(p_org_id::text || p_resource_id || v_day, 0));
    IF (v_ends_at AT TIME ZONE 'UTC' - interval '1 microsecond')::date > v_day THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_org_id::text || p_resource_id || v_day + 1, 0));
    END IF;
    IF EXISTS (
            SELECT FROM booking.appointments AS a
            WHERE a.org_id = p_org_id AND a.resource_id = p_resource_id AND a.status IN ('held', 'pending', 'confirmed')
              AND a.blocked && v_blocked)
        OR EXISTS (
            SELECT FROM booking.busy_blocks AS b
            WHERE b.org_id = p_org_id AND b.resource_id = p_resource_id AND b.during && v_blocked)
    THEN
        RETURN bench.refused('slot_unavailable', 'That time is taken.', bench.alternatives(
            p_org_id, p_resource_id, v_organization.timezone, p_at, v_organization.step, v_organization.duration_minutes));
    END IF;

    SELECT c.id, c.name, c.email INTO v_contact FROM booking.contacts AS c WHERE c.org_id = p_org_id AND c.phone = v_phone;
    v_contact_id := v_contact.id;
    IF v_contact_id IS NULL OR v_contact.name <> v_name OR v_contact.email <> v_email THEN
        INSERT INTO booking.contacts (org_id, id, phone, name, email)
        VALUES (p_org_id, COALESCE(v_contact_id, gen_random_uuid()), v_phone, v_name,
            COALESCE(NULLIF(v_email, ''), v_contact.email, substr(v_phone, 2) || '@no-email.invalid'))
        ON CONFLICT (org_id, phone) DO UPDATE SET name = excluded.name, email = excluded.email, updated_at = excluded.updated_at
        RETURNING id INTO v_contact_id;
    END IF;

    INSERT INTO booking.appointments
        (org_id, id, resource_id, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked)
    VALUES (p_org_id, gen_random_uuid(), p_resource_id, v_contact_id, v_name, v_organization.service, v_organization.service_id,
        p_at, v_ends_at, v_blocked)
    ON CONFLICT DO NOTHING
    RETURNING id INTO v_appointment_id;
    IF v_appointment_id IS NULL THEN
        RETURN bench.refused('slot_unavailable', 'That time is taken.', bench.alternatives(
            p_org_id, p_resource_id, v_organization.timezone, p_at, v_organization.step, v_organization.duration_minutes));
    END IF;

    INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
    VALUES (p_org_id, gen_random_uuid(), 'booked', v_appointment_id, jsonb_build_object('startsAt', p_at, 'endsAt', v_ends_at,
        'resourceId', p_resource_id, 'serviceType', v_organization.service, 'status', 'confirmed', 'by', current_user));

    IF (v_organization.messages ->> 'on')::boolean THEN
        INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
        SELECT p_org_id, gen_random_uuid(), 'confirmation', v_appointment_id, now(), p_at
        UNION ALL
        SELECT p_org_id, gen_random_uuid(), 'reminder', v_appointment_id, p_at - make_interval(mins => minutes::integer), p_at
        FROM jsonb_array_elements_text(v_organization.messages -> 'reminder_minutes') AS minutes
        WHERE p_at - make_interval(mins => minutes::integer) > now();
    END IF;

    RETURN json_build_object(
        'success', true, 'appointmentId', v_appointment_id, 'contactId', v_contact_id, 'resourceId', p_resource_id,
        'status', 'confirmed', 'scheduledAt', p_at, 'endsAt', v_ends_at, 'timezone', v_organization.timezone,
        'smsStatus', CASE WHEN (v_organization.messages ->> 'on')::boolean THEN 'queued' ELSE 'not_configured' END,
        'message', format('Appointment confirmed for %s on %s.', v_name, to_char(v_local, 'FMDay, FMMonth FMDD "at" FMHH12:MI AM')));
END $$;
