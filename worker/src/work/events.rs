//! Events: made equal to their appointments, however often that is tried.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};
use metrics::counter;
use serde_json::Value;
use tracing::{info, warn};

use super::Kind;
use super::lease::Lease;
use crate::context::Context;
use crate::database::events::{EventJob, Wanted, Written};
use crate::database::messages::Claims;
use crate::error::Error;
use crate::google::{Calendar, Event, Inserted, Patched};
use crate::integration::Provider;
use crate::outcome::Failure;

pub struct Events {
    pub context: Arc<Context>,
    pub claims: Claims,
}

/// What became of a job.
enum Done {
    Written(Written),
    /// Somebody has deleted the event, and its id is used up.
    Lost(String),
}

/// How often an event is read and written again because somebody else has changed it in between.
const MOST_ROUNDS: usize = 6;

impl Kind for Events {
    type Job = (EventJob, Lease);
    const NAME: &'static str = "events";

    async fn claim(&self, limit: i32) -> Result<Vec<Self::Job>, Error> {
        let began = Instant::now();
        let jobs = self.context.database.claim_events(&self.claims, limit).await?;
        let seconds = u64::try_from(self.claims.lease_seconds).unwrap_or(0);
        Ok(jobs.into_iter().map(|job| (job, Lease::beginning(began, seconds))).collect())
    }

    async fn carry_out(&self, (job, lease): Self::Job) {
        if self.claims.is_dry_run {
            return self.write_to_log(&job, lease).await;
        }
        match self.write(&job, lease).await {
            Ok(Done::Written(written)) => self.finish(&job, lease, &written, false).await,
            Ok(Done::Lost(event_id)) => {
                warn!(org_id = %job.job.org_id, appointment_id = %job.appointment_id, "the event was deleted in the calendar");
                lease.report("event lost", || self.context.database.lost_event(&job.job, &event_id)).await;
            }
            Err(failure) => self.fail(&job, lease, &failure).await,
        }
    }
}

impl Events {
    async fn write_to_log(&self, job: &EventJob, lease: Lease) {
        let mut written = Written::default();
        for removal in &job.removals {
            info!(org_id = %job.job.org_id, calendar = removal.calendar_id, event = removal.event_id, "dry run: event removed");
            written.removed.push(removal.event_id.clone());
        }
        if let Some(wanted) = &job.wanted {
            info!(org_id = %job.job.org_id, calendar = wanted.calendar_id, event = %wanted.event, "dry run: event written");
            written.event_id = Some(wanted.event_id.clone());
        }
        self.finish(job, lease, &written, true).await;
    }

    /// With the access there is; where that is refused in the middle, once more with a new one.
    async fn write(&self, job: &EventJob, lease: Lease) -> Result<Done, Failure> {
        let (org_id, accounts) = (job.job.org_id, &self.context.accounts);
        let access = accounts.access(org_id, None).await?;
        let done = self.write_by(&access.calendar, job, lease).await;
        let (version, done) = match done {
            Err(Failure::Unauthorized { .. }) => {
                let access = accounts.access(org_id, Some(access.version)).await?;
                (access.version, self.write_by(&access.calendar, job, lease).await)
            }
            done => (access.version, done),
        };
        match &done {
            Err(failure @ Failure::Unauthorized { .. }) => {
                accounts.note(org_id, Provider::Google, version, Some(failure)).await;
            }
            Err(_) => (),
            Ok(_) => accounts.note(org_id, Provider::Google, version, None).await,
        }
        done
    }

