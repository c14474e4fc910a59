-- What replaces the weekly hours on single dates: holidays, short days, extra days.
CREATE TABLE booking.closures (
    org_id      uuid           NOT NULL REFERENCES booking.organizations (org_id),
    id          uuid           NOT NULL,
    resource_id uuid,
    date        date           NOT NULL CHECK (pg_catalog.isfinite(date)),
    windows     int4multirange NOT NULL,
    reason      text,
    created_at  timestamptz    NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id),
    CONSTRAINT closures_lie_in_two_days CHECK (
        windows OPERATOR(pg_catalog.<@) pg_catalog.int4multirange(pg_catalog.int4range(0, 2880)))
);

CREATE UNIQUE INDEX closures_of_date
    ON booking.closures (org_id, (COALESCE(resource_id, '00000000-0000-0000-0000-000000000000')), date);

ALTER TABLE booking.closures ENABLE ROW LEVEL SECURITY;
CREATE POLICY closures_of_tenant ON booking.closures USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.closures IS 'The opening hours of single dates. Written by set_date_override.';
COMMENT ON COLUMN booking.closures.resource_id IS 'NULL: of the organization.';
COMMENT ON COLUMN booking.closures.windows IS
    'When it opens and closes, in minutes after local midnight; beyond 1440 is the next morning. Empty: closed.';
COMMENT ON COLUMN booking.closures.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.closures.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.closures.date IS 'The local date.';
COMMENT ON COLUMN booking.closures.reason IS 'Why, if anybody said.';
COMMENT ON COLUMN booking.closures.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON INDEX booking.closures_of_date IS 'One row for each date of an organization or a resource.';
COMMENT ON POLICY closures_of_tenant ON booking.closures IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.closures', '');
