//! What the reading of times promises, line by line.

use super::*;

fn read(text: &str) -> Option<String> {
    match parse_time(text) {
        Ok(time) => Some(time.format("%H:%M").to_string()),
        Err(refusal) => {
            assert_eq!(refusal.code, Code::InvalidTime, "{text}");
            assert!(!refusal.hint.is_empty() && refusal.message.contains(&quoted(text)), "{refusal:?}");
            None
        }
    }
}

#[track_caller]
fn reads_as(texts: &[&str], expected: &str) {
    for text in texts {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
}

#[track_caller]
fn refuses(texts: &[&str]) {
    for text in texts {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn two_digits_of_hours_are_the_24_hour_clock() {
    reads_as(&["14:00", "14:00:00", "14:00:00.000", " 14:00 ", "14h", "14h00", "14.00", "at 14:00"], "14:00");
    reads_as(&["14:30", "14.30", "14h30", "1430", "14 30"], "14:30");
    reads_as(&["09:00", "0900", "09.00"], "09:00");
    reads_as(&["10:30"], "10:30");
    reads_as(&["00:00", "0:00", "0000"], "00:00");
    reads_as(&["12:00"], "12:00");
    reads_as(&["0:30", "00:30"], "00:30");
}

#[test]
fn the_halves_of_the_day_are_written_in_many_ways() {
    reads_as(
        &["2 PM", "2pm", "2 p.m.", "2 P.M", "2 p m", "2p.m.", "02 pm", "2:00 pm", "2 o'clock pm", "2 o’clock PM"],
        "14:00",
    );
    reads_as(
        &["2:30pm", "2.30 p.m.", "2:30 PM", "2:30\u{202F}PM", "02:30 pm", "230 pm", "0230 pm", "2 30 pm"],
        "14:30",
    );
    reads_as(&["2:30 am", "2:30 A.M.", "2:30:00 AM"], "02:30");
    reads_as(&["12 am", "12:00 AM", "0 am", "0:00 AM"], "00:00");
    reads_as(&["12 pm", "12:00 PM"], "12:00");
    reads_as(&["12:30 am", "0:30 AM"], "00:30");
    reads_as(&["11:59 PM"], "23:59");
}

#[test]
fn noon_and_midnight_have_names() {
    reads_as(&["noon", "Noon", "midday", "12 noon", "twelve noon", "12:00 noon", "at noon"], "12:00");
    reads_as(&["midnight", "12 midnight", "at midnight"], "00:00");
    refuses(&["2 noon", "noon pm", "11 midnight", "afternoon", "noonish"]);
}

#[test]
fn the_day_is_divided_in_words_too() {
    reads_as(
        &["2 in the afternoon", "2 o'clock in the afternoon", "two in the afternoon", "14:00 in the afternoon"],
        "14:00",
    );
    reads_as(&["9 in the morning", "09:00 in the morning", "nine o'clock in the morning"], "09:00");
    reads_as(&["7 in the evening", "19:00 in the evening"], "19:00");
    reads_as(&["9 at night"], "21:00");
    reads_as(&["2 at night"], "02:00");
    refuses(&[
        "12 in the morning",
        "9 in the afternoon",
        "15:00 in the morning",
        "2 in the evening",
        "12 in the evening",
    ]);
}

#[test]
fn times_are_said_in_words() {
    reads_as(&["two pm", "two o'clock pm", "fourteen o'clock", "fourteen"], "14:00");
    reads_as(
        &["two thirty pm", "half past two pm", "half past 2 pm", "thirty past two pm", "fourteen thirty"],
        "14:30",
    );
    reads_as(
        &[
            "quarter to three pm",
            "a quarter to 3 pm",
            "two forty five pm",
            "two forty-five p.m.",
            "fifteen minutes to three pm",
        ],
        "14:45",
    );
    reads_as(&["quarter past two pm", "quarter after two in the afternoon", "2 fifteen pm"], "14:15");
    reads_as(&["two oh five pm", "five past two pm"], "14:05");
    reads_as(&["quarter to one pm"], "12:45");
    reads_as(&["quarter to one am"], "00:45");
    reads_as(&["quarter to noon"], "11:45");
    reads_as(&["half past noon", "half past twelve pm"], "12:30");
    refuses(&[
        "half two pm",
        "half to three pm",
        "two five pm",
        "thirty pm",
        "quarter pm",
        "past two pm",
        "quarter to",
    ]);
}

#[test]
fn counting_back_across_noon_or_midnight_has_two_readings() {
    refuses(&["quarter to twelve pm", "quarter to twelve am", "ten to twelve at night", "quarter to zero"]);
}

#[test]
fn an_hour_without_its_half_of_the_day_has_two_readings() {
    refuses(&[
        "2",
        "2:30",
        "2.30",
        "12",
        "10",
        "230",
        "1030",
        "2h30",
        "9h",
        "two",
        "two thirty",
        "half past two",
        "2 o'clock",
        "10 30",
    ]);
    let refusal = parse_time("2:30").unwrap_err();
    assert_eq!(refusal.message, "time \"2:30\" has two readings, one before noon and one after");
    assert_eq!(refusal.hint, "say 2:30 AM or 2:30 PM, or 02:30 or 14:30 on the 24-hour clock");
    assert_eq!(parse_time("12").unwrap_err().hint, "say noon or midnight, or 12:00 or 00:00 on the 24-hour clock");
    assert!(parse_time("quarter to three").unwrap_err().hint.contains("2:45 AM or 2:45 PM"));
}

#[test]
fn the_24_hour_clock_may_be_confirmed_and_not_contradicted() {
    reads_as(&["14:00 PM", "14 pm"], "14:00");
    refuses(&["14:00 AM", "13 AM", "0:30 PM", "00:30 pm"]);
    assert_eq!(
        parse_time("13 AM").unwrap_err().message,
        "time \"13 AM\" contradicts itself: 13 is not an hour before noon"
    );
}

#[test]
fn what_is_not_on_the_clock_is_refused_with_its_range() {
    refuses(&["24:00", "25:00", "12:60", "24", "99 pm", "2:75 pm", "2460", "twenty four"]);
    assert_eq!(
        parse_time("12:60").unwrap_err().message,
        "time \"12:60\" is not on the clock: minutes go from 00 to 59"
    );
    assert!(parse_time("24:00").unwrap_err().hint.contains("midnight"));
}

#[test]
fn seconds_are_taken_only_if_they_are_none() {
    refuses(&["14:00:30", "14:00:00.5", "2:30:15 pm"]);
    assert!(parse_time("14:00:30").unwrap_err().message.contains("seconds"));
}

#[test]
fn a_time_zone_is_refused_because_times_are_the_clinics() {
    for text in [
        "2 PM EST",
        "2 PM UTC",
        "14:00Z",
        "14:00:00Z",
        "14:00+02:00",
        "14:00-05:00",
        "2 pm Eastern time",
        "14:00 GMT+1",
    ] {
        let refusal = parse_time(text).unwrap_err();
        assert!(refusal.message.contains("time zone"), "{refusal}");
    }
}

#[test]
fn what_names_no_single_time_is_refused() {
    refuses(&[
        "",
        "  ",
        "soon",
        "morning",
        "2-3 pm",
        "2 pm or 3 pm",
        "2 pm 3 pm",
        "around 2 pm",
        "14:0",
        "1:2:3:4",
        ":",
        "am",
        "pm",
        "14:00 today",
        "12345",
        "-2 pm",
        "2,30 pm",
        "２ pm",
        "two pm pm",
        "2:30 o'clock pm",
        "T14:00",
        "18446744073709551617 pm",
    ]);
}

#[test]
fn long_texts_and_control_characters_are_refused_at_the_door() {
    refuses(&["2\0pm", "2\npm", "2 pm\u{200E}"]);
    assert!(parse_time(&"2".repeat(201)).unwrap_err().message.contains("longer"));
}
