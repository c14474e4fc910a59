//! The commands, one file each.

mod check;
mod connect;
mod findings;
mod keys;
mod requeue;
mod run;
mod secrets;
mod token;
mod vapi;

use std::process::ExitCode;

use crate::config::{Cli, Do, Keys, Vapi};
use crate::context::Context;
use crate::error::Error;

/// How many connections a command that is over soon needs.
const FEW: usize = 4;

/// The status that a dry run exits with where something differs: no success, and no failure (1) or misuse (2).
const DIFFERS: u8 = 3;

pub async fn run(cli: Cli) -> Result<ExitCode, Error> {
    let Cli { options, command } = cli;
    match command {
        Do::Run(run) => run::run(options, run).await,
        Do::Check { org } => check::check(&Context::open(options, FEW)?, org).await,
        Do::Connect(asked) => connect::connect(&Context::open(options, FEW)?, &asked).await,
        Do::Disconnect { provider, org } => connect::disconnect(&Context::open(options, FEW)?, provider, org).await,
        Do::Keys(Keys::Generate { id }) => keys::generate(&id),
        Do::Keys(Keys::Rotate) => keys::rotate(&Context::open(options, FEW)?).await,
        Do::Requeue { org, job } => requeue::requeue(&Context::open(options, FEW)?, org, job).await,
        Do::Token(asked) => token::token(&options, &asked),
        Do::Vapi(Vapi::Doctor { org, server_url, .. }) => {
            vapi::doctor::doctor(&Context::open(options, FEW)?, org, server_url.as_deref()).await
        }
        Do::Vapi(Vapi::Sync(asked)) => {
            let is_in_line = vapi::sync::sync(&Context::open(options, FEW)?, &asked).await?;
            return Ok(if is_in_line { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) });
        }
    }?;
    Ok(ExitCode::SUCCESS)
}
