//! The errors of the Calendar API, as Google words them.

use booking_worker::Failure;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::google_event::{CALENDAR, calendar_at};

fn error(status: u16, domain: &str, reason: &str) -> ResponseTemplate {
    let message = "Rate limit of jane@example.com for ya29.token";
    let errors = json!([{"domain": domain, "reason": reason, "message": message}]);
    ResponseTemplate::new(status)
        .insert_header("Retry-After", "5")
        .set_body_json(json!({"error": {"code": status, "message": message, "errors": errors}}))
}

/// What becomes of a change, and of a question, that Google replies so to.
async fn failures(reply: ResponseTemplate) -> [Failure; 2] {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(reply).expect(2).mount(&server).await;
    let calendar = calendar_at(&server.uri());
    let both =
        [calendar.insert(CALENDAR, &json!({})).await.unwrap_err(), calendar.get(CALENDAR, "e1").await.unwrap_err()];
    for failure in &both {
        let printed = format!("{failure} {failure:?}");
        assert!(!printed.contains("jane") && !printed.contains("ya29") && !printed.contains(CALENDAR), "{printed}");
    }
    both
}

#[tokio::test]
async fn limits_come_in_two_dresses_and_pass() {
    for (reply, code) in [
        (error(403, "usageLimits", "rateLimitExceeded"), "rateLimitExceeded"),
        (error(403, "usageLimits", "userRateLimitExceeded"), "userRateLimitExceeded"),
        (error(403, "usageLimits", "quotaExceeded"), "quotaExceeded"),
        (error(403, "global", "rateLimitExceeded"), "rateLimitExceeded"),
        (error(403, "usageLimits", "somethingNew"), "somethingNew"),
        (error(429, "usageLimits", "rateLimitExceeded"), "rateLimitExceeded"),
        (ResponseTemplate::new(429).insert_header("Retry-After", "5"), "429"),
    ] {
        for failure in failures(reply).await {
            assert!(matches!(failure, Failure::NotDone { retry_after_seconds: Some(5), .. }), "{failure:?}");
            assert_eq!(failure.code(), Some(code));
        }
    }
}

#[tokio::test]
async fn a_limit_is_known_by_its_status_too() {
    let body = json!({"error": {"code": 403, "status": "RESOURCE_EXHAUSTED"}});
    for failure in failures(ResponseTemplate::new(403).set_body_json(body)).await {
        assert!(matches!(failure, Failure::NotDone { retry_after_seconds: None, .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_for_good() {
    for (reply, code) in [
        (error(403, "global", "forbidden"), "forbidden"),
        (error(403, "global", "insufficientPermissions"), "insufficientPermissions"),
        (error(403, "usageLimits", "accessNotConfigured"), "accessNotConfigured"),
        (error(403, "calendar", "forbiddenForNonOrganizer"), "forbiddenForNonOrganizer"),
        (error(400, "global", "invalid"), "invalid"),
        (error(403, "global", "jane@example.com"), "403"),
        (ResponseTemplate::new(403).set_body_string("<html>jane@example.com</html>"), "403"),
        (ResponseTemplate::new(302).insert_header("Location", "/elsewhere"), "302"),
    ] {
        for failure in failures(reply).await {
            assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
            assert_eq!(failure.code(), Some(code));
        }
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_by_its_status() {
    for failure in failures(error(401, "global", "authError")).await {
        assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some("401"));
    }
}

#[tokio::test]
async fn a_failing_server_may_have_changed_something_but_a_question_can_be_asked_again() {
    for reply in [error(500, "global", "backendError"), error(503, "global", "backendError")] {
        let [change, question] = failures(reply).await;
        assert!(matches!(change, Failure::Unknown { retry_after_seconds: Some(5), .. }), "{change:?}");
        assert!(matches!(question, Failure::NotDone { retry_after_seconds: Some(5), .. }), "{question:?}");
    }
}

#[tokio::test]
async fn an_error_of_another_shape_is_told_by_its_status() {
    let shapes: [Value; 5] = [
        json!(null),
        json!({"error": "invalid"}),
        json!({"error": {"errors": "many"}}),
        json!({"error": {"errors": [{}]}}),
        json!({"error": {"errors": [{"reason": 7}]}}),
    ];
    for body in shapes {
        for failure in failures(ResponseTemplate::new(400).set_body_json(body)).await {
            assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
            assert_eq!(failure.code(), Some("400"));
        }
    }
}
