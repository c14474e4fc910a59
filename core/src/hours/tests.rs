use super::*;
use crate::test_zone::{TestZone, at};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The same windows on every day of the week.
fn daily(windows: &str) -> Hours {
    let mut hours = Hours::default();
    for weekday in 0..7 {
        hours.add_weekly(weekday, day_from_json(windows).unwrap());
    }
    hours
}

fn with_override(mut hours: Hours, day: &str, windows: &str) -> Hours {
    hours.add_dated(date(day), day_from_json(windows).unwrap());
    hours
}

fn span(start: &str, end: &str) -> Span {
    Span { start: at(start), end: at(end) }
}

/// When it is open, in UTC, as `HH:MM-HH:MM` or with the day where a span is not of one.
fn open(zone: &str, from: &str, to: &str, organization: &Hours, own: Option<&Hours>) -> Vec<Span> {
    let stretch = span(from, to);
    let open = OpenTime::of(&TestZone::named(zone), stretch, organization, own);
    open.spans.unwrap().into_iter().filter(|open| open.overlaps(&stretch)).collect()
}

#[test]
fn an_appointment_lies_within_one_opening() {
    let hours = daily(r#"[["09:00","12:00"],["13:00","17:00"]]"#);
    let open = OpenTime::of(&TestZone::named("UTC"), span("2026-11-24 00:00", "2026-11-25 00:00"), &hours, None);
    assert!(open.holds(span("2026-11-24 09:00", "2026-11-24 12:00")));
    assert!(open.holds(span("2026-11-24 16:00", "2026-11-24 17:00")));
    assert!(!open.holds(span("2026-11-24 11:30", "2026-11-24 12:30")));
    assert!(!open.holds(span("2026-11-24 11:00", "2026-11-24 14:00")));
    assert!(!open.holds(span("2026-11-24 16:30", "2026-11-24 17:30")));
    assert!(!open.holds(span("2026-11-24 08:59", "2026-11-24 09:59")));
}

#[test]
fn windows_that_touch_over_midnight_are_one_opening() {
    let hours = daily(r#"[["00:00","24:00"]]"#);
    let open = OpenTime::of(&TestZone::named("UTC"), span("2026-11-24 22:00", "2026-11-25 04:00"), &hours, None);
    assert!(open.holds(span("2026-11-24 23:30", "2026-11-25 00:30")));
}

#[test]
fn a_night_window_belongs_to_the_day_it_starts_on() {
    let hours = with_override(daily(r#"[["22:00","02:00"]]"#), "2026-11-24", "[]");
    let found = open("UTC", "2026-11-24 00:00", "2026-11-26 00:00", &hours, None);
    // The night from the 23rd still ends on the 24th; the night of the 24th is closed.
    assert_eq!(found, [span("2026-11-23 22:00", "2026-11-24 02:00"), span("2026-11-25 22:00", "2026-11-26 02:00")]);
}

#[test]
fn no_hours_is_open_always_and_an_override_still_closes_a_date() {
    let zone = TestZone::named("UTC");
    let hours = with_override(Hours::default(), "2026-11-24", "[]");
    let open = OpenTime::of(&zone, span("2026-11-23 00:00", "2026-11-26 00:00"), &hours, None);
    assert!(open.holds(span("2026-11-23 23:00", "2026-11-24 00:00")));
    assert!(!open.holds(span("2026-11-23 23:00", "2026-11-24 00:01")));
    assert!(open.holds(span("2026-11-25 00:00", "2026-11-25 01:00")));
    let always = OpenTime::always(&zone, span("2026-11-24 00:00", "2026-11-25 00:00"));
    assert!(always.holds(span("2020-01-01 00:00", "2030-01-01 00:00")));
}

#[test]
fn a_week_without_a_window_is_closed() {
    let mut closed = Hours::default();
    closed.add_weekly(0, None);
    assert!(open("UTC", "2026-11-20 00:00", "2026-12-20 00:00", &closed, None).is_empty());
    assert!(open("UTC", "2026-11-20 00:00", "2026-12-20 00:00", &Hours::default(), Some(&closed)).is_empty());
}

#[test]
fn hours_of_a_resource_replace_those_of_the_organization() {
    let house = daily(r#"[["09:00","17:00"]]"#);
    let own = daily(r#"[["18:00","20:00"]]"#);
    let found = open("UTC", "2026-11-24 00:00", "2026-11-25 00:00", &house, Some(&own));
    assert_eq!(found, [span("2026-11-24 18:00", "2026-11-24 20:00")]);
}

#[test]
fn an_override_of_the_organization_takes_from_a_resource_with_hours_and_never_adds() {
    let house =
        with_override(daily(r#"[["09:00","17:00"]]"#), "2026-11-24", r#"[["07:00","11:00"],["19:00","21:00"]]"#);
    let own = daily(r#"[["10:00","16:00"]]"#);
    let found = open("UTC", "2026-11-24 00:00", "2026-11-25 00:00", &house, Some(&own));
    assert_eq!(found, [span("2026-11-24 10:00", "2026-11-24 11:00")]);
    let without_hours = open("UTC", "2026-11-24 00:00", "2026-11-25 00:00", &house, Some(&Hours::default()));
    assert_eq!(without_hours.len(), 2);
}

#[test]
fn of_a_stretch_those_parts_are_found_in_which_it_is_open() {
    let hours = daily(r#"[["09:00","12:00"],["13:00","17:00"]]"#);
    let day = span("2026-11-24 00:00", "2026-11-25 00:00");
    let open = OpenTime::of(&TestZone::named("UTC"), day, &hours, None);
    let during = |from: &str, to: &str| -> Vec<Span> {
        open.during(span(&format!("2026-11-24 {from}"), &format!("2026-11-24 {to}"))).collect()
    };
    assert_eq!(during("08:00", "10:00"), [span("2026-11-24 09:00", "2026-11-24 10:00")]);
    assert_eq!(during("12:00", "13:00"), []);
    assert_eq!(
        during("11:00", "14:00"),
        [span("2026-11-24 11:00", "2026-11-24 12:00"), span("2026-11-24 13:00", "2026-11-24 14:00")]
    );
    assert_eq!(during("14:00", "11:00"), []);
    assert_eq!(OpenTime::always(&TestZone::named("UTC"), day).during(day).collect::<Vec<_>>(), [day]);
}

#[test]
fn an_override_of_the_resource_counts_before_everything() {
    let house = with_override(daily(r#"[["09:00","17:00"]]"#), "2026-11-24", "[]");
    let own = with_override(daily("[]"), "2026-11-24", r#"[["12:00","13:00"]]"#);
    let found = open("UTC", "2026-11-24 00:00", "2026-11-25 00:00", &house, Some(&own));
    assert_eq!(found, [span("2026-11-24 12:00", "2026-11-24 13:00")]);
}

#[test]
fn hours_follow_the_clock_on_the_wall_through_changes() {
    let hours = daily(r#"[["00:00","24:00"]]"#);
    let length = |zone: &str, day: &str| {
        let day_span = grid::day_span(&TestZone::named(zone), date(day)).unwrap();
        let open = OpenTime::of(&TestZone::named(zone), day_span, &hours, None);
        assert!(open.holds(day_span), "{zone} {day}");
        day_span.end.signed_duration_since(day_span.start).num_minutes()
    };
    for (zone, spring, autumn, change) in [
        ("America/New_York", "2026-03-08", "2026-11-01", 60),
        ("Europe/London", "2026-03-29", "2026-10-25", 60),
        ("Australia/Sydney", "2026-10-04", "2026-04-05", 60),
        ("Australia/Lord_Howe", "2026-10-04", "2026-04-05", 30),
    ] {
        assert_eq!(length(zone, spring), 1440 - change, "{zone}");
        assert_eq!(length(zone, autumn), 1440 + change, "{zone}");
    }
}

#[test]
fn a_window_that_the_clocks_leave_out_is_closed() {
    let hours = daily(r#"[["02:00","03:00"]]"#);
    // 02:00 becomes 03:00 EDT, as RFC 5545 reads it, and 03:00 is that same instant.
    assert!(open("America/New_York", "2026-03-08 00:00", "2026-03-09 00:00", &hours, None).is_empty());
    assert_eq!(open("America/New_York", "2026-03-09 00:00", "2026-03-10 00:00", &hours, None).len(), 1);
}

#[test]
fn a_window_over_the_repeated_hour_is_open_for_both() {
    let hours = daily(r#"[["00:30","03:00"]]"#);
    let found = open("America/New_York", "2026-11-01 04:00", "2026-11-02 04:00", &hours, None);
    assert_eq!(found, [span("2026-11-01 04:30", "2026-11-01 08:00")]);
}

#[test]
fn a_skipped_day_has_no_hours_and_a_night_before_it_still_ends() {
    let zone = "Pacific/Apia";
    let day = daily(r#"[["09:00","17:00"]]"#);
    // The 30th of December 2011 was left out: after the 29th (UTC-10) came the 31st (UTC+14).
    let found = open(zone, "2011-12-29 10:00", "2011-12-31 10:00", &day, None);
    assert_eq!(found, [span("2011-12-29 19:00", "2011-12-30 03:00"), span("2011-12-30 19:00", "2011-12-31 03:00")]);
    let friday_only = with_override(daily("[]"), "2011-12-30", r#"[["09:00","17:00"]]"#);
    assert!(open(zone, "2011-12-29 10:00", "2011-12-31 10:00", &friday_only, None).is_empty());
    let night = daily(r#"[["22:00","02:00"]]"#);
    let found = open(zone, "2011-12-30 08:00", "2011-12-30 13:00", &night, None);
    assert_eq!(found, [span("2011-12-30 08:00", "2011-12-30 12:00")]);
}
