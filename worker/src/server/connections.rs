//! Connections: how many there are at once, what each may cost this machine, and how long it may keep a request to itself.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

/// How much of what was written the kernel keeps for whoever does not read, in bytes; it takes twice as much.
const SEND_BUFFER: usize = 64 * 1024;
/// How long somebody may take nothing of what was written.
const UNTAKEN: Duration = Duration::from_secs(30);
/// How many there may be beside those who follow the history.
const BESIDE_STREAMS: usize = 1000;
/// Open files that no caller has: connections to the database and to the providers, and what the program itself has open.
const OTHER_FILES: u64 = 300;
/// What is usual where nobody has said how many files may be open.
const USUAL_FILES: u64 = 1024;
/// How long it waits when this machine has no more connections to give.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is said that there are as many as may be.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// As many open files as this process may have, and how many those are: each connection is one.
pub fn raise_limit() -> u64 {
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        warn!(%error, "cannot have more open files: many connections at once will have to wait");
        USUAL_FILES
    })
}

/// How many connections there may be at once with `files` open files: as many as may follow the history and some more, as far as
/// the files last.
pub fn most(streams: u16, files: u64) -> usize {
    let left = files.saturating_sub(OTHER_FILES).max(files / 2);
    usize::from(streams).saturating_add(BESIDE_STREAMS).min(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Answers whoever connects, until told to stop, and then whoever has asked already. `most` at once, with a WebSocket or a stream as
/// with a request; others wait in the kernel. The head of a request has to come `within` this time, and so has the next one on a
/// connection that stays.
pub async fn serve(listener: TcpListener, routes: Router, most: usize, within: Duration, stop: CancellationToken) {
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(within);
    let mut door = Door { listener, room: Arc::new(Semaphore::new(most)), told_at: None };
    let open = TaskTracker::new();
    while let Some(Some(connection)) = stop.run_until_cancelled(door.next()).await {
        open.spawn(answer(http.clone(), connection, routes.clone(), stop.clone()));
    }
    // Nobody waits at a door that stays closed.
    drop(door);
    open.close();
    open.wait().await;
}

struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
    /// When it was last said that there is no room.
    told_at: Option<Instant>,
}

impl Door {
    /// The next connection. There is room for it before it is taken, so that the kernel keeps those for whom there is none.
    async fn next(&mut self) -> Option<Connection> {
        if self.room.available_permits() == 0 && self.told_at.is_none_or(|at| at.elapsed() > TOLD_EVERY) {
            warn!("there are as many connections as may be: others will wait");
            self.told_at = Some(Instant::now());
        }
        let room = self.room.clone().acquire_owned().await.ok()?;
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return Some(Connection { stream, _room: room }),
                Err(error) if is_of_the_caller(&error) => debug!(%error, "somebody has gone before they were let in"),
                Err(error) => {
                    warn!(%error, "cannot take a connection; trying again");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

fn is_of_the_caller(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

async fn answer(http: Builder, connection: Connection, routes: Router, stop: CancellationToken) {
    if let Err(error) = bound(&connection.stream) {
        debug!(%error, "cannot bound a connection");
    }
    let served = http.serve_connection(TokioIo::new(connection), TowerToHyperService::new(routes)).with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection has ended early");
    }
}

fn bound(stream: &TcpStream) -> Result<()> {
    // What has happened is told at once, however short it is.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(UNTAKEN))
}

/// A connection and its room, which is free when it ends: also when it has become a WebSocket meanwhile.
struct Connection {
    stream: TcpStream,
    _room: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_files_left_for_the_database_and_the_providers() {
        assert_eq!(most(2000, 1_048_576), 3000);
        assert_eq!(most(u16::MAX, 1_048_576), 66_535);
        assert_eq!(most(2000, 1024), 724);
        assert_eq!(most(2000, 256), 128);
    }
}
