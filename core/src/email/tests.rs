//! What the normalizing of e-mail addresses promises, line by line.

use super::*;

#[track_caller]
fn becomes(email: &str, expected: &str) {
    assert_eq!(normalize_email(email).as_deref(), Ok(expected), "{email}");
    assert_eq!(normalize_email(expected).as_deref(), Ok(expected), "again: {email}");
}

#[track_caller]
fn refuses(email: &str) {
    let refusal = normalize_email(email).unwrap_err();
    assert_eq!(refusal.code, Code::InvalidEmail);
    assert!(!refusal.hint.is_empty() && refusal.message.contains(&quoted(email)), "{refusal:?}");
}

#[test]
fn an_address_is_trimmed_and_written_small() {
    becomes("  John.Smith@Example.COM\n", "john.smith@example.com");
    becomes("a+b_c-d'e@sub.example.co.uk", "a+b_c-d'e@sub.example.co.uk");
    becomes("14155550123@no-email.invalid", "14155550123@no-email.invalid");
    becomes("x@1.example", "x@1.example");
    becomes("x@xn--bcher-kva.xn--p1ai", "x@xn--bcher-kva.xn--p1ai");
}

#[test]
fn addresses_of_other_scripts_are_taken() {
    becomes("Jörg@Bücher.example", "jörg@bücher.example");
    becomes("почта@пример.рф", "почта@пример.рф");
    becomes("用户@例子.公司", "用户@例子.公司");
}

#[test]
fn what_no_mail_server_takes_is_refused() {
    for email in [
        "",
        "  ",
        "john",
        "@example.com",
        "john@",
        "john@example",
        "john@@example.com",
        "a@b@example.com",
        ".john@example.com",
        "john.@example.com",
        "jo..hn@example.com",
        "john@.example.com",
        "john@example..com",
        "john@example.com.",
        "john@-example.com",
        "john@example-.com",
        "john@exa_mple.com",
        "john@example.123",
        "john@example.c",
        "john@[127.0.0.1]",
        "john@127.0.0.1",
        "\"john smith\"@example.com",
        "john smith@example.com",
        "john@exam ple.com",
        "John <john@example.com>",
        "john,@example.com",
        "john(x)@example.com",
        "mailto:john@example.com",
        "john\0@example.com",
        "jo\u{200B}hn@example.com",
        "john@example.com\r\nBcc: all@example.com",
        "😀@example.com",
    ] {
        refuses(email);
    }
}

#[test]
fn the_lengths_of_the_standard_hold() {
    let label = "a".repeat(63);
    becomes(&format!("{}@example.com", "a".repeat(64)), &format!("{}@example.com", "a".repeat(64)));
    refuses(&format!("{}@example.com", "a".repeat(65)));
    becomes(&format!("a@{label}.com"), &format!("a@{label}.com"));
    refuses(&format!("a@{label}a.com"));
    refuses(&format!("a@{label}.{label}.{label}.{label}.com"));
    refuses(&"a".repeat(10_000));
}

#[test]
fn a_spoken_address_is_written_down() {
    becomes("john dot smith at example dot com", "john.smith@example.com");
    becomes("John Underscore Smith At Example Dot Com", "john_smith@example.com");
    becomes("john dash smith at my hyphen site dot co dot uk", "john-smith@my-site.co.uk");
    becomes("john plus clinic at gmail.com", "john+clinic@gmail.com");
    becomes("john.smith at gmail dot com", "john.smith@gmail.com");
    becomes("john two at example dot com", "john2@example.com");
    becomes("john one nine 84 at example dot com", "john1984@example.com");
    becomes("j o h n at example dot com", "john@example.com");
    becomes("john dot at at example dot com", "john.at@example.com");
}

#[test]
fn a_spoken_address_of_several_readings_is_refused() {
    for email in [
        "john smith at example dot com",
        "j smith at example dot com",
        "john at my site dot com",
        "john at one dot com",
        "john at example",
        "at example dot com",
        "john at",
        "john dot smith",
        "john at home at example dot com",
        "a at b dot com at c dot com",
    ] {
        refuses(email);
    }
    let refusal = normalize_email("john smith at example dot com").unwrap_err();
    assert_eq!(refusal.message, "e-mail \"john smith at example dot com\" cannot be read in one way only");
    assert!(refusal.hint.contains("underscore"));
}

#[test]
fn the_broken_rule_is_named() {
    let message = |email| normalize_email(email).unwrap_err().message;
    assert_eq!(message("john@example"), "e-mail \"john@example\" has no dot in its domain");
    assert_eq!(message("john"), "e-mail \"john\" has no @");
    assert_eq!(message("john at example"), "e-mail \"john at example\" has no dot in its domain");
    assert_eq!(
        message("jo,hn@example.com"),
        "e-mail \"jo,hn@example.com\" holds \",\", which cannot stand before the @"
    );
}
