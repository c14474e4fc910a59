-- Who wants no messages.
CREATE TABLE booking.opt_outs (
    org_id     uuid        NOT NULL,
    phone      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, phone)
);

ALTER TABLE booking.opt_outs ENABLE ROW LEVEL SECURITY;
CREATE POLICY opt_outs_of_tenant ON booking.opt_outs USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.opt_outs IS
    'The numbers that have answered STOP to an organization, or that its provider refuses for that reason. START ends it.';
COMMENT ON COLUMN booking.opt_outs.org_id IS 'The organization whose messages are not wanted.';
COMMENT ON COLUMN booking.opt_outs.phone IS 'E.164.';
COMMENT ON COLUMN booking.opt_outs.created_at IS 'Since when.';
COMMENT ON POLICY opt_outs_of_tenant ON booking.opt_outs IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.opt_outs', '');
