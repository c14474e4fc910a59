-- The outside calendars that are read for when somebody is away, and how far they have been read.
CREATE TABLE booking.calendars (
    org_id              uuid        NOT NULL,
    calendar_id         text        NOT NULL CHECK (calendar_id <> ''),
    sync_token          text,
    next_sync_at        timestamptz NOT NULL DEFAULT pg_catalog.now() CHECK (pg_catalog.isfinite(next_sync_at)),
    synced_at           timestamptz,
    full_sync_at        timestamptz,
    attempts            integer     NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000000),
    problem             text,
    lease               bigint      NOT NULL DEFAULT 0 CHECK (lease BETWEEN 0 AND 4611686018427387904),
    leased_by           text,
    leased_until        timestamptz,
    claimed_at          timestamptz,
    is_whole            boolean     NOT NULL DEFAULT false,
    is_used             boolean     NOT NULL DEFAULT true,
    channel_id          text,
    channel_resource_id text,
    channel_expires_at  timestamptz,
    created_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, calendar_id)
);

CREATE INDEX calendars_due ON booking.calendars (org_id, next_sync_at);

ALTER TABLE booking.calendars ENABLE ROW LEVEL SECURITY;
CREATE POLICY calendars_of_tenant ON booking.calendars USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.calendars IS
    'Outside calendars and how far they have been read. Written by set_calendar, set_resource_calendar, claim_syncs, finish_sync and fail_sync; readable columns: org_id, calendar_id, synced_at, problem.';
COMMENT ON COLUMN booking.calendars.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.calendars.calendar_id IS 'The calendar, as the provider calls it.';
COMMENT ON COLUMN booking.calendars.sync_token IS 'Where reading goes on; NULL: from the beginning.';
COMMENT ON COLUMN booking.calendars.next_sync_at IS 'When it is read next.';
COMMENT ON COLUMN booking.calendars.synced_at IS 'When it was last read.';
COMMENT ON COLUMN booking.calendars.full_sync_at IS 'When it was last read from the beginning.';
COMMENT ON COLUMN booking.calendars.attempts IS 'How often reading it has failed since it last went well.';
COMMENT ON COLUMN booking.calendars.problem IS 'Why it could not be read; NULL: it could.';
COMMENT ON COLUMN booking.calendars.lease IS 'Rises with every claim. Only the holder of the latest can write what it reads.';
COMMENT ON COLUMN booking.calendars.leased_by IS 'The courier that reads it, or last did.';
COMMENT ON COLUMN booking.calendars.leased_until IS 'Until when nobody else does; NULL: nobody does.';
COMMENT ON COLUMN booking.calendars.claimed_at IS 'When it was last claimed: what was written before is what the reading can show.';
COMMENT ON COLUMN booking.calendars.is_whole IS 'Whether it is being read from the beginning, or last was.';
COMMENT ON COLUMN booking.calendars.is_used IS 'Whether it is that of a resource at present. The row stays in any case, so that its leases go on rising.';
COMMENT ON COLUMN booking.calendars.channel_id IS 'The channel by which the provider tells of changes; NULL: it is only asked.';
COMMENT ON COLUMN booking.calendars.channel_resource_id IS 'What the provider calls what it watches.';
COMMENT ON COLUMN booking.calendars.channel_expires_at IS 'When the channel ends; a new one is opened before.';
COMMENT ON COLUMN booking.calendars.created_at IS 'When it was first to be read.';
COMMENT ON INDEX booking.calendars_due IS 'What is to be read next.';
COMMENT ON POLICY calendars_of_tenant ON booking.calendars IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.calendars', '');
