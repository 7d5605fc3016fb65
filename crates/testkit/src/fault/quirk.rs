//! What may go wrong, as layers around a registry.

use std::{fmt::Debug, sync::Arc};

use async_trait::async_trait;
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Method, StatusCode, Uri, header::AUTHORIZATION};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::Route;

/// A request on its way in.
pub type Request = http::Request<Body>;
/// An answer on its way out.
pub type Response = http::Response<Body>;
/// An answer, or no answer at all.
pub type Outcome = Result<Response, Cut>;

/// The connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut by the fault registry")
    }
}

impl std::error::Error for Cut {}

/// One way to misbehave.
#[async_trait]
pub trait Quirk: Debug + Send + Sync {
    /// Handles a request: changes it, answers it, passes it on and changes the answer, or cuts the connection.
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome;
}

/// Where the registry is, for quirks that write URLs. In the extensions of every request.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    /// Host and port of the registry.
    pub(crate) registry: String,
    /// Host and port of the storage behind it.
    pub(crate) storage: String,
}

/// What is behind a quirk: further quirks, then the registry.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    pub(super) quirks: &'a [Arc<dyn Quirk>],
    pub(super) app: &'a Router,
}

impl Next<'_> {
    /// Passes a request on.
    ///
    /// # Errors
    /// [`Cut`] when a quirk behind cuts the connection.
    pub async fn run(self, request: Request) -> Outcome {
        match self.quirks.split_first() {
            Some((quirk, quirks)) => quirk.handle(request, Next { quirks, ..self }).await,
            None => Ok(self
                .app
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {})),
        }
    }

    /// Asks the registry itself something on behalf of `like`, past all quirks and uncounted.
    pub(crate) async fn ask(
        self,
        like: &http::request::Parts,
        method: Method,
        path: &str,
    ) -> Response {
        self.tell(like, method, path, "", Bytes::new()).await
    }

    /// Like [`Next::ask`], with a body.
    pub(crate) async fn tell(
        self,
        like: &http::request::Parts,
        method: Method,
        path: &str,
        media_type: &str,
        body: Bytes,
    ) -> Response {
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(
                "accept",
                transship_oci::media_type::ACCEPT_MANIFESTS.join(", "),
            )
            .header("content-length", body.len());
        if !media_type.is_empty() {
            request = request.header("content-type", media_type);
        }
        if let Some(authorization) = like.headers.get(AUTHORIZATION) {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Body::from(body)).expect("a request");
        self.app
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never| match never {})
    }
}

/// The class of a request.
pub(crate) fn route_of(request: &Request) -> Route {
    let uri = request.uri();
    Route::of(
        request.method(),
        uri.path(),
        uri.query().unwrap_or_default(),
    )
}

/// An answer with a body of text.
pub(crate) fn answer(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Response {
    let body = body.into();
    http::Response::builder()
        .status(status)
        .header("content-type", media_type)
        .header("content-length", body.len())
        .body(Body::from(body))
        .expect("an answer")
}

/// An error as the distribution specification writes it.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
    let status = StatusCode::from_u16(status).expect("a status");
    answer(status, "application/json", body.to_string())
}

/// Reads a body whole.
pub(crate) async fn whole(body: Body) -> Result<Bytes, Cut> {
    Ok(body.collect().await.map_err(|_| Cut)?.to_bytes())
}

/// The same address with another query.
pub(crate) fn with_query(uri: &Uri, query: &str) -> Uri {
    let text = if query.is_empty() {
        uri.path().to_owned()
    } else {
        format!("{}?{query}", uri.path())
    };
    text.parse().expect("an address")
}
