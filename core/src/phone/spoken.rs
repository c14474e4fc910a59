//! The spoken form, as a transcript of English speech has it: "plus one, four one five, triple five, oh one two three".
//! Words that are neither numbers nor the small talk around them are not guessed at; digits may stand among the words.

use super::dialled::Dialled;

/// What a transcript said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Not the words of a number: to be read as writing.
    NotSpoken,
    /// The words of a number, but not of one that could be dialled.
    Unclear,
    /// Every way to hear it; usually one.
    Numbers(Vec<Dialled>),
}

/// How many ways to hear one sentence are followed before it counts as unclear.
const MOST_WAYS: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word<'t> {
    /// Digits written as digits.
    Figures(&'t str),
    /// One digit as a word.
    Digit(char),
    /// "oh" and "o", which are also what people say before they begin.
    Oh,
    /// Ten to nineteen: two digits, whatever follows.
    Teen(&'static str),
    /// Twenty to ninety: the first digit.
    Tens(char),
    Hundred,
    /// "double", "triple".
    Times(usize),
    /// "plus", and "country" (code): what follows is a country code, and must not be read as a national number.
    Plus,
    Extension,
    /// A pause in writing, which between figures may also set off an extension.
    Comma,
    /// "my number is", "please".
    SmallTalk,
    Unknown,
}

/// Whether a text consists of nothing but the words that introduce a number, and punctuation.
pub(super) fn is_introduction(text: &str) -> bool {
    words_between_marks(text).all(|word| word_of(word) == Word::SmallTalk)
}

/// Whether a word of a text is a digit or more, also where the whole is no number. "Oh" may be a sigh.
pub(super) fn has_number_word(text: &str) -> bool {
    words_between_marks(text).any(|word| {
        matches!(
            word_of(word),
            Word::Figures(_) | Word::Digit(_) | Word::Teen(_) | Word::Tens(_) | Word::Hundred | Word::Times(_)
        )
    })
}

fn words_between_marks(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '\'').filter(|word| !word.is_empty())
}

/// Reads a cleaned text as speech.
pub(super) fn heard(text: &str) -> Heard {
    let Some(words) = words_of(text) else { return Heard::NotSpoken };
    let is_number_word = |word: &Word<'_>| {
        !matches!(word, Word::Figures(_) | Word::Extension | Word::Comma | Word::SmallTalk | Word::Unknown)
    };
    // A plus sign among figures and small talk is writing, and so is a word that speech of numbers does not know.
    if !text.chars().any(char::is_alphabetic) || !words.iter().any(is_number_word) || words.contains(&Word::Unknown) {
        return Heard::NotSpoken;
    }
    let mut ways = Ways::default();
    match ways.follow(&words) {
        Some(()) => Heard::Numbers(ways.into_numbers()),
        None => Heard::Unclear,
    }
}

/// Cuts a text into words; `None` when it has marks that speech has not, or letters and digits in one word ("4O8").
fn words_of(text: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end_of = |belongs: fn(char) -> bool| rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            end_of(|character| character.is_ascii_digit())
        } else if first.is_alphabetic() {
            end_of(|character| character.is_alphabetic() || character == '\'')
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at_checked(length)?;
        if first.is_ascii_digit() {
            words.push(Word::Figures(token));
        } else if first.is_alphabetic() {
            words.push(word_of(token));
        } else if let Some(word) = mark(first)? {
            words.push(word);
        }
        let runs_on = first.is_alphanumeric() && after.chars().next().is_some_and(char::is_alphanumeric);
        if runs_on {
            return None;
        }
        rest = after;
    }
    Some(words)
}

/// What a mark says in speech: nothing, mostly. `None` for marks that speech has not.
fn mark(character: char) -> Option<Option<Word<'static>>> {
    match character {
        '+' => Some(Some(Word::Plus)),
        ',' => Some(Some(Word::Comma)),
        ' ' | '-' | '.' | '(' | ')' | '[' | ']' | '/' | ':' | '!' | '?' | '"' | '\u{2026}' => Some(None),
        _ => None,
    }
}

#[rustfmt::skip]
fn word_of(word: &str) -> Word<'static> {
    match word.to_ascii_lowercase().as_str() {
        "zero" | "nought" | "naught" => Word::Digit('0'),
        "oh" | "o" => Word::Oh,
        "one" => Word::Digit('1'),
        "two" => Word::Digit('2'),
        "three" => Word::Digit('3'),
        "four" => Word::Digit('4'),
        "five" => Word::Digit('5'),
        "six" => Word::Digit('6'),
        "seven" => Word::Digit('7'),
        "eight" => Word::Digit('8'),
        "nine" => Word::Digit('9'),
        "ten" => Word::Teen("10"),
        "eleven" => Word::Teen("11"),
        "twelve" => Word::Teen("12"),
        "thirteen" => Word::Teen("13"),
        "fourteen" => Word::Teen("14"),
        "fifteen" => Word::Teen("15"),
        "sixteen" => Word::Teen("16"),
        "seventeen" => Word::Teen("17"),
        "eighteen" => Word::Teen("18"),
        "nineteen" => Word::Teen("19"),
        "twenty" => Word::Tens('2'),
        "thirty" => Word::Tens('3'),
        "forty" => Word::Tens('4'),
        "fifty" => Word::Tens('5'),
        "sixty" => Word::Tens('6'),
        "seventy" => Word::Tens('7'),
        "eighty" => Word::Tens('8'),
        "ninety" => Word::Tens('9'),
        "hundred" => Word::Hundred,
        "double" => Word::Times(2),
        "triple" | "treble" => Word::Times(3),
        "plus" | "country" => Word::Plus,
        "extension" | "ext" | "extn" | "x" => Word::Extension,
        "tel" | "telephone" | "phone" | "mobile" | "cell" | "home" | "work" | "office" | "fax" | "number" | "area"
        | "code" | "my" | "our" | "the" | "is" | "it" | "it's" | "its" | "that" | "that's" | "call" | "me" | "us" | "at"
        | "on" | "um" | "uh" | "er" | "and" | "then" | "so" | "yes" | "yeah" | "sure" | "okay" | "ok" | "please"
        | "thanks" | "thank" | "you" | "dash" | "hyphen" | "dot" | "space" => Word::SmallTalk,
        _ => Word::Unknown,
    }
}

