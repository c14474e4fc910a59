use booking_worker::Failure;
use booking_worker::google::{Calendar, Inserted, Patched};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply, nobody};
use crate::google_oauth::google_at;
use crate::{client, impatient_client};

pub const EVENTS: &str = "/calendar/v3/calendars/clinic@example.com/events";
pub const CALENDAR: &str = "clinic@example.com";
const EVENT: &str = "/calendar/v3/calendars/clinic@example.com/events/e1";

pub fn calendar_at(address: &str) -> Calendar {
    google_at(client(), address).calendar(&SecretString::from("ya29.token"))
}

fn impatient_calendar_at(address: &str) -> Calendar {
    google_at(impatient_client(), address).calendar(&SecretString::from("ya29.token"))
}

/// A server that replies so to one request, if it is the right one.
async fn replies(verb: &str, at: &str, reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(at))
        .and(header("authorization", "Bearer ya29.token"))
        .respond_with(reply)
        .expect(1)
        .mount(&server)
        .await;
    server
}

fn event(status: &str) -> Value {
    json!({"id": "e1", "etag": "\"7\"", "status": status, "summary": "Jane Doe", "updated": "2026-11-20T12:00:00.000Z"})
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

#[tokio::test]
async fn an_event_is_inserted_as_it_is_given() {
    let given = json!({"id": "e1", "summary": "Jane Doe"});
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(EVENTS))
        .and(header("authorization", "Bearer ya29.token"))
        .and(body_json(&given))
        .respond_with(ok(&event("confirmed")))
        .expect(1)
        .mount(&server)
        .await;
    let Inserted::Event(inserted) = calendar_at(&server.uri()).insert(CALENDAR, &given).await.unwrap() else {
        panic!("it was not inserted")
    };
    assert_eq!((inserted.id.as_str(), inserted.etag.as_deref()), ("e1", Some("\"7\"")));
    assert_eq!(inserted.raw, event("confirmed"));
}

#[tokio::test]
async fn an_event_whose_id_was_used_is_a_duplicate() {
    let server = replies("POST", EVENTS, ResponseTemplate::new(409)).await;
    assert_eq!(calendar_at(&server.uri()).insert(CALENDAR, &json!({})).await, Ok(Inserted::Duplicate));
}

#[tokio::test]
async fn an_event_is_got_though_it_was_deleted_and_none_where_there_never_was_one() {
    let server = replies("GET", EVENT, ok(&event("cancelled"))).await;
    let got = calendar_at(&server.uri()).get(CALENDAR, "e1").await.unwrap().unwrap();
    assert!(got.is_cancelled());
    let server = replies("GET", EVENT, ResponseTemplate::new(404)).await;
    assert_eq!(calendar_at(&server.uri()).get(CALENDAR, "e1").await, Ok(None));
}

#[tokio::test]
async fn an_event_is_changed_if_it_is_still_the_one_that_was_read() {
    let change = json!({"start": {"dateTime": "2026-11-24T14:00:00Z"}});
    let server = MockServer::start().await;
    Mock::given(method("PATCH"))
        .and(path(EVENT))
        .and(header("if-match", "\"6\""))
        .and(body_json(&change))
        .respond_with(ok(&event("confirmed")))
        .expect(1)
        .mount(&server)
        .await;
    let patched = calendar_at(&server.uri()).patch(CALENDAR, "e1", Some("\"6\""), &change).await.unwrap();
    assert!(matches!(patched, Patched::Event(event) if event.etag.as_deref() == Some("\"7\"")));
}

#[tokio::test]
async fn without_an_etag_nothing_is_asked_of_the_event() {
    let server = replies("PATCH", EVENT, ok(&event("confirmed"))).await;
    assert!(calendar_at(&server.uri()).patch(CALENDAR, "e1", None, &json!({})).await.is_ok());
    assert!(!server.received_requests().await.unwrap()[0].headers.contains_key("if-match"));
}

