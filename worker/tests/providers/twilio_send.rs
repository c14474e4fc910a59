use booking_worker::Failure;
use booking_worker::twilio::{Sender, Sent, Twilio, TwilioAccount};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{basic_auth, body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply, nobody};
use crate::{client, impatient_client};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const MESSAGES: &str = "/2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
pub const SID: &str = "SM0123456789abcdef0123456789abcdef";
const TO: &str = "+14155550123";
const BODY: &str = "Dear Jane Doe, see you";

pub fn account() -> TwilioAccount {
    TwilioAccount {
        account_sid: ACCOUNT.to_owned(),
        auth_token: SecretString::from("the-auth-token"),
        api_key_sid: None,
        api_key_secret: None,
        sender: Sender::From("+14155550100".to_owned()),
    }
}

pub fn with_api_key() -> TwilioAccount {
    TwilioAccount {
        api_key_sid: Some("SK1".to_owned()),
        api_key_secret: Some(SecretString::from("the-key-secret")),
        sender: Sender::MessagingService("MG1".to_owned()),
        ..account()
    }
}

/// What becomes of a message when Twilio replies so.
async fn outcome(reply: ResponseTemplate) -> Result<Sent, Failure> {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path(MESSAGES)).respond_with(reply).expect(1).mount(&server).await;
    Twilio::new(client(), &server.uri(), account()).unwrap().send(TO, BODY, None).await
}

async fn outcome_at(address: &str) -> Failure {
    Twilio::new(impatient_client(), address, account()).unwrap().send(TO, BODY, None).await.unwrap_err()
}

/// As Twilio does: its message repeats the number.
pub fn error(status: u16, code: u32) -> ResponseTemplate {
    let message = format!("The 'To' number {TO} did not work for {BODY}");
    ResponseTemplate::new(status).set_body_json(json!({"code": code, "message": message, "status": status}))
}

fn created(body: serde_json::Value) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(body)
}

fn assert_tells_nothing(failure: &Failure) {
    let printed = format!("{failure} {failure:?}");
    for private in [TO, "4155550123", "Jane", "the-auth-token", "127.0.0.1", ACCOUNT] {
        assert!(!printed.contains(private), "{printed}");
    }
    assert!(failure.error().chars().count() <= 300 && !failure.error().contains('\n'));
}

#[tokio::test]
async fn a_message_is_sent_from_a_number_with_the_auth_token() {
    let server = MockServer::start().await;
    let form = "To=%2B14155550123&From=%2B14155550100&Body=Dear+Jane+Doe%2C+see+you\
                &StatusCallback=https%3A%2F%2Fx.test%2Fs%3Fa%3D1%26b%3D2";
    Mock::given(method("POST"))
        .and(path(MESSAGES))
        .and(basic_auth(ACCOUNT, "the-auth-token"))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(header("user-agent", concat!("booking-worker/", env!("CARGO_PKG_VERSION"))))
        .and(body_string(form))
        .respond_with(created(json!({"sid": SID, "status": "queued", "error_code": null})))
        .expect(1)
        .mount(&server)
        .await;
    let twilio = Twilio::new(client(), &server.uri(), account()).unwrap();
    let sent = twilio.send(TO, BODY, Some("https://x.test/s?a=1&b=2")).await;
    assert_eq!(sent, Ok(Sent { sid: SID.to_owned(), status: "queued".to_owned() }));
}

#[tokio::test]
async fn a_message_is_sent_by_a_messaging_service_with_an_api_key() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(MESSAGES))
        .and(basic_auth("SK1", "the-key-secret"))
        .and(body_string("To=%2B14155550123&MessagingServiceSid=MG1&Body=Hi"))
        .respond_with(created(json!({"sid": SID, "status": "accepted"})))
        .expect(1)
        .mount(&server)
        .await;
    let sent = Twilio::new(client(), &server.uri(), with_api_key()).unwrap().send(TO, "Hi", None).await.unwrap();
    assert_eq!(sent.status, "accepted");
}

#[tokio::test]
async fn an_api_key_without_its_secret_is_not_used() {
    let server = MockServer::start().await;
    Mock::given(basic_auth(ACCOUNT, "the-auth-token"))
        .respond_with(created(json!({"sid": SID, "status": "queued"})))
        .expect(1)
        .mount(&server)
        .await;
    let account = TwilioAccount { api_key_secret: None, ..with_api_key() };
    assert!(Twilio::new(client(), &server.uri(), account).unwrap().send(TO, BODY, None).await.is_ok());
}

#[tokio::test]
async fn too_many_requests_were_not_carried_out_and_say_when_to_come_back() {
    for reply in [error(429, 20429), ResponseTemplate::new(429), error(400, 20429), error(400, 21611)] {
        let failure = outcome(reply.insert_header("Retry-After", "7")).await.unwrap_err();
        assert!(matches!(failure, Failure::NotDone { retry_after_seconds: Some(7), .. }), "{failure:?}");
        assert_tells_nothing(&failure);
    }
}

