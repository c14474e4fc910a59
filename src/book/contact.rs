//! The contact that a booking belongs to: found by its phone, or new.

use booking_core::phone::E164;
use pgrx::spi::SpiClient;
use uuid::Uuid;

use crate::book::request::Person;
use crate::error::{Error, Result};
use crate::organization::{Organization, as_postgres, from_postgres};
use crate::statement::run_fresh;

/// A contact as it will stand after the booking.
pub struct Contact {
    pub id: Uuid,
    pub phone: E164,
    pub name: String,
    pub email: String,
    /// Nothing to write where the booking brings neither a new person nor a new name or address.
    pub changed: bool,
}

/// $1 org_id, $2 phone.
const FIND: &str = "
    SELECT c.id, c.name, c.email FROM booking.contacts AS c WHERE c.org_id = $1 AND c.phone = $2";

/// $1 org_id, $2 id, $3 phone, $4 name, $5 email.
const SAVE: &str = "
    INSERT INTO booking.contacts (org_id, id, phone, name, email, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, pg_catalog.now(), pg_catalog.now())
    ON CONFLICT (org_id, phone) DO UPDATE
        SET name = excluded.name, email = excluded.email, updated_at = excluded.updated_at
    RETURNING id";

impl Contact {
    /// The contact with this phone, or a new one. The lock on (organization, phone) keeps the answer true until the end of
    /// the transaction.
    #[inline(never)] // make bench counts what it costs
    pub fn find(client: &mut SpiClient<'_>, organization: &Organization, person: &Person) -> Result<Self> {
        let arguments = [as_postgres(organization.id).into(), person.phone.as_str().into()];
        let found = run_fresh(client, FIND, &arguments)?;
        let contact =
            |id, email, changed| Contact { id, phone: person.phone.clone(), name: person.name.clone(), email, changed };
        if found.is_empty() {
            let email = person.email.clone().unwrap_or_else(|| placeholder_email(&person.phone));
            return Ok(contact(Uuid::now_v7(), email, true));
        }
        let found = found.first()?;
        let (name, email) = (found.get::<String>(2)?, found.get::<String>(3)?);
        let id = found.get::<pgrx::Uuid>(1)?.map(from_postgres).ok_or_else(|| Error::missing("contact"))?;
        let known = email.unwrap_or_default();
        // A caller who leaves the address out does not take back the one that is known.
        let email = person.email.clone().unwrap_or_else(|| known.clone());
        let changed = name.as_deref() != Some(person.name.as_str()) || email != known;
        Ok(contact(id, email, changed))
    }

    /// Writes it by itself, for an appointment that has its slot already. Its id is another afterwards where somebody
    /// without our lock has just made the contact.
    pub fn save(&mut self, client: &mut SpiClient<'_>, organization: &Organization) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        let arguments = [
            as_postgres(organization.id).into(),
            as_postgres(self.id).into(),
            self.phone.as_str().into(),
            self.name.as_str().into(),
            self.email.as_str().into(),
        ];
        let saved = run_fresh(client, SAVE, &arguments)?.first()?.get::<pgrx::Uuid>(1)?;
        self.id = saved.map(from_postgres).ok_or_else(|| Error::missing("contact"))?;
        Ok(())
    }
}

/// The address of someone who has none: never mailed, since the domain cannot exist.
fn placeholder_email(phone: &E164) -> String {
    format!("{}@no-email.invalid", phone.as_str().trim_start_matches('+'))
}
