-- The outside accounts of an organization. What is secret is sealed by the courier, with a key that the database never sees.
CREATE TABLE booking.integrations (
    org_id           uuid        NOT NULL REFERENCES booking.organizations (org_id),
    provider         text        NOT NULL,
    connected        boolean     NOT NULL DEFAULT false,
    last_checked_at  timestamptz,
    problem          text,
    settings         jsonb       NOT NULL DEFAULT '{}' CHECK (
        pg_catalog.jsonb_typeof(settings) = 'object' AND CASE pg_catalog.jsonb_typeof(settings -> 'per_second')
            WHEN 'number' THEN (settings ->> 'per_second')::float8 BETWEEN 0.01 AND 1000 ELSE settings -> 'per_second' IS NULL END),
    key_id           text,
    nonce            bytea       CHECK (pg_catalog.octet_length(nonce) = 12),
    ciphertext       bytea       CHECK (pg_catalog.octet_length(ciphertext) BETWEEN 16 AND 65536),
    version          bigint      NOT NULL DEFAULT 1,
    expires_at       timestamptz,
    refreshing_until timestamptz,
    next_send_at     timestamptz CHECK (
        next_send_at >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND next_send_at < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    created_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, provider),
    CONSTRAINT integrations_provider_is_known CHECK (provider IN ('twilio', 'google', 'vapi')),
    CONSTRAINT integrations_secrets_are_whole CHECK (
        (key_id IS NULL) = (ciphertext IS NULL) AND (nonce IS NULL) = (ciphertext IS NULL)),
    CONSTRAINT integrations_connected_have_secrets CHECK (NOT connected OR ciphertext IS NOT NULL)
);

ALTER TABLE booking.integrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY integrations_of_tenant ON booking.integrations USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.integrations IS
    'Accounts with outside services. Written by connect_integration, replace_secret, integration_checked and disconnect_integration; readable columns: org_id, provider, connected, last_checked_at, problem, settings.';
COMMENT ON COLUMN booking.integrations.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.integrations.provider IS 'twilio, google or vapi: lower case, by constraint.';
COMMENT ON COLUMN booking.integrations.connected IS 'Whether the service took the credentials when they were last used.';
COMMENT ON COLUMN booking.integrations.last_checked_at IS 'When they were last used or tried.';
COMMENT ON COLUMN booking.integrations.problem IS 'What is wrong with it, in words; NULL: nothing.';
COMMENT ON COLUMN booking.integrations.settings IS 'What is not secret. Of twilio: sender and per_second.';
COMMENT ON COLUMN booking.integrations.key_id IS 'The name of the key that sealed the secret; the key itself is the courier''s.';
COMMENT ON COLUMN booking.integrations.nonce IS 'The nonce of AES-256-GCM.';
COMMENT ON COLUMN booking.integrations.ciphertext IS 'The sealed secret; NULL once it was disconnected.';
COMMENT ON COLUMN booking.integrations.version IS 'Rises with every new secret. Who has an old one cannot write.';
COMMENT ON COLUMN booking.integrations.expires_at IS 'When the access that is in the secret ends; NULL: not by time.';
COMMENT ON COLUMN booking.integrations.refreshing_until IS 'Until then one courier, and no other, gets a new secret.';
COMMENT ON COLUMN booking.integrations.next_send_at IS 'When the sender may send its next message.';
COMMENT ON COLUMN booking.integrations.created_at IS 'When it was first connected.';
COMMENT ON COLUMN booking.integrations.updated_at IS 'When anything about it last changed.';
COMMENT ON CONSTRAINT integrations_provider_is_known ON booking.integrations IS 'One spelling for each provider, so that nobody looks for another.';
COMMENT ON POLICY integrations_of_tenant ON booking.integrations IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.integrations', '');