/// The digits so far, in every way they can be heard.
struct Ways {
    plus: bool,
    digits: Vec<String>,
    /// The ways that end at a comma between figures, where the rest would be an extension.
    ended: Vec<String>,
}

impl Default for Ways {
    fn default() -> Self {
        Ways { plus: false, digits: vec![String::new()], ended: Vec::new() }
    }
}

impl Ways {
    /// Follows the words to their end; `None` when they make no sense as a number.
    fn follow(&mut self, words: &[Word<'_>]) -> Option<()> {
        let mut previous = None;
        let mut rest = words;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            match word {
                Word::Figures(figures) => self.hear(&[figures])?,
                Word::Digit(digit) => self.hear(&[digit.encode_utf8(&mut [0; 4])])?,
                // "Oh, it's five five five": an exclamation, or a zero? Nobody can tell.
                Word::Oh if self.is_empty() && after.first() == Some(&Word::SmallTalk) => return None,
                Word::Oh => self.hear(&["0"])?,
                Word::Teen(figures) => self.hear(&[figures])?,
                Word::Tens(digit) => self.hear_tens(*digit, after.first())?,
                Word::Hundred => self.hear_hundred(previous, after.first())?,
                Word::Times(times) => {
                    let (repeated, remaining) = after.split_first()?;
                    self.hear(&[&single_digit(repeated)?.to_string().repeat(*times)])?;
                    rest = remaining;
                }
                Word::Plus if self.is_empty() => self.plus = true,
                Word::Extension if !self.is_empty() => return is_extension(after).then_some(()),
                Word::Comma => self.note_possible_end(previous, after.first()),
                Word::SmallTalk => {}
                Word::Plus | Word::Extension | Word::Unknown => return None,
            }
            previous = Some(word);
        }
        (!self.is_empty()).then_some(())
    }

    fn is_empty(&self) -> bool {
        self.digits.iter().all(String::is_empty)
    }

    /// Adds what was heard, once for each way to write it.
    fn hear(&mut self, ways_to_write: &[&str]) -> Option<()> {
        let continued =
            self.digits.iter().flat_map(|digits| ways_to_write.iter().map(move |added| format!("{digits}{added}")));
        self.digits = continued.collect();
        (self.digits.len() <= MOST_WAYS).then_some(())
    }

    /// "Twenty five" is 25, or 20 and then 5.
    fn hear_tens(&mut self, digit: char, next: Option<&Word<'_>>) -> Option<()> {
        let round = format!("{digit}0");
        match next {
            Some(Word::Digit(unit)) if *unit != '0' => self.hear(&[&digit.to_string(), &round]),
            _ => self.hear(&[&round]),
        }
    }

    /// "Eight hundred five" is 800 and then 5, or 805; "eight hundred fifteen" is 800 and then 15, or 815.
    fn hear_hundred(&mut self, previous: Option<&Word<'_>>, next: Option<&Word<'_>>) -> Option<()> {
        match (previous, next) {
            (Some(Word::Digit(_)), Some(Word::Digit(_))) => self.hear(&["00", "0"]),
            (Some(Word::Digit(_)), Some(Word::Teen(_) | Word::Tens(_))) => self.hear(&["00", ""]),
            (Some(Word::Digit(_)), _) => self.hear(&["00"]),
            _ => None,
        }
    }

    fn note_possible_end(&mut self, previous: Option<&Word<'_>>, next: Option<&Word<'_>>) {
        if let (Some(Word::Figures(_)), Some(Word::Figures(_))) = (previous, next) {
            self.ended.extend(self.digits.iter().cloned());
        }
    }

    fn into_numbers(self) -> Vec<Dialled> {
        let plus = self.plus;
        let all = self.digits.into_iter().chain(self.ended);
        all.map(|digits| Dialled::plain(plus, digits)).collect()
    }
}

fn single_digit(word: &Word<'_>) -> Option<char> {
    match word {
        Word::Digit(digit) => Some(*digit),
        Word::Oh => Some('0'),
        Word::Figures(figures) if figures.len() == 1 => figures.chars().next(),
        _ => None,
    }
}

/// After "extension" come its digits and perhaps small talk. A second plus or extension means a second number.
fn is_extension(words: &[Word<'_>]) -> bool {
    let mut numbers = words.iter().filter(|word| !matches!(word, Word::SmallTalk | Word::Comma)).peekable();
    numbers.peek().is_some() && numbers.all(|word| !matches!(word, Word::Plus | Word::Extension | Word::Unknown))
}
