-- What can be booked by name, with rules of its own. An appointment of no known service has the default ones.
CREATE TABLE booking.services (
    org_id                uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id                    uuid        NOT NULL,
    name                  text        NOT NULL CHECK (name <> ''),
    name_key              text        NOT NULL CHECK (name_key <> ''),
    duration_minutes      integer     NOT NULL CHECK (duration_minutes BETWEEN 1 AND 1440),
    buffer_before_minutes integer     NOT NULL DEFAULT 0 CHECK (buffer_before_minutes BETWEEN 0 AND 1440),
    buffer_after_minutes  integer     NOT NULL DEFAULT 0 CHECK (buffer_after_minutes BETWEEN 0 AND 1440),
    slot_step_minutes     integer     NOT NULL DEFAULT 30 CHECK (slot_step_minutes BETWEEN 1 AND 1440),
    slot_anchor           text        NOT NULL DEFAULT 'midnight' CHECK (slot_anchor IN ('midnight', 'opening')),
    min_notice_minutes    integer     NOT NULL DEFAULT 0 CHECK (min_notice_minutes BETWEEN 0 AND 527040),
    horizon_days          integer     NOT NULL DEFAULT 365 CHECK (horizon_days BETWEEN 0 AND 3653),
    daily_limit           integer     CHECK (daily_limit BETWEEN 1 AND 10000),
    created_at            timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT services_name_is_unique UNIQUE (org_id, name_key)
);

ALTER TABLE booking.services ENABLE ROW LEVEL SECURITY;
CREATE POLICY services_of_tenant ON booking.services USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.services IS
    'What can be booked by name. Written by create_service; readable columns: org_id, id, name, duration_minutes.';
COMMENT ON COLUMN booking.services.name_key IS 'The name in lower case: what a booking finds it by.';
COMMENT ON COLUMN booking.services.buffer_before_minutes IS
    'Kept free before each appointment; may hang out of the opening hours.';
COMMENT ON COLUMN booking.services.buffer_after_minutes IS
    'Kept free after each appointment; may hang out of the opening hours.';
COMMENT ON COLUMN booking.services.slot_anchor IS
    'Where the grid of the times on offer begins: midnight, on the local clock, or each opening.';
COMMENT ON COLUMN booking.services.min_notice_minutes IS 'How long before its start it must be booked.';
COMMENT ON COLUMN booking.services.horizon_days IS 'How many local days after today it can be booked.';
COMMENT ON COLUMN booking.services.daily_limit IS 'Appointments on one resource and local day; NULL: as many as fit.';
COMMENT ON COLUMN booking.services.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.services.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.services.name IS 'As it was given.';
COMMENT ON COLUMN booking.services.duration_minutes IS 'How long an appointment lasts unless the booking says.';
COMMENT ON COLUMN booking.services.slot_step_minutes IS 'The step of the grid of the times on offer.';
COMMENT ON COLUMN booking.services.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON POLICY services_of_tenant ON booking.services IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.services', '');
