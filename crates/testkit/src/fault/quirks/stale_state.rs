//! A session whose address changes with every byte, as CNCF distribution signs the offset into `_state`.

use std::{collections::HashMap, sync::Mutex};

use async_trait::async_trait;
use http::{StatusCode, header::LOCATION};

use crate::fault::{
    Next, Outcome, Quirk, Request, Response, Route,
    action::without,
    quirk::{refusal, route_of, with_query},
};

/// Only the newest `Location` is good: PATCH, PUT and DELETE with an older one are answered 416 without a new one.
/// GET does not look at the state, and so gives the newest.
#[derive(Debug, Default)]
pub struct StaleState {
    states: Mutex<HashMap<String, u64>>,
}

#[async_trait]
impl Quirk for StaleState {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        let route = route_of(&request);
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        if matches!(route, Route::Patch | Route::PutBlob | Route::DeleteUpload) {
            let newest = self.newest(&path);
            let given = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("_state="));
            if given != Some(newest.to_string().as_str()) {
                return Ok(refusal(416, "RANGE_INVALID", "resumed at wrong offset"));
            }
        }
        *request.uri_mut() = with_query(request.uri(), &without(&query, "_state"));
        let mut answer = next.run(request).await?;
        if route == Route::Patch {
            self.advance(&path);
        }
        if route.is_upload() && answer.status() != StatusCode::CREATED {
            self.sign(&mut answer);
        }
        Ok(answer)
    }
}

impl StaleState {
    fn newest(&self, path: &str) -> u64 {
        self.states().get(path).copied().unwrap_or_default()
    }

    fn advance(&self, path: &str) {
        *self.states().entry(path.to_owned()).or_default() += 1;
    }

    fn sign(&self, answer: &mut Response) {
        let Some(location) = answer
            .headers()
            .get(LOCATION)
            .and_then(|it| it.to_str().ok())
        else {
            return;
        };
        let path = location
            .split_once("://")
            .map_or(location, |(_, rest)| rest);
        let path = &path[path.find('/').unwrap_or_default()..];
        let bare = path.split('?').next().unwrap_or_default();
        let joint = if location.contains('?') { '&' } else { '?' };
        let text = format!("{location}{joint}_state={}", self.newest(bare));
        let value = text.parse().expect("a location");
        answer.headers_mut().insert(LOCATION, value);
    }

    fn states(&self) -> std::sync::MutexGuard<'_, HashMap<String, u64>> {
        self.states
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
