//! The file of options. It is read before anything else, so that flags and the environment count more.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Command;

/// The file that is named, before anything else is read: its values are what is usual.
pub(super) fn named(arguments: &[OsString]) -> Option<PathBuf> {
    let mut named = std::env::var_os("BOOKING_WORKER_CONFIG");
    for (position, argument) in arguments.iter().enumerate() {
        let text = argument.to_string_lossy();
        if text == "--config" {
            named = arguments.get(position.saturating_add(1)).cloned();
        } else if let Some(value) = text.strip_prefix("--config=") {
            named = Some(value.into());
        }
    }
    named.map(PathBuf::from)
}

/// The command, with what the file says as what is usual.
pub(super) fn with_file(mut command: Command, path: &Path) -> Result<Command, String> {
    let (text, mode) = text_and_mode(path).map_err(|error| error.to_string())?;
    // The message of the parser would show the line, which may be a password.
    let table: toml::Table = text.parse().map_err(|_| "is not TOML of the form name = \"value\"".to_owned())?;
    let url = table.get("database_url").and_then(toml::Value::as_str);
    if mode & 0o007 != 0 && url.is_some_and(has_password) {
        return Err(format!("has a password in it, and everybody can read it (mode {mode:o}): chmod 640"));
    }
    for (key, value) in table {
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => return Err(format!("{key} is neither text nor a number nor true or false")),
        };
        let is_of = |command: &Command| command.get_arguments().any(|argument| argument.get_id() == key.as_str());
        let is_run = command.find_subcommand("run").is_some_and(is_of);
        if key == "config" || !(is_run || is_of(&command)) {
            return Err(format!("{key} is no option: booking-worker run --help names them, with _ for -"));
        }
        let id = key.clone();
        command = if is_run {
            command.mut_subcommand("run", |run| run.mut_arg(id, |argument| argument.default_value(value)))
        } else {
            command.mut_arg(id, |argument| argument.default_value(value))
        };
    }
    Ok(command)
}

/// The mode is asked of the open file, so that what is checked is what is read.
fn text_and_mode(path: &Path) -> std::io::Result<(String, u32)> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok((text, mode))
}

fn has_password(database_url: &str) -> bool {
    tokio_postgres::Config::from_str(database_url).is_ok_and(|config| config.get_password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_seen_in_a_url_and_in_a_list() {
        assert!(has_password("postgresql://me:secret@db/clinic") && has_password("host=db password=secret"));
        assert!(!has_password("postgresql://me@db/clinic") && !has_password("host=/run/postgresql dbname=clinic"));
    }
}
