-- From 0.1.0 to 0.2.0. Building the index keeps writers out until it is done. Roles that grant_member, grant_backend or
-- grant_worker has served need another call of it before they can call what is new.
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

-- What is to be sent, written in the transaction that it follows from. A courier claims a job for a while, sends, and reports.
-- There is no foreign key to the appointment: it would be checked with every booking, and a job without one is discarded.
CREATE TABLE booking.outbox (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('confirmation', 'moved', 'cancelled', 'reminder')),
    appointment_id uuid        NOT NULL,
    state          text        NOT NULL DEFAULT 'available'
        CHECK (state IN ('available', 'running', 'retryable', 'succeeded', 'discarded', 'cancelled')),
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    run_at         timestamptz NOT NULL DEFAULT pg_catalog.now(),
    deadline       timestamptz NOT NULL,
    lease          bigint      NOT NULL DEFAULT 0,
    leased_by      text,
    leased_until   timestamptz,
    last_error     text,
    errors         jsonb       NOT NULL DEFAULT '[]' CHECK (pg_catalog.jsonb_typeof(errors) = 'array'),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at    timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT outbox_lease_of_the_running CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CONSTRAINT outbox_end_of_the_finished CHECK (
        (state IN ('succeeded', 'discarded', 'cancelled')) = (finished_at IS NOT NULL))
);

CREATE INDEX outbox_waiting ON booking.outbox (org_id, run_at) WHERE state IN ('available', 'retryable');
CREATE INDEX outbox_running ON booking.outbox (org_id, leased_until) WHERE state = 'running';
CREATE INDEX outbox_of_appointment ON booking.outbox (org_id, appointment_id);
CREATE INDEX outbox_finished ON booking.outbox (org_id, finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE booking.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY outbox_of_tenant ON booking.outbox USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.outbox IS
    'Messages to be sent, and what became of them. Written by the functions that change appointments, and by those of couriers; readable columns: org_id, id, kind, state, attempts, run_at, last_error.';
COMMENT ON COLUMN booking.outbox.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.outbox.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.outbox.kind IS 'confirmation, moved, cancelled or reminder.';
COMMENT ON COLUMN booking.outbox.appointment_id IS 'The appointment that it is about. The text is made of it when the job is claimed.';
COMMENT ON COLUMN booking.outbox.state IS
    'available and retryable wait for run_at, running is claimed; succeeded, discarded (a dead letter) and cancelled (withdrawn) are finished.';
COMMENT ON COLUMN booking.outbox.attempts IS 'How often it has been claimed.';
COMMENT ON COLUMN booking.outbox.run_at IS 'Not before.';
COMMENT ON COLUMN booking.outbox.deadline IS 'Not after: the start of the appointment.';
COMMENT ON COLUMN booking.outbox.lease IS 'Rises with every claim. Only the holder of the latest can finish the job.';
COMMENT ON COLUMN booking.outbox.leased_by IS 'The courier that claimed it last.';
COMMENT ON COLUMN booking.outbox.leased_until IS 'When another courier may claim it; NULL unless it is running.';
COMMENT ON COLUMN booking.outbox.last_error IS 'Why the last attempt failed.';
COMMENT ON COLUMN booking.outbox.errors IS 'Every error, oldest first: [{"at", "attempt", "error", "code"}].';
COMMENT ON COLUMN booking.outbox.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.outbox.finished_at IS 'When it ended.';
COMMENT ON INDEX booking.outbox_waiting IS 'What can be claimed, by time.';
COMMENT ON INDEX booking.outbox_running IS 'What is claimed, by the end of the lease.';
COMMENT ON INDEX booking.outbox_of_appointment IS 'The jobs of an appointment: what a move or a cancellation withdraws.';
COMMENT ON INDEX booking.outbox_finished IS 'What purge deletes.';
COMMENT ON POLICY outbox_of_tenant ON booking.outbox IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.outbox', '');

-- The messages that couriers have taken to send: one row for each job, written before anything goes out.
CREATE TABLE booking.messages (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    job_id         uuid        NOT NULL,
    appointment_id uuid        NOT NULL,
    to_phone       text,
    body           text,
    segments       integer     NOT NULL CHECK (segments >= 0),
    status         text        NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'uncertain')),
    provider_sid   text,
    error_code     text,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT messages_one_for_each_job UNIQUE (org_id, job_id)
);

CREATE INDEX messages_of_appointment ON booking.messages (org_id, appointment_id);
CREATE UNIQUE INDEX messages_by_provider_sid ON booking.messages (org_id, provider_sid) WHERE provider_sid IS NOT NULL;

