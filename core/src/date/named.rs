//! Dates with the name of their month: "December 25th", "25 Dec 2024", "the third of May twenty twenty six".

use super::{StatedDate, calendar_day, unreadable};
use crate::refusal::Refusal;
use crate::time::tokens::{
    Token::{self, Number, Symbol, Word},
    take_cardinal, tens,
};

/// What a piece of the date can stand for.
#[derive(Clone, Copy)]
enum Piece {
    Month(u32),
    Day(u32),
    Year(i32),
    /// Two digits: a day, or a year of this century.
    DayOrYear(u32),
}

/// Nothing if the text names no month.
pub(super) fn read(text: &str, said: &[Token<'_>]) -> Result<Option<StatedDate>, Refusal> {
    if !said.iter().any(|token| month_of(token).is_some()) {
        return Ok(None);
    }
    let pieces = pieces_of(said).ok_or_else(|| unreadable(text))?;
    let (month, day, year) = match pieces.as_slice() {
        [Piece::Month(month), day, rest @ ..] | [day, Piece::Month(month), rest @ ..] if day.as_day().is_some() => {
            let year = match rest {
                [] => None,
                [year] if year.as_year().is_some() => year.as_year(),
                _ => return Err(unreadable(text)),
            };
            (*month, day.as_day(), year)
        }
        [Piece::Year(year), Piece::Month(month), day] => (*month, day.as_day(), Some(*year)),
        _ => return Err(unreadable(text)),
    };
    let day = day.ok_or_else(|| unreadable(text))?;
    calendar_day(text, year, month, day).map(Some)
}

impl Piece {
    fn as_day(self) -> Option<u32> {
        match self {
            Piece::Day(day) | Piece::DayOrYear(day) => Some(day),
            Piece::Month(_) | Piece::Year(_) => None,
        }
    }

    fn as_year(self) -> Option<i32> {
        match self {
            Piece::Year(year) => Some(year),
            Piece::DayOrYear(year) => i32::try_from(year).ok().map(|year| 2000 + year),
            Piece::Month(_) | Piece::Day(_) => None,
        }
    }
}

/// Cuts the text into its pieces, or says nothing where something is left that belongs to no date.
fn pieces_of(said: &[Token<'_>]) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut rest = said;
    while let Some((token, tail)) = rest.split_first() {
        if let Some(month) = month_of(token) {
            pieces.push(Piece::Month(month));
            rest = tail;
            continue;
        }
        rest = match (token, tail) {
            (Word("the" | "of"), _) => tail,
            // "Dec 25-26" is a range, and "25-Dec-2026" is a date.
            (Symbol('-' | '/' | '.'), [Number(digits), ..])
                if digits.len() != 4 && !matches!(pieces.last(), Some(Piece::Month(_))) =>
            {
                return None;
            }
            (Symbol('-' | '/' | '.'), _) if !pieces.is_empty() => tail,
            (Number(digits), [Word("st" | "nd" | "rd" | "th"), tail @ ..]) if digits.len() <= 2 => {
                pieces.push(Piece::Day(digits.parse().ok()?));
                tail
            }
            (Number(digits), _) => {
                pieces.push(match digits.len() {
                    1 => Piece::Day(digits.parse().ok()?),
                    2 => Piece::DayOrYear(digits.parse().ok()?),
                    4 => Piece::Year(digits.parse().ok()?),
                    _ => return None,
                });
                tail
            }
            (Word(_), _) => {
                let has_day = pieces.iter().any(|piece| piece.as_day().is_some());
                let (piece, tail) = spoken_year(rest).filter(|_| has_day).or_else(|| spoken_day(rest))?;
                pieces.push(piece);
                tail
            }
            _ => return None,
        };
    }
    Some(pieces)
}

/// "twenty twenty six" or "two thousand (and) twenty six": understood as a year only after a day, for "May twenty
/// twenty six" alone may be a day and two digits of a year.
fn spoken_year<'a, 'b>(said: &'b [Token<'a>]) -> Option<(Piece, &'b [Token<'a>])> {
    let (after_century, least) = match said {
        [Word("twenty"), rest @ ..] => (rest, 10),
        [Word("two"), Word("thousand"), Word("and"), rest @ ..] | [Word("two"), Word("thousand"), rest @ ..] => {
            (rest, 1)
        }
        _ => return None,
    };
    let (year, rest) = take_cardinal(after_century).filter(|(year, _)| *year >= least)?;
    Some((Piece::Year(2000 + i32::try_from(year).ok()?), rest))
}

/// "third", "twenty fifth", "twenty five".
fn spoken_day<'a, 'b>(said: &'b [Token<'a>]) -> Option<(Piece, &'b [Token<'a>])> {
    match said {
        [Word(first), Word(second), rest @ ..]
            if tens(first).is_some() && ordinal(second).is_some_and(|unit| unit < 10) =>
        {
            Some((Piece::Day(tens(first)? + ordinal(second)?), rest))
        }
        [Word(word), rest @ ..] if ordinal(word).is_some() => Some((Piece::Day(ordinal(word)?), rest)),
        _ => take_cardinal(said).map(|(day, rest)| (Piece::Day(day), rest)),
    }
}

fn ordinal(word: &str) -> Option<u32> {
    const WORDS: [&str; 20] = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
        "twentieth",
    ];
    if word == "thirtieth" {
        return Some(30);
    }
    let number = WORDS.iter().position(|known| *known == word)?;
    u32::try_from(number + 1).ok()
}

fn month_of(token: &Token<'_>) -> Option<u32> {
    let Word(word) = token else { return None };
    match *word {
        "january" | "jan" => Some(1),
        "february" | "feb" => Some(2),
        "march" | "mar" => Some(3),
        "april" | "apr" => Some(4),
        "may" => Some(5),
        "june" | "jun" => Some(6),
        "july" | "jul" => Some(7),
        "august" | "aug" => Some(8),
        "september" | "sept" | "sep" => Some(9),
        "october" | "oct" => Some(10),
        "november" | "nov" => Some(11),
        "december" | "dec" => Some(12),
        _ => None,
    }
}
