-- What somebody of an organization is to do for a caller: tasks, messages that callers left, calls that were to be put through.
-- There are no foreign keys: whoever is erased, or whatever is deleted, must not be held by it.
CREATE TABLE booking.follow_ups (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('task', 'message', 'transfer')),
    state          text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
    note           text        NOT NULL CHECK (pg_catalog.length(note) BETWEEN 1 AND 2000),
    name           text        CHECK (pg_catalog.length(name) BETWEEN 1 AND 200),
    phone          text        CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
    contact_id     uuid,
    appointment_id uuid,
    call_id        text,
    owner          text        CHECK (pg_catalog.length(owner) BETWEEN 1 AND 200),
    owner_phone    text        CHECK (owner_phone ~ '^\+[1-9][0-9]{6,14}$'),
    due_at         timestamptz NOT NULL
        CHECK (due_at >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND due_at < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    closed_at      timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT follow_ups_end_of_the_closed CHECK ((state = 'open') = (closed_at IS NULL))
);

CREATE INDEX follow_ups_open ON booking.follow_ups (org_id, due_at) WHERE state = 'open';
CREATE INDEX follow_ups_of_contact ON booking.follow_ups (org_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX follow_ups_of_phone ON booking.follow_ups (org_id, phone) WHERE phone IS NOT NULL;
CREATE INDEX follow_ups_of_appointment ON booking.follow_ups (org_id, appointment_id) WHERE appointment_id IS NOT NULL;
CREATE INDEX follow_ups_closed ON booking.follow_ups (org_id, closed_at) WHERE closed_at IS NOT NULL;

ALTER TABLE booking.follow_ups ENABLE ROW LEVEL SECURITY;
CREATE POLICY follow_ups_of_tenant ON booking.follow_ups USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.follow_ups IS
    'What somebody is to do for a caller, by when. Written by create_follow_up and change_follow_up, and by calls; readable columns: org_id, id, kind, state, note, name, phone, contact_id, appointment_id, owner, owner_phone, due_at, created_at, closed_at.';
COMMENT ON COLUMN booking.follow_ups.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.follow_ups.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.follow_ups.kind IS
    'task: somebody wrote it down; message: a caller left it; transfer: a caller wanted to speak to somebody.';
COMMENT ON COLUMN booking.follow_ups.state IS 'open, done or cancelled. change_follow_up changes it.';
COMMENT ON COLUMN booking.follow_ups.note IS 'What is to be done, or what the caller said.';
COMMENT ON COLUMN booking.follow_ups.name IS 'Who it is for, if that is known.';
COMMENT ON COLUMN booking.follow_ups.phone IS 'Where to reach them, E.164.';
COMMENT ON COLUMN booking.follow_ups.contact_id IS 'The contact that they were when it was written: that of the phone, or else of the appointment.';
COMMENT ON COLUMN booking.follow_ups.appointment_id IS 'The appointment that it is about, if it is about one.';
COMMENT ON COLUMN booking.follow_ups.call_id IS 'The call that it came from, as the provider calls it.';
COMMENT ON COLUMN booking.follow_ups.owner IS 'Who takes care of it, as people call them.';
COMMENT ON COLUMN booking.follow_ups.owner_phone IS 'Where they are reminded when it is due, E.164; NULL: nobody is.';
COMMENT ON COLUMN booking.follow_ups.due_at IS 'By when.';
COMMENT ON COLUMN booking.follow_ups.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.follow_ups.closed_at IS 'When it was done or given up; NULL while it is open.';
COMMENT ON INDEX booking.follow_ups_open IS 'What is to be done, by when.';
COMMENT ON INDEX booking.follow_ups_of_contact IS 'What is to be done for a contact.';
COMMENT ON INDEX booking.follow_ups_of_phone IS 'What is to be done for whoever has this number.';
COMMENT ON INDEX booking.follow_ups_of_appointment IS 'What is to be done about an appointment.';
COMMENT ON INDEX booking.follow_ups_closed IS 'What purge deletes.';
COMMENT ON POLICY follow_ups_of_tenant ON booking.follow_ups IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.follow_ups', '');
