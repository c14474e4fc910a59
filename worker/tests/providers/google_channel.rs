use std::time::Duration;

use booking_worker::Failure;
use booking_worker::google::Channel;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::google_event::{CALENDAR, EVENTS, calendar_at};

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What becomes of a channel when Google replies so.
async fn watch(reply: ResponseTemplate) -> Result<Channel, Failure> {
    let server = MockServer::start().await;
    let expected = json!({
        "id": "channel-1", "type": "web_hook", "address": "https://x.test/google", "token": "the-channel-token",
        "params": {"ttl": "604800"},
    });
    Mock::given(method("POST"))
        .and(path(format!("{EVENTS}/watch")))
        .and(header("authorization", "Bearer ya29.token"))
        .and(body_json(expected))
        .respond_with(reply)
        .expect(1)
        .mount(&server)
        .await;
    let calendar = calendar_at(&server.uri());
    calendar.watch(CALENDAR, "channel-1", "the-channel-token", "https://x.test/google", WEEK).await
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

#[tokio::test]
async fn a_channel_is_opened_until_google_ends_it() {
    for expiration in [json!("1795176000000"), json!(1_795_176_000_000_i64)] {
        let channel = watch(ok(json!({"resourceId": "r1", "expiration": expiration}))).await.unwrap();
        let expires_at = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(channel, Channel { resource_id: "r1".to_owned(), expires_at });
    }
}

#[tokio::test]
async fn a_channel_without_a_readable_end_lasts_as_long_as_was_asked_for() {
    for expiration in [json!(null), json!("soon"), json!(i64::MAX)] {
        let before = Utc::now();
        let channel = watch(ok(json!({"resourceId": "r1", "expiration": expiration}))).await.unwrap();
        let week = TimeDelta::days(7);
        assert!((before + week..=Utc::now() + week).contains(&channel.expires_at));
    }
}

#[tokio::test]
async fn a_channel_that_may_be_open_is_told_from_one_that_is_not() {
    for reply in [ok(json!({})), ResponseTemplate::new(500)] {
        assert!(matches!(watch(reply).await, Err(Failure::Unknown { .. })));
    }
    assert!(matches!(watch(ResponseTemplate::new(400)).await, Err(Failure::Refused { .. })));
}

#[tokio::test]
async fn a_channel_is_closed_and_closing_it_again_is_no_failure() {
    for (status, is_closed) in [(204, true), (404, true), (503, false)] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/calendar/v3/channels/stop"))
            .and(body_json(json!({"id": "channel-1", "resourceId": "r1"})))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        assert_eq!(calendar_at(&server.uri()).stop("channel-1", "r1").await.is_ok(), is_closed, "{status}");
    }
}
