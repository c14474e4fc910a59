use std::collections::BTreeMap;

use booking_worker::Failure;
use booking_worker::google::{ListFailure, Listing, Page, Since};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply};
use crate::google_event::{CALENDAR, EVENTS, calendar_at};

fn window() -> Since {
    Since::Window {
        time_min: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        time_max: Some("2027-11-20T12:00:00Z".parse().unwrap()),
    }
}

fn changes() -> Since {
    Since::SyncToken("sync/1".to_owned())
}

async fn replies(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(EVENTS))
        .and(header("authorization", "Bearer ya29.token"))
        .respond_with(reply)
        .expect(1)
        .mount(&server)
        .await;
    server
}

async fn list_at(address: &str, since: Since, page_token: Option<&str>) -> Result<Listing, ListFailure> {
    let page = Page { since, page_token: page_token.map(str::to_owned) };
    calendar_at(address).list(CALENDAR, &page).await
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// What is asked for such a page.
async fn asked(since: Since, page_token: Option<&str>) -> BTreeMap<String, String> {
    let server = replies(ok(&json!({"items": []}))).await;
    list_at(&server.uri(), since, page_token).await.unwrap();
    server.received_requests().await.unwrap()[0].url.query_pairs().into_owned().collect()
}

fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let always = [("singleEvents", "true"), ("maxResults", "250")];
    always.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_time_is_listed_with_each_recurrence_by_itself() {
    let times = [("timeMin", "2026-11-20T12:00:00Z"), ("timeMax", "2027-11-20T12:00:00Z")];
    assert_eq!(asked(window(), None).await, parameters(&times));
    let open = Since::Window { time_min: None, time_max: None };
    assert_eq!(asked(open, Some("p/2")).await, parameters(&[("pageToken", "p/2")]));
}

#[tokio::test]
async fn changes_are_listed_without_a_time() {
    assert_eq!(asked(changes(), None).await, parameters(&[("syncToken", "sync/1")]));
    let second = parameters(&[("syncToken", "sync/1"), ("pageToken", "p2")]);
    assert_eq!(asked(changes(), Some("p2")).await, second);
}

#[tokio::test]
async fn a_page_says_what_comes_next() {
    let items = vec![json!({"id": "e1", "status": "cancelled"}), json!({"id": "e2"})];
    let server = replies(ok(&json!({"items": items, "nextPageToken": "p2"}))).await;
    let listing = list_at(&server.uri(), window(), None).await.unwrap();
    assert_eq!(listing, Listing { items, next_page_token: Some("p2".to_owned()), next_sync_token: None });
    let server = replies(ok(&json!({"nextSyncToken": "s2"}))).await;
    let listing = list_at(&server.uri(), changes(), None).await.unwrap();
    assert_eq!(listing, Listing { items: vec![], next_page_token: None, next_sync_token: Some("s2".to_owned()) });
}

#[tokio::test]
async fn a_sync_token_that_has_expired_is_told_apart() {
    let server = replies(ResponseTemplate::new(410)).await;
    assert_eq!(list_at(&server.uri(), changes(), None).await, Err(ListFailure::SyncTokenExpired));
    let server = replies(ResponseTemplate::new(410)).await;
    let failure = list_at(&server.uri(), window(), None).await.unwrap_err();
    assert!(matches!(failure, ListFailure::Failed(Failure::Refused { .. })), "{failure:?}");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_can_be_asked_for_again() {
    for reply in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(429),
        ok(&json!([])),
        ok(&json!({"items": {}})),
        ok(&json!({"items": ["x".repeat(20 * 1024 * 1024)]})),
    ] {
        let failure = list_at(&replies(reply).await.uri(), changes(), None).await.unwrap_err();
        assert!(matches!(failure, ListFailure::Failed(Failure::NotDone { .. })), "{failure:?}");
    }
    let half = BadServer::start(half_reply("200 OK"), Ending::Reset).await;
    let failure = list_at(&half.address, changes(), None).await.unwrap_err();
    assert!(matches!(failure, ListFailure::Failed(Failure::NotDone { .. })), "{failure:?}");
}

#[tokio::test]
async fn a_list_may_be_larger_than_an_object() {
    let server = replies(ok(&json!({"items": ["x".repeat(2 * 1024 * 1024)]}))).await;
    assert_eq!(list_at(&server.uri(), changes(), None).await.unwrap().items.len(), 1);
}
