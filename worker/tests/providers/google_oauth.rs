use std::collections::BTreeMap;

use booking_worker::Failure;
use booking_worker::google::{Google, GoogleClient, GoogleEndpoints, SCOPES, Tokens};
use chrono::{TimeDelta, Utc};
use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use wiremock::matchers::{body_string, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bad_server::{BadServer, Ending, half_reply, nobody};
use crate::{client, impatient_client};

/// Google, all of it at one address.
pub fn google_at(http: Client, address: &str) -> Google {
    let endpoints = GoogleEndpoints {
        token: format!("{address}/token"),
        authorize: format!("{address}/authorize"),
        revoke: format!("{address}/revoke"),
        calendar: format!("{address}/calendar/v3"),
    };
    let client_secret = SecretString::from("the-client-secret");
    Google::new(http, &endpoints, GoogleClient { client_id: "client-1".to_owned(), client_secret }).unwrap()
}

/// A server that replies so to one request for tokens.
async fn replies(status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    let reply = ResponseTemplate::new(status).insert_header("Retry-After", "11").set_body_json(body);
    Mock::given(method("POST")).respond_with(reply).expect(1).mount(&server).await;
    server
}

async fn refresh_at(http: Client, address: &str) -> Result<Tokens, Failure> {
    google_at(http, address).refresh(&SecretString::from("1//the-old-one")).await
}

async fn exchange_at(http: Client, address: &str) -> Result<Tokens, Failure> {
    google_at(http, address).exchange("the/code", "https://x.test/back", "the-verifier").await
}

/// What becomes of a renewal, and of an exchange, that Google replies so to.
async fn failures(status: u16, body: Value) -> [Failure; 2] {
    let (one, other) = (replies(status, body.clone()).await, replies(status, body).await);
    [refresh_at(client(), &one.uri()).await.unwrap_err(), exchange_at(client(), &other.uri()).await.unwrap_err()]
}

fn token_error(code: &str) -> Value {
    json!({"error": code, "error_description": "Token 1//the-old-one of jane@example.com is no good."})
}

#[test]
fn consent_is_asked_for_with_everything_that_a_lasting_token_takes() {
    let endpoints = GoogleEndpoints::default();
    let google = GoogleClient { client_id: "client-1".into(), client_secret: SecretString::from("the-client-secret") };
    let google = Google::new(client(), &endpoints, google).unwrap();
    let url = google.consent_url("st&te=1", "https://x.test/back?a=b", "challenge");
    assert!(url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"), "{url}");
    assert!(!url.contains("the-client-secret"));
    let pairs: BTreeMap<String, String> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    let expected = [
        ("access_type", "offline"),
        ("client_id", "client-1"),
        ("code_challenge", "challenge"),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
        ("redirect_uri", "https://x.test/back?a=b"),
        ("response_type", "code"),
        ("scope", &SCOPES.join(" ")),
        ("state", "st&te=1"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn an_address_that_is_none_is_refused_by_its_name() {
    let endpoints = GoogleEndpoints { revoke: "nowhere".to_owned(), ..GoogleEndpoints::default() };
    let google = GoogleClient { client_id: "client-1".into(), client_secret: SecretString::from("") };
    let refused = Google::new(client(), &endpoints, google).unwrap_err();
    assert!(refused.to_string().contains("Google's revocation"), "{refused}");
}

#[tokio::test]
async fn a_code_is_exchanged_for_tokens() {
    let server = MockServer::start().await;
    let form = "grant_type=authorization_code&code=the%2Fcode&redirect_uri=https%3A%2F%2Fx.test%2Fback\
                &code_verifier=the-verifier&client_id=client-1&client_secret=the-client-secret";
    let body = json!({
        "access_token": "ya29.new", "expires_in": 3599, "refresh_token": "1//new", "scope": "a b", "token_type": "Bearer",
    });
    Mock::given(method("POST"))
        .and(path("/token"))
        .and(body_string(form))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .expect(1)
        .mount(&server)
        .await;
    let before = Utc::now();
    let tokens = exchange_at(client(), &server.uri()).await.unwrap();
    let life = TimeDelta::seconds(3599);
    assert!((before + life..=Utc::now() + life).contains(&tokens.expires_at));
    assert_eq!(tokens.access_token.expose_secret(), "ya29.new");
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "1//new");
    assert_eq!(tokens.scope, "a b");
}

#[tokio::test]
async fn a_renewal_keeps_the_refresh_token_where_no_other_comes() {
    let without = json!({"access_token": "ya29.new", "expires_in": 3599});
    let empty = json!({"access_token": "ya29.new", "expires_in": 3599, "refresh_token": ""});
    let other = json!({"access_token": "ya29.new", "expires_in": 3599, "refresh_token": "1//another"});
    for (body, expected) in [(without, "1//the-old-one"), (empty, "1//the-old-one"), (other, "1//another")] {
        let server = MockServer::start().await;
        let form = "grant_type=refresh_token&refresh_token=1%2F%2Fthe-old-one\
                    &client_id=client-1&client_secret=the-client-secret";
        Mock::given(path("/token"))
            .and(body_string(form))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
        let tokens = refresh_at(client(), &server.uri()).await.unwrap();
        assert_eq!(tokens.refresh_token.unwrap().expose_secret(), expected);
    }
}

#[tokio::test]
async fn a_code_may_bring_no_refresh_token() {
    let server = replies(200, json!({"access_token": "ya29.new", "expires_in": 3599})).await;
    assert!(exchange_at(client(), &server.uri()).await.unwrap().refresh_token.is_none());
}

#[tokio::test]
async fn a_consent_that_has_ended_is_told_apart() {
    for code in ["invalid_grant", "unauthorized_client"] {
        for failure in failures(400, token_error(code)).await {
            assert!(matches!(failure, Failure::Unauthorized { .. }), "{failure:?}");
            assert_eq!(failure.code(), Some(code));
            assert!(!format!("{failure:?}").contains("jane") && !format!("{failure:?}").contains("1//"));
        }
    }
}

#[tokio::test]
async fn wrong_settings_of_the_operator_do_not_end_a_consent() {
    for failure in failures(401, token_error("invalid_client")).await {
        assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some("invalid_client"));
    }
}

#[tokio::test]
async fn what_google_will_never_do_is_refused() {
    for failure in failures(400, token_error("redirect_uri_mismatch")).await {
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
        assert!(failure.error().contains("redirect address"), "{failure}");
    }
    for failure in failures(404, json!("1//the-old-one")).await {
        assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
        assert_eq!(failure.code(), Some("404"));
    }
}

#[tokio::test]
async fn too_many_requests_were_not_carried_out() {
    for failure in failures(429, json!({})).await {
        assert!(matches!(failure, Failure::NotDone { retry_after_seconds: Some(11), .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn a_renewal_can_be_tried_again_but_a_code_counts_once() {
    for (status, body) in [
        (503, json!({})),
        (200, json!({})),
        (200, json!({"access_token": "", "expires_in": 3599})),
        (200, json!({"access_token": "ya29.new"})),
    ] {
        let [refresh, exchange] = failures(status, body).await;
        assert!(matches!(refresh, Failure::NotDone { .. }), "{refresh:?}");
        assert!(matches!(exchange, Failure::Unknown { .. }), "{exchange:?}");
    }
    for (reply, ending) in
        [(half_reply("200 OK"), Ending::Close), (String::new(), Ending::Reset), (String::new(), Ending::Silence)]
    {
        let server = BadServer::start(reply, ending).await;
        let refresh = refresh_at(impatient_client(), &server.address).await.unwrap_err();
        assert!(matches!(refresh, Failure::NotDone { .. }), "{refresh:?}");
        let exchange = exchange_at(impatient_client(), &server.address).await.unwrap_err();
        assert!(matches!(exchange, Failure::Unknown { .. }), "{exchange:?}");
        assert_eq!(server.requests(), 2);
    }
}

#[tokio::test]
async fn without_a_connection_a_code_is_not_spent() {
    let failure = exchange_at(client(), &nobody().await).await.unwrap_err();
    assert!(matches!(failure, Failure::NotDone { .. }), "{failure:?}");
}

#[tokio::test]
async fn a_consent_is_ended_once_and_ending_it_again_is_no_failure() {
    let token = SecretString::from("1//the-old-one");
    for (status, body) in [(200, json!({})), (400, token_error("invalid_token"))] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/revoke"))
            .and(body_string("token=1%2F%2Fthe-old-one"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
        assert_eq!(google_at(client(), &server.uri()).revoke(&token).await, Ok(()));
    }
    let failing = replies(503, json!({})).await;
    let failure = google_at(client(), &failing.uri()).revoke(&token).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }), "{failure:?}");
    let refusing = replies(400, token_error("invalid_request")).await;
    let failure = google_at(client(), &refusing.uri()).revoke(&token).await.unwrap_err();
    assert!(matches!(failure, Failure::Refused { .. }), "{failure:?}");
}
