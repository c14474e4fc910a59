use booking_worker::Failure;
use booking_worker::vapi::Vapi;
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply, nobody};
use crate::vapi_account::{API_KEY, Kept, VapiAccount, created_at, refused};
use crate::{client, impatient_client};

fn vapi_at(address: &str) -> Vapi {
    Vapi::new(client(), address, SecretString::from(API_KEY)).unwrap()
}

async fn replying(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer the-api-key")).respond_with(reply).mount(&server).await;
    server
}

/// The failures of reading, making and changing when Vapi replies so.
async fn failures(reply: ResponseTemplate) -> [Failure; 3] {
    let server = replying(reply).await;
    let vapi = vapi_at(&server.uri());
    [
        vapi.check().await.unwrap_err(),
        vapi.create_tool(&json!({"type": "function"})).await.unwrap_err(),
        vapi.change_assistant("a1", &json!({"model": {}})).await.unwrap_err(),
    ]
}

fn assert_tells_nothing(failure: &Failure) {
    let printed = format!("{failure} {failure:?}");
    for private in [API_KEY, "4155550123", "Jane", "127.0.0.1"] {
        assert!(!printed.contains(private), "{printed}");
    }
}

#[tokio::test]
async fn a_key_that_is_not_accepted_is_told_apart_and_not_shown() {
    for failure in failures(refused(401, "Invalid Key the-api-key")).await {
        assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
        assert_tells_nothing(&failure);
    }
    let other = VapiAccount::start(Kept::default()).await;
    assert_eq!(other.client().check().await, Ok(()));
    let vapi = Vapi::new(client(), &other.server.uri(), SecretString::from("another")).unwrap();
    assert!(matches!(vapi.check().await, Err(Failure::Unauthorized { .. })));
}

#[tokio::test]
async fn too_many_requests_were_not_looked_at_and_a_pause_is_kept() {
    let reply = refused(429, "slow down").insert_header("Retry-After", "7");
    for failure in failures(reply).await {
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
        assert_eq!(failure.retry_after_seconds(), Some(7));
    }
}

#[tokio::test]
async fn of_a_server_that_fails_nobody_knows_what_it_wrote() {
    for reply in [refused(500, "Jane"), refused(503, "x"), ResponseTemplate::new(200).set_body_string("{")] {
        let [read, made, changed] = failures(reply).await;
        assert!(matches!(read, Failure::NotDone { .. }), "{read:?}");
        assert!(matches!(made, Failure::Unknown { .. }) && matches!(changed, Failure::Unknown { .. }), "{made:?}");
    }
}

#[tokio::test]
async fn what_is_refused_names_our_own_fields_and_repeats_nothing_else() {
    let [read, made, changed] = failures(refused(400, "type model must be +14155550123 Jane")).await;
    assert!(matches!(read, Failure::Refused { .. }));
    assert_eq!(made.error(), "Vapi refused the request for type (HTTP 400)");
    assert_eq!(changed.error(), "Vapi refused the request for model (HTTP 400)");
}

#[tokio::test]
async fn an_object_without_an_id_is_none() {
    for body in [json!({}), json!({"id": ""}), json!({"id": 7}), json!([])] {
        let server = replying(ResponseTemplate::new(200).set_body_json(body)).await;
        let vapi = vapi_at(&server.uri());
        assert!(matches!(vapi.tool("t1").await, Err(Failure::NotDone { .. })));
        assert!(matches!(vapi.create_tool(&json!({})).await, Err(Failure::Unknown { .. })));
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_no_failure() {
    let account = VapiAccount::start(Kept { assistant: json!({"id": "a1"}), ..Kept::default() }).await;
    let vapi = account.client();
    assert_eq!(vapi.tool("t1").await, Ok(None));
    assert_eq!(vapi.assistant("a2").await, Ok(None));
    assert_eq!(vapi.assistant("a1").await, Ok(Some(json!({"id": "a1"}))));
    assert!(matches!(vapi.change_tool("t1", &json!({})).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn an_id_that_leads_elsewhere_is_refused_before_anything_is_sent() {
    let server = replying(ResponseTemplate::new(200)).await;
    for id in ["", ".", ".."] {
        assert!(matches!(vapi_at(&server.uri()).tool(id).await, Err(Failure::Refused { .. })));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
    let there = ResponseTemplate::new(200).set_body_json(json!({"id": "a/b"}));
    Mock::given(method("GET")).and(path("/tool/a%2Fb")).respond_with(there).with_priority(1).mount(&server).await;
    assert!(vapi_at(&server.uri()).tool("a/b").await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_or_breaks_off_did_nothing_that_is_known() {
    let vapi = |address: &str| Vapi::new(impatient_client(), address, SecretString::from(API_KEY)).unwrap();
    let unreached = vapi(&nobody().await).create_tool(&json!({})).await.unwrap_err();
    assert!(matches!(unreached, Failure::NotDone { .. }), "{unreached:?}");
    for server in [
        BadServer::start(half_reply("201 Created"), Ending::Close).await,
        BadServer::start("", Ending::Reset).await,
        BadServer::start("", Ending::Silence).await,
    ] {
        let failure = vapi(&server.address).create_tool(&json!({})).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
        assert!(matches!(vapi(&server.address).check().await, Err(Failure::NotDone { .. })));
    }
}

#[tokio::test]
async fn every_tool_is_listed_however_many_there_are() {
    let tool = |number: usize| json!({"id": format!("tool-{number}"), "createdAt": created_at(number)});
    let tools: Vec<Value> = (1..=2001).map(tool).collect();
    let account = VapiAccount::start(Kept { tools, ..Kept::default() }).await;
    let listed = account.client().tools().await.unwrap();
    assert_eq!((listed.len(), &listed[0]["id"], &listed[2000]["id"]), (2001, &json!("tool-2001"), &json!("tool-1")));
    assert_eq!(account.server.received_requests().await.unwrap().len(), 3);
}

#[test]
fn neither_the_key_nor_an_address_with_credentials_is_shown() {
    let vapi = vapi_at("http://127.0.0.1");
    let error = Vapi::new(client(), "http://me:the-api-key@127.0.0.1", SecretString::from(API_KEY)).unwrap_err();
    assert!(!format!("{vapi:?} {error} {error:?}").contains(API_KEY));
}
