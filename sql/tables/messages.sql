-- Text messages. One that goes out is written when its job is claimed, before anything is sent; one that comes in, when it comes.
CREATE TABLE booking.messages (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    direction      text        NOT NULL DEFAULT 'outbound' CHECK (direction IN ('outbound', 'inbound')),
    job_id         uuid,
    appointment_id uuid,
    follow_up_id   uuid,
    from_phone     text,
    to_phone       text,
    body           text,
    segments       integer     NOT NULL CHECK (segments >= 0),
    status         text        NOT NULL CHECK (
        status IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'uncertain', 'dry_run', 'received')),
    provider_sid   text,
    error_code     text,
    former_sids    text[]      NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT messages_one_for_each_job UNIQUE (org_id, job_id),
    CONSTRAINT messages_sent_have_a_job CHECK ((direction = 'outbound') = (job_id IS NOT NULL))
);

CREATE INDEX messages_of_appointment ON booking.messages (org_id, appointment_id);
CREATE INDEX messages_of_follow_up ON booking.messages (org_id, follow_up_id) WHERE follow_up_id IS NOT NULL;
CREATE INDEX messages_from_phone ON booking.messages (org_id, from_phone) WHERE from_phone IS NOT NULL;
CREATE INDEX messages_to_phone ON booking.messages (org_id, to_phone);
CREATE UNIQUE INDEX messages_by_provider_sid ON booking.messages (org_id, provider_sid) WHERE provider_sid IS NOT NULL;

ALTER TABLE booking.messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY messages_of_tenant ON booking.messages USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.messages IS
    'Text messages to and from patients, and reminders of follow-ups to those who take care of them. Written by claim_messages, finish_message, fail_job, message_status and receive_message; readable columns: org_id, id, direction, appointment_id, from_phone, to_phone, body, status, provider_sid, error_code.';
COMMENT ON COLUMN booking.messages.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.messages.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.messages.direction IS 'outbound: to a patient, or to whoever takes care of a follow-up; inbound: from a patient.';
COMMENT ON COLUMN booking.messages.job_id IS 'The job in the outbox that it was made for; NULL for an inbound one.';
COMMENT ON COLUMN booking.messages.appointment_id IS 'The appointment that it is about; NULL for an inbound one that is about none, and for the reminder of a follow-up.';
COMMENT ON COLUMN booking.messages.follow_up_id IS 'The follow-up that it reminds of, if it is a reminder.';
COMMENT ON COLUMN booking.messages.from_phone IS 'Who wrote an inbound one, E.164; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.to_phone IS 'Who it is for, E.164; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.body IS 'As it was last sent, or received; NULL once the person was erased, or the follow-up that it reminds of purged.';
COMMENT ON COLUMN booking.messages.segments IS 'The messages it is paid for as.';
COMMENT ON COLUMN booking.messages.status IS
    'sending: an attempt is under way. queued, sent, delivered, failed: as the provider tells. uncertain: an attempt ended without a word. dry_run: it was written to a log only. received: it is inbound.';
COMMENT ON COLUMN booking.messages.provider_sid IS 'What the provider calls it; NULL before it has taken it, and once it could not deliver it.';
COMMENT ON COLUMN booking.messages.error_code IS 'The provider''s code for what went wrong.';
COMMENT ON COLUMN booking.messages.former_sids IS 'What the provider called attempts that failed: what it still tells of them is no news.';
COMMENT ON COLUMN booking.messages.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.messages.updated_at IS 'When anything was last heard of it.';
COMMENT ON INDEX booking.messages_of_appointment IS 'The messages about an appointment.';
COMMENT ON INDEX booking.messages_of_follow_up IS 'The reminders of a follow-up.';
COMMENT ON INDEX booking.messages_from_phone IS 'What a person wrote.';
COMMENT ON INDEX booking.messages_to_phone IS 'What was written to a person.';
COMMENT ON INDEX booking.messages_by_provider_sid IS 'Where a provider''s report belongs.';
COMMENT ON POLICY messages_of_tenant ON booking.messages IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.messages', '');
