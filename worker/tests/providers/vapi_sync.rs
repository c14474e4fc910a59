use std::convert::Infallible;
use std::sync::Mutex;

use booking_worker::Failure;
use booking_worker::vapi::sync::{Agent, Part, Registry, Standing, Sync, SyncError};
use booking_worker::vapi::tool::server;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::vapi_account::{Kept, VapiAccount};

const ORG: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const URL: &str = "https://worker.example.com/vapi";

/// Vapi's ids, as the database would keep them.
#[derive(Default)]
struct Ids(Mutex<Vec<(String, String)>>);

impl Registry for Ids {
    type Error = Infallible;

    async fn registered(&self, name: &str, tool_id: &str) -> Result<(), Infallible> {
        self.0.lock().unwrap().push((name.to_owned(), tool_id.to_owned()));
        Ok(())
    }
}

fn definition(name: &str) -> Value {
    json!({
        "type": "function", "async": false,
        "function": {"name": name, "description": format!("To {name}."), "parameters": {"type": "object",
            "properties": {"name": {"type": "string"}}, "required": ["name"]}},
        "parameters": [{"key": "org_id", "value": ORG}],
        "messages": [{"type": "request-start", "content": "One moment."}],
    })
}

fn agent(ids: [Option<&str>; 2]) -> Agent {
    let tools: Vec<Value> = ["book", "cancel"]
        .into_iter()
        .zip(ids)
        .map(|(name, id)| json!({"name": name, "toolId": id, "definition": definition(name)}))
        .collect();
    let agent = json!({"success": true, "orgId": ORG, "assistantId": "a1", "assistantName": null, "serverUrl": null,
        "credentialId": "c1", "prompt": "You answer.\nBe brief.", "tools": tools, "problems": []});
    serde_json::from_value(agent).unwrap()
}

fn account() -> Kept {
    let assistant = json!({"id": "a1", "name": "Ann", "model": {"provider": "openai", "model": "gpt-4o",
        "messages": [{"role": "system", "content": "You answer.\nBe kind."}], "toolIds": ["of-others"]}});
    Kept { assistant, ..Kept::default() }
}

struct Run {
    account: VapiAccount,
    ids: Ids,
}

impl Run {
    async fn start(kept: Kept) -> Self {
        Run { account: VapiAccount::start(kept).await, ids: Ids::default() }
    }

    async fn run(&self, agent: &Agent, is_dry_run: bool) -> Result<Vec<Part>, SyncError<Infallible>> {
        let (vapi, server) = (self.account.client(), server(URL, agent.credential_id.as_deref()));
        let run = Sync { vapi: &vapi, agent, server: &server, registry: &self.ids, is_dry_run };
        let mut parts = Vec::new();
        run.run(|part| parts.push(part)).await.map(|()| parts)
    }

    fn registered(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.ids.0.lock().unwrap())
    }
}

fn standings(parts: &[Part]) -> Vec<Standing> {
    parts.iter().map(|part| part.standing).collect()
}

fn ids(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect()
}

use Standing::{Changed, Created, Found, InLine, ToBeChanged, ToBeCreated, ToBeFound};

#[tokio::test]
async fn tools_are_created_and_linked_and_a_second_run_has_nothing_to_do() {
    let run = Run::start(account()).await;
    let parts = run.run(&agent([None, None]), false).await.unwrap();
    assert_eq!(standings(&parts), [Created, Created, Changed]);
    assert_eq!(run.account.writes(), ["POST /tool", "POST /tool", "PATCH /assistant/a1"]);
    assert_eq!(run.registered(), ids(&[("book", "tool-1"), ("cancel", "tool-2")]));
    run.account.with(|kept| {
        let expected = json!({"url": URL, "timeoutSeconds": 20, "credentialId": "c1"});
        assert_eq!((&kept.tools[0]["server"], &kept.assistant["server"]), (&expected, &expected));
        assert_eq!(kept.assistant["model"]["toolIds"], json!(["of-others", "tool-1", "tool-2"]));
        assert_eq!(kept.assistant["model"]["model"], "gpt-4o");
        assert_eq!(kept.assistant["model"]["messages"][0]["content"], "You answer.\nBe brief.");
        assert_eq!(kept.assistant["metadata"]["org_id"], ORG);
    });
    let parts = run.run(&agent([Some("tool-1"), Some("tool-2")]), false).await.unwrap();
    assert_eq!(standings(&parts), [InLine; 3]);
    assert_eq!((run.account.writes(), run.registered()), (vec![], vec![]));
}

#[tokio::test]
async fn a_dry_run_tells_what_differs_and_writes_nothing() {
    let run = Run::start(account()).await;
    let parts = run.run(&agent([None, None]), true).await.unwrap();
    assert_eq!(standings(&parts), [ToBeCreated, ToBeCreated, ToBeChanged]);
    let told = parts[2].to_string();
    for line in [
        "assistant: to be changed",
        "    -Be kind.",
        "    +Be brief.",
        r#"  model.toolIds[1]: nothing -> "(the id of book, once it is created)""#,
        r#"  server.url: nothing -> "https://worker.example.com/vapi""#,
        "  server.timeoutSeconds: nothing -> 20",
    ] {
        assert!(told.lines().any(|told| told == line), "{line} is not in\n{told}");
    }
    assert_eq!((run.account.writes(), run.registered()), (vec![], vec![]));
}

