//! Capitals: which words of a name take them, and where. Works on words that are known to be of a name; a word in
//! mixed case is taken as meant and left alone.

use super::letters;

/// Small words inside a name. At its start they are a given name (`Van Morrison`, `Al Green`) and take a capital.
const PARTICLES: &[&str] = &[
    "af", "al", "av", "bin", "bint", "da", "dal", "dalla", "das", "de", "degli", "del", "della", "den", "der", "des",
    "di", "do", "dos", "du", "el", "ibn", "la", "las", "le", "los", "te", "ter", "van", "vom", "von", "y", "zu", "zum",
    "zur",
];
/// What stands before an apostrophe and leaves the next letter a capital: `O'Neil`, `D'Angelo`, `L'Amour`,
/// `Dell'Acqua`; the last is the Cyrillic letter. Elsewhere (`Mas'ud`, `В'ячеслав`) the word runs on.
const CAPITAL_AFTER: &[&str] = &["o", "d", "l", "dall", "dell", "sant", "о"];

/// What the whole name tells about one of its words.
#[derive(Clone, Copy)]
pub(super) struct NameContext {
    /// Some word has small letters beside its first, so that capitals elsewhere are a choice.
    has_small_word: bool,
    /// Some word begins with a capital and goes on small, so that a small word elsewhere is a choice.
    has_capitalized_word: bool,
}

impl NameContext {
    /// Suffixes do not count: their capitals are fixed, whatever was written.
    pub(super) fn of(name: &str) -> Self {
        let mut context = NameContext { has_small_word: false, has_capitalized_word: false };
        let words = name.split(|character: char| character == ',' || character.is_whitespace());
        for part in words.filter(|word| suffix(word).is_none()).flat_map(|word| word.split(is_part_end)) {
            let case = Case::of(part);
            context.has_capitalized_word |= matches!(case, Case::Title | Case::Mixed);
            context.has_small_word |= part.chars().filter(|letter| is_cased(*letter)).nth(1).is_some()
                && !matches!(case, Case::Upper | Case::Uncased);
        }
        context
    }
}

/// Letters that have no other case to change into, as the mathematical ones, count as letters without case.
fn is_small(letter: char) -> bool {
    letter.is_lowercase() && letter.to_uppercase().ne([letter])
}

fn is_capital(letter: char) -> bool {
    letter.is_uppercase() && letter.to_lowercase().ne([letter])
}

fn is_cased(letter: char) -> bool {
    is_small(letter) || is_capital(letter)
}

/// Where a word stands in its name.
#[derive(Clone, Copy)]
struct Place {
    /// First word of the name or of what follows a comma, titles not counted.
    leads: bool,
    /// More of the name belongs to it, so that it may be a particle.
    followed: bool,
}

/// The words between two commas.
pub(super) fn segment_in_case(words: &[&str], is_first_segment: bool, context: NameContext) -> String {
    let first = words.iter().position(|word| title(word).is_none()).unwrap_or(0);
    let mut out = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate() {
        let may_be_suffix = index > first || !is_first_segment;
        let next_is_name = words.get(index + 1).is_some_and(|next| suffix(next).is_none());
        let place = Place { leads: index == first, followed: next_is_name || (!is_first_segment && index > first) };
        let fixed = if index < first { title(word) } else { suffix(word).filter(|_| may_be_suffix) };
        out.push(fixed.map_or_else(|| word_in_case(word, place, context), str::to_owned));
    }
    out.join(" ")
}

fn title(word: &str) -> Option<&'static str> {
    match word.trim_end_matches('.').to_ascii_lowercase().as_str() {
        "dr" => Some("Dr."),
        "mr" => Some("Mr."),
        "mrs" => Some("Mrs."),
        "ms" => Some("Ms."),
        _ => None,
    }
}

fn suffix(word: &str) -> Option<&'static str> {
    // The Turkish i's would become plain ones, and a suffix, only at a second normalizing.
    let plain = word.trim_end_matches('.').replace(['\u{0130}', '\u{0131}'], "i");
    match plain.to_ascii_lowercase().as_str() {
        "jr" => Some("Jr."),
        "sr" => Some("Sr."),
        "ii" => Some("II"),
        "iii" => Some("III"),
        "iv" => Some("IV"),
        _ => None,
    }
}

