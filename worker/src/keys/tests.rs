use std::fs;
use std::os::unix::fs::PermissionsExt;

use secrecy::ExposeSecret;

use super::*;

/// 32 bytes of `byte`, as a key file has them.
fn line(id: &str, byte: u8) -> String {
    format!("{id} {}\n", BASE64_STANDARD.encode([byte; 32]))
}

fn ring(keys: &[(&str, u8)]) -> Keyring {
    let lines: String = keys.iter().map(|(id, byte)| line(id, *byte)).collect();
    Keyring::parse(&lines).unwrap()
}

fn trouble(text: &str) -> String {
    Keyring::parse(text).unwrap_err().to_string()
}

#[test]
fn the_first_key_is_the_current_one_and_comments_do_not_count() {
    let text = format!("# new\n\n  {}\r\n# old\n{}", line("2026-b", 2).trim(), line("2026-a", 1));
    let ring = Keyring::parse(&text).unwrap();
    assert_eq!(ring.current_id(), "2026-b");
    assert!(ring.by_id("2026-a").is_some());
}

#[test]
fn what_is_no_key_is_refused_by_its_line_and_not_repeated() {
    assert!(trouble("").contains("no key"));
    assert!(trouble("# nothing\n").contains("no key"));
    for (text, reason) in [
        ("secretsecret", "is not an id and a key"),
        ("a!b c2VjcmV0", "has an id that"),
        ("a !secret!", "is not base64"),
        ("a c2VjcmV0", "not 32 bytes"),
        (&format!("{} x", "a".repeat(65)), "has an id that"),
    ] {
        let message = trouble(&format!("# first\n{text}\n"));
        assert!(message.contains(reason) && message.contains("line 2"), "{message}");
        assert!(!message.contains("secret") && !message.contains("c2VjcmV0"), "{message}");
    }
}

#[test]
fn an_id_stands_once() {
    let message = trouble(&format!("{}{}", line("a", 1), line("a", 2)));
    assert!(message.contains("line 2") && message.contains("earlier"), "{message}");
}

