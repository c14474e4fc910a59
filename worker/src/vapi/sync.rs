//! Bringing Vapi into line: tools are made or changed, and the assistant is given the prompt and linked to them. What is in
//! line already is left alone, so that a second run changes nothing, and a run that died is taken up where it was.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

use super::assistant::{NoModel, Wanted};
use super::compare::{Difference, differences};
use super::{Vapi, id_of, tool};
use crate::outcome::Failure;

/// What a voice agent of an organization is to be, as the database says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    pub org_id: Uuid,
    /// The assistant that is to be kept in line; `None`: the tools only.
    pub assistant_id: Option<String>,
    pub server_url: Option<String>,
    pub credential_id: Option<String>,
    /// The system prompt, with Vapi's own words for today.
    pub prompt: String,
    pub tools: Vec<Tool>,
    /// What keeps it from working, a sentence each.
    #[serde(default)]
    pub problems: Vec<String>,
    /// What may be as it is meant to be, and often is not.
    #[serde(default)]
    pub hints: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// The name of the function that the model calls.
    pub name: String,
    /// Vapi's id, once it is registered.
    pub tool_id: Option<String>,
    /// The body of POST /tool without the server.
    pub definition: Value,
}

/// Where Vapi's ids are kept.
pub trait Registry {
    type Error;

    fn registered(&self, name: &str, tool_id: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What was found and done, a part at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// As `tool book_appointment`.
    pub what: String,
    pub standing: Standing,
    /// What differed, also after it was changed.
    pub differences: Vec<Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    InLine,
    /// It is in line, but its id was not known.
    Found,
    Created,
    Changed,
    /// What a dry run has left as it was.
    ToBeFound,
    ToBeCreated,
    ToBeChanged,
}

impl Standing {
    const fn in_words(self) -> &'static str {
        match self {
            Standing::InLine => "in line",
            Standing::Found => "found again, and registered",
            Standing::Created => "created",
            Standing::Changed => "changed",
            Standing::ToBeFound => "found again, to be registered",
            Standing::ToBeCreated => "to be created",
            Standing::ToBeChanged => "to be changed",
        }
    }
}

/// A line, and one more for each difference.
impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.standing.in_words())?;
        let lines = self.differences.iter().map(ToString::to_string);
        lines
            .flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>())
            .try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

/// Why it could not be brought into line.
#[derive(Debug, Error)]
pub enum SyncError<E> {
    #[error(transparent)]
    Provider(Failure),
    #[error(transparent)]
    NoModel(NoModel),
    #[error("Vapi has no assistant of the id that set_voice_agent was given: give it another")]
    NoAssistant,
    #[error("Vapi has taken the change of {what}, and then has something else than was sent: {paths}")]
    KeptOtherwise { what: String, paths: String },
    #[error(transparent)]
    Registry(E),
}

impl<E> From<Failure> for SyncError<E> {
    fn from(failure: Failure) -> Self {
        SyncError::Provider(failure)
    }
}

/// One run.
pub struct Sync<'a, R> {
    pub vapi: &'a Vapi,
    pub agent: &'a Agent,
    /// As [`tool::server`] makes it.
    pub server: &'a Value,
    pub registry: &'a R,
    /// Whether nothing is written anywhere.
    pub is_dry_run: bool,
}

/// The tool of that name where it has no id yet.
fn id_to_come(name: &str) -> String {
    format!("(the id of {name}, once it is created)")
}

