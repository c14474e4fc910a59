use booking_worker::Failure;
use booking_worker::twilio::{Twilio, TwilioAccount};
use serde_json::json;
use wiremock::matchers::{basic_auth, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, nobody};
use crate::twilio_send::{ACCOUNT, MESSAGES, account, error, with_api_key};
use crate::{client, impatient_client};

async fn serves(reply: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("/2010-04-01/Accounts/{ACCOUNT}.json")))
        .and(basic_auth(ACCOUNT, "the-auth-token"))
        .respond_with(reply)
        .expect(1)
        .mount(&server)
        .await;
    server
}

fn has_status(status: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"sid": ACCOUNT, "status": status, "friendly_name": "Clinic"}))
}

async fn check(server: &MockServer, account: TwilioAccount) -> Result<(), Failure> {
    Twilio::new(client(), &server.uri(), account).unwrap().check().await
}

#[tokio::test]
async fn an_active_account_is_well() {
    assert_eq!(check(&serves(has_status("active")).await, account()).await, Ok(()));
}

#[tokio::test]
async fn a_suspended_or_closed_account_is_not() {
    for status in ["suspended", "closed"] {
        let failure = check(&serves(has_status(status)).await, account()).await.unwrap_err();
        assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some(status));
    }
    let failure = check(&serves(has_status("new +14155550123")).await, account()).await.unwrap_err();
    assert_eq!(failure, Failure::Refused { error: "the Twilio account is not active".into(), code: None });
}

#[tokio::test]
async fn wrong_credentials_are_not_accepted() {
    let failure = check(&serves(error(401, 20003)).await, account()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
}

#[tokio::test]
async fn an_api_key_is_tried_where_it_may_read() {
    for (status, is_well) in [(200, true), (401, false)] {
        let server = serves(has_status("active")).await;
        Mock::given(path(MESSAGES))
            .and(basic_auth("SK1", "the-key-secret"))
            .and(query_param("PageSize", "1"))
            .respond_with(ResponseTemplate::new(status).set_body_json(json!({"messages": []})))
            .expect(1)
            .mount(&server)
            .await;
        assert_eq!(check(&server, with_api_key()).await.is_ok(), is_well);
    }
}

#[tokio::test]
async fn a_question_can_always_be_asked_again() {
    let failing = serves(ResponseTemplate::new(503).insert_header("Retry-After", "9")).await;
    let failure = check(&failing, account()).await.unwrap_err();
    assert!(matches!(failure, Failure::NotDone { retry_after_seconds: Some(9), .. }), "{failure:?}");
    let silent = BadServer::start("", Ending::Silence).await;
    for address in [&silent.address, &nobody().await] {
        let failure = Twilio::new(impatient_client(), address, account()).unwrap().check().await.unwrap_err();
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn an_account_without_a_sid_leads_nowhere() {
    let server = MockServer::start().await;
    for account_sid in ["", ".."] {
        let account = TwilioAccount { account_sid: account_sid.to_owned(), ..account() };
        let twilio = Twilio::new(client(), &server.uri(), account).unwrap();
        assert!(matches!(twilio.send("+14155550123", "Hi", None).await, Err(Failure::Refused { .. })));
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}
