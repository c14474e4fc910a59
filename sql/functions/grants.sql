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
            booking.appointment_status, booking.is_as_seen, booking.available_slots, booking.check_availability,
            booking.find_alternatives, booking.agenda, booking.create_follow_up, booking.change_follow_up, booking.contact_timeline,
            booking.preview_message, booking.vapi_message, booking.voice_organization, booking.voice_pending,
            booking.booking_answer, booking.voice_agent, booking.enforced_system_prompt, booking.read_events,
            booking.events_position, booking.health, booking.current_org_id
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.idempotency_keys,
            booking.message_templates, booking.outbox, booking.messages, booking.opt_outs, booking.calendars,
            booking.calendar_events, booking.events, booking.purged_events, booking.follow_ups, booking.workers,
            booking.voice_agents, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    -- What is sealed is for couriers, and for whoever takes it away.
    EXECUTE format('GRANT SELECT (org_id, provider, connected, last_checked_at, problem, settings, key_id, version, expires_at,
            next_send_at, created_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT INSERT ON booking.appointments, booking.contacts, booking.idempotency_keys, booking.call_logs,
            booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (contact_id, appointment_id, kind, status, status_at, caller_phone, called_phone, assistant_id,
            started_at, ended_at, ended_reason, cost, transcript, summary, recording_url, analysis, contact_ids, updated_at)
        ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, appointment_id, follow_up_id, run_at, deadline) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, appointment_id, detail) ON booking.events TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, note, name, phone, contact_id, appointment_id, call_id, owner, owner_phone, due_at),
            UPDATE (state, owner, owner_phone, due_at, closed_at)
        ON booking.follow_ups TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, run_at, deadline, finished_at) ON booking.outbox TO %s', p_role);
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
            booking.set_message_template, booking.set_messaging, booking.set_follow_ups, booking.set_calendar,
            booking.set_resource_calendar,
            booking.pause_couriers, booking.requeue_job, booking.cancel_job, booking.disconnect_integration,
            booking.set_voice_agent, booking.tool_registered, booking.purge, booking.erase_contact, booking.clean_organization
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.message_templates, booking.voice_agents, booking.org_tools,
            booking.purged_events
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON
            booking.service_resources, booking.opening_hours, booking.closures, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.message_templates, booking.outbox, booking.messages,
            booking.opt_outs, booking.calendars, booking.calendar_events, booking.events, booking.purged_events,
            booking.follow_ups, booking.workers, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (assistant_id, assistant_name, prompt, phone_number, server_url, credential_id, updated_at)
        ON booking.voice_agents TO %s', p_role);
    EXECUTE format('GRANT UPDATE (tool_id, registered_at) ON booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (erased_at) ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, calendar_id), UPDATE (sync_token, next_sync_at, lease, leased_until, is_used,
            channel_id, channel_resource_id, channel_expires_at)
        ON booking.calendars TO %s', p_role);
    EXECUTE format('GRANT SELECT (ciphertext, nonce), UPDATE (connected, problem, key_id, nonce, ciphertext, version, expires_at,
            refreshing_until, next_send_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (settings) ON booking.organizations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (attempts, last_error, errors) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (from_phone, to_phone, body) ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (body, updated_at) ON booking.message_templates TO %s', p_role);
    EXECUTE format('GRANT UPDATE (metadata, erased_at) ON booking.appointments TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, capacity, calendar_id) ON booking.resources TO %s', p_role);
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
            booking.set_appointment_status, booking.appointment_status, booking.is_as_seen,
            booking.add_busy_block, booking.remove_busy_block,
            booking.claim_messages, booking.finish_message, booking.fail_job, booking.message_status,
            booking.receive_message, booking.requeue_job, booking.cancel_job,
            booking.claim_events, booking.finish_event, booking.lost_event,
            booking.claim_syncs, booking.apply_calendar_changes, booking.calendar_event_changed, booking.finish_sync,
            booking.fail_sync, booking.watch_calendar, booking.calendar_notified,
            booking.connect_integration, booking.disconnect_integration, booking.replace_secret, booking.begin_refresh,
            booking.integration_checked, booking.worker_heartbeat, booking.health, booking.current_org_id,
            booking.vapi_message, booking.book_clinic_appointment, booking.voice_organization, booking.voice_pending,
            booking.booking_answer, booking.voice_agent, booking.tool_registered, booking.read_events_of,
            booking.events_position, booking.agenda, booking.available_slots, booking.check_availability,
            booking.contact_timeline, booking.release_hold
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.message_templates,
            booking.outbox, booking.messages, booking.opt_outs, booking.integrations, booking.calendars,
            booking.calendar_events, booking.events, booking.purged_events, booking.follow_ups, booking.workers,
            booking.idempotency_keys, booking.voice_agents, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.outbox, booking.messages, booking.opt_outs, booking.integrations, booking.calendars,
            booking.calendar_events, booking.events, booking.workers, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.org_tools, booking.call_logs, booking.call_messages,
            booking.follow_ups
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON booking.opt_outs, booking.busy_blocks, booking.calendars, booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, email, updated_at) ON booking.contacts TO %s', p_role);
    EXECUTE format('GRANT UPDATE (response) ON booking.idempotency_keys TO %s', p_role);
    EXECUTE format('GRANT UPDATE (tool_id, registered_at) ON booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (contact_id, appointment_id, kind, status, status_at, caller_phone, called_phone, assistant_id,
            started_at, ended_at, ended_reason, cost, transcript, summary, recording_url, analysis, contact_ids, updated_at)
        ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT UPDATE (settings) ON booking.organizations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, attempts, run_at, deadline, lease, leased_by, leased_until, last_error, errors, finished_at)
        ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (to_phone, body, segments, status, provider_sid, former_sids, error_code, updated_at)
        ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (connected, last_checked_at, problem, settings, key_id, nonce, ciphertext, version, expires_at,
            refreshing_until, next_send_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (sync_token, next_sync_at, synced_at, full_sync_at, attempts, problem, lease, leased_by,
            leased_until, claimed_at, is_whole, is_used, channel_id, channel_resource_id, channel_expires_at)
        ON booking.calendars TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, starts_at, ends_at, etag, changed_at, seen, flag, updated_at)
        ON booking.calendar_events TO %s', p_role);
    EXECUTE format('GRANT UPDATE (version, state, started_at, last_seen_at, stopped_at) ON booking.workers TO %s', p_role);
    EXECUTE format('GRANT UPDATE (during, seen) ON booking.busy_blocks TO %s', p_role);
    -- A voice agent books through a worker, and a booking adopts the contact that somebody else has just made.
    EXECUTE format('GRANT UPDATE (resource_id, seat, contact_id, service_id, starts_at, ends_at, blocked, status, expires_at,
            limit_day, limit_place, cancelled_at, cancel_reason)
        ON booking.appointments TO %s', p_role);
END
$$;
