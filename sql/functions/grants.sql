-- What a role may do, in one call each. The functions of the extension run with the rights of their caller, so a role needs
-- those functions and what they write. Row level security holds besides: it decides which organization's rows those are.
CREATE FUNCTION booking.grant_member(p_role regrole) RETURNS void
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

CREATE FUNCTION booking.grant_backend(p_role regrole) RETURNS void
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

CREATE FUNCTION booking.grant_worker(p_role regrole) RETURNS void
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
