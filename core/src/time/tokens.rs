//! What the reading of dates and of times shares: the check at the door, the cutting of a text into numbers, words
//! and signs, and the numbers people say.

use crate::refusal::{Code, Refusal, is_invisible, quoted};

const LONGEST_TEXT: usize = 200;

/// A piece of a date or of a time. White space parts pieces and is none itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A run of digits.
    Number(&'a str),
    /// A run of letters, in lower case; an apostrophe inside belongs to it.
    Word(&'a str),
    Symbol(char),
}

/// The text in lower case with plain apostrophes and no hyphen inside compound words ("twenty-five"). Refused: nothing
/// at all, more than 200 characters, control and invisible characters. `kind` is the value's name in the message.
pub(crate) fn plain_text(text: &str, code: Code, kind: &str, hint: &str) -> Result<String, Refusal> {
    let refuse = |rule: &str| Err(Refusal::new(code, format!("{kind} {} {rule}", quoted(text)), hint));
    if text.chars().nth(LONGEST_TEXT).is_some() {
        return refuse("is longer than 200 characters");
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return refuse("is empty");
    }
    if trimmed.chars().any(|character| character.is_control() || is_invisible(character)) {
        return refuse("holds a control or invisible character");
    }
    let mut plain = String::with_capacity(trimmed.len());
    let mut previous = ' ';
    let mut characters = trimmed.chars().peekable();
    while let Some(character) = characters.next() {
        let is_compound = character == '-'
            && previous.is_ascii_alphabetic()
            && characters.peek().is_some_and(char::is_ascii_alphabetic);
        plain.push(match character {
            '\u{2019}' => '\'',
            '-' if is_compound => ' ',
            other => other.to_ascii_lowercase(),
        });
        previous = character;
    }
    Ok(plain)
}

pub(crate) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_in_run: fn(char) -> bool = if first.is_ascii_digit() {
            |character| character.is_ascii_digit()
        } else if first.is_ascii_alphabetic() {
            |character| character.is_ascii_alphabetic() || character == '\''
        } else {
            |_| false
        };
        let end = rest.find(|character| !is_in_run(character)).unwrap_or(rest.len());
        let (run, tail) = if end == 0 { rest.split_at(first.len_utf8()) } else { rest.split_at(end) };
        tokens.push(match first {
            _ if first.is_ascii_digit() => Token::Number(run),
            _ if first.is_ascii_alphabetic() => Token::Word(run),
            _ => Token::Symbol(first),
        });
        rest = tail.trim_start();
    }
    tokens
}

/// The number, 0 to 99, that the tokens begin with, in one or two digits or in words, and what follows it.
pub(crate) fn take_cardinal<'a, 'b>(tokens: &'b [Token<'a>]) -> Option<(u32, &'b [Token<'a>])> {
    match tokens {
        [Token::Number(digits), rest @ ..] if digits.len() <= 2 => digits.parse().ok().map(|number| (number, rest)),
        [Token::Word(first), Token::Word(second), rest @ ..] if tens(first).is_some() => {
            match (tens(first), unit(second)) {
                (Some(tens), Some(unit)) => Some((tens + unit, rest)),
                (tens, _) => tens.zip(tokens.get(1..)),
            }
        }
        [Token::Word(word), rest @ ..] => below_twenty(word).or_else(|| tens(word)).map(|number| (number, rest)),
        _ => None,
    }
}

pub(crate) fn tens(word: &str) -> Option<u32> {
    match word {
        "twenty" => Some(20),
        "thirty" => Some(30),
        "forty" | "fourty" => Some(40),
        "fifty" => Some(50),
        "sixty" => Some(60),
        "seventy" => Some(70),
        "eighty" => Some(80),
        "ninety" => Some(90),
        _ => None,
    }
}

fn unit(word: &str) -> Option<u32> {
    below_twenty(word).filter(|number| (1..10).contains(number))
}

fn below_twenty(word: &str) -> Option<u32> {
    const WORDS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    WORDS.iter().position(|known| *known == word).and_then(|number| u32::try_from(number).ok())
}
