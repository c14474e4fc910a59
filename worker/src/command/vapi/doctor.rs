//! Saying what keeps calls from being answered.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::server_url;
use crate::accounts::Voice;
use crate::command::findings::Findings;
use crate::context::Context;
use crate::error::Error;
use crate::integration::Provider;
use crate::outcome::Failure;
use crate::vapi::assistant::{Wanted, unread};
use crate::vapi::compare::{Difference, differences};
use crate::vapi::sync::{Agent, Tool};
use crate::vapi::{Vapi, tool};

const SYNC: &str = "run booking-worker vapi sync";

pub async fn doctor(context: &Context, org_id: Uuid, stated_url: Option<&str>) -> Result<(), Error> {
    let mut findings = Findings::default();
    let agent = context.database.voice_agent(org_id).await?;
    match agent.problems.as_slice() {
        [] => findings.good("the database has all that a voice agent needs"),
        problems => problems.iter().for_each(|problem| findings.bad(problem)),
    }
    agent.hints.iter().for_each(|hint| findings.note(hint));
    let server = match server_url(&context.options, stated_url, &agent) {
        Ok(url) => Some(tool::server(&url, agent.credential_id.as_deref())),
        Err(error) => {
            findings.bad(&error.to_string());
            None
        }
    };
    if let (Some(voice), Some(server)) = (account(context, org_id, &mut findings).await, server) {
        let examined = Examined { vapi: &voice.vapi, agent: &agent, server: &server };
        examined.tools(&mut findings).await;
        let second_ids = examined.second_tools(&mut findings).await;
        examined.assistant(&second_ids, &mut findings).await;
    }
    findings.end()
}

/// The account, if it can be used.
async fn account(context: &Context, org_id: Uuid, findings: &mut Findings) -> Option<Arc<Voice>> {
    let tried = async {
        let voice = context.accounts.voice(org_id).await?;
        let checked = voice.vapi.check().await;
        context.accounts.note(org_id, Provider::Vapi, voice.version, checked.as_ref().err()).await;
        checked.map(|()| voice)
    };
    match tried.await {
        Ok(voice) => {
            findings.good("an account of Vapi is connected, and its key is accepted");
            Some(voice)
        }
        Err(failure) => {
            findings.bad(&format!("the account of Vapi: {failure}"));
            None
        }
    }
}

struct Examined<'a> {
    vapi: &'a Vapi,
    agent: &'a Agent,
    server: &'a Value,
}

impl Examined<'_> {
    async fn tools(&self, findings: &mut Findings) {
        for tool in &self.agent.tools {
            match self.tool(tool).await {
                Ok(()) => findings.good(&format!("tool {} is there and in line", tool.name)),
                Err(what) => findings.bad(&format!("tool {}: {what}", tool.name)),
            }
        }
    }

    async fn tool(&self, tool: &Tool) -> Result<(), String> {
        let tool_id = tool.tool_id.as_deref().ok_or_else(|| format!("it is not created yet; {SYNC}"))?;
        let found = self.vapi.tool(tool_id).await.map_err(in_words)?;
        let found = found.ok_or_else(|| format!("Vapi does not have it any more; {SYNC}"))?;
        in_line(&differences(&tool::change(&tool.definition, self.server, &found), &found))?;
        has_credential(&found)
    }

    /// The ids of tools that are there a second time.
    async fn second_tools(&self, findings: &mut Findings) -> Vec<String> {
        let listed = match self.vapi.tools().await {
            Ok(listed) => listed,
            Err(failure) => {
                findings.bad(&format!("the list of tools: {failure}"));
                return Vec::new();
            }
        };
        let mut second_ids = Vec::new();
        for tool in &self.agent.tools {
            // Of one that is not registered, the first that is found will be.
            let Some(known) = &tool.tool_id else { continue };
            for second_id in tool::others(&listed, &tool.name, self.agent.org_id, known) {
                findings.note(&format!("there is a second tool {}, {second_id}: delete it at Vapi", tool.name));
                second_ids.push(second_id);
            }
        }
        second_ids
    }

    async fn assistant(&self, second_ids: &[String], findings: &mut Findings) {
        let Some(assistant_id) = &self.agent.assistant_id else {
            findings.bad("no assistant is named: give its id to booking.set_voice_agent");
            return;
        };
        let found = match self.vapi.assistant(assistant_id).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                findings.bad("Vapi has no such assistant: give another id to booking.set_voice_agent");
                return;
            }
            Err(failure) => {
                findings.bad(&format!("the assistant: {failure}"));
                return;
            }
        };
        findings.good("the assistant is there");
        // What is not created yet cannot be linked to, and is missed.
        let id_of = |tool: &Tool| tool.tool_id.clone().unwrap_or_else(|| format!("(the id of {})", tool.name));
        let tool_ids: Vec<String> = self.agent.tools.iter().map(id_of).collect();
        let wanted: Wanted<'_> = self.agent.wanted(&tool_ids, second_ids, self.server);
        match wanted.change(&found) {
            Ok(change) => parts_of_assistant(&differences(&change, &found), &found, findings),
            Err(no_model) => findings.bad(&no_model.to_string()),
        }
    }
}

