//! A server that answers what a function says, and remembers what it was asked.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use bytes::Bytes;
use transship_oci::{Repository, Side};
use transship_registry_client::{
    Client, Context, RemoteRepository,
    credentials::{Credential, MemoryCredentials},
};
use transship_registry_server::{Server, Tls};
use transship_testkit::tls::Authority;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) host: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Bytes,
}

impl Seen {
    /// `GET /v2/app/manifests/1.4`
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// All values of a parameter of the query, in order.
    pub(crate) fn params(&self, name: &str) -> Vec<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }
}

/// A running server; it stops when it is dropped.
pub(crate) struct Fake {
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
}

type Answer = dyn Fn(&Seen) -> Response + Send + Sync;

impl Fake {
    /// A server in plain http.
    pub(crate) async fn start(answer: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Self {
        let (app, seen) = app(Arc::new(answer));
        let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), app)
            .await
            .unwrap();
        Self { server, seen }
    }

    /// A server in https, with a certificate of `authority`.
    pub(crate) async fn start_tls(
        authority: &Authority,
        answer: impl Fn(&Seen) -> Response + Send + Sync + 'static,
    ) -> Self {
        let (app, seen) = app(Arc::new(answer));
        let identity = authority.server();
        let tls = Tls::from_pem(&identity.certificate, &identity.key).unwrap();
        let server = Server::bind_tls((Ipv4Addr::LOCALHOST, 0).into(), app, tls)
            .await
            .unwrap();
        Self { server, seen }
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn host(&self) -> String {
        self.server.local_addr().to_string()
    }

    /// Everything that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked so far, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }

    /// How often it was asked for `path`.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path == path).count()
    }

    /// The repository `path` here, on the source side.
    pub(crate) fn source(&self, client: &Client, path: &str) -> RemoteRepository {
        self.repository(client, path, Side::Source)
    }

    /// The repository `path` here.
    pub(crate) fn repository(&self, client: &Client, path: &str, side: Side) -> RemoteRepository {
        let name = Repository::new(&self.host(), path).unwrap();
        client.repository(&name, side).unwrap()
    }
}

fn app(answer: Arc<Answer>) -> (Router, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let handler = move |request: Request| {
        let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
        async move {
            let (parts, body) = request.into_parts();
            let authorization = parts.headers.get("authorization");
            let host = parts.headers.get("host");
            let host = host.map(|value| value.to_str().unwrap().to_owned());
            let host = host.or_else(|| Some(parts.uri.authority()?.to_string()));
            let seen = Seen {
                host: host.unwrap_or_default(),
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
                body: to_bytes(body, 64 << 20).await.unwrap_or_default(),
            };
            log.lock().unwrap().push(seen.clone());
            answer(&seen)
        }
    };
    (Router::new().fallback(handler), seen)
}

/// An answer without a body.
pub(crate) fn status(status: u16) -> Response {
    Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap()
}

/// An answer without a body, with headers.
pub(crate) fn with(status: u16, headers: &[(&str, &str)]) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Body::empty()).unwrap()
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &str) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// A manifest without children, and its answer.
pub(crate) const MANIFEST: &str =
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

/// The answer to a GET of [`MANIFEST`].
pub(crate) fn manifest() -> Response {
    Response::builder()
        .header("content-type", "application/vnd.oci.image.index.v1+json")
        .body(Body::from(MANIFEST))
        .unwrap()
}

/// A client that knows one user at `host`.
pub(crate) fn client_of(host: &str, user: &str, password: &str) -> Client {
    let credential = Credential::Password {
        user: user.to_owned(),
        password: password.into(),
    };
    client_with(host, credential)
}

/// A client that knows one credential at `host`.
pub(crate) fn client_with(host: &str, credential: Credential) -> Client {
    let credentials = MemoryCredentials::default().with(host, credential, "the test");
    Client::new(Context {
        credentials: Arc::new(credentials),
        ..Context::default()
    })
    .unwrap()
}

/// A client that knows nobody.
pub(crate) fn anonymous() -> Client {
    Client::new(Context::default()).unwrap()
}
