//! Opening hours as the table keeps them: an int4multirange in its canonical text, `{[540,720),[780,1020)}`.

use super::Window;

/// The windows of a day, in order; none of them for `{}`. `None` for what no such table holds.
pub fn windows_from_multirange(text: &str) -> Option<Vec<Window>> {
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    inside.strip_suffix(')')?.split("),").map(window).collect()
}

fn window(range: &str) -> Option<Window> {
    let (opens, closes) = range.strip_prefix('[')?.split_once(',')?;
    let window = Window { opens: opens.parse().ok()?, closes: closes.parse().ok()? };
    (window.opens < window.closes).then_some(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_of_a_day_come_in_order() {
        let window = |opens, closes| Window { opens, closes };
        assert_eq!(windows_from_multirange("{}"), Some(vec![]));
        assert_eq!(windows_from_multirange("{[0,2880)}"), Some(vec![window(0, 2880)]));
        assert_eq!(windows_from_multirange("{[540,720),[780,1020)}"), Some(vec![window(540, 720), window(780, 1020)]));
    }

    #[test]
    fn what_is_no_such_text_is_no_windows() {
        for text in [
            "",
            "{",
            "[540,720)",
            "{[540,720]}",
            "{(,)}",
            "{[540,)}",
            "{[540,540)}",
            "{[9,5)}",
            "{[1,2),}",
            "{[1,2)[3,4)}",
            "{é}",
        ] {
            assert_eq!(windows_from_multirange(text), None, "{text}");
        }
    }
}
