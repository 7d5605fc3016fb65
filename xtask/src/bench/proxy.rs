//! A TCP proxy that makes the network longer: every byte arrives half a round trip later than it was sent.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use super::Result;

/// A running proxy; stops when dropped.
pub(crate) struct Proxy {
    port: u16,
    /// Bytes that came from the server.
    came: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a port of its own, leads to `to`, and adds `round_trip` to every exchange and to every connection's start.
    pub(crate) async fn start(to: SocketAddr, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let came = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&came);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, to, round_trip, Arc::clone(&counter)));
            }
        });
        Ok(Self { port, came, task })
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Bytes that came from the server so far, on all connections.
    pub(crate) fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(client: TcpStream, to: SocketAddr, round_trip: Duration, came: Arc<AtomicU64>) {
    // The handshake of a distant host takes a round trip too.
    tokio::time::sleep(round_trip).await;
    let Ok(server) = TcpStream::connect(to).await else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    tokio::join!(
        delay(client_read, server_write, round_trip / 2, |_| ()),
        delay(server_read, client_write, round_trip / 2, |bytes| {
            came.fetch_add(bytes, Ordering::Relaxed);
        })
    );
}

/// Passes bytes on, each `by` after it came. The queue is long enough that bandwidth is not limited by it.
async fn delay(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    by: Duration,
    count: impl Fn(u64),
) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(1024);
    let read = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            count(length as u64);
            if sender
                .send((Instant::now() + by, buffer[..length].to_vec()))
                .await
                .is_err()
            {
                break;
            }
        }
    };
    let write = async move {
        while let Some((due, bytes)) = receiver.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}
