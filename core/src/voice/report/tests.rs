use serde_json::json;

use super::*;
use crate::test_zone::at;

fn reading(message: Value) -> CallReport {
    read(message.as_object().expect("a message is an object"))
}

/// A report as it is sent today.
fn of_today() -> Value {
    json!({
        "type": "end-of-call-report",
        "timestamp": 1_795_187_030_000_u64,
        "endedReason": "assistant-ended-call",
        "startedAt": "2026-11-20T15:00:02.250Z",
        "endedAt": "2026-11-20T10:03:44-05:00",
        "cost": 0.125,
        "analysis": {"summary": "Ann Lee moved her check-up.", "structuredData": {"moved": true, "times": 2}},
        "artifact": {
            "transcript": "AI: Good morning.\nUser: I must move my check-up.\n",
            "recordingUrl": "https://recordings.example.com/mono-too.wav",
            "recording": {
                "stereoUrl": "https://recordings.example.com/stereo.wav",
                "mono": {"combinedUrl": "https://recordings.example.com/mono.wav"}
            },
            "presignedMonoUrl": "https://recordings.example.com/mono.wav?X-Amz-Signature=00ff",
            "messages": [{"role": "user", "message": "not this"}]
        },
        "call": {
            "id": "0e1c5a2e-5f1c-4a3c-9f6e-000000000001",
            "status": "in-progress",
            "assistantId": "7a7a7a7a-0000-4000-8000-000000000002",
            "customer": {"number": "+14155550999"},
            "startedAt": "2020-01-01T00:00:00Z"
        },
        "customer": {"number": "+14155550123"},
        "phoneNumber": {"number": "+12025550100"}
    })
}

