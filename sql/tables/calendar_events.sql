-- The event of an appointment in the outside calendar. Who deletes one there uses its id up: another generation follows, under
-- another id, and so it does where the appointment goes to another calendar.
CREATE TABLE booking.calendar_events (
    org_id         uuid        NOT NULL,
    appointment_id uuid        NOT NULL,
    generation     integer     NOT NULL CHECK (generation >= 1),
    calendar_id    text        NOT NULL CHECK (calendar_id <> ''),
    event_id       text        NOT NULL CHECK (event_id ~ '^[a-v0-9]+$' AND pg_catalog.length(event_id) BETWEEN 5 AND 1024),
    state          text        NOT NULL CHECK (state IN ('wanted', 'present', 'unwanted', 'gone', 'dry_run')),
    starts_at      timestamptz,
    ends_at        timestamptz,
    etag           text,
    changed_at     timestamptz,
    seen           bigint,
    flag           text        CHECK (flag IN ('moved', 'deleted')),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, appointment_id, generation),
    CONSTRAINT calendar_events_ids_are_used_once UNIQUE (org_id, event_id)
);

ALTER TABLE booking.calendar_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY calendar_events_of_tenant ON booking.calendar_events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.calendar_events IS
    'The events of appointments in outside calendars. Written by claim_events, finish_event and calendar_event_changed; readable columns: org_id, appointment_id, calendar_id, event_id, state, flag.';
COMMENT ON COLUMN booking.calendar_events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.calendar_events.appointment_id IS 'The appointment.';
COMMENT ON COLUMN booking.calendar_events.generation IS 'Which of its events: 1, and one more for each that followed.';
COMMENT ON COLUMN booking.calendar_events.calendar_id IS 'The calendar, as the provider calls it.';
COMMENT ON COLUMN booking.calendar_events.event_id IS 'The event, as we call it there: the appointment''s id without hyphens, a letter, and the generation.';
COMMENT ON COLUMN booking.calendar_events.state IS
    'wanted: to be written; present: written; unwanted: to be deleted; gone: deleted, by us or by somebody there; dry_run: written to a log only.';
COMMENT ON COLUMN booking.calendar_events.starts_at IS 'The start that was last written.';
COMMENT ON COLUMN booking.calendar_events.ends_at IS 'The end that was last written.';
COMMENT ON COLUMN booking.calendar_events.etag IS 'The provider''s mark of what was last written.';
COMMENT ON COLUMN booking.calendar_events.changed_at IS 'When that was, by the provider''s clock: what it tells of an earlier state is no news.';
COMMENT ON COLUMN booking.calendar_events.seen IS 'The lease under which it was last seen there: what a whole reading does not see is deleted.';
COMMENT ON COLUMN booking.calendar_events.flag IS
    'moved or deleted: somebody did that there, and the appointment has not followed; NULL: it agrees.';
COMMENT ON COLUMN booking.calendar_events.created_at IS 'When it was first wanted.';
COMMENT ON COLUMN booking.calendar_events.updated_at IS 'When anything about it last changed.';
COMMENT ON POLICY calendar_events_of_tenant ON booking.calendar_events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.calendar_events', '');
