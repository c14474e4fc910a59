-- The answers that were given under a caller's idempotency key, written in the transaction of the booking itself: a booking
-- that was rolled back leaves no key behind.
CREATE TABLE booking.idempotency_keys (
    org_id      uuid        NOT NULL REFERENCES booking.organizations (org_id),
    key         text        NOT NULL CHECK (key <> ''),
    fingerprint bytea       NOT NULL,
    response    text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, key)
);

ALTER TABLE booking.idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_of_tenant ON booking.idempotency_keys USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.idempotency_keys IS
    'The first answer given under each idempotency key. Internal: written and read by book_appointment_atomic.';
COMMENT ON COLUMN booking.idempotency_keys.fingerprint IS 'A 128-bit hash of the request the answer was given to.';
COMMENT ON COLUMN booking.idempotency_keys.response IS 'The answer, as the JSON text it was given in.';
COMMENT ON COLUMN booking.idempotency_keys.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.idempotency_keys.key IS 'As the caller gave it, trimmed.';
COMMENT ON COLUMN booking.idempotency_keys.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON POLICY idempotency_keys_of_tenant ON booking.idempotency_keys IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.idempotency_keys', '');
