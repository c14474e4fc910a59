-- What a voice agent has told that nothing here reads: kept whole, so that nothing is lost by being new.
CREATE TABLE booking.call_messages (
    org_id      uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id          uuid        NOT NULL,
    call_id     text,
    type        text        NOT NULL,
    body        jsonb       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX call_messages_of_call ON booking.call_messages (org_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX call_messages_by_time ON booking.call_messages (org_id, received_at);

ALTER TABLE booking.call_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY call_messages_of_tenant ON booking.call_messages USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.call_messages IS
    'Messages of the voice agent of types that nothing here reads. Written by vapi_message; readable columns: all.';
COMMENT ON COLUMN booking.call_messages.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.call_messages.id IS 'Within the organization; a uuid of version 7, so in order of coming.';
COMMENT ON COLUMN booking.call_messages.call_id IS 'The call, as Vapi calls it, where the message is of one.';
COMMENT ON COLUMN booking.call_messages.type IS 'Its type, in Vapi''s word; empty where it has none that can be read.';
COMMENT ON COLUMN booking.call_messages.body IS 'The whole message.';
COMMENT ON COLUMN booking.call_messages.received_at IS 'When it came.';
COMMENT ON INDEX booking.call_messages_of_call IS 'What was told of one call.';
COMMENT ON INDEX booking.call_messages_by_time IS 'What purge deletes.';
COMMENT ON POLICY call_messages_of_tenant ON booking.call_messages IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.call_messages', '');
