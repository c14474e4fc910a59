-- From 0.1.0 to 0.2.0. Building the indexes keeps writers out until they are done. Roles that grant_member, grant_backend or
-- grant_worker has served need another call of it before they can call what is new.
\echo Use "ALTER EXTENSION pg_booking UPDATE TO '0.2.0'" to load this file. \quit

-- The calendar of a resource for whoever is under row level security, where the index of the exclusion constraint cannot be
-- searched by time. The last condition always holds; it keeps the index from those who do not search by start.
CREATE INDEX appointments_of_resource ON booking.appointments (org_id, resource_id, starts_at)
    WHERE status NOT IN ('cancelled', 'completed', 'no_show') AND starts_at IS NOT NULL;
COMMENT ON INDEX booking.appointments_of_resource IS 'What keeps a resource busy, by start.';

-- What has been, for who looks back: written only once an appointment is over, so that no booking pays for it.
CREATE INDEX appointments_over ON booking.appointments (org_id, resource_id, starts_at)
    WHERE status IN ('cancelled', 'completed', 'no_show') AND starts_at IS NOT NULL;
COMMENT ON INDEX booking.appointments_over IS 'What a resource was booked for and is no more, by start: what agenda shows beside the rest.';

-- Bookings that wait for their event in the calendar.
CREATE INDEX appointments_to_verify ON booking.appointments (org_id, expires_at)
    WHERE status = 'held' AND contact_id IS NOT NULL;
COMMENT ON INDEX booking.appointments_to_verify IS 'Bookings that wait for their event, by expiry: what a courier ends.';

ALTER TABLE booking.resources ADD COLUMN calendar_id text CHECK (calendar_id <> '');
COMMENT ON COLUMN booking.resources.calendar_id IS 'Its outside calendar, as the provider calls it; NULL: that of the organization.';

ALTER TABLE booking.busy_blocks
    ADD COLUMN calendar_id text,
    ADD COLUMN outside_id text,
    ADD COLUMN seen bigint,
    ADD CONSTRAINT busy_blocks_from_outside_are_whole CHECK ((calendar_id IS NULL) = (outside_id IS NULL));
CREATE UNIQUE INDEX busy_blocks_of_outside ON booking.busy_blocks (org_id, calendar_id, outside_id, resource_id)
    WHERE outside_id IS NOT NULL;
COMMENT ON TABLE booking.busy_blocks IS
    'When resources are away: every seat is taken. Written by add_busy_block and remove_busy_block, and by the functions that read outside calendars.';
COMMENT ON COLUMN booking.busy_blocks.calendar_id IS 'The outside calendar that says so; NULL: add_busy_block did.';
COMMENT ON COLUMN booking.busy_blocks.outside_id IS 'The event in that calendar.';
COMMENT ON COLUMN booking.busy_blocks.seen IS 'The lease under which it was last seen there: what a whole reading does not see is over.';
COMMENT ON INDEX booking.busy_blocks_of_outside IS 'Each outside event once for each resource.';

-- From here on written by scripts/upgrade-script.py.

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

-- Text messages. One that goes out is written when its job is claimed, before anything is sent; one that comes in, when it comes.
CREATE TABLE booking.messages (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    direction      text        NOT NULL DEFAULT 'outbound' CHECK (direction IN ('outbound', 'inbound')),
    job_id         uuid,
    appointment_id uuid,
    follow_up_id   uuid,
    from_phone     text,
    to_phone       text,
    body           text,
    segments       integer     NOT NULL CHECK (segments >= 0),
    status         text        NOT NULL CHECK (
        status IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'uncertain', 'dry_run', 'received')),
    provider_sid   text,
    error_code     text,
    former_sids    text[]      NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id),
    CONSTRAINT messages_one_for_each_job UNIQUE (org_id, job_id),
    CONSTRAINT messages_sent_have_a_job CHECK ((direction = 'outbound') = (job_id IS NOT NULL))
);

CREATE INDEX messages_of_appointment ON booking.messages (org_id, appointment_id);
CREATE INDEX messages_of_follow_up ON booking.messages (org_id, follow_up_id) WHERE follow_up_id IS NOT NULL;
CREATE INDEX messages_from_phone ON booking.messages (org_id, from_phone) WHERE from_phone IS NOT NULL;
CREATE INDEX messages_to_phone ON booking.messages (org_id, to_phone);
CREATE UNIQUE INDEX messages_by_provider_sid ON booking.messages (org_id, provider_sid) WHERE provider_sid IS NOT NULL;

ALTER TABLE booking.messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY messages_of_tenant ON booking.messages USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.messages IS
    'Text messages to and from patients, and reminders of follow-ups to those who take care of them. Written by claim_messages, finish_message, fail_job, message_status and receive_message; readable columns: org_id, id, direction, appointment_id, from_phone, to_phone, body, status, provider_sid, error_code.';
COMMENT ON COLUMN booking.messages.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.messages.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.messages.direction IS 'outbound: to a patient, or to whoever takes care of a follow-up; inbound: from a patient.';
COMMENT ON COLUMN booking.messages.job_id IS 'The job in the outbox that it was made for; NULL for an inbound one.';
COMMENT ON COLUMN booking.messages.appointment_id IS 'The appointment that it is about; NULL for an inbound one that is about none, and for the reminder of a follow-up.';
COMMENT ON COLUMN booking.messages.follow_up_id IS 'The follow-up that it reminds of, if it is a reminder.';
COMMENT ON COLUMN booking.messages.from_phone IS 'Who wrote an inbound one, E.164; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.to_phone IS 'Who it is for, E.164; NULL once the person was erased.';
COMMENT ON COLUMN booking.messages.body IS 'As it was last sent, or received; NULL once the person was erased, or the follow-up that it reminds of purged.';
COMMENT ON COLUMN booking.messages.segments IS 'The messages it is paid for as.';
COMMENT ON COLUMN booking.messages.status IS
    'sending: an attempt is under way. queued, sent, delivered, failed: as the provider tells. uncertain: an attempt ended without a word. dry_run: it was written to a log only. received: it is inbound.';
COMMENT ON COLUMN booking.messages.provider_sid IS 'What the provider calls it; NULL before it has taken it, and once it could not deliver it.';
COMMENT ON COLUMN booking.messages.error_code IS 'The provider''s code for what went wrong.';
COMMENT ON COLUMN booking.messages.former_sids IS 'What the provider called attempts that failed: what it still tells of them is no news.';
COMMENT ON COLUMN booking.messages.created_at IS 'When it was written: the start of that transaction.';
COMMENT ON COLUMN booking.messages.updated_at IS 'When anything was last heard of it.';
COMMENT ON INDEX booking.messages_of_appointment IS 'The messages about an appointment.';
COMMENT ON INDEX booking.messages_of_follow_up IS 'The reminders of a follow-up.';
COMMENT ON INDEX booking.messages_from_phone IS 'What a person wrote.';
COMMENT ON INDEX booking.messages_to_phone IS 'What was written to a person.';
COMMENT ON INDEX booking.messages_by_provider_sid IS 'Where a provider''s report belongs.';
COMMENT ON POLICY messages_of_tenant ON booking.messages IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.messages', '');

-- Who wants no messages.
CREATE TABLE booking.opt_outs (
    org_id     uuid        NOT NULL,
    phone      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, phone)
);

ALTER TABLE booking.opt_outs ENABLE ROW LEVEL SECURITY;
CREATE POLICY opt_outs_of_tenant ON booking.opt_outs USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.opt_outs IS
    'The numbers that have answered STOP to an organization, or that its provider refuses for that reason. START ends it.';
COMMENT ON COLUMN booking.opt_outs.org_id IS 'The organization whose messages are not wanted.';
COMMENT ON COLUMN booking.opt_outs.phone IS 'E.164.';
COMMENT ON COLUMN booking.opt_outs.created_at IS 'Since when.';
COMMENT ON POLICY opt_outs_of_tenant ON booking.opt_outs IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.opt_outs', '');

-- The outside accounts of an organization. What is secret is sealed by the courier, with a key that the database never sees.
CREATE TABLE booking.integrations (
    org_id           uuid        NOT NULL REFERENCES booking.organizations (org_id),
    provider         text        NOT NULL,
    connected        boolean     NOT NULL DEFAULT false,
    last_checked_at  timestamptz,
    problem          text,
    settings         jsonb       NOT NULL DEFAULT '{}' CHECK (
        pg_catalog.jsonb_typeof(settings) = 'object' AND CASE pg_catalog.jsonb_typeof(settings -> 'per_second')
            WHEN 'number' THEN (settings ->> 'per_second')::float8 BETWEEN 0.01 AND 1000 ELSE settings -> 'per_second' IS NULL END),
    key_id           text,
    nonce            bytea       CHECK (pg_catalog.octet_length(nonce) = 12),
    ciphertext       bytea       CHECK (pg_catalog.octet_length(ciphertext) BETWEEN 16 AND 65536),
    version          bigint      NOT NULL DEFAULT 1,
    expires_at       timestamptz,
    refreshing_until timestamptz,
    next_send_at     timestamptz CHECK (
        next_send_at >= TIMESTAMPTZ '1000-01-01 00:00:00+00' AND next_send_at < TIMESTAMPTZ '10000-01-01 00:00:00+00'),
    created_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at       timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, provider),
    CONSTRAINT integrations_provider_is_known CHECK (provider IN ('twilio', 'google', 'vapi')),
    CONSTRAINT integrations_secrets_are_whole CHECK (
        (key_id IS NULL) = (ciphertext IS NULL) AND (nonce IS NULL) = (ciphertext IS NULL)),
    CONSTRAINT integrations_connected_have_secrets CHECK (NOT connected OR ciphertext IS NOT NULL)
);

ALTER TABLE booking.integrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY integrations_of_tenant ON booking.integrations USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.integrations IS
    'Accounts with outside services. Written by connect_integration, replace_secret, integration_checked and disconnect_integration; readable columns: org_id, provider, connected, last_checked_at, problem, settings.';
COMMENT ON COLUMN booking.integrations.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.integrations.provider IS 'twilio, google or vapi: lower case, by constraint.';
COMMENT ON COLUMN booking.integrations.connected IS 'Whether the service took the credentials when they were last used.';
COMMENT ON COLUMN booking.integrations.last_checked_at IS 'When they were last used or tried.';
COMMENT ON COLUMN booking.integrations.problem IS 'What is wrong with it, in words; NULL: nothing.';
COMMENT ON COLUMN booking.integrations.settings IS 'What is not secret. Of twilio: sender and per_second.';
COMMENT ON COLUMN booking.integrations.key_id IS 'The name of the key that sealed the secret; the key itself is the courier''s.';
COMMENT ON COLUMN booking.integrations.nonce IS 'The nonce of AES-256-GCM.';
COMMENT ON COLUMN booking.integrations.ciphertext IS 'The sealed secret; NULL once it was disconnected.';
COMMENT ON COLUMN booking.integrations.version IS 'Rises with every new secret. Who has an old one cannot write.';
COMMENT ON COLUMN booking.integrations.expires_at IS 'When the access that is in the secret ends; NULL: not by time.';
COMMENT ON COLUMN booking.integrations.refreshing_until IS 'Until then one courier, and no other, gets a new secret.';
COMMENT ON COLUMN booking.integrations.next_send_at IS 'When the sender may send its next message.';
COMMENT ON COLUMN booking.integrations.created_at IS 'When it was first connected.';
COMMENT ON COLUMN booking.integrations.updated_at IS 'When anything about it last changed.';
COMMENT ON CONSTRAINT integrations_provider_is_known ON booking.integrations IS 'One spelling for each provider, so that nobody looks for another.';
COMMENT ON POLICY integrations_of_tenant ON booking.integrations IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.integrations', '');

