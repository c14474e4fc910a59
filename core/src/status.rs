//! The states of an appointment, and which may follow which.

use crate::refusal::{Code, Refusal, quoted};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Held,
    Pending,
    Confirmed,
    Cancelled,
    Completed,
    NoShow,
}

use Status::{Cancelled, Completed, Confirmed, Held, NoShow, Pending};

pub const ALL: [Status; 6] = [Held, Pending, Confirmed, Cancelled, Completed, NoShow];

/// The state machine: every change there is. What leads nowhere is final.
pub const CHANGES: [(Status, Status); 7] = [
    (Held, Confirmed),
    (Held, Cancelled),
    (Pending, Confirmed),
    (Pending, Cancelled),
    (Confirmed, Cancelled),
    (Confirmed, Completed),
    (Confirmed, NoShow),
];

impl Status {
    pub const fn as_str(self) -> &'static str {
        match self {
            Held => "held",
            Pending => "pending",
            Confirmed => "confirmed",
            Cancelled => "cancelled",
            Completed => "completed",
            NoShow => "no_show",
        }
    }

    /// As it is said.
    pub const fn in_words(self) -> &'static str {
        match self {
            Held => "on hold",
            NoShow => "marked as missed",
            other => other.as_str(),
        }
    }

    pub fn parse(text: &str) -> Result<Self, Refusal> {
        ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            Refusal::new(
                Code::InvalidRequest,
                format!("status {} does not exist", quoted(text)),
                "pass confirmed, completed or no_show",
            )
        })
    }

    /// Whether an appointment in this state keeps others from its seat. The exclusion constraint says the same.
    pub const fn occupies(self) -> bool {
        matches!(self, Held | Pending | Confirmed)
    }

    /// Refuses a change that the state machine does not have.
    pub fn check_change(self, to: Status) -> Result<(), Refusal> {
        if CHANGES.contains(&(self, to)) {
            return Ok(());
        }
        if self == Cancelled {
            return Err(already_cancelled());
        }
        let next: Vec<_> = CHANGES.iter().filter(|(from, _)| *from == self).map(|(_, to)| to.as_str()).collect();
        let hint = if next.is_empty() {
            format!("{} is final", self.as_str())
        } else {
            format!("from {} it can become {}", self.as_str(), next.join(" or "))
        };
        let message = format!("an appointment that is {} cannot become {}", self.as_str(), to.as_str());
        Err(Refusal::new(Code::InvalidStatus, message, hint))
    }

    /// Refuses to treat as a hold what is none any more.
    pub fn check_hold(self) -> Result<(), Refusal> {
        match self {
            Held => Ok(()),
            Cancelled => Err(already_cancelled()),
            Pending | Confirmed | Completed | NoShow => Err(Refusal::new(
                Code::InvalidStatus,
                format!("this is no hold: the appointment is {}", self.as_str()),
                "move or cancel the appointment",
            )),
        }
    }

    /// Refuses to move an appointment that cannot be moved: only what is booked can.
    pub fn check_move(self) -> Result<(), Refusal> {
        match self {
            Pending | Confirmed => Ok(()),
            Cancelled => Err(already_cancelled()),
            Held => Err(cannot_move(self, "release the hold and hold another time")),
            Completed | NoShow => Err(cannot_move(self, "book a new appointment")),
        }
    }
}

fn already_cancelled() -> Refusal {
    Refusal::new(Code::AlreadyCancelled, "the appointment is already cancelled", "book a new appointment")
}

fn cannot_move(status: Status, hint: &str) -> Refusal {
    Refusal::new(Code::InvalidStatus, format!("an appointment that is {} cannot be moved", status.as_str()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_occupy_its_seat_is_final() {
        for status in ALL {
            let is_final = !CHANGES.iter().any(|(from, _)| *from == status);
            assert_eq!(is_final, !status.occupies(), "{status:?}");
        }
    }

    #[test]
    fn a_change_is_allowed_or_refused_with_what_could_be() {
        assert!(Confirmed.check_change(Completed).is_ok());
        assert_eq!(Cancelled.check_change(Confirmed).unwrap_err().code, Code::AlreadyCancelled);
        assert_eq!(Cancelled.check_change(Cancelled).unwrap_err().code, Code::AlreadyCancelled);
        let refused = Completed.check_change(NoShow).unwrap_err();
        assert_eq!(refused.message, "an appointment that is completed cannot become no_show");
        assert_eq!((refused.code, refused.hint.as_str()), (Code::InvalidStatus, "completed is final"));
        let again = Confirmed.check_change(Confirmed).unwrap_err();
        assert_eq!(again.hint, "from confirmed it can become cancelled or completed or no_show");
    }

    #[test]
    fn only_what_is_booked_can_be_moved() {
        let moved: Vec<_> = ALL.into_iter().filter(|status| status.check_move().is_ok()).collect();
        assert_eq!(moved, [Pending, Confirmed]);
    }

    #[test]
    fn only_a_hold_is_treated_as_one() {
        assert!(Held.check_hold().is_ok());
        assert_eq!(Cancelled.check_hold().unwrap_err().code, Code::AlreadyCancelled);
        assert_eq!(Confirmed.check_hold().unwrap_err().code, Code::InvalidStatus);
    }

    #[test]
    fn every_status_is_read_as_it_is_written() {
        for status in ALL {
            assert_eq!(Status::parse(status.as_str()), Ok(status));
        }
        assert!(Status::parse("Confirmed").is_err());
    }
}
