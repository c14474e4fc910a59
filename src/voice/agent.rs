//! How the voice agent of an organization is to be: its prompt, its tools and where it calls.

use booking_core::phone::normalize_phone;
use booking_core::voice::Tool;
use booking_core::voice::definition::definition;
use booking_core::voice::prompt::{self, Prompt, Today};
use booking_core::voice::said::NOBODYS;
use booking_core::{Code, follow_up, limits, zone};
use pgrx::prelude::*;
use pgrx::spi::SpiClient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer;
use crate::error::{Error, Result, or_raise};
use crate::instant;
use crate::organization::{as_postgres, from_postgres, org_not_found};
use crate::server_zone::ServerZone;
use crate::setup::{invalid, required, required_id};
use crate::statement::{Row, run_fresh};

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
#[allow(clippy::too_many_arguments)]
fn set_voice_agent(
    p_org_id: Option<pgrx::Uuid>,
    p_assistant_id: default!(Option<String>, "NULL"),
    p_assistant_name: default!(Option<String>, "NULL"),
    p_prompt: default!(Option<String>, "NULL"),
    p_phone_number: default!(Option<String>, "NULL"),
    p_server_url: default!(Option<String>, "NULL"),
    p_credential_id: default!(Option<String>, "NULL"),
) {
    let set = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let label = |what: &str, text: &Option<String>| {
            text.as_deref().map(|text| limits::label(what, text, Code::InvalidRequest)).transpose()
        };
        let (assistant_id, credential_id) =
            (label("Vapi assistant id", &p_assistant_id)?, label("Vapi credential id", &p_credential_id)?);
        let (assistant_name, server_url) =
            (label("name of the assistant", &p_assistant_name)?, label("server URL", &p_server_url)?);
        if let Some(url) = server_url.as_deref().filter(|url| !is_address(url)) {
            let message = format!("server URL {} is not one", booking_core::refusal::quoted(url));
            return Err(
                invalid(message, "pass the address that Vapi is to call, as https://booking.example/vapi").into()
            );
        }
        Spi::connect_mut(|client| {
            let agent = Agent::read(client, org_id)?;
            // Refused here rather than when it is wanted.
            agent.enforced(p_prompt.as_deref(), assistant_name.as_deref(), Today::Liquid)?;
            let phone_number =
                p_phone_number.as_deref().map(|number| normalize_phone(number, &agent.region)).transpose()?;
            let arguments = [
                as_postgres(org_id).into(),
                assistant_id.into(),
                assistant_name.as_deref().into(),
                p_prompt.as_deref().filter(|text| !text.trim().is_empty()).into(),
                phone_number.as_ref().map(|number| number.as_str()).into(),
                server_url.into(),
                credential_id.into(),
            ];
            run_fresh(client, SET, &arguments)?;
            Ok(())
        })
    };
    or_raise(set());
}

fn is_address(url: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
        && !url.contains(char::is_whitespace)
}

