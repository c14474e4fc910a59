//! Every reader of what a stranger typed or a voice model heard, under one roof. The first byte of the input chooses the reader;
//! the rest is the text. No input may panic, and what a reader accepts must be well-formed.
#![no_main]

use booking_core::date::{DateOrder, parse_date, settle_date};
use booking_core::direct_tool::read_request;
use booking_core::email::normalize_email;
use booking_core::hours::{day_from_json, week_from_json};
use booking_core::name::normalize_name;
use booking_core::phone::normalize_phone;
use booking_core::sms::Size;
use booking_core::sms::template::{Template, Values, language};
use booking_core::time::parse_time;
use booking_core::voice::prompt::{Prompt, QUOTE, Today, enforced};
use booking_core::voice::report;
use booking_core::zone::Zone;
use booking_core::{Refusal, booking_data};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((reader, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match reader {
        b'p' => phone(text),
        b'n' => name(text),
        b'e' => email(text),
        b'd' => date(text),
        b't' => time(text),
        b'j' => request(text),
        b'h' => hours(text),
        b'm' => message(text),
        b'a' => assistant(text),
        b'c' => call_report(text),
        _ => {}
    }
});

/// The region, two letters, stands before the number: `pUS(415) 555-0123`.
fn phone(text: &str) {
    let Some((region, text)) = text.split_at_checked(2) else { return };
    if let Some(number) = accepted(normalize_phone(text, region)) {
        let number = number.as_str();
        let digits = number.strip_prefix('+').expect("E.164 begins with a plus");
        assert!((7..=15).contains(&digits.len()), "{number}");
        assert!(digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0'), "{number}");
        assert_eq!(normalize_phone(number, region).expect(number).as_str(), number);
    }
}

fn name(text: &str) {
    if let Some(name) = accepted(normalize_name(text)) {
        assert!(!name.contains(char::is_control), "{name:?}");
        assert_eq!(normalize_name(&name).as_deref(), Ok(&*name));
    }
}

fn email(text: &str) {
    if let Some(address) = accepted(normalize_email(text)) {
        assert_eq!(address.matches('@').count(), 1, "{address:?}");
        assert!(!address.contains(char::is_whitespace), "{address:?}");
        assert_eq!(normalize_email(&address).as_deref(), Ok(&*address));
    }
}

/// Days on which months, years and leap years come to an end, and an ordinary one.
const TODAYS: [&str; 5] = ["2026-03-20", "2027-12-31", "2028-01-31", "2028-02-29", "2029-03-01"];

fn date(text: &str) {
    for today in TODAYS.map(|today| today.parse::<NaiveDate>().expect(today)) {
        for region in ["US", "GB"] {
            let Some(stated) = accepted(parse_date(text, today, DateOrder::for_region(region))) else { continue };
            if let Some(settled) = accepted(settle_date(stated, today)) {
                assert!(settled.date >= today, "{} on {today}", settled.date);
            }
        }
    }
}

fn time(text: &str) {
    if let Some(time) = accepted(parse_time(text)) {
        let written = time.format("%H:%M:%S").to_string();
        assert_eq!(parse_time(&written), Ok(time));
    }
}

fn request(text: &str) {
    accepted(read_request(text).1);
    if let Some(data) = accepted(booking_data::parse_object(text)) {
        let now = NaiveDate::from_ymd_opt(2026, 3, 20).expect("a date").and_time(NaiveTime::MIN).and_utc();
        for region in ["US", "GB"] {
            accepted(booking_data::normalize(data.clone(), &HalfHourZone, region, now));
        }
    }
}

/// Opening hours of a week, or of a date.
fn hours(text: &str) {
    let week = accepted(week_from_json(text)).flatten().into_iter().flatten().flatten();
    let day = accepted(day_from_json(text)).into_iter().flatten();
    for window in week.chain(day) {
        assert!((0..1440).contains(&window.opens), "{window:?}");
        assert!(window.opens < window.closes && window.closes <= window.opens + 1440, "{window:?}");
    }
}

/// The template of a message; a value may be as odd as a template. What it costs is counted for any text.
fn message(text: &str) {
    let size = Size::of(text);
    assert!(size.segments <= text.len() && (size.segments > 0) == !text.is_empty(), "{size:?}");
    accepted(language(text));
    if let Some(template) = accepted(Template::parse(text)) {
        let values = Values { name: text, organization: "O", service: "S", when: "W", date: "D", time: "T" };
        let once = template.render(&values);
        assert!(text.contains(['{', '}']) || once == text, "{once:?}");
    }
}

/// The prompt of a voice assistant: its organization's words, and a name that is as odd. What the organization has written stays in
/// the quote, and no template tag in it reaches beyond its line.
fn assistant(text: &str) {
    let prompt = Prompt {
        organization: text,
        timezone: "America/New_York",
        assistant_name: Some(text),
        today: Today::Liquid,
        tools: &["book_appointment", text],
        custom: Some(text),
    };
    let Some(enforced_once) = accepted(enforced(&prompt)) else { return };
    assert_eq!(enforced(&Prompt { custom: Some(&enforced_once), ..prompt }).as_deref(), Ok(&*enforced_once));
    let mut lines = enforced_once.lines().skip_while(|line| !line.starts_with(QUOTE)).peekable();
    let has_quote = lines.peek().is_some();
    let after: Vec<_> = lines.skip_while(|line| line.starts_with(QUOTE) || *line == QUOTE.trim_end()).collect();
    assert_eq!(after.len(), if has_quote { 2 } else { 0 }, "{enforced_once:?}");
    assert!(after.last().is_none_or(|line| line.starts_with("The rules at the top stand")), "{enforced_once:?}");
    for line in enforced_once.lines() {
        assert!(line.trim_end() == line && !line.contains(char::is_control), "{line:?}");
        assert!(!line.contains("{%") && line.matches("{{").count() <= line.matches("}}").count(), "{line:?}");
    }
}

/// A message about a call, or what stands in one: nothing in it fails, and what is read can be stored.
fn call_report(text: &str) {
    let Ok(Value::Object(body)) = serde_json::from_str(text) else { return };
    let report = report::read(body.get("message").and_then(Value::as_object).unwrap_or(&body));
    let texts = [
        (&report.call_id, 200),
        (&report.kind, 1_000),
        (&report.status, 1_000),
        (&report.caller, 1_000),
        (&report.called, 1_000),
        (&report.assistant_id, 200),
        (&report.ended_reason, 1_000),
        (&report.transcript, 1_000_000),
        (&report.summary, 10_000),
        (&report.recording_url, 1_000),
    ];
    for (text, longest) in texts {
        let Some(text) = text else { continue };
        assert!(!text.trim().is_empty() && text.chars().nth(longest).is_none(), "{text:?}");
        assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{text:?}");
    }
    assert!(report.cost.is_none_or(|cost| (0.0..=1e6).contains(&cost)), "{:?}", report.cost);
    assert!(report.analysis.is_none_or(|analysis| analysis.is_object() && !analysis.to_string().contains("\\u0000")));
}

/// A zone off the hour, 5:30 ahead of UTC.
struct HalfHourZone;

impl Zone for HalfHourZone {
    fn offset_seconds_at(&self, _: DateTime<Utc>) -> i32 {
        19_800
    }
}

/// What was accepted. A refusal must be fit to be logged and said: one line that names a rule and a way out.
fn accepted<T>(result: Result<T, Refusal>) -> Option<T> {
    result
        .inspect_err(|refusal| {
            assert!(!refusal.message.is_empty() && !refusal.hint.is_empty(), "{refusal:?}");
            assert!(!refusal.message.contains(char::is_control), "{refusal:?}");
        })
        .ok()
}
