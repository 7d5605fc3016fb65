//! A router on a socket: HTTP/1.1 and HTTP/2, plain or over TLS, ended without cutting anybody off.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{origin::Secure, tls::Tls};

/// How many connections are served at once; more of them wait.
const MAX_CONNECTIONS: usize = 1024;
/// How long a client may take over its TLS handshake.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may be idle, or a client take over its headers. Longer than clients keep connections that
/// they do not use: when they end it, no request is lost.
const IDLE: Duration = Duration::from_mins(2);
/// How long requests that are under way may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// The window of one HTTP/2 stream and of a whole connection, in bytes: the default of 64 KiB starves large blobs.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;

/// A server that is running.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Server {
    /// Serves `app` in plain HTTP at `address`; port 0 takes any that is free.
    ///
    /// # Errors
    /// `Conflict` when the address cannot be had.
    pub async fn bind(address: SocketAddr, app: Router) -> Result<Self> {
        Self::start(address, app, None).await
    }

    /// Serves `app` over TLS at `address`.
    ///
    /// # Errors
    /// `Conflict` when the address cannot be had.
    pub async fn bind_tls(address: SocketAddr, app: Router, tls: Tls) -> Result<Self> {
        Self::start(address, app, Some(tls)).await
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, lets requests that are under way end, and returns when all are gone.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        // It can only have panicked or been cancelled with the runtime; it is gone either way.
        let _ = (&mut self.running).await;
    }

    async fn start(address: SocketAddr, app: Router, tls: Option<Tls>) -> Result<Self> {
        let refused = |cause| {
            Error::new(ErrorKind::Conflict, "the address cannot be listened on")
                .on(Side::Local)
                .at(address)
                .because(cause)
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let stop = CancellationToken::new();
        let running = tokio::spawn(accept(listener, app, tls, stop.clone()));
        Ok(Self {
            address,
            stop,
            running,
        })
    }
}

impl Drop for Server {
    /// Takes no more connections; those that are open end on their own.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, app: Router, tls: Option<Tls>, stop: CancellationToken) {
    let tls = tls.map(|tls| TlsAcceptor::from(tls.config));
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some((stream, permit)) = next(&listener, &room, &stop).await {
        let connection = Connection {
            app: app.clone(),
            stop: stop.clone(),
            _permit: permit,
        };
        tokio::spawn(connection.serve(stream, tls.clone()));
    }
    drop(listener);
    // Every connection holds a permit until it has ended.
    let most = u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX);
    let ended = room.acquire_many(most);
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("requests were cut off: they took longer than the time given to them");
    }
}

/// The next connection, once there is room for it; `None` when it is time to stop.
async fn next(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let wait = async {
        let permit = Arc::clone(room).acquire_owned().await.ok()?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return Some((stream, permit)),
                // Out of file handles, mostly: taking a breath lets others finish.
                Err(cause) => {
                    tracing::warn!(error = %cause, "a connection cannot be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        next = wait => next,
    }
}

struct Connection {
    app: Router,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are written whole; waiting for more to send would only add to the round trip.
        let _ = stream.set_nodelay(true);
        let Some(acceptor) = tls else {
            return self.talk(stream, false).await;
        };
        match tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.talk(stream, true).await,
            Ok(Err(cause)) => tracing::debug!(error = %cause, "tls handshake"),
            Err(_) => tracing::debug!("tls handshake took too long"),
        }
    }

    async fn talk(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        secure: bool,
    ) {
        let app = self.app.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            if secure {
                request.extensions_mut().insert(Secure);
            }
            app.clone().oneshot(request)
        });
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE);
        http.http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_concurrent_streams(128);
        let connection = http
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(cause) = ended {
            tracing::debug!(error = %cause, "connection");
        }
    }
}
