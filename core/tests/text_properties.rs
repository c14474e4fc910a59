//! What holds for every text: no input brings the reading of names, addresses, dates and times down, normalizing twice
//! is normalizing once, and what is written in an accepted form is read back as it was meant.

use booking_core::date::{DateOrder, StatedDate, parse_date, settle_date};
use booking_core::email::normalize_email;
use booking_core::name::normalize_name;
use booking_core::time::parse_time;
use chrono::{Datelike, NaiveDate, NaiveTime};
use proptest::prelude::*;

const ORDERS: [DateOrder; 3] = [DateOrder::MonthFirst, DateOrder::DayFirst, DateOrder::Unknown];

fn any_date() -> impl Strategy<Value = NaiveDate> {
    (NaiveDate::MIN.num_days_from_ce()..=NaiveDate::MAX.num_days_from_ce())
        .prop_filter_map("a day of the calendar", NaiveDate::from_num_days_from_ce_opt)
}

fn near_date() -> impl Strategy<Value = NaiveDate> {
    let (first, last) = (NaiveDate::from_ymd_opt(2000, 1, 1).unwrap(), NaiveDate::from_ymd_opt(2099, 12, 31).unwrap());
    (first.num_days_from_ce()..=last.num_days_from_ce())
        .prop_filter_map("a day of the century", NaiveDate::from_num_days_from_ce_opt)
}

const PIECES: &[&str] = &[
    "next",
    "this",
    "in",
    "a",
    "the",
    "of",
    "day",
    "days",
    "weeks",
    "from",
    "today",
    "tomorrow",
    "after",
    "tuesday",
    "fri",
    "december",
    "feb",
    "may",
    "twenty",
    "thirty",
    "fifth",
    "first",
    "two",
    "thousand",
    "half",
    "past",
    "to",
    "quarter",
    "noon",
    "midnight",
    "o'clock",
    "am",
    "pm",
    "p",
    "m",
    "at",
    "night",
    "dot",
    "underscore",
    "one",
    "example",
    "com",
    "0",
    "00",
    "2",
    "12",
    "29",
    "30",
    "31",
    "2026",
    "9999",
    "99999",
    "th",
    "t",
    "z",
    "h",
    ":",
    "-",
    "/",
    ".",
    "'",
    " ",
    " ",
    " ",
];

/// Texts made of the words and signs the readers know, in every order: they go deeper than arbitrary characters do.
fn phrase() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..14).prop_map(|pieces| pieces.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "\\PC{0,40}", "[ -~]{0,40}", phrase()]
}

