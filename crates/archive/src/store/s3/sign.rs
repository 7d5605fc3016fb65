//! Signatures of version 4.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use object_store::{
    aws::{AwsAuthorizer, AwsCredentialProvider},
    client::HttpRequest,
};
use transship_oci::{Error, ErrorKind, Result};

use super::refusal;
use crate::store::cloud::{Fault, Sign};

pub(super) struct S3Sign {
    pub(super) credentials: AwsCredentialProvider,
    pub(super) region: String,
}

impl fmt::Debug for S3Sign {
    /// Without whatever those who hold credentials show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3Sign({})", self.region)
    }
}

#[async_trait]
impl Sign for S3Sign {
    async fn sign(&self, request: &mut HttpRequest, body: &[u8]) -> Result<()> {
        let credential = self
            .credentials
            .get_credential()
            .await
            .map_err(no_credential)?;
        let authorizer = AwsAuthorizer::new(&credential, "s3", &self.region);
        // Within TLS nobody changes the bytes, and a second hash of them all costs more than it proves.
        let sealed = request.uri().scheme_str() == Some("https");
        let done = if sealed {
            authorizer
                .with_sign_payload(false)
                .try_authorize(request, None)
        } else {
            let hash = digest(&SHA256, body);
            authorizer.try_authorize(request, Some(hash.as_ref()))
        };
        done.map_err(no_credential)
    }

    fn judge(&self, fault: &Fault) -> Option<(ErrorKind, Option<String>)> {
        refusal::judge(&fault.code, &fault.headers)
    }
}

fn no_credential(cause: object_store::Error) -> Error {
    Error::new(ErrorKind::Unauthorized, "there is no credential for S3")
        .because(cause)
        .hinting("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is assigned")
}
