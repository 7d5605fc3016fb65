//! The registry: a store, who may use it, and the rules. Every request passes here.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, request::Parts};

use serde::Serialize;

use crate::{
    auth::{Action, Auth, Caller},
    blobs, catalog, manifests,
    query::Query,
    referrers,
    refusal::{Code, Refusal},
    reply::Reply,
    route::Route,
    sessions::Sessions,
    settings::Settings,
    store::{Store, StoredRepository},
    tags, uploads,
};

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// A registry, to be put together and made into a [`Router`].
#[derive(Debug)]
pub struct Registry {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    auth: Auth,
}

impl Registry {
    /// A registry over a store, open to everybody.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let settings = Settings::default();
        Self {
            store,
            sessions: Sessions::new(settings.max_uploads, settings.upload_idle),
            settings,
            auth: Auth::open(),
        }
    }

    /// Says who may use it.
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// Says what it allows.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.sessions = Sessions::new(settings.max_uploads, settings.upload_idle);
        self.settings = settings;
        self
    }

    /// The registry as something that answers requests.
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self))
    }

    /// A repository that exists.
    pub(crate) async fn repository(
        &self,
        name: &str,
    ) -> Result<Arc<dyn StoredRepository>, Refusal> {
        let found = self.store.open(name).await?;
        found.ok_or_else(|| Refusal::no_repository(name))
    }

    async fn dispatch(&self, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let (method, headers) = (&parts.method, &parts.headers);
        let query = Query::of(&parts.uri);
        let route = Route::parse(parts.uri.path())?;
        if route == Route::Token {
            return Box::pin(self.auth.token_reply(&parts, &query, body)).await;
        }
        let caller = self.admit(&route, &parts).await?;
        match &route {
            Route::Ping | Route::Token => Ok(Reply::json("application/json", &Nothing {})?.done()),
            Route::Catalog => catalog::list(self, method, &query).await,
            Route::Tags(name) => tags::list(self, method, name, &query).await,
            Route::Referrers(name, subject) => {
                referrers::list(self, method, name, subject, &query).await
            }
            Route::Blob(name, digest) => blobs::answer(self, method, name, digest, headers).await,
            Route::Manifest(name, reference) => {
                let place = (name.as_str(), reference);
                Box::pin(manifests::answer(
                    self, method, place, &query, headers, body,
                ))
                .await
            }
            Route::Uploads(name) if method == Method::POST => {
                Box::pin(uploads::open(self, &caller, name, &query, headers, body)).await
            }
            Route::Uploads(_) => Err(Refusal::method("POST")),
            Route::Upload(name, id) => {
                let place = (name.as_str(), id.as_str());
                Box::pin(uploads::answer(self, method, place, &query, headers, body)).await
            }
        }
    }

    /// Finds out who asks, and whether that is allowed at all.
    async fn admit(&self, route: &Route, parts: &Parts) -> Result<Caller, Refusal> {
        let action = match parts.method {
            Method::GET | Method::HEAD => Action::Pull,
            Method::DELETE if !matches!(route, Route::Upload(..)) => Action::Delete,
            _ => Action::Push,
        };
        let caller = self.auth.admit(route, action, parts).await?;
        if self.settings.read_only && action != Action::Pull {
            let message = "the registry is read only";
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Code::Unsupported,
                message,
            ));
        }
        Ok(caller)
    }
}

/// What `/v2/` has to say: `{}`.
#[derive(Serialize)]
struct Nothing {}

async fn answer(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let mut response = registry
        .dispatch(request)
        .await
        .unwrap_or_else(Refusal::into_response);
    response
        .headers_mut()
        .insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    response
}
