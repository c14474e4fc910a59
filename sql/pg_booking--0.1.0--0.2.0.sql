-- From 0.1.0 to 0.2.0. Building the index keeps writers out until it is done. Roles that grant_backend has served need another
-- call of it before they can call what is new.
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

CREATE OR REPLACE FUNCTION booking.grant_backend(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM booking.grant_member(p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.create_organization, booking.create_resource, booking.create_service,
            booking.update_resource, booking.update_service,
            booking.set_opening_hours, booking.set_date_override, booking.add_busy_block, booking.remove_busy_block,
            booking.purge, booking.erase_contact, booking.clean_organization
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON
            booking.service_resources, booking.opening_hours, booking.closures, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (metadata, erased_at) ON booking.appointments TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, capacity) ON booking.resources TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes,
            slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit)
        ON booking.services TO %s', p_role);
END
$$;
