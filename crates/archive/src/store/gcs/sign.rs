//! Tokens.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderValue, header};
use object_store::{client::HttpRequest, gcp::GcpCredentialProvider};
use transship_oci::{Error, ErrorKind, Result};

use super::refusal;
use crate::store::cloud::{Fault, Sign};

pub(super) struct GcsSign {
    /// An emulator wants none.
    pub(super) credentials: Option<GcpCredentialProvider>,
}

impl fmt::Debug for GcsSign {
    /// Without whatever those who hold credentials show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GcsSign(…)")
    }
}

#[async_trait]
impl Sign for GcsSign {
    async fn sign(&self, request: &mut HttpRequest, _: &[u8]) -> Result<()> {
        let Some(provider) = &self.credentials else {
            return Ok(());
        };
        let none = || {
            Error::new(ErrorKind::Unauthorized, "there is no credential for Google").hinting(
                "set GOOGLE_APPLICATION_CREDENTIALS, or run where a service account is assigned",
            )
        };
        let credential = provider
            .get_credential()
            .await
            .map_err(|cause| none().because(cause))?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", credential.bearer)).map_err(|_| none())?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
        Ok(())
    }

    fn judge(&self, fault: &Fault) -> Option<(ErrorKind, Option<String>)> {
        refusal::judge(fault.status.as_u16(), &fault.code)
    }
}
