-- The phone calls that a voice agent has had: what its messages tell, in whatever order they come.
CREATE TABLE booking.call_logs (
    org_id         uuid        NOT NULL REFERENCES booking.organizations (org_id),
    call_id        text        NOT NULL CHECK (call_id <> ''),
    contact_id     uuid,
    appointment_id uuid,
    kind           text,
    status         text,
    status_at      timestamptz,
    caller_phone   text        CHECK (caller_phone ~ '^\+[1-9][0-9]{6,14}$'),
    called_phone   text,
    assistant_id   text,
    started_at     timestamptz,
    ended_at       timestamptz,
    ended_reason   text,
    cost           numeric,
    transcript     text,
    summary        text,
    recording_url  text,
    analysis       jsonb,
    erased_at      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    contact_ids    uuid[]      NOT NULL DEFAULT '{}',
    PRIMARY KEY (org_id, call_id)
);

CREATE INDEX call_logs_of_contact ON booking.call_logs (org_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX call_logs_of_caller ON booking.call_logs (org_id, caller_phone) WHERE caller_phone IS NOT NULL;

ALTER TABLE booking.call_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY call_logs_of_tenant ON booking.call_logs USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.call_logs IS
    'Phone calls with the voice agent. Written by vapi_message; readable columns: org_id, call_id, contact_id, transcript, summary.';
COMMENT ON COLUMN booking.call_logs.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.call_logs.call_id IS 'The call, as Vapi calls it.';
COMMENT ON COLUMN booking.call_logs.contact_id IS 'Whom it was about: of contact_ids the last, or else the contact who called.';
COMMENT ON COLUMN booking.call_logs.appointment_id IS 'The appointment that was last booked, moved or cancelled in it.';
COMMENT ON COLUMN booking.call_logs.kind IS 'In Vapi''s word, as inboundPhoneCall or webCall.';
COMMENT ON COLUMN booking.call_logs.status IS 'In Vapi''s word, as in-progress or ended. What has ended stays so.';
COMMENT ON COLUMN booking.call_logs.status_at IS 'When it became so.';
COMMENT ON COLUMN booking.call_logs.caller_phone IS 'The number that the person called from, E.164.';
COMMENT ON COLUMN booking.call_logs.called_phone IS 'The number that was called.';
COMMENT ON COLUMN booking.call_logs.assistant_id IS 'The assistant, as Vapi calls it.';
COMMENT ON COLUMN booking.call_logs.started_at IS 'When it began.';
COMMENT ON COLUMN booking.call_logs.ended_at IS 'When it ended.';
COMMENT ON COLUMN booking.call_logs.ended_reason IS 'Why it ended, in Vapi''s words.';
COMMENT ON COLUMN booking.call_logs.cost IS 'What Vapi has billed for it, in US dollars.';
COMMENT ON COLUMN booking.call_logs.transcript IS 'What was said.';
COMMENT ON COLUMN booking.call_logs.summary IS 'What it came to.';
COMMENT ON COLUMN booking.call_logs.recording_url IS 'Where the recording is; to fetch it may need an account.';
COMMENT ON COLUMN booking.call_logs.analysis IS 'What else Vapi has made of it.';
COMMENT ON COLUMN booking.call_logs.erased_at IS 'When a person was taken out of it; nothing that names one is kept from then on.';
COMMENT ON COLUMN booking.call_logs.created_at IS 'When it was first told of.';
COMMENT ON COLUMN booking.call_logs.updated_at IS 'When it was last told of.';
COMMENT ON COLUMN booking.call_logs.contact_ids IS 'Every contact whose appointments were looked up, booked, moved or cancelled in it, or for whom a message was left.';
COMMENT ON INDEX booking.call_logs_of_contact IS 'The calls of one person.';
COMMENT ON INDEX booking.call_logs_of_caller IS 'The calls from one number.';
COMMENT ON POLICY call_logs_of_tenant ON booking.call_logs IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.call_logs', '');
