//! `Range: 0-0` for nothing and for one byte.

use async_trait::async_trait;
use http::{StatusCode, header::RANGE};

use crate::fault::{Next, Outcome, Quirk, Request, quirk::route_of};

/// Says `Range: 0-0` of an upload that has nothing yet, as CNCF distribution does: the same as for one byte.
#[derive(Debug, Clone, Copy)]
pub struct RangeZero;

#[async_trait]
impl Quirk for RangeZero {
    async fn handle(&self, request: Request, next: Next<'_>) -> Outcome {
        let route = route_of(&request);
        let mut answer = next.run(request).await?;
        let open = matches!(
            answer.status(),
            StatusCode::ACCEPTED | StatusCode::NO_CONTENT
        );
        if route.is_upload() && open {
            let said = answer.headers().get(RANGE).and_then(|it| it.to_str().ok());
            // Every way in which servers say "nothing".
            if matches!(said, None | Some("" | "0--1" | "-1" | "bytes=0--1")) {
                answer
                    .headers_mut()
                    .insert(RANGE, "0-0".parse().expect("a range"));
            }
        }
        Ok(answer)
    }
}
