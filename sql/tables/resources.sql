-- What is booked: a person, a room, a chair, a class with seats.
CREATE TABLE booking.resources (
    org_id      uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id          uuid        NOT NULL,
    name        text        NOT NULL CHECK (name <> ''),
    capacity    integer     NOT NULL DEFAULT 1 CHECK (capacity BETWEEN 1 AND 1000),
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    calendar_id text        CHECK (calendar_id <> ''),
    PRIMARY KEY (org_id, id)
);

ALTER TABLE booking.resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY resources_of_tenant ON booking.resources USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.resources IS
    'What is booked: a person, a room, a class. Written by create_organization and create_resource; readable columns: org_id, id, name, capacity.';
COMMENT ON COLUMN booking.resources.capacity IS 'How many appointments it takes at the same time: seats 1 to capacity.';
COMMENT ON COLUMN booking.resources.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.resources.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.resources.name IS 'As people know it.';
COMMENT ON COLUMN booking.resources.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.resources.calendar_id IS 'Its outside calendar, as the provider calls it; NULL: that of the organization.';
COMMENT ON POLICY resources_of_tenant ON booking.resources IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.resources', '');
