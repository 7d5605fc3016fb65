//! A tag that moves under the reader's hands.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use http::{Method, StatusCode};
use transship_oci::Digest;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{answer, route_of},
};

/// Every tag can be asked for so many times; from then on it points at an empty index.
#[derive(Debug)]
pub struct MovingTag {
    after: u32,
    asked: Mutex<HashMap<String, u32>>,
}

impl MovingTag {
    /// Moves a tag after it was asked for `times` times.
    pub fn after(times: u32) -> Self {
        Self {
            after: times,
            asked: Mutex::default(),
        }
    }

    fn moved(&self, path: &str) -> bool {
        let mut asked = self
            .asked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = asked.entry(path.to_owned()).or_default();
        *count += 1;
        *count > self.after
    }
}

#[async_trait]
impl Quirk for MovingTag {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let path = request.uri().path().to_owned();
        let route = route_of(&request);
        let read = matches!(route, Route::HeadManifest | Route::GetManifest);
        let name = path.rsplit('/').next().unwrap_or_default();
        let plain = name.parse::<Digest>().is_err() && !name.starts_with("sha256-");
        if !read || !plain {
            return next.run(request).await;
        }
        let (parts, body) = request.into_parts();
        let there = next.ask(&parts, Method::HEAD, &path).await.status() == StatusCode::OK;
        if !there || !self.moved(&path) {
            return next.run(Request::from_parts(parts, body)).await;
        }
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{0}","manifests":[]}}"#,
            transship_oci::media_type::OCI_INDEX
        );
        let (length, digest) = (text.len(), Digest::sha256(text.as_bytes()).to_string());
        let text = if route == Route::HeadManifest {
            String::new()
        } else {
            text
        };
        let mut moved = answer(StatusCode::OK, transship_oci::media_type::OCI_INDEX, text);
        moved
            .headers_mut()
            .insert("docker-content-digest", digest.parse().expect("a digest"));
        moved.headers_mut().insert("content-length", length.into());
        Ok(moved)
    }
}
