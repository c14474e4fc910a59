//! SQL statements whose plans a backend keeps. A statement stands as a constant beside the one function that runs it.
//!
//! They go to the server's programming interface (SPI) directly. pgrx gives a transaction an id before it lets anything run
//! with a new snapshot: each look at the calendar would use one up, and on a standby there are none to give.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::rc::Rc;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::SpiClient;

use crate::error::{Error, Result};

type Plan = NonNull<pg_sys::_SPI_plan>;

thread_local! {
    /// Kept for the life of the backend. The server plans them anew by itself when what they need has changed.
    static PLANS: RefCell<HashMap<&'static str, Plan>> = RefCell::new(HashMap::new());
}

/// How a statement is run: `run_fresh` or `run_in_snapshot`.
pub type Run = for<'conn> fn(&mut SpiClient<'conn>, &'static str, &[DatumWithOid<'_>]) -> Result<Rows<'conn>>;

/// Runs `sql` with a snapshot of its own, so that it sees everything committed before it began - also what was committed while
/// this transaction waited for a lock. Whatever runs after a lock must run by this.
pub fn run_fresh<'conn>(
    connected: &mut SpiClient<'conn>,
    sql: &'static str,
    arguments: &[DatumWithOid<'_>],
) -> Result<Rows<'conn>> {
    run(connected, sql, arguments, false)
}

/// Runs `sql`, which only reads, with the snapshot of the statement that has called the function: several of them see the same
/// moment. Never after a lock.
pub fn run_in_snapshot<'conn>(
    connected: &mut SpiClient<'conn>,
    sql: &'static str,
    arguments: &[DatumWithOid<'_>],
) -> Result<Rows<'conn>> {
    run(connected, sql, arguments, true)
}

fn run<'conn>(
    _connected: &mut SpiClient<'conn>,
    sql: &'static str,
    arguments: &[DatumWithOid<'_>],
    is_of_caller: bool,
) -> Result<Rows<'conn>> {
    // The map is not borrowed while the statement runs: a trigger may call into this extension again.
    let kept = PLANS.with_borrow(|plans| plans.get(sql).copied());
    let plan = match kept {
        Some(plan) => plan,
        None => {
            let plan = prepare(sql, arguments)?;
            PLANS.with_borrow_mut(|plans| plans.insert(sql, plan));
            plan
        }
    };
    let mut values: Vec<pg_sys::Datum> = Vec::with_capacity(arguments.len());
    let mut nulls: Vec<c_char> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let datum = argument.datum();
        nulls.push(if datum.is_some() { b' ' } else { b'n' } as c_char);
        values.push(datum.map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime()));
    }
    // SAFETY: the plan is kept and never freed; there are as many values and nulls as it has parameters, of its types.
    // Without a limit. Read-only, it sees what its caller sees; else the server takes a new snapshot.
    let status =
        unsafe { pg_sys::SPI_execute_plan(plan.as_ptr(), values.as_mut_ptr(), nulls.as_ptr(), is_of_caller, 0) };
    check(status, "run")?;
    // SAFETY: SPI has just set it: NULL, or the rows, which live until SPI is left, at the end of 'conn.
    Ok(Rows::of(NonNull::new(unsafe { pg_sys::SPI_tuptable })))
}

