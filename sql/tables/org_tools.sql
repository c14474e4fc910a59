-- The tools that are registered with Vapi for an organization. One that is not here is one that no assistant can call.
CREATE TABLE booking.org_tools (
    org_id        uuid        NOT NULL REFERENCES booking.organizations (org_id),
    name          text        NOT NULL CHECK (name ~ '^[a-zA-Z0-9_-]{1,64}$'),
    tool_id       text        NOT NULL CHECK (tool_id <> ''),
    registered_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    created_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, name)
);

ALTER TABLE booking.org_tools ENABLE ROW LEVEL SECURITY;
CREATE POLICY org_tools_of_tenant ON booking.org_tools USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.org_tools IS
    'The tools of an organization as they are registered with Vapi. Written by tool_registered; readable columns: org_id, name, tool_id.';
COMMENT ON COLUMN booking.org_tools.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.org_tools.name IS 'The name that a model calls it by.';
COMMENT ON COLUMN booking.org_tools.tool_id IS 'The tool, as Vapi calls it.';
COMMENT ON COLUMN booking.org_tools.registered_at IS 'When it was last brought into line.';
COMMENT ON COLUMN booking.org_tools.created_at IS 'When it was first registered.';
COMMENT ON POLICY org_tools_of_tenant ON booking.org_tools IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.org_tools', '');
