//! What the provider's error codes mean, of a request that it refuses and of a message that it could not deliver. The words are ours:
//! Twilio's own repeat the number of the patient.

/// The meaning of an error code, of a request or of a delivery, for somebody who looks after messages; `None` for one that is
/// not known.
pub fn code_in_words(code: &str) -> Option<&'static str> {
    Some(match code {
        "20003" => "the account sid, the auth token or the API key is not accepted",
        "20005" => "the account is not active",
        "20404" => "the account is not there",
        "20429" => "there were too many requests at once",
        "21211" => "the number is not valid",
        "21212" => "the sender's number is not valid",
        "21214" => "the number cannot be reached",
        "21217" => "the number does not seem to be valid",
        "21408" => "the account may not send to this region",
        "21602" => "the message has no text",
        "21606" => "the sender cannot send to this number, or is not a number of the account",
        "21610" => "the patient has opted out (STOP)",
        "21611" => "too many messages of this sender are waiting",
        "21612" => "there is no way from the sender to this number",
        "21614" => "the number is not a mobile number",
        "21617" => "the message is longer than 1600 characters",
        "30001" => "too many messages were waiting",
        "30002" => "the account was suspended",
        "30003" => "the phone is switched off or out of reach",
        "30004" => "the recipient has blocked the message",
        "30005" => "the number is not in service",
        "30006" => "the number is a landline, or its carrier cannot be reached",
        "30007" => "the carrier has filtered the message out",
        "30008" => "the carrier did not say why the message was not delivered",
        "30034" => "the sender's number is not registered for messages to the United States (A2P 10DLC)",
        _ => return None,
    })
}

/// Why a message that the provider had taken was not delivered, in words.
pub fn why_undelivered(code: Option<&str>) -> String {
    match (code, code.and_then(code_in_words)) {
        (Some(code), Some(words)) => format!("not delivered: {words} (error {code})"),
        (Some(code), None) => format!("not delivered (error {code})"),
        (None, _) => "not delivered".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_in_words_and_an_unknown_one_is_not() {
        assert_eq!(code_in_words("21610"), Some("the patient has opted out (STOP)"));
        assert_eq!(code_in_words("21211"), Some("the number is not valid"));
        assert_eq!(code_in_words("99999"), None);
        assert_eq!(code_in_words(""), None);
    }

    #[test]
    fn what_was_not_delivered_says_why_as_far_as_that_is_known() {
        let words = "not delivered: the carrier has filtered the message out (error 30007)";
        assert_eq!(why_undelivered(Some("30007")), words);
        assert_eq!(why_undelivered(Some("39999")), "not delivered (error 39999)");
        assert_eq!(why_undelivered(None), "not delivered");
    }
}
