//! A registry elsewhere as a router: to count what a peer is asked, or to put faults in front of it.

use axum::{Router, body::Body};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Request, Response, quirk::refusal};

/// Passes every request on to `host` over plain HTTP, one connection each, the `Host` header as it came.
pub fn proxy(host: &str) -> Router {
    let host = host.to_owned();
    Router::new().fallback(move |request: Request| {
        let host = host.clone();
        async move {
            let passed = pass(&host, request).await;
            passed.unwrap_or_else(|cause| refusal(502, "UNAVAILABLE", &format!("{host}: {cause}")))
        }
    })
}

async fn pass(
    host: &str,
    request: Request,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the answer's body, or with its reader.
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.map(Body::new))
}
