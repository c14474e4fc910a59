-- What is to be sent and written elsewhere, written in the transaction that it follows from. A courier claims a job for a while, sends, and reports.
-- There are no foreign keys to the appointment and the follow-up: they would be checked with every booking, and a job without one is withdrawn.
CREATE TABLE booking.outbox (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    kind           text        NOT NULL CHECK (kind IN ('confirmation', 'moved', 'cancelled', 'reminder', 'calendar', 'follow_up')),
    appointment_id uuid,
    follow_up_id   uuid,
    state          text        NOT NULL DEFAULT 'available'
        CHECK (state IN ('available', 'running', 'retryable', 'succeeded', 'discarded', 'cancelled')),
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000000),
    run_at         timestamptz NOT NULL DEFAULT pg_catalog.now()
        CHECK (run_at >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND run_at < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    deadline       timestamptz NOT NULL
        CHECK (deadline >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND deadline < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    lease          bigint      NOT NULL DEFAULT 0 CHECK (lease BETWEEN 0 AND 4611686018427387904),
    leased_by      text,
    leased_until   timestamptz,
    last_error     text,
    errors         jsonb       NOT NULL DEFAULT '[]' CHECK (pg_catalog.jsonb_typeof(errors) = 'array'),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    finished_at    timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT outbox_lease_of_the_running CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CONSTRAINT outbox_end_of_the_finished CHECK (
        (state IN ('succeeded', 'discarded', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT outbox_follow_ups_are_named CHECK ((kind = 'follow_up') = (follow_up_id IS NOT NULL)),
    CONSTRAINT outbox_is_about_one_thing CHECK ((follow_up_id IS NULL) = (appointment_id IS NOT NULL))
);

CREATE INDEX outbox_waiting ON booking.outbox (org_id, run_at, id)
    WHERE state IN ('available', 'retryable') AND kind <> 'calendar';
-- One is enough: what the event is to be is seen when it is claimed.
CREATE UNIQUE INDEX outbox_one_event_waiting ON booking.outbox (org_id, appointment_id)
    WHERE state IN ('available', 'retryable') AND kind = 'calendar';
CREATE INDEX outbox_events_waiting ON booking.outbox (org_id, run_at, id)
    WHERE state IN ('available', 'retryable') AND kind = 'calendar';
CREATE INDEX outbox_running ON booking.outbox (org_id, leased_until) WHERE state = 'running';
CREATE INDEX outbox_of_appointment ON booking.outbox (org_id, appointment_id);
CREATE INDEX outbox_of_follow_up ON booking.outbox (org_id, follow_up_id) WHERE follow_up_id IS NOT NULL;
CREATE INDEX outbox_discarded ON booking.outbox (org_id, finished_at) WHERE state = 'discarded';
CREATE INDEX outbox_finished ON booking.outbox (org_id, finished_at) WHERE finished_at IS NOT NULL;

ALTER TABLE booking.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY outbox_of_tenant ON booking.outbox USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.outbox IS
    'Messages to be sent and calendar events to be brought into line, and what became of them. Written by the functions that change appointments and follow-ups, and by those of couriers; readable columns: org_id, id, kind, state, attempts, run_at, last_error.';
COMMENT ON COLUMN booking.outbox.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.outbox.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.outbox.kind IS
    'confirmation, moved, cancelled or reminder: a message to the patient; follow_up: a message to whoever takes care of a follow-up; calendar: make the event equal to the appointment.';
COMMENT ON COLUMN booking.outbox.appointment_id IS 'The appointment that it is about. The text is made of it when the job is claimed. NULL for a follow-up.';
COMMENT ON COLUMN booking.outbox.follow_up_id IS 'The follow-up that it is about, of which its text is made in the same way; NULL for an appointment.';
COMMENT ON COLUMN booking.outbox.state IS
    'available and retryable wait for run_at, running is claimed; succeeded, discarded (a dead letter) and cancelled (withdrawn) are finished.';
COMMENT ON COLUMN booking.outbox.attempts IS 'How often it has been claimed.';
COMMENT ON COLUMN booking.outbox.run_at IS 'Not before.';
COMMENT ON COLUMN booking.outbox.deadline IS
    'Not begun after. Of a message: the start of the appointment, or a week after the follow-up is due; of an event: its end, or a day from now if that is later.';
COMMENT ON COLUMN booking.outbox.lease IS 'Rises with every claim. Only the holder of the latest can finish the job.';
COMMENT ON COLUMN booking.outbox.leased_by IS 'The courier that claimed it last.';
COMMENT ON COLUMN booking.outbox.leased_until IS 'When another courier may claim it; NULL unless it is running.';
COMMENT ON COLUMN booking.outbox.last_error IS 'Why the last attempt failed.';
COMMENT ON COLUMN booking.outbox.errors IS 'Every error, oldest first: [{"at", "attempt", "error", "code"}], with "outcome" where a courier said it.';
COMMENT ON COLUMN booking.outbox.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.outbox.finished_at IS 'When it ended.';
COMMENT ON INDEX booking.outbox_waiting IS 'The messages that can be claimed, by time.';
COMMENT ON INDEX booking.outbox_one_event_waiting IS 'One job waits for each event, however often its appointment changes.';
COMMENT ON INDEX booking.outbox_events_waiting IS 'The events that can be claimed, by time.';
COMMENT ON INDEX booking.outbox_running IS 'What is claimed, by the end of the lease.';
COMMENT ON INDEX booking.outbox_of_appointment IS 'The jobs of an appointment: what a move or a cancellation withdraws.';
COMMENT ON INDEX booking.outbox_of_follow_up IS 'The reminders of a follow-up: what closing it withdraws.';
COMMENT ON INDEX booking.outbox_discarded IS 'The dead letters, by when they were given up.';
COMMENT ON INDEX booking.outbox_finished IS 'What purge deletes.';
COMMENT ON POLICY outbox_of_tenant ON booking.outbox IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.outbox', '');