/// What is asked of an assistant, by the field that shows it.
const PARTS: [(&str, &str); 5] = [
    ("model.toolIds", "the assistant is linked to every tool, once"),
    ("model.messages", "its prompt is the enforced one"),
    ("server", "it calls the right server"),
    ("serverMessages", "it tells of calls and how they end"),
    ("metadata", "it says whose calls they are"),
];

fn parts_of_assistant(differences: &[Difference], found: &Value, findings: &mut Findings) {
    for (path, what) in PARTS {
        let of_part: Vec<Difference> =
            differences.iter().filter(|difference| difference.is_below(path)).cloned().collect();
        match in_line(&of_part) {
            Ok(()) => findings.good(what),
            Err(why) => findings.bad(&format!("{what}: {why}")),
        }
    }
    let unread = unread(found);
    if !unread.is_empty() {
        let kinds = unread.join(", ");
        findings.note(&format!(
            "it also sends {kinds}: nothing reads them, and each is kept whole in call_messages until purge"
        ));
    }
    match has_credential(found) {
        Ok(()) => findings.good("it has something to prove itself with"),
        Err(why) => findings.bad(&format!("the assistant: {why}")),
    }
}

/// The fields that differ, without what is in them: prompts are long.
fn in_line(differences: &[Difference]) -> Result<(), String> {
    if differences.is_empty() {
        return Ok(());
    }
    let paths: Vec<&str> = differences.iter().map(|difference| difference.path.as_str()).collect();
    Err(format!("not in line ({}); {SYNC}", paths.join(", ")))
}

/// Whether Vapi has been given something to prove itself with when it calls.
fn has_credential(found: &Value) -> Result<(), String> {
    let is_there = |field: &str| {
        found.pointer(&format!("/server/{field}")).is_some_and(|value| match value {
            Value::String(text) => !text.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => false,
        })
    };
    if ["credentialId", "headers", "secret"].into_iter().any(is_there) {
        return Ok(());
    }
    Err(format!(
        "its calls carry no proof and are refused: make a credential with the server secret in Vapi's dashboard, give its id \
         to booking.set_voice_agent, and {SYNC}"
    ))
}

fn in_words(failure: Failure) -> String {
    failure.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_server_without_any_proof_is_missing_one() {
        for server in
            [json!({}), json!({"credentialId": null}), json!({"credentialId": "", "headers": {}}), json!(null)]
        {
            assert!(has_credential(&json!({"server": server})).is_err(), "{server}");
        }
        for server in
            [json!({"credentialId": "c1"}), json!({"headers": {"x-vapi-secret": "s"}}), json!({"secret": "s"})]
        {
            assert_eq!(has_credential(&json!({"server": server})), Ok(()));
        }
    }

    #[test]
    fn what_is_not_in_line_is_named_without_its_text() {
        let differing = differences(&json!({"model": {"messages": [{"content": "long"}]}}), &json!({"model": {}}));
        let why = in_line(&differing).unwrap_err();
        assert!(why.contains("(model.messages[0].content)") && !why.contains("long"), "{why}");
    }
}
