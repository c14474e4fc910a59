-- One row per tenant. Everything else hangs off org_id.
CREATE TABLE booking.organizations (
    org_id         uuid        NOT NULL PRIMARY KEY,
    name           text        NOT NULL CHECK (name <> ''),
    timezone       text        NOT NULL,
    default_region text        NOT NULL CHECK (default_region ~ '^[A-Z]{2}$'),
    settings       jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(settings) = 'object'),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);

ALTER TABLE booking.organizations ENABLE ROW LEVEL SECURITY;
CREATE POLICY organizations_of_tenant ON booking.organizations USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.organizations IS
    'The tenants: clinics, salons. Written by create_organization; readable columns: org_id, name, timezone, default_region.';
COMMENT ON COLUMN booking.organizations.timezone IS 'IANA zone, as America/New_York: the clock on the wall.';
COMMENT ON COLUMN booking.organizations.default_region IS
    'ISO 3166 region, as US: how phone numbers without a country code and dates such as 12/25 are read.';
COMMENT ON COLUMN booking.organizations.org_id IS 'What every other row of the tenant carries.';
COMMENT ON COLUMN booking.organizations.name IS 'As people know it.';
COMMENT ON COLUMN booking.organizations.settings IS
    'A JSON object. {"strict_services": true}: only services that create_service made can be booked by name.';
COMMENT ON COLUMN booking.organizations.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON POLICY organizations_of_tenant ON booking.organizations IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.organizations', '');
