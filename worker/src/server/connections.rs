//! What a connection may cost this machine.

use std::time::Duration;

use axum::serve::{Listener, ListenerExt};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tracing::{debug, warn};

/// How much of what was written the kernel keeps for whoever does not read, in bytes; it takes twice as much.
const SEND_BUFFER: usize = 64 * 1024;
/// How long somebody may take nothing of what was written.
const UNTAKEN: Duration = Duration::from_secs(30);

/// As many open files as this process may have: each connection is one, and what is usual is 1024.
pub fn raise_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        warn!(%error, "cannot have more open files: many streams at once will be refused");
    }
}

/// The same listener, whose connections end when nobody reads them, and hold little until then.
pub fn bounded(listener: TcpListener) -> impl Listener<Io = TcpStream, Addr = std::net::SocketAddr> {
    listener.tap_io(|connection| {
        if let Err(error) = bound(connection) {
            debug!(%error, "cannot bound a connection");
        }
    })
}

fn bound(connection: &TcpStream) -> std::io::Result<()> {
    // What has happened is told at once, however short it is.
    connection.set_nodelay(true)?;
    let socket = SockRef::from(connection);
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.set_tcp_user_timeout(Some(UNTAKEN))
}