impl<R: Registry> Sync<'_, R> {
    /// Brings everything into line; `told` hears of each part as it is done.
    pub async fn run(&self, mut told: impl FnMut(Part)) -> Result<(), SyncError<R::Error>> {
        let listed = self.vapi.tools().await?;
        let (mut tool_ids, mut gone_ids) = (Vec::new(), Vec::new());
        for tool in &self.agent.tools {
            let (part, tool_id) = self.tool(tool, &listed).await?;
            told(part);
            gone_ids.extend(tool.tool_id.clone().filter(|known| *known != tool_id));
            // A second one would be called as well as the first.
            gone_ids.extend(tool::others(&listed, &tool.name, self.agent.org_id, &tool_id));
            tool_ids.push(tool_id);
        }
        if let Some(assistant_id) = &self.agent.assistant_id {
            told(self.assistant(assistant_id, &tool_ids, &gone_ids).await?);
        }
        Ok(())
    }

    /// What became of a tool, and its id. `listed`: every tool of the account.
    async fn tool(&self, tool: &Tool, listed: &[Value]) -> Result<(Part, String), SyncError<R::Error>> {
        let known = match &tool.tool_id {
            Some(tool_id) => self.vapi.tool(tool_id).await?,
            None => None,
        };
        if let Some(found) = known {
            return self.known_tool(tool, &found, false).await;
        }
        // A run that died after it had created the tool has left one that nobody knows.
        let found = listed.iter().find(|found| tool::is_of(found, &tool.name, self.agent.org_id));
        match found {
            Some(found) => self.known_tool(tool, found, true).await,
            None => self.new_tool(tool).await,
        }
    }

    async fn known_tool(
        &self,
        tool: &Tool,
        found: &Value,
        is_news: bool,
    ) -> Result<(Part, String), SyncError<R::Error>> {
        let tool_id = id_of(found).unwrap_or_default().to_owned();
        let change = tool::change(&tool.definition, self.server, found);
        let differences = differences(&change, found);
        if !self.is_dry_run {
            if is_news {
                self.register(tool, &tool_id).await?;
            }
            if !differences.is_empty() {
                self.vapi.change_tool(&tool_id, &change).await?;
                self.is_kept(tool, &tool_id, &change).await?;
            }
        }
        let standing = match (differences.is_empty(), is_news, self.is_dry_run) {
            (true, false, _) => Standing::InLine,
            (true, true, false) => Standing::Found,
            (true, true, true) => Standing::ToBeFound,
            (false, _, false) => Standing::Changed,
            (false, _, true) => Standing::ToBeChanged,
        };
        Ok((Part { what: named(tool), standing, differences }, tool_id))
    }

    async fn new_tool(&self, tool: &Tool) -> Result<(Part, String), SyncError<R::Error>> {
        let part = |standing| Part { what: named(tool), standing, differences: Vec::new() };
        if self.is_dry_run {
            return Ok((part(Standing::ToBeCreated), id_to_come(&tool.name)));
        }
        let creation = tool::creation(&tool.definition, self.server);
        let created = self.vapi.create_tool(&creation).await?;
        let tool_id = id_of(&created).unwrap_or_default().to_owned();
        self.register(tool, &tool_id).await?;
        self.is_kept(tool, &tool_id, &creation).await?;
        Ok((part(Standing::Created), tool_id))
    }

    /// What is kept shows only when it is read again.
    async fn is_kept(&self, tool: &Tool, tool_id: &str, sent: &Value) -> Result<(), SyncError<R::Error>> {
        let kept = self.vapi.tool(tool_id).await?.unwrap_or_default();
        kept_as_sent(&named(tool), sent, &kept)
    }

    async fn register(&self, tool: &Tool, tool_id: &str) -> Result<(), SyncError<R::Error>> {
        self.registry.registered(&tool.name, tool_id).await.map_err(SyncError::Registry)
    }

    async fn assistant(
        &self,
        assistant_id: &str,
        tool_ids: &[String],
        gone_ids: &[String],
    ) -> Result<Part, SyncError<R::Error>> {
        let what = "assistant".to_owned();
        let found = self.vapi.assistant(assistant_id).await?.ok_or(SyncError::NoAssistant)?;
        let wanted = self.agent.wanted(tool_ids, gone_ids, self.server);
        let change = wanted.change(&found).map_err(SyncError::NoModel)?;
        let differences = differences(&change, &found);
        if differences.is_empty() {
            return Ok(Part { what, standing: Standing::InLine, differences });
        }
        if self.is_dry_run {
            return Ok(Part { what, standing: Standing::ToBeChanged, differences });
        }
        self.vapi.change_assistant(assistant_id, &change).await?;
        let kept = self.vapi.assistant(assistant_id).await?.ok_or(SyncError::NoAssistant)?;
        kept_as_sent(&what, &change, &kept)?;
        Ok(Part { what, standing: Standing::Changed, differences })
    }
}

impl Agent {
    /// What of its assistant is ours.
    pub fn wanted<'a>(&'a self, tool_ids: &'a [String], gone_ids: &'a [String], server: &'a Value) -> Wanted<'a> {
        Wanted { org_id: self.org_id, prompt: &self.prompt, tool_ids, gone_ids, server }
    }
}

fn named(tool: &Tool) -> String {
    format!("tool {}", tool.name)
}

fn kept_as_sent<E>(what: &str, sent: &Value, kept: &Value) -> Result<(), SyncError<E>> {
    let differences = differences(sent, kept);
    if differences.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = differences.iter().map(|difference| difference.path.as_str()).collect();
    Err(SyncError::KeptOtherwise { what: what.to_owned(), paths: paths.join(", ") })
}
