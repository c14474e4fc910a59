//! pg_booking: appointment booking that cannot double-book, inside Postgres.
//!
//! This crate is the SQL face: each room takes arguments in, calls a rule of `booking_core`, runs a statement and gives JSON
//! or rows back. The rules are in `core/`, the tables and their constraints in `sql/`.

use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::prelude::*;

::pgrx::pg_module_magic!(name, version);

// What callers reach.
mod agenda;
mod book;
mod change;
mod direct_tool;
mod erase;
mod follow_up;
mod health;
mod history;
mod integration;
mod look;
mod normalize;
mod outbox;
mod outside_calendar;
mod purge;
mod setup;
mod tenant;
mod timeline;
mod voice;
mod worker;

// What they share.
mod answer;
mod calendar;
mod error;
mod event;
mod instant;
mod organization;
mod raw_json;
mod server_zone;
mod settings;
mod statement;
mod table;

// The schema, in the order in which it is made: tables before the functions that read them, rights and comments last.
extension_sql_file!("../sql/00_guard.sql", name = "guard", bootstrap);
extension_sql_file!("../sql/tables/organizations.sql", name = "organizations", requires = [tenant::current_org_id]);
extension_sql_file!("../sql/tables/resources.sql", name = "resources", requires = ["organizations"]);
extension_sql_file!("../sql/tables/contacts.sql", name = "contacts", requires = ["organizations"]);
extension_sql_file!("../sql/tables/services.sql", name = "services", requires = ["organizations"]);
extension_sql_file!(
    "../sql/tables/service_resources.sql",
    name = "service_resources",
    requires = ["services", "resources"]
);
extension_sql_file!("../sql/tables/opening_hours.sql", name = "opening_hours", requires = ["resources"]);
extension_sql_file!("../sql/tables/closures.sql", name = "closures", requires = ["resources"]);
extension_sql_file!("../sql/tables/busy_blocks.sql", name = "busy_blocks", requires = ["resources"]);
extension_sql_file!(
    "../sql/tables/appointments.sql",
    name = "appointments",
    requires = ["services", "resources", "contacts"]
);
extension_sql_file!("../sql/tables/outbox.sql", name = "outbox", requires = ["organizations"]);
extension_sql_file!("../sql/tables/messages.sql", name = "messages", requires = ["organizations"]);
extension_sql_file!("../sql/tables/opt_outs.sql", name = "opt_outs", requires = ["organizations"]);
extension_sql_file!("../sql/tables/integrations.sql", name = "integrations", requires = ["organizations"]);
extension_sql_file!("../sql/tables/calendar_events.sql", name = "calendar_events", requires = ["organizations"]);
extension_sql_file!("../sql/tables/calendars.sql", name = "calendars", requires = ["organizations"]);
extension_sql_file!("../sql/tables/events.sql", name = "events", requires = ["organizations"]);
extension_sql_file!("../sql/tables/purged_events.sql", name = "purged_events", requires = ["events"]);
extension_sql_file!("../sql/tables/follow_ups.sql", name = "follow_ups", requires = ["organizations"]);
extension_sql_file!("../sql/tables/workers.sql", name = "workers", requires = ["organizations"]);
extension_sql_file!("../sql/tables/voice_agents.sql", name = "voice_agents", requires = ["organizations"]);
extension_sql_file!("../sql/tables/org_tools.sql", name = "org_tools", requires = ["organizations"]);
extension_sql_file!("../sql/tables/call_logs.sql", name = "call_logs", requires = ["organizations"]);
extension_sql_file!("../sql/tables/call_messages.sql", name = "call_messages", requires = ["organizations"]);
extension_sql_file!("../sql/tables/message_templates.sql", name = "message_templates", requires = ["organizations"]);
extension_sql_file!("../sql/tables/idempotency_keys.sql", name = "idempotency_keys", requires = ["organizations"]);
extension_sql_file!("../sql/functions/grants.sql", name = "grants", requires = ["appointments"]);
extension_sql_file!("../sql/comments.sql", name = "comments", requires = ["rights"]);
extension_sql_file!("../sql/rights.sql", name = "rights", finalize);

/// Runs once when the library is loaded. Loaded by `shared_preload_libraries` it also reads the phone metadata, so that every
/// backend inherits it instead of spending 70 ms on its first number.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    keep_backtraces_out_of_errors();
    settings::register();
    // SAFETY: a plain read of a flag that only the starting server writes.
    if unsafe { pg_sys::process_shared_preload_libraries_in_progress } {
        booking_core::phone::warm_up();
        PRELOADED.store(true, Ordering::Relaxed);
    }
}

/// Whether the server itself loaded the library, so that every backend inherited it.
static PRELOADED: AtomicBool = AtomicBool::new(false);

fn was_preloaded() -> bool {
    PRELOADED.load(Ordering::Relaxed)
}

/// pgrx puts a backtrace, where one was captured, into the DETAIL of an error, and so before the eyes of every client. The
/// server's environment may ask for backtraces of other things; ours need RUST_LIB_BACKTRACE.
fn keep_backtraces_out_of_errors() {
    const SETTING: &str = "RUST_LIB_BACKTRACE";
    if std::env::var_os(SETTING).is_none() {
        // SAFETY: a library is loaded by a server process that has one thread.
        unsafe { std::env::set_var(SETTING, "0") };
    }
}

#[cfg(any(test, feature = "pg_test"))]
mod in_server;

/// cargo-pgrx looks for this module at the root of the crate.
#[cfg(test)]
pub mod pg_test {
    pub fn setup(_options: Vec<&str>) {}

    #[must_use]
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![]
    }
}