/// Every statement is a lookup by key, whose best plan does not depend on the values. Planning each of them anew costs more than
/// running them, and where the statistics do not know a tenant yet, it finds an index that reads all of that tenant's history.
fn prepare(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<Plan> {
    let text = CString::new(sql).map_err(|error| Error::Server(error.to_string()))?;
    let mut types: Vec<pg_sys::Oid> = arguments.iter().map(DatumWithOid::oid).collect();
    let number = c_int::try_from(types.len()).map_err(|error| Error::Server(error.to_string()))?;
    let options = pg_sys::CURSOR_OPT_GENERIC_PLAN as c_int;
    // SAFETY: a NUL-terminated text, and `number` types, which the server copies.
    let plan = unsafe { pg_sys::SPI_prepare_cursor(text.as_ptr(), number, types.as_mut_ptr(), options) };
    // SAFETY: reads a variable that SPI has just set.
    let plan = NonNull::new(plan).ok_or_else(|| spi_error(unsafe { pg_sys::SPI_result }, "prepared"))?;
    // SAFETY: the plan has just been made.
    check(unsafe { pg_sys::SPI_keepplan(plan.as_ptr()) }, "kept")?;
    Ok(plan)
}

fn check(status: c_int, done: &str) -> Result<()> {
    if status < 0 { Err(spi_error(status, done)) } else { Ok(()) }
}

fn spi_error(status: c_int, done: &str) -> Error {
    Error::Server(format!("a statement could not be {done}: SPI error {status}"))
}

/// What a statement returned; nothing, if it returns no rows.
pub struct Rows<'conn> {
    table: Option<NonNull<pg_sys::SPITupleTable>>,
    /// The types of its columns.
    types: Rc<[pg_sys::Oid]>,
    next: u64,
    connected: PhantomData<&'conn ()>,
}

impl<'conn> Rows<'conn> {
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> u64 {
        // SAFETY: the table lives as long as 'conn.
        self.table.map_or(0, |table| unsafe { table.as_ref() }.numvals)
    }

    /// What SPI has returned: NULL, or a table with its rows.
    fn of(table: Option<NonNull<pg_sys::SPITupleTable>>) -> Self {
        let mut rows = Rows { table, types: Rc::default(), next: 0, connected: PhantomData };
        if let Some(table) = table.filter(|_| !rows.is_empty()) {
            // SAFETY: the table and its description live as long as 'conn, and columns are counted from 1.
            rows.types = unsafe {
                let description = table.as_ref().tupdesc;
                (1..=(*description).natts).map(|column| pg_sys::SPI_gettypeid(description, column)).collect()
            };
        }
        rows
    }

    /// All columns are taken out of the row at once: each call into the server has its price.
    fn row(&self, position: u64) -> Option<Row<'conn>> {
        let position = usize::try_from(position).ok().filter(|_| position < self.len())?;
        // SAFETY: the table lives as long as 'conn, and `position` is one of its rows.
        let (tuple, description) = unsafe {
            let table = self.table?.as_ref();
            (*table.vals.add(position), table.tupdesc)
        };
        let mut values = vec![pg_sys::Datum::null(); self.types.len()];
        let mut nulls = vec![true; self.types.len()];
        // SAFETY: the row and its description, and room for each of its columns.
        unsafe { pg_sys::heap_deform_tuple(tuple, description, values.as_mut_ptr(), nulls.as_mut_ptr()) };
        Some(Row { values, nulls, types: Rc::clone(&self.types), connected: PhantomData })
    }

    /// The first row of a statement that always returns one.
    pub fn first(self) -> Result<Row<'conn>> {
        self.row(0).ok_or_else(|| Error::missing("row"))
    }
}

impl<'conn> Iterator for Rows<'conn> {
    type Item = Row<'conn>;

    fn next(&mut self) -> Option<Row<'conn>> {
        let row = self.row(self.next);
        self.next = self.next.saturating_add(1);
        row
    }
}

pub struct Row<'conn> {
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
    types: Rc<[pg_sys::Oid]>,
    connected: PhantomData<&'conn ()>,
}

impl Row<'_> {
    /// The value in a column, counted from 1. Another type than the column's is an error; a column that is not there is NULL.
    pub fn get<T: FromDatum + IntoDatum>(&self, column: c_int) -> Result<Option<T>> {
        let Some(position) = usize::try_from(column.saturating_sub(1)).ok() else { return Ok(None) };
        let Some((type_oid, false)) = self.types.get(position).zip(self.nulls.get(position).copied()) else {
            return Ok(None);
        };
        let Some(datum) = self.values.get(position) else { return Ok(None) };
        // SAFETY: a datum of this type that is not NULL.
        unsafe { T::try_from_datum(*datum, false, *type_oid) }
            .map_err(|error| Error::Server(format!("column {column} of a statement: {error}")))
    }
}
