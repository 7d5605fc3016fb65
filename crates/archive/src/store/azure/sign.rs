//! Authority on a request: a SAS in its query, or a header that the account's key or a token makes.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use http::{HeaderValue, Uri};
use object_store::{
    azure::{AzureAuthorizer, AzureCredential, AzureCredentialProvider},
    client::HttpRequest,
};
use secrecy::SecretString;
use transship_oci::{Clock, Error, ErrorKind, Result};

use super::refusal;
use crate::store::{
    Sas,
    cloud::{Fault, Sign},
};

/// The version of the service that is spoken, which every cloud of Azure has known for years.
const VERSION: &str = "2020-10-02";

/// What gives a request authority.
pub(super) enum Authority {
    Sas(Sas),
    Credential(AzureCredentialProvider),
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sas(sas) => sas.fmt(f),
            // Those who hold keys and tokens show them.
            Self::Credential(_) => f.write_str("Credential(…)"),
        }
    }
}

#[derive(Debug)]
pub(super) struct AzureSign {
    pub(super) authority: Authority,
    pub(super) account: String,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Sign for AzureSign {
    async fn sign(&self, request: &mut HttpRequest, _: &[u8]) -> Result<()> {
        let version = HeaderValue::from_static(VERSION);
        request.headers_mut().insert("x-ms-version", version);
        match &self.authority {
            // Verbatim: whatever it says was signed as it is.
            Authority::Sas(sas) => {
                *request.uri_mut() = with_query(request.uri(), sas.expose())?;
                Ok(())
            }
            Authority::Credential(provider) => {
                let credential = provider.get_credential().await.map_err(no_credential)?;
                AzureAuthorizer::new(&credential, &self.account)
                    .try_authorize(request)
                    .map_err(no_credential)
            }
        }
    }

    async fn authority(&self) -> Result<Option<(String, Option<SecretString>)>> {
        let provider = match &self.authority {
            Authority::Sas(sas) => return Ok(Some((sas.expose().to_owned(), None))),
            Authority::Credential(provider) => provider,
        };
        let credential = provider.get_credential().await.map_err(no_credential)?;
        Ok(match &*credential {
            AzureCredential::BearerToken(token) => {
                Some((String::new(), Some(token.as_str().into())))
            }
            _ => None,
        })
    }

    fn judge(&self, fault: &Fault) -> Option<(ErrorKind, Option<String>)> {
        let terms = match &self.authority {
            Authority::Sas(sas) => Some(sas.terms()),
            Authority::Credential(_) => None,
        };
        refusal::judge(&fault.code, terms, self.clock.now())
    }
}

fn no_credential(cause: object_store::Error) -> Error {
    Error::new(ErrorKind::Unauthorized, "there is no credential for Azure")
        .because(cause)
        .hinting("give a SAS, set AZURE_STORAGE_KEY, or run where an identity is assigned")
}

/// `uri` with more behind its query.
fn with_query(uri: &Uri, more: &str) -> Result<Uri> {
    let text = uri.to_string();
    let joint = if uri.query().is_some() { '&' } else { '?' };
    format!("{text}{joint}{more}")
        .parse()
        .map_err(|_| Error::new(ErrorKind::Invalid, "the SAS cannot be part of a URL"))
}

#[cfg(test)]
mod tests;
