-- Time that a resource is away, as outside calendars know it. They are facts, not bookings: they may overlap each other and
-- appointments that were made before.
CREATE TABLE booking.busy_blocks (
    org_id      uuid        NOT NULL,
    id          uuid        NOT NULL,
    resource_id uuid        NOT NULL,
    during      tstzrange   NOT NULL CHECK (
        NOT pg_catalog.isempty(during) AND NOT pg_catalog.lower_inf(during) AND NOT pg_catalog.upper_inf(during)
        AND pg_catalog.lower(during) >= TIMESTAMPTZ '1000-01-01 00:00:00+00'
        AND pg_catalog.upper(during) < TIMESTAMPTZ '10000-01-01 00:00:00+00'
        AND pg_catalog.lower_inc(during) AND NOT pg_catalog.upper_inc(during)),
    reason      text,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    calendar_id text,
    outside_id  text,
    seen        bigint,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id),
    CONSTRAINT busy_blocks_from_outside_are_whole CHECK ((calendar_id IS NULL) = (outside_id IS NULL))
);

CREATE UNIQUE INDEX busy_blocks_of_outside ON booking.busy_blocks (org_id, calendar_id, outside_id, resource_id)
    WHERE outside_id IS NOT NULL;
CREATE INDEX busy_blocks_of_resource ON booking.busy_blocks USING gist (org_id, resource_id, during);

-- As for appointments.
ALTER TABLE booking.busy_blocks ALTER COLUMN org_id SET STATISTICS 0, ALTER COLUMN resource_id SET STATISTICS 0;

ALTER TABLE booking.busy_blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY busy_blocks_of_tenant ON booking.busy_blocks USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.busy_blocks IS
    'When resources are away: every seat is taken. Written by add_busy_block and remove_busy_block, and by the functions that read outside calendars.';
COMMENT ON COLUMN booking.busy_blocks.during IS 'Half-open, [start, end).';
COMMENT ON COLUMN booking.busy_blocks.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.busy_blocks.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.busy_blocks.resource_id IS 'Who is away.';
COMMENT ON COLUMN booking.busy_blocks.reason IS 'Why, if anybody said.';
COMMENT ON COLUMN booking.busy_blocks.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON INDEX booking.busy_blocks_of_resource IS 'The busy time of a resource in a stretch of time, in one read.';
COMMENT ON COLUMN booking.busy_blocks.calendar_id IS 'The outside calendar that says so; NULL: add_busy_block did.';
COMMENT ON COLUMN booking.busy_blocks.outside_id IS 'The event in that calendar.';
COMMENT ON COLUMN booking.busy_blocks.seen IS 'The lease under which it was last seen there: what a whole reading does not see is over.';
COMMENT ON INDEX booking.busy_blocks_of_outside IS 'Each outside event once for each resource.';
COMMENT ON POLICY busy_blocks_of_tenant ON booking.busy_blocks IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.busy_blocks', '');
