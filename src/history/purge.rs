//! Deleting old events, and keeping in mind up to where, so that no reader takes what is gone for what never was.

use pgrx::datum::Interval;
use pgrx::spi::SpiClient;
use uuid::{Builder, Uuid};

use crate::error::{Error, Result};
use crate::organization::as_postgres;
use crate::statement::run_fresh;

/// $1 the age. Milliseconds since 1970.
const SINCE: &str = "
    SELECT pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.now() - $1) * 1000)::bigint";

/// $1 the id before which. The ids are in order of time.
const PURGE: &str = "
    WITH purged AS (
        DELETE FROM booking.events AS e WHERE e.id < $1 RETURNING e.org_id, e.tx
    )
    SELECT p.org_id, pg_catalog.count(*), pg_catalog.max(p.tx::text::bigint) FROM purged AS p GROUP BY p.org_id";

/// One row for each organization takes the place of those before it. What a row says of transactions was so in the cluster that
/// wrote it; in one that it was restored into, nothing is later than the row itself.
///
/// $1 organizations, $2 ids, $3 the last transactions of which something is gone, $4 the id before which everything is.
const REMEMBER: &str = "
    WITH former AS (
        DELETE FROM booking.purged_events AS d WHERE d.org_id = ANY ($1)
        RETURNING d.org_id, LEAST(d.up_to, d.tx) AS up_to, d.before_id
    )
    INSERT INTO booking.purged_events (org_id, id, up_to, before_id)
    SELECT n.org_id, n.id,
        GREATEST(n.up_to::text::xid8, (SELECT f.up_to FROM former AS f WHERE f.org_id = n.org_id ORDER BY f.up_to DESC LIMIT 1)),
        GREATEST($4, (SELECT f.before_id FROM former AS f WHERE f.org_id = n.org_id ORDER BY f.before_id DESC LIMIT 1))
    FROM unnest($1, $2, $3) AS n (org_id, id, up_to)";

/// Deletes what happened longer ago than `age`, and says how much that was.
pub fn purge(client: &mut SpiClient<'_>, age: Interval) -> Result<i64> {
    let since =
        run_fresh(client, SINCE, &[age.into()])?.first()?.get::<i64>(1)?.ok_or_else(|| Error::missing("time"))?;
    let before = as_postgres(first_id_at(u64::try_from(since).unwrap_or(0)));
    let (mut org_ids, mut ids, mut up_to, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0_i64);
    for row in run_fresh(client, PURGE, &[before.into()])? {
        let purged = row.get::<pgrx::Uuid>(1)?.zip(row.get::<i64>(2)?).zip(row.get::<i64>(3)?);
        let ((org_id, number), last) = purged.ok_or_else(|| Error::missing("organization"))?;
        org_ids.push(org_id);
        ids.push(as_postgres(Uuid::now_v7()));
        up_to.push(last);
        count = count.saturating_add(number);
    }
    if !org_ids.is_empty() {
        run_fresh(client, REMEMBER, &[org_ids.into(), ids.into(), up_to.into(), before.into()])?;
    }
    Ok(count)
}

/// The smallest uuid of version 7 of a millisecond.
fn first_id_at(milliseconds: u64) -> Uuid {
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}
