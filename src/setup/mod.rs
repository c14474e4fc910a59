//! Setting up: organizations, their resources and services, when they are open and when somebody is away.

mod busy_block;
mod hours;
mod message_template;
mod organization;
mod resource;
mod service;

use booking_core::{Code, Refusal};
use uuid::Uuid;

use crate::error::Result;
use crate::organization::from_postgres;

pub fn required<'a>(value: Option<&'a str>, argument: &str) -> Result<&'a str> {
    value.ok_or_else(|| missing(argument).into())
}

pub fn required_id(value: Option<pgrx::Uuid>, argument: &str) -> Result<Uuid> {
    value.map(from_postgres).ok_or_else(|| missing(argument).into())
}

pub fn missing(argument: &str) -> Refusal {
    invalid(format!("{argument} is NULL"), format!("pass a value for {argument}"))
}

pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message, hint)
}
