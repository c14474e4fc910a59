//! The settings of the extension. Both decide whose data a session sees, so both are for superusers, and for roles a
//! superuser has granted them to.

use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

/// `booking.org_id`: the organization of this session.
pub static ORG_ID: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// `booking.authenticator`: the login role whose `request.jwt.claims` are trusted.
pub static AUTHENTICATOR: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"authenticator"));

pub fn register() {
    GucRegistry::define_string_guc(
        c"booking.org_id",
        c"The organization whose data this session sees.",
        c"A uuid. Set it per role: ALTER ROLE clinic SET booking.org_id = '...'.",
        &ORG_ID,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_string_guc(
        c"booking.authenticator",
        c"The login role whose request.jwt.claims name the organization.",
        c"Any SQL session can set claims for itself; only those of this role come from a verified token.",
        &AUTHENTICATOR,
        GucContext::Suset,
        GucFlags::default(),
    );
    // SAFETY: a constant, NUL-terminated prefix; called from _PG_init. From here on `booking.typo = 1` is an error.
    #[cfg(not(feature = "pg14"))]
    unsafe {
        pgrx::pg_sys::MarkGUCPrefixReserved(c"booking".as_ptr());
    }
}
