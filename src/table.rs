//! How a function returns a table: whole, in one call.
//!
//! pgrx has the server call a function again for every row, and what stands in the definition of the function, its search_path,
//! is set and reset around each of these calls.

use std::marker::PhantomData;
use std::ptr;

use pgrx::callconv::{CallCx, RetAbi};
use pgrx::iter;
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys;
use pgrx::pg_sys::SetFunctionReturnMode::SFRM_Materialize;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::prelude::*;

use crate::error::{Error, Result, or_raise};

/// The rows of a table. Its name is that of pgrx's own, by which `pg_extern` knows what a function returns.
pub struct TableIterator<'a, Row> {
    rows: Vec<Row>,
    lifetime: PhantomData<&'a ()>,
}

impl<Row> TableIterator<'_, Row> {
    pub fn new(rows: Vec<Row>) -> Self {
        TableIterator { rows, lifetime: PhantomData }
    }
}

/// What pgrx says of its own: `RETURNS TABLE (...)`.
unsafe impl<'a, Row> SqlTranslatable for TableIterator<'a, Row>
where
    iter::TableIterator<'a, Row>: SqlTranslatable,
{
    const TYPE_IDENT: &'static str = iter::TableIterator::<'a, Row>::TYPE_IDENT;
    const TYPE_ORIGIN: TypeOrigin = iter::TableIterator::<'a, Row>::TYPE_ORIGIN;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> =
        iter::TableIterator::<'a, Row>::ARGUMENT_SQL;
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> = iter::TableIterator::<'a, Row>::RETURN_SQL;
}

// SAFETY: the function runs in the caller's memory context, once; what it returns is in the tuplestore, and the datum is none.
unsafe impl<Row: Columns> RetAbi for TableIterator<'_, Row> {
    type Item = Row;
    type Ret = Self;

    unsafe fn check_fcinfo_and_prepare(_fcinfo: pg_sys::FunctionCallInfo) -> CallCx {
        // SAFETY: reads a variable.
        CallCx::WrappedFn(unsafe { pg_sys::CurrentMemoryContext })
    }

    fn to_ret(self) -> Self {
        self
    }

    unsafe fn box_ret_in_fcinfo(fcinfo: pg_sys::FunctionCallInfo, table: Self) -> pg_sys::Datum {
        // SAFETY: the server's own call.
        or_raise(unsafe { hand_over(fcinfo, table.rows) });
        pg_sys::Datum::null()
    }

    unsafe fn move_into_fcinfo_fcx(self, _fcinfo: pg_sys::FunctionCallInfo) {}

    unsafe fn fill_fcinfo_fcx(&self, _fcinfo: pg_sys::FunctionCallInfo) {}
}

/// After how many rows what has been made of them is freed, and the caller may break off.
const BATCH: usize = 1000;

/// Gives the rows to the query that called, in a tuplestore that lives as long as it.
///
/// # Safety
/// `fcinfo` is that of a call of a function that returns a table.
unsafe fn hand_over<Row: Columns>(fcinfo: pg_sys::FunctionCallInfo, rows: Vec<Row>) -> Result<()> {
    // SAFETY: a call has a NULL or a node there.
    let result = unsafe { (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>() };
    let takes_a_table = !result.is_null()
        && unsafe { (*result).type_ } == pg_sys::NodeTag::T_ReturnSetInfo
        && unsafe { (*result).allowedModes } & SFRM_Materialize as i32 != 0;
    if !takes_a_table {
        return Err(Error::Server("a table was asked for where none can be".to_owned()));
    }
    // SAFETY: as the server's own functions do it. The description and the rows are for the query, all else for the call.
    unsafe {
        let mut description = ptr::null_mut();
        let class = pg_sys::get_call_result_type(fcinfo, ptr::null_mut(), &mut description);
        // A library and a schema of different versions may not agree.
        if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE || usize::try_from((*description).natts) != Ok(Row::COUNT)
        {
            return Err(Error::Server(format!("the schema has another table than one of {} columns", Row::COUNT)));
        }
        let mut of_query = PgMemoryContexts::For((*(*result).econtext).ecxt_per_query_memory);
        let (description, store) = of_query.switch_to(|_| {
            (pg_sys::CreateTupleDescCopy(description), pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem))
        });
        put_all(rows, store, description);
        (*result).returnMode = SFRM_Materialize;
        (*result).setResult = store;
        (*result).setDesc = description;
    }
    Ok(())
}

/// # Safety
/// As that of `Columns::put`.
unsafe fn put_all<Row: Columns>(rows: Vec<Row>, store: *mut pg_sys::Tuplestorestate, description: pg_sys::TupleDesc) {
    let mut of_batch = PgMemoryContexts::new("rows of a table");
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        // SAFETY: the tuplestore has copied what is freed here.
        unsafe {
            of_batch.switch_to(|_| rows.by_ref().take(BATCH).for_each(|row| row.put(store, description)));
            of_batch.reset();
        }
        pg_sys::check_for_interrupts!();
    }
}

/// A row, as a tuple of its columns.
pub trait Columns {
    const COUNT: usize;

    /// Puts it into a tuplestore.
    ///
    /// # Safety
    /// `store` is a tuplestore, and `description` that of rows with these columns.
    unsafe fn put(self, store: *mut pg_sys::Tuplestorestate, description: pg_sys::TupleDesc);
}

macro_rules! columns {
    ($($column:ident),+) => {
        impl<$($column: IntoDatum),+> Columns for ($($column,)+) {
            const COUNT: usize = [$(stringify!($column)),+].len();

            #[allow(non_snake_case)]
            unsafe fn put(self, store: *mut pg_sys::Tuplestorestate, description: pg_sys::TupleDesc) {
                let ($($column,)+) = self;
                let datums = [$($column.into_datum(),)+];
                let mut nulls = datums.map(|datum| datum.is_none());
                let mut values = datums.map(|datum| datum.unwrap_or(pg_sys::Datum::null()));
                // SAFETY: a value and a null for each column; the server copies them.
                unsafe { pg_sys::tuplestore_putvalues(store, description, values.as_mut_ptr(), nulls.as_mut_ptr()) };
            }
        }
    };
}

columns!(A, B, C);
columns!(A, B, C, D);
columns!(A, B, C, D, E, F, G, H, I, J);
columns!(A, B, C, D, E, F, G, H, I, J, K, L);
columns!(A, B, C, D, E, F, G, H, I, J, K, L, M, N);
