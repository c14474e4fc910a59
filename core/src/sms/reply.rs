//! What a patient answers to a message.

/// What an answer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Cancel the appointment that the last message was about.
    Cancel,
    /// The patient will come.
    Confirm,
    /// No messages any more.
    Stop,
    /// Messages again.
    Start,
    /// Anything else: for people to read.
    Text,
}

impl Reply {
    /// By a single word, whatever its case and the punctuation around it. More than that is for people: "C you then" cancels
    /// nothing. The words for STOP and START are those that networks act upon themselves; CANCEL, although it is one of them,
    /// means the appointment to whoever has one.
    pub fn read(text: &str) -> Self {
        match word(text).as_str() {
            "C" | "CANCEL" => Reply::Cancel,
            "Y" | "YES" | "CONFIRM" => Reply::Confirm,
            "STOP" | "STOPALL" | "STOP ALL" | "UNSUBSCRIBE" | "END" | "QUIT" | "OPTOUT" | "REVOKE" => Reply::Stop,
            "START" | "UNSTOP" => Reply::Start,
            _ => Reply::Text,
        }
    }
}

/// Whether networks send messages again to whoever has answered STOP and then says this. To them YES is such a word, whatever it confirms
/// to us: then nobody else keeps messages back.
pub fn lets_in_again(text: &str) -> bool {
    matches!(word(text).as_str(), "START" | "UNSTOP" | "YES")
}

fn word(text: &str) -> String {
    text.trim().trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_word_is_read_whatever_its_case_and_punctuation() {
        for (text, reply) in [
            ("C", Reply::Cancel),
            (" c. ", Reply::Cancel),
            ("\"Cancel\"", Reply::Cancel),
            ("y!", Reply::Confirm),
            ("Yes", Reply::Confirm),
            ("STOP", Reply::Stop),
            ("stop all", Reply::Stop),
            ("Start", Reply::Start),
        ] {
            assert_eq!(Reply::read(text), reply, "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_for_people() {
        for text in ["", "   ", "C you then", "yes please, but later", "Stop by at noon?", "No", "👍"] {
            assert_eq!(Reply::read(text), Reply::Text, "{text:?}");
        }
    }
    #[test]
    fn who_has_opted_out_is_let_in_by_the_words_of_networks_and_by_no_other() {
        for text in ["START", "unstop", "Yes!"] {
            assert!(lets_in_again(text), "{text:?}");
        }
        for text in ["Y", "Confirm", "yes please", "STOP", "C", ""] {
            assert!(!lets_in_again(text), "{text:?}");
        }
    }
}
