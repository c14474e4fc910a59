-- What an organization writes to its patients; without a row, the usual words.
CREATE TABLE booking.message_templates (
    org_id     uuid        NOT NULL REFERENCES booking.organizations (org_id),
    kind       text        NOT NULL CHECK (kind IN ('confirmation', 'moved', 'cancelled', 'reminder')),
    language   text        NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'),
    body       text        NOT NULL CHECK (body <> ''),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, kind, language)
);

ALTER TABLE booking.message_templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY message_templates_of_tenant ON booking.message_templates USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.message_templates IS
    'The text of an organization''s messages, by kind and language. Written by set_message_template.';
COMMENT ON COLUMN booking.message_templates.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.message_templates.kind IS 'confirmation, moved, cancelled or reminder.';
COMMENT ON COLUMN booking.message_templates.language IS 'A language tag in lower case, as en or pt-br.';
COMMENT ON COLUMN booking.message_templates.body IS
    'Text with the placeholders {name}, {organization}, {service}, {when}, {date} and {time}.';
COMMENT ON COLUMN booking.message_templates.updated_at IS 'When it was last set.';
COMMENT ON POLICY message_templates_of_tenant ON booking.message_templates IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.message_templates', '');
