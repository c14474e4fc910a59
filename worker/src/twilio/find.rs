//! Whether a message went out after all. Two lists are looked through. The one without a date has what was only just
//! accepted: until it leaves, a message has no `DateSent`, and a list by that date may leave it out. It is newest first and
//! ends where messages are older. The one by date does not depend on the order.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use url::Url;

use super::{PROVIDER, Sent, Twilio, is_message_sid, succeeded};
use crate::http::{LARGEST_LIST, exchange};
use crate::outcome::{Effect, Failure};

const PAGE_SIZE: &str = "200";
/// 2000 messages to one number are more than anybody gets in the time that matters.
const MOST_PAGES: usize = 10;
/// How far the clocks of the two sides may be apart.
const SKEW: TimeDelta = TimeDelta::minutes(5);

#[derive(Deserialize)]
struct Page {
    messages: Vec<Message>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    sid: String,
    status: Option<String>,
    body: Option<String>,
    direction: Option<String>,
    date_created: Option<String>,
}

/// What is looked for.
struct Wanted<'a> {
    marker: &'a str,
    since: DateTime<Utc>,
    /// Messages that it is not.
    known: &'a [String],
}

impl Twilio {
    /// The message to the number `to` (E.164), taken by Twilio after `sent_after` (by our clock, 5 minutes off at most), whose
    /// text contains `marker`, and which is none of those that are `known` by their sids. `None` says that there is none: give
    /// Twilio some seconds to list what it has just taken. What cannot be told for certain is [`Failure::NotDone`]: the question
    /// was not answered.
    pub async fn find(
        &self,
        to: &str,
        sent_after: DateTime<Utc>,
        marker: &str,
        known: &[String],
    ) -> Result<Option<Sent>, Failure> {
        if marker.is_empty() {
            return Err(Failure::refused("there is nothing to tell the message by", None));
        }
        let since = sent_after.checked_sub_signed(SKEW).unwrap_or(sent_after);
        let wanted = Wanted { marker, since, known };
        let mut newest_first = self.below_account(&["Messages.json"])?;
        newest_first.query_pairs_mut().append_pair("To", to).append_pair("PageSize", PAGE_SIZE);
        let mut by_date = newest_first.clone();
        by_date.query_pairs_mut().append_pair("DateSent>", &since.format("%Y-%m-%d").to_string());
        match self.search(newest_first, &wanted, |wanted, page| wanted.is_after_all(page)).await? {
            Some(sent) => Ok(Some(sent)),
            None => self.search(by_date, &wanted, |_, _| false).await,
        }
    }

    /// Goes through the pages until one has the message, is the last, or is said to be enough.
    async fn search(
        &self,
        first: Url,
        wanted: &Wanted<'_>,
        is_enough: fn(&Wanted<'_>, &[Message]) -> bool,
    ) -> Result<Option<Sent>, Failure> {
        let mut url = first;
        for _ in 0..MOST_PAGES {
            let request = self.authenticated(self.http.get(url));
            let reply = succeeded(exchange(request, PROVIDER, Effect::Read, LARGEST_LIST).await?, Effect::Read)?;
            let page: Page = reply.object()?;
            if let Some(sent) = wanted.among(&page.messages)? {
                return Ok(Some(sent));
            }
            let Some(next) = page.next_page_uri.filter(|_| !is_enough(wanted, &page.messages)) else { return Ok(None) };
            url = self.same_place(&next)?;
        }
        Err(uncertain("the number has too many messages to look through"))
    }

    /// The address of the next page, if the credentials may be sent there.
    fn same_place(&self, uri: &str) -> Result<Url, Failure> {
        let url = self.base.join(uri).ok().filter(|url| url.origin() == self.base.origin());
        url.ok_or_else(|| uncertain("the next page of the list is at another place"))
    }
}

impl Wanted<'_> {
    /// The message, if it is among these. One that did not fail comes first.
    fn among(&self, messages: &[Message]) -> Result<Option<Sent>, Failure> {
        let is_candidate = |message: &&Message| {
            !message.is_inbound() && !message.is_before(self.since) && !self.known.contains(&message.sid)
        };
        let candidates = || messages.iter().filter(is_candidate);
        if candidates().any(|message| message.body.as_deref().unwrap_or_default().is_empty()) {
            return Err(uncertain("the account does not show the text of messages (redaction)"));
        }
        let is_wanted = |message: &&Message| message.body.as_deref().is_some_and(|body| body.contains(self.marker));
        let Some(message) = candidates().filter(is_wanted).min_by_key(|message| message.has_failed()) else {
            return Ok(None);
        };
        if !is_message_sid(&message.sid) {
            return Err(uncertain("the message that was found has no sid"));
        }
        Ok(Some(Sent { sid: message.sid.clone(), status: message.status.clone().unwrap_or_default() }))
    }

    /// Whether these, and so all that follow in a list with the newest first, are older than the message.
    fn is_after_all(&self, messages: &[Message]) -> bool {
        !messages.is_empty() && messages.iter().all(|message| message.is_before(self.since))
    }
}

impl Message {
    fn is_inbound(&self) -> bool {
        self.direction.as_deref().is_some_and(|direction| direction.starts_with("inbound"))
    }

    fn has_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "undelivered" | "canceled"))
    }

    /// A message without a readable date may be any.
    fn is_before(&self, since: DateTime<Utc>) -> bool {
        let created = self.date_created.as_deref().and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        created.is_some_and(|created| created < since)
    }
}

fn uncertain(why: &str) -> Failure {
    Failure::not_done(format!("whether Twilio has sent the message cannot be told: {why}"), None, None)
}
