-- The weekly hours of an organization, and of the resources that have their own. No row: open always.
CREATE TABLE booking.opening_hours (
    org_id      uuid           NOT NULL REFERENCES booking.organizations (org_id),
    id          uuid           NOT NULL,
    resource_id uuid,
    weekday     integer        NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    windows     int4multirange NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id),
    CONSTRAINT opening_hours_lie_in_two_days CHECK (
        windows OPERATOR(pg_catalog.<@) pg_catalog.int4multirange(pg_catalog.int4range(0, 2880)))
);

CREATE UNIQUE INDEX opening_hours_of_day
    ON booking.opening_hours (org_id, (COALESCE(resource_id, '00000000-0000-0000-0000-000000000000')), weekday);

ALTER TABLE booking.opening_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY opening_hours_of_tenant ON booking.opening_hours USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.opening_hours IS
    'The weekly opening hours: seven rows for an organization or a resource that has any. Written by set_opening_hours.';
COMMENT ON COLUMN booking.opening_hours.resource_id IS 'NULL: the hours of the organization.';
COMMENT ON COLUMN booking.opening_hours.weekday IS 'ISO: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN booking.opening_hours.windows IS
    'When it opens and closes, in minutes after local midnight; beyond 1440 is the next morning. Empty: closed.';
COMMENT ON COLUMN booking.opening_hours.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.opening_hours.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON INDEX booking.opening_hours_of_day IS 'One row for each weekday of an organization or a resource.';
COMMENT ON POLICY opening_hours_of_tenant ON booking.opening_hours IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.opening_hours', '');
