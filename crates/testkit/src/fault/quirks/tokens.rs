//! Bearer tokens, and everything that is done with them.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use axum::body::Body;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::fault::{
    Next, Outcome, Quirk, Request, Response, Route,
    action::land,
    body::drain,
    profiles::LANDED,
    quirk::{Hosts, answer, refusal, route_of, whole},
};

/// A registry that wants a token for each repository, and its token endpoint `/token`.
///
/// A request needs a token whose scopes name its repository with `pull` (GET, HEAD) or `push` (all others); a mount
/// needs `pull` on the repository it is from too.
#[derive(Debug)]
pub struct Tokens {
    user: Option<(String, String)>,
    expires_in: Option<u64>,
    first_lasts: u64,
    post: bool,
    stale_status: u16,
    tires_in: Mutex<Option<Route>>,
    issued: Mutex<HashMap<String, Issued>>,
    number: AtomicU64,
}

#[derive(Debug)]
struct Issued {
    scopes: Vec<String>,
    left: u64,
}

impl Tokens {
    /// Tokens for everybody, good for 300 seconds, `POST` not supported.
    pub fn new() -> Self {
        Self {
            user: None,
            expires_in: Some(300),
            first_lasts: u64::MAX,
            post: false,
            stale_status: 401,
            tires_in: Mutex::new(None),
            issued: Mutex::default(),
            number: AtomicU64::new(0),
        }
    }

    /// Only for this user, by Basic authentication or by the password grant.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.user = Some((name.to_owned(), password.to_owned()));
        self
    }

    /// What `expires_in` says; left out for `None`.
    pub fn expires_in(mut self, seconds: Option<u64>) -> Self {
        self.expires_in = seconds;
        self
    }

    /// The first token is refused after so many requests, whatever `expires_in` said.
    pub fn first_lasts(mut self, requests: u64) -> Self {
        self.first_lasts = requests;
        self
    }

    /// A token that is used up is answered 400 instead of 401, as Amazon ECR Public does.
    pub fn refused_by_400(mut self) -> Self {
        self.stale_status = 400;
        self
    }

    /// The token of the first request of this class dies in the middle of the request's body.
    pub fn tires_in(self, route: Route) -> Self {
        *self.tires_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(route);
        self
    }

    /// The `OAuth2` form of the endpoint is there too; else it answers 404.
    pub fn post(mut self) -> Self {
        self.post = true;
        self
    }

    /// How many tokens were given out.
    pub fn given(&self) -> u64 {
        self.number.load(Relaxed)
    }

    /// Refuses all tokens given out so far.
    pub fn revoke(&self) {
        self.issued().clear();
    }

    async fn give(&self, request: Request) -> Outcome {
        let (parts, body) = request.into_parts();
        let posted = parts.method == http::Method::POST;
        if posted && !self.post {
            drain(body).await;
            return Ok(answer(
                StatusCode::NOT_FOUND,
                "text/plain",
                "404 page not found\n",
            ));
        }
        let form = if posted {
            String::from_utf8_lossy(&whole(body).await?).into_owned()
        } else {
            parts.uri.query().unwrap_or_default().to_owned()
        };
        let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes())
            .into_owned()
            .collect();
        let basic = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|it| it.to_str().ok());
        if !self.known(basic, &form) {
            return Ok(refusal(
                401,
                "UNAUTHORIZED",
                "incorrect username or password",
            ));
        }
        let scopes = form.iter().filter(|(key, _)| key == "scope");
        // OAuth2 divides scopes by blanks, the Docker form repeats the field.
        let scopes = scopes
            .flat_map(|(_, scope)| scope.split(' ').map(str::to_owned))
            .collect();
        let number = self.number.fetch_add(1, Relaxed) + 1;
        let token = format!("token-{number}");
        let left = if number == 1 {
            self.first_lasts
        } else {
            u64::MAX
        };
        self.issued().insert(token.clone(), Issued { scopes, left });
        let mut given = json!({"token": token, "access_token": token});
        if let Some(seconds) = self.expires_in {
            given["expires_in"] = seconds.into();
        }
        Ok(answer(
            StatusCode::OK,
            "application/json",
            given.to_string(),
        ))
    }

    fn known(&self, basic: Option<&str>, form: &[(String, String)]) -> bool {
        let Some((name, password)) = &self.user else {
            return true;
        };
        let wanted = BASE64_STANDARD.encode(format!("{name}:{password}"));
        let field = |key: &str| form.iter().find(|(k, _)| k == key).map(|(_, value)| value);
        basic == Some(&format!("Basic {wanted}"))
            || (field("username") == Some(name) && field("password") == Some(password))
    }

    /// Does a token cover these scopes? It is worn a little by the question.
    fn judge(&self, token: &str, needed: &[(String, &str)]) -> Judgement {
        let mut issued = self.issued();
        let Some(token) = issued.get_mut(token) else {
            return Judgement::Stale;
        };
        let covers = |(repository, action): &(String, &str)| {
            token.scopes.iter().any(|scope| {
                let (name, actions) = scope.rsplit_once(':').unwrap_or_default();
                name.strip_prefix("repository:") == Some(repository)
                    && actions.split(',').any(|it| it == *action || it == "*")
            })
        };
        if !needed.iter().all(covers) {
            return Judgement::Narrow;
        }
        if token.left == 0 {
            return Judgement::Stale;
        }
        token.left -= 1;
        Judgement::Good
    }

    fn tires(&self, request: &Request) -> bool {
        let mut tires_in = self.tires_in.lock().unwrap_or_else(PoisonError::into_inner);
        tires_in
            .take_if(|route| *route == route_of(request))
            .is_some()
    }

    fn issued(&self) -> std::sync::MutexGuard<'_, HashMap<String, Issued>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Quirk for Tokens {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) == Route::Token {
            return self.give(request).await;
        }
        let needed = needed(&request);
        let Some(token) = bearer(&request) else {
            return Ok(challenge(request, &needed, None).await);
        };
        match self.judge(&token, &needed) {
            Judgement::Good => {}
            Judgement::Narrow => {
                let error = Some("insufficient_scope");
                return Ok(challenge(request, &needed, error).await);
            }
            Judgement::Stale if self.stale_status == 400 => {
                drain(request.into_body()).await;
                let message = "Your authorization token has expired. Reauthenticate and try again.";
                return Ok(refusal(400, "DENIED", message));
            }
            Judgement::Stale => return Ok(challenge(request, &needed, Some("invalid_token")).await),
        }
        // What is behind knows nothing of these tokens.
        request.headers_mut().remove(header::AUTHORIZATION);
        if self.tires(&request) {
            self.issued().remove(&token);
            let (parts, body) = request.into_parts();
            let again = Request::from_parts(parts.clone(), Body::empty());
            let landed = land(Request::from_parts(parts, body), LANDED, next).await?;
            landed.drain().await;
            return Ok(challenge(again, &needed, Some("invalid_token")).await);
        }
        next.run(request).await
    }
}

