//! Messages: sent once, as far as anybody can know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::counter;
use tracing::{info, warn};

use super::Kind;
use super::lease::Lease;
use crate::accounts::Sender;
use crate::context::Context;
use crate::database::messages::{Claims, Message};
use crate::error::Error;
use crate::integration::Provider;
use crate::outcome::Failure;
use crate::twilio::{Sent, told};

pub struct Messages {
    pub context: Arc<Context>,
    pub claims: Claims,
}

impl Kind for Messages {
    type Job = (Message, Lease);
    const NAME: &'static str = "messages";

    async fn claim(&self, limit: i32) -> Result<Vec<Self::Job>, Error> {
        let began = Instant::now();
        let messages = self.context.database.claim_messages(&self.claims, limit).await?;
        let seconds = u64::try_from(self.claims.lease_seconds).unwrap_or(0);
        Ok(messages.into_iter().map(|message| (message, Lease::beginning(began, seconds))).collect())
    }

    async fn carry_out(&self, (message, lease): Self::Job) {
        if self.claims.is_dry_run {
            return self.write_to_log(&message, lease).await;
        }
        match self.send(&message, lease).await {
            Ok(sent) => self.finish(&message, lease, Some(&sent.sid), &sent.status).await,
            Err(failure) => self.fail(&message, lease, &failure).await,
        }
    }
}

impl Messages {
    async fn write_to_log(&self, message: &Message, lease: Lease) {
        info!(org_id = %message.job.org_id, kind = message.kind, to = message.to, body = message.body, "dry run: message");
        self.finish(message, lease, None, "dry_run").await;
    }

    /// Sends it, unless it has gone out already.
    async fn send(&self, message: &Message, lease: Lease) -> Result<Sent, Failure> {
        let sender = self.context.accounts.sender(message.job.org_id, message.integration_version).await;
        let sender = sender.map_err(|failure| if message.is_unsure { still_unknown(&failure) } else { failure })?;
        let sent = self.send_by(&sender, message, lease).await;
        match &sent {
            Ok(_) => self.context.accounts.note(message.job.org_id, Provider::Twilio, sender.version, None).await,
            Err(failure @ Failure::Unauthorized { .. }) => {
                self.context.accounts.note(message.job.org_id, Provider::Twilio, sender.version, Some(failure)).await;
            }
            Err(_) => (),
        }
        sent
    }

    async fn send_by(&self, sender: &Sender, message: &Message, lease: Lease) -> Result<Sent, Failure> {
        if message.is_unsure {
            let (marker, former) = (&message.marker, &message.former_sids);
            let found = sender.twilio.find(&message.to, message.first_tried_at, marker, former).await;
            if let Err(failure @ Failure::Unauthorized { .. }) = &found {
                let (org_id, accounts) = (message.job.org_id, &self.context.accounts);
                accounts.note(org_id, Provider::Twilio, sender.version, Some(failure)).await;
            }
            match found.map_err(|failure| still_unknown(&failure))? {
                Some(sent) => {
                    info!(org_id = %message.job.org_id, job_id = %message.job.job_id, sid = sent.sid, "found: it had gone out");
                    counter!("booking_worker_reconciled_total", "found" => "true").increment(1);
                    return Ok(sent);
                }
                None => counter!("booking_worker_reconciled_total", "found" => "false").increment(1),
            }
        }
        lease.wait(message.wait).await;
        // A second more than the provider has: whoever claims after us must find what we have sent.
        let needed = self.context.options.http_timeout().saturating_add(Duration::from_secs(1));
        lease.must_be_ours(&self.context.database, &message.job, needed).await?;
        let path = format!("/twilio/{}/status/{}", message.job.org_id, message.id);
        let callback = self.context.options.public(&path).map(|address| told(&address));
        sender.twilio.send(&message.to, &message.body, callback.as_deref()).await
    }

    async fn finish(&self, message: &Message, lease: Lease, sid: Option<&str>, status: &str) {
        let job = &message.job;
        let finished = lease.report("message sent", || self.context.database.finish_message(job, sid, status)).await;
        counter!("booking_worker_jobs_total", "kind" => "message", "outcome" => "succeeded").increment(1);
        match finished {
            Some(true) => {
                info!(org_id = %job.org_id, job_id = %job.job_id, kind = message.kind, status, "message sent")
            }
            Some(false) => {
                warn!(org_id = %job.org_id, job_id = %job.job_id, "sent, and then somebody else had the job");
            }
            None => (),
        }
    }

    async fn fail(&self, message: &Message, lease: Lease, failure: &Failure) {
        let job = &message.job;
        let failed = lease.report("message failed", || self.context.database.fail_job(job, failure)).await;
        let state = failed.flatten().unwrap_or_else(|| "lost".to_owned());
        warn!(org_id = %job.org_id, job_id = %job.job_id, attempt = job.attempt, code = failure.code(), state, error = failure.error(), "message not sent");
        counter!("booking_worker_jobs_total", "kind" => "message", "outcome" => state).increment(1);
    }
}

/// Nobody could say whether it has gone out, so nobody knows yet.
fn still_unknown(failure: &Failure) -> Failure {
    Failure::Unknown {
        error: format!("cannot find out whether it went out: {}", failure.error()),
        code: failure.code().map(str::to_owned),
        retry_after_seconds: failure.retry_after_seconds(),
    }
}
