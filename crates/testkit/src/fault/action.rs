//! What happens to a request that a rule picks.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use transship_oci::{Clock as _, SystemClock};

use super::{
    Cut, Hold, Next, Outcome, Request, Response, Route, body,
    quirk::{answer, route_of, with_query},
};

/// An answer made up beforehand.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    retry_at: Option<Duration>,
    media_type: &'static str,
    body: Bytes,
}

impl Answer {
    /// A status alone.
    pub fn new(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).expect("a status"),
            headers: Vec::new(),
            retry_at: None,
            media_type: "text/plain",
            body: Bytes::new(),
        }
    }

    /// An error as the distribution specification writes it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
        Self::new(status).body("application/json", body.to_string())
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = value.parse().expect("a header value");
        self.headers.push((HeaderName::from_static(name), value));
        self
    }

    /// Adds `Retry-After` with the date so many seconds from when it is asked.
    pub fn retry_at(mut self, seconds: u64) -> Self {
        self.retry_at = Some(Duration::from_secs(seconds));
        self
    }

    /// Sets the body.
    pub fn body(mut self, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.media_type = media_type;
        self.body = body.into();
        self
    }

    fn make(&self) -> Response {
        let mut made = answer(self.status, self.media_type, self.body.clone());
        made.headers_mut().extend(self.headers.iter().cloned());
        if let Some(time) = self.retry_at {
            let date = httpdate::fmt_http_date(SystemClock.now() + time);
            made.headers_mut()
                .insert(header::RETRY_AFTER, date.parse().expect("a date"));
        }
        made
    }
}

type Map = dyn Fn(Response) -> Response + Send + Sync;