#[tokio::test]
async fn an_event_that_was_changed_or_deleted_meanwhile_is_told_apart() {
    for (status, expected) in [(412, Patched::PreconditionFailed), (410, Patched::Gone), (404, Patched::NotFound)] {
        let server = replies("PATCH", EVENT, ResponseTemplate::new(status)).await;
        assert_eq!(calendar_at(&server.uri()).patch(CALENDAR, "e1", None, &json!({})).await, Ok(expected));
    }
}

#[tokio::test]
async fn an_event_is_deleted_if_it_is_there() {
    for status in [204, 200, 404, 410] {
        let server = replies("DELETE", EVENT, ResponseTemplate::new(status)).await;
        assert_eq!(calendar_at(&server.uri()).delete(CALENDAR, "e1").await, Ok(()), "{status}");
    }
}

#[tokio::test]
async fn ids_are_parts_of_a_path_and_cannot_lead_elsewhere() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/calendar/v3/calendars/a%2Fb%3Fc%23d/events/%252e%252e"))
        .respond_with(ok(&event("confirmed")))
        .expect(1)
        .mount(&server)
        .await;
    let calendar = calendar_at(&server.uri());
    assert!(calendar.get("a/b?c#d", "%2e%2e").await.unwrap().is_some());
    for (calendar_id, event_id) in [("", "e1"), (CALENDAR, ""), ("..", "e1"), (CALENDAR, "."), (CALENDAR, "..")] {
        let failure = calendar.delete(calendar_id, event_id).await.unwrap_err();
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn the_primary_calendar_shows_whether_a_token_is_good() {
    let primary = "/calendar/v3/calendars/primary";
    let server = replies("GET", primary, ok(&json!({"id": CALENDAR}))).await;
    assert_eq!(calendar_at(&server.uri()).check().await, Ok(()));
    let server = replies("GET", primary, ResponseTemplate::new(401)).await;
    let failure = calendar_at(&server.uri()).check().await.unwrap_err();
    assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
    assert_eq!(failure.code(), Some("401"));
}

/// Insert, patch and delete on one side, get on the other.
async fn failures_at(address: &str) -> ([Failure; 3], Failure) {
    let calendar = impatient_calendar_at(address);
    let writes = [
        calendar.insert(CALENDAR, &json!({})).await.unwrap_err(),
        calendar.patch(CALENDAR, "e1", None, &json!({})).await.unwrap_err(),
        calendar.delete(CALENDAR, "e1").await.unwrap_err(),
    ];
    (writes, calendar.get(CALENDAR, "e1").await.unwrap_err())
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_open_what_became_of_a_change() {
    for (reply, ending) in [(String::new(), Ending::Reset), (String::new(), Ending::Silence)] {
        let server = BadServer::start(reply, ending).await;
        let (writes, read) = failures_at(&server.address).await;
        for write in writes {
            assert!(matches!(write, Failure::Unknown { .. }), "{write:?}");
        }
        assert!(matches!(read, Failure::NotDone { .. }), "{read:?}");
        assert_eq!(server.requests(), 4);
    }
}

#[tokio::test]
async fn half_a_reply_leaves_open_what_became_of_a_change() {
    let server = BadServer::start(half_reply("200 OK"), Ending::Close).await;
    let calendar = calendar_at(&server.address);
    assert!(matches!(calendar.insert(CALENDAR, &json!({})).await, Err(Failure::Unknown { .. })));
    assert!(matches!(calendar.patch(CALENDAR, "e1", None, &json!({})).await, Err(Failure::Unknown { .. })));
    assert!(matches!(calendar.get(CALENDAR, "e1").await, Err(Failure::NotDone { .. })));
    // The status says it all.
    assert_eq!(calendar.delete(CALENDAR, "e1").await, Ok(()));
}

#[tokio::test]
async fn a_success_that_names_no_event_is_not_believed() {
    for body in [json!({}), json!([]), json!({"id": ""})] {
        let server = replies("POST", EVENTS, ok(&body)).await;
        let failure = calendar_at(&server.uri()).insert(CALENDAR, &json!({})).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_changed() {
    let (writes, read) = failures_at(&nobody().await).await;
    for failure in writes.into_iter().chain([read]) {
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    }
}
