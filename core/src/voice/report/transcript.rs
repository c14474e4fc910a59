//! A transcript made of the messages of a call, for reports that have none.

use serde_json::Value;

use super::clean::{self, LONGEST_TRANSCRIPT};

/// What the two have said, a line each, as Vapi writes it. The system's prompt, the calls of tools and their results are no part
/// of the conversation.
pub(super) fn of_messages(messages: &[Value]) -> Option<String> {
    let mut transcript = String::new();
    let mut room = LONGEST_TRANSCRIPT;
    for line in messages.iter().filter_map(line) {
        let line = if transcript.is_empty() { line } else { format!("\n{line}") };
        let fitting: String = line.chars().take(room).collect();
        room = room.saturating_sub(fitting.chars().count());
        transcript.push_str(&fitting);
        if room == 0 {
            break;
        }
    }
    (!transcript.is_empty()).then_some(transcript)
}

/// One message on one line: nobody can say a line for the other.
fn line(message: &Value) -> Option<String> {
    let who = match message.get("role")?.as_str()? {
        "bot" | "assistant" => "AI",
        "user" | "customer" => "User",
        _ => return None,
    };
    let said = ["message", "content"].iter().find_map(|key| clean::text(message.get(key)?, LONGEST_TRANSCRIPT))?;
    Some(format!("{who}: {}", said.split_whitespace().collect::<Vec<_>>().join(" ")))
}
