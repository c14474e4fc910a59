//! The functions of the database that the board may call: what it shows, and what a front desk does there.

use std::fmt::Write;

/// A function that the board may call.
#[derive(Debug)]
pub struct Function {
    /// Its schema, its name and the types of its arguments, as the database writes them.
    pub signature: &'static str,
    /// The names of its arguments. The first is the organization.
    arguments: &'static [&'static str],
    returns: Returns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Returns {
    Value,
    Rows,
}

pub static FUNCTIONS: &[Function] = &[
    Function {
        signature: "booking.agenda(uuid,date,integer)",
        arguments: &["p_org_id", "p_from", "p_days"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.appointment_status(uuid,uuid)",
        arguments: &["p_org_id", "p_appointment_id"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.available_slots(uuid,timestamp with time zone,timestamp with time zone,text,integer,uuid)",
        arguments: &["p_org_id", "p_from", "p_to", "p_service_type", "p_duration_minutes", "p_resource_id"],
        returns: Returns::Rows,
    },
    Function {
        signature: "booking.check_availability(uuid,text,text,integer)",
        arguments: &["p_org_id", "p_date", "p_service_type", "p_duration_minutes"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.contact_timeline(uuid,text)",
        arguments: &["p_org_id", "p_phone"],
        returns: Returns::Rows,
    },
    Function {
        signature: "booking.cancel_appointment(uuid,uuid,text)",
        arguments: &["p_org_id", "p_appointment_id", "p_reason"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.reschedule_appointment_atomic(uuid,uuid,timestamp with time zone,integer,uuid)",
        arguments: &["p_org_id", "p_appointment_id", "p_scheduled_at", "p_duration_minutes", "p_resource_id"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.set_appointment_status(uuid,uuid,text)",
        arguments: &["p_org_id", "p_appointment_id", "p_status"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.release_hold(uuid,uuid)",
        arguments: &["p_org_id", "p_hold_id"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.requeue_job(uuid,uuid)",
        arguments: &["p_org_id", "p_job_id"],
        returns: Returns::Value,
    },
    Function {
        signature: "booking.cancel_job(uuid,uuid)",
        arguments: &["p_org_id", "p_job_id"],
        returns: Returns::Value,
    },
];

/// The argument that is always the organization of who calls.
const ORGANIZATION: &str = "p_org_id";

impl Function {
    pub fn named(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|function| function.name() == name)
    }

    /// Without its schema.
    pub fn name(&self) -> &'static str {
        self.path().rsplit_once('.').map_or(self.signature, |(_, name)| name)
    }

    /// With its schema.
    fn path(&self) -> &'static str {
        self.signature.split_once('(').map_or(self.signature, |(path, _)| path)
    }

    /// The argument that names the appointment which it is about, if it is about one.
    pub fn appointment(&self) -> Option<&'static str> {
        self.arguments.iter().copied().find(|name| matches!(*name, "p_appointment_id" | "p_hold_id"))
    }

    /// The type of an argument, if there is one of this name.
    fn type_of(&self, argument: &str) -> Option<&'static str> {
        let types = self.signature.split_once('(')?.1.strip_suffix(')')?;
        let place = self.arguments.iter().position(|known| *known == argument)?;
        types.split(',').nth(place)
    }

    /// The statement that calls it for organization $1 (uuid) with these arguments, $2 and so on (text), and returns its answer as
    /// JSON; or else the argument that it does not have.
    pub fn sql<'a>(&self, given: impl Iterator<Item = &'a str>) -> Result<String, &'a str> {
        let mut arguments = format!("{ORGANIZATION} => $1");
        for (name, number) in given.zip(2..) {
            let of_type = self.type_of(name).filter(|_| name != ORGANIZATION).ok_or(name)?;
            // Both are of the list above.
            let known = self.arguments.iter().find(|known| **known == name).ok_or(name)?;
            let _ = write!(arguments, ", {known} => ${number}::{of_type}");
        }
        let path = self.path();
        Ok(match self.returns {
            Returns::Value => format!("SELECT pg_catalog.to_json({path}({arguments}))::text"),
            Returns::Rows => {
                format!("SELECT COALESCE(pg_catalog.json_agg(r), '[]')::text FROM {path}({arguments}) AS r")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_as_many_types_as_names_and_is_of_an_organization() {
        for function in FUNCTIONS {
            let types = function.signature.split(',').count();
            assert_eq!(types, function.arguments.len(), "{}", function.signature);
            assert_eq!(function.type_of(ORGANIZATION), Some("uuid"), "{}", function.signature);
            assert!(std::ptr::eq(Function::named(function.name()).unwrap(), function));
        }
    }

    #[test]
    fn only_what_was_given_is_passed_so_that_the_rest_is_what_the_function_says() {
        let agenda = Function::named("agenda").unwrap();
        assert_eq!(
            agenda.sql([].into_iter()).unwrap(),
            "SELECT pg_catalog.to_json(booking.agenda(p_org_id => $1))::text"
        );
        assert_eq!(
            agenda.sql(["p_days"].into_iter()).unwrap(),
            "SELECT pg_catalog.to_json(booking.agenda(p_org_id => $1, p_days => $2::integer))::text"
        );
        assert_eq!(
            Function::named("contact_timeline").unwrap().sql(["p_phone"].into_iter()).unwrap(),
            "SELECT COALESCE(pg_catalog.json_agg(r), '[]')::text FROM booking.contact_timeline(p_org_id => $1, p_phone => $2::text) AS r"
        );
    }

    #[test]
    fn what_changes_an_appointment_names_it() {
        let named = ["cancel_appointment", "reschedule_appointment_atomic", "set_appointment_status", "release_hold"];
        let named = named.map(|name| Function::named(name).unwrap().appointment());
        assert_eq!(
            named,
            [Some("p_appointment_id"), Some("p_appointment_id"), Some("p_appointment_id"), Some("p_hold_id")]
        );
        assert_eq!(Function::named("agenda").unwrap().appointment(), None);
    }

    #[test]
    fn nothing_that_was_sent_comes_into_the_statement() {
        let cancel = Function::named("cancel_appointment").unwrap();
        for name in ["p_org_id", "", "p_reason) FROM booking.contacts --", "P_REASON"] {
            assert_eq!(cancel.sql([name].into_iter()), Err(name));
        }
        for name in ["purge", "booking.agenda", "agenda(", "erase_contact", ""] {
            assert!(Function::named(name).is_none(), "{name}");
        }
    }
}
