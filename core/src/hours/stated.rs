//! Opening hours as they are stated in JSON: `{"mon":[["09:00","12:00"],["13:00","17:00"]]}`.

use serde_json::Value;

use super::{MINUTES_PER_DAY, Window};
use crate::refusal::{Code, Refusal, quoted};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// No day needs more.
const MOST_WINDOWS: usize = 24;

/// A week, Monday first. A day that is not named is closed; `None` for `{}`, which takes the hours away.
pub fn week_from_json(text: &str) -> Result<Option<[Vec<Window>; 7]>, Refusal> {
    let value: Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    let object = value.as_object().ok_or_else(|| refused(format!("{} is not an object", shown(&value))))?;
    if object.is_empty() {
        return Ok(None);
    }
    let mut week: [Vec<Window>; 7] = Default::default();
    for (name, windows) in object {
        let day = DAYS.iter().position(|day| day == name).and_then(|index| week.get_mut(index));
        let Some(day) = day else {
            return Err(refused(format!("{} is not a day: there are {}", quoted(name), DAYS.join(", "))));
        };
        *day = day_windows(windows)?;
    }
    Ok(Some(week))
}

/// The windows of one date; none is closed.
pub fn day_from_json(text: &str) -> Result<Vec<Window>, Refusal> {
    let value: Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    day_windows(&value)
}

fn day_windows(value: &Value) -> Result<Vec<Window>, Refusal> {
    let windows = value.as_array().ok_or_else(|| refused(format!("{} is not a list of windows", shown(value))))?;
    if windows.len() > MOST_WINDOWS {
        return Err(refused(format!("{} windows are more than the {MOST_WINDOWS} that a day can have", windows.len())));
    }
    windows.iter().map(window).collect()
}

fn window(value: &Value) -> Result<Window, Refusal> {
    let pair = value.as_array().map(Vec::as_slice);
    let Some([Value::String(opens), Value::String(closes)]) = pair else {
        return Err(refused(format!("{} is not a pair of times", shown(value))));
    };
    let (from, to) = (minute(opens)?, minute(closes)?);
    if from == to || from == MINUTES_PER_DAY {
        return Err(refused(format!("the window from {} to {} is empty", quoted(opens), quoted(closes))));
    }
    // An end that is not after the start is of the next morning.
    let closes = if to > from { to } else { to.saturating_add(MINUTES_PER_DAY) };
    Ok(Window { opens: from, closes })
}

/// `00:00` to `24:00`, with two digits each: what people say goes through another door.
fn minute(text: &str) -> Result<i32, Refusal> {
    let parse = || {
        let (hours, minutes) = text.split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hours) || !two_digits(minutes) {
            return None;
        }
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let minute = hours.checked_mul(60)?.checked_add(minutes)?;
        (minutes < 60 && minute <= MINUTES_PER_DAY).then_some(minute)
    };
    parse().ok_or_else(|| refused(format!("{} is not a time from 00:00 to 24:00", quoted(text))))
}

fn shown(value: &Value) -> String {
    quoted(&value.to_string())
}

fn refused(trouble: String) -> Refusal {
    Refusal::new(
        Code::InvalidRequest,
        format!("these opening hours cannot be read: {trouble}"),
        r#"pass windows as [["09:00","12:00"],["13:00","17:00"]]; a week names its days, as {"mon":[...],"tue":[...]}"#,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_names_its_open_days() {
        let week = week_from_json(r#"{"mon":[["09:00","12:00"],["13:00","17:00"]],"sun":[]}"#).unwrap().unwrap();
        assert_eq!(week[0], vec![Window { opens: 540, closes: 720 }, Window { opens: 780, closes: 1020 }]);
        assert!(week[1..].iter().all(Vec::is_empty));
        assert_eq!(week_from_json("{}"), Ok(None));
    }

    #[test]
    fn a_window_may_run_over_midnight_and_a_day_ends_at_24() {
        let windows = day_from_json(r#"[["22:00","02:00"],["00:00","24:00"],["18:00","00:00"]]"#).unwrap();
        assert_eq!(windows.iter().map(|window| window.closes).collect::<Vec<_>>(), vec![1560, 1440, 1440]);
        assert_eq!(day_from_json("[]"), Ok(vec![]));
    }

    #[test]
    fn what_is_not_hours_is_refused() {
        let not_a_week = [
            "",
            "[]",
            "null",
            r#"{"monday":[]}"#,
            r#"{"mon":{}}"#,
            r#"{"mon":["09:00","12:00"]}"#,
            r#"{"mon":null}"#,
            r#"{"mon":[["09:00","12:00","13:00"]]}"#,
            r#"{"mon":[[9,12]]}"#,
        ];
        for text in not_a_week {
            assert_eq!(week_from_json(text).unwrap_err().code, Code::InvalidRequest, "{text}");
        }
        let not_a_time = ["9:00", "09:60", "24:01", "25:00", "09:0a", "+9:00", "", ":", "09:00:00", "０９:00"];
        for text in not_a_time {
            let refused = day_from_json(&format!(r#"[["{text}","23:00"]]"#)).unwrap_err();
            assert!(refused.message.contains(text), "{text}: {}", refused.message);
        }
        for empty in [r#"[["09:00","09:00"]]"#, r#"[["24:00","02:00"]]"#] {
            assert!(day_from_json(empty).unwrap_err().message.ends_with("is empty"), "{empty}");
        }
        let many = format!("[{}]", vec![r#"["09:00","10:00"]"#; 25].join(","));
        assert!(day_from_json(&many).is_err());
    }
}
