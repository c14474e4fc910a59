//! The statement that writes a booking. What a booking does not need - a contact that stays as it is, a key that was not given - is
//! not in it: each table in it is opened and each index prepared, whether or not a row comes.

/// What is written with an appointment besides.
#[derive(Debug, Clone, Copy)]
pub enum Follows {
    /// In the schema of the release before, which has neither history nor outbox.
    Nothing,
    /// What is recorded of it: $23 id, $24 kind, $25 detail.
    Event,
    /// And the jobs: $26 ids, $27 kinds, $28 times, $29 deadlines.
    EventAndJobs,
}

macro_rules! contact {
    (stays) => {
        ""
    };
    (changes) => {
        ", contact AS (
        INSERT INTO booking.contacts (org_id, id, phone, name, email, created_at, updated_at)
        SELECT a.org_id, a.contact_id, $11, $6, $12, a.created_at, a.created_at FROM appointment AS a
        ON CONFLICT (org_id, phone) DO UPDATE
            SET name = excluded.name, email = excluded.email, updated_at = excluded.updated_at
        RETURNING id
    )"
    };
}

macro_rules! written {
    (stays) => {
        "
    SELECT NULL::uuid FROM appointment"
    };
    (changes) => {
        "
    SELECT contact.id FROM appointment LEFT JOIN contact ON true"
    };
}

macro_rules! idempotency {
    (plain) => {
        ""
    };
    (keyed) => {
        ", idempotency AS (
        INSERT INTO booking.idempotency_keys (org_id, key, fingerprint, response, created_at)
        SELECT a.org_id, $13, $14, $15, a.created_at FROM appointment AS a
        ON CONFLICT DO NOTHING
    )"
    };
}

macro_rules! follows {
    (nothing) => {
        ""
    };
    (event) => {
        ", event AS (
        INSERT INTO booking.events (org_id, id, kind, appointment_id, detail)
        SELECT a.org_id, $23, $24, $2, $25::pg_catalog.jsonb FROM appointment AS a
    )"
    };
    (jobs) => {
        concat!(
            follows!(event),
            ", jobs AS (
        INSERT INTO booking.outbox (org_id, id, kind, appointment_id, run_at, deadline)
        SELECT a.org_id, job.id, job.kind, $2, job.run_at, job.deadline
        FROM appointment AS a, unnest($26, $27, $28, $29) AS job (id, kind, run_at, deadline)
    )"
        )
    };
}

/// The appointment comes first and everything else hangs off the row it returns, so that a slot taken behind our back leaves
/// no trace. A key that another transaction used since our snapshot (above READ COMMITTED) ends in a serialization failure
/// instead of a broken constraint: whoever runs it again gets that key's answer.
///
/// $1 org_id, $2 id, $3 resource, $4 seat, $5 contact or NULL, $6 name, $7 service, $8 start, $9 end, $10 metadata, $11 phone,
/// $12 email, $13 idempotency key or NULL, $14 fingerprint, $15 answer, $16 service id or NULL, $17 and $18 the blocked range,
/// $19 status, $20 expiry or NULL, $21 and $22 day and place of a daily limit or NULL.
macro_rules! write_statement {
    ($contact:ident, $key:ident, $follows:ident) => {
        concat!(
            "
    WITH appointment AS (
        INSERT INTO booking.appointments
            (org_id, id, resource_id, seat, contact_id, patient_name, service_type, service_id, starts_at, ends_at, blocked,
            status, expires_at, limit_day, limit_place, metadata)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $16, $8, $9, pg_catalog.tstzrange($17, $18, '[)'),
            $19, $20, DATE '1970-01-01' + $21, $22, $10::pg_catalog.jsonb)
        ON CONFLICT DO NOTHING
        RETURNING org_id, contact_id, created_at
    )",
            contact!($contact),
            idempotency!($key),
            follows!($follows),
            written!($contact)
        )
    };
}

/// Of a booking that changes its contact or leaves it as it is, with an idempotency key or without.
pub const fn statement(contact_changes: bool, is_keyed: bool, follows: Follows) -> &'static str {
    match (contact_changes, is_keyed, follows) {
        (false, false, Follows::Nothing) => write_statement!(stays, plain, nothing),
        (false, false, Follows::Event) => write_statement!(stays, plain, event),
        (false, false, Follows::EventAndJobs) => write_statement!(stays, plain, jobs),
        (false, true, Follows::Nothing) => write_statement!(stays, keyed, nothing),
        (false, true, Follows::Event) => write_statement!(stays, keyed, event),
        (false, true, Follows::EventAndJobs) => write_statement!(stays, keyed, jobs),
        (true, false, Follows::Nothing) => write_statement!(changes, plain, nothing),
        (true, false, Follows::Event) => write_statement!(changes, plain, event),
        (true, false, Follows::EventAndJobs) => write_statement!(changes, plain, jobs),
        (true, true, Follows::Nothing) => write_statement!(changes, keyed, nothing),
        (true, true, Follows::Event) => write_statement!(changes, keyed, event),
        (true, true, Follows::EventAndJobs) => write_statement!(changes, keyed, jobs),
    }
}
