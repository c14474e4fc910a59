-- Who books: one row per phone number and organization, however often they call.
CREATE TABLE booking.contacts (
    org_id     uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id         uuid        NOT NULL,
    phone      text        NOT NULL CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    name       text        NOT NULL,
    email      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, phone)
);

ALTER TABLE booking.contacts ENABLE ROW LEVEL SECURITY;
CREATE POLICY contacts_of_tenant ON booking.contacts USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.contacts IS
    'Who books, one row per (org_id, phone). The newest name and e-mail win; readable columns: org_id, id, phone, name, email, created_at.';
COMMENT ON COLUMN booking.contacts.phone IS 'E.164, as +14155550123.';
COMMENT ON COLUMN booking.contacts.email IS
    'Lower case. Where none was given: <digits of the phone>@no-email.invalid, which is never mailed.';
COMMENT ON COLUMN booking.contacts.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.contacts.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.contacts.name IS 'In name case, as it was last given.';
COMMENT ON COLUMN booking.contacts.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.contacts.updated_at IS 'When the name or the e-mail address last changed.';
COMMENT ON POLICY contacts_of_tenant ON booking.contacts IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.contacts', '');
