//! What one store needs. Secrets are named here, never written: a file or a variable holds them.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use transship_oci::{Error, ErrorKind, Result, Side};

use crate::{environment::Environment, files};

/// The longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// How to reach a store, and as whom. What is not said comes from the variables of the cloud's own tools.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct StoreEntry {
    /// Where the service is, when it is not the cloud's own.
    pub(crate) endpoint: Option<String>,
    /// Certificates (PEM) to trust for it, beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Azure: the file that holds a SAS.
    pub(crate) sas_file: Option<PathBuf>,
    /// Azure: the variable that holds a SAS.
    pub(crate) sas_env: Option<String>,
    /// Azure: the file that holds the account's key.
    pub(crate) account_key_file: Option<PathBuf>,
    /// Azure: the variable that holds the account's key.
    pub(crate) account_key_env: Option<String>,
    /// Azure: the client of a managed identity, a workload or an application.
    pub(crate) client_id: Option<String>,
    /// Azure: the tenant of a workload or an application.
    pub(crate) tenant_id: Option<String>,
    /// Azure: the file that holds the application's secret.
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Azure: the variable that holds the application's secret.
    pub(crate) client_secret_env: Option<String>,
    /// Azure: ask the machine's managed identity.
    pub(crate) managed_identity: Option<bool>,
    /// S3: the region.
    pub(crate) region: Option<String>,
    /// S3: the id of an access key.
    pub(crate) access_key_id: Option<String>,
    /// S3: the file that holds the access key's secret.
    pub(crate) secret_access_key_file: Option<PathBuf>,
    /// S3: the variable that holds the access key's secret.
    pub(crate) secret_access_key_env: Option<String>,
    /// GCS: the key file of a service account.
    pub(crate) service_account_file: Option<PathBuf>,
}

/// Reads what a file or a variable holds, whichever is named.
///
/// # Errors
/// `Invalid` when it is named and not there, or when both are named.
pub(crate) fn secret(
    environment: &Environment,
    what: &str,
    file: Option<&Path>,
    variable: Option<&str>,
) -> Result<Option<SecretString>> {
    match (file, variable) {
        (Some(_), Some(_)) => Err(invalid(format!(
            "{what} is named twice: in a file and in a variable"
        ))),
        (Some(path), None) => {
            let text = files::read_text(path, MAX_SECRET)?;
            Ok(Some(text.trim().to_owned().into()))
        }
        (None, Some(name)) => match environment.get(name) {
            Some(value) => Ok(Some(value.to_owned().into())),
            None => Err(invalid(format!(
                "the variable {name}, which is to hold {what}, is not set"
            ))),
        },
        (None, None) => Ok(None),
    }
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).on(Side::Local)
}
