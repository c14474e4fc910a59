-- What is measured upon: four organizations of the same kind in booking's own tables, one for each way to book, so that all of
-- them find the same slots free. Ids can be computed, so that pgbench can name them.
CREATE SCHEMA bench;

-- The id of a resource or a contact by its number.
CREATE FUNCTION bench.id(p_number bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('00000000-0000-4000-8000-' || lpad(p_number::text, 12, '0'))::uuid;

-- A clinic with resources, a service of 30 minutes, hours from 9 to 17 on every day, and messages: a confirmation, and a reminder
-- a day before.
CREATE PROCEDURE bench.open_clinic(p_org_id uuid, p_resources integer, p_contacts integer)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM booking.create_organization('Bench clinic', 'America/New_York', p_org_id => p_org_id);
    PERFORM booking.create_service(p_org_id, 'Checkup', 30, p_slot_step_minutes => 30, p_horizon_days => 3000);
    UPDATE booking.services SET id = bench.id(0) WHERE org_id = p_org_id;
    PERFORM booking.set_opening_hours(p_org_id, (
        SELECT jsonb_object_agg(day, '[["09:00", "17:00"]]'::jsonb)
        FROM unnest('{mon,tue,wed,thu,fri,sat,sun}'::text[]) AS day));
    PERFORM booking.set_messaging(p_org_id, true, '{1440}');
    INSERT INTO booking.resources (org_id, id, name)
    SELECT p_org_id, bench.id(n), 'Room ' || n FROM generate_series(0, p_resources - 1) AS n;
    INSERT INTO booking.contacts (org_id, id, phone, name, email)
    SELECT p_org_id, bench.id(n), '+1415' || 2000000 + n, 'Maria Gonzalez', 'maria.gonzalez@example.com'
    FROM generate_series(0, p_contacts - 1) AS n;
END $$;

-- Appointments as bookings would have left them, on the half hours from p_first on, 14 a day and resource, in no order: the
-- numbers are permuted by multiplying with a prime. p_every: 4 leaves every fourth slot free.
CREATE PROCEDURE bench.fill(
    p_org_id uuid, p_resource integer, p_resources integer, p_first timestamptz, p_count integer, p_every integer DEFAULT NULL)
LANGUAGE sql AS $$
    INSERT INTO booking.appointments
        (org_id, id, resource_id, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked)
    SELECT p_org_id, gen_random_uuid(), bench.id(p_resource + slot.number % p_resources), bench.id(slot.number % 1000),
        'Maria Gonzalez', 'Checkup', service.id, slot.at, slot.at + interval '30 minutes',
        tstzrange(slot.at, slot.at + interval '30 minutes')
    FROM (
        SELECT number, p_first + number / p_resources / 14 * interval '1 day'
            + number / p_resources % 14 * interval '30 minutes' AS at
        FROM generate_series(0, p_count - 1) AS n,
            LATERAL (SELECT CASE WHEN p_count % 7919 = 0 THEN n ELSE (n::bigint * 7919 % p_count)::integer END AS number) AS permuted
    ) AS slot
    JOIN booking.services AS service ON service.org_id = p_org_id
    WHERE p_every IS NULL OR slot.number % p_every <> 0
$$;

-- The calls whose cost is measured by themselves.
CREATE TABLE bench.stated (number integer PRIMARY KEY, phone text, name text, email text, day text);
INSERT INTO bench.stated
SELECT n,
    (ARRAY['(415) 2%s', '415-2%s', '+1 415 2%s', 'four one five 2%s', '1.415.2%s'])[1 + n % 5],
    (ARRAY['maria  gonzalez', 'DR. ANN O''BRIEN', 'jean-luc picard', 'van der berg', 'Ann Lee'])[1 + n % 5],
    (ARRAY['Ann.Lee%s@Example.com', 'ann%s at example dot com', ' a.b%s@gmail.com '])[1 + n % 3],
    (ARRAY['tomorrow', 'next tuesday', '12/24', 'march 3rd', '2027-05-06'])[1 + n % 5]
FROM generate_series(0, 19999) AS n;
UPDATE bench.stated
SET phone = format(phone, lpad((number * 37 % 1000000)::text, 6, '0')), email = format(email, number);