/// Names of letters, marks and the signs that names may have.
fn name_like() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "van", "VAN", "Van", "de", "DE", "al", "y", "Y", "o", "O", "d", "mc", "Mc", "MC", "mcdonald", "jr", "Jr.",
        "ii", "dr", "JD", "ß", "İ", "ı", "Σ", "ΑΣ", "ǆ", "Ǆ", "ǅ", "ﬁ", "ŉ", "ª", "ნ", "Ⴀ", "Ꭰ", "ꭰ", "王", "م",
        "\u{0301}", "\u{200C}", "neil", "NEIL", "Neil", "nEIL", "a", "A", ".", "'", "’", "ʼ", "ʻ", "-", ",", "·", " ",
        " ", " ", "\u{00A0}",
    ]);
    prop_oneof![
        prop::collection::vec(words, 0..10).prop_map(|words| words.concat()),
        "[\\p{L}\\p{M} .,'’-]{0,30}",
        "[a-zA-Z .,'-]{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_brings_a_reader_down(text in any_text(), today in any_date()) {
        let _ = normalize_name(&text);
        let _ = normalize_email(&text);
        let _ = parse_time(&text);
        let _ = DateOrder::for_region(&text);
        let _ = DateOrder::for_timezone(&text);
        for order in ORDERS {
            if let Ok(stated) = parse_date(&text, today, order) {
                let _ = settle_date(stated, today);
            }
        }
    }

    #[test]
    fn a_name_is_normalized_once(name in prop_oneof![name_like(), any_text()]) {
        if let Ok(once) = normalize_name(&name) {
            prop_assert_eq!(normalize_name(&once), Ok(once));
        }
    }

    #[test]
    fn a_name_keeps_its_letters(name in "[a-zA-Z]{1,8}([ '-][a-zA-Z]{1,8}){0,3}") {
        let letters = |text: &str| {
            text.chars().filter(|character| character.is_alphabetic()).collect::<String>().to_lowercase()
        };
        let normalized = normalize_name(&name);
        prop_assert_eq!(normalized.as_deref().map(letters), Ok(letters(&name)));
    }

    #[test]
    fn an_address_is_normalized_once(email in prop_oneof![
        any_text(), "[\\p{L}0-9.+_-]{1,12}@[\\p{L}0-9.-]{1,16}", "[a-z]{1,3}( dot | at | )[a-z ]{1,6} at [a-z]{1,4} dot [a-z]{2,3}",
    ]) {
        if let Ok(once) = normalize_email(&email) {
            prop_assert_eq!(normalize_email(&once), Ok(once));
        }
    }

    #[test]
    fn a_full_date_is_read_back_from_every_form(date in near_date(), today in near_date()) {
        for format in ["%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%dT00:00:00.000Z", "%B %-d, %Y", "%-d %b %Y", "%A, %B %-d %Y", "%d-%b-%Y"] {
            let text = date.format(format).to_string();
            for order in ORDERS {
                prop_assert_eq!(parse_date(&text, today, order), Ok(StatedDate::Full(date)), "{}", text);
            }
        }
        for (format, order) in [
            ("%m/%d/%Y", DateOrder::MonthFirst), ("%-m-%-d-%y", DateOrder::MonthFirst), ("%d/%m/%Y", DateOrder::DayFirst),
            ("%d.%m.%y", DateOrder::DayFirst),
        ] {
            let text = date.format(format).to_string();
            prop_assert_eq!(parse_date(&text, today, order), Ok(StatedDate::Full(date)), "{}", text);
        }
    }

    #[test]
    fn an_ordinal_is_read_back(date in near_date(), today in near_date()) {
        let ending = match date.day() { 1 | 21 | 31 => "st", 2 | 22 => "nd", 3 | 23 => "rd", _ => "th" };
        let month_day = StatedDate::MonthDay { month: date.month(), day: date.day() };
        let month = date.format("%B");
        for text in [format!("{month} {}{ending}", date.day()), format!("the {}{ending} of {month}", date.day())] {
            prop_assert_eq!(parse_date(&text, today, DateOrder::Unknown), Ok(month_day));
            let with_year = format!("{text}, {}", date.year());
            prop_assert_eq!(parse_date(&with_year, today, DateOrder::Unknown), Ok(StatedDate::Full(date)));
        }
    }

    #[test]
    fn a_settled_date_is_never_before_today(stated in any_date(), near in near_date(), today in any_date(), month in 0u32..14, day in 0u32..33) {
        for stated in [StatedDate::Full(stated), StatedDate::Full(near), StatedDate::MonthDay { month, day }] {
            for today in [today, near] {
                if let Ok(settled) = settle_date(stated, today) {
                    prop_assert!(settled.date >= today);
                }
            }
        }
    }

    #[test]
    fn a_settled_date_keeps_month_and_day(stated in near_date(), today in near_date()) {
        if let Ok(settled) = settle_date(StatedDate::Full(stated), today) {
            prop_assert_eq!((settled.date.month(), settled.date.day()), (stated.month(), stated.day()));
            prop_assert_eq!(settled.corrected, settled.date != stated);
        }
    }
}

#[test]
fn every_minute_of_the_day_is_read_back() {
    for minute in 0..24 * 60 {
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
        for format in ["%H:%M", "%H:%M:%S", "%H.%M", "%Hh%M", "%-I:%M %p", "%I:%M%P", "%-I.%M %p"] {
            let text = time.format(format).to_string();
            assert_eq!(parse_time(&text), Ok(time), "{text}");
        }
    }
}
