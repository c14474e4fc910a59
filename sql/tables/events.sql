-- What has happened, for whoever asks later. Rows are only added, until purge.
CREATE TABLE booking.events (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    at             timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    kind           text        NOT NULL CHECK (kind ~ '^[a-z][a-z_]{2,63}$'),
    appointment_id uuid,
    detail         jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(detail) = 'object'),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX events_by_time ON booking.events (org_id, at);
CREATE INDEX events_of_appointment ON booking.events (org_id, appointment_id) WHERE appointment_id IS NOT NULL;

ALTER TABLE booking.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY events_of_tenant ON booking.events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.events IS
    'The history of an organization''s integrations, messages, calendars, moved appointments and follow-ups; readable columns: org_id, id, at, kind, appointment_id, detail. No names, numbers or texts of patients.';
COMMENT ON COLUMN booking.events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.events.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.events.at IS 'When it happened.';
COMMENT ON COLUMN booking.events.kind IS
    'integration_connected, integration_disconnected, integration_lost, integration_restored; patient_cancelled, patient_confirmed, patient_opted_out, patient_opted_in; verified, verification_failed; event_moved, event_deleted, event_restored: somebody changed the event of an appointment in the outside calendar; moved, with the times from and to; follow_up_created, follow_up_closed.';
COMMENT ON COLUMN booking.events.appointment_id IS 'The appointment that it is about, if it is about one.';
COMMENT ON COLUMN booking.events.detail IS 'What else there is to say about it.';
COMMENT ON INDEX booking.events_by_time IS 'What purge deletes.';
COMMENT ON INDEX booking.events_of_appointment IS 'The history of an appointment.';
COMMENT ON POLICY events_of_tenant ON booking.events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.events', '');
