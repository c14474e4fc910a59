//! SQL statements whose plans a backend keeps. A statement stands as a constant beside the one function that runs it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::{self, PgOid};
use pgrx::spi::{OwnedPreparedStatement, SpiClient, SpiTupleTable};

use crate::error::Result;

thread_local! {
    static PLANS: RefCell<HashMap<&'static str, Rc<OwnedPreparedStatement>>> = RefCell::new(HashMap::new());
}

/// Runs `sql` with a snapshot of its own, so that it sees everything committed before it began - also what was committed while
/// this transaction waited for a lock. Whatever runs after a lock must run by this.
pub fn run_fresh<'conn>(
    client: &mut SpiClient<'conn>,
    sql: &'static str,
    arguments: &[DatumWithOid<'_>],
) -> Result<SpiTupleTable<'conn>> {
    // The map is not borrowed while the statement runs: a trigger may call into this extension again.
    let kept = PLANS.with_borrow(|plans| plans.get(sql).cloned());
    let plan = match kept {
        Some(plan) => plan,
        None => {
            let types: Vec<PgOid> = arguments.iter().map(|argument| PgOid::from(argument.oid())).collect();
            let plan = Rc::new(client.prepare_mut(sql, &types)?.keep());
            PLANS.with_borrow_mut(|plans| plans.insert(sql, Rc::clone(&plan)));
            plan
        }
    };
    let _same_for_all = GenericPlans::begin();
    Ok(client.update(&*plan, None, arguments)?)
}

/// While it lives, a kept plan is used as it is, for whatever values. Our statements are lookups by key, whose best plan
/// does not depend on the values; planning each of them anew costs more than running them, and where the statistics do not
/// know a tenant yet, it finds an index that reads all of that tenant's history.
struct GenericPlans {
    before: i32,
}

impl GenericPlans {
    fn begin() -> Self {
        // SAFETY: a backend has one thread, and nothing keeps a reference to the setting.
        let before = unsafe { pg_sys::plan_cache_mode };
        // SAFETY: as above.
        unsafe { pg_sys::plan_cache_mode = pg_sys::PlanCacheMode::PLAN_CACHE_MODE_FORCE_GENERIC_PLAN as i32 };
        GenericPlans { before }
    }
}

impl Drop for GenericPlans {
    /// Also when an error passes through.
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { pg_sys::plan_cache_mode = self.before };
    }
}
