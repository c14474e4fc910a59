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
    CONSTRAINT closures_lie_in_two_days CHECK (windows <@ pg_catalog.int4multirange(pg_catalog.int4range(0, 2880)))
);

CREATE UNIQUE INDEX closures_of_date
    ON booking.closures (org_id, (COALESCE(resource_id, '00000000-0000-0000-0000-000000000000')), date);

ALTER TABLE booking.closures ENABLE ROW LEVEL SECURITY;
CREATE POLICY closures_of_tenant ON booking.closures USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.closures IS 'The opening hours of single dates. Written by set_date_override.';
COMMENT ON COLUMN booking.closures.resource_id IS 'NULL: of the organization.';
COMMENT ON COLUMN booking.closures.windows IS
    'When it opens and closes, in minutes after local midnight; beyond 1440 is the next morning. Empty: closed.';

SELECT pg_catalog.pg_extension_config_dump('booking.closures', '');
