//! The outside services, as the database calls them.

use std::fmt;

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Provider {
    Twilio,
    Google,
    Vapi,
}

impl Provider {
    pub const fn as_str(self) -> &'static str {
        match self {
            Provider::Twilio => "twilio",
            Provider::Google => "google",
            Provider::Vapi => "vapi",
        }
    }

    /// By the name that stands in the database.
    pub fn named(name: &str) -> Option<Self> {
        [Provider::Twilio, Provider::Google, Provider::Vapi].into_iter().find(|provider| provider.as_str() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