-- The event of an appointment in the outside calendar. Who deletes one there uses its id up: another generation follows, under
-- another id, and so it does where the appointment goes to another calendar.
CREATE TABLE booking.calendar_events (
    org_id         uuid        NOT NULL,
    appointment_id uuid        NOT NULL,
    generation     integer     NOT NULL CHECK (generation >= 1),
    calendar_id    text        NOT NULL CHECK (calendar_id <> ''),
    event_id       text        NOT NULL CHECK (event_id ~ '^[a-v0-9]+$' AND pg_catalog.length(event_id) BETWEEN 5 AND 1024),
    state          text        NOT NULL CHECK (state IN ('wanted', 'present', 'unwanted', 'gone', 'dry_run')),
    starts_at      timestamptz,
    ends_at        timestamptz,
    etag           text,
    changed_at     timestamptz,
    seen           bigint,
    flag           text        CHECK (flag IN ('moved', 'deleted')),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, appointment_id, generation),
    CONSTRAINT calendar_events_ids_are_used_once UNIQUE (org_id, event_id)
);

ALTER TABLE booking.calendar_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY calendar_events_of_tenant ON booking.calendar_events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.calendar_events IS
    'The events of appointments in outside calendars. Written by claim_events, finish_event and calendar_event_changed; readable columns: org_id, appointment_id, calendar_id, event_id, state, flag.';
COMMENT ON COLUMN booking.calendar_events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.calendar_events.appointment_id IS 'The appointment.';
COMMENT ON COLUMN booking.calendar_events.generation IS 'Which of its events: 1, and one more for each that followed.';
COMMENT ON COLUMN booking.calendar_events.calendar_id IS 'The calendar, as the provider calls it.';
COMMENT ON COLUMN booking.calendar_events.event_id IS 'The event, as we call it there: the appointment''s id without hyphens, a letter, and the generation.';
COMMENT ON COLUMN booking.calendar_events.state IS
    'wanted: to be written; present: written; unwanted: to be deleted; gone: deleted, by us or by somebody there; dry_run: written to a log only.';
COMMENT ON COLUMN booking.calendar_events.starts_at IS 'The start that was last written.';
COMMENT ON COLUMN booking.calendar_events.ends_at IS 'The end that was last written.';
COMMENT ON COLUMN booking.calendar_events.etag IS 'The provider''s mark of what was last written.';
COMMENT ON COLUMN booking.calendar_events.changed_at IS 'When that was, by the provider''s clock: what it tells of an earlier state is no news.';
COMMENT ON COLUMN booking.calendar_events.seen IS 'The lease under which it was last seen there: what a whole reading does not see is deleted.';
COMMENT ON COLUMN booking.calendar_events.flag IS
    'moved or deleted: somebody did that there, and the appointment has not followed; NULL: it agrees.';
COMMENT ON COLUMN booking.calendar_events.created_at IS 'When it was first wanted.';
COMMENT ON COLUMN booking.calendar_events.updated_at IS 'When anything about it last changed.';
COMMENT ON POLICY calendar_events_of_tenant ON booking.calendar_events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.calendar_events', '');

-- The outside calendars that are read for when somebody is away, and how far they have been read.
CREATE TABLE booking.calendars (
    org_id              uuid        NOT NULL,
    calendar_id         text        NOT NULL CHECK (calendar_id <> ''),
    sync_token          text,
    next_sync_at        timestamptz NOT NULL DEFAULT pg_catalog.now() CHECK (pg_catalog.isfinite(next_sync_at)),
    synced_at           timestamptz,
    full_sync_at        timestamptz,
    attempts            integer     NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 1000000),
    problem             text,
    lease               bigint      NOT NULL DEFAULT 0 CHECK (lease BETWEEN 0 AND 4611686018427387904),
    leased_by           text,
    leased_until        timestamptz,
    claimed_at          timestamptz,
    is_whole            boolean     NOT NULL DEFAULT false,
    is_used             boolean     NOT NULL DEFAULT true,
    channel_id          text,
    channel_resource_id text,
    channel_expires_at  timestamptz,
    created_at          timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, calendar_id)
);

CREATE INDEX calendars_due ON booking.calendars (org_id, next_sync_at);

ALTER TABLE booking.calendars ENABLE ROW LEVEL SECURITY;
CREATE POLICY calendars_of_tenant ON booking.calendars USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.calendars IS
    'Outside calendars and how far they have been read. Written by set_calendar, set_resource_calendar, claim_syncs, finish_sync and fail_sync; readable columns: org_id, calendar_id, synced_at, problem.';
COMMENT ON COLUMN booking.calendars.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.calendars.calendar_id IS 'The calendar, as the provider calls it.';
COMMENT ON COLUMN booking.calendars.sync_token IS 'Where reading goes on; NULL: from the beginning.';
COMMENT ON COLUMN booking.calendars.next_sync_at IS 'When it is read next.';
COMMENT ON COLUMN booking.calendars.synced_at IS 'When it was last read.';
COMMENT ON COLUMN booking.calendars.full_sync_at IS 'When it was last read from the beginning.';
COMMENT ON COLUMN booking.calendars.attempts IS 'How often reading it has failed since it last went well.';
COMMENT ON COLUMN booking.calendars.problem IS 'Why it could not be read; NULL: it could.';
COMMENT ON COLUMN booking.calendars.lease IS 'Rises with every claim. Only the holder of the latest can write what it reads.';
COMMENT ON COLUMN booking.calendars.leased_by IS 'The courier that reads it, or last did.';
COMMENT ON COLUMN booking.calendars.leased_until IS 'Until when nobody else does; NULL: nobody does.';
COMMENT ON COLUMN booking.calendars.claimed_at IS 'When it was last claimed: what was written before is what the reading can show.';
COMMENT ON COLUMN booking.calendars.is_whole IS 'Whether it is being read from the beginning, or last was.';
COMMENT ON COLUMN booking.calendars.is_used IS 'Whether it is that of a resource at present. The row stays in any case, so that its leases go on rising.';
COMMENT ON COLUMN booking.calendars.channel_id IS 'The channel by which the provider tells of changes; NULL: it is only asked.';
COMMENT ON COLUMN booking.calendars.channel_resource_id IS 'What the provider calls what it watches.';
COMMENT ON COLUMN booking.calendars.channel_expires_at IS 'When the channel ends; a new one is opened before.';
COMMENT ON COLUMN booking.calendars.created_at IS 'When it was first to be read.';
COMMENT ON INDEX booking.calendars_due IS 'What is to be read next.';
COMMENT ON POLICY calendars_of_tenant ON booking.calendars IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.calendars', '');

-- The transaction that writes, for the columns below and for nothing else. It is no immutable function: it is declared one because
-- only such a function may generate a column, and nothing keeps its result for longer than the statement that stores it.
CREATE FUNCTION booking.writing_transaction() RETURNS xid8
    LANGUAGE internal IMMUTABLE AS 'pg_current_xact_id';

-- What has happened, for whoever asks later. Rows are only added, until purge.
CREATE TABLE booking.events (
    org_id         uuid        NOT NULL,
    id             uuid        NOT NULL,
    at             timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    kind           text        NOT NULL CHECK (kind ~ '^[a-z][a-z_]{2,63}$'),
    appointment_id uuid,
    -- Short as a text: whoever follows the history holds some hundreds of them in memory, of whatever organization, and a number
    -- of some bytes can have a hundred thousand digits.
    detail         jsonb       NOT NULL DEFAULT '{}'
        CHECK (pg_catalog.jsonb_typeof(detail) = 'object' AND pg_catalog.octet_length(detail::text) <= 8192),
    -- Generated, so that it is not dumped: in another cluster it is the transaction that restores the row.
    tx             xid8        NOT NULL GENERATED ALWAYS AS (booking.writing_transaction()) STORED,
    PRIMARY KEY (org_id, id),
    -- Streams write the kind as the name of what they tell. These are their own words, and what browsers call what befalls a connection:
    -- an event of that kind would end the streams of everybody who follows the organization.
    CONSTRAINT events_are_no_words_of_streams CHECK (
        kind !~ '^(closing|error|expired|forbidden|message|open|position|reset|slow)$')
);

CREATE INDEX events_by_transaction ON booking.events (org_id, tx);
CREATE INDEX events_of_appointment ON booking.events (org_id, appointment_id) WHERE appointment_id IS NOT NULL;

ALTER TABLE booking.events ENABLE ROW LEVEL SECURITY;
CREATE POLICY events_of_tenant ON booking.events USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.events IS
    'The history of an organization: its appointments, messages, calendars, accounts and follow-ups, each event written in the transaction in which it happens. read_events reads it so that nothing is missed; readable columns: org_id, id, at, kind, appointment_id, detail. No names, numbers or texts of patients.';
COMMENT ON COLUMN booking.events.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.events.id IS 'Within the organization; a uuid of version 7, so in order of creation.';
COMMENT ON COLUMN booking.events.at IS 'When it happened.';
COMMENT ON COLUMN booking.events.kind IS
    'Of appointments: booked, held, hold_confirmed, hold_released, hold_expired, moved, cancelled, status_changed, verified, verification_failed. Of messages: message_sent, message_delivered, message_failed, message_uncertain, message_dry_run, message_not_configured; patient_cancelled, patient_confirmed, patient_opted_out, patient_opted_in. Of events in the outside calendar: event_written, event_removed, event_failed, event_not_configured; event_moved, event_deleted, event_restored: somebody changed one. Of accounts: integration_connected, integration_disconnected, integration_lost, integration_restored. follow_up_created, follow_up_closed; contact_erased, organization_cleaned.';
COMMENT ON COLUMN booking.events.appointment_id IS 'The appointment that it is about, if it is about one.';
COMMENT ON COLUMN booking.events.detail IS
    'What else there is to say about it. Of what is done to an appointment: startsAt, endsAt (UTC), resourceId, serviceType, status, by (the role; at the board of a worker of all organizations, that of the token), user (the subject of a verified token, where it is an id), via (voice_agent, patient, calendar, erasure); from and to of a move (starts) and of a status. Of a job: jobId, message (its kind), messageId, eventId, attempt, outcome, code, state. 8 kB at most.';
