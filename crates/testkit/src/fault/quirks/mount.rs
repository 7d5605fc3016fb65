//! What is answered to a mount.

use async_trait::async_trait;

use crate::fault::{
    Next, Outcome, Quirk, Request, Route,
    body::drain,
    quirk::{refusal, route_of, with_query},
};

/// What is answered to a mount (distribution-spec, "Mounting a blob from another repository").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// 202: no mount, but an upload session instead.
    Session,
    /// This status.
    Refused(u16),
}

#[async_trait]
impl Quirk for Mount {
    async fn handle(&self, mut request: Request, next: Next<'_>) -> Outcome {
        if route_of(&request) != Route::PostMount {
            return next.run(request).await;
        }
        match self {
            Self::Session => {
                *request.uri_mut() = with_query(request.uri(), "");
                next.run(request).await
            }
            Self::Refused(status) => {
                drain(request.into_body()).await;
                let code = match status {
                    401 => "UNAUTHORIZED",
                    403 => "DENIED",
                    405 => "UNSUPPORTED",
                    _ => "BLOB_UNKNOWN",
                };
                Ok(refusal(*status, code, "mount refused"))
            }
        }
    }
}
