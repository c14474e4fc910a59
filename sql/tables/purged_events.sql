-- Up to where purge has deleted events: whoever has not read so far has missed something, and is told. One row for an organization,
-- and for a moment two where two sessions purge at once. A row is replaced and never changed, so that its transaction is known.
CREATE TABLE booking.purged_events (
    org_id    uuid NOT NULL,
    id        uuid NOT NULL,
    up_to     xid8 NOT NULL,
    before_id uuid NOT NULL,
    tx        xid8 NOT NULL GENERATED ALWAYS AS (booking.writing_transaction()) STORED,
    PRIMARY KEY (org_id, id)
);

ALTER TABLE booking.purged_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY purged_events_of_tenant ON booking.purged_events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.purged_events IS
    'Up to where the history of an organization was purged, so that read_events tells whoever has not read so far. Written by purge; no column is for readers.';
COMMENT ON COLUMN booking.purged_events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.purged_events.id IS 'Within the organization; a uuid of version 7.';
COMMENT ON COLUMN booking.purged_events.up_to IS 'The last transaction of which an event is gone, in the cluster where it was purged.';
COMMENT ON COLUMN booking.purged_events.before_id IS 'Events of this id and of later ones were not purged.';
COMMENT ON COLUMN booking.purged_events.tx IS 'The transaction that purged: who has seen it has been told.';
COMMENT ON POLICY purged_events_of_tenant ON booking.purged_events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.purged_events', '');
