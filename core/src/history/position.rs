//! How far somebody has read, as a text that they keep and hand back.

use uuid::Uuid;

use super::snapshot::Snapshot;

/// Where the ids of transactions mean what they mean in a position. In another cluster or database, after a standby was promoted or an earlier
/// state was restored, and after a crash, an id may have been given to another transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home {
    /// What the cluster was called when it was made.
    pub system: u64,
    /// The object id of the database.
    pub database: u32,
    pub timeline: u32,
    /// When the server last came back from a crash, in microseconds since 1970.
    pub recovered_at: i64,
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Of what this saw, everything.
    pub seen: Snapshot,
    /// In the middle of a page: of what this saw besides, in the order of ids, everything up to an id.
    pub within: Option<(Snapshot, Uuid)>,
}

/// Of a text, to tell this form from those that may follow.
const FORM: &str = "1";
/// No position is longer: a text that is gets no reading.
const LONGEST: usize = 1 << 20;

impl Position {
    /// Before everything.
    pub const fn beginning() -> Self {
        Position { seen: Snapshot::nothing(), within: None }
    }

    /// After all that a snapshot saw.
    pub const fn after(seen: Snapshot) -> Self {
        Position { seen, within: None }
    }

    pub fn is_beginning(&self) -> bool {
        *self == Position::beginning()
    }

    /// The latest snapshot of which anything was read.
    pub fn latest(&self) -> &Snapshot {
        self.within.as_ref().map_or(&self.seen, |(snapshot, _)| snapshot)
    }

    /// Reads a text. `None` where it is no position of this home, whatever it is.
    pub fn parse(text: &str, home: Home) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let rest = text.strip_prefix(&home.prefix())?;
        let mut parts = rest.split('.');
        let seen = Snapshot::from_short(parts.next()?)?;
        let within = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(snapshot), Some(id), None) => Some((Snapshot::from_short(snapshot)?, plain_uuid(id)?)),
            _ => return None,
        };
        let is_one = within.as_ref().is_none_or(|(snapshot, _)| snapshot.saw_all_of(&seen));
        is_one.then_some(Position { seen, within })
    }

    /// The text that [`Position::parse`] reads: letters, digits, `.` and `-`.
    pub fn to_text(&self, home: Home) -> String {
        let seen = format!("{}{}", home.prefix(), self.seen.to_short());
        match &self.within {
            None => seen,
            Some((snapshot, id)) => format!("{seen}.{}.{}", snapshot.to_short(), id.simple()),
        }
    }
}

impl Home {
    fn prefix(self) -> String {
        let Home { system, database, timeline, recovered_at } = self;
        format!("{FORM}.{system:x}-{database:x}-{timeline:x}-{recovered_at:x}.")
    }
}

fn plain_uuid(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.simple().to_string() == text).then_some(id)
}