fn word_in_case(word: &str, place: Place, context: NameContext) -> String {
    if place.leads && context.has_small_word && are_joined_initials(word) {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    let mut before: Option<(&str, char)> = None;
    let mut rest = word;
    while let Some(at) = rest.find(is_part_end) {
        let (part, tail) = rest.split_at(at);
        let mut tail = tail.chars();
        let Some(mark) = tail.next() else { break };
        out.push_str(&part_in_case(part, before, Some((mark, tail.as_str())), place, context));
        out.push(mark);
        before = Some((part, mark));
        rest = tail.as_str();
    }
    out.push_str(&part_in_case(rest, before, None, place, context));
    out
}

fn is_part_end(character: char) -> bool {
    character == '.' || letters::is_hyphen(character) || letters::is_apostrophe(character)
}

/// `JD Smith`: two capitals at the start of a name whose other words are written small.
fn are_joined_initials(word: &str) -> bool {
    let is_particle = PARTICLES.contains(&word.to_lowercase().as_str());
    word.chars().count() == 2 && word.chars().all(is_capital) && !is_particle
}

/// One run of letters, with the mark and the part before it and the mark and the text after it.
fn part_in_case(
    part: &str,
    before: Option<(&str, char)>,
    after: Option<(char, &str)>,
    place: Place,
    context: NameContext,
) -> String {
    if let Some((previous, mark)) = before
        && letters::is_apostrophe(mark)
    {
        let is_single = part.chars().count() == 1;
        let runs_on = if previous.is_empty() { is_single } else { !is_capital_prefix(previous) };
        return if runs_on { lowered(part) } else { capitalized(part) };
    }
    if let Some((mark, tail)) = after
        && letters::is_apostrophe(mark)
    {
        return before_apostrophe(part, tail);
    }
    let leads = place.leads && before.is_none();
    let followed = after.map_or(place.followed, |(mark, tail)| letters::is_hyphen(mark) && !tail.is_empty());
    if followed && is_particle(part, leads, context) { lowered(part) } else { capitalized(part) }
}

fn is_capital_prefix(part: &str) -> bool {
    CAPITAL_AFTER.contains(&part.to_lowercase().as_str())
}

/// `d'Arc` and `dell'Acqua` with their capital inside were meant so; `o'Neil` is written with a capital O always.
fn before_apostrophe(part: &str, tail: &str) -> String {
    let next = tail.split(is_part_end).next().unwrap_or_default();
    let is_meant = matches!(Case::of(next), Case::Title | Case::Mixed);
    let is_elided = is_capital_prefix(part) && !matches!(part, "o" | "о");
    if is_elided && is_meant && Case::of(part) == Case::Lower { part.to_owned() } else { capitalized(part) }
}

fn is_particle(part: &str, leads: bool, context: NameContext) -> bool {
    if !PARTICLES.contains(&part.to_lowercase().as_str()) {
        return false;
    }
    let is_small = Case::of(part) == Case::Lower;
    if part.chars().count() == 1 {
        // A capital Y among small letters is an initial.
        return !leads && (is_small || !context.has_small_word);
    }
    !leads || (is_small && context.has_capitalized_word)
}

/// How a run of letters is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Of a script without capitals, or one whose first letter has none.
    Uncased,
    Lower,
    Upper,
    Title,
    /// Small first and capitals after: a caps-lock key left on.
    Inverted,
    Mixed,
}

impl Case {
    fn of(part: &str) -> Case {
        let mut cased = part.chars().filter(|letter| is_cased(*letter));
        let Some(first) = cased.next() else { return Case::Uncased };
        let has_no_capital = is_small(first) && single_upper(first).is_none();
        if has_no_capital || part.chars().any(letters::is_without_title_case) {
            return Case::Uncased;
        }
        let (mut lower, mut upper) = (false, false);
        for character in cased {
            lower |= is_small(character);
            upper |= is_capital(character);
        }
        match (is_capital(first), lower, upper) {
            (true, false, _) => Case::Upper,
            (true, true, false) => Case::Title,
            (false, _, false) => Case::Lower,
            (false, false, true) => Case::Inverted,
            (_, true, true) => Case::Mixed,
        }
    }
}

/// The capital of a letter, if it is one other letter that belongs to no other (ß, ſ and the ligatures have none). The
/// Turkish dotless i shares its capital, and has it nevertheless.
fn single_upper(character: char) -> Option<char> {
    let mut upper = character.to_uppercase();
    let first = upper.next()?;
    let is_own = first.to_lowercase().eq([character]) || character == '\u{0131}';
    (upper.next().is_none() && first != character && is_own).then_some(first)
}

/// Small letters throughout. The Turkish dotted capital I becomes a plain i and not an i with a second dot.
fn lower(part: &str) -> String {
    part.replace('\u{0130}', "i").to_lowercase()
}

fn lowered(part: &str) -> String {
    match Case::of(part) {
        Case::Lower | Case::Upper | Case::Inverted => lower(part),
        Case::Uncased | Case::Title | Case::Mixed => part.to_owned(),
    }
}

fn capitalized(part: &str) -> String {
    match Case::of(part) {
        Case::Uncased | Case::Mixed => part.to_owned(),
        Case::Title => with_scottish_capital(part.to_owned()),
        Case::Lower | Case::Upper | Case::Inverted => with_scottish_capital(first_capital(part)),
    }
}

fn first_capital(part: &str) -> String {
    let mut is_done = false;
    let mut out = String::with_capacity(part.len());
    for (original, small) in part.chars().zip(lower(part).chars()) {
        if !is_done && is_cased(original) {
            is_done = true;
            let capital = if is_capital(original) { Some(original) } else { single_upper(original) };
            out.push(capital.unwrap_or(small));
        } else {
            out.push(small);
        }
    }
    out
}

/// `Mcdonald` becomes `McDonald`. `Mac` is left as it is: MacDonald and Macey cannot be told apart.
fn with_scottish_capital(part: String) -> String {
    match part.strip_prefix("Mc") {
        Some(clan) if clan.chars().count() >= 2 => format!("Mc{}", first_capital(clan)),
        _ => part,
    }
}
