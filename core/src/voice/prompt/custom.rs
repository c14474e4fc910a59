//! The organization's own words, made harmless: lines of visible text in which a template engine finds nothing that reaches
//! beyond its line.

use std::sync::LazyLock;

use regex::Regex;

use crate::refusal::is_invisible;

/// The text in lines of visible characters that end in `\n`, without white space at their ends and empty lines around them. Doing
/// it twice changes nothing.
pub(super) fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<_> = text.split(ends_line).map(|line| defused(visible(line).trim_end())).collect();
    let is_filled = |line: &String| !line.is_empty();
    match (lines.iter().position(is_filled), lines.iter().rposition(is_filled)) {
        (Some(first), Some(last)) => lines.get(first..=last).unwrap_or_default().join("\n"),
        _ => String::new(),
    }
}

/// Whatever somebody's reader takes for the end of a line: what stands behind it must not look like a line of its own.
pub(super) fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{1C}'..='\u{1E}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The line without what nobody sees. A tab is a space: it shows.
pub(super) fn visible(line: &str) -> String {
    line.chars()
        .map(|character| if character == '\t' { ' ' } else { character })
        .filter(|&character| !character.is_control() && !is_invisible(character) && !carries_hidden_text(character))
        .collect()
}

/// Blank letters and selectors of variants. They are legitimate in names and change how a letter is drawn; a row of them is a
/// text that only a machine reads.
fn carries_hidden_text(character: char) -> bool {
    matches!(character,
        '\u{034F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0080}'..='\u{E0FFF}')
}

/// What may stay of Liquid: the value of a variable, and the date of now in a plain form. Other output could hold line breaks of
/// its own (`"\n"`, `%n`, filters), swallow the line breaks around it (`{{-`), or not end.
static OUTPUT: LazyLock<Regex> = LazyLock::new(|| {
    let variable = r"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)(?: *\| *strip_newlines)?";
    let format = r#""(?:[A-Za-z0-9 ,.:/-]|%-?[aAbBdeHIjklmMpPSuwyYzZ])*""#;
    let date = format!(r#""now" *\| *date: *{format}(?: *, *"[A-Za-z0-9_/+-]+")?"#);
    Regex::new(&format!(r"^\{{\{{ *(?:{variable}|{date}) *\}}\}}")).expect("a constant pattern compiles")
});

/// The line with every tag of Liquid broken but the harmless ones.
fn defused(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, brace)) = rest.find('{').and_then(|position| rest.split_at_checked(position)) {
        out.push_str(before);
        rest = match harmless_output(brace) {
            Some((output, after)) => {
                out.push_str(&output);
                after
            }
            None => {
                let after = brace.strip_prefix('{').unwrap_or_default();
                out.push_str(if after.starts_with(['{', '%']) { "{ " } else { "{" });
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// The output that the text begins with, and what stands after it. The value of a variable is kept on its line: who sets it is
/// not known here.
fn harmless_output(text: &str) -> Option<(String, &str)> {
    let found = OUTPUT.captures(text)?;
    let (output, after) = text.split_at_checked(found.get(0)?.end())?;
    Some(match found.get(1) {
        Some(variable) => (format!("{{{{ {} | strip_newlines }}}}", variable.as_str()), after),
        None => (output.to_owned(), after),
    })
}
