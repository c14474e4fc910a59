-- The calendar. The exclusion constraint is the proof that nothing is booked twice: it holds for every writer, at every
-- isolation level, whatever path the row came by. Operators on ranges name their schema: the ones of pg_catalog take any range,
-- and one for exactly this range, in a schema that the installer happens to search, would be preferred to them.
CREATE TABLE booking.appointments (
    org_id        uuid        NOT NULL,
    id            uuid        NOT NULL,
    resource_id   uuid        NOT NULL,
    seat          integer     NOT NULL DEFAULT 1 CHECK (seat >= 1),
    contact_id    uuid,
    patient_name  text,
    service_type  text        NOT NULL,
    service_id    uuid,
    starts_at     timestamptz NOT NULL CHECK (pg_catalog.isfinite(starts_at)),
    ends_at       timestamptz NOT NULL CHECK (pg_catalog.isfinite(ends_at)),
    blocked       tstzrange   NOT NULL,
    status        text        NOT NULL DEFAULT 'confirmed'
        CHECK (status IN ('held', 'pending', 'confirmed', 'cancelled', 'completed', 'no_show')),
    expires_at    timestamptz CHECK (pg_catalog.isfinite(expires_at)),
    limit_day     date,
    limit_place   integer     CHECK (limit_place >= 1),
    metadata      jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(metadata) = 'object'),
    cancelled_at  timestamptz,
    cancel_reason text,
    erased_at     timestamptz,
    created_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id),
    FOREIGN KEY (org_id, service_id) REFERENCES booking.services (org_id, id),
    -- Deferred, because the contact of a booking is written after its appointment: only once the slot is ours.
    FOREIGN KEY (org_id, contact_id) REFERENCES booking.contacts (org_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT appointments_start_before_they_end CHECK (starts_at < ends_at),
    CONSTRAINT appointments_only_holds_expire CHECK (expires_at IS NULL OR status IN ('held', 'cancelled')),
    -- A hold is of nobody yet, one that was released or has expired never was, and who was erased is nobody any more.
    CONSTRAINT appointments_are_of_somebody CHECK (
        contact_id IS NOT NULL OR status IN ('held', 'cancelled') OR erased_at IS NOT NULL),
    CONSTRAINT appointments_name_their_contact CHECK ((contact_id IS NULL) = (patient_name IS NULL)),
    CONSTRAINT appointments_count_on_a_day CHECK ((limit_day IS NULL) = (limit_place IS NULL)),
    -- A row whose blocked range missed its own time would slip past the exclusion constraint.
    CONSTRAINT appointments_blocked_covers_time CHECK (
        blocked OPERATOR(pg_catalog.@>) pg_catalog.tstzrange(starts_at, ends_at, '[)')
        AND NOT pg_catalog.lower_inf(blocked) AND NOT pg_catalog.upper_inf(blocked)
        AND pg_catalog.lower_inc(blocked) AND NOT pg_catalog.upper_inc(blocked)),
    -- As long as a booking can be, with its buffers: who looks for what is taken need not look further back.
    CONSTRAINT appointments_are_short CHECK (
        starts_at - pg_catalog.lower(blocked) <= interval '24 hours'
        AND pg_catalog.upper(blocked) - starts_at <= interval '48 hours'),
    -- Far beyond them lie years that not every reader of the calendar can hold.
    CONSTRAINT appointments_in_four_digit_years CHECK (
        pg_catalog.lower(blocked) >= TIMESTAMPTZ '1000-01-01 00:00:00+00'
        AND pg_catalog.upper(blocked) < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    CONSTRAINT appointments_never_overlap EXCLUDE USING gist
        (org_id WITH =, resource_id WITH =, seat WITH =, blocked WITH OPERATOR(pg_catalog.&&))
        WHERE (status IN ('held', 'pending', 'confirmed'))
);

-- The proof of the daily limit: places 1 to the limit, each taken once. Only what is cancelled gives its place back.
CREATE UNIQUE INDEX appointments_keep_daily_limit
    ON booking.appointments (org_id, resource_id, service_id, limit_day, limit_place)
    WHERE limit_place IS NOT NULL AND status <> 'cancelled';

-- The calendar of a resource for whoever is under row level security, where the index of the exclusion constraint cannot be
-- searched by time. The last condition always holds; it keeps the index from those who do not search by start.
CREATE INDEX appointments_of_resource ON booking.appointments (org_id, resource_id, starts_at)
    WHERE status NOT IN ('cancelled', 'completed', 'no_show') AND starts_at IS NOT NULL;
-- What has been, for who looks back: written only once an appointment is over, so that no booking pays for it.
CREATE INDEX appointments_over ON booking.appointments (org_id, resource_id, starts_at)
    WHERE status IN ('cancelled', 'completed', 'no_show') AND starts_at IS NOT NULL;
CREATE INDEX appointments_of_contact ON booking.appointments (org_id, contact_id);
CREATE INDEX appointments_only_held ON booking.appointments (org_id, expires_at) WHERE contact_id IS NULL;
-- Bookings that wait for their event in the calendar.
CREATE INDEX appointments_to_verify ON booking.appointments (org_id, expires_at)
    WHERE status = 'held' AND contact_id IS NOT NULL;

-- Plans must not depend on which tenants the last ANALYZE met: for one that it did not, the planner would think that every
-- index brings a single row, and read a calendar's whole history by the wrong one.
ALTER TABLE booking.appointments ALTER COLUMN org_id SET STATISTICS 0, ALTER COLUMN resource_id SET STATISTICS 0;

ALTER TABLE booking.appointments ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointments_of_tenant ON booking.appointments USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.appointments IS
    'The calendar. Written by the booking functions; readable columns: org_id, id, resource_id, seat, contact_id, service_type, starts_at, ends_at, blocked, status, metadata, created_at.';
COMMENT ON COLUMN booking.appointments.contact_id IS 'Who it is for; NULL while it is only held, and when the person was erased.';
COMMENT ON COLUMN booking.appointments.patient_name IS 'The name it was booked under; the contact may carry a newer one.';
COMMENT ON COLUMN booking.appointments.service_id IS 'The service whose rules it was booked by; NULL: free text.';
COMMENT ON COLUMN booking.appointments.expires_at IS 'When a hold ends by itself: from then on it keeps nobody away, whatever its status still says.';
COMMENT ON COLUMN booking.appointments.limit_day IS
    'The local date on which it counts towards the daily limit of its service; NULL: there was no limit.';
COMMENT ON COLUMN booking.appointments.limit_place IS 'Its place in that limit, from 1.';
COMMENT ON COLUMN booking.appointments.seat IS 'Which of the resource''s seats, 1 to its capacity.';
COMMENT ON COLUMN booking.appointments.blocked IS
    'The half-open range during which the seat is taken: the appointment and its buffers.';
COMMENT ON COLUMN booking.appointments.status IS
    'held, pending and confirmed occupy the seat; cancelled, completed and no_show do not.';
COMMENT ON COLUMN booking.appointments.cancel_reason IS 'Why it was cancelled, if anybody said.';
COMMENT ON COLUMN booking.appointments.erased_at IS 'When the person it was for was erased by erase_contact.';
COMMENT ON CONSTRAINT appointments_never_overlap ON booking.appointments IS
    'The guarantee: no seat of a resource is taken twice at any instant.';
COMMENT ON INDEX booking.appointments_keep_daily_limit IS
    'The guarantee of the daily limit: no place of a service''s limit on a resource and day is taken twice.';
COMMENT ON COLUMN booking.appointments.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.appointments.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.appointments.resource_id IS 'Who or what is booked.';
COMMENT ON COLUMN booking.appointments.service_type IS 'The service as it was named.';
COMMENT ON COLUMN booking.appointments.starts_at IS 'When the person comes.';
COMMENT ON COLUMN booking.appointments.ends_at IS 'When the person goes.';
COMMENT ON COLUMN booking.appointments.metadata IS 'A JSON object of the caller''s own.';
COMMENT ON COLUMN booking.appointments.cancelled_at IS 'When it was cancelled, or its hold expired.';
COMMENT ON COLUMN booking.appointments.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON INDEX booking.appointments_of_resource IS 'What keeps a resource busy, by start.';
COMMENT ON INDEX booking.appointments_over IS 'What a resource was booked for and is no more, by start: what agenda shows beside the rest.';
COMMENT ON INDEX booking.appointments_of_contact IS 'The appointments of one person.';
COMMENT ON INDEX booking.appointments_only_held IS 'Holds that nobody confirmed, by expiry: what purge deletes.';
COMMENT ON INDEX booking.appointments_to_verify IS 'Bookings that wait for their event, by expiry: what a courier ends.';
COMMENT ON POLICY appointments_of_tenant ON booking.appointments IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.appointments', '');
