//! A server that reads a whole request and then misbehaves, below HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens after the reply was written.
#[derive(Clone, Copy)]
pub enum Ending {
    Close,
    Reset,
    /// The connection stays open, and nothing comes.
    Silence,
}

pub struct BadServer {
    pub address: String,
    requests: Arc<AtomicUsize>,
}

impl BadServer {
    /// Writes `reply`, all of it or whatever part a test wants, to whoever asks.
    pub async fn start(reply: impl Into<Vec<u8>>, ending: Ending) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        tokio::spawn(serve(listener, reply.into(), ending, Arc::clone(&requests)));
        BadServer { address, requests }
    }

    /// How many requests were read to their end.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Half of a JSON reply whose length was announced.
pub fn half_reply(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"sid\":\"SM")
}

/// An address where nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(listener: TcpListener, reply: Vec<u8>, ending: Ending, requests: Arc<AtomicUsize>) {
    let mut silent = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        if read_request(&mut stream).await.is_none() {
            continue;
        }
        requests.fetch_add(1, Ordering::SeqCst);
        let _ = stream.write_all(&reply).await;
        match ending {
            Ending::Close => {}
            Ending::Reset => stream.set_zero_linger().unwrap(),
            Ending::Silence => silent.push(stream),
        }
    }
}

/// Reads head and body; `None` for a connection that closed before, or that speaks something else.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(())
}