ALTER TABLE booking.messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY messages_of_tenant ON booking.messages USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.messages IS
    'Text messages to patients. Written by claim_messages, finish_message, fail_message and message_status; readable columns: org_id, id, appointment_id, to_phone, body, status, provider_sid, error_code.';
COMMENT ON COLUMN booking.messages.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.messages.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.messages.job_id IS 'The job in the outbox that it was made for.';
COMMENT ON COLUMN booking.messages.appointment_id IS 'The appointment that it is about.';
COMMENT ON COLUMN booking.messages.to_phone IS 'E.164; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.body IS 'As it was last sent; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.segments IS 'The messages it is paid for as.';
COMMENT ON COLUMN booking.messages.status IS
    'sending: an attempt is under way. queued, sent, delivered, failed: as the provider tells. uncertain: an attempt ended without a word.';
COMMENT ON COLUMN booking.messages.provider_sid IS 'What the provider calls it.';
COMMENT ON COLUMN booking.messages.error_code IS 'The provider''s code for what went wrong.';
COMMENT ON COLUMN booking.messages.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.messages.updated_at IS 'When anything was last heard of it.';
COMMENT ON INDEX booking.messages_of_appointment IS 'The messages about an appointment.';
COMMENT ON INDEX booking.messages_by_provider_sid IS 'Where a provider''s report belongs.';
COMMENT ON POLICY messages_of_tenant ON booking.messages IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.messages', '');

CREATE FUNCTION booking.set_message_template(p_org_id uuid, p_kind text, p_body text, p_language text DEFAULT 'en') RETURNS void
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'set_message_template_wrapper';

CREATE FUNCTION booking.preview_message(p_org_id uuid, p_kind text, p_language text DEFAULT 'en') RETURNS json
    STABLE LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'preview_message_wrapper';

CREATE FUNCTION booking.set_messaging(
    p_org_id uuid, p_is_on boolean, p_reminder_minutes integer[] DEFAULT '{1440,120}', p_language text DEFAULT 'en'
) RETURNS void
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'set_messaging_wrapper';

CREATE FUNCTION booking.claim_messages(p_worker text, p_limit integer DEFAULT 10, p_lease_seconds integer DEFAULT 60)
    RETURNS TABLE (
        org_id uuid, job_id uuid, lease bigint, attempt integer, kind text, message_id uuid, to_phone text, body text,
        is_unsure boolean)
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'claim_messages_wrapper';

CREATE FUNCTION booking.finish_message(
    p_org_id uuid, p_job_id uuid, p_lease bigint, p_provider_sid text DEFAULT NULL, p_status text DEFAULT 'queued'
) RETURNS boolean
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'finish_message_wrapper';

CREATE FUNCTION booking.fail_message(
    p_org_id uuid, p_job_id uuid, p_lease bigint, p_error text, p_error_code text DEFAULT NULL,
    p_retry_after_seconds integer DEFAULT NULL, p_is_unsure boolean DEFAULT false
) RETURNS text
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'fail_message_wrapper';

CREATE FUNCTION booking.message_status(
    p_org_id uuid, p_provider_sid text, p_status text, p_error_code text DEFAULT NULL, p_message_id uuid DEFAULT NULL
) RETURNS boolean
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'message_status_wrapper';

CREATE FUNCTION booking.requeue_message(p_org_id uuid, p_job_id uuid) RETURNS boolean
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'requeue_message_wrapper';

CREATE FUNCTION booking.cancel_message(p_org_id uuid, p_job_id uuid) RETURNS boolean
    LANGUAGE c SET search_path TO pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cancel_message_wrapper';

REVOKE ALL ON FUNCTION
    booking.set_message_template, booking.preview_message, booking.set_messaging, booking.claim_messages,
    booking.finish_message, booking.fail_message, booking.message_status, booking.requeue_message, booking.cancel_message
    FROM PUBLIC;
COMMENT ON FUNCTION booking.set_message_template(uuid, text, text, text) IS
    'Sets what an organization writes: p_kind is confirmation, moved, cancelled or reminder; p_body has the placeholders {name}, {organization}, {service}, {when}, {date}, {time}, and {{ for a brace; NULL brings the usual words back. p_language: a tag, as en or pt-BR. Bad input: 22023. Source: core/src/sms/template.rs';
COMMENT ON FUNCTION booking.preview_message(uuid, text, text) IS
    'A message as a patient might get it, as JSON: body, encoding (GSM-7 or UCS-2), segments (the messages it is paid for as) and, where that is more than one, a hint. A language without a template falls back to en, and that to the usual words. Source: core/src/sms';
