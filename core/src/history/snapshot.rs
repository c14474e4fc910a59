//! Which transactions were over at a moment, as PostgreSQL's `pg_snapshot` says it.

use std::fmt;

/// Of every transaction whether it was over: those before `oldest` were, those from `next` on were not, and of those between them
/// all but the ones that were `under_way`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    oldest: u64,
    next: u64,
    /// Rising, each from `oldest` and before `next`.
    under_way: Vec<u64>,
}

/// The highest id of a transaction that is taken for one; the server has a sign bit to spare.
const HIGHEST: u64 = i64::MAX as u64;

impl Snapshot {
    /// Of before the first transaction: what saw nothing.
    pub const fn nothing() -> Self {
        Snapshot { oldest: 1, next: 1, under_way: Vec::new() }
    }

    /// `None` where the parts are none of a snapshot that the server would take.
    pub fn new(oldest: u64, next: u64, under_way: Vec<u64>) -> Option<Self> {
        let is_rising = under_way.is_sorted_by(|one, other| one < other);
        let is_between = under_way.iter().all(|transaction| (oldest..next).contains(transaction));
        let is_one = (1..=next).contains(&oldest) && next <= HIGHEST && is_rising && is_between;
        is_one.then_some(Snapshot { oldest, next, under_way })
    }

    /// Reads what the server writes.
    ///
    /// ```
    /// use booking_core::history::Snapshot;
    ///
    /// let snapshot = Snapshot::parse("10:20:12,15").unwrap();
    /// assert!(snapshot.saw(11) && !snapshot.saw(12) && !snapshot.saw(20));
    /// assert_eq!(snapshot.to_string(), "10:20:12,15");
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (oldest, rest) = text.split_once(':')?;
        let (next, under_way) = rest.split_once(':')?;
        let under_way = match under_way {
            "" => Vec::new(),
            listed => listed.split(',').map(decimal).collect::<Option<_>>()?,
        };
        Snapshot::new(decimal(oldest)?, decimal(next)?, under_way)
    }

    /// Whether a transaction was over.
    pub fn saw(&self, transaction: u64) -> bool {
        transaction < self.next && self.under_way.binary_search(&transaction).is_err()
    }

    /// Whether everything that `earlier` saw was over in this one too.
    pub fn saw_all_of(&self, earlier: &Snapshot) -> bool {
        earlier.next <= self.next && !self.under_way.iter().any(|transaction| earlier.saw(*transaction))
    }

    /// A short form of characters that need no escape in a URL: each number as the distance from the one before it.
    pub(super) fn to_short(&self) -> String {
        let mut before = self.oldest;
        let mut short = format!("{}-{}", self.oldest, self.next.saturating_sub(self.oldest));
        for transaction in &self.under_way {
            short.push_str(&format!("-{}", transaction.saturating_sub(before)));
            before = *transaction;
        }
        short
    }

    pub(super) fn from_short(short: &str) -> Option<Self> {
        let mut numbers = short.split('-').map(decimal);
        let oldest = numbers.next()??;
        let next = oldest.checked_add(numbers.next()??)?;
        let mut before = oldest;
        let under_way = numbers.map(|distance| {
            before = before.checked_add(distance?)?;
            Some(before)
        });
        let under_way = under_way.collect::<Option<_>>()?;
        Snapshot::new(oldest, next, under_way)
    }
}

impl fmt::Display for Snapshot {
    /// As the server reads it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:", self.oldest, self.next)?;
        for (place, transaction) in self.under_way.iter().enumerate() {
            write!(formatter, "{}{transaction}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Digits and nothing else: the one way in which a number is written here.
fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::Snapshot;

    #[test]
    fn what_the_server_would_not_take_is_no_snapshot() {
        let texts =
            ["", ":", "::", "0:1:", "2:1:", "1:2", "1:2:2", "2:4:1", "1:9:3,2", "1:9:3,3", "1:9:3,", "1:9:,3", "-1:2:"];
        for text in texts.into_iter().chain(["+1:2:", "1:2: ", "01:2:", "1:9223372036854775808:", "1:2:x", "a:b:c"]) {
            assert_eq!(Snapshot::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_later_one_saw_all_of_an_earlier_one() {
        let snapshot = |text| Snapshot::parse(text).unwrap();
        for (earlier, later) in
            [("1:1:", "5:9:5,7"), ("5:9:5,7", "7:9:7"), ("5:9:5,7", "5:12:5,10"), ("5:9:5", "5:9:5")]
        {
            assert!(snapshot(later).saw_all_of(&snapshot(earlier)), "{earlier} {later}");
        }
        for (one, other) in [("5:9:5,7", "5:9:5"), ("9:9:", "8:8:"), ("5:9:5", "7:9:7")] {
            assert!(!snapshot(one).saw_all_of(&snapshot(other)) || !snapshot(other).saw_all_of(&snapshot(one)));
        }
    }
}
