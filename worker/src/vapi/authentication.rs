//! Whether a request is Vapi's: it shows the server secret, or has signed what it sends with it. One of the three ways that
//! Vapi knows is enough.

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

const SECRET: &str = "x-vapi-secret";
const SIGNATURE: &str = "x-signature";
const TIMESTAMP: &str = "x-timestamp";
/// How far a signature's time may be from ours, in milliseconds: five minutes.
const LARGEST_SKEW: u64 = 5 * 60 * 1000;
/// A number from here on counts milliseconds: as seconds it would be in the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;

/// Whether anything is there that could prove it: without, nothing has to be asked of anybody.
pub fn is_stated(headers: &HeaderMap) -> bool {
    bearer(headers).is_some() || headers.contains_key(SECRET) || headers.contains_key(SIGNATURE)
}

/// Whether whoever has sent this `body` knows the server secret, at the time `now`.
pub fn is_valid(server_secret: &SecretString, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> bool {
    let shown = [bearer(headers), headers.get(SECRET).map(|value| value.as_bytes())];
    let is_shown = |text: &[u8]| bool::from(text.trim_ascii().ct_eq(server_secret.expose_secret().trim().as_bytes()));
    // What is empty proves nothing, whatever the secret is.
    let is_shown = shown.into_iter().flatten().any(|text| !text.trim_ascii().is_empty() && is_shown(text));
    is_shown || is_signed(server_secret, headers, body, now).unwrap_or(false)
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

/// Whether `x-signature` is the HMAC, in hexadecimal digits, of `{x-timestamp}.{body}`. Its length says which hash it is.
fn is_signed(server_secret: &SecretString, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Option<bool> {
    let timestamp = headers.get(TIMESTAMP)?.to_str().ok()?;
    let stated = headers.get(SIGNATURE)?.to_str().ok()?.trim();
    let digits = ["sha256=", "sha512="].iter().find_map(|prefix| stated.strip_prefix(prefix)).unwrap_or(stated);
    let stated = hex::decode(digits).ok()?;
    let key = server_secret.expose_secret().as_bytes();
    let parts = [timestamp.as_bytes(), b".", body];
    let is_same: bool = match stated.len() {
        32 => mac::<Hmac<Sha256>>(key, parts)?.ct_eq(&stated).into(),
        64 => mac::<Hmac<Sha512>>(key, parts)?.ct_eq(&stated).into(),
        _ => false,
    };
    Some(is_same && is_recent(timestamp, now))
}

fn mac<M: Mac + KeyInit>(key: &[u8], parts: [&[u8]; 3]) -> Option<Vec<u8>> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

/// Vapi does not say in which unit it counts: seconds and milliseconds are told apart by their size.
fn is_recent(timestamp: &str, now: DateTime<Utc>) -> bool {
    let Ok(number) = timestamp.trim().parse::<i64>() else { return false };
    let milliseconds = if number >= FIRST_MILLISECONDS { number } else { number.saturating_mul(1000) };
    milliseconds.abs_diff(now.timestamp_millis()) <= LARGEST_SKEW
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const KEY: &str = "a-server-secret-of-some-length";
    const BODY: &[u8] = br#"{"message":{"type":"status-update"}}"#;

    fn now() -> DateTime<Utc> {
        "2026-11-20T12:00:00.250Z".parse().unwrap()
    }

    fn valid(pairs: &[(&str, &str)]) -> bool {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect();
        is_valid(&SecretString::from(KEY), &headers, BODY, now())
    }

    fn hmac_of<M: Mac + KeyInit>(key: &str, timestamp: &str, body: &[u8]) -> String {
        hex::encode(mac::<M>(key.as_bytes(), [timestamp.as_bytes(), b".", body]).unwrap())
    }

    fn signed(timestamp: &str) -> String {
        hmac_of::<Hmac<Sha256>>(KEY, timestamp, BODY)
    }

    #[test]
    fn the_signature_is_the_published_construction() {
        // printf '1763990000.{}' | openssl dgst -sha256 -hmac key
        let expected = "ce44cdd3e5eafe3522c8291c60f00f5f895b44fc80582db08f2ac8a17c400f7c";
        assert_eq!(hmac_of::<Hmac<Sha256>>("key", "1763990000", b"{}"), expected);
    }

    #[test]
    fn the_secret_is_shown_as_a_bearer_token_or_in_the_older_header() {
        assert!(valid(&[("authorization", &format!("Bearer {KEY}"))]));
        assert!(valid(&[("authorization", &format!("bearer {KEY}"))]));
        assert!(valid(&[("x-vapi-secret", KEY)]));
        assert!(valid(&[("authorization", "Bearer of-somebody-else"), ("x-vapi-secret", KEY)]));
    }

    #[test]
    fn whoever_does_not_show_the_secret_is_not_believed() {
        for value in ["", " ", "Bearer", "Bearer ", KEY, "Basic a-server-secret-of-some-length"] {
            assert!(!valid(&[("authorization", value)]), "{value}");
        }
        for value in ["", " ", "a-server-secret-of-some-lengt", "a-server-secret-of-some-lengthy", "A-SERVER-SECRET"] {
            assert!(!valid(&[("x-vapi-secret", value)]), "{value}");
        }
        assert!(!valid(&[]));
    }

    #[test]
    fn a_signature_counts_with_its_time_in_seconds_or_milliseconds() {
        for timestamp in ["1795176000", "1795176000250", "1795175701", "1795176300", "1795175700250", "1795176300250"] {
            let signature = signed(timestamp);
            assert!(valid(&[("x-timestamp", timestamp), ("x-signature", &signature)]), "{timestamp}");
            assert!(valid(&[("x-timestamp", timestamp), ("x-signature", &format!("sha256={signature}"))]));
            assert!(valid(&[("x-timestamp", timestamp), ("x-signature", &signature.to_uppercase())]));
        }
    }

    #[test]
    fn a_signature_that_is_too_old_or_too_new_does_not_count() {
        for timestamp in
            ["1795175699", "1795176301", "1795175700249", "1795176300251", "0", "-1795176000", "now", "", "9e99"]
        {
            assert!(!valid(&[("x-timestamp", timestamp), ("x-signature", &signed(timestamp))]), "{timestamp}");
        }
        let far = i64::MAX.to_string();
        assert!(!valid(&[("x-timestamp", &far), ("x-signature", &signed(&far))]));
    }

    #[test]
    fn the_length_of_a_signature_says_which_hash_it_is() {
        let signature = hmac_of::<Hmac<Sha512>>(KEY, "1795176000", BODY);
        assert!(valid(&[("x-timestamp", "1795176000"), ("x-signature", &signature)]));
        assert!(valid(&[("x-timestamp", "1795176000"), ("x-signature", &format!("sha512={signature}"))]));
        assert!(!valid(&[("x-timestamp", "1795176000"), ("x-signature", &signature[..64])]));
    }

    #[test]
    fn a_signature_of_anything_else_does_not_count() {
        let good = signed("1795176000");
        assert!(!valid(&[("x-signature", &good)]));
        assert!(!valid(&[("x-timestamp", "1795176001"), ("x-signature", &good)]));
        let others = hmac_of::<Hmac<Sha256>>("another-server-secret", "1795176000", BODY);
        let of_other_body = hmac_of::<Hmac<Sha256>>(KEY, "1795176000", b"{}");
        for signature in
            [others.as_str(), of_other_body.as_str(), "", "sha256=", "zz", &good[1..], &good[2..], "sha1=00"]
        {
            assert!(!valid(&[("x-timestamp", "1795176000"), ("x-signature", signature)]), "{signature}");
        }
    }

    #[test]
    fn a_request_without_a_proof_is_told_from_one_with_a_wrong_one() {
        let headers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        assert!(!is_stated(&HeaderMap::new()));
        assert!(!is_stated(&headers("authorization", "Basic eDp5")));
        assert!(is_stated(&headers("authorization", "Bearer x")));
        assert!(is_stated(&headers("x-vapi-secret", "x")));
        assert!(is_stated(&headers("x-signature", "x")));
    }
}