/// What a token is good for.
enum Judgement {
    Good,
    /// It is of another repository, or only for reading.
    Narrow,
    /// It is used up, or none of ours.
    Stale,
}

fn bearer(request: &Request) -> Option<String> {
    let value = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

/// The scopes that a request needs, its own repository first.
fn needed(request: &Request) -> Vec<(String, &'static str)> {
    let path = request.uri().path().trim_start_matches("/v2/");
    let ends = ["/manifests/", "/blobs/", "/tags/list", "/referrers/"];
    let Some(end) = ends.iter().filter_map(|end| path.rfind(end)).max() else {
        return Vec::new();
    };
    let read = matches!(request.method().as_str(), "GET" | "HEAD");
    let action = if read { "pull" } else { "push" };
    let mut needed = vec![(path[..end].to_owned(), action)];
    let query = request.uri().query().unwrap_or_default();
    if route_of(request) == Route::PostMount {
        let from = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "from");
        needed.extend(from.map(|(_, from)| (from.into_owned(), "pull")));
    }
    needed
}

/// Reads the request to its end and answers 401.
async fn challenge(request: Request, needed: &[(String, &str)], error: Option<&str>) -> Response {
    let host = request
        .extensions()
        .get::<Hosts>()
        .expect("hosts")
        .registry
        .clone();
    drain(request.into_body()).await;
    let scope = |(repository, action): &(String, &str)| {
        let actions = if *action == "push" {
            "pull,push"
        } else {
            action
        };
        format!("repository:{repository}:{actions}")
    };
    let scopes: Vec<String> = needed.iter().map(scope).collect();
    let mut fields = vec![
        format!("realm=\"http://{host}/token\""),
        "service=\"test\"".to_owned(),
    ];
    if !scopes.is_empty() {
        fields.push(format!("scope=\"{}\"", scopes.join(" ")));
    }
    fields.extend(error.map(|error| format!("error=\"{error}\"")));
    let value = format!("Bearer {}", fields.join(","));
    let mut refused = refusal(401, "UNAUTHORIZED", "authentication required");
    let value = HeaderValue::from_str(&value).expect("a challenge");
    refused
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, value);
    refused
}
