//! Voice agents at Vapi: brought into line with the database, and looked at.

pub mod doctor;
pub mod sync;

use crate::config::Options;
use crate::error::Error;
use crate::http::address;
use crate::vapi::sync::Agent;

/// Where Vapi is to call: as it is stated, else as the database says, else at this worker.
fn server_url(options: &Options, stated: Option<&str>, agent: &Agent) -> Result<String, Error> {
    let known = stated.or(agent.server_url.as_deref()).map(str::to_owned);
    let url = known.or_else(|| options.public("/vapi")).ok_or(Error::Missing {
        what: "it is not known where Vapi is to call",
        hint: "pass --server-url or --public-url, or give p_server_url to booking.set_voice_agent",
    })?;
    address("the server that Vapi is to call", &url)?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;
    use crate::config::Cli;

    fn url(flags: &[&str], stated: Option<&str>, of_agent: Option<&str>) -> Result<String, String> {
        let arguments = ["booking-worker", "check"].iter().chain(flags);
        let options = Cli::parse_from(arguments).options;
        let agent =
            json!({"orgId": "01890a5d-ac96-774b-bcce-b302099a8057", "serverUrl": of_agent, "prompt": "", "tools": []});
        let agent: Agent = serde_json::from_value(agent).unwrap();
        server_url(&options, stated, &agent).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_stated_goes_before_what_is_stored_and_that_before_this_worker() {
        let flags = ["--public-url", "https://worker.example.com/"];
        let [stated, stored] = [Some("https://stated.example.com/x"), Some("https://stored.example.com")];
        assert_eq!(url(&flags, stated, stored).unwrap(), "https://stated.example.com/x");
        assert_eq!(url(&flags, None, stored).unwrap(), "https://stored.example.com");
        assert_eq!(url(&flags, None, None).unwrap(), "https://worker.example.com/vapi");
    }

    #[test]
    fn without_any_the_way_out_is_said() {
        assert!(url(&[], None, None).unwrap_err().contains("--server-url"));
        let error = url(&[], Some("https://me:secret@example.com"), None).unwrap_err();
        assert!(error.contains("credentials") && !error.contains("secret@"), "{error}");
    }
}
