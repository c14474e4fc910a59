-- One row into booking.appointments, with its constraints and indexes, and nothing else. It needs a contact, which is there already.
INSERT INTO booking.appointments
    (org_id, id, resource_id, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked)
VALUES (:org::uuid, gen_random_uuid(), bench.id(:resource), bench.id(:number % 1000), 'Maria Gonzalez', 'Checkup', :service::uuid,
    to_timestamp(:at), to_timestamp(:at + 1800), tstzrange(to_timestamp(:at), to_timestamp(:at + 1800)));
