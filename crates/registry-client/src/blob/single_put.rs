//! One PUT with all bytes in it (distribution-spec, "POST then PUT").

use http::Method;
use transship_oci::ByteStream;

use super::{
    Session,
    upload::{Failure, Upload},
};
use crate::transport::Body;

impl Upload<'_> {
    /// Sends the whole blob with the request that closes the session.
    pub(super) async fn single_put(&mut self, session: &mut Session) -> Result<(), Failure> {
        let url = session.closing(&self.node().digest);
        let mut call = self.call("send", Method::PUT, url);
        call.body = match self.in_memory().await? {
            Some(bytes) => Body::Bytes(bytes),
            None => self.stream_from(0).await?,
        };
        Self::as_bytes(&mut call);
        let buffered = matches!(call.body, Body::Bytes(_));
        let answer = self.send(session, call).await?;
        if buffered {
            self.count_whole();
        }
        self.committed(answer).await
    }

    /// A body of the bytes from `from` to the end.
    pub(super) async fn stream_from(&mut self, from: u64) -> Result<Body, Failure> {
        let length = self.node().size - from;
        let stream: ByteStream = Box::pin(self.read_from(from).await?);
        Ok(Body::Stream { stream, length })
    }
}