COMMENT ON COLUMN booking.events.tx IS 'The transaction that wrote it, for read_events: it says whether a reader has seen the event.';
COMMENT ON INDEX booking.events_by_transaction IS 'What a reader has not seen yet.';
COMMENT ON INDEX booking.events_of_appointment IS 'The history of an appointment.';
COMMENT ON POLICY events_of_tenant ON booking.events IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.events', '');

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

-- The couriers that are at work.
CREATE TABLE booking.workers (
    org_id       uuid        NOT NULL,
    id           text        NOT NULL,
    version      text,
    state        jsonb       NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(state) = 'object'),
    started_at   timestamptz NOT NULL DEFAULT pg_catalog.now(),
    last_seen_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    stopped_at   timestamptz,
    PRIMARY KEY (org_id, id)
);

ALTER TABLE booking.workers ENABLE ROW LEVEL SECURITY;
CREATE POLICY workers_of_tenant ON booking.workers USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.workers IS 'The couriers: who is at work, and when it was last heard of. Written by worker_heartbeat.';
COMMENT ON COLUMN booking.workers.org_id IS 'The organization that it works for; 00000000-0000-0000-0000-000000000000: for all.';
COMMENT ON COLUMN booking.workers.id IS 'What it calls itself.';
COMMENT ON COLUMN booking.workers.version IS 'The version of its program.';
COMMENT ON COLUMN booking.workers.state IS 'What it says about itself.';
COMMENT ON COLUMN booking.workers.started_at IS 'When it was first heard of.';
COMMENT ON COLUMN booking.workers.last_seen_at IS 'When it was last heard of.';
COMMENT ON COLUMN booking.workers.stopped_at IS 'When it said goodbye; NULL: it did not.';
COMMENT ON POLICY workers_of_tenant ON booking.workers IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.workers', '');

-- How an organization's voice agent is set up. Apart from the organization itself, whose row every booking reads.
CREATE TABLE booking.voice_agents (
    org_id         uuid        NOT NULL PRIMARY KEY REFERENCES booking.organizations (org_id),
    assistant_id   text        CHECK (assistant_id <> ''),
    assistant_name text        CHECK (assistant_name <> ''),
    prompt         text,
    phone_number   text        CHECK (phone_number ~ '^\+[1-9][0-9]{6,14}$'),
    server_url     text        CHECK (server_url ~ '^https?://'),
    credential_id  text        CHECK (credential_id <> ''),
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now()
);

ALTER TABLE booking.voice_agents ENABLE ROW LEVEL SECURITY;
CREATE POLICY voice_agents_of_tenant ON booking.voice_agents USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.voice_agents IS
    'The voice agent of an organization. Written by set_voice_agent; readable columns: all.';
COMMENT ON COLUMN booking.voice_agents.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.voice_agents.assistant_id IS 'The assistant, as Vapi calls it. A message that names no organization is of the one that has its assistant.';
COMMENT ON COLUMN booking.voice_agents.assistant_name IS 'What the assistant calls itself.';
COMMENT ON COLUMN booking.voice_agents.prompt IS 'The organization''s own words for its assistant; enforced_system_prompt puts the rules before them.';
COMMENT ON COLUMN booking.voice_agents.phone_number IS 'The number that is called, E.164. A message that names neither organization nor assistant is of the one that has it.';
COMMENT ON COLUMN booking.voice_agents.server_url IS 'Where Vapi sends its messages; NULL: to the courier that registers the tools.';
COMMENT ON COLUMN booking.voice_agents.credential_id IS 'The credential with which Vapi signs them, as Vapi calls it.';
COMMENT ON COLUMN booking.voice_agents.created_at IS 'When it was first set up.';
COMMENT ON COLUMN booking.voice_agents.updated_at IS 'When it was last set up.';
COMMENT ON POLICY voice_agents_of_tenant ON booking.voice_agents IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.voice_agents', '');

-- The tools that are registered with Vapi for an organization. One that is not here is one that no assistant can call.
CREATE TABLE booking.org_tools (
    org_id        uuid        NOT NULL REFERENCES booking.organizations (org_id),
    name          text        NOT NULL CHECK (name ~ '^[a-zA-Z0-9_-]{1,64}$'),
    tool_id       text        NOT NULL CHECK (tool_id <> ''),
    registered_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    created_at    timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, name)
);

ALTER TABLE booking.org_tools ENABLE ROW LEVEL SECURITY;
CREATE POLICY org_tools_of_tenant ON booking.org_tools USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.org_tools IS
    'The tools of an organization as they are registered with Vapi. Written by tool_registered; readable columns: org_id, name, tool_id.';
COMMENT ON COLUMN booking.org_tools.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.org_tools.name IS 'The name that a model calls it by.';
COMMENT ON COLUMN booking.org_tools.tool_id IS 'The tool, as Vapi calls it.';
COMMENT ON COLUMN booking.org_tools.registered_at IS 'When it was last brought into line.';
COMMENT ON COLUMN booking.org_tools.created_at IS 'When it was first registered.';
COMMENT ON POLICY org_tools_of_tenant ON booking.org_tools IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.org_tools', '');

-- The phone calls that a voice agent has had: what its messages tell, in whatever order they come.
CREATE TABLE booking.call_logs (
    org_id         uuid        NOT NULL REFERENCES booking.organizations (org_id),
    call_id        text        NOT NULL CHECK (call_id <> ''),
    contact_id     uuid,
    appointment_id uuid,
    kind           text,
    status         text,
    status_at      timestamptz,
    caller_phone   text        CHECK (caller_phone ~ '^\+[1-9][0-9]{6,14}$'),
    called_phone   text,
    assistant_id   text,
    started_at     timestamptz,
    ended_at       timestamptz,
    ended_reason   text,
    cost           numeric,
    transcript     text,
    summary        text,
    recording_url  text,
    analysis       jsonb,
    erased_at      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    updated_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    contact_ids    uuid[]      NOT NULL DEFAULT '{}',
    PRIMARY KEY (org_id, call_id)
);