COMMENT ON FUNCTION booking.set_messaging(uuid, boolean, integer[], text) IS
    'Whether the changes to appointments of an organization are followed by messages: confirmations at once, reminders p_reminder_minutes before the start (up to 5), in the templates of p_language. Off withdraws nothing; what waits is withdrawn when it is claimed. Bad input: 22023. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.claim_messages(text, integer, integer) IS
    'For couriers: up to p_limit (1 to 100) messages that are due, of every organization that the role sees, in turn, leased to p_worker for p_lease_seconds (1 to 3600). is_unsure: an earlier attempt ended without a word, so ask the provider before you send again. What has missed its time or is not true any more is finished and not returned. Bad input: 22023. Source: src/outbox/claim.rs';
COMMENT ON FUNCTION booking.finish_message(uuid, uuid, bigint, text, text) IS
    'For couriers: the provider has taken the message and calls it p_provider_sid; p_status in the provider''s word. False where the lease is not the latest: somebody else has the job, and nothing was changed. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.fail_message(uuid, uuid, bigint, text, text, integer, boolean) IS
    'For couriers: the attempt failed. Returns retryable, or discarded where the code is permanent, the attempts are used up (12) or the time has passed; NULL where the lease is not the latest. The pause doubles from 5 seconds to 30 minutes, of which a random share is taken; p_retry_after_seconds is kept. p_is_unsure: it may have gone out. Bad input: 22023. Source: core/src/outbox.rs';
COMMENT ON FUNCTION booking.message_status(uuid, text, text, text, uuid) IS
    'For couriers: what the provider tells of a message it calls p_provider_sid; p_message_id, where the provider gives it back, finds one whose courier has not told that name yet. False where it is no news: late, told twice, or of no message of this organization. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.requeue_message(uuid, uuid) IS
    'Sends a discarded or withdrawn job again, from its first attempt. False where there is none or its time has passed. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.cancel_message(uuid, uuid) IS
    'Withdraws a job that is waiting. False where there is none: it is under way or finished. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.health() IS
    'One JSON line for a monitor: healthy, version (of the library), schemaVersion, preloaded, how many booking functions there are (1), tables without row level security (0), exclusionConstraint, overlapping appointments and the outbox: due, oldestSeconds, discarded (null without the right to read them). Sorts all occupying appointments: ask it every minute, not every second. Source: src/health.rs';
COMMENT ON FUNCTION booking.purge(interval) IS
    'Deletes what has served its time and is older than p_older_than: idempotency keys, holds that were never confirmed, and finished message jobs. Returns JSON with how many. Not more than nothing: invalid_request. Source: src/purge.rs';

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
            booking.message_templates, booking.outbox, booking.messages
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.appointments, booking.contacts, booking.idempotency_keys, booking.outbox
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, deadline, finished_at) ON booking.outbox TO %s', p_role);
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
            booking.set_message_template, booking.set_messaging, booking.requeue_message, booking.cancel_message,
            booking.purge, booking.erase_contact, booking.clean_organization
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.message_templates
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON
            booking.service_resources, booking.opening_hours, booking.closures, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.message_templates, booking.outbox, booking.messages
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (settings) ON booking.organizations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (attempts, run_at) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (to_phone, body) ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (body, updated_at) ON booking.message_templates TO %s', p_role);
    EXECUTE format('GRANT UPDATE (metadata, erased_at) ON booking.appointments TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, capacity) ON booking.resources TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes,
            slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit)
        ON booking.services TO %s', p_role);
END
$$;

CREATE OR REPLACE FUNCTION booking.grant_worker(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role IS NULL OR p_role = 0::regrole THEN
        RAISE EXCEPTION 'p_role is no role' USING ERRCODE = '22023', HINT = 'Pass the name of a role, as ''courier''.';
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA booking TO %s', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.format_slots, booking.reschedule_appointment_atomic, booking.cancel_appointment,
            booking.set_appointment_status, booking.appointment_status, booking.add_busy_block, booking.remove_busy_block,
            booking.claim_messages, booking.finish_message, booking.fail_message, booking.message_status,
            booking.requeue_message, booking.cancel_message, booking.health, booking.current_org_id
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.message_templates,
            booking.outbox, booking.messages
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON booking.outbox, booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, attempts, run_at, deadline, lease, leased_by, leased_until, last_error, errors, finished_at)
        ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (to_phone, body, segments, status, provider_sid, error_code, updated_at)
        ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT INSERT, DELETE ON booking.busy_blocks TO %s', p_role);
    EXECUTE format('GRANT UPDATE (resource_id, seat, service_id, starts_at, ends_at, blocked, status, limit_day,
            limit_place, cancelled_at, cancel_reason)
        ON booking.appointments TO %s', p_role);
END
$$;
