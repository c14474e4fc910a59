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

SELECT pg_catalog.pg_extension_config_dump('booking.contacts', '');
