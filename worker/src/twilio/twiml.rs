//! TwiML: what Twilio is told to answer.

/// The answer to a message that came in: `reply`, or nothing. To be sent as `text/xml`.
pub fn twiml(reply: Option<&str>) -> String {
    match reply {
        Some(text) => format!("<Response><Message>{}</Message></Response>", escaped(text)),
        None => "<Response/>".to_owned(),
    }
}

/// As the content of an XML element. Characters that XML 1.0 cannot have at all are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(character),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_a_message_and_silence_an_empty_response() {
        assert_eq!(twiml(Some("See you")), "<Response><Message>See you</Message></Response>");
        assert_eq!(twiml(None), "<Response/>");
    }

    #[test]
    fn a_reply_cannot_leave_its_element() {
        let reply = twiml(Some("</Message>\u{0}&\u{FFFE}'\"\n☃"));
        assert_eq!(reply, "<Response><Message>&lt;/Message&gt;&amp;&apos;&quot;\n☃</Message></Response>");
    }
}
