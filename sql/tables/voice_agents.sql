-- How an organization's voice agent is set up. Apart from the organization itself, whose row every booking reads.
CREATE TABLE booking.voice_agents (
    org_id         uuid        NOT NULL PRIMARY KEY REFERENCES booking.organizations (org_id),
    assistant_id   text        CHECK (assistant_id <> ''),
    assistant_name text        CHECK (assistant_name <> ''),
    prompt         text,
    phone_number   text        CHECK (phone_number ~ '^\+[1-9][0-9]{6,14}$'),
    server_url     text        CHECK (server_url ~ '^https?://'),
    credential_id  text        CHECK (credential_id <> ''),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);

ALTER TABLE booking.voice_agents ENABLE ROW LEVEL SECURITY;
CREATE POLICY voice_agents_of_tenant ON booking.voice_agents USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.voice_agents IS
    'The voice agent of an organization. Written by set_voice_agent; readable columns: all.';
COMMENT ON COLUMN booking.voice_agents.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.voice_agents.assistant_id IS 'The assistant, as Vapi calls it. A message that names no organization is of the one that has its assistant.';
COMMENT ON COLUMN booking.voice_agents.assistant_name IS 'What the assistant calls itself.';
COMMENT ON COLUMN booking.voice_agents.prompt IS 'The organization''s own words for its assistant; enforced_system_prompt puts the rules before them.';
COMMENT ON COLUMN booking.voice_agents.phone_number IS 'The number that is called, E.164. A message that names neither organization nor assistant is of the one that has it.';
COMMENT ON COLUMN booking.voice_agents.server_url IS 'Where Vapi sends its messages; NULL: to the courier that registers the tools.';
COMMENT ON COLUMN booking.voice_agents.credential_id IS 'The credential with which Vapi signs them, as Vapi calls it.';
COMMENT ON COLUMN booking.voice_agents.created_at IS 'When it was first set up.';
COMMENT ON COLUMN booking.voice_agents.updated_at IS 'When it was last set up.';
COMMENT ON POLICY voice_agents_of_tenant ON booking.voice_agents IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.voice_agents', '');
