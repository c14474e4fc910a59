//! The commands, one file each.

mod check;
mod connect;
mod keys;
mod requeue;
mod run;

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::config::{Cli, Do, Keys};
use crate::context::Context;
use crate::error::Error;

/// How many connections a command that is over soon needs.
const FEW: usize = 4;

pub async fn run(cli: Cli) -> Result<(), Error> {
    let Cli { options, command } = cli;
    match command {
        Do::Run(run) => run::run(options, run).await,
        Do::Check { org } => check::check(&Context::open(options, FEW)?, org).await,
        Do::Connect(asked) => connect::connect(&Context::open(options, FEW)?, &asked).await,
        Do::Disconnect { provider, org } => connect::disconnect(&Context::open(options, FEW)?, provider, org).await,
        Do::Keys(Keys::Generate { id }) => keys::generate(&id),
        Do::Keys(Keys::Rotate) => keys::rotate(&Context::open(options, FEW)?).await,
        Do::Requeue { org, job } => requeue::requeue(&Context::open(options, FEW)?, org, job).await,
    }
}

/// How far something has come that may take long; on a terminal only.
fn progress(length: usize, what: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {eta}");
    ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        .with_message(what)
}
