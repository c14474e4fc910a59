//! Whose data this session sees. Every policy calls `current_org_id`.

use std::ffi::CStr;

use pgrx::prelude::*;
use uuid::Uuid;

use crate::settings;

/// The longest name of a role, in bytes.
const LONGEST_ROLE: usize = 63;

/// The organization of this session: the setting `booking.org_id`, else the `org_id` claim of a verified token, else none.
#[pg_extern(stable, parallel_safe)]
pub fn current_org_id() -> Option<pgrx::Uuid> {
    let org_id = match settings::ORG_ID.get() {
        Some(setting) if !setting.is_empty() => parse(setting.to_str().ok()?),
        _ => claimed_org_id(),
    };
    org_id.map(|id| pgrx::Uuid::from_bytes(id.into_bytes()))
}

fn claimed_org_id() -> Option<Uuid> {
    // A claim proves something only where the login role is the one that verifies tokens: any other session could have set it.
    if !session_user_is_authenticator() {
        return None;
    }
    parse(claims()?.get("org_id")?.as_str()?)
}

fn claims() -> Option<serde_json::Value> {
    serde_json::from_str(&setting(c"request.jwt.claims")?).ok()
}

/// Who acts, for the history: whom a verified token names. A login role that sees every organization is believed too, as the worker
/// whose board somebody uses: it could write any history that it likes.
fn acting() -> Option<serde_json::Value> {
    (session_user_is_authenticator() || session_user_sees_everything()).then(claims)?
}

/// The subject of the claims, where that is an id. An e-mail address is a name.
pub fn user() -> Option<String> {
    Some(parse(acting()?.get("sub")?.as_str()?)?.to_string())
}

/// The role in the claims; without one, that whose rights this session uses.
pub fn role() -> Option<String> {
    let claimed = acting().and_then(|claims| Some(claims.get("role")?.as_str()?.to_owned()));
    claimed.filter(|role| (1..=LONGEST_ROLE).contains(&role.len())).or_else(current_role)
}

fn current_role() -> Option<String> {
    // SAFETY: reads the catalog cache; with noerr the name is NULL when the role is gone.
    let name = unsafe { pg_sys::GetUserNameFromId(pg_sys::GetUserId(), true) };
    if name.is_null() {
        return None;
    }
    // SAFETY: a NUL-terminated string in the current memory context.
    Some(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
}

fn parse(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text.trim()).ok()
}

fn session_user_is_authenticator() -> bool {
    let Some(authenticator) = settings::AUTHENTICATOR.get() else { return false };
    // SAFETY: both calls only read the catalog cache; with noerr the name is NULL when the role is gone.
    let name = unsafe { pg_sys::GetUserNameFromId(pg_sys::GetSessionUserId(), true) };
    // SAFETY: a non-NULL name is a NUL-terminated string in the current memory context.
    !name.is_null() && unsafe { CStr::from_ptr(name) } == authenticator.as_c_str()
}

fn session_user_sees_everything() -> bool {
    // SAFETY: reads the catalog cache; a role that is gone sees nothing.
    unsafe { pg_sys::has_bypassrls_privilege(pg_sys::GetSessionUserId()) }
}

fn setting(name: &CStr) -> Option<String> {
    // SAFETY: missing_ok, so an unknown setting is NULL and not an error; the value is read before anything can change it.
    let value = unsafe { pg_sys::GetConfigOption(name.as_ptr(), true, false) };
    if value.is_null() {
        return None;
    }
    // SAFETY: the value of a setting is a NUL-terminated string.
    unsafe { CStr::from_ptr(value) }.to_str().ok().map(str::to_owned)
}
