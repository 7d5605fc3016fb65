//! Registries that want things in their own order.

use std::{collections::HashSet, sync::Mutex};

use async_trait::async_trait;
use axum::body::Body;
use http::{Method, StatusCode};
use serde_json::Value;
use transship_oci::Digest;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{refusal, route_of, whole},
};

/// What must be there before a manifest is taken.
#[derive(Debug)]
pub enum Order {
    /// Its subject.
    SubjectFirst,
    /// For an index put by tag: a referrer of it, as a policy does that lets only signed things have a tag.
    ReferrerBeforeTag(Mutex<HashSet<String>>),
    /// The children of an index.
    ChildrenFirst,
}

impl Order {
    /// [`Order::ReferrerBeforeTag`], with nothing seen yet.
    pub fn referrer_before_tag() -> Self {
        Self::ReferrerBeforeTag(Mutex::default())
    }

    async fn refuses(
        &self,
        body: &[u8],
        parts: &http::request::Parts,
        next: Next<'_>,
    ) -> Option<String> {
        let fields: Value = serde_json::from_slice(body).ok()?;
        let path = parts.uri.path();
        let (name, last) = path.rsplit_once('/')?;
        let subject = fields["subject"]["digest"].as_str();
        let wanted: Vec<&str> = match self {
            Self::SubjectFirst => subject.into_iter().collect(),
            Self::ChildrenFirst => {
                let children = fields["manifests"].as_array()?;
                // The fallback index lists referrers, which are there by then.
                children
                    .iter()
                    .filter_map(|child| child["digest"].as_str())
                    .collect()
            }
            Self::ReferrerBeforeTag(seen) => {
                let mut seen = seen
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                seen.extend(subject.map(str::to_owned));
                let digest = Digest::sha256(body).to_string();
                let plain_tag = last.parse::<Digest>().is_err() && !last.starts_with("sha256-");
                let refused =
                    plain_tag && fields["manifests"].is_array() && !seen.contains(&digest);
                return refused.then(|| format!("{digest} is not signed"));
            }
        };
        for digest in wanted {
            let path = format!("{name}/{digest}");
            if next.ask(parts, Method::HEAD, &path).await.status() != StatusCode::OK {
                return Some(format!("{digest} is not known"));
            }
        }
        None
    }
}

#[async_trait]
impl Quirk for Order {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) != Route::PutManifest {
            return next.run(request).await;
        }
        let (parts, body) = request.into_parts();
        let body = whole(body).await?;
        if let Some(reason) = self.refuses(&body, &parts, next).await {
            return Ok(refusal(400, "MANIFEST_BLOB_UNKNOWN", &reason));
        }
        next.run(Request::from_parts(parts, Body::from(body))).await
    }
}