/// What happens to a request.
#[derive(Clone)]
pub enum Action {
    /// It is answered so, once its body is read; the registry never hears of it.
    Answer(Answer),
    /// The registry takes so many bytes of its body; then the connection is cut, without an answer.
    CutRequest {
        /// How many bytes land.
        after: u64,
    },
    /// The registry takes so many bytes of its body; the rest waits at a door, with the connection open.
    StallRequest {
        /// How many bytes land.
        after: u64,
        /// The door.
        hold: Hold,
    },
    /// The registry takes so many bytes of its body; then this is the answer.
    RefuseRequest {
        /// How many bytes land.
        after: u64,
        /// The answer.
        answer: Answer,
    },
    /// The connection is cut in the middle of the answer's body.
    CutResponse {
        /// How many bytes go out.
        after: u64,
    },
    /// One byte of the answer's body is another.
    Corrupt {
        /// Which.
        at: u64,
    },
    /// It waits at a door.
    Hold(Hold),
    /// It takes so long on the way.
    Delay(Duration),
    /// The answer's header is this, or is left out.
    Header(&'static str, Option<String>),
    /// The answer's status is another, though the registry did what was asked.
    Relabel(u16),
    /// The registry never sees the request's header.
    Strip(&'static str),
    /// The answer's body ends early, and its length says so.
    Shorten {
        /// How many bytes are left.
        to: u64,
    },
    /// The answer's body has no end.
    Endless,
    /// The answer passes through a function.
    Map(Arc<Map>),
}

impl Action {
    /// The answer passes through a function.
    pub fn map(map: impl Fn(Response) -> Response + Send + Sync + 'static) -> Self {
        Self::Map(Arc::new(map))
    }

    pub(super) async fn perform(&self, mut request: Request, next: Next<'_>) -> Outcome {
        match self {
            Self::Answer(answer) => {
                body::drain(request.into_body()).await;
                Ok(answer.make())
            }
            Self::CutRequest { after } => {
                land(request, *after, next).await?;
                Err(Cut)
            }
            Self::StallRequest { after, hold } => {
                let (after, hold) = (*after, hold.clone());
                next.run(request.map(|whole| body::stalled(whole, after, hold)))
                    .await
            }
            Self::RefuseRequest { after, answer } => {
                land(request, *after, next).await?.drain().await;
                Ok(answer.make())
            }
            Self::CutResponse { after } => {
                let answer = sized(next.run(request).await?);
                Ok(answer.map(|whole| body::broken(whole, *after)))
            }
            Self::Corrupt { at } => {
                let answer = next.run(request).await?;
                Ok(answer.map(|whole| body::corrupted(whole, *at)))
            }
            Self::Hold(hold) => {
                hold.pass().await;
                next.run(request).await
            }
            Self::Delay(time) => {
                tokio::time::sleep(*time).await;
                next.run(request).await
            }
            Self::Strip(name) => {
                request.headers_mut().remove(*name);
                next.run(request).await
            }
            _ => Ok(self.change(next.run(request).await?)),
        }
    }

    /// Those actions that change the answer alone.
    fn change(&self, mut answer: Response) -> Response {
        match self {
            Self::Header(name, value) => {
                answer.headers_mut().remove(*name);
                if let Some(value) = value {
                    let value = value.parse().expect("a header value");
                    answer.headers_mut().insert(*name, value);
                }
                answer
            }
            Self::Relabel(status) => {
                *answer.status_mut() = StatusCode::from_u16(*status).expect("a status");
                answer
            }
            Self::Endless => {
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                answer.map(|_| body::endless())
            }
            Self::Shorten { to } => {
                answer.headers_mut().remove(header::CONTENT_LENGTH);
                answer.map(|whole| body::split(whole, *to).0)
            }
            Self::Map(map) => map(answer),
            _ => answer,
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Answer(answer) => return write!(f, "Answer({})", answer.status),
            Self::CutRequest { after } => return write!(f, "CutRequest({after})"),
            Self::StallRequest { after, .. } => return write!(f, "StallRequest({after})"),
            Self::RefuseRequest { after, answer } => {
                return write!(f, "RefuseRequest({after}, {})", answer.status);
            }
            Self::CutResponse { after } => return write!(f, "CutResponse({after})"),
            Self::Corrupt { at } => return write!(f, "Corrupt({at})"),
            Self::Hold(_) => "Hold",
            Self::Delay(time) => return write!(f, "Delay({time:?})"),
            Self::Header(name, value) => return write!(f, "Header({name}, {value:?})"),
            Self::Relabel(status) => return write!(f, "Relabel({status})"),
            Self::Strip(name) => return write!(f, "Strip({name})"),
            Self::Shorten { to } => return write!(f, "Shorten({to})"),
            Self::Endless => "Endless",
            Self::Map(_) => "Map",
        };
        f.write_str(name)
    }
}

/// Lets the first bytes of a request's body reach the registry, as if the connection had died after them.
pub(super) async fn land(request: Request, after: u64, next: Next<'_>) -> Result<body::Rest, Cut> {
    let route = route_of(&request);
    let (mut parts, whole) = request.into_parts();
    let length = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    let complete = length.is_some_and(|length| after >= length) || after == u64::MAX;
    let (head, rest) = body::split(whole, after);
    if complete {
        next.run(Request::from_parts(parts, head)).await?;
        return Ok(rest);
    }
    match route {
        // Half of a closing PUT stays in the session, as half of a PATCH does.
        Route::PutBlob => {
            parts.method = Method::PATCH;
            parts.uri = with_query(
                &parts.uri,
                &without(parts.uri.query().unwrap_or_default(), "digest"),
            );
        }
        Route::Patch => {}
        // Half of anything else is nothing.
        _ => {
            body::drain(head).await;
            return Ok(rest);
        }
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    shorten_range(&mut parts.headers, after);
    next.run(Request::from_parts(parts, head)).await?;
    Ok(rest)
}

/// `Content-Range: 100-199` of a chunk of which only ten bytes arrive is `100-109`.
fn shorten_range(headers: &mut http::HeaderMap, after: u64) {
    let Some(range) = headers.remove(header::CONTENT_RANGE) else {
        return;
    };
    let start = range
        .to_str()
        .ok()
        .and_then(|text| text.split_once('-')?.0.parse::<u64>().ok());
    if let Some(start) = start
        && after > 0
    {
        let text = format!("{start}-{}", start + after - 1);
        headers.insert(header::CONTENT_RANGE, text.parse().expect("a range"));
    }
}

pub(super) fn without(query: &str, key: &str) -> String {
    let keep = |pair: &&str| pair.split('=').next() != Some(key);
    query.split('&').filter(keep).collect::<Vec<_>>().join("&")
}

/// Says the length of an answer in its headers, so that it can be seen that it was not kept.
fn sized(mut answer: Response) -> Response {
    if let Some(length) = answer.body().size_hint().exact()
        && !answer.headers().contains_key(header::CONTENT_LENGTH)
    {
        answer
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
    }
    answer
}