    async fn write_by(&self, calendar: &Calendar, job: &EventJob, lease: Lease) -> Result<Done, Failure> {
        let mut written = Written::default();
        if let Some(wanted) = &job.wanted {
            match self.make_equal(calendar, job, wanted, lease).await? {
                Some(event) if event.id == wanted.event_id => {
                    written.event_id = Some(event.id);
                    written.etag = event.etag;
                    written.changed_at = event.updated;
                }
                Some(other) => {
                    // Whatever it is, nobody would ever find it again.
                    calendar.delete(&wanted.calendar_id, &other.id).await?;
                    let error = "the calendar has answered with another event".to_owned();
                    return Err(Failure::Refused { error, code: None });
                }
                None => return Ok(Done::Lost(wanted.event_id.clone())),
            }
        }
        for removal in &job.removals {
            self.must_last(lease)?;
            match calendar.delete(&removal.calendar_id, &removal.event_id).await {
                Ok(()) => written.removed.push(removal.event_id.clone()),
                // A calendar that is not ours any more must not keep the event out of the one that is.
                Err(failure @ Failure::Refused { .. }) if job.wanted.is_some() => {
                    warn!(org_id = %job.job.org_id, error = failure.error(), "an old event stays in a calendar that cannot be written");
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(Done::Written(written))
    }

    /// The event as it is in the calendar afterwards; `None` for one that was deleted there.
    async fn make_equal(
        &self,
        calendar: &Calendar,
        job: &EventJob,
        wanted: &Wanted,
        lease: Lease,
    ) -> Result<Option<Event>, Failure> {
        let mut is_new = wanted.is_new;
        for _ in 0..MOST_ROUNDS {
            self.must_last(lease)?;
            if is_new {
                // Whoever has the job now may have been told to delete it, and would not find it yet.
                lease.must_be_ours(&self.context.database, &job.job, self.needed()).await?;
                if let Inserted::Event(event) = calendar.insert(&wanted.calendar_id, &wanted.event).await? {
                    return Ok(Some(event));
                }
            }
            let Some(present) = calendar.get(&wanted.calendar_id, &wanted.event_id).await? else {
                is_new = true;
                continue;
            };
            is_new = false;
            if present.is_cancelled() {
                return Ok(None);
            }
            if is_equal(&present.raw, &wanted.event) {
                return Ok(Some(present));
            }
            // After the event was read: whoever has the job now and writes it changes what we have read, and ours is refused.
            lease.must_be_ours(&self.context.database, &job.job, self.needed()).await?;
            let etag = present.etag.as_deref();
            match calendar.patch(&wanted.calendar_id, &wanted.event_id, etag, &wanted.event).await? {
                Patched::Event(event) => return Ok(Some(event)),
                // Somebody was quicker: look again, and write on that.
                Patched::PreconditionFailed | Patched::Gone | Patched::NotFound => (),
            }
        }
        let error = "somebody else keeps changing the event".to_owned();
        Err(Failure::NotDone { error, code: None, retry_after_seconds: None })
    }

    fn must_last(&self, lease: Lease) -> Result<(), Failure> {
        lease.must_last(self.needed())
    }

    /// A second more than the provider has.
    fn needed(&self) -> Duration {
        self.context.options.http_timeout().saturating_add(Duration::from_secs(1))
    }

    async fn finish(&self, job: &EventJob, lease: Lease, written: &Written, is_dry_run: bool) {
        let finished =
            lease.report("event written", || self.context.database.finish_event(&job.job, written, is_dry_run)).await;
        counter!("booking_worker_jobs_total", "kind" => "event", "outcome" => "succeeded").increment(1);
        let (org_id, appointment_id) = (job.job.org_id, job.appointment_id);
        match finished {
            Some(true) => info!(%org_id, %appointment_id, "event in line"),
            Some(false) => warn!(%org_id, %appointment_id, "written, and then somebody else had the job"),
            None => (),
        }
    }

    async fn fail(&self, job: &EventJob, lease: Lease, failure: &Failure) {
        let failed = lease.report("event failed", || self.context.database.fail_job(&job.job, failure)).await;
        let state = failed.flatten().unwrap_or_else(|| "lost".to_owned());
        let (org_id, appointment_id) = (job.job.org_id, job.appointment_id);
        warn!(%org_id, %appointment_id, attempt = job.job.attempt, code = failure.code(), state, error = failure.error(), "event not written");
        counter!("booking_worker_jobs_total", "kind" => "event", "outcome" => state).increment(1);
    }
}

/// Whether an event says what it is to say. Times are compared as instants: every calendar writes them in its own zone.
fn is_equal(present: &Value, wanted: &Value) -> bool {
    let text = |event: &Value, key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    ["summary", "description"].into_iter().all(|key| text(present, key) == text(wanted, key))
        && ["start", "end"].into_iter().all(|key| {
            let moment = moment(present, key);
            moment.is_some() && moment == self::moment(wanted, key)
        })
}

fn moment(event: &Value, key: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(event.get(key)?.get("dateTime")?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_equal_whatever_zone_its_times_are_written_in() {
        let wanted = json!({
            "summary": "Cleaning: Mary", "description": "Mary",
            "start": {"dateTime": "2026-11-24T14:00:00Z"}, "end": {"dateTime": "2026-11-24T14:30:00Z"},
        });
        let mut present = wanted.clone();
        present["start"] = json!({"dateTime": "2026-11-24T09:00:00-05:00", "timeZone": "America/New_York"});
        assert!(is_equal(&present, &wanted));
        present["end"] = json!({"dateTime": "2026-11-24T14:31:00Z"});
        assert!(!is_equal(&present, &wanted));
        assert!(!is_equal(&json!({"summary": "Cleaning: Mary", "description": "Mary"}), &wanted));
        assert!(!is_equal(&json!({"start": wanted["start"], "end": wanted["end"]}), &wanted));
    }
}
