-- Which resources can do a service. A service without a row here can be done by every resource.
CREATE TABLE booking.service_resources (
    org_id      uuid NOT NULL,
    service_id  uuid NOT NULL,
    resource_id uuid NOT NULL,
    PRIMARY KEY (org_id, service_id, resource_id),
    FOREIGN KEY (org_id, service_id) REFERENCES booking.services (org_id, id),
    FOREIGN KEY (org_id, resource_id) REFERENCES booking.resources (org_id, id)
);

ALTER TABLE booking.service_resources ENABLE ROW LEVEL SECURITY;
CREATE POLICY service_resources_of_tenant ON booking.service_resources USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.service_resources IS
    'The resources that can do a service; a service that is not here can be done by all. Written by create_service.';
COMMENT ON COLUMN booking.service_resources.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.service_resources.service_id IS 'The service.';
COMMENT ON COLUMN booking.service_resources.resource_id IS 'A resource that can do it.';
COMMENT ON POLICY service_resources_of_tenant ON booking.service_resources IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.service_resources', '');
