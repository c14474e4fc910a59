//! Secrets that an operator states: in the environment, or else in lines of standard input, in the order in which they are asked
//! for. Never on the command line, which everybody on the machine can read.

use std::io::{BufRead, IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::vapi::{VapiAccount, server_secret};

/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// The value of a variable, if it is set.
type Environment = dyn Fn(&str) -> Option<String>;

/// Where secrets come from.
pub struct Secrets {
    environment: Box<Environment>,
    input: Box<dyn BufRead>,
    /// Whether somebody types.
    is_terminal: bool,
    /// Whether the environment had any of those that were asked for, and whether standard input had.
    is_from_environment: bool,
    is_from_input: bool,
}

impl Secrets {
    /// Those of this process.
    pub fn stated() -> Self {
        let input = std::io::stdin();
        let is_terminal = input.is_terminal();
        Secrets::new(|variable| std::env::var(variable).ok(), input.lock(), is_terminal)
    }

    fn new(
        environment: impl Fn(&str) -> Option<String> + 'static,
        input: impl BufRead + 'static,
        is_terminal: bool,
    ) -> Self {
        Secrets {
            environment: Box::new(environment),
            input: Box::new(input),
            is_terminal,
            is_from_environment: false,
            is_from_input: false,
        }
    }

    /// The next one, called `what`: from this variable of the environment, or else the next line.
    pub fn next(&mut self, variable: &str, what: &str) -> Result<SecretString, Error> {
        if let Some(value) = (self.environment)(variable) {
            self.is_from_environment = true;
            return checked(&SecretString::from(value), variable, what);
        }
        self.is_from_input = true;
        if self.is_terminal {
            eprintln!("Enter {what}, and then press Return (it is shown; to avoid that, use {variable} or a pipe):");
        }
        let mut line = Zeroizing::new(String::new());
        let input = &mut self.input;
        input.take(LONGEST_LINE).read_line(&mut line).map_err(|error| Error::Input(error.kind()))?;
        checked(&SecretString::from(line.as_str()), variable, what)
    }

    /// Refuses more lines than were asked for where the environment has had some of the secrets: if standard input has those too,
    /// one was taken for another.
    fn nothing_twice(&mut self) -> Result<(), Error> {
        if self.is_terminal || !(self.is_from_environment && self.is_from_input) {
            return Ok(());
        }
        let mut rest = Zeroizing::new(String::new());
        let input = &mut self.input;
        input.take(LONGEST_LINE).read_to_string(&mut rest).map_err(|error| Error::Input(error.kind()))?;
        if rest.trim().is_empty() {
            return Ok(());
        }
        let why =
            "standard input has more lines than secrets are missing in the environment: state each in one place only";
        Err(Error::Stated(why.to_owned()))
    }

    /// The two of Vapi.
    pub fn of_vapi(&mut self) -> Result<VapiAccount, Error> {
        let api_key = self.next("BOOKING_VAPI_API_KEY", "the private API key")?;
        let stated =
            self.next("BOOKING_VAPI_SERVER_SECRET", "the server secret, which Vapi is to prove itself with")?;
        self.nothing_twice()?;
        let server_secret = server_secret(stated, &api_key)
            .map_err(|error| Error::Stated(format!("the server secret cannot be used: {error}")))?;
        Ok(VapiAccount { api_key, server_secret })
    }
}

fn checked(secret: &SecretString, variable: &str, what: &str) -> Result<SecretString, Error> {
    let trimmed = secret.expose_secret().trim();
    if trimmed.is_empty() {
        return Err(Error::Stated(format!("{what} is missing: set {variable}, or write it to standard input")));
    }
    Ok(SecretString::from(trimmed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("BOOKING_VAPI_API_KEY", "k3y");
    const SECRET: (&str, &str) = ("BOOKING_VAPI_SERVER_SECRET", "0123456789-s3cret");

    fn account(environment: &'static [(&str, &str)], input: &'static str) -> Result<(String, String), String> {
        let environment = |variable: &str| {
            environment.iter().find(|(name, _)| *name == variable).map(|(_, value)| (*value).to_owned())
        };
        let account = Secrets::new(environment, input.as_bytes(), false).of_vapi();
        account
            .map(|account| {
                (account.api_key.expose_secret().to_owned(), account.server_secret.expose_secret().to_owned())
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_secret_comes_from_the_environment_or_else_from_the_next_line() {
        let expected = Ok((KEY.1.to_owned(), SECRET.1.to_owned()));
        assert_eq!(account(&[], "k3y\n0123456789-s3cret\n"), expected);
        assert_eq!(account(&[], "k3y\r\n 0123456789-s3cret "), expected);
        assert_eq!(account(&[KEY], "0123456789-s3cret\n"), expected);
        assert_eq!(account(&[SECRET], "k3y\n\n"), expected);
        // What nobody asks for is not read.
        assert_eq!(account(&[KEY, SECRET], "anything\nat all\n"), expected);
    }

    #[test]
    fn a_secret_that_comes_from_two_places_is_refused() {
        for environment in [&[KEY], &[SECRET]] {
            let refused = account(environment, "k3y\n0123456789-s3cret\n").unwrap_err();
            assert!(refused.contains("in one place only"), "{refused}");
        }
    }

    #[test]
    fn what_is_missing_or_too_short_is_said_without_a_value() {
        let cases: [(&str, &str); 4] = [
            ("", "BOOKING_VAPI_API_KEY"),
            ("k3y", "BOOKING_VAPI_SERVER_SECRET"),
            ("k3y\n\n", "BOOKING_VAPI_SERVER_SECRET"),
            ("k3y\ns3cret\n", "fewer than 16"),
        ];
        for (input, said) in cases {
            let refused = account(&[], input).unwrap_err();
            assert!(refused.contains(said), "{refused}");
            assert!(!refused.contains("k3y") && !refused.contains("s3cret"), "{refused}");
        }
    }
}
