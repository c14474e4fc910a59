//! Nothing that is printed shows a secret, a patient or a number.

use booking_worker::google::{Event, Inserted, Listing, Patched, TokenSecret, Tokens};
use booking_worker::keys::Keyring;
use booking_worker::secret::from_json;
use booking_worker::twilio::{Sender, Twilio, TwilioAccount};
use secrecy::SecretString;
use serde_json::json;

use crate::client;
use crate::google_oauth::google_at;
use crate::twilio_send::{account, with_api_key};

fn assert_shows_nothing(printed: &[String]) {
    let private = [
        "the-auth-token",
        "the-key-secret",
        "4155550100",
        "MG1",
        "the-client-secret",
        "ya29",
        "Jane",
        "dGhlLW1hc3Rlci1rZXk",
    ];
    for line in printed {
        assert!(!private.iter().any(|text| line.contains(text)), "{line}");
    }
}

#[test]
fn neither_keys_nor_what_is_sealed_are_shown() {
    let line = "2026 dGhlLW1hc3Rlci1rZXktMzItYnl0ZXMtbG9uZyEhISE=";
    let ring = Keyring::parse(line).unwrap();
    let sealed = ring.seal(b"the-auth-token", "here");
    let errors = [
        Keyring::parse(&format!("{line}\n{line}")).unwrap_err(),
        Keyring::parse("dGhlLW1hc3Rlci1rZXktMzItYnl0ZXMtbG9uZyEhISE= 2026").unwrap_err(),
        Keyring::parse("2026 dGhlLW1hc3Rlci1rZXk=").unwrap_err(),
        ring.open(&sealed, "there").unwrap_err(),
    ];
    let opened = ring.open(&sealed, "here").unwrap();
    assert_shows_nothing(&[format!("{ring:?} {sealed:?} {opened:?}"), format!("{errors:?}")]);
    assert_shows_nothing(&errors.map(|error| error.to_string()));
}

#[test]
fn an_account_shows_its_sid_and_no_more() {
    let sender = Sender::MessagingService("MG1".to_owned());
    let twilio = Twilio::new(client(), "http://127.0.0.1", account()).unwrap();
    let printed = [format!("{:?}", account()), format!("{:#?}", with_api_key()), format!("{sender:?} {twilio:?}")];
    assert!(printed[0].contains("AC0000"));
    assert_shows_nothing(&printed);
    let refused = from_json::<TwilioAccount>(br#"{"auth_token": ["the-auth-token"]}"#).unwrap_err();
    let address = Twilio::new(client(), "http://me:the-auth-token@127.0.0.1", account()).unwrap_err();
    assert_shows_nothing(&[format!("{refused} {refused:?}"), format!("{address} {address:?}")]);
}

#[test]
fn neither_tokens_nor_events_are_shown() {
    let google = google_at(client(), "http://127.0.0.1");
    let token = || SecretString::from("ya29.token");
    let expires_at = "2026-11-20T12:00:00Z".parse().unwrap();
    let tokens =
        Tokens { access_token: token(), refresh_token: Some(token()), expires_at, scope: "calendar".to_owned() };
    let event = Event::from_value(json!({"id": "e1", "summary": "Jane Doe"})).unwrap();
    let listing = Listing { items: vec![event.raw.clone()], ..Listing::default() };
    assert_shows_nothing(&[
        format!("{google:?} {:?}", google.calendar(&token())),
        format!("{tokens:?} {:?}", TokenSecret::from_tokens(tokens.clone())),
        format!("{event:?} {:?}", Inserted::Event(event.clone())),
        format!("{:?} {listing:?}", Patched::Event(event)),
    ]);
}
