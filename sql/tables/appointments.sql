-- The calendar. The exclusion constraint is the proof that nothing is booked twice: it holds for every writer, at every
-- isolation level, whatever path the row came by.
CREATE TABLE booking.appointments (
    org_id       uuid        NOT NULL,
    id           uuid        NOT NULL,
    resource_id  uuid        NOT NULL,
    seat         integer     NOT NULL DEFAULT 1 CHECK (seat >= 1),
    contact_id   uuid        NOT NULL,
    patient_name text        NOT NULL,
    service_type text        NOT NULL,
    starts_at    timestamptz NOT NULL CHECK (pg_catalog.isfinite(starts_at)),
    ends_at      timestamptz NOT NULL CHECK (pg_catalog.isfinite(ends_at)),
    blocked      tstzrange   NOT NULL,
    status       text        NOT NULL DEFAULT 'confirmed'
        CHECK (status IN ('held', 'pending', 'confirmed', 'cancelled', 'completed', 'no_show')),
    metadata     jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(metadata) = 'object'),
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id),
    -- Deferred, because the contact of a booking is written after its appointment: only once the slot is ours.
    FOREIGN KEY (org_id, contact_id) REFERENCES booking.contacts (org_id, id) DEFERRABLE INITIALLY DEFERRED,
    CHECK (starts_at < ends_at),
    -- A row whose blocked range missed its own time would slip past the exclusion constraint.
    CONSTRAINT appointments_blocked_covers_time CHECK (
        blocked @> pg_catalog.tstzrange(starts_at, ends_at, '[)')
        AND NOT pg_catalog.lower_inf(blocked) AND NOT pg_catalog.upper_inf(blocked)
        AND pg_catalog.lower_inc(blocked) AND NOT pg_catalog.upper_inc(blocked)),
    CONSTRAINT appointments_never_overlap EXCLUDE USING gist
        (org_id WITH =, resource_id WITH =, seat WITH =, blocked WITH &&)
        WHERE (status IN ('held', 'pending', 'confirmed'))
);

CREATE INDEX appointments_of_contact ON booking.appointments (org_id, contact_id);

ALTER TABLE booking.appointments ENABLE ROW LEVEL SECURITY;
CREATE POLICY appointments_of_tenant ON booking.appointments USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.appointments IS
    'The calendar. Written by book_appointment_atomic; readable columns: org_id, id, resource_id, seat, contact_id, service_type, starts_at, ends_at, blocked, status, metadata, created_at.';
COMMENT ON COLUMN booking.appointments.patient_name IS 'The name it was booked under; the contact may carry a newer one.';
COMMENT ON COLUMN booking.appointments.seat IS 'Which of the resource''s seats, 1 to its capacity.';
COMMENT ON COLUMN booking.appointments.blocked IS
    'The half-open range during which the seat is taken: the appointment and its buffers.';
COMMENT ON COLUMN booking.appointments.status IS
    'held, pending and confirmed occupy the seat; cancelled, completed and no_show do not.';
COMMENT ON CONSTRAINT appointments_never_overlap ON booking.appointments IS
    'The guarantee: no seat of a resource is taken twice at any instant.';

SELECT pg_catalog.pg_extension_config_dump('booking.appointments', '');
