use super::*;
use crate::calendar::Taken;
use crate::hours::{Hours, day_from_json};
use crate::test_zone::{TestZone, at};

fn utc() -> TestZone {
    TestZone::named("UTC")
}

fn span(start: &str, end: &str) -> Span {
    Span { start: at(start), end: at(end) }
}

fn day() -> Span {
    span("2026-11-24 00:00", "2026-11-25 00:00")
}

/// Resource number `id` with one seat, open always and without a limit.
fn resource(id: u128, taken: &[(&str, &str)]) -> Schedule {
    let taken = taken.iter().map(|(start, end)| {
        let on_the_day = |time: &str| at(&format!("2026-11-24 {time}"));
        (Taken::Seat(1), Span { start: on_the_day(start), end: on_the_day(end) })
    });
    Schedule {
        calendar: ResourceCalendar::new(Uuid::from_u128(id), 1, taken),
        open: Rc::new(OpenTime::always(&utc(), day())),
        limits: DailyLimits::default(),
    }
}

fn open_from_nine_to_five(mut schedule: Schedule) -> Schedule {
    let mut hours = Hours::default();
    let windows = day_from_json(r#"[["09:00","17:00"]]"#).unwrap();
    (0..7).for_each(|weekday| hours.add_weekly(weekday, windows.clone()));
    schedule.open = Rc::new(OpenTime::of(&utc(), day(), &hours, None));
    schedule
}

fn slot(start: &str) -> Slot {
    Rules::default().slot(at(start)).unwrap()
}

fn order(schedules: &[Schedule], start: &str) -> Vec<u128> {
    let seats = seats(schedules, slot(start), &utc()).unwrap();
    seats.iter().map(|seat| seat.resource_id.as_u128()).collect()
}

#[test]
fn the_least_loaded_resource_comes_first_then_the_longest_idle_then_by_id() {
    let two = resource(1, &[("08:00", "09:00"), ("16:00", "17:00")]);
    let idle_since_eleven = resource(2, &[("10:00", "11:00")]);
    let idle_since_ten = resource(3, &[("09:00", "10:00")]);
    let busy_later = resource(4, &[("18:00", "19:00")]);
    let as_idle = resource(5, &[("09:00", "10:00")]);
    let all = [two, as_idle, idle_since_eleven, idle_since_ten, busy_later];
    assert_eq!(order(&all, "2026-11-24 14:00"), [4, 3, 5, 2, 1]);
}

#[test]
fn the_resource_that_came_closest_says_why() {
    let closed = open_from_nine_to_five(resource(1, &[]));
    let taken = resource(2, &[("18:00", "19:00")]);
    let mut full = resource(3, &[]);
    full.limits = DailyLimits::new(Some(1));
    full.limits.take("2026-11-24".parse().unwrap(), 1);
    let at_six = slot("2026-11-24 18:00");
    assert_eq!(seats(std::slice::from_ref(&closed), at_six, &utc()), Err(Trouble::OutsideHours));
    assert_eq!(seats(&[closed.clone(), full.clone()], at_six, &utc()), Err(Trouble::DayFull));
    assert_eq!(seats(&[taken, full, closed], at_six, &utc()), Err(Trouble::Taken));
    assert_eq!(seats(&[], at_six, &utc()), Err(Trouble::OutsideHours));
}

#[test]
fn the_lowest_free_place_of_a_daily_limit_is_given() {
    let monday = "2026-11-23".parse().unwrap();
    let mut limits = DailyLimits::new(Some(3));
    assert_eq!(limits.next_place(monday), DayPlace::Place(monday, 1));
    limits.take(monday, 1);
    limits.take(monday, 3);
    assert_eq!(limits.next_place(monday), DayPlace::Place(monday, 2));
    limits.take(monday, 2);
    assert_eq!(limits.next_place(monday), DayPlace::Full);
    let mut lowered = DailyLimits::new(Some(2));
    lowered.take(monday, 4);
    assert_eq!(lowered.next_place(monday), DayPlace::Place(monday, 1));
    lowered.take(monday, 5);
    assert_eq!(lowered.next_place(monday), DayPlace::Full);
    assert_eq!(DailyLimits::default().next_place(monday), DayPlace::Unlimited);
}

#[test]
fn what_is_taken_while_a_series_is_placed_is_taken() {
    let mut schedule = resource(1, &[]);
    schedule.limits = DailyLimits::new(Some(2));
    let ten = slot("2026-11-24 10:00");
    let first = seats(std::slice::from_ref(&schedule), ten, &utc()).unwrap()[0];
    schedule.take(first, ten.blocked);
    assert_eq!(schedule.check(ten, &utc()), Err(Trouble::Taken));
    let noon = slot("2026-11-24 12:00");
    let second = seats(std::slice::from_ref(&schedule), noon, &utc()).unwrap()[0];
    assert_eq!(second.day_place, Some(("2026-11-24".parse().unwrap(), 2)));
    schedule.take(second, noon.blocked);
    assert_eq!(schedule.check(slot("2026-11-24 14:00"), &utc()), Err(Trouble::DayFull));
}

#[test]
fn buffers_may_hang_out_of_opening_hours_and_keep_others_away() {
    let rules = Rules { buffer_before_minutes: 30, buffer_after_minutes: 30, ..Rules::default() };
    let schedule = open_from_nine_to_five(resource(1, &[("12:00", "13:00")]));
    let check = |start: &str| schedule.check(rules.slot(at(&format!("2026-11-24 {start}"))).unwrap(), &utc());
    assert_eq!(check("09:00"), Ok(()));
    assert_eq!(check("16:00"), Ok(()));
    assert_eq!(check("16:30"), Err(Trouble::OutsideHours));
    assert_eq!(check("10:30"), Ok(()));
    assert_eq!(check("11:00"), Err(Trouble::Taken));
    assert_eq!(check("13:00"), Err(Trouble::Taken));
}

#[test]
fn free_starts_stand_on_the_grid_of_the_service() {
    let rules = Rules { slot_step_minutes: 120, horizon_days: 30, ..Rules::default() };
    let now = at("2026-11-20 00:00");
    let nine_to_five = [open_from_nine_to_five(resource(1, &[("12:00", "13:00")]))];
    let starts = |rules: &Rules| -> Vec<String> {
        let free = free_starts(&nine_to_five, rules, &utc(), day(), now);
        free.iter().map(|(start, _)| start.format("%H:%M").to_string()).collect()
    };
    assert_eq!(starts(&rules), ["10:00", "14:00", "16:00"]);
    assert_eq!(starts(&Rules { slot_anchor: Anchor::Opening, ..rules.clone() }), ["09:00", "11:00", "13:00", "15:00"]);
    assert!(starts(&Rules { horizon_days: 3, ..rules.clone() }).is_empty());
    assert!(starts(&Rules { min_notice_minutes: 6 * 24 * 60, ..rules }).is_empty());
}
