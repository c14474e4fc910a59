use booking_worker::Failure;
use booking_worker::twilio::{Sent, Twilio};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wiremock::matchers::{basic_auth, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply};
use crate::client;
use crate::twilio_send::{ACCOUNT, MESSAGES, SID, account, error};

const TO: &str = "+14155550123";

fn sent_after() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A message in the list of an account, created on 20 November 2026 at `time`; as one that was only just accepted.
fn message(body: &str, time: &str) -> Value {
    json!({
        "sid": SID, "status": "accepted", "body": body, "direction": "outbound-api", "to": TO, "from": null,
        "date_created": format!("Fri, 20 Nov 2026 {time} +0000"), "date_sent": null,
    })
}

fn with(mut message: Value, name: &str, value: Value) -> Value {
    message[name] = value;
    message
}

fn page(messages: &[Value], next: Option<&str>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"messages": messages, "next_page_uri": next}))
}

/// The list without a date, and the one by date.
async fn serves(newest_first: ResponseTemplate, by_date: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let list = || {
        let to = query_param("To", TO);
        Mock::given(method("GET")).and(path(MESSAGES)).and(basic_auth(ACCOUNT, "the-auth-token")).and(to)
    };
    list().and(query_param_is_missing("DateSent>")).respond_with(newest_first).mount(&server).await;
    list().and(query_param("DateSent>", "2026-11-20")).respond_with(by_date).mount(&server).await;
    server
}

async fn find_at(address: &str) -> Result<Option<Sent>, Failure> {
    Twilio::new(client(), address, account()).unwrap().find(TO, sent_after(), "#7f3", &[]).await
}

/// What is found when these are all there are, newest first.
async fn find_among(messages: &[Value]) -> Result<Option<Sent>, Failure> {
    find_at(&serves(page(messages, None), page(&[], None)).await.uri()).await
}

fn found(status: &str) -> Result<Option<Sent>, Failure> {
    Ok(Some(Sent { sid: SID.to_owned(), status: status.to_owned() }))
}

#[tokio::test]
async fn a_message_that_was_only_just_accepted_is_found_though_it_has_no_date_yet() {
    let messages = [message("Another", "12:00:09"), message("See you #7f3", "12:00:05")];
    assert_eq!(find_among(&messages).await, found("accepted"));
}

#[tokio::test]
async fn a_message_that_only_the_list_by_date_has_is_found() {
    let sent = with(message("See you #7f3", "12:00:05"), "status", json!("sent"));
    let older = page(&[message("Another", "09:00:00")], Some("/nowhere"));
    let server = serves(older, page(&[sent], None)).await;
    assert_eq!(find_at(&server.uri()).await, found("sent"));
}

#[tokio::test]
async fn a_message_that_is_in_neither_list_was_not_sent() {
    assert_eq!(find_among(&[]).await, Ok(None));
    assert_eq!(find_among(&[message("Another", "12:00:05")]).await, Ok(None));
}

#[tokio::test]
async fn what_came_in_or_is_older_is_not_the_message() {
    let inbound = with(message("You said: See you #7f3", "12:00:05"), "direction", json!("inbound"));
    let older = message("See you #7f3", "11:54:59");
    assert_eq!(find_among(&[inbound, older]).await, Ok(None));
}

#[tokio::test]
async fn clocks_may_differ_by_some_minutes() {
    assert_eq!(find_among(&[message("See you #7f3", "11:55:00")]).await, found("accepted"));
}

#[tokio::test]
async fn a_message_without_a_readable_date_may_be_the_one() {
    for date in [json!(null), json!("yesterday"), json!("2026-11-20T09:00:00Z")] {
        let message = with(message("See you #7f3", "12:00:05"), "date_created", date);
        assert_eq!(find_among(&[message]).await, found("accepted"));
    }
}

#[tokio::test]
async fn one_that_did_not_fail_is_preferred() {
    let failed = with(message("See you #7f3", "12:00:09"), "status", json!("failed"));
    let good = with(message("See you #7f3", "12:00:05"), "status", json!("delivered"));
    assert_eq!(find_among(&[failed.clone(), good]).await, found("delivered"));
    assert_eq!(find_among(&[failed]).await, found("failed"));
}

