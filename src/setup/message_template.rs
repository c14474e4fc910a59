//! The templates of messages, and what a message will look like and cost.

use booking_core::refusal::quoted;
use booking_core::sms::{Encoding, Kind, Marker, Size, Template, Values, template};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::error::{Error, Result, or_raise};
use crate::organization::{as_postgres, from_postgres, org_not_found};
use crate::setup::{required, required_id};
use crate::statement::run_fresh;

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn set_message_template(
    p_org_id: Option<pgrx::Uuid>,
    p_kind: Option<String>,
    p_body: Option<String>,
    p_language: default!(Option<String>, "'en'"),
) {
    let set = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let kind = Kind::parse(required(p_kind.as_deref(), "p_kind")?)?;
        let language = template::language(p_language.as_deref().unwrap_or(template::USUAL_LANGUAGE))?;
        p_body.as_deref().map(Template::parse).transpose()?;
        Spi::connect_mut(|client| {
            organization_name(client, org_id)?;
            write(client, org_id, kind, &language, p_body.as_deref())
        })
    };
    or_raise(set());
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn preview_message(
    p_org_id: Option<pgrx::Uuid>,
    p_kind: Option<String>,
    p_language: default!(Option<String>, "'en'"),
) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let org_id = p_org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let kind = Kind::parse(required(p_kind.as_deref(), "p_kind")?)?;
        let language = template::language(p_language.as_deref().unwrap_or(template::USUAL_LANGUAGE))?;
        let organization = organization_name(client, org_id)?;
        let body = body(client, org_id, kind, &language)?;
        Ok(preview(&Template::parse(body.as_deref().unwrap_or(kind.usual()))?, &organization))
    }))
}

/// A message as a patient might get it, mark and all: with a name, a service and a day that are on the long side.
fn preview(template: &Template, organization: &str) -> Value {
    let values = Values {
        name: "Mary-Jane O'Neil",
        organization,
        service: "consultation",
        when: "on Wednesday, September 23 at 10:30 AM",
        date: "2026-09-23",
        time: "10:30",
    };
    let body = Marker::example().mark(&template.render(&values));
    let size = Size::of(&body);
    let mut answer = json!({
        "success": true,
        "body": body,
        "encoding": size.encoding.as_str(),
        "segments": size.segments,
    });
    if let Some(hint) = hint(size) {
        answer["hint"] = hint.into();
    }
    answer
}

/// What would make it cheaper, where it is more than one part.
fn hint(size: Size) -> Option<String> {
    let segments = size.segments;
    match (size.encoding, size.costly) {
        _ if segments <= 1 => None,
        (Encoding::Ucs2, Some(character)) => Some(format!(
            "it is sent and paid for as {segments} messages: {} makes parts of 67 characters out of parts of 153",
            quoted(&character.to_string())
        )),
        _ => Some(format!("it is sent and paid for as {segments} messages: the first holds 160 characters")),
    }
}

/// $1 org_id.
const NAME: &str = "
    SELECT o.name FROM booking.organizations AS o WHERE o.org_id = $1";

fn organization_name(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<String> {
    let row = run_fresh(client, NAME, &[as_postgres(org_id).into()])?.next();
    let row = row.ok_or_else(|| org_not_found(&org_id.to_string()))?;
    row.get(1)?.ok_or_else(|| Error::missing("name"))
}

/// $1 org_id, $2 kind, $3 language.
const FIND: &str = "
    SELECT t.body FROM booking.message_templates AS t WHERE t.org_id = $1 AND t.kind = $2 AND t.language = $3";

/// The template of this kind in this language, or else in the usual one.
fn body(client: &mut SpiClient<'_>, org_id: Uuid, kind: Kind, language: &str) -> Result<Option<String>> {
    for language in [language, template::USUAL_LANGUAGE] {
        let arguments = [as_postgres(org_id).into(), kind.as_str().into(), language.into()];
        if let Some(row) = run_fresh(client, FIND, &arguments)?.next() {
            return row.get(1);
        }
    }
    Ok(None)
}

/// $1 org_id, $2 kind, $3 language, $4 body.
const SAVE: &str = "
    INSERT INTO booking.message_templates (org_id, kind, language, body, updated_at)
    VALUES ($1, $2, $3, $4, pg_catalog.now())
    ON CONFLICT (org_id, kind, language) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at";

/// $1 org_id, $2 kind, $3 language.
const REMOVE: &str = "
    DELETE FROM booking.message_templates AS t WHERE t.org_id = $1 AND t.kind = $2 AND t.language = $3";

fn write(client: &mut SpiClient<'_>, org_id: Uuid, kind: Kind, language: &str, body: Option<&str>) -> Result<()> {
    let of = [as_postgres(org_id).into(), kind.as_str().into(), language.into()];
    match body {
        Some(body) => {
            let mut arguments = Vec::from(of);
            arguments.push(body.into());
            run_fresh(client, SAVE, &arguments)?;
        }
        None => {
            run_fresh(client, REMOVE, &of)?;
        }
    }
    Ok(())
}
