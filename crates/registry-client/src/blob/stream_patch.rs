//! One PATCH with all bytes that are missing, then a PUT without any.

use http::{HeaderValue, Method, header};

use super::{
    Session,
    upload::{Failure, Upload},
};

impl Upload<'_> {
    /// Sends everything from `from` on in one request of known length. `ranged` when the session has seen bytes
    /// before: the registry then checks that these ones fit.
    pub(super) async fn stream_patch(
        &mut self,
        session: &mut Session,
        from: u64,
        ranged: bool,
    ) -> Result<(), Failure> {
        let size = self.node().size;
        if from < size {
            let mut call = self.call("send", Method::PATCH, session.url());
            Self::as_bytes(&mut call);
            if ranged {
                let range = content_range(from, size - from);
                call.headers.insert(header::CONTENT_RANGE, range);
            }
            call.body = self.stream_from(from).await?;
            let answer = self.send(session, call).await?;
            // 202 by the specification; Amazon ECR says 201.
            if !answer.status().is_success() {
                return Err(Failure::of(answer).await);
            }
            session.moved(&answer)?;
        }
        self.close(session).await
    }
}

/// `first-last`, both inclusive, without the unit that RFC 9110 would have (distribution-spec, "Pushing a blob in chunks").
pub(super) fn content_range(from: u64, length: u64) -> HeaderValue {
    let last = (from + length).saturating_sub(1);
    HeaderValue::from_str(&format!("{from}-{last}")).unwrap_or(HeaderValue::from_static("0-0"))
}
