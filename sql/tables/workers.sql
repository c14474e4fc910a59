-- The couriers that are at work.
CREATE TABLE booking.workers (
    org_id       uuid        NOT NULL,
    id           text        NOT NULL,
    version      text,
    state        jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(state) = 'object'),
    started_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    last_seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    stopped_at   timestamptz,
    PRIMARY KEY (org_id, id)
);

ALTER TABLE booking.workers ENABLE ROW LEVEL SECURITY;
CREATE POLICY workers_of_tenant ON booking.workers USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.workers IS 'The couriers: who is at work, and when it was last heard of. Written by worker_heartbeat.';
COMMENT ON COLUMN booking.workers.org_id IS 'The organization that it works for; 00000000-0000-0000-0000-000000000000: for all.';
COMMENT ON COLUMN booking.workers.id IS 'What it calls itself.';
COMMENT ON COLUMN booking.workers.version IS 'The version of its program.';
COMMENT ON COLUMN booking.workers.state IS 'What it says about itself.';
COMMENT ON COLUMN booking.workers.started_at IS 'When it was first heard of.';
COMMENT ON COLUMN booking.workers.last_seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN booking.workers.stopped_at IS 'When it said goodbye; NULL: it did not.';
COMMENT ON POLICY workers_of_tenant ON booking.workers IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.workers', '');
