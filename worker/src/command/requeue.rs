//! Having dead letters done again.

use uuid::Uuid;

use crate::context::Context;
use crate::error::Error;
use crate::progress;

pub async fn requeue(context: &Context, org_id: Uuid, job: Option<Uuid>) -> Result<(), Error> {
    let jobs = match job {
        Some(job) => vec![job],
        None => context.database.dead_letters(org_id).await?,
    };
    let bar = progress::bar(jobs.len(), "requeueing");
    let mut requeued: usize = 0;
    for job in &jobs {
        requeued = requeued.saturating_add(usize::from(context.database.requeue_job(org_id, *job).await?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if job.is_some() && requeued == 0 {
        let why = "there is no such job that was given up and still has time";
        return Err(Error::Stated(why.to_owned()));
    }
    println!("{requeued} of {} jobs wait again.", jobs.len());
    Ok(())
}
