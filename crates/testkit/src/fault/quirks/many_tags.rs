//! A repository with more tags than anybody reads.

use async_trait::async_trait;
use http::StatusCode;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{answer, route_of, whole},
};

/// Lists so many tags beside those that there are, `t000000` and on, all in one page.
#[derive(Debug, Clone, Copy)]
pub struct ManyTags(pub usize);

#[async_trait]
impl Quirk for ManyTags {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) != Route::Tags {
            return next.run(request).await;
        }
        let found = next.run(request).await?;
        let body = whole(found.into_body()).await?;
        let mut list: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let made = (0..self.0).map(|number| format!("t{number:06}").into());
        let there = list["tags"].as_array().cloned().unwrap_or_default();
        list["tags"] = there.into_iter().chain(made).collect();
        Ok(answer(StatusCode::OK, "application/json", list.to_string()))
    }
}
