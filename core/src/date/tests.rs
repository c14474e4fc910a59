//! What the reading and the settling of dates promise, line by line. Today is Tuesday, 17 March 2026.

use super::StatedDate::{Full, MonthDay};
use super::*;

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn today() -> NaiveDate {
    day(2026, 3, 17)
}

fn read_in(text: &str, order: DateOrder) -> Option<StatedDate> {
    match parse_date(text, today(), order) {
        Ok(stated) => Some(stated),
        Err(refusal) => {
            assert_eq!(refusal.code, Code::InvalidDate, "{text}");
            assert!(!refusal.hint.is_empty() && refusal.message.contains(&quoted(text)), "{refusal:?}");
            None
        }
    }
}

fn read(text: &str) -> Option<StatedDate> {
    read_in(text, DateOrder::MonthFirst)
}

#[track_caller]
fn reads_as(texts: &[&str], expected: StatedDate) {
    for text in texts {
        assert_eq!(read(text), Some(expected), "{text}");
    }
}

#[track_caller]
fn refuses(texts: &[&str]) {
    for text in texts {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn iso_dates_are_read_in_any_order_of_the_place() {
    for order in [DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::Unknown] {
        for text in ["2026-03-20", "2026/03/20", " 2026-03-20 ", "Friday 2026-03-20"] {
            assert_eq!(read_in(text, order), Some(Full(day(2026, 3, 20))), "{text}");
        }
    }
}

#[test]
fn an_iso_date_may_carry_midnight_and_no_other_time() {
    let texts = [
        "2026-03-20T00:00:00",
        "2026-03-20T00:00:00Z",
        "2026-03-20T00:00:00.000Z",
        "2026-03-20T00:00:00.000",
        "2026-03-20 00:00:00",
    ];
    reads_as(&texts, Full(day(2026, 3, 20)));
    refuses(&["2026-03-20T14:30:00Z", "2026-03-20 14:30", "2026-03-20T00:00:01", "2026-03-20T00:00:00-05:00"]);
    let refusal = parse_date("2026-03-20T14:30:00Z", today(), DateOrder::Unknown).unwrap_err();
    assert!(refusal.message.contains("time of day"), "{refusal}");
}

#[test]
fn numbers_follow_the_order_of_the_place() {
    for text in ["12/11/2026", "12-11-2026", "12.11.2026", "12/11/26"] {
        assert_eq!(read_in(text, DateOrder::MonthFirst), Some(Full(day(2026, 12, 11))), "{text}");
        assert_eq!(read_in(text, DateOrder::DayFirst), Some(Full(day(2026, 11, 12))), "{text}");
        assert_eq!(read_in(text, DateOrder::Unknown), None, "{text}");
    }
}

#[test]
fn a_date_impossible_in_the_order_of_the_place_is_read_in_the_other() {
    assert_eq!(read_in("25/12/2024", DateOrder::MonthFirst), Some(Full(day(2024, 12, 25))));
    assert_eq!(read_in("12/25/2024", DateOrder::DayFirst), Some(Full(day(2024, 12, 25))));
    assert_eq!(read_in("26-03-20", DateOrder::MonthFirst), None, "26 March 2020 or 20 March 2026");
    assert_eq!(read_in("26-03-20", DateOrder::DayFirst), Some(Full(day(2020, 3, 26))));
}

#[test]
fn an_unknown_order_takes_only_a_single_reading() {
    assert_eq!(read_in("12/25/2026", DateOrder::Unknown), Some(Full(day(2026, 12, 25))));
    assert_eq!(read_in("25.12.2026", DateOrder::Unknown), Some(Full(day(2026, 12, 25))));
    assert_eq!(read_in("05/05/2026", DateOrder::Unknown), Some(Full(day(2026, 5, 5))));
    assert_eq!(read_in("12/25/24", DateOrder::Unknown), Some(Full(day(2024, 12, 25))));
    assert_eq!(read_in("25/12/24", DateOrder::Unknown), None, "also 24 December 2025");
    assert_eq!(read_in("03/04", DateOrder::Unknown), None);
    let refusal = parse_date("03/04", today(), DateOrder::Unknown).unwrap_err();
    assert_eq!(refusal.message, "date \"03/04\" has two readings, March 4 and April 3");
}

#[test]
fn numbers_without_a_year_are_month_and_day() {
    assert_eq!(read("12/25"), Some(MonthDay { month: 12, day: 25 }));
    assert_eq!(read_in("25/12", DateOrder::DayFirst), Some(MonthDay { month: 12, day: 25 }));
    assert_eq!(read_in("25.12.", DateOrder::DayFirst), Some(MonthDay { month: 12, day: 25 }));
    assert_eq!(read("2/29"), Some(MonthDay { month: 2, day: 29 }));
}

#[test]
fn a_named_month_needs_no_year() {
    let texts = [
        "December 25th",
        "Dec 25",
        "dec. 25",
        "25 DECEMBER",
        "the 25th of December",
        "December the 25th",
        "december twenty fifth",
        "December twenty-fifth",
        "the twenty fifth of december",
        "december twenty five",
        "on December 25th",
    ];
    reads_as(&texts, MonthDay { month: 12, day: 25 });
    reads_as(&["the third of May", "May third", "may the 3rd", "3 may"], MonthDay { month: 5, day: 3 });
    reads_as(&["the thirty first of January"], MonthDay { month: 1, day: 31 });
}

#[test]
fn a_named_month_with_its_year_is_a_full_date() {
    let texts = [
        "25 Dec 2024",
        "25th of December 2024",
        "December 25 2024",
        "December 25, 2024",
        "December 25th, 2024",
        "25-Dec-2024",
        "Dec-25-2024",
        "25. December 2024",
        "2024 December 25",
        "25 Dec 24",
        "december twenty fifth twenty twenty four",
        "december 25th two thousand and twenty four",
        "the twenty fifth of december two thousand twenty four",
    ];
    reads_as(&texts, Full(day(2024, 12, 25)));
    refuses(&[
        "December 2024",
        "Dec 25-26",
        "25-26 Dec",
        "Dec 25/26",
        "may twenty twenty six",
        "December",
        "Dec 25 26 27",
    ]);
}

#[test]
fn a_weekday_beside_a_date_must_agree() {
    reads_as(
        &["Friday, December 25th 2026", "Fri. Dec 25 2026", "December 25th 2026, Friday"],
        Full(day(2026, 12, 25)),
    );
    reads_as(&["Friday, December 25th", "Fri 12/25"], MonthDay { month: 12, day: 25 });
    reads_as(&["tomorrow, Wednesday", "Wednesday tomorrow"], Full(day(2026, 3, 18)));
    refuses(&["Thursday, December 25th 2026", "Saturday, December 25th", "Monday tomorrow"]);
    let refusal = parse_date("Monday 2026-12-25", today(), DateOrder::Unknown).unwrap_err();
    assert_eq!(refusal.message, "date \"Monday 2026-12-25\" has two readings: 2026-12-25 is a Friday");
}

#[test]
fn a_weekday_beside_a_passed_date_is_ignored() {
    reads_as(&["Monday, December 25th 2024"], Full(day(2024, 12, 25)));
    reads_as(&["Friday 2025-12-25"], Full(day(2025, 12, 25)));
}

#[test]
fn near_days_have_their_words() {
    reads_as(&["today", "TODAY", "in 0 days"], Full(today()));
    reads_as(&["tomorrow", "in a day", "a day from today"], Full(day(2026, 3, 18)));
    reads_as(&["day after tomorrow", "the day after tomorrow"], Full(day(2026, 3, 19)));
    reads_as(&["in 3 days", "in three days", "3 days from now"], Full(day(2026, 3, 20)));
    reads_as(&["a week from today", "in a week", "in 1 week", "in seven days"], Full(day(2026, 3, 24)));
    reads_as(&["in two weeks", "two weeks from today", "in 14 days"], Full(day(2026, 3, 31)));
    reads_as(&["a week from tomorrow"], Full(day(2026, 3, 25)));
    refuses(&["yesterday", "in -3 days", "in 99999999999999999999 days", "in a month", "after tomorrow", "now"]);
}

#[test]
fn a_weekday_is_the_first_after_today() {
    reads_as(
        &["Wednesday", "this Wednesday", "next Wednesday", "on wed", "this coming Wednesday"],
        Full(day(2026, 3, 18)),
    );
    reads_as(&["Monday", "this Monday", "next monday"], Full(day(2026, 3, 23)));
}

#[test]
fn the_weekday_of_today_says_which() {
    reads_as(&["this Tuesday"], Full(today()));
    reads_as(&["next Tuesday", "coming Tuesday"], Full(day(2026, 3, 24)));
    let refusal = parse_date("Tuesday", today(), DateOrder::MonthFirst).unwrap_err();
    assert_eq!(refusal.message, "date \"Tuesday\" has two readings: today, 2026-03-17, is a Tuesday");
    assert_eq!(refusal.hint, "say today, or next Tuesday");
}

#[test]
fn what_names_no_day_is_refused() {
    refuses(&[
        "",
        "   ",
        "next week",
        "sometime",
        "the 25th",
        "25",
        "25th",
        "Christmas",
        "soon",
        "2026",
        "2026-03",
        "20260320",
        "12 25 2026",
        "12/25-2026",
        "1/2/3/4",
        "//",
        "Dec 25 BC",
        "44 BC",
        "-0044-03-15",
        "tomorrow at 2 pm",
        "२०२६-०३-२०",
        "the day after",
        "weekday",
        "2026-03-20 or 2026-03-21",
        "12/2026",
        "2026-03-20Z03",
    ]);
}

#[test]
fn a_day_outside_its_month_is_refused_with_the_length_of_the_month() {
    refuses(&[
        "30 February 2026",
        "2026-02-30",
        "02/30/2026",
        "2026-13-01",
        "13/13/2026",
        "April 31",
        "2026-00-10",
        "May 0",
    ]);
    let rule = |text| parse_date(text, today(), DateOrder::MonthFirst).unwrap_err().message;
    assert_eq!(rule("February 30"), "date \"February 30\" is not in the calendar: February has the days 1 to 29");
    assert_eq!(rule("2026-02-29"), "date \"2026-02-29\" is not in the calendar: February 2026 has the days 1 to 28");
    assert_eq!(rule("2026-13-01"), "date \"2026-13-01\" is not in the calendar: months go from 1 to 12");
    reads_as(&["2028-02-29", "29 Feb 2028", "2/29/2028"], Full(day(2028, 2, 29)));
}

#[test]
fn years_go_from_1900_to_9999() {
    reads_as(&["1900-01-01"], Full(day(1900, 1, 1)));
    reads_as(&["9999-12-31"], Full(day(9999, 12, 31)));
    refuses(&["1899-12-31", "0000-01-01", "12/25/0024", "10000-01-01", "December 25 20226", "12/25/224"]);
    assert!(parse_date("tomorrow", day(9999, 12, 31), DateOrder::Unknown).is_err());
    assert!(parse_date("tomorrow", NaiveDate::MAX, DateOrder::Unknown).is_err());
    assert!(parse_date("next friday", NaiveDate::MAX, DateOrder::Unknown).is_err());
    assert!(parse_date("today", NaiveDate::MIN, DateOrder::Unknown).is_err());
}

#[test]
fn long_texts_and_control_characters_are_refused_at_the_door() {
    refuses(&["2026-03-20\0", "2026\n-03-20", "\u{202E}2026-03-20"]);
    assert!(parse_date(&"1/".repeat(101), today(), DateOrder::Unknown).unwrap_err().message.contains("longer"));
}

#[test]
fn the_order_follows_the_region() {
    for region in ["US", "us", "PR", "GU", "VI", "AS", "MP", "UM"] {
        assert_eq!(DateOrder::for_region(region), DateOrder::MonthFirst, "{region}");
    }
    for region in ["GB", "DE", "CA", "in"] {
        assert_eq!(DateOrder::for_region(region), DateOrder::DayFirst, "{region}");
    }
    for region in ["", "ZZ", "001", "USA", "é"] {
        assert_eq!(DateOrder::for_region(region), DateOrder::Unknown, "{region}");
    }
}

#[test]
fn the_order_follows_the_zone() {
    let month_first = [
        "America/New_York",
        "america/chicago",
        "America/Indiana/Knox",
        "America/Kentucky/Louisville",
        "America/North_Dakota/Center",
        "US/Pacific",
        "EST5EDT",
        "Pacific/Honolulu",
        "America/Puerto_Rico",
        "Pacific/Guam",
        "posix/America/Denver",
    ];
    for zone in month_first {
        assert_eq!(DateOrder::for_timezone(zone), DateOrder::MonthFirst, "{zone}");
    }
    for zone in
        ["Europe/London", "America/Toronto", "America/Argentina/Salta", "Asia/Kolkata", "Japan", "Pacific/Auckland"]
    {
        assert_eq!(DateOrder::for_timezone(zone), DateOrder::DayFirst, "{zone}");
    }
    for zone in ["UTC", "GMT", "Etc/UTC", "Etc/GMT+5", "CET", "Zulu", "", "+05:00", "nowhere"] {
        assert_eq!(DateOrder::for_timezone(zone), DateOrder::Unknown, "{zone}");
    }
}

#[track_caller]
fn settles(stated: StatedDate, today: NaiveDate, date: NaiveDate, corrected: bool) {
    assert_eq!(settle_date(stated, today), Ok(SettledDate { date, corrected }));
}

#[track_caller]
fn settling_is_refused(stated: StatedDate, today: NaiveDate, code: Code) {
    let refusal = settle_date(stated, today).unwrap_err();
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(!refusal.hint.is_empty());
}

#[test]
fn today_and_later_dates_stay() {
    settles(Full(today()), today(), today(), false);
    settles(Full(day(2031, 1, 1)), today(), day(2031, 1, 1), false);
}

#[test]
fn a_passed_year_becomes_this_year_if_that_is_to_come() {
    settles(Full(day(2024, 12, 25)), today(), day(2026, 12, 25), true);
    settles(Full(day(2023, 3, 17)), today(), today(), true);
}

#[test]
fn a_date_that_passed_more_than_thirty_days_ago_becomes_next_year() {
    settles(Full(day(2026, 2, 14)), today(), day(2027, 2, 14), true);
    settles(Full(day(2020, 1, 5)), today(), day(2027, 1, 5), true);
    settling_is_refused(Full(day(2026, 2, 15)), today(), Code::DateInPast);
    settling_is_refused(Full(day(2021, 3, 16)), today(), Code::DateInPast);
}

#[test]
fn a_recent_date_is_refused_by_name() {
    let refusal = settle_date(Full(day(2025, 3, 1)), today()).unwrap_err();
    assert_eq!(refusal.message, "date 2026-03-01 has passed: today is 2026-03-17");
    assert_eq!(refusal.hint, "choose today or a later date");
}

#[test]
fn a_date_without_a_year_is_never_called_corrected() {
    settles(MonthDay { month: 12, day: 25 }, today(), day(2026, 12, 25), false);
    settles(MonthDay { month: 1, day: 5 }, today(), day(2027, 1, 5), false);
    settling_is_refused(MonthDay { month: 3, day: 1 }, today(), Code::DateInPast);
    settling_is_refused(MonthDay { month: 13, day: 1 }, today(), Code::InvalidDate);
    settling_is_refused(MonthDay { month: 2, day: 30 }, today(), Code::InvalidDate);
}

#[test]
fn the_29th_of_february_needs_a_leap_year() {
    settles(Full(day(2024, 2, 29)), day(2028, 1, 1), day(2028, 2, 29), true);
    settles(MonthDay { month: 2, day: 29 }, day(2028, 2, 29), day(2028, 2, 29), false);
    settling_is_refused(Full(day(2024, 2, 29)), today(), Code::InvalidDate);
    settling_is_refused(MonthDay { month: 2, day: 29 }, day(2028, 7, 1), Code::InvalidDate);
    settling_is_refused(MonthDay { month: 2, day: 29 }, day(2027, 7, 1), Code::InvalidDate);
}

#[test]
fn the_end_of_the_calendar_does_not_overflow() {
    settling_is_refused(Full(day(2024, 1, 1)), NaiveDate::MAX, Code::InvalidDate);
    settles(Full(NaiveDate::MAX), NaiveDate::MAX, NaiveDate::MAX, false);
    settles(Full(day(2024, 1, 1)), day(9999, 12, 31), day(10000, 1, 1), true);
    settling_is_refused(Full(NaiveDate::MIN), NaiveDate::MIN.succ_opt().unwrap(), Code::DateInPast);
}
