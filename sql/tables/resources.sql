-- What is booked: a person, a room, a chair, a class with seats.
CREATE TABLE booking.resources (
    org_id     uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id         uuid        NOT NULL,
    name       text        NOT NULL CHECK (name <> ''),
    capacity   integer     NOT NULL DEFAULT 1 CHECK (capacity BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id)
);

ALTER TABLE booking.resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY resources_of_tenant ON booking.resources USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.resources IS
    'What is booked: a person, a room, a class. Written by create_organization and create_resource; readable columns: org_id, id, name, capacity.';
COMMENT ON COLUMN booking.resources.capacity IS 'How many appointments it takes at the same time: seats 1 to capacity.';

SELECT pg_catalog.pg_extension_config_dump('booking.resources', '');
