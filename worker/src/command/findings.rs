//! What was found to be there and to be missing, line by line.

use crate::error::Error;

#[derive(Default)]
pub struct Findings {
    troubles: usize,
}

impl Findings {
    pub fn good(&self, what: &str) {
        println!("ok      {what}");
    }

    pub fn bad(&mut self, what: &str) {
        println!("MISSING {what}");
        self.troubles = self.troubles.saturating_add(1);
    }

    /// What is worth a look, and may be as it is meant to be.
    pub fn note(&self, what: &str) {
        println!("        {what}");
    }

    /// A failure if anything is missing.
    pub fn end(&self) -> Result<(), Error> {
        match self.troubles {
            0 => Ok(()),
            troubles => Err(Error::Stated(format!("{troubles} of these are missing"))),
        }
    }
}