CREATE INDEX call_logs_of_contact ON booking.call_logs (org_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX call_logs_of_caller ON booking.call_logs (org_id, caller_phone) WHERE caller_phone IS NOT NULL;

ALTER TABLE booking.call_logs ENABLE ROW LEVEL SECURITY;
CREATE POLICY call_logs_of_tenant ON booking.call_logs USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.call_logs IS
    'Phone calls with the voice agent. Written by vapi_message; readable columns: org_id, call_id, contact_id, transcript, summary.';
COMMENT ON COLUMN booking.call_logs.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.call_logs.call_id IS 'The call, as Vapi calls it.';
COMMENT ON COLUMN booking.call_logs.contact_id IS 'Whom it was about: of contact_ids the last, or else the contact who called.';
COMMENT ON COLUMN booking.call_logs.appointment_id IS 'The appointment that was last booked, moved or cancelled in it.';
COMMENT ON COLUMN booking.call_logs.kind IS 'In Vapi''s word, as inboundPhoneCall or webCall.';
COMMENT ON COLUMN booking.call_logs.status IS 'In Vapi''s word, as in-progress or ended. What has ended stays so.';
COMMENT ON COLUMN booking.call_logs.status_at IS 'When it became so.';
COMMENT ON COLUMN booking.call_logs.caller_phone IS 'The number that the person called from, E.164.';
COMMENT ON COLUMN booking.call_logs.called_phone IS 'The number that was called.';
COMMENT ON COLUMN booking.call_logs.assistant_id IS 'The assistant, as Vapi calls it.';
COMMENT ON COLUMN booking.call_logs.started_at IS 'When it began.';
COMMENT ON COLUMN booking.call_logs.ended_at IS 'When it ended.';
COMMENT ON COLUMN booking.call_logs.ended_reason IS 'Why it ended, in Vapi''s words.';
COMMENT ON COLUMN booking.call_logs.cost IS 'What Vapi has billed for it, in US dollars.';
COMMENT ON COLUMN booking.call_logs.transcript IS 'What was said.';
COMMENT ON COLUMN booking.call_logs.summary IS 'What it came to.';
COMMENT ON COLUMN booking.call_logs.recording_url IS 'Where the recording is; to fetch it may need an account.';
COMMENT ON COLUMN booking.call_logs.analysis IS 'What else Vapi has made of it.';
COMMENT ON COLUMN booking.call_logs.erased_at IS 'When a person was taken out of it; nothing that names one is kept from then on.';
COMMENT ON COLUMN booking.call_logs.created_at IS 'When it was first told of.';
COMMENT ON COLUMN booking.call_logs.updated_at IS 'When it was last told of.';
COMMENT ON COLUMN booking.call_logs.contact_ids IS 'Every contact whose appointments were looked up, booked, moved or cancelled in it, or for whom a message was left.';
COMMENT ON INDEX booking.call_logs_of_contact IS 'The calls of one person.';
COMMENT ON INDEX booking.call_logs_of_caller IS 'The calls from one number.';
COMMENT ON POLICY call_logs_of_tenant ON booking.call_logs IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.call_logs', '');

-- What a voice agent has told that nothing here reads: kept whole, so that nothing is lost by being new.
CREATE TABLE booking.call_messages (
    org_id      uuid        NOT NULL REFERENCES booking.organizations (org_id),
    id          uuid        NOT NULL,
    call_id     text,
    type        text        NOT NULL,
    body        jsonb       NOT NULL,
    received_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (org_id, id)
);

CREATE INDEX call_messages_of_call ON booking.call_messages (org_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX call_messages_by_time ON booking.call_messages (org_id, received_at);

ALTER TABLE booking.call_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY call_messages_of_tenant ON booking.call_messages USING (org_id = booking.current_org_id());

COMMENT ON TABLE booking.call_messages IS
    'Messages of the voice agent of types that nothing here reads. Written by vapi_message; readable columns: all.';
COMMENT ON COLUMN booking.call_messages.org_id IS 'The organization it belongs to.';
COMMENT ON COLUMN booking.call_messages.id IS 'Within the organization; a uuid of version 7, so in order of coming.';
COMMENT ON COLUMN booking.call_messages.call_id IS 'The call, as Vapi calls it, where the message is of one.';
COMMENT ON COLUMN booking.call_messages.type IS 'Its type, in Vapi''s word; empty where it has none that can be read.';
COMMENT ON COLUMN booking.call_messages.body IS 'The whole message.';
COMMENT ON COLUMN booking.call_messages.received_at IS 'When it came.';
COMMENT ON INDEX booking.call_messages_of_call IS 'What was told of one call.';
COMMENT ON INDEX booking.call_messages_by_time IS 'What purge deletes.';
COMMENT ON POLICY call_messages_of_tenant ON booking.call_messages IS
    'A session sees and writes the rows of its own organization, booking.current_org_id().';

SELECT pg_catalog.pg_extension_config_dump('booking.call_messages', '');

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

CREATE FUNCTION booking.agenda(
    "p_org_id" uuid,
    "p_from" date DEFAULT NULL,
    "p_days" INT DEFAULT 1
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'agenda_wrapper';

CREATE FUNCTION booking.apply_calendar_changes(
    "p_org_id" uuid,
    "p_calendar_id" TEXT,
    "p_lease" bigint,
    "p_items" jsonb
) RETURNS jsonb
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'apply_calendar_changes_wrapper';

CREATE FUNCTION booking.begin_refresh(
    "p_org_id" uuid,
    "p_provider" TEXT,
    "p_version" bigint,
    "p_seconds" INT DEFAULT 30
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'begin_refresh_wrapper';

CREATE FUNCTION booking.booking_answer(
    "p_org_id" uuid,
    "p_appointment_id" uuid
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'booking_answer_wrapper';

CREATE FUNCTION booking.calendar_event_changed(
    "p_org_id" uuid,
    "p_calendar_id" TEXT,
    "p_lease" bigint,
    "p_item" jsonb
) RETURNS TEXT
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'calendar_event_changed_wrapper';

CREATE FUNCTION booking.calendar_notified(
    "p_org_id" uuid,
    "p_channel_id" TEXT
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'calendar_notified_wrapper';

CREATE FUNCTION booking.cancel_job(
    "p_org_id" uuid,
    "p_job_id" uuid
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'cancel_job_wrapper';

CREATE FUNCTION booking.change_follow_up(
    "p_org_id" uuid,
    "p_follow_up_id" uuid,
    "p_state" TEXT DEFAULT NULL,
    "p_due_at" timestamp with time zone DEFAULT NULL,
    "p_owner" TEXT DEFAULT NULL,
    "p_owner_phone" TEXT DEFAULT NULL
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'change_follow_up_wrapper';

CREATE FUNCTION booking.claim_events(
    "p_worker" TEXT,
    "p_limit" INT DEFAULT 10,
    "p_lease_seconds" INT DEFAULT 60,
    "p_is_dry_run" bool DEFAULT false
) RETURNS TABLE (
    "org_id" uuid,
    "job_id" uuid,
    "lease" bigint,
    "attempt" INT,
    "appointment_id" uuid,
    "removals" jsonb,
    "calendar_id" TEXT,
    "event_id" TEXT,
    "event" jsonb,
    "is_new" bool,
    "etag" TEXT,
    "integration_version" bigint
)
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'claim_events_wrapper';

CREATE FUNCTION booking.claim_messages(
    "p_worker" TEXT,
    "p_limit" INT DEFAULT 10,
    "p_lease_seconds" INT DEFAULT 60,
    "p_is_dry_run" bool DEFAULT false
) RETURNS TABLE (
    "org_id" uuid,
    "job_id" uuid,
    "lease" bigint,
    "attempt" INT,
    "kind" TEXT,
    "message_id" uuid,
    "to_phone" TEXT,
    "body" TEXT,
    "marker" TEXT,
    "is_unsure" bool,
    "first_tried_at" timestamp with time zone,
    "former_sids" TEXT[],
    "wait_milliseconds" INT,
    "integration_version" bigint
)
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'claim_messages_wrapper';

CREATE FUNCTION booking.claim_syncs(
    "p_worker" TEXT,
    "p_limit" INT DEFAULT 1,
    "p_lease_seconds" INT DEFAULT 120
) RETURNS TABLE (
    "org_id" uuid,
    "calendar_id" TEXT,
    "lease" bigint,
    "sync_token" TEXT,
    "time_min" timestamp with time zone,
    "time_max" timestamp with time zone,
    "integration_version" bigint,
    "channel_id" TEXT,
    "channel_resource_id" TEXT,
    "channel_expires_at" timestamp with time zone
)
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'claim_syncs_wrapper';

CREATE FUNCTION booking.connect_integration(
    "p_org_id" uuid,
    "p_provider" TEXT,
    "p_key_id" TEXT,
    "p_nonce" bytea,
    "p_ciphertext" bytea,
    "p_settings" jsonb DEFAULT NULL,
    "p_expires_at" timestamp with time zone DEFAULT NULL
) RETURNS bigint
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'connect_integration_wrapper';

CREATE FUNCTION booking.contact_timeline(
    "p_org_id" uuid,
    "p_phone" TEXT
) RETURNS TABLE (
    "at" timestamp with time zone,
    "kind" TEXT,
    "summary" TEXT,
    "detail" jsonb
)
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'contact_timeline_wrapper';

CREATE FUNCTION booking.create_follow_up(
    "p_org_id" uuid,
    "p_note" TEXT,
    "p_due_at" timestamp with time zone DEFAULT NULL,
    "p_phone" TEXT DEFAULT NULL,
    "p_name" TEXT DEFAULT NULL,
    "p_owner" TEXT DEFAULT NULL,
    "p_owner_phone" TEXT DEFAULT NULL,
    "p_appointment_id" uuid DEFAULT NULL
) RETURNS uuid
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'create_follow_up_wrapper';

CREATE FUNCTION booking.disconnect_integration(
    "p_org_id" uuid,
    "p_provider" TEXT
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'disconnect_integration_wrapper';

CREATE FUNCTION booking.enforced_system_prompt(
    "p_custom_prompt" TEXT,
    "p_org_id" uuid,
    "p_assistant_name" TEXT DEFAULT NULL,
    "p_now" timestamp with time zone DEFAULT now()
) RETURNS TEXT
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'enforced_system_prompt_wrapper';

CREATE FUNCTION booking.events_position() RETURNS TEXT
STRICT STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'events_position_wrapper';

CREATE FUNCTION booking.fail_job(
    "p_org_id" uuid,
    "p_job_id" uuid,
    "p_lease" bigint,
    "p_error" TEXT,
    "p_outcome" TEXT DEFAULT 'not_done',
    "p_error_code" TEXT DEFAULT NULL,
    "p_retry_after_seconds" INT DEFAULT NULL
) RETURNS TEXT
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'fail_job_wrapper';

CREATE FUNCTION booking.fail_sync(
    "p_org_id" uuid,
    "p_calendar_id" TEXT,
    "p_lease" bigint,
    "p_error" TEXT,
    "p_retry_after_seconds" INT DEFAULT NULL,
    "p_is_token_gone" bool DEFAULT false
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'fail_sync_wrapper';

CREATE FUNCTION booking.finish_event(
    "p_org_id" uuid,
    "p_job_id" uuid,
    "p_lease" bigint,
    "p_event_id" TEXT DEFAULT NULL,
    "p_etag" TEXT DEFAULT NULL,
    "p_changed_at" timestamp with time zone DEFAULT NULL,
    "p_removed" TEXT[] DEFAULT '{}',
    "p_is_dry_run" bool DEFAULT false
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'finish_event_wrapper';

CREATE FUNCTION booking.finish_message(
    "p_org_id" uuid,
    "p_job_id" uuid,
    "p_lease" bigint,
    "p_provider_sid" TEXT DEFAULT NULL,
    "p_status" TEXT DEFAULT 'queued'
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'finish_message_wrapper';

CREATE FUNCTION booking.finish_sync(
    "p_org_id" uuid,
    "p_calendar_id" TEXT,
    "p_lease" bigint,
    "p_sync_token" TEXT
) RETURNS jsonb
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'finish_sync_wrapper';

CREATE FUNCTION booking.integration_checked(
    "p_org_id" uuid,
    "p_provider" TEXT,
    "p_version" bigint,
    "p_problem" TEXT DEFAULT NULL,
    "p_is_lost" bool DEFAULT false
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'integration_checked_wrapper';

CREATE FUNCTION booking.is_as_seen(
    "p_org_id" uuid,
    "p_appointment_id" uuid,
    "p_starts_at" timestamp with time zone,
    "p_resource_id" uuid,
    "p_status" TEXT
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'is_as_seen_wrapper';

CREATE FUNCTION booking.lost_event(
    "p_org_id" uuid,
    "p_job_id" uuid,
    "p_lease" bigint,
    "p_event_id" TEXT
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'lost_event_wrapper';

CREATE FUNCTION booking.message_status(
    "p_org_id" uuid,
    "p_provider_sid" TEXT,
    "p_status" TEXT,
    "p_error_code" TEXT DEFAULT NULL,
    "p_message_id" uuid DEFAULT NULL
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'message_status_wrapper';

CREATE FUNCTION booking.pause_couriers(
    "p_org_id" uuid,
    "p_is_paused" bool DEFAULT true
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'pause_couriers_wrapper';

CREATE FUNCTION booking.preview_message(
    "p_org_id" uuid,
    "p_kind" TEXT,
    "p_language" TEXT DEFAULT 'en'
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'preview_message_wrapper';

CREATE FUNCTION booking.read_events(
    "p_org_id" uuid,
    "p_after" TEXT DEFAULT NULL,
    "p_limit" INT DEFAULT 500
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'read_events_wrapper';

CREATE FUNCTION booking.read_events_of(
    "p_org_ids" uuid[],
    "p_after" TEXT,
    "p_until" TEXT DEFAULT NULL,
    "p_limit" INT DEFAULT 1000
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'read_events_of_wrapper';

CREATE FUNCTION booking.receive_message(
    "p_org_id" uuid,
    "p_from" TEXT,
    "p_to" TEXT,
    "p_body" TEXT,
    "p_provider_sid" TEXT,
    "p_opt_out_type" TEXT DEFAULT NULL
) RETURNS json
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'receive_message_wrapper';

CREATE FUNCTION booking.replace_secret(
    "p_org_id" uuid,
    "p_provider" TEXT,
    "p_version" bigint,
    "p_key_id" TEXT,
    "p_nonce" bytea,
    "p_ciphertext" bytea,
    "p_expires_at" timestamp with time zone DEFAULT NULL
) RETURNS bigint
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'replace_secret_wrapper';

CREATE FUNCTION booking.requeue_job(
    "p_org_id" uuid,
    "p_job_id" uuid
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'requeue_job_wrapper';

CREATE FUNCTION booking.set_calendar(
    "p_org_id" uuid,
    "p_is_on" bool,
    "p_flow" TEXT DEFAULT 'async',
    "p_on_change" TEXT DEFAULT 'flag',
    "p_calendar_id" TEXT DEFAULT 'primary',
    "p_verify_seconds" INT DEFAULT 120
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_calendar_wrapper';

CREATE FUNCTION booking.set_follow_ups(
    "p_org_id" uuid,
    "p_owner" TEXT DEFAULT NULL,
    "p_owner_phone" TEXT DEFAULT NULL,
    "p_due_minutes" INT DEFAULT 60
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_follow_ups_wrapper';

CREATE FUNCTION booking.set_message_template(
    "p_org_id" uuid,
    "p_kind" TEXT,
    "p_body" TEXT,
    "p_language" TEXT DEFAULT 'en'
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_message_template_wrapper';

CREATE FUNCTION booking.set_messaging(
    "p_org_id" uuid,
    "p_is_on" bool,
    "p_reminder_minutes" INT[] DEFAULT '{1440,120}',
    "p_language" TEXT DEFAULT 'en'
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_messaging_wrapper';

CREATE FUNCTION booking.set_resource_calendar(
    "p_org_id" uuid,
    "p_resource_id" uuid,
    "p_calendar_id" TEXT
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_resource_calendar_wrapper';

CREATE FUNCTION booking.set_voice_agent(
    "p_org_id" uuid,
    "p_assistant_id" TEXT DEFAULT NULL,
    "p_assistant_name" TEXT DEFAULT NULL,
    "p_prompt" TEXT DEFAULT NULL,
    "p_phone_number" TEXT DEFAULT NULL,
    "p_server_url" TEXT DEFAULT NULL,
    "p_credential_id" TEXT DEFAULT NULL
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'set_voice_agent_wrapper';

CREATE FUNCTION booking.tool_registered(
    "p_org_id" uuid,
    "p_name" TEXT,
    "p_tool_id" TEXT
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'tool_registered_wrapper';

CREATE FUNCTION booking.update_resource(
    "p_org_id" uuid,
    "p_resource_id" uuid,
    "p_name" TEXT DEFAULT NULL,
    "p_capacity" INT DEFAULT NULL
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'update_resource_wrapper';

CREATE FUNCTION booking.update_service(
    "p_org_id" uuid,
    "p_service" TEXT,
    "p_name" TEXT DEFAULT NULL,
    "p_duration_minutes" INT DEFAULT NULL,
    "p_buffer_before_minutes" INT DEFAULT NULL,
    "p_buffer_after_minutes" INT DEFAULT NULL,
    "p_slot_step_minutes" INT DEFAULT NULL,
    "p_min_notice_minutes" INT DEFAULT NULL,
    "p_horizon_days" INT DEFAULT NULL,
    "p_daily_limit" INT DEFAULT NULL,
    "p_resource_ids" uuid[] DEFAULT NULL,
    "p_slot_anchor" TEXT DEFAULT NULL
) RETURNS void
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'update_service_wrapper';

CREATE FUNCTION booking.vapi_message(json) RETURNS json
    STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'vapi_message_wrapper';

CREATE FUNCTION booking.voice_agent(
    "p_org_id" uuid
) RETURNS json
STABLE
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'voice_agent_wrapper';

CREATE FUNCTION booking.voice_organization(p_message json) RETURNS uuid
    STABLE STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'voice_organization_wrapper';

CREATE FUNCTION booking.voice_pending(p_message json) RETURNS boolean
    STABLE STRICT LANGUAGE c SET search_path TO pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'voice_pending_wrapper';

CREATE FUNCTION booking.watch_calendar(
    "p_org_id" uuid,
    "p_calendar_id" TEXT,
    "p_lease" bigint,
    "p_channel_id" TEXT,
    "p_channel_resource_id" TEXT,
    "p_expires_at" timestamp with time zone
) RETURNS bool
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'watch_calendar_wrapper';

CREATE FUNCTION booking.worker_heartbeat(
    "p_worker" TEXT,
    "p_version" TEXT DEFAULT NULL,
    "p_state" jsonb DEFAULT '{}',
    "p_is_leaving" bool DEFAULT false
) RETURNS json
SET search_path TO pg_catalog, pg_temp
LANGUAGE c
AS 'MODULE_PATHNAME', 'worker_heartbeat_wrapper';

REVOKE ALL ON FUNCTION
    booking.agenda,
    booking.apply_calendar_changes,
    booking.begin_refresh,
    booking.booking_answer,
    booking.calendar_event_changed,
    booking.calendar_notified,
    booking.cancel_job,
    booking.change_follow_up,
    booking.claim_events,
    booking.claim_messages,
    booking.claim_syncs,
    booking.connect_integration,
    booking.contact_timeline,
    booking.create_follow_up,
    booking.disconnect_integration,
    booking.enforced_system_prompt,
    booking.events_position,
    booking.fail_job,
    booking.fail_sync,
    booking.finish_event,
    booking.finish_message,
    booking.finish_sync,
    booking.integration_checked,
    booking.is_as_seen,
    booking.lost_event,
    booking.message_status,
    booking.pause_couriers,
    booking.preview_message,
    booking.read_events,
    booking.read_events_of,
    booking.receive_message,
    booking.replace_secret,
    booking.requeue_job,
    booking.set_calendar,
    booking.set_follow_ups,
    booking.set_message_template,
    booking.set_messaging,
    booking.set_resource_calendar,
    booking.set_voice_agent,
    booking.tool_registered,
    booking.update_resource,
    booking.update_service,
    booking.vapi_message,
    booking.voice_agent,
    booking.voice_organization,
    booking.voice_pending,
    booking.watch_calendar,
    booking.worker_heartbeat,
    booking.writing_transaction
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION booking.health(), booking.current_org_id(), booking.writing_transaction() TO PUBLIC;

-- What a role may do, in one call each. The functions of the extension run with the rights of their caller, so a role needs
-- those functions and what they write. Row level security holds besides: it decides which organization's rows those are.
CREATE OR REPLACE FUNCTION booking.grant_member(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role IS NULL OR p_role = 0::regrole THEN
        RAISE EXCEPTION 'p_role is no role' USING ERRCODE = '22023', HINT = 'Pass the name of a role, as ''clinic_staff''.';
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA booking TO %s', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.normalize_phone, booking.normalize_name, booking.normalize_email, booking.normalize_booking_time,
            booking.normalize_booking_data, booking.format_slots,
            booking.book_appointment_atomic, booking.book_series_atomic, booking.book_clinic_appointment,
            booking.hold_slot, booking.confirm_hold, booking.release_hold,
            booking.reschedule_appointment_atomic, booking.cancel_appointment, booking.set_appointment_status,
            booking.appointment_status, booking.is_as_seen, booking.available_slots, booking.check_availability,
            booking.find_alternatives, booking.agenda, booking.create_follow_up, booking.change_follow_up, booking.contact_timeline,
            booking.preview_message, booking.vapi_message, booking.voice_organization, booking.voice_pending,
            booking.booking_answer, booking.voice_agent, booking.enforced_system_prompt, booking.read_events,
            booking.events_position, booking.health, booking.current_org_id
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.idempotency_keys,
            booking.message_templates, booking.outbox, booking.messages, booking.opt_outs, booking.calendars,
            booking.calendar_events, booking.events, booking.purged_events, booking.follow_ups, booking.workers,
            booking.voice_agents, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    -- What is sealed is for couriers, and for whoever takes it away.
    EXECUTE format('GRANT SELECT (org_id, provider, connected, last_checked_at, problem, settings, key_id, version, expires_at,
            next_send_at, created_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT INSERT ON booking.appointments, booking.contacts, booking.idempotency_keys, booking.call_logs,
            booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (contact_id, appointment_id, kind, status, status_at, caller_phone, called_phone, assistant_id,
            started_at, ended_at, ended_reason, cost, transcript, summary, recording_url, analysis, contact_ids, updated_at)
        ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, appointment_id, follow_up_id, run_at, deadline) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, appointment_id, detail) ON booking.events TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, id, kind, note, name, phone, contact_id, appointment_id, call_id, owner, owner_phone, due_at),
            UPDATE (state, owner, owner_phone, due_at, closed_at)
        ON booking.follow_ups TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, run_at, deadline, finished_at) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, email, updated_at) ON booking.contacts TO %s', p_role);
    EXECUTE format('GRANT UPDATE (response) ON booking.idempotency_keys TO %s', p_role);
    -- Neither whose organization an appointment is nor what it is called can be changed.
    EXECUTE format('GRANT UPDATE (resource_id, seat, contact_id, patient_name, service_id, starts_at, ends_at, blocked,
            status, expires_at, limit_day, limit_place, cancelled_at, cancel_reason)
        ON booking.appointments TO %s', p_role);
END
$$;

CREATE OR REPLACE FUNCTION booking.grant_backend(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM booking.grant_member(p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.create_organization, booking.create_resource, booking.create_service,
            booking.update_resource, booking.update_service,
            booking.set_opening_hours, booking.set_date_override, booking.add_busy_block, booking.remove_busy_block,
            booking.set_message_template, booking.set_messaging, booking.set_follow_ups, booking.set_calendar,
            booking.set_resource_calendar,
            booking.pause_couriers, booking.requeue_job, booking.cancel_job, booking.disconnect_integration,
            booking.set_voice_agent, booking.tool_registered, booking.purge, booking.erase_contact, booking.clean_organization
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.message_templates, booking.voice_agents, booking.org_tools,
            booking.purged_events
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON
            booking.service_resources, booking.opening_hours, booking.closures, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.message_templates, booking.outbox, booking.messages,
            booking.opt_outs, booking.calendars, booking.calendar_events, booking.events, booking.purged_events,
            booking.follow_ups, booking.workers, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT UPDATE (assistant_id, assistant_name, prompt, phone_number, server_url, credential_id, updated_at)
        ON booking.voice_agents TO %s', p_role);
    EXECUTE format('GRANT UPDATE (tool_id, registered_at) ON booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (erased_at) ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT INSERT (org_id, calendar_id), UPDATE (sync_token, next_sync_at, lease, leased_until, is_used,
            channel_id, channel_resource_id, channel_expires_at)
        ON booking.calendars TO %s', p_role);
    EXECUTE format('GRANT SELECT (ciphertext, nonce), UPDATE (connected, problem, key_id, nonce, ciphertext, version, expires_at,
            refreshing_until, next_send_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (settings) ON booking.organizations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (attempts, last_error, errors) ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (from_phone, to_phone, body) ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (body, updated_at) ON booking.message_templates TO %s', p_role);
    EXECUTE format('GRANT UPDATE (metadata, erased_at) ON booking.appointments TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, capacity, calendar_id) ON booking.resources TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, name_key, duration_minutes, buffer_before_minutes, buffer_after_minutes,
            slot_step_minutes, slot_anchor, min_notice_minutes, horizon_days, daily_limit)
        ON booking.services TO %s', p_role);
END
$$;

CREATE OR REPLACE FUNCTION booking.grant_worker(p_role regrole) RETURNS void
    LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp
AS $$
BEGIN
    IF p_role IS NULL OR p_role = 0::regrole THEN
        RAISE EXCEPTION 'p_role is no role' USING ERRCODE = '22023', HINT = 'Pass the name of a role, as ''courier''.';
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA booking TO %s', p_role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION
            booking.format_slots, booking.reschedule_appointment_atomic, booking.cancel_appointment,
            booking.set_appointment_status, booking.appointment_status, booking.is_as_seen,
            booking.add_busy_block, booking.remove_busy_block,
            booking.claim_messages, booking.finish_message, booking.fail_job, booking.message_status,
            booking.receive_message, booking.requeue_job, booking.cancel_job,
            booking.claim_events, booking.finish_event, booking.lost_event,
            booking.claim_syncs, booking.apply_calendar_changes, booking.calendar_event_changed, booking.finish_sync,
            booking.fail_sync, booking.watch_calendar, booking.calendar_notified,
            booking.connect_integration, booking.disconnect_integration, booking.replace_secret, booking.begin_refresh,
            booking.integration_checked, booking.worker_heartbeat, booking.health, booking.current_org_id,
            booking.vapi_message, booking.book_clinic_appointment, booking.voice_organization, booking.voice_pending,
            booking.booking_answer, booking.voice_agent, booking.tool_registered, booking.read_events_of,
            booking.events_position, booking.agenda, booking.available_slots, booking.check_availability,
            booking.contact_timeline, booking.release_hold
        TO %s', p_role);
    EXECUTE format('GRANT SELECT ON
            booking.organizations, booking.resources, booking.services, booking.service_resources, booking.opening_hours,
            booking.closures, booking.busy_blocks, booking.contacts, booking.appointments, booking.message_templates,
            booking.outbox, booking.messages, booking.opt_outs, booking.integrations, booking.calendars,
            booking.calendar_events, booking.events, booking.purged_events, booking.follow_ups, booking.workers,
            booking.idempotency_keys, booking.voice_agents, booking.org_tools, booking.call_logs, booking.call_messages
        TO %s', p_role);
    EXECUTE format('GRANT INSERT ON
            booking.outbox, booking.messages, booking.opt_outs, booking.integrations, booking.calendars,
            booking.calendar_events, booking.events, booking.workers, booking.busy_blocks, booking.appointments,
            booking.contacts, booking.idempotency_keys, booking.org_tools, booking.call_logs, booking.call_messages,
            booking.follow_ups
        TO %s', p_role);
    EXECUTE format('GRANT DELETE ON booking.opt_outs, booking.busy_blocks, booking.calendars, booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (name, email, updated_at) ON booking.contacts TO %s', p_role);
    EXECUTE format('GRANT UPDATE (response) ON booking.idempotency_keys TO %s', p_role);
    EXECUTE format('GRANT UPDATE (tool_id, registered_at) ON booking.org_tools TO %s', p_role);
    EXECUTE format('GRANT UPDATE (contact_id, appointment_id, kind, status, status_at, caller_phone, called_phone, assistant_id,
            started_at, ended_at, ended_reason, cost, transcript, summary, recording_url, analysis, contact_ids, updated_at)
        ON booking.call_logs TO %s', p_role);
    EXECUTE format('GRANT UPDATE (settings) ON booking.organizations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, attempts, run_at, deadline, lease, leased_by, leased_until, last_error, errors, finished_at)
        ON booking.outbox TO %s', p_role);
    EXECUTE format('GRANT UPDATE (to_phone, body, segments, status, provider_sid, former_sids, error_code, updated_at)
        ON booking.messages TO %s', p_role);
    EXECUTE format('GRANT UPDATE (connected, last_checked_at, problem, settings, key_id, nonce, ciphertext, version, expires_at,
            refreshing_until, next_send_at, updated_at)
        ON booking.integrations TO %s', p_role);
    EXECUTE format('GRANT UPDATE (sync_token, next_sync_at, synced_at, full_sync_at, attempts, problem, lease, leased_by,
            leased_until, claimed_at, is_whole, is_used, channel_id, channel_resource_id, channel_expires_at)
        ON booking.calendars TO %s', p_role);
    EXECUTE format('GRANT UPDATE (state, starts_at, ends_at, etag, changed_at, seen, flag, updated_at)
        ON booking.calendar_events TO %s', p_role);
    EXECUTE format('GRANT UPDATE (version, state, started_at, last_seen_at, stopped_at) ON booking.workers TO %s', p_role);
    EXECUTE format('GRANT UPDATE (during, seen) ON booking.busy_blocks TO %s', p_role);
    -- A voice agent books through a worker, and a booking adopts the contact that somebody else has just made.
    EXECUTE format('GRANT UPDATE (resource_id, seat, contact_id, service_id, starts_at, ends_at, blocked, status, expires_at,
            limit_day, limit_place, cancelled_at, cancel_reason)
        ON booking.appointments TO %s', p_role);
END
$$;

-- What \df+ shows. Arguments, units, what comes back, which errors, where the rule stands.
COMMENT ON SCHEMA booking IS 'Appointment booking that cannot double-book. Start with booking.create_organization and booking.book_appointment_atomic.';

COMMENT ON FUNCTION booking.current_org_id() IS
    'The organization whose rows this session sees: the setting booking.org_id (superusers set it), else the org_id claim of request.jwt.claims where the login role is booking.authenticator, else NULL. Every policy calls it. Source: src/tenant.rs';

COMMENT ON FUNCTION booking.normalize_phone(text, text) IS
    'p_phone as E.164, +14155550123. Takes what people write and say: punctuation, tel:, 00 and 011, extensions (dropped), spoken digits. p_region: ISO 3166 code for numbers without a country code. Not a valid number: 22023. Source: core/src/phone';
COMMENT ON FUNCTION booking.normalize_name(text) IS
    'p_name in name case: mary-jane o''NEIL becomes Mary-Jane O''Neil; a word already in mixed case is kept. No letters, control characters, over 200 characters: 22023. Source: core/src/name';
COMMENT ON FUNCTION booking.normalize_email(text) IS
    'p_email trimmed, in lower case and checked; "john dot smith at example dot com" is understood. Not an address: 22023. Source: core/src/email';
COMMENT ON FUNCTION booking.normalize_booking_time(text, text, text, timestamptz) IS
    'The instant of a date and a time in words on the clock of p_timezone (IANA). A year that has passed becomes the next one in which the day is to come. What has two readings, or passed in the last 30 days: 22023. Source: core/src/appointment_time.rs';
COMMENT ON FUNCTION booking.normalize_booking_data(json, text, text, timestamptz) IS
    'A request {"appointmentDate","appointmentTime","patientName","patientPhone","patientEmail","serviceType"} made clean, with scheduledAt (UTC) and dateCorrected. Missing fields stay missing. Bad input: 22023. Source: core/src/booking_data.rs';
COMMENT ON FUNCTION booking.format_slots(timestamptz[], text, timestamptz) IS
    'Times as a spoken choice on the clock of p_timezone: 2:30 PM, 3:00 PM, or 3:30 PM. Times of several days are said each with its day, as seen from p_now. Source: core/src/speech.rs';

COMMENT ON FUNCTION booking.create_organization(text, text, text, jsonb, uuid) IS
    'Makes a tenant and its first resource (capacity 1) and returns its id. p_timezone: IANA; p_default_region: ISO 3166; p_org_id: the id to use, a new uuid if NULL. Bad input: 22023; an id in use: 23505. Source: src/setup.rs';
COMMENT ON FUNCTION booking.create_resource(uuid, text, integer) IS
    'Makes something that can be booked - a person, a room, a class - and returns its id. p_capacity: appointments at the same time, 1 to 1000. Where the organization keeps an outside calendar, the resource is busy by it at once. Bad input or unknown organization: 22023. Source: src/setup/resource.rs';

COMMENT ON FUNCTION booking.create_service(uuid, text, integer, integer, integer, integer, integer, integer, integer, uuid[], text) IS
    'Makes a service and returns its id. Bookings find it by p_name without regard to case. Durations, buffers, step and notice in minutes, p_horizon_days in local days after today; p_daily_limit: appointments on one resource and local day, NULL is no limit; p_resource_ids: who can do it, NULL is everyone; p_slot_anchor: midnight or opening, where the grid of the times on offer begins. Bad input: 22023; a name in use: 23505. Source: src/setup/service.rs';
COMMENT ON FUNCTION booking.update_resource(uuid, uuid, text, integer) IS
    'Changes the name or the capacity of a resource; NULL keeps what it has. Appointments keep their seats; with fewer seats, no more are booked than there is room for. Bad input: 22023. Source: src/setup/resource.rs';
COMMENT ON FUNCTION booking.update_service(uuid, text, text, integer, integer, integer, integer, integer, integer, integer, uuid[], text) IS
    'Changes the service called p_service; NULL keeps what it has, p_daily_limit 0 takes the limit away, p_resource_ids ''{}'' lets every resource do it. Units as in create_service. Appointments stay as they were booked. Bad input: 22023; a name in use: 23505. Source: src/setup/service.rs';
COMMENT ON FUNCTION booking.set_opening_hours(uuid, jsonb, uuid) IS
    'Sets the weekly hours of an organization, or of p_resource_id, in place of those it had: {"mon":[["09:00","12:00"],["13:00","17:00"]],...} on the local clock. 24:00 ends a day, an end that is not after its start is of the next morning, a missing day is closed, {} takes the hours away: open always, or for a resource as the organization. Bad input: 22023. Source: core/src/hours';
COMMENT ON FUNCTION booking.set_date_override(uuid, date, jsonb, uuid, text) IS
    'Replaces the weekly hours of one local date, of an organization or of p_resource_id: [["09:00","12:00"]]; [] is closed; NULL takes the override back. An override of the organization only takes from resources that have weekly hours of their own. Bad input: 22023. Source: core/src/hours.rs';
COMMENT ON FUNCTION booking.set_message_template(uuid, text, text, text) IS
    'Sets what an organization writes: p_kind is confirmation, moved, cancelled or reminder; p_body has the placeholders {name}, {organization}, {service}, {when}, {date}, {time}, and {{ for a brace; NULL brings the usual words back. p_language: a tag, as en or pt-BR. Bad input: 22023. Source: core/src/sms/template.rs';
COMMENT ON FUNCTION booking.preview_message(uuid, text, text) IS
    'A message as a patient might get it, with a mark as it has at its end, as JSON: body, encoding (GSM-7 or UCS-2), segments (the messages it is paid for as) and, where that is more than one, a hint. A language without a template falls back to en, and that to the usual words. Source: core/src/sms';
COMMENT ON FUNCTION booking.set_messaging(uuid, boolean, integer[], text) IS
    'Whether the changes to appointments of an organization are followed by messages: confirmations at once, reminders p_reminder_minutes before the start (up to 5), in the templates of p_language. Off withdraws nothing; what waits is withdrawn when it is claimed. To connect an account turns them on. Bad input: 22023. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.set_follow_ups(uuid, text, text, integer) IS
    'Who takes care of what callers leave: p_owner, reminded at p_owner_phone when it is due, p_due_minutes (1 to 40320) after it was left. Replaces what was set. For follow-ups that state no owner or no time of their own. Bad input or unknown organization: 22023. Source: core/src/follow_up/settings.rs';
COMMENT ON FUNCTION booking.create_follow_up(uuid, text, timestamptz, text, text, text, text, uuid) IS
    'Writes down what is to be done for p_name at p_phone, and returns its id. p_note: up to 2000 characters; p_due_at: NULL is as set_follow_ups says; p_owner, p_owner_phone: both NULL are those of set_follow_ups. Where messages are on, the owner is reminded by one when it is due. Bad input, unknown organization or appointment: 22023. Source: src/follow_up/create.rs';
COMMENT ON FUNCTION booking.change_follow_up(uuid, uuid, text, timestamptz, text, text) IS
    'Changes a follow-up; NULL keeps what it has. p_state: open, done or cancelled. Its reminder is withdrawn or written anew. False where there is no such follow-up. Bad input: 22023. Source: src/follow_up/change.rs';
COMMENT ON FUNCTION booking.read_events(uuid, text, integer) IS
    'The history of an organization as JSON: {"events": [{"id","at","kind","appointmentId","detail","position"}],"position","hasMore","reset"}, up to p_limit (1 to 10000) events that were committed since p_after, a position that was given before, or NULL for the oldest that is kept. Each is told once, in the order of ids among those that were committed between two readings; hasMore: ask again, with position. The position of an event goes on after it. reset: what was missed cannot be told (p_after is no position, is from another server or from before a crash or a promotion, or what comes after it was purged): look at the present, and go on from position. Unknown organization, bad p_limit: 22023. Source: src/history, core/src/history';
COMMENT ON FUNCTION booking.read_events_of(uuid[], text, text, integer) IS
    'For couriers: read_events of several organizations at once, each event with "orgId". p_until: nothing that was committed after this position of events_position; NULL: the present. An organization that is not visible has no events. Bad p_limit, p_org_ids NULL: 22023. Source: src/history';
COMMENT ON FUNCTION booking.events_position() IS
    'The position of now: read_events tells from there on what is committed later. Positions hold for every organization, on the server that gave them. Source: src/history';
COMMENT ON FUNCTION booking.writing_transaction() IS
    'pg_current_xact_id, for the column tx of booking.events and booking.purged_events, and for nothing else: it is declared immutable so that it may generate a column, and it is not. Source: sql/tables/events.sql';

COMMENT ON FUNCTION booking.contact_timeline(uuid, text) IS
    'Everything on record of whoever has p_phone, oldest first, the latest 1000: kind (booked, moved, cancelled, message_sent, message_received, call, follow_up, follow_up_closed or event), summary, a sentence in the zone of the organization, and detail, with ids and times (UTC). Nobody known: no rows. Bad input or unknown organization: 22023. Source: src/timeline.rs';
COMMENT ON FUNCTION booking.agenda(uuid, date, integer) IS
    'What a front desk has before its eyes, of p_days (1 to 31) local days from p_from (NULL: today), as of one moment, as JSON: organization, days, resources with the windows of each day, services, appointments of every status, busy, integrations, deadJobs (given up, and in time still), workers, and position, after which the events are what it does not show yet. Minutes count from local midnight by the clock on the wall, beyond 1440 on the morning after; instants are ISO 8601 with the local offset. smsStatus and calendarStatus as in appointment_status. Refusals as JSON: org_not_found, invalid_date, invalid_request. Source: src/agenda';
COMMENT ON FUNCTION booking.set_calendar(uuid, boolean, text, text, text, integer) IS
    'Whether the appointments of an organization are kept in an outside calendar. p_flow: async (booked at once) or verified (held until its event is there, for p_verify_seconds, 1 to 3600); p_on_change, where somebody moves or deletes an event there: flag or follow; p_calendar_id: that of resources without one of their own. To connect an account turns it on. Bad input: 22023. Source: core/src/outside_calendar/settings.rs';
COMMENT ON FUNCTION booking.set_resource_calendar(uuid, uuid, text) IS
    'The outside calendar of a resource, as its provider calls it; NULL: that of the organization. Bad input or unknown resource: 22023. Source: src/outside_calendar/settings.rs';
COMMENT ON FUNCTION booking.pause_couriers(uuid, boolean) IS
    'Whether couriers leave everything of an organization alone: nothing goes out and nothing is lost, except what misses its time. Unknown organization: 22023. Source: src/outbox/manage.rs';

COMMENT ON FUNCTION booking.vapi_message(json) IS
    'Answers any server message of Vapi. tool-calls: {"results":[{"name","toolCallId","result"}]}, in order, each a sentence that can be read aloud; status-update and end-of-call-report are kept in call_logs, other types in call_messages, and answered with {}; assistant-request: {"assistantId"} or {"error"}. The organization is read from message.call.metadata.org_id, message.call.assistantOverrides.metadata.org_id, message.assistant.metadata.org_id, customer.metadata.org_id or a static tool parameter, else from the assistant or the called number of set_voice_agent; never from arguments. A tool call counts once per call id and tool-call id. Nothing in a message raises an error. Source: src/voice';
COMMENT ON FUNCTION booking.voice_organization(json) IS
    'Whose the message p_message is, by the rules of vapi_message, also in the shape of book_clinic_appointment; NULL: nobody''s. Source: src/voice/origin.rs';
COMMENT ON FUNCTION booking.voice_pending(json) IS
    'Whether a booking that the tool calls of p_message have made still waits for its event in the calendar. False where a call that changes something has no id, since it would be done again. Once it does not, vapi_message answers the same message with what has become of it. Source: src/voice/answered.rs';
COMMENT ON FUNCTION booking.booking_answer(uuid, uuid) IS
    'What the booking of an appointment is answered with as it stands now: the answer of book_appointment_atomic, or, where it was held and could not be had, its refusal with alternatives. Refusals: already_cancelled, appointment_not_found, org_not_found. Source: src/voice/answered.rs';
COMMENT ON FUNCTION booking.set_voice_agent(uuid, text, text, text, text, text, text) IS
    'Sets the voice agent of an organization up, in place of what was: the assistant and the credential as Vapi calls them, what the assistant calls itself, the organization''s own prompt (up to 20,000 characters), the number that is called (E.164 or of the region), and where Vapi sends its messages (NULL: to the worker). Bad input: 22023. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.voice_agent(uuid) IS
    'How the voice agent of an organization is to be, as JSON: assistantId, assistantName, serverUrl, credentialId, prompt (enforced, with the date as Vapi fills it in, so that it does not change from day to day), tools [{"name","toolId","definition"}] problems, the sentences of what keeps it from working, and hints, of what may be as it is meant to be. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.tool_registered(uuid, text, text) IS
    'Keeps Vapi''s id of a tool in org_tools; p_tool_id NULL: it is registered no more. Bad input: 22023. Source: src/voice/agent.rs';
COMMENT ON FUNCTION booking.enforced_system_prompt(text, uuid, text, timestamptz) IS
    'The system prompt of an assistant: the rules of booking, with the date and time of p_now in the organization''s zone and the names of the tools, then p_custom_prompt (up to 20,000 characters), quoted so that it can neither end, imitate nor lift them. An enforced prompt that is passed in is taken for its quoted part. p_assistant_name NULL: that of set_voice_agent. Bad input: 22023. Source: core/src/voice/prompt.rs';

COMMENT ON FUNCTION booking.claim_messages(text, integer, integer, boolean) IS
    'For couriers: up to p_limit (1 to 100) messages that are due, also reminders of follow-ups (kind follow_up), of every organization that the role sees, in turn, leased to p_worker for p_lease_seconds (1 to 3600). Each waits wait_milliseconds from now, so that no sender is faster than its per_second. body ends in marker. is_unsure: an attempt since first_tried_at ended without a word, so look for the marker at the provider before you send again, among messages other than former_sids, which it could not deliver. p_is_dry_run: only those of organizations without an account, which else are given up as not_configured. What has missed its time or is not true any more is finished and not returned. Bad input: 22023. Source: src/outbox/message.rs';
COMMENT ON FUNCTION booking.finish_message(uuid, uuid, bigint, text, text) IS
    'For couriers: the provider has taken the message and calls it p_provider_sid; p_status in the provider''s word, or dry_run. False where the lease is not the latest: somebody else has the job, and nothing was changed. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.fail_job(uuid, uuid, bigint, text, text, text, integer) IS
    'For couriers: the attempt failed. p_outcome: not_done, unknown (it may have been carried out), refused (it never will be) or unauthorized. Returns retryable, discarded where it was refused, the attempts are used up (100) or the time has passed, cancelled where another job does it, or succeeded where the provider has told that it was done after all; NULL where the lease is not the latest. The pause doubles from 5 seconds to 30 minutes, of which a random share is taken; p_retry_after_seconds is kept. A booking that waits for the event of a discarded job is cancelled. Bad input: 22023. Source: core/src/outbox/attempt.rs';
COMMENT ON FUNCTION booking.message_status(uuid, text, text, text, uuid) IS
    'For couriers: what the provider tells of a message it calls p_provider_sid; p_message_id, where the provider gives it back, finds one whose courier has not told that name yet. What a phone could not get is sent once more; what else was not delivered is a dead letter, with the code in words. False where it is no news: late, told twice, or of no message of this organization. Bad input: 22023. Source: src/outbox/report.rs';
COMMENT ON FUNCTION booking.receive_message(uuid, text, text, text, text, text) IS
    'For couriers: a patient has written. Returns JSON: action (cancelled, confirmed, opted_out, opted_in, received or duplicate), appointmentId, and reply, what to answer, if anything. A single C cancels and Y confirms the appointment of the last message, STOP and START end and begin messages, and YES begins them too, as networks have it; p_opt_out_type is the network''s own reading. Told twice, it counts once. Bad input: 22023. Source: src/outbox/receive.rs';
COMMENT ON FUNCTION booking.requeue_job(uuid, uuid) IS
    'Has a discarded or withdrawn job done again, from its first attempt. False where there is none, its time has passed or another job does it. Source: src/outbox/manage.rs';
COMMENT ON FUNCTION booking.cancel_job(uuid, uuid) IS
    'Withdraws a job that is waiting. False where there is none: it is under way or finished. Source: src/outbox/manage.rs';

COMMENT ON FUNCTION booking.claim_events(text, integer, integer, boolean) IS
    'For couriers: up to p_limit (1 to 100) appointments whose events are to be brought into line, as claim_messages; one job of an appointment at a time. Delete what is in removals ([{"calendarId","eventId"}]), then make event_id in calendar_id equal to event: insert it where is_new, or else look first. Also ends bookings whose event did not come in time. Bad input: 22023. Source: src/outside_calendar/claim.rs';
COMMENT ON FUNCTION booking.finish_event(uuid, uuid, bigint, text, text, timestamptz, text[], boolean) IS
    'For couriers: the event is there, under p_event_id, with the provider''s p_etag and p_changed_at, and p_removed are gone. A booking that has waited for it is confirmed by that. False where the lease is not the latest: nothing was changed. Bad input: 22023. Source: src/outside_calendar/report.rs';
COMMENT ON FUNCTION booking.lost_event(uuid, uuid, bigint, text) IS
    'For couriers: somebody has deleted p_event_id, so that its id is used up. The job waits again, and its next claim brings another id. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/report.rs';
COMMENT ON FUNCTION booking.claim_syncs(text, integer, integer) IS
    'For couriers: up to p_limit calendars that are to be read, from sync_token, or from the beginning between time_min and time_max where that is NULL. A channel that is missing or ends soon is to be opened. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.apply_calendar_changes(uuid, text, bigint, jsonb) IS
    'For couriers: a page of what the calendar has listed. Writes who is busy, and returns {"busy","free","ours"}: each item of ours goes to calendar_event_changed. NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/page.rs';
COMMENT ON FUNCTION booking.calendar_event_changed(uuid, text, bigint, jsonb) IS
    'For couriers: what the calendar tells of an event of ours. Where somebody has moved or deleted it, the appointment follows or is flagged, as set_calendar says, and booking.events tells of it. One that counts as deleted and is there is deleted again. Returns none, agreed, flagged, followed, restored or removed; NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/changed.rs';
COMMENT ON FUNCTION booking.finish_sync(uuid, text, bigint, text) IS
    'For couriers: the calendar was read to its end, and goes on from p_sync_token. Returns {"ours"}: where a reading from the beginning has missed events of ours, these: ask the calendar for each, pass what it says (status missing: nothing) to calendar_event_changed, and call this again. NULL where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.fail_sync(uuid, text, bigint, text, integer, boolean) IS
    'For couriers: the calendar could not be read; p_is_token_gone: it wants to be read from the beginning, at once. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/sync.rs';
COMMENT ON FUNCTION booking.watch_calendar(uuid, text, bigint, text, text, timestamptz) IS
    'For couriers: a channel is open by which the calendar tells of changes, until p_expires_at. False where the lease is not the latest. Bad input: 22023. Source: src/outside_calendar/watch.rs';
COMMENT ON FUNCTION booking.calendar_notified(uuid, text) IS
    'For couriers: a channel has told of a change, so its calendar is read at once. False where there is no such channel. Bad input: 22023. Source: src/outside_calendar/watch.rs';

COMMENT ON FUNCTION booking.connect_integration(uuid, text, text, bytea, bytea, jsonb, timestamptz) IS
    'For couriers: an account of an organization, with its secret sealed under the key p_key_id. p_settings: what is not secret (sender and per_second of twilio, account). Turns messages or the calendar on. Returns its version. Bad input or unknown organization: 22023. Source: src/integration/mod.rs';
COMMENT ON FUNCTION booking.disconnect_integration(uuid, text) IS
    'Forgets the secret of an account, and turns messages or the calendar off. False where there is none. Unknown provider: 22023. Source: src/integration/mod.rs';
COMMENT ON FUNCTION booking.replace_secret(uuid, text, bigint, text, bytea, bytea, timestamptz) IS
    'For couriers: a new secret after version p_version: refreshed access, or another key. Returns its version; NULL where there is a later one already. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.begin_refresh(uuid, text, bigint, integer) IS
    'For couriers: whether you are the one to refresh the access of version p_version, for p_seconds (1 to 300). Whoever is told false reads the row again in a moment. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.integration_checked(uuid, text, bigint, text, boolean) IS
    'For couriers: the account of version p_version was used. p_problem NULL: it works; p_is_lost: it is not accepted any more, and what needs it waits until it is connected again. booking.events tells when that changes. False where there is a later version. Bad input: 22023. Source: src/integration/secret.rs';
COMMENT ON FUNCTION booking.worker_heartbeat(text, text, jsonb, boolean) IS
    'For couriers: p_worker is at work, or leaves. Returns JSON: contract, the number of what couriers and the database agree on, and version. Bad input: invalid_request. Source: src/worker.rs';
COMMENT ON FUNCTION booking.add_busy_block(uuid, uuid, timestamptz, timestamptz, text) IS
    'Says that a resource is away from p_starts_at until p_ends_at, as an outside calendar knows it, and returns the id of the block. Every seat is taken; blocks may overlap each other and appointments, and cancel nothing. Bad input: 22023. Source: src/setup/busy_block.rs';
COMMENT ON FUNCTION booking.remove_busy_block(uuid, uuid) IS
    'Takes a busy block back. Whether there was one. Source: src/setup/busy_block.rs';

COMMENT ON FUNCTION booking.book_appointment_atomic(uuid, text, text, text, text, timestamptz, integer, uuid, text, jsonb) IS
    'Books, in the caller''s transaction. p_duration_minutes: 1 to 1440, NULL is the service''s, else 60; p_resource_id: NULL is any, least loaded of the day first; p_idempotency_key: same key and request, same answer. Returns JSON: success with appointmentId, contactId, resourceId, scheduledAt and endsAt (UTC) and message; or success false with error, message and, where time was the trouble, three alternatives. Raises 40001 where another transaction was first (above READ COMMITTED), 54000 where any of too many resources would be locked. The only function that books. Source: src/book';
COMMENT ON FUNCTION booking.book_series_atomic(uuid, text, text, text, text, timestamptz[], integer, uuid, text) IS
    'Books every one of p_times (1 to 200) for one patient, or none. Returns JSON: success with contactId and appointments, in the order of p_times; or success false with failed, which names each time that cannot be had, why, and three alternatives for it. Raises as book_appointment_atomic, and 23P01 where a writer without locks took a time at the same moment. Source: src/book/series.rs';
COMMENT ON FUNCTION booking.hold_slot(uuid, text, timestamptz, integer, uuid, integer) IS
    'Keeps a slot from everybody else for p_ttl_seconds (1 to 86400). Returns JSON with holdId and expiresAt, or a refusal as book_appointment_atomic. It expires by itself. Source: src/book/hold.rs';
COMMENT ON FUNCTION booking.confirm_hold(uuid, uuid, text, text, text) IS
    'Makes a hold the appointment of a patient, once. Returns JSON as book_appointment_atomic; hold_expired when it is over or was released, invalid_status when it was confirmed before. Source: src/change/confirm.rs';
COMMENT ON FUNCTION booking.release_hold(uuid, uuid) IS
    'Gives a hold up. Returns JSON; already_cancelled the second time, hold_expired when it is over, invalid_status when it was confirmed. Source: src/change/cancel.rs';
COMMENT ON FUNCTION booking.reschedule_appointment_atomic(uuid, uuid, timestamptz, integer, uuid) IS
    'Moves a pending or confirmed appointment in one statement, by the rules of its service today. p_duration_minutes, p_resource_id: NULL keeps what it has. Returns JSON as book_appointment_atomic; refused, the old time stays. Raises 23P01 (23505 for the last place in a daily limit) where a writer without locks, or, above READ COMMITTED, one that the snapshot does not show, took the new time. Source: src/change/reschedule.rs';
COMMENT ON FUNCTION booking.cancel_appointment(uuid, uuid, text) IS
    'Gives an appointment up; its seat is free when this commits. Returns JSON; already_cancelled the second time, invalid_status when it is over. Source: src/change/cancel.rs';
COMMENT ON FUNCTION booking.set_appointment_status(uuid, uuid, text) IS
    'Says how an appointment went: confirmed (from pending), completed or no_show (from confirmed). Returns JSON; what the state machine does not have is refused as invalid_status or already_cancelled. Source: core/src/status.rs';
COMMENT ON FUNCTION booking.is_as_seen(uuid, uuid, timestamptz, uuid, text) IS
    'For whoever changes what somebody has before them: whether the appointment still starts at p_starts_at, to the second, on p_resource_id, with p_status. Takes its lock, so that it stays so until the transaction ends: call it first, and then the function that changes. False too where there is no such appointment; NULL is never as seen. A hold that has expired is cancelled. Source: src/change/seen.rs';
COMMENT ON FUNCTION booking.appointment_status(uuid, uuid) IS
    'Where an appointment stands, as JSON: status, scheduledAt, endsAt (UTC), smsStatus, messageSid, calendarStatus, eventId. A hold that has expired shows as cancelled. Source: src/change/show.rs';
COMMENT ON FUNCTION booking.book_clinic_appointment(json) IS
    'Books from a voice agent''s direct tool call {"toolCallId","tool":{"arguments":{...}},"customer":{"number","metadata":{"org_id"}}} and returns {"toolCallId","result"}, whose message can be read aloud. Without a phone in the arguments, that of the customer serves. The organization is never read from the arguments. Not keyed: the same call again is a second attempt. Source: src/direct_tool.rs';

COMMENT ON FUNCTION booking.available_slots(uuid, timestamptz, timestamptz, text, integer, uuid) IS
    'The free times that start in [p_from, p_to), on the grid of the service (30 minutes from local midnight without one), within opening hours, notice and horizon; one row per time and resource, ordered. p_duration_minutes: NULL is the service''s, else 60; p_resource_id: NULL is all. At most 366 days. Bad input or unknown organization: 22023. Source: src/look.rs';
COMMENT ON FUNCTION booking.check_availability(uuid, text, text, integer) IS
    'The free times of a day in words (2026-01-21, tomorrow, next Tuesday) as JSON: {"success","date","timezone","slots":["09:00",...],"message"}, local to the organization. A refused date is success false. Source: src/look.rs';
COMMENT ON FUNCTION booking.find_alternatives(uuid, timestamptz, integer, text, uuid, integer) IS
    'The p_count (1 to 50) nearest free times to p_scheduled_at, that one left out: within three hours, later first of two equally near, then the rest of that day, then the following days. Bad input or unknown organization: 22023. Source: core/src/alternatives.rs';

COMMENT ON FUNCTION booking.health() IS
    'One JSON line for a monitor: healthy, version (of the library), schemaVersion, preloaded, how many booking functions there are (1), tables without row level security (0), exclusionConstraint, overlapping appointments the outbox (due, oldestSeconds, discarded), workers (alive, lastSeenSeconds) and integrations (connected, lost), null without the right to read them. Sorts all occupying appointments: ask it every minute, not every second. Source: src/health.rs';

COMMENT ON FUNCTION booking.grant_member(regrole) IS
    'Grants p_role what books, looks, holds, moves and cancels, and the rows it writes: for people of an organization and for voice agents. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';
COMMENT ON FUNCTION booking.grant_backend(regrole) IS
    'Grants p_role what grant_member does, and what sets organizations, resources, services, hours and busy blocks up. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';
COMMENT ON FUNCTION booking.grant_worker(regrole) IS
    'Grants p_role what the courier needs: jobs, messages, events, calendars and accounts, and to move, cancel and mark appointments. No role: 22023; the caller must be allowed to grant. Source: sql/functions/grants.sql';

COMMENT ON FUNCTION booking.purge(interval) IS
    'Deletes what has served its time and is older than p_older_than: idempotency keys, holds that were never confirmed, finished jobs, events, closed follow-ups, messages in call_messages, and workers not heard of since; call_logs stay. Returns JSON with how many. Not more than nothing: invalid_request. Source: src/purge.rs';
COMMENT ON FUNCTION booking.erase_contact(uuid, text) IS
    'Erases one person, found by phone: the contact, the names and metadata of its appointments, the kept answers that name it, its messages and follow-ups, and what was said in calls that it made or that were about it. Appointments to come are cancelled; those that were stay, of nobody. Returns JSON with how many appointments and how many of them were cancelled; contact_not_found where there is none. Source: src/erase.rs';
COMMENT ON FUNCTION booking.clean_organization(uuid, text) IS
    'Deletes every appointment, hold, contact, message, follow-up and idempotency key of an organization; p_confirm must be its name. Resources, services, hours and busy blocks stay. Returns JSON with how many. For when nobody books. Source: src/erase.rs';
