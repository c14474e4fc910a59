//! One page of events, by the snapshots between which they were committed.

use booking_core::history::{Position, Snapshot};
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::organization::{as_postgres, from_postgres};
use crate::statement::{Row, Run, run_fresh};

/// The snapshot that the statement itself reads with, as far as it says what is over for good. What this transaction has written
/// is not. A standby does not list who is under way: there it is everything before the first of them.
macro_rules! present {
    () => {
        "
    WITH taken AS MATERIALIZED (
        SELECT pg_catalog.pg_current_snapshot() AS snapshot, pg_catalog.pg_current_xact_id_if_assigned() AS own
    ), present AS MATERIALIZED (
        SELECT CASE
            WHEN pg_catalog.pg_is_in_recovery()
                THEN pg_catalog.format('%1$s:%1$s:', pg_catalog.pg_snapshot_xmin(t.snapshot))::pg_catalog.pg_snapshot
            WHEN t.own < pg_catalog.pg_snapshot_xmax(t.snapshot)
                THEN pg_catalog.format('%s:%s:%s', LEAST(t.own, pg_catalog.pg_snapshot_xmin(t.snapshot)),
                    pg_catalog.pg_snapshot_xmax(t.snapshot),
                    (SELECT pg_catalog.string_agg(x.id::text, ',' ORDER BY x.id)
                    FROM (SELECT pg_catalog.pg_snapshot_xip(t.snapshot) UNION SELECT t.own) AS x (id)))::pg_catalog.pg_snapshot
            ELSE t.snapshot
            END AS snapshot
        FROM taken AS t
    )"
    };
}

const PRESENT: &str = concat!(present!(), " SELECT p.snapshot::text FROM present AS p");

/// The snapshot of now, or that of whoever calls, as `run` has it.
pub fn present(run: Run, client: &mut SpiClient<'_>) -> Result<Snapshot> {
    snapshot(&run(client, PRESENT, &[])?.first()?)
}

fn snapshot(row: &Row<'_>) -> Result<Snapshot> {
    let text: String = row.get(1)?.ok_or_else(|| Error::missing("snapshot"))?;
    Snapshot::parse(&text).ok_or_else(|| Error::Server(format!("the server's snapshot {text} is none")))
}

/// At least one row, with the snapshot and whether something was deleted that had not been read: what a purge deleted that nobody
/// could have seen yet is told by its row, as far as the position is from before it. Deleted events up to an id do not matter in
/// the middle of a page beyond it.
///
/// A snapshot that was handed in stands in a query of its own: it is read from its text once, and not for each row.
///
/// $1 organizations, $2 seen, $3 the snapshot to stay within or NULL for the present, $4 the id after which, or NULL, $5 how
/// many, $6 what was seen last of all.
macro_rules! read_statement {
    ($events:literal) => {
        concat!(
            present!(),
            "
    SELECT p.snapshot::text,
        EXISTS (
            SELECT FROM booking.purged_events AS d
            WHERE d.org_id = ANY ($1)
              AND NOT pg_catalog.pg_visible_in_snapshot(d.tx, (SELECT $6::pg_catalog.pg_snapshot))
              AND d.up_to >= pg_catalog.pg_snapshot_xmin($2::pg_catalog.pg_snapshot)
              AND (d.before_id <= $4 AND d.up_to < pg_catalog.pg_snapshot_xmin($6::pg_catalog.pg_snapshot)) IS NOT TRUE),
        f.org_id, f.id, pg_catalog.to_char(f.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), f.kind,
        f.appointment_id, f.detail::text
    FROM present AS p
    LEFT JOIN LATERAL (
        SELECT e.*
        FROM unnest($1) AS o (id)
        CROSS JOIN LATERAL (",
            $events,
            "
            ORDER BY e.id
            LIMIT $5
        ) AS e
        ORDER BY e.id, e.org_id
        LIMIT $5
    ) AS f ON true
    ORDER BY f.id, f.org_id"
        )
    };
}