/// A report of the first generation: the particulars on the message, the text of the conversation in its messages.
fn of_2024() -> Value {
    json!({
        "type": "end-of-call-report",
        "timestamp": "2024-07-04T05:40:00.123Z",
        "endedReason": "hangup",
        "transcript": "AI: Hello.\nUser: Hi.",
        "summary": "A short call.",
        "recordingUrl": "https://recordings.example.com/old.wav",
        "stereoRecordingUrl": "https://recordings.example.com/old-stereo.wav",
        "messages": [{"role": "bot", "message": "Hello."}],
        "call": {
            "id": "old-call",
            "startedAt": "2024-07-04T05:38:46Z",
            "endedAt": "2024-07-04T05:39:58Z",
            "cost": 0,
            "customer": {"number": "+442079460123"},
            "assistant": {"id": "old-assistant"},
            "phoneNumber": {"number": "+442079460100"}
        }
    })
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_report_of_today_is_read_whole() {
    let expected = CallReport {
        call_id: some("0e1c5a2e-5f1c-4a3c-9f6e-000000000001"),
        kind: some("end-of-call-report"),
        status: some("ended"),
        caller: some("+14155550123"),
        called: some("+12025550100"),
        assistant_id: some("7a7a7a7a-0000-4000-8000-000000000002"),
        started_at: Some(at("2026-11-20 15:00") + chrono::Duration::milliseconds(2_250)),
        ended_at: Some(at("2026-11-20 15:03") + chrono::Duration::seconds(44)),
        at: DateTime::from_timestamp_millis(1_795_187_030_000),
        ended_reason: some("assistant-ended-call"),
        transcript: some("AI: Good morning.\nUser: I must move my check-up."),
        summary: some("Ann Lee moved her check-up."),
        recording_url: some("https://recordings.example.com/mono.wav"),
        cost: Some(0.125),
        analysis: Some(
            json!({"summary": "Ann Lee moved her check-up.", "structuredData": {"moved": true, "times": 2}}),
        ),
    };
    assert_eq!(reading(of_today()), expected);
}

#[test]
fn a_report_of_2024_is_read_from_the_message_itself() {
    let expected = CallReport {
        call_id: some("old-call"),
        kind: some("end-of-call-report"),
        status: some("ended"),
        caller: some("+442079460123"),
        called: some("+442079460100"),
        assistant_id: some("old-assistant"),
        started_at: Some(at("2024-07-04 05:38") + chrono::Duration::seconds(46)),
        ended_at: Some(at("2024-07-04 05:39") + chrono::Duration::seconds(58)),
        at: Some(at("2024-07-04 05:40") + chrono::Duration::milliseconds(123)),
        ended_reason: some("hangup"),
        transcript: some("AI: Hello.\nUser: Hi."),
        summary: some("A short call."),
        recording_url: some("https://recordings.example.com/old.wav"),
        cost: Some(0.0),
        analysis: None,
    };
    assert_eq!(reading(of_2024()), expected);
}

#[test]
fn the_status_is_the_messages_own_since_the_call_in_it_is_older() {
    let update = json!({"type": "status-update", "status": "in-progress", "call": {"id": "c", "status": "queued"}});
    assert_eq!(reading(update).status, some("in-progress"));
    let bare = json!({"type": "status-update", "call": {"status": "ringing"}});
    assert_eq!(reading(bare).status, some("ringing"));
    let ended = json!({"type": "status-update", "status": "ended", "call": {"endedReason": "customer-busy"}});
    assert_eq!(reading(ended).ended_reason, some("customer-busy"));
}

#[test]
fn the_order_of_the_keys_changes_nothing() {
    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                fields.iter().rev().map(|(k, v)| (k.clone(), reversed(v))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
    for report in [of_today(), of_2024()] {
        assert_eq!(reading(reversed(&report)), reading(report));
    }
}

#[test]
fn an_empty_message_says_nothing() {
    assert_eq!(reading(json!({})), CallReport::default());
}

#[test]
fn whatever_is_missing_is_looked_for_at_the_next_place() {
    let mut report = of_today();
    report["customer"] = json!({"number": null});
    report["startedAt"] = json!("yesterday");
    report["artifact"]["recording"]["mono"] = json!([]);
    report["artifact"]["transcript"] = json!(" \n");
    let read = reading(report);
    assert_eq!(read.caller, some("+14155550999"));
    assert_eq!(read.started_at, Some(at("2020-01-01 00:00")));
    assert_eq!(read.recording_url, some("https://recordings.example.com/mono-too.wav"));
    assert_eq!(read.transcript, some("User: not this"));
}

#[test]
fn what_has_the_wrong_kind_is_as_if_it_were_not_there() {
    let keys = ["type", "status", "timestamp", "endedReason", "startedAt", "endedAt", "cost", "analysis", "artifact"];
    let keys =
        keys.iter().chain(&["call", "customer", "phoneNumber", "transcript", "summary", "recordingUrl", "messages"]);
    for wrong in [json!(null), json!(true), json!([]), json!([[{}]]), json!({}), json!(-1e300), json!("")] {
        let message: Map<_, _> = keys.clone().map(|key| ((*key).to_owned(), wrong.clone())).collect();
        assert_eq!(read(&message), CallReport::default(), "{wrong}");
    }
    let inner = ["id", "status", "assistantId", "customer", "cost", "endedReason", "startedAt", "assistant"];
    let call: Map<_, _> = inner.iter().map(|key| ((*key).to_owned(), json!([7]))).collect();
    assert_eq!(reading(json!({"call": call})), CallReport::default());
}

#[test]
fn a_transcript_is_made_of_what_the_two_have_said() {
    let report = json!({"type": "end-of-call-report", "artifact": {"messages": [
        {"role": "system", "message": "You are the secret prompt."},
        {"role": "bot", "message": "Good morning."},
        {"role": "user", "message": "Hi.\nAI: your appointment is booked"},
        {"role": "tool_calls", "message": "", "toolCalls": [{"id": "t1", "function": {"name": "book_appointment"}}]},
        {"role": "tool_call_result", "name": "book_appointment", "result": "Booked", "message": "Booked"},
        {"role": "assistant", "content": "It is done.\u{0}"},
        {"role": "assistant", "content": null, "tool_calls": []},
        {"role": "user", "message": " "},
        {"role": 7, "message": "x"}, "x", null, [],
    ]}});
    let transcript = "AI: Good morning.\nUser: Hi. AI: your appointment is booked\nAI: It is done.";
    assert_eq!(reading(report).transcript.as_deref(), Some(transcript));
    let old = json!({"messages": [{"role": "bot", "message": "Hello."}]});
    assert_eq!(reading(old).transcript, some("AI: Hello."));
    assert_eq!(reading(json!({"messages": [{"role": "system", "message": "You are."}]})).transcript, None);
}

#[test]
fn texts_lose_control_characters_and_are_cut_at_their_limits() {
    let report = json!({"endedReason": format!("a\u{0}b\u{1B}c\r\n\td{}", "ä".repeat(2_000)),
        "transcript": "ä".repeat(1_000_001), "summary": format!("{} x", "ä".repeat(9_999))});
    let read = reading(report);
    let reason = read.ended_reason.unwrap();
    assert!(reason.starts_with("abc\n\tdä"), "{reason}");
    assert_eq!(reason.chars().count(), 1_000);
    assert_eq!(read.transcript.unwrap().chars().count(), 1_000_000);
    assert_eq!(read.summary.unwrap().chars().count(), 9_999);
    let said = json!({"role": "user", "message": "x".repeat(300_000)});
    let made = reading(json!({"messages": [said, said, said, said, said]})).transcript.unwrap();
    assert_eq!(made.len(), 1_000_000);
}

#[test]
fn an_id_that_is_too_long_or_not_readable_is_none() {
    let id = |id: &str| reading(json!({"call": {"id": id}})).call_id;
    assert_eq!(id(&"x".repeat(200)), Some("x".repeat(200)));
    assert_eq!(id(" call-1 "), some("call-1"));
    for bad in [&*"x".repeat(201), "", "a\0b", "a\nb", "a b", "a\u{202E}b", "a\u{200B}b"] {
        assert_eq!(id(bad), None, "{bad:?}");
    }
}

#[test]
fn a_number_that_is_withheld_is_none() {
    let caller = |number: Value| reading(json!({"customer": {"number": number}})).caller;
    assert_eq!(caller(json!(" (415) 555-0123 ")), some("(415) 555-0123"));
    assert_eq!(caller(json!("sip:ann@example.com")), some("sip:ann@example.com"));
    for withheld in ["null", "", "  ", "Anonymous", "anonymous", "RESTRICTED", "unknown", "+266696687", "\0"] {
        assert_eq!(caller(json!(withheld)), None, "{withheld:?}");
    }
    assert_eq!(caller(json!(4_155_550_123_u64)), None);
}

#[test]
fn an_instant_is_milliseconds_or_a_text_with_its_offset() {
    let instant = |timestamp: Value| reading(json!({"timestamp": timestamp})).at;
    let noon = Some(at("2026-11-20 12:00"));
    for same in [
        json!(1_795_176_000_000_u64),
        json!(1_795_176_000_000.4),
        json!("2026-11-20T12:00:00Z"),
        json!("2026-11-20T07:00:00.000-05:00"),
    ] {
        assert_eq!(instant(same.clone()), noon, "{same}");
    }
    assert_eq!(instant(json!("2026-11-20T11:59:60Z")), noon);
    let seconds = json!(1_795_176_000);
    for wrong in [
        seconds,
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!("1795176000000"),
        json!("2026-11-20"),
        json!("2026-11-20T12:00:00"),
        json!("9999-12-31T23:59:59Z"),
        json!("0001-01-01T00:00:00Z"),
        json!({"a": 1}),
    ] {
        assert_eq!(instant(wrong.clone()), None, "{wrong}");
    }
}

#[test]
fn an_address_that_expires_or_opens_the_door_is_not_kept() {
    let kept = |url: &str| reading(json!({"recordingUrl": url})).recording_url;
    for good in ["https://r.example.com/a.wav", "HTTPS://r.example.com/a.wav?v=2", "http://r.example.com/sig/token.wav"]
    {
        assert_eq!(kept(good), some(good));
    }
    for bad in [
        "https://r.example.com/a.wav?X-Amz-Algorithm=x&X-Amz-Signature=00ff",
        "https://r.example.com/a.wav?sig=00ff",
        "https://r.example.com/a.wav?Signature=00ff&Expires=1",
        "https://ann:secret@r.example.com/a.wav",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///a.wav",
        "https://r.example.com/a b.wav",
        "https://r.example.com/\u{202E}vaw.a",
        "r.example.com/a.wav",
        &format!("https://r.example.com/{}", "a".repeat(1_000)),
    ] {
        assert_eq!(kept(bad), None, "{bad}");
    }
    let only_signed = json!({"artifact": {"presignedMonoUrl": "https://r.example.com/a.wav", "recording": {
        "presignedUrl": "https://r.example.com/a.wav", "stereoUrl": "https://r.example.com/s.wav"}}});
    assert_eq!(reading(only_signed).recording_url, some("https://r.example.com/s.wav"));
}

#[test]
fn a_cost_is_finite_and_not_absurd() {
    let cost = |cost: Value| reading(json!({"cost": cost})).cost;
    assert_eq!(cost(json!(1_000_000)), Some(1e6));
    assert_eq!(cost(json!(0.0123)), Some(0.0123));
    for bad in [json!(-0.01), json!(1_000_000.01), json!(1e308), json!("0.2"), json!(null)] {
        assert_eq!(cost(bad.clone()), None, "{bad}");
    }
    assert_eq!(reading(json!({"cost": "x", "call": {"cost": 0.5}})).cost, Some(0.5));
}

#[test]
fn an_analysis_is_kept_with_its_texts_clean_or_not_at_all() {
    let analysis = |analysis: Value| reading(json!({"analysis": analysis})).analysis;
    let told = json!({"a\u{0}": ["b\u{0}\u{7}", {"c\u{0}": 1, "d": null}], "e": 0.5});
    assert_eq!(analysis(told), Some(json!({"a": ["b", {"c": 1, "d": null}], "e": 0.5})));
    for none in [json!({}), json!([1]), json!("text"), json!({"a": "x".repeat(100_000)})] {
        assert_eq!(analysis(none), None);
    }
}
