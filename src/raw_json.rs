//! JSON arguments as text. Parsing is left to the rule that reads them: what a caller sent that no JSON library can hold
//! (`1e999`, a lone surrogate, a thousand brackets) becomes a refusal there and not an error of the argument. And JSON that is
//! returned as it was written.

use std::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::Datum;
use pgrx::nullable::Nullable;
use pgrx::pgrx_sql_entity_graph::impl_sql_translatable;
use pgrx::prelude::*;

/// The text of a `json` argument or answer.
pub struct JsonText(pub String);

/// The text of a `jsonb` argument, as the server writes it: an object begins with a brace.
pub struct JsonbText(pub String);

impl FromDatum for JsonText {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, type_oid: pg_sys::Oid) -> Option<Self> {
        // SAFETY: a json datum is laid out as a text datum.
        unsafe { String::from_polymorphic_datum(datum, is_null, type_oid) }.map(JsonText)
    }
}

impl FromDatum for JsonbText {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: jsonb_out takes a jsonb datum and returns a NUL-terminated string.
        let text: &CStr = unsafe { pgrx::direct_function_call(pg_sys::jsonb_out, &[Some(datum)]) }?;
        Some(JsonbText(text.to_string_lossy().into_owned()))
    }
}

macro_rules! argument_from_datum {
    ($type:ty, $sql:literal) => {
        impl_sql_translatable!($type, $sql);

        // SAFETY: the datum is of the SQL type named above.
        unsafe impl<'fcx> ArgAbi<'fcx> for $type {
            unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
                // SAFETY: as the caller promises; only a NULL could be missing.
                unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or_else(|| Self(String::new()))
            }

            unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
                // SAFETY: as the caller promises.
                unsafe { arg.unbox_arg_using_from_datum() }.into()
            }
        }
    };
}

argument_from_datum!(JsonText, "json");
argument_from_datum!(JsonbText, "jsonb");

// SAFETY: a json datum is laid out as a text datum.
unsafe impl BoxRet for JsonText {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        // SAFETY: as the caller promises.
        unsafe { self.0.box_into(fcinfo) }
    }
}