/// $1 org_id, $2 assistant, $3 its name, $4 prompt, $5 number, $6 server, $7 credential.
const SET: &str = "
    INSERT INTO booking.voice_agents
        (org_id, assistant_id, assistant_name, prompt, phone_number, server_url, credential_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (org_id) DO UPDATE
        SET assistant_id = excluded.assistant_id, assistant_name = excluded.assistant_name, prompt = excluded.prompt,
            phone_number = excluded.phone_number, server_url = excluded.server_url,
            credential_id = excluded.credential_id, updated_at = excluded.updated_at";

/// An organization with its agent, as it is set up.
struct Agent {
    org_id: Uuid,
    name: String,
    timezone: String,
    region: String,
    assistant_id: Option<String>,
    assistant_name: Option<String>,
    prompt: Option<String>,
    server_url: Option<String>,
    credential_id: Option<String>,
    /// Whether an account with Vapi is connected, and there are services, hours, an account to send messages with, and somebody to
    /// remind of what callers leave.
    has_account: bool,
    has_services: bool,
    has_hours: bool,
    sends_messages: bool,
    reminds: bool,
}

/// $1 org_id.
const READ: &str = "
    SELECT o.name, o.timezone, o.default_region, v.assistant_id, v.assistant_name, v.prompt, v.server_url, v.credential_id,
        EXISTS (SELECT FROM booking.integrations AS i WHERE i.org_id = $1 AND i.provider = 'vapi' AND i.connected),
        EXISTS (SELECT FROM booking.services AS s WHERE s.org_id = $1),
        EXISTS (SELECT FROM booking.opening_hours AS h WHERE h.org_id = $1),
        EXISTS (SELECT FROM booking.integrations AS i WHERE i.org_id = $1 AND i.provider = 'twilio' AND i.connected),
        o.settings ->> 'follow_ups'
    FROM booking.organizations AS o
    LEFT JOIN booking.voice_agents AS v ON v.org_id = o.org_id
    WHERE o.org_id = $1";

impl Agent {
    fn read(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<Self> {
        let row = run_fresh(client, READ, &[as_postgres(org_id).into()])?.next();
        let row = row.ok_or_else(|| org_not_found(&org_id.to_string()))?;
        Self::from_row(org_id, &row)
    }

    fn from_row(org_id: Uuid, row: &Row<'_>) -> Result<Self> {
        let has = |column: i32| -> Result<bool> { Ok(row.get(column)?.unwrap_or(false)) };
        let text = |column: i32| -> Result<String> { row.get(column)?.ok_or_else(|| Error::missing("text")) };
        let region = text(3)?;
        let follow_ups = follow_up::Settings::read(row.get::<String>(13)?.as_deref(), &region);
        Ok(Agent {
            org_id,
            name: text(1)?,
            timezone: text(2)?,
            region,
            assistant_id: row.get(4)?,
            assistant_name: row.get(5)?,
            prompt: row.get(6)?,
            server_url: row.get(7)?,
            credential_id: row.get(8)?,
            has_account: has(9)?,
            has_services: has(10)?,
            has_hours: has(11)?,
            sends_messages: has(12)?,
            reminds: follow_ups.owner_phone.is_some(),
        })
    }

    fn enforced(&self, custom: Option<&str>, name: Option<&str>, today: Today) -> Result<String> {
        let prompt = Prompt {
            organization: &self.name,
            timezone: &self.timezone,
            assistant_name: name,
            today,
            tools: &Tool::ALL.map(Tool::as_str),
            custom,
        };
        Ok(prompt::enforced(&prompt)?)
    }

    /// What keeps the agent from doing its work.
    fn problems(&self, registered: usize) -> Vec<&'static str> {
        said(&[
            (!self.has_account, "no account with Vapi is connected: booking-worker connect vapi"),
            (self.assistant_id.is_none(), "no assistant is named: set_voice_agent(p_assistant_id => ...)"),
            (registered == 0, "no tool is registered, so no assistant can book: booking-worker vapi sync"),
            ((1..Tool::ALL.len()).contains(&registered), "not every tool is registered: booking-worker vapi sync"),
        ])
    }

    /// What may be as it is meant to be, and often is not.
    fn hints(&self) -> Vec<&'static str> {
        said(&[
            (
                !self.has_services,
                "there are no services, so that any name of one is booked for 60 minutes: create_service",
            ),
            (!self.has_hours, "there are no opening hours, so that it is open always: set_opening_hours"),
            (!self.sends_messages, "no account to send messages with is connected, so that nobody gets a confirmation"),
            (!self.reminds, "nobody is reminded of what callers leave: set_follow_ups(p_owner_phone => ...)"),
        ])
    }
}