#[tokio::test]
async fn a_tool_that_a_dead_run_has_left_is_found_again_and_not_created_twice() {
    let run = Run::start(account()).await;
    run.run(&agent([None, None]), false).await.unwrap();
    run.account.writes();
    run.registered();
    let agent = agent([None, Some("tool-2")]);
    assert_eq!(standings(&run.run(&agent, true).await.unwrap()), [ToBeFound, InLine, InLine]);
    assert_eq!(run.registered(), []);
    assert_eq!(standings(&run.run(&agent, false).await.unwrap()), [Found, InLine, InLine]);
    assert_eq!((run.account.writes(), run.registered()), (vec![], ids(&[("book", "tool-1")])));
}

#[tokio::test]
async fn only_the_tool_that_differs_is_changed() {
    let run = Run::start(account()).await;
    run.run(&agent([None, None]), false).await.unwrap();
    run.account.writes();
    run.account.with(|kept| {
        kept.tools[1]["function"]["description"] = "Else.".into();
        kept.tools[1]["server"]["backoffPlan"] = json!({"maxRetries": 1});
    });
    let parts = run.run(&agent([Some("tool-1"), Some("tool-2")]), false).await.unwrap();
    assert_eq!(standings(&parts), [InLine, Changed, InLine]);
    let told = "tool cancel: changed\n  function.description: \"Else.\" -> \"To cancel.\"";
    assert_eq!(parts[1].to_string(), told);
    assert_eq!(run.account.writes(), ["PATCH /tool/tool-2"]);
    // What others have set on the server stays.
    run.account.with(|kept| assert_eq!(kept.tools[1]["server"]["backoffPlan"]["maxRetries"], 1));
}

#[tokio::test]
async fn a_tool_that_is_gone_is_created_again_and_its_old_id_is_not_linked_any_more() {
    let run = Run::start(account()).await;
    run.run(&agent([None, None]), false).await.unwrap();
    run.registered();
    run.account.with(|kept| kept.tools[0]["id"] = "deleted".into());
    run.account.with(|kept| kept.tools[0]["parameters"] = json!([]));
    let parts = run.run(&agent([Some("tool-1"), Some("tool-2")]), false).await.unwrap();
    assert_eq!(standings(&parts), [Created, InLine, Changed]);
    assert_eq!(run.registered(), ids(&[("book", "tool-3")]));
    run.account.with(|kept| assert_eq!(kept.assistant["model"]["toolIds"], json!(["of-others", "tool-2", "tool-3"])));
}

#[tokio::test]
async fn tools_of_other_organizations_are_left_alone() {
    let run = Run::start(account()).await;
    let mut others = agent([None, None]);
    others.org_id = Uuid::from_u128(7);
    others.assistant_id = None;
    for tool in &mut others.tools {
        tool.definition["parameters"][0]["value"] = others.org_id.to_string().into();
    }
    assert_eq!(standings(&run.run(&others, false).await.unwrap()), [Created, Created]);
    assert_eq!(standings(&run.run(&agent([None, None]), false).await.unwrap()), [Created, Created, Changed]);
    run.account.with(|kept| assert_eq!(kept.tools.len(), 4));
}

#[tokio::test]
async fn vapi_that_keeps_something_else_than_was_sent_is_found_out() {
    let run = Run::start(Kept { is_forgetful: true, ..account() }).await;
    let error = run.run(&agent([None, None]), false).await.unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, SyncError::KeptOtherwise { .. }), "{told}");
    assert!(told.contains("model.toolIds") && told.contains("server") && !told.contains("You answer"), "{told}");
}

#[tokio::test]
async fn an_assistant_that_is_not_there_or_has_no_model_is_a_clear_failure() {
    let run = Run::start(Kept { assistant: json!({"id": "a2"}), ..Kept::default() }).await;
    assert!(matches!(run.run(&agent([None, None]), false).await, Err(SyncError::NoAssistant)));
    let run = Run::start(Kept { assistant: json!({"id": "a1", "model": null}), ..Kept::default() }).await;
    assert!(matches!(run.run(&agent([None, None]), false).await, Err(SyncError::NoModel(_))));
}

#[tokio::test]
async fn a_run_that_vapi_refuses_leaves_what_was_done_registered() {
    let run = Run::start(account()).await;
    let mut agent = agent([None, Some("..")]);
    agent.assistant_id = None;
    let error = run.run(&agent, false).await.unwrap_err();
    assert!(matches!(error, SyncError::Provider(Failure::Refused { .. })), "{error}");
    assert_eq!(run.registered(), ids(&[("book", "tool-1")]));
}
