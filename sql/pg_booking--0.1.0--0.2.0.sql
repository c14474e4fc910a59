-- From 0.1.0 to 0.2.0. Building the index keeps writers out until it is done. Roles that grant_member or grant_backend has served need
-- another call of it before they can call what is new.
\echo Use "ALTER EXTENSION pg_booking UPDATE TO '0.2.0'" to load this file. \quit

-- The calendar of a resource for whoever is under row level security, where the index of the exclusion constraint cannot be
-- searched by time. The last condition always holds; it keeps the index from those who do not search by start.
CREATE INDEX appointments_of_resource ON booking.appointments (org_id, resource_id, starts_at)
    WHERE status NOT IN ('cancelled', 'completed', 'no_show') AND starts_at IS NOT NULL;
COMMENT ON INDEX booking.appointments_of_resource IS 'What keeps a resource busy, by start.';

CREATE FUNCTION booking.update_resource(
    p_org_id uuid, p_resource_id uuid, p_name text DEFAULT NULL, p_capacity integer DEFAULT NULL
) RETURNS void
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'update_resource_wrapper';

CREATE FUNCTION booking.update_service(
    p_org_id uuid, p_service text, p_name text DEFAULT NULL, p_duration_minutes integer DEFAULT NULL,
    p_buffer_before_minutes integer DEFAULT NULL, p_buffer_after_minutes integer DEFAULT NULL,
    p_slot_step_minutes integer DEFAULT NULL, p_min_notice_minutes integer DEFAULT NULL, p_horizon_days integer DEFAULT NULL,
    p_daily_limit integer DEFAULT NULL, p_resource_ids uuid[] DEFAULT NULL, p_slot_anchor text DEFAULT NULL
) RETURNS void
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'update_service_wrapper';

REVOKE ALL ON FUNCTION booking.update_resource, booking.update_service FROM PUBLIC;
COMMENT ON FUNCTION booking.update_resource(uuid, uuid, text, integer) IS
    'Changes the name or the capacity of a resource; NULL keeps what it has. Appointments keep their seats; with fewer seats, no more are booked than there is room for. Bad input: 22023. Source: src/setup/resource.rs';
COMMENT ON FUNCTION booking.update_service(uuid, text, text, integer, integer, integer, integer, integer, integer, integer, uuid[], text) IS
    'Changes the service called p_service; NULL keeps what it has, p_daily_limit 0 takes the limit away, p_resource_ids ''{}'' lets every resource do it. Units as in create_service. Appointments stay as they were booked. Bad input: 22023; a name in use: 23505. Source: src/setup/service.rs';

-- What an organization writes to its patients; without a row, the usual words.
CREATE TABLE booking.message_templates (
    org_id     uuid        NOT NULL REFERENCES booking.organizations (org_id),
    kind       text        NOT NULL CHECK (kind IN ('confirmation', 'moved', 'cancelled', 'reminder')),
    language   text        NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'),
    body       text        NOT NULL CHECK (body <> ''),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, kind, language)
);

ALTER TABLE booking.message_templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY message_templates_of_tenant ON booking.message_templates USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.message_templates IS
    'The text of an organization''s messages, by kind and language. Written by set_message_template.';
COMMENT ON COLUMN booking.message_templates.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.message_templates.kind IS 'confirmation, moved, cancelled or reminder.';
COMMENT ON COLUMN booking.message_templates.language IS 'A language tag in lower case, as en or pt-br.';
COMMENT ON COLUMN booking.message_templates.body IS
    'Text with the placeholders {name}, {organization}, {service}, {when}, {date} and {time}.';
COMMENT ON COLUMN booking.message_templates.updated_at IS 'When it was last set.';
COMMENT ON POLICY message_templates_of_tenant ON booking.message_templates IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.message_templates', '');

CREATE FUNCTION booking.set_message_template(p_org_id uuid, p_kind text, p_body text, p_language text DEFAULT 'en') RETURNS void
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'set_message_template_wrapper';

CREATE FUNCTION booking.preview_message(p_org_id uuid, p_kind text, p_language text DEFAULT 'en') RETURNS json
    STABLE LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'preview_message_wrapper';

REVOKE ALL ON FUNCTION booking.set_message_template, booking.preview_message FROM PUBLIC;
COMMENT ON FUNCTION booking.set_message_template(uuid, text, text, text) IS
    'Sets what an organization writes: p_kind is confirmation, moved, cancelled or reminder; p_body has the placeholders {name}, {organization}, {service}, {when}, {date}, {time}, and {{ for a brace; NULL brings the usual words back. p_language: a tag, as en or pt-BR. Bad input: 22023. Source: core/src/sms/template.rs';
COMMENT ON FUNCTION booking.preview_message(uuid, text, text) IS
    'A message as a patient might get it, as JSON: body, encoding (GSM-7 or UCS-2), segments (the messages it is paid for as) and, where that is more than one, a hint. A language without a template falls back to en, and that to the usual words. Source: core/src/sms';

CREATE OR REPLACE FUNCTION booking.grant_member(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role IS NULL OR p_role = 0::regrole THEN
        RAISE EXCEPTION 'p_role is no role' USING ERRCODE = '22023', HINT = 'Pass the name of a role, as ''clinic_staff''.';
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA booking TO %s', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.normalize_phone, booking.normalize_name, booking.normalize_email, booking.normalize_booking_time,
            booking.normalize_booking_data, booking.format_slots,
            booking.book_appointment_atomic, booking.book_series_atomic, booking.book_clinic_appointment,
            booking.hold_slot, booking.confirm_hold, booking.release_hold,
            booking.reschedule_appointment_atomic, booking.cancel_appointment, booking.set_appointment_status,
            booking.appointment_status, booking.available_slots, booking.check_availability, booking.find_alternatives,
            booking.preview_message, booking.health, booking.current_org_id
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.idempotency_keys,
            booking.message_templates
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON booking.appointments, booking.contacts, booking.idempotency_keys TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, email, updated_at) ON booking.contacts TO %s', p_role);
    EXECUTE format('GRANT UPDATE (response) ON booking.idempotency_keys TO %s', p_role);
    -- Neither whose organization an appointment is nor what it is called can be changed.
    EXECUTE format('GRANT UPDATE (resource_id, seat, contact_id, patient_name, service_id, starts_at, ends_at, blocked,
            status, expires_at, limit_day, limit_place, cancelled_at, cancel_reason)
        ON booking.appointments TO %s', p_role);
END
$$;

CREATE OR REPLACE FUNCTION booking.grant_backend(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM booking.grant_member(p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.create_organization, booking.create_resource, booking.create_service,
            booking.update_resource, booking.update_service,
            booking.set_opening_hours, booking.set_date_override, booking.add_busy_block, booking.remove_busy_block,
            booking.set_message_template, booking.purge, booking.erase_contact, booking.clean_organization
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.message_templates
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON
            booking.service_resources, booking.opening_hours, booking.closures, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.message_templates
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (body, updated_at) ON booking.message_templates TO %s', p_role);
    EXECUTE format('GRANT UPDATE (metadata, erased_at) ON booking.appointments TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, capacity) ON booking.resources TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes,
            slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit)
        ON booking.services TO %s', p_role);
END
$$;
