//! The tools of a voice agent, by the names that assistants know them by.

/// What a voice agent can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    Book,
    CheckAvailability,
    Reschedule,
    Cancel,
    Find,
    LeaveMessage,
    RequestTransfer,
}

use Tool::{Book, Cancel, CheckAvailability, Find, LeaveMessage, RequestTransfer, Reschedule};

impl Tool {
    pub const ALL: [Tool; 7] = [Book, CheckAvailability, Reschedule, Cancel, Find, LeaveMessage, RequestTransfer];

    /// The name that it is registered under.
    pub const fn as_str(self) -> &'static str {
        match self {
            Book => "book_appointment",
            CheckAvailability => "check_availability",
            Reschedule => "reschedule_appointment",
            Cancel => "cancel_appointment",
            Find => "find_appointment",
            LeaveMessage => "leave_message",
            RequestTransfer => "request_transfer",
        }
    }

    /// The tool of this name, however it is written: `bookAppointment`, `Book-Appointment`. Assistants that were set up by
    /// others call the same things by neighbouring names.
    pub fn named(name: &str) -> Option<Self> {
        Some(match key(name).as_str() {
            "bookappointment"
            | "bookclinicappointment"
            | "bookappointmentatomic"
            | "scheduleappointment"
            | "createappointment"
            | "book" => Book,
            "checkavailability"
            | "getavailability"
            | "availableslots"
            | "checkavailableslots"
            | "getavailableslots"
            | "findavailableslots" => CheckAvailability,
            "rescheduleappointment"
            | "rescheduleappointmentatomic"
            | "moveappointment"
            | "updateappointment"
            | "changeappointment"
            | "reschedule" => Reschedule,
            "cancelappointment" | "deleteappointment" | "cancel" => Cancel,
            "findappointment"
            | "findappointments"
            | "lookupappointment"
            | "lookupmyappointment"
            | "lookupappointments"
            | "getappointment"
            | "getappointments"
            | "appointmentstatus" => Find,
            "leavemessage" | "leaveamessage" | "takemessage" | "takeamessage" | "requestcallback"
            | "createfollowup" => LeaveMessage,
            "requesttransfer" | "transfercall" | "transfer" | "transfertohuman" | "transfertoperson" => RequestTransfer,
            _ => return None,
        })
    }

    /// Whether doing it twice is another thing than doing it once.
    pub const fn changes_something(self) -> bool {
        !matches!(self, CheckAvailability | Find)
    }
}

/// What two spellings of a name have in common.
pub fn key(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_found_by_its_own_name_however_it_is_written() {
        for tool in Tool::ALL {
            assert_eq!(Tool::named(tool.as_str()), Some(tool));
            assert_eq!(Tool::named(&tool.as_str().replace('_', "-").to_uppercase()), Some(tool));
        }
        assert_eq!(Tool::named("bookClinicAppointment"), Some(Book));
        assert_eq!(Tool::named("lookup my appointment"), Some(Find));
    }

    #[test]
    fn other_names_are_no_tool() {
        for name in ["", "get_weather", "drop_table", &"book_appointment".repeat(1000)] {
            assert_eq!(Tool::named(name), None);
        }
    }
}
