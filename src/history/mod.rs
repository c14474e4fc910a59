//! Reading the history: everything that was committed, once, in pages that may end anywhere and go on later.

use booking_core::history::Position;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::error::{Result, or_raise};
use crate::organization::{as_postgres, from_postgres, org_not_found};
use crate::outbox::claim::in_range;
use crate::raw_json::JsonText;
use crate::setup::missing;
use crate::statement::{Run, run_fresh};

mod home;
mod page;
pub mod purge;
mod reader;

use reader::{Answer, Reader};

/// The most events of one answer.
const MOST_EVENTS: i32 = 10_000;

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn read_events(
    p_org_id: Option<pgrx::Uuid>,
    p_after: default!(Option<String>, "NULL"),
    p_limit: default!(Option<i32>, "500"),
) -> JsonText {
    or_raise(Spi::connect_mut(|client| {
        let org_id = p_org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let limit = in_range("p_limit", p_limit.unwrap_or(500), MOST_EVENTS)?;
        if run_fresh(client, IS_THERE, &[as_postgres(org_id).into()])?.is_empty() {
            return Err(org_not_found(&org_id.to_string()).into());
        }
        let answer = read(client, vec![org_id], p_after.as_deref(), None, limit)?;
        Ok(JsonText(answer.to_json(false)))
    }))
}

/// $1 org_id.
const IS_THERE: &str = "
    SELECT o.org_id FROM booking.organizations AS o WHERE o.org_id = $1";

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn read_events_of(
    p_org_ids: Option<Vec<Option<pgrx::Uuid>>>,
    p_after: Option<String>,
    p_until: default!(Option<String>, "NULL"),
    p_limit: default!(Option<i32>, "1000"),
) -> JsonText {
    or_raise(Spi::connect_mut(|client| {
        let asked = p_org_ids.ok_or_else(|| missing("p_org_ids"))?;
        let limit = in_range("p_limit", p_limit.unwrap_or(1000), MOST_EVENTS)?;
        let mut org_ids: Vec<Uuid> = asked.into_iter().flatten().map(from_postgres).collect();
        org_ids.sort_unstable();
        org_ids.dedup();
        let answer = read(client, org_ids, p_after.as_deref(), p_until.as_deref(), limit)?;
        Ok(JsonText(answer.to_json(true)))
    }))
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn events_position() -> String {
    or_raise(Spi::connect_mut(|client| position(run_fresh, client)))
}

/// The position after what a statement that is run so sees.
pub fn position(run: Run, client: &mut SpiClient<'_>) -> Result<String> {
    let home = home::here(client)?;
    Ok(Position::after(page::present(run, client)?).to_text(home))
}

/// Where either text is no position, or is not one of this server as it is now, the reader begins anew at the present.
fn read(
    client: &mut SpiClient<'_>,
    org_ids: Vec<Uuid>,
    after: Option<&str>,
    until: Option<&str>,
    limit: i32,
) -> Result<Answer> {
    let home = home::here(client)?;
    let position = after.map_or_else(|| Some(Position::beginning()), |text| Position::parse(text, home));
    let until = until.map(|text| Position::parse(text, home).filter(|position| position.within.is_none()));
    match (position, until) {
        (Some(position), None) => Reader { org_ids, until: None, home }.read(client, position, limit),
        (Some(position), Some(Some(until))) => {
            Reader { org_ids, until: Some(until.seen), home }.read(client, position, limit)
        }
        _ => Ok(Answer::reset(page::present(run_fresh, client)?, home)),
    }
}
