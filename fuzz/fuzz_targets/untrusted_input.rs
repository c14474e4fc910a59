//! Every reader of what a stranger typed or a voice model heard, under one roof. The first byte of the input chooses the reader;
//! the rest is the text. No input may panic, and what a reader accepts must be well-formed.
#![no_main]

use booking_core::date::{DateOrder, parse_date, settle_date};
use booking_core::direct_tool::read_request;
use booking_core::email::normalize_email;
use booking_core::follow_up::{self, Settings, reminder, stated_note};
use booking_core::history::{Home, Position, Snapshot};
use booking_core::hours::{day_from_json, week_from_json};
use booking_core::name::normalize_name;
use booking_core::phone::normalize_phone;
use booking_core::sms::Size;
use booking_core::sms::template::{Template, Values, language};
use booking_core::time::parse_time;
use booking_core::voice::arguments::Arguments;
use booking_core::voice::origin::{origin_only, stated_org_id};
use booking_core::voice::prompt::{Prompt, QUOTE, Today, enforced};
use booking_core::voice::report;
use booking_core::voice::timeline::Entry;
use booking_core::voice::{Envelope, Kind, Tool, ToolCall, can_be_asked_again, known_again_by, unavailable};
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
        b'f' => follow_up(text),
        b'v' => voice(text),
        b's' => position(text),
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

/// A position is read in one way only, and so is a snapshot.
fn position(text: &str) {
    const HOME: Home = Home { system: 0x6b01, database: 5, timeline: 1, recovered_at: 0x66 };
    if let Some(position) = Position::parse(text, HOME) {
        assert_eq!(position.to_text(HOME), text);
    }
    if let Some(snapshot) = Snapshot::parse(text) {
        assert_eq!(snapshot.to_string(), text);
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

/// What a caller leaves, and how it is told: a reminder is never more than three messages, a summary one line.
fn follow_up(text: &str) {
    if let Some(note) = accepted(stated_note(text)) {
        assert_eq!(follow_up::note(&note).as_deref(), Ok(&*note));
    }
    let note = accepted(follow_up::note(text)).unwrap_or_default();
    let name = follow_up::name(text);
    let said = reminder::text(text, name.as_deref(), Some("+14155550123"), &note);
    assert!(Size::of(&format!("{said} Ref 000000")).segments <= reminder::MOST_SEGMENTS, "{said:?}");
    Settings::read(Some(text), "US");
    for entry in [
        Entry::MessageReceived { body: Some(text) },
        Entry::Call { seconds: Some(60), ended_reason: Some(text), summary: Some(text) },
        Entry::FollowUp { kind: follow_up::Kind::Message, note: text },
        Entry::Event { kind: text },
    ] {
        let summary = entry.summary();
        assert!(!summary.is_empty() && !summary.contains(char::is_control), "{summary:?}");
    }
}

/// A message of a voice agent: each of its tool calls has an answer, and what was filled in is read or refused.
fn voice(text: &str) {
    let Some(envelope) = accepted(Envelope::read(text)) else { return };
    let calls = envelope.tool_calls();
    for call in calls.iter().chain([&envelope.function_call()]) {
        let Some(stated) = call.arguments.clone().ok() else { continue };
        for tool in Tool::ALL {
            if let Some(read) = accepted(Arguments::read(tool, &stated)) {
                assert!(read.message.is_none_or(|message| !message.contains(char::is_control)));
            }
        }
    }
    if envelope.kind == Kind::ToolCalls {
        let answer = unavailable(text);
        assert_eq!(answer["results"].as_array().map(Vec::len), Some(calls.len()));
    }
    assert!(envelope.call_id().is_none_or(|id| id.chars().count() <= 200 && !id.contains(char::is_control)));
    let _ = envelope.caller();
    let origin = origin_only(text).expect("a body that is read as a whole is read in part");
    assert!(origin.to_string().len() < 30_000, "{origin}");
    let origin = Envelope::read(&origin.to_string()).expect("what was written is read");
    assert_eq!(stated_org_id(&origin.body).ok(), stated_org_id(&envelope.body).ok());
    assert_eq!(cut(origin.assistant_id()), cut(envelope.assistant_id()));
    assert_eq!(cut(origin.called()), cut(envelope.called()));
    let known = known_again_by(text).map(|known| Envelope::read(&known.to_string()).expect("what was written is read"));
    if let Some(known) = known.filter(|_| envelope.kind == Kind::ToolCalls) {
        let asked = |calls: &[ToolCall]| -> Vec<_> {
            calls.iter().map(|call| (call.id.is_null(), call.name.clone(), call.arguments.is_ok())).collect()
        };
        assert_eq!((known.call_id(), asked(&known.tool_calls())), (envelope.call_id(), asked(&calls)));
        assert_eq!(can_be_asked_again(&known.body.to_string()), can_be_asked_again(text));
    }
}

/// As much of a text as is read before its sender is known.
fn cut(text: Option<String>) -> Option<String> {
    text.map(|text| text.chars().take(300).collect::<String>().trim().to_owned())
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
