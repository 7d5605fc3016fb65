//! Blobs that are somewhere else.

use async_trait::async_trait;
use http::{StatusCode, header::LOCATION};

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    quirk::{Hosts, answer, route_of},
};

/// Where a blob's reader is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirect {
    /// To the storage host, by a signed address. Storage answers 400 to a request with `Authorization`.
    Storage,
    /// To the same place, again and again.
    Loop,
}

#[async_trait]
impl Quirk for Redirect {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) != Route::GetBlob {
            return next.run(request).await;
        }
        let hosts = request.extensions().get::<Hosts>().expect("hosts");
        let path = request.uri().path();
        let query = request.uri().query().unwrap_or_default();
        let location = match self {
            Self::Storage => format!("http://{}{path}?X-Amz-Signature=c2VjcmV0", hosts.storage),
            Self::Loop => {
                let hop = query.trim_start_matches("hop=").parse().unwrap_or(0_u32) + 1;
                format!("{path}?hop={hop}")
            }
        };
        let mut sent = answer(StatusCode::TEMPORARY_REDIRECT, "text/plain", "");
        sent.headers_mut()
            .insert(LOCATION, location.parse().expect("a location"));
        Ok(sent)
    }
}