#[tokio::test]
async fn credentials_that_are_not_accepted_are_told_apart() {
    for (reply, code) in
        [(error(401, 20003), "20003"), (ResponseTemplate::new(401), "401"), (error(403, 20003), "20003")]
    {
        let failure = outcome(reply).await.unwrap_err();
        assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some(code));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_the_code_in_words() {
    for (code, words) in [(21211, "the number is not valid"), (21610, "the patient has opted out (STOP)")] {
        let failure = outcome(error(400, code)).await.unwrap_err();
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some(code.to_string().as_str()));
        assert!(failure.error().contains(words), "{failure}");
        assert_tells_nothing(&failure);
    }
}

#[tokio::test]
async fn a_refusal_without_a_known_code_has_the_code_or_the_http_status() {
    let unknown = outcome(error(400, 99999)).await.unwrap_err();
    assert_eq!(unknown, Failure::Refused { error: "Twilio refused (error 99999)".into(), code: Some("99999".into()) });
    assert_tells_nothing(&unknown);
    let page = outcome(ResponseTemplate::new(403).set_body_string("<html>+14155550123</html>")).await.unwrap_err();
    assert_eq!(page, Failure::Refused { error: "Twilio refused (HTTP 403)".into(), code: Some("403".into()) });
    let moved = outcome(ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:1/")).await;
    assert_eq!(moved.unwrap_err().code(), Some("302"));
}

#[tokio::test]
async fn a_failing_server_may_have_sent_the_message() {
    for status in [500, 502, 503, 504, 408] {
        let reply = ResponseTemplate::new(status).insert_header("Retry-After", "30");
        let failure = outcome(reply).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { retry_after_seconds: Some(30), .. }), "{failure:?}");
        assert_eq!(failure.code(), Some(status.to_string().as_str()));
    }
}

#[tokio::test]
async fn a_success_that_names_no_message_is_not_believed() {
    let upper = SID.to_uppercase();
    for body in [
        json!({}),
        json!([]),
        json!({"sid": null}),
        json!({"sid": ""}),
        json!({"sid": &SID[..33]}),
        json!({"sid": upper}),
        json!({"sid": format!("{SID}0")}),
        json!({"sid": SID.replace("SM", "CA")}),
    ] {
        let failure = outcome(created(body)).await.unwrap_err();
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some("201"));
    }
    let garbage = outcome(ResponseTemplate::new(201).set_body_string("OK +14155550123")).await.unwrap_err();
    assert!(matches!(garbage, Failure::Unknown { .. }), "{garbage:?}");
    assert_tells_nothing(&garbage);
}

#[tokio::test]
async fn a_picture_message_is_a_message_too() {
    let sid = SID.replace("SM", "MM");
    assert_eq!(outcome(created(json!({"sid": sid}))).await, Ok(Sent { sid, status: String::new() }));
}

#[tokio::test]
async fn a_reply_without_end_is_not_read_to_its_end() {
    let huge = json!({"sid": SID, "status": "queued", "body": "x".repeat(1024 * 1024)});
    let failure = outcome(created(huge)).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unknown { .. }), "{failure:?}");
    assert!(failure.error().contains("too large"), "{failure}");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let failure = outcome_at(&nobody().await).await;
    assert!(matches!(failure, Failure::NotDone { code: None, .. }), "{failure:?}");
    assert!(failure.error().contains("the connection was refused"), "{failure}");
    assert_tells_nothing(&failure);
}

#[tokio::test]
async fn without_a_name_nothing_was_sent() {
    // With time enough that the connection is given up before the exchange is.
    let twilio = Twilio::new(client(), "http://nobody.invalid", account()).unwrap();
    let failure = twilio.send(TO, BODY, None).await.unwrap_err();
    assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
}

#[tokio::test]
async fn without_a_secure_connection_nothing_was_sent() {
    let failure = outcome_at(&speaks_no_tls().await).await;
    assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
    assert!(failure.error().contains("no secure connection"), "{failure}");
    assert_tells_nothing(&failure);
}

/// Answers whatever comes first with plain text.
async fn speaks_no_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = stream.read(&mut [0; 4096]).await;
        }
    });
    address
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_open_what_became_of_it() {
    for (reply, ending) in [
        (String::new(), Ending::Reset),
        (String::new(), Ending::Close),
        (String::new(), Ending::Silence),
        ("HTTP/1.1 201 Cre".to_owned(), Ending::Close),
        (half_reply("201 Created"), Ending::Close),
        (half_reply("201 Created"), Ending::Reset),
        (half_reply("201 Created"), Ending::Silence),
        ("This is no HTTP\r\n\r\n".to_owned(), Ending::Close),
    ] {
        let server = BadServer::start(reply, ending).await;
        let failure = outcome_at(&server.address).await;
        assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
        assert_tells_nothing(&failure);
        assert_eq!(server.requests(), 1, "a message must not be sent twice");
    }
}

#[tokio::test]
async fn half_a_refusal_is_still_a_refusal() {
    let server = BadServer::start(half_reply("400 Bad Request"), Ending::Close).await;
    assert!(matches!(outcome_at(&server.address).await, Failure::Refused { .. }));
}
