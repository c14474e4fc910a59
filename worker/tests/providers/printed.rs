//! Nothing that is printed shows a secret, a patient or a number.

use booking_worker::keys::Keyring;
use booking_worker::secret::from_json;
use booking_worker::twilio::{Sender, Twilio, TwilioAccount};

use crate::client;
use crate::twilio_send::{account, with_api_key};

fn assert_shows_nothing(printed: &[String]) {
    let private = ["the-auth-token", "the-key-secret", "4155550100", "MG1", "dGhlLW1hc3Rlci1rZXk"];
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