/// Of whoever has read nothing before: along the ids.
const READ_FIRST: &str = read_statement!(
    "
            SELECT e.* FROM booking.events AS e
            WHERE e.org_id = o.id AND ($4 IS NULL OR e.id > $4)
              AND pg_catalog.pg_visible_in_snapshot(e.tx, COALESCE((SELECT $3::pg_catalog.pg_snapshot), p.snapshot))
              AND NOT pg_catalog.pg_visible_in_snapshot(e.tx, (SELECT $2::pg_catalog.pg_snapshot))"
);

/// Of whoever goes on: what was not committed then is little. It is sorted afterwards, so that it is not looked for along the ids,
/// through everything there is.
const READ_ON: &str = read_statement!(
    "
            SELECT e.* FROM (
                SELECT e.* FROM booking.events AS e
                WHERE e.org_id = o.id AND e.tx >= (SELECT pg_catalog.pg_snapshot_xmin($2::pg_catalog.pg_snapshot))
                  AND pg_catalog.pg_visible_in_snapshot(e.tx, COALESCE((SELECT $3::pg_catalog.pg_snapshot), p.snapshot))
                  AND NOT pg_catalog.pg_visible_in_snapshot(e.tx, (SELECT $2::pg_catalog.pg_snapshot))
                  AND ($4 IS NULL OR e.id > $4)
                OFFSET 0
            ) AS e"
);

/// What a statement found.
pub struct Page {
    /// The snapshot that it was read with.
    pub present: Snapshot,
    /// Whether some of what was to be read has been deleted.
    pub is_lost: bool,
    pub events: Vec<Event>,
    /// Whether there are more of them.
    pub has_more: bool,
}

/// An event as it was recorded.
pub struct Event {
    pub org_id: Uuid,
    pub id: Uuid,
    pub at: String,
    pub kind: String,
    pub appointment_id: Option<Uuid>,
    /// JSON, as the server writes it.
    pub detail: String,
}

/// The first events after `position`: those that `within` saw, or else all that are committed.
pub fn read(
    client: &mut SpiClient<'_>,
    org_ids: &[Uuid],
    position: &Position,
    within: Option<&Snapshot>,
    most: usize,
) -> Result<Page> {
    let org_ids: Vec<pgrx::Uuid> = org_ids.iter().copied().map(as_postgres).collect();
    let one_more = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
    let arguments = [
        org_ids.into(),
        position.seen.to_string().into(),
        within.map(Snapshot::to_string).into(),
        position.within.as_ref().map(|(_, id)| as_postgres(*id)).into(),
        one_more.into(),
        position.latest().to_string().into(),
    ];
    let is_first = position.seen == Snapshot::nothing();
    let mut rows = run_fresh(client, if is_first { READ_FIRST } else { READ_ON }, &arguments)?.peekable();
    let first = rows.peek().ok_or_else(|| Error::missing("row"))?;
    let (present, is_lost) = (snapshot(first)?, first.get::<bool>(2)?.unwrap_or(true));
    let mut events = rows.filter_map(|row| event(&row).transpose()).collect::<Result<Vec<_>>>()?;
    let has_more = events.len() > most;
    events.truncate(most);
    Ok(Page { present, is_lost: is_lost && !position.is_beginning(), events, has_more })
}

/// `None` of the row that stands there where there is no event.
fn event(row: &Row<'_>) -> Result<Option<Event>> {
    let Some(id) = row.get::<pgrx::Uuid>(4)? else { return Ok(None) };
    let text = |column| -> Result<String> { row.get(column)?.ok_or_else(|| Error::missing("event")) };
    Ok(Some(Event {
        org_id: row.get::<pgrx::Uuid>(3)?.map(from_postgres).ok_or_else(|| Error::missing("organization"))?,
        id: from_postgres(id),
        at: text(5)?,
        kind: text(6)?,
        appointment_id: row.get::<pgrx::Uuid>(7)?.map(from_postgres),
        detail: text(8)?,
    }))
}
