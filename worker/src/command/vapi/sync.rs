//! Bringing a voice agent into line.

use super::server_url;
use crate::config::VapiSync;
use crate::context::Context;
use crate::database::voice::Tools;
use crate::error::Error;
use crate::integration::Provider;
use crate::progress;
use crate::vapi::sync::{Part, Standing, Sync, SyncError};
use crate::vapi::tool::server;

/// Whether everything is in line at the end: after a dry run, perhaps not.
pub async fn sync(context: &Context, asked: &VapiSync) -> Result<bool, Error> {
    // Two at once would each make every tool.
    let _turn = match asked.dry_run {
        true => None,
        false => Some(context.database.turn(asked.org).await?.ok_or_else(busy)?),
    };
    let agent = context.database.voice_agent(asked.org).await?;
    let url = server_url(&context.options, asked.server_url.as_deref(), &agent)?;
    let voice = context.accounts.voice(asked.org).await?;
    let server = server(&url, agent.credential_id.as_deref());
    let registry = Tools { database: &context.database, org_id: asked.org };
    let run =
        Sync { vapi: &voice.vapi, agent: &agent, server: &server, registry: &registry, is_dry_run: asked.dry_run };
    let steps = agent.tools.len().saturating_add(usize::from(agent.assistant_id.is_some()));
    let bar = progress::bar(steps, "bringing Vapi into line");
    let mut tally = Tally::default();
    let ended = run
        .run(|part| {
            tally.count(&part);
            bar.suspend(|| println!("{part}"));
            bar.inc(1);
        })
        .await;
    bar.finish_and_clear();
    if !asked.dry_run {
        let failure = match &ended {
            Err(SyncError::Provider(failure)) => Some(failure),
            _ => None,
        };
        context.accounts.note(asked.org, Provider::Vapi, voice.version, failure).await;
    }
    ended.map_err(in_words)?;
    if agent.assistant_id.is_none() {
        println!("No assistant is named, so only the tools were looked at: booking.set_voice_agent takes its id.");
    }
    // Some of what was missing may be there now.
    let is_changed = tally.differing > 0 && !asked.dry_run;
    let agent = if is_changed { context.database.voice_agent(asked.org).await? } else { agent };
    for problem in agent.problems.iter().chain(&agent.hints) {
        println!("Note: {problem}");
    }
    println!("{}", tally.in_words(asked.dry_run));
    Ok(tally.differing == 0 || !asked.dry_run)
}

fn busy() -> Error {
    Error::Stated(
        "somebody else is bringing this organization's voice agent into line: run this again when they are done"
            .to_owned(),
    )
}

/// How many parts were not in line.
#[derive(Default)]
struct Tally {
    parts: usize,
    differing: usize,
}

impl Tally {
    fn count(&mut self, part: &Part) {
        self.parts = self.parts.saturating_add(1);
        self.differing = self.differing.saturating_add(usize::from(part.standing != Standing::InLine));
    }

    fn in_words(&self, is_dry_run: bool) -> String {
        match (self.differing, is_dry_run) {
            (0, _) => "Everything is in line: nothing to do.".to_owned(),
            (differing, true) => format!("{differing} of {} would be changed; nothing was written.", self.parts),
            (differing, false) => format!("{differing} of {} brought into line.", self.parts),
        }
    }
}

fn in_words(error: SyncError<Error>) -> Error {
    match error {
        SyncError::Provider(failure) => Error::Provider(failure),
        SyncError::Registry(error) => error,
        stated @ (SyncError::NoModel(_) | SyncError::NoAssistant | SyncError::KeptOtherwise { .. }) => {
            Error::Stated(stated.to_string())
        }
    }
}
