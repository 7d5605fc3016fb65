//! Bodies that are too large.

use async_trait::async_trait;
use axum::body::Body;

use crate::fault::{
    Next, Outcome, Quirk, Request, Response, Route,
    body::{drain, split},
    quirk::{refusal, route_of, whole},
};

/// Answers 413 to a body of more than so many bytes on these routes, as a proxy in front of a registry does.
#[derive(Debug, Clone)]
pub struct MaxBody {
    routes: Vec<Route>,
    bytes: u64,
}

impl MaxBody {
    /// At most so many bytes.
    pub fn new(routes: impl IntoIterator<Item = Route>, bytes: u64) -> Self {
        Self {
            routes: routes.into_iter().collect(),
            bytes,
        }
    }

    fn applies(&self, request: &Request) -> bool {
        self.routes.contains(&route_of(request))
    }
}

fn said(request: &Request) -> Option<u64> {
    let length = request.headers().get("content-length")?;
    length.to_str().ok()?.parse().ok()
}

#[async_trait]
impl Quirk for MaxBody {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        if !self.applies(&request) || said(&request).is_some_and(|length| length <= self.bytes) {
            return next.run(request).await;
        }
        if said(&request).is_some() {
            drain(request.into_body()).await;
            return Ok(too_large());
        }
        // Sent in pieces of unknown length: found out only when there is one byte too many.
        let (parts, body) = request.into_parts();
        let (head, rest) = split(body, self.bytes + 1);
        let head = whole(head).await?;
        if head.len() as u64 > self.bytes {
            rest.drain().await;
            return Ok(too_large());
        }
        next.run(Request::from_parts(parts, Body::from(head))).await
    }
}

fn too_large() -> Response {
    refusal(413, "SIZE_INVALID", "request entity too large")
}