#[test]
fn keys_come_from_exactly_one_place() {
    let path = Path::new("/nonexistent/keys");
    assert_eq!(Keyring::load(None, None).unwrap_err(), KeyError::NoSource);
    assert_eq!(Keyring::load(Some(path), Some("a b")).unwrap_err(), KeyError::TwoSources);
    assert!(matches!(Keyring::load(Some(path), None), Err(KeyError::Unreadable { .. })));
    assert_eq!(Keyring::load(None, Some(&line("a", 1))).unwrap().current_id(), "a");
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    fs::write(&path, line("a", 1)).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let message = Keyring::load(Some(&path), None).unwrap_err().to_string();
        assert!(message.contains(&format!("chmod 600 {}", path.display())), "{message}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(Keyring::load(Some(&path), None).unwrap().current_id(), "a");
}

#[test]
fn a_file_that_never_ends_is_not_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    fs::write(&path, "#".repeat(64 * 1024 + 1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(Keyring::load(Some(&path), None), Err(KeyError::TooLarge { .. })));
}

#[test]
fn a_generated_line_is_a_new_key_each_time() {
    let one = Keyring::generate_line("2026-11").unwrap();
    let other = Keyring::generate_line("2026-11").unwrap();
    assert_ne!(one, other);
    assert_eq!(Keyring::parse(&one).unwrap().current_id(), "2026-11");
    assert_eq!(Keyring::generate_line("no id"), Err(KeyError::Id));
}

#[test]
fn what_is_sealed_opens_with_the_same_key_and_context_only() {
    let ring = ring(&[("a", 1)]);
    let sealed = ring.seal(b"token", "org 1: twilio");
    assert_eq!(ring.open(&sealed, "org 1: twilio").unwrap().expose_secret(), b"token");
    let elsewhere = ring.open(&sealed, "org 2: twilio").unwrap_err();
    assert_eq!(elsewhere, KeyError::NotAuthentic { key_id: "a".to_owned() });
    let same_id = self::ring(&[("a", 2)]).open(&sealed, "org 1: twilio").unwrap_err();
    assert_eq!(same_id, KeyError::NotAuthentic { key_id: "a".to_owned() });
}

#[test]
fn a_changed_seal_does_not_open() {
    let ring = ring(&[("a", 1)]);
    let sealed = ring.seal(b"token", "here");
    for position in 0..sealed.ciphertext.len() {
        let mut changed = sealed.clone();
        changed.ciphertext[position] ^= 1;
        assert!(ring.open(&changed, "here").is_err());
    }
    for nonce in [vec![], vec![0; 12], vec![0; 13]] {
        assert!(ring.open(&Sealed { nonce, ..sealed.clone() }, "here").is_err());
    }
    assert!(ring.open(&Sealed { ciphertext: vec![], ..sealed.clone() }, "here").is_err());
}

#[test]
fn the_same_secret_is_never_sealed_alike() {
    let ring = ring(&[("a", 1)]);
    let (one, other) = (ring.seal(b"token", "here"), ring.seal(b"token", "here"));
    assert_ne!(one.nonce, other.nonce);
    assert_ne!(one.ciphertext, other.ciphertext);
}

#[test]
fn an_older_key_opens_and_verifies_and_the_current_one_seals() {
    let old = ring(&[("a", 1)]);
    let sealed = old.seal(b"token", "here");
    let signature = old.sign("state", "text");
    let new = ring(&[("b", 2), ("a", 1)]);
    assert_eq!(new.open(&sealed, "here").unwrap().expose_secret(), b"token");
    assert!(!new.is_current(&sealed));
    assert!(new.is_current(&new.seal(b"token", "here")));
    assert!(new.verify("state", "text", &signature));
    assert_ne!(new.sign("state", "text"), signature);
    let missing = old.open(&new.seal(b"token", "here"), "here").unwrap_err();
    assert_eq!(missing, KeyError::Missing { key_id: "b".to_owned() });
    assert!(missing.to_string().contains("\"b\""));
}

#[test]
fn a_signature_is_for_one_text_and_one_purpose() {
    let ring = ring(&[("a", 1)]);
    let signature = ring.sign("state", "text");
    assert_eq!(signature.len(), 43);
    assert_eq!(ring.derive("state", "text"), signature);
    assert!(ring.verify("state", "text", &signature));
    assert!(!ring.verify("state", "text2", &signature));
    assert!(!ring.verify("channel", "text", &signature));
    assert!(!self::ring(&[("a", 2)]).verify("state", "text", &signature));
}

#[test]
fn garbage_is_no_signature() {
    let ring = ring(&[("a", 1)]);
    let padded = format!("{}=", ring.sign("state", "text"));
    for garbage in ["", "A", "!", "é", &"A".repeat(43), &"A".repeat(10_000), &padded] {
        assert!(!ring.verify("state", "text", garbage), "{garbage}");
    }
}

/// Sealing and signing must stay as they are: what is stored was made by an earlier version.
#[test]
fn what_an_earlier_version_stored_opens_still() {
    let ring = ring(&[("a", 1)]);
    assert_eq!(ring.sign("state", "text"), "rdVecBH1A9SIyMPDUiTHi6Yn3IPevNTRFxGWeZY_5EQ");
    let sealed = Sealed {
        key_id: "a".to_owned(),
        nonce: vec![7; 12],
        ciphertext: BASE64_STANDARD.decode("lIXqBcquHPU+dbpIFYtlA06f3RCq").unwrap(),
    };
    assert_eq!(ring.open(&sealed, "here").unwrap().expose_secret(), b"token");
}

#[test]
fn nothing_printed_shows_a_key() {
    let ring = ring(&[("a", 1), ("b", 2)]);
    assert_eq!(format!("{ring:?}"), r#"Keyring { ids: ["a", "b"], .. }"#);
    assert_eq!(format!("{:?}", ring.seal(b"token", "here")), r#"Sealed { key_id: "a", bytes: 21, .. }"#);
    assert!(!format!("{:?}", ring.open(&ring.seal(b"token", "here"), "here").unwrap()).contains("token"));
}
