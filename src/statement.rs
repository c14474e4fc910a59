//! SQL statements whose plans a backend keeps. A statement stands as a constant beside the one function that runs it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys::PgOid;
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
    Ok(client.update(&*plan, None, arguments)?)
}