/// The sentences that hold.
fn said(sentences: &[(bool, &'static str)]) -> Vec<&'static str> {
    sentences.iter().filter(|(holds, _)| *holds).map(|(_, sentence)| *sentence).collect()
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn enforced_system_prompt(
    p_custom_prompt: Option<String>,
    p_org_id: Option<pgrx::Uuid>,
    p_assistant_name: default!(Option<String>, "NULL"),
    p_now: default!(Option<TimestampWithTimeZone>, "now()"),
) -> String {
    let enforced = || -> Result<String> {
        let org_id = p_org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let now = p_now.map(instant::from_postgres).transpose()?.unwrap_or_else(instant::transaction_now);
        Spi::connect_mut(|client| {
            let agent = Agent::read(client, org_id)?;
            let today = zone::local_time(&ServerZone::named(&agent.timezone)?, now);
            let name = p_assistant_name.as_deref().or(agent.assistant_name.as_deref());
            agent.enforced(p_custom_prompt.as_deref(), name, Today::At(today))
        })
    };
    or_raise(enforced())
}

#[pg_extern(stable)]
#[search_path(pg_catalog, pg_temp)]
fn voice_agent(p_org_id: Option<pgrx::Uuid>) -> pgrx::Json {
    answer::for_program(Spi::connect_mut(|client| {
        let org_id = p_org_id.map(from_postgres).ok_or_else(|| org_not_found("NULL"))?;
        let agent = Agent::read(client, org_id)?;
        let registered = registered(client, org_id)?;
        let tools = Tool::ALL.map(|tool| {
            let id = registered.iter().find(|(name, _)| name == tool.as_str()).map(|(_, id)| id.as_str());
            json!({"name": tool.as_str(), "toolId": id, "definition": definition(tool, org_id)})
        });
        let known = tools.iter().filter(|tool| tool.get("toolId").is_some_and(Value::is_string)).count();
        Ok(json!({
            "success": true,
            "orgId": agent.org_id.to_string(),
            "assistantId": agent.assistant_id,
            "assistantName": agent.assistant_name,
            "serverUrl": agent.server_url,
            "credentialId": agent.credential_id,
            "prompt": agent.enforced(agent.prompt.as_deref(), agent.assistant_name.as_deref(), Today::Liquid)?,
            "tools": tools,
            "problems": agent.problems(known),
            "hints": agent.hints(),
        }))
    }))
}

/// $1 org_id.
const REGISTERED: &str = "
    SELECT t.name, t.tool_id FROM booking.org_tools AS t WHERE t.org_id = $1";

/// The tools that Vapi knows, each with its id there.
fn registered(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<Vec<(String, String)>> {
    let rows = run_fresh(client, REGISTERED, &[as_postgres(org_id).into()])?;
    rows.map(|row| Ok((row.get(1)?.unwrap_or_default(), row.get(2)?.unwrap_or_default()))).collect()
}

#[pg_extern]
#[search_path(pg_catalog, pg_temp)]
fn tool_registered(p_org_id: Option<pgrx::Uuid>, p_name: Option<String>, p_tool_id: Option<String>) {
    let registered = || -> Result<()> {
        let org_id = required_id(p_org_id, "p_org_id")?;
        let stated = required(p_name.as_deref(), "p_name")?;
        let tool = Tool::ALL.into_iter().find(|tool| tool.as_str() == stated).ok_or_else(|| {
            let message = format!("{} is no tool", booking_core::refusal::quoted(stated));
            invalid(message, format!("pass one of {}", Tool::ALL.map(Tool::as_str).join(", ")))
        })?;
        let tool_id =
            p_tool_id.as_deref().map(|id| limits::label("Vapi tool id", id, Code::InvalidRequest)).transpose()?;
        Spi::connect_mut(|client| {
            Agent::read(client, org_id)?;
            let (org, name) = (as_postgres(org_id).into(), tool.as_str().into());
            match tool_id {
                Some(id) => run_fresh(client, REGISTER, &[org, name, id.into()])?,
                None => run_fresh(client, UNREGISTER, &[org, name])?,
            };
            Ok(())
        })
    };
    or_raise(registered());
}

/// $1 org_id, $2 name, $3 Vapi's id.
const REGISTER: &str = "
    INSERT INTO booking.org_tools (org_id, name, tool_id) VALUES ($1, $2, $3)
    ON CONFLICT (org_id, name) DO UPDATE SET tool_id = excluded.tool_id, registered_at = excluded.registered_at";

/// $1 org_id, $2 name.
const UNREGISTER: &str = "
    DELETE FROM booking.org_tools AS t WHERE t.org_id = $1 AND t.name = $2";

/// $1 org_id.
const ASSISTANT: &str = "
    SELECT v.assistant_id FROM booking.voice_agents AS v WHERE v.org_id = $1";

/// Who is to take a call that comes in.
pub fn assistant(client: &mut SpiClient<'_>, org_id: Uuid) -> Result<Value> {
    let row = run_fresh(client, ASSISTANT, &[as_postgres(org_id).into()])?.next();
    let id: Option<String> = row.map(|row| row.get(1)).transpose()?.flatten();
    Ok(id.map_or_else(|| json!({"error": NOBODYS}), |id| json!({"assistantId": id})))
}
