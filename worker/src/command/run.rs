//! Working, until told to stop.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::check::not_callable;
use crate::config::{Options, RunOptions};
use crate::context::{CONNECTIONS_OF_BOARD, CONNECTIONS_OF_CALLS, Context, worker_name};
use crate::error::Error;
use crate::server::connections;
use crate::server::slots::Slots;
use crate::server::stream::Streams;
use crate::server::{Served, functions, routes};
use crate::work::events::Events;
use crate::work::messages::Messages;
use crate::work::syncs::Syncs;
use crate::work::{self, Kind, Pace};

/// How often the database hears that this worker is at work.
const HEARTBEAT: Duration = Duration::from_secs(10);

pub async fn run(options: Options, run: RunOptions) -> Result<(), Error> {
    let name = worker_name(run.name.as_deref());
    check_lease(&options, &run)?;
    let connections = usize::from(run.concurrency).clamp(4, 12);
    let context = Arc::new(Context::open(options, connections)?);
    if context.keys.is_none() && !run.dry_run {
        return Err(Error::Missing {
            what: "there are no keys to open accounts with",
            hint: "pass --keys-file, or --dry-run to send nothing",
        });
    }
    let stop = CancellationToken::new();
    let streams = Streams::start(context.streams.clone(), &run, stop.clone());
    let (listener, serving) = serve(&context, &run, &streams, stop.clone()).await?;
    // What is wrong for good is said at once; a database that is away may come back.
    match context.database.heartbeat(&name, &state(&run), false).await {
        Ok(()) => tell_what_is_not_callable(&context).await,
        Err(error) if error.may_pass() => warn!(%error, "waiting for the database"),
        Err(error) => return Err(error),
    }
    info!(worker = name, listening = %listener, dry_run = run.dry_run, version = env!("CARGO_PKG_VERSION"), "at work");
    tokio::spawn(stop_on_signal(stop.clone()));
    let beats = tokio::spawn(beat(context.clone(), name.clone(), run.clone(), stop.clone()));
    let last_answers = tokio::spawn({
        let (stop, patience) = (stop.clone(), Duration::from_secs(run.answer_seconds.min(run.drain_seconds)));
        async move { drained(&stop, patience).await }
    });
    work(&context, &run, &name, &stop).await;
    stop.cancel();
    let _ = beats.await;
    // Who is on the phone is answered still, and who follows the history is told.
    let served = async {
        let _ = serving.await;
        streams.closed().await;
    };
    tokio::select! {
        () = served => (),
        _ = last_answers => warn!("not every request could be answered in time"),
    }
    if let Err(error) = context.database.heartbeat(&name, &state(&run), true).await {
        warn!(%error, "cannot say goodbye to the database");
    }
    info!(worker = name, "ended");
    Ok(())
}

/// What it may not do is said before it fails; what it may do is done all the same.
async fn tell_what_is_not_callable(context: &Context) {
    match context.database.not_callable(&functions()).await {
        Ok(missing) if missing.is_empty() => (),
        Ok(missing) => error!("{}", not_callable(&missing)),
        Err(error) => warn!(%error, "cannot see what this worker may do"),
    }
}

/// A lease has to outlast one attempt, with what comes before and after it.
fn check_lease(options: &Options, run: &RunOptions) -> Result<(), Error> {
    let needed = options.http_timeout_seconds.saturating_mul(2);
    if run.lease_seconds > needed {
        return Ok(());
    }
    Err(Error::Stated(format!(
        "a lease of {} seconds is not longer than twice the {} seconds that a provider may take: pass --lease-seconds {} or more",
        run.lease_seconds,
        options.http_timeout_seconds,
        needed.saturating_add(1)
    )))
}

fn state(run: &RunOptions) -> serde_json::Value {
    json!({"dryRun": run.dry_run, "concurrency": run.concurrency})
}

async fn serve(
    context: &Arc<Context>,
    run: &RunOptions,
    streams: &Arc<Streams>,
    stop: CancellationToken,
) -> Result<(String, JoinHandle<()>), Error> {
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Error::Stated(format!("cannot set metrics up: {error}")))?;
    let cannot = |error| Error::Listen(run.listen.clone(), error);
    let listener = TcpListener::bind(&run.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let most = connections::most(run.max_streams, connections::raise_limit());
    let within = Duration::from_secs(run.request_seconds);
    let served = Arc::new(Served {
        context: context.clone(),
        metrics,
        asked_at: Mutex::default(),
        ready: tokio::sync::Mutex::default(),
        answer_within: Duration::from_secs(run.answer_seconds),
        request_within: within,
        lookups: Semaphore::new(CONNECTIONS_OF_CALLS / 2),
        rights: streams.rights.clone(),
        board_calls: Slots::new(CONNECTIONS_OF_BOARD, CONNECTIONS_OF_BOARD / 2),
        streams: streams.clone(),
    });
    let serving = tokio::spawn(connections::serve(listener, routes(served), most, within, stop));
    Ok((address.to_string(), serving))
}

/// The loops, one for each kind of job. When told to stop they finish what is under way, for as long as they may.
async fn work(context: &Arc<Context>, run: &RunOptions, name: &str, stop: &CancellationToken) {
    let began = Instant::now();
    loop {
        let done = tokio::select! {
            done = all(context, run, name, stop) => done,
            () = drained(stop, Duration::from_secs(run.drain_seconds)) => {
                warn!("not everything could be finished in time; other workers will go on with it");
                return;
            }
        };
        if stop.is_cancelled() || done == 0 {
            info!(seconds = began.elapsed().as_secs(), "nothing is under way any more");
            return;
        }
    }
}

async fn all(context: &Arc<Context>, run: &RunOptions, name: &str, stop: &CancellationToken) -> usize {
    let claims = run.claims(name);
    let pace = Pace {
        concurrency: usize::from(run.concurrency),
        poll: Duration::from_millis(run.poll_ms),
        stop: stop.clone(),
        until_idle: run.until_idle,
    };
    let messages = Arc::new(Messages { context: context.clone(), claims: claims.clone() });
    let events = Arc::new(Events { context: context.clone(), claims });
    let syncs = Arc::new(Syncs { context: context.clone(), worker: name.to_owned() });
    // Without Google's client, other workers write and read calendars; in a dry run nobody reads them.
    let has_google = context.google.is_some();
    let (messages, events, syncs) = tokio::join!(
        work::run(messages, pace.clone()),
        run_if(has_google || run.dry_run, events, pace.clone()),
        run_if(has_google && !run.dry_run, syncs, Pace { concurrency: 2, ..pace.clone() }),
    );
    messages.saturating_add(events).saturating_add(syncs)
}

async fn run_if<K: Kind>(can: bool, kind: Arc<K>, pace: Pace) -> usize {
    if can {
        return work::run(kind, pace).await;
    }
    if !pace.until_idle {
        pace.stop.cancelled().await;
    }
    0
}

/// Returns when the time to finish is over.
async fn drained(stop: &CancellationToken, patience: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(patience).await;
}

async fn beat(context: Arc<Context>, name: String, run: RunOptions, stop: CancellationToken) {
    let mut beats = interval(HEARTBEAT);
    loop {
        tokio::select! {
            _ = beats.tick() => (),
            () = stop.cancelled() => return,
        }
        let beaten = timeout(HEARTBEAT, context.database.heartbeat(&name, &state(&run), false)).await;
        if let Ok(Err(error)) = beaten {
            warn!(%error, "the database does not hear this worker");
        }
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
    info!("told to stop: finishing what is under way");
    stop.cancel();
}
