//! The signatures of what Twilio sends: nothing else tells its requests from those of others.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq};

/// Whether the header `X-Twilio-Signature` of a form that was posted to `url` was made with the auth token. `url` is the one
/// that Twilio was told, with its query, as it was told; `params` are the fields of the form, decoded, in any order. Twilio
/// signs the URL now with the standard port and now without: both are tried.
pub fn is_valid(auth_token: &SecretString, url: &str, params: &[(String, String)], signature_header: &str) -> bool {
    let Ok(stated) = BASE64_STANDARD.decode(signature_header.trim()) else { return false };
    let fields = sorted(params);
    let is_signed = |url: &String| mac(auth_token, url, &fields).finalize().into_bytes().as_slice().ct_eq(&stated);
    forms_of(url).iter().map(is_signed).fold(Choice::from(0), |one, other| one | other).into()
}

/// By name; the values of a name that stands more than once are sorted, and each counts once.
fn sorted(params: &[(String, String)]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut fields: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in params {
        fields.entry(name).or_default().insert(value);
    }
    fields
}

fn mac(auth_token: &SecretString, url: &str, fields: &BTreeMap<&str, BTreeSet<&str>>) -> Hmac<Sha1> {
    let key = auth_token.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(url.as_bytes());
    for (name, values) in fields {
        for value in values {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    }
    mac
}

/// The URL as it is, without its port, and with the standard one. It is not parsed: every byte of it was signed.
fn forms_of(url: &str) -> Vec<String> {
    let mut forms = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else { return forms };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let standard = if scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
    let stated = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    match stated {
        Some((host, port)) if port == standard => forms.push(format!("{scheme}://{host}{path}")),
        Some(_) => {}
        None => forms.push(format!("{scheme}://{authority}:{standard}{path}")),
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const URL_WITH_PORT: &str = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
    const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    const SIGNATURE_WITH_PORT: &str = "kvajT1Ptam85bY51eRf/AJRuM3w=";

    fn token() -> SecretString {
        SecretString::from("12345")
    }

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn call() -> Vec<(String, String)> {
        fields(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
            ("Caller", "+14158675309"),
        ])
    }

    /// As the definition says it, for cases without a published signature.
    fn signed(text: &str) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(b"12345").unwrap();
        mac.update(text.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }

    #[test]
    fn the_published_signatures_are_valid_with_and_without_the_standard_port() {
        for url in [URL, URL_WITH_PORT] {
            for signature in [SIGNATURE, SIGNATURE_WITH_PORT] {
                assert!(is_valid(&token(), url, &call(), signature), "{url} {signature}");
            }
        }
    }

    #[test]
    fn whatever_is_changed_makes_a_signature_invalid() {
        assert!(!is_valid(&SecretString::from("12346"), URL, &call(), SIGNATURE));
        assert!(!is_valid(&token(), "https://mycompany.com/myapp.php?foo=1&bar=3", &call(), SIGNATURE));
        assert!(!is_valid(&token(), "http://mycompany.com/myapp.php?foo=1&bar=2", &call(), SIGNATURE));
        let mut changed = call();
        changed[1].1 = "1235".to_owned();
        assert!(!is_valid(&token(), URL, &changed, SIGNATURE));
        assert!(!is_valid(&token(), URL, &call()[1..], SIGNATURE));
    }

    #[test]
    fn garbage_is_no_signature() {
        for garbage in ["", "=", "!", "é", "AAAA", &SIGNATURE[..27], &SIGNATURE.repeat(2)] {
            assert!(!is_valid(&token(), URL, &call(), garbage), "{garbage}");
        }
        for url in ["", "://", "mycompany.com", "https://", "https://:", "https://[::1]"] {
            assert!(!is_valid(&token(), url, &call(), SIGNATURE), "{url}");
        }
    }

    #[test]
    fn the_order_of_fields_does_not_matter_and_a_repeated_value_counts_once() {
        let mut backwards = call();
        backwards.reverse();
        assert!(is_valid(&token(), URL, &backwards, SIGNATURE));
        let repeated = fields(&[("b", "2"), ("a", "2"), ("a", "1"), ("a", "2")]);
        assert!(is_valid(&token(), "https://x.test/", &repeated, &signed("https://x.test/a1a2b2")));
    }

    #[test]
    fn another_port_than_the_standard_one_is_a_part_of_the_address() {
        let signature = signed("https://x.test:8443/");
        assert!(is_valid(&token(), "https://x.test:8443/", &[], &signature));
        assert!(!is_valid(&token(), "https://x.test/", &[], &signature));
        assert!(!is_valid(&token(), "https://x.test:8443/", &[], &signed("https://x.test/")));
    }

    #[test]
    fn a_colon_in_the_query_is_no_port() {
        assert_eq!(forms_of("http://x.test?at=10:30"), ["http://x.test?at=10:30", "http://x.test:80?at=10:30"]);
        assert_eq!(forms_of("http://[::1]:80/a"), ["http://[::1]:80/a", "http://[::1]/a"]);
    }
}