#[tokio::test]
async fn an_earlier_attempt_that_is_known_is_not_the_message() {
    let failed = with(message("See you #7f3", "12:00:05"), "status", json!("undelivered"));
    let other = with(message("See you #7f3", "12:10:05"), "sid", json!(format!("SM{}", "a".repeat(32))));
    let find = async |messages: &[Value]| {
        let server = serves(page(messages, None), page(&[], None)).await;
        let twilio = Twilio::new(client(), &server.uri(), account()).unwrap();
        twilio.find(TO, sent_after(), "#7f3", &[SID.to_owned()]).await
    };
    assert_eq!(find(std::slice::from_ref(&failed)).await, Ok(None));
    assert_eq!(find(&[with(failed.clone(), "body", json!(""))]).await, Ok(None));
    let sid = format!("SM{}", "a".repeat(32));
    assert_eq!(find(&[other, failed]).await, Ok(Some(Sent { sid, status: "accepted".to_owned() })));
}

#[tokio::test]
async fn the_next_page_is_looked_at_until_messages_are_older() {
    let next = format!("{MESSAGES}?Page=1&PageToken=PASM1");
    let server = MockServer::start().await;
    let second = page(&[message("See you #7f3", "12:00:05")], Some("/never/asked"));
    Mock::given(query_param("PageToken", "PASM1"))
        .and(basic_auth(ACCOUNT, "the-auth-token"))
        .respond_with(second)
        .expect(1)
        .mount(&server)
        .await;
    let first = page(&[message("Another", "12:00:09")], Some(&next));
    Mock::given(query_param("To", TO)).respond_with(first).expect(1).mount(&server).await;
    assert_eq!(find_at(&server.uri()).await, found("accepted"));
}

#[tokio::test]
async fn a_next_page_at_another_place_gets_no_credentials() {
    let elsewhere = MockServer::start().await;
    let foreign = format!("{}{MESSAGES}", elsewhere.uri());
    for next in [foreign.as_str(), &foreign.replace("http:", ""), "http://[", "file:///etc/passwd"] {
        let server = serves(page(&[], Some(next)), page(&[], None)).await;
        let failure = find_at(&server.uri()).await.unwrap_err();
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
        assert!(failure.error().contains("another place"), "{failure}");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_without_end_proves_nothing() {
    let next = format!("{MESSAGES}?To=%2B14155550123&Page=1");
    let server = serves(page(&[message("Another", "12:00:09")], Some(&next)), page(&[], None)).await;
    let failure = find_at(&server.uri()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    assert_eq!(server.received_requests().await.unwrap().len(), 10);
}

#[tokio::test]
async fn texts_that_are_not_shown_prove_nothing() {
    for body in [json!(null), json!("")] {
        let hidden = with(message("", "12:00:05"), "body", body);
        let failure = find_among(&[hidden]).await.unwrap_err();
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    }
    assert_eq!(find_among(&[with(message("", "09:00:00"), "body", json!(""))]).await, Ok(None));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_proves_nothing() {
    let unreadable = [
        ResponseTemplate::new(200).set_body_string("[]"),
        ResponseTemplate::new(200).set_body_json(json!({})),
        ResponseTemplate::new(200).set_body_json(json!({"messages": [{"body": "See you #7f3"}]})),
        page(&[with(message("See you #7f3", "12:00:05"), "sid", json!("none"))], None),
        ResponseTemplate::new(500),
        error(429, 20429),
    ];
    for reply in unreadable {
        let failure = find_at(&serves(reply, page(&[], None)).await.uri()).await.unwrap_err();
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    }
    let half = BadServer::start(half_reply("200 OK"), Ending::Close).await;
    assert!(matches!(find_at(&half.address).await, Err(Failure::NotDone { .. })));
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_told_apart() {
    let server = serves(error(401, 20003), page(&[], None)).await;
    assert!(matches!(find_at(&server.uri()).await, Err(Failure::Unauthorized { .. })));
}

#[tokio::test]
async fn a_marker_that_every_message_contains_is_refused() {
    let server = MockServer::start().await;
    let twilio = Twilio::new(client(), &server.uri(), account()).unwrap();
    assert!(matches!(twilio.find(TO, sent_after(), "", &[]).await, Err(Failure::Refused { .. })));
    assert!(server.received_requests().await.unwrap().is_empty());
}
