-- The transaction that writes, for the columns below and for nothing else. It is no immutable function: it is declared one because
-- only such a function may generate a column, and nothing keeps its result for longer than the statement that stores it.
CREATE FUNCTION booking.writing_transaction() RETURNS xid8
    LANGUAGE internal IMMUTABLE AS 'pg_current_xact_id';

-- What has happened, for whoever asks later. Rows are only added, until purge.
CREATE TABLE booking.events (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    at             timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    kind           text        NOT NULL CHECK (kind ~ '^[a-z][a-z_]{2,63}$'),
    appointment_id uuid,
    -- Short as a text: whoever follows the history holds some hundreds of them in memory, of whatever organization, and a number
    -- of some bytes can have a hundred thousand digits.
    detail         jsonb       NOT NULL DEFAULT '{}'
        CHECK (pg_catalog.jsonb_typeof(detail) = 'object' AND pg_catalog.octet_length(detail::text) <= 8192),
    -- Generated, so that it is not dumped: in another cluster it is the transaction that restores the row.
    tx             xid8        NOT NULL GENERATED ALWAYS AS (booking.writing_transaction()) STORED,
    PRIMARY KEY (org_id, id),
    -- Streams write the kind as the name of what they tell. These are their own words, and what browsers call what befalls a connection:
    -- an event of that kind would end the streams of everybody who follows the organization.
    CONSTRAINT events_are_no_words_of_streams CHECK (
        kind !~ '^(closing|error|expired|forbidden|message|open|position|reset|slow)$')
);

CREATE INDEX events_by_transaction ON booking.events (org_id, tx);
CREATE INDEX events_of_appointment ON booking.events (org_id, appointment_id) WHERE appointment_id IS NOT NULL;

ALTER TABLE booking.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY events_of_tenant ON booking.events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.events IS
    'The history of an organization: its appointments, messages, calendars, accounts and follow-ups, each event written in the transaction in which it happens. read_events reads it so that nothing is missed; readable columns: org_id, id, at, kind, appointment_id, detail. No names, numbers or texts of patients.';
COMMENT ON COLUMN booking.events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.events.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.events.at IS 'When it happened.';
COMMENT ON COLUMN booking.events.kind IS
    'Of appointments: booked, held, hold_confirmed, hold_released, hold_expired, moved, cancelled, status_changed, verified, verification_failed. Of messages: message_sent, message_delivered, message_failed, message_uncertain, message_dry_run, message_not_configured; patient_cancelled, patient_confirmed, patient_opted_out, patient_opted_in. Of events in the outside calendar: event_written, event_removed, event_failed, event_not_configured; event_moved, event_deleted, event_restored: somebody changed one. Of accounts: integration_connected, integration_disconnected, integration_lost, integration_restored. follow_up_created, follow_up_closed; contact_erased, organization_cleaned.';
COMMENT ON COLUMN booking.events.appointment_id IS 'The appointment that it is about, if it is about one.';
COMMENT ON COLUMN booking.events.detail IS
    'What else there is to say about it. Of what is done to an appointment: startsAt, endsAt (UTC), resourceId, serviceType, status, by (the role; at the board of a worker of all organizations, that of the token), user (the subject of a verified token, where it is an id), via (voice_agent, patient, calendar, erasure); from and to of a move (starts) and of a status. Of a job: jobId, message (its kind), messageId, eventId, attempt, outcome, code, state. 8 kB at most.';
COMMENT ON COLUMN booking.events.tx IS 'The transaction that wrote it, for read_events: it says whether a reader has seen the event.';
COMMENT ON INDEX booking.events_by_transaction IS 'What a reader has not seen yet.';
COMMENT ON INDEX booking.events_of_appointment IS 'The history of an appointment.';
COMMENT ON POLICY events_of_tenant ON booking.events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.events', '');
