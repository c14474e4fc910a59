//! Opening hours by the week, and what replaces them on a date.

use booking_core::hours::{Window, day_from_json, week_from_json};
use booking_core::{Code, limits};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::book::lock;
use crate::error::{Result, or_raise};
use crate::organization::{Asked, Organization, as_postgres, from_postgres};
use crate::raw_json::JsonbText;
use crate::setup::{invalid, missing};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_opening_hours(
    p_org_id: Option<pgrx::Uuid>,
    p_hours: Option<JsonbText>,
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
) {
    let set = || -> Result<()> {
        let week = week_from_json(&p_hours.ok_or_else(|| missing("p_hours"))?.0)?;
        Spi::connect_mut(|client| {
            let owner = Owner::read(client, p_org_id, p_resource_id)?;
            run_fresh(client, REMOVE_WEEK, &[as_postgres(owner.org_id).into(), owner.resource_id().into()])?;
            for (weekday, windows) in (1_i32..).zip(week.iter().flatten()) {
                let arguments = [
                    as_postgres(owner.org_id).into(),
                    as_postgres(Uuid::now_v7()).into(),
                    owner.resource_id().into(),
                    weekday.into(),
                    multirange(windows).into(),
                ];
                run_fresh(client, ADD_DAY, &arguments)?;
            }
            Ok(())
        })
    };
    or_raise(set());
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_date_override(
    p_org_id: Option<pgrx::Uuid>,
    p_date: Option<Date>,
    p_hours: Option<JsonbText>,
    p_resource_id: default!(Option<pgrx::Uuid>, "NULL"),
    p_reason: default!(Option<String>, "NULL"),
) {
    let set = || -> Result<()> {
        let date = p_date.ok_or_else(|| missing("p_date"))?;
        if date.is_infinity() || date.is_neg_infinity() {
            return Err(invalid("infinity is not a date", "pass the date whose hours change").into());
        }
        let windows = p_hours.map(|hours| day_from_json(&hours.0)).transpose()?;
        let reason = p_reason.map(|reason| limits::label("reason", &reason, Code::InvalidRequest)).transpose()?;
        Spi::connect_mut(|client| {
            let owner = Owner::read(client, p_org_id, p_resource_id)?;
            let (org_id, resource_id) = (as_postgres(owner.org_id), owner.resource_id());
            run_fresh(client, REMOVE_DATE, &[org_id.into(), resource_id.into(), date.into()])?;
            let Some(windows) = windows else { return Ok(()) };
            let arguments = [
                org_id.into(),
                as_postgres(Uuid::now_v7()).into(),
                resource_id.into(),
                date.into(),
                multirange(&windows).into(),
                reason.into(),
            ];
            run_fresh(client, ADD_DATE, &arguments)?;
            Ok(())
        })
    };
    or_raise(set());
}

/// Whose hours they are.
struct Owner {
    org_id: Uuid,
    /// `None`: the organization's own.
    resource_id: Option<Uuid>,
}

impl Owner {
    /// What does not exist, or is another tenant's, is refused.
    fn read(client: &mut SpiClient<'_>, org_id: Option<pgrx::Uuid>, resource_id: Option<pgrx::Uuid>) -> Result<Self> {
        let resource_id = resource_id.map(from_postgres);
        let asked = Asked { org_id: org_id.map(from_postgres), resource_id, ..Asked::default() };
        let org_id = Organization::read(client, asked)?.id;
        lock::hours(client, org_id)?;
        Ok(Owner { org_id, resource_id })
    }

    fn resource_id(&self) -> Option<pgrx::Uuid> {
        self.resource_id.map(as_postgres)
    }
}

/// $1 org_id, $2 resource or NULL.
const REMOVE_WEEK: &str = "
    DELETE FROM booking.opening_hours AS h WHERE h.org_id = $1 AND h.resource_id IS NOT DISTINCT FROM $2";

/// $1 org_id, $2 id, $3 resource or NULL, $4 weekday, $5 windows.
const ADD_DAY: &str = "
    INSERT INTO booking.opening_hours (org_id, id, resource_id, weekday, windows)
    VALUES ($1, $2, $3, $4, $5::pg_catalog.int4multirange)";

/// $1 org_id, $2 resource or NULL, $3 date.
const REMOVE_DATE: &str = "
    DELETE FROM booking.closures AS c
    WHERE c.org_id = $1 AND c.resource_id IS NOT DISTINCT FROM $2 AND c.date = $3";

/// $1 org_id, $2 id, $3 resource or NULL, $4 date, $5 windows, $6 reason.
const ADD_DATE: &str = "
    INSERT INTO booking.closures (org_id, id, resource_id, date, windows, reason)
    VALUES ($1, $2, $3, $4, $5::pg_catalog.int4multirange, $6)";

/// The windows as Postgres writes them; what overlaps or touches becomes one there.
fn multirange(windows: &[Window]) -> String {
    let ranges: Vec<String> = windows.iter().map(|window| format!("[{},{})", window.opens, window.closes)).collect();
    format!("{{{}}}", ranges.join(","))
}
