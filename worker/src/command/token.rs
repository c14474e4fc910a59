//! Tokens for those who look at the board, where nobody else makes them.

use chrono::{TimeDelta, Utc};

use crate::config::{NewToken, Options};
use crate::error::Error;

/// Prints a token.
pub fn token(options: &Options, asked: &NewToken) -> Result<(), Error> {
    let tokens = options.tokens()?.ok_or(Error::Missing {
        what: "there is no secret to sign with",
        hint: "pass --jwt-secret-file: openssl rand -hex 32 > FILE makes one",
    })?;
    let now = Utc::now();
    let until = now.checked_add_signed(TimeDelta::hours(asked.hours.into())).unwrap_or(now);
    println!("{}", tokens.sign(asked.org, &asked.role, until)?);
    Ok(())
}
