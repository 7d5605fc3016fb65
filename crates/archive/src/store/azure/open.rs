//! From an address and settings to a container.

use std::sync::Arc;

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{
    AzureStore, Container,
    sign::{Authority, AzureSign},
};
use crate::store::{
    AzureAddress, Sas,
    cloud::{CloudSettings, Shared, Wire, client, secure_url, token_patience},
};

impl AzureStore {
    /// The container that `address` names. Its credential is the SAS of the address, else what the environment has: a SAS
    /// (`AZURE_STORAGE_SAS_TOKEN`), the account's key (`AZURE_STORAGE_KEY`), a workload identity
    /// (`AZURE_FEDERATED_TOKEN_FILE`), a client secret (`AZURE_CLIENT_SECRET`), and at last the machine's identity.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense.
    pub fn open(address: &AzureAddress, settings: &CloudSettings) -> Result<Self> {
        let http = client(settings)?;
        let sas = sas(address, settings)?;
        let authority = match &sas {
            Some(sas) => Authority::Sas(sas.clone()),
            None => Authority::Credential(credentials(address, settings, Shared(http.clone()))?),
        };
        let sign = AzureSign {
            authority,
            account: address.account().trim_end_matches("-secondary").to_owned(),
            clock: Arc::clone(&settings.clock),
        };
        let url = endpoint(address, settings)?
            .join(address.container())
            .map_err(|cause| {
                Error::new(ErrorKind::Invalid, "the container is no part of a URL").because(cause)
            })?;
        let location = match address.endpoint() {
            Some(_) => url.to_string(),
            None => format!("az://{}/{}", address.account(), address.container()),
        };
        let wire = Wire::new(http, Arc::new(sign), settings.clone(), location);
        Ok(Self {
            container: Arc::new(Container { wire, url, sas }),
        })
    }
}

fn sas(address: &AzureAddress, settings: &CloudSettings) -> Result<Option<Sas>> {
    if let Some(sas) = address.sas() {
        return Ok(Some(sas.clone()));
    }
    let names = ["AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"];
    settings
        .environment
        .first(&names)
        .map(str::parse)
        .transpose()
}

/// What comes before the container's name; ends in a slash.
fn endpoint(address: &AzureAddress, settings: &CloudSettings) -> Result<Url> {
    if let Some(endpoint) = address.endpoint() {
        return Ok(endpoint.clone());
    }
    let text = match settings
        .environment
        .first(&["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"])
    {
        Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
        None => format!("https://{}.blob.core.windows.net/", address.account()),
    };
    secure_url(&text, "AZURE_STORAGE_ENDPOINT is")
}

fn credentials(
    address: &AzureAddress,
    settings: &CloudSettings,
    http: Shared,
) -> Result<object_store::azure::AzureCredentialProvider> {
    let mut builder = MicrosoftAzureBuilder::new()
        .with_http_connector(http)
        .with_retry(token_patience());
    let ours = settings
        .environment
        .below("AZURE_")
        .chain(settings.environment.below("IDENTITY_ENDPOINT"));
    // What Azure's own command line calls it.
    if let Some(key) = settings.environment.first(&["AZURE_STORAGE_KEY"]) {
        builder = builder.with_access_key(key);
    }
    for (name, value) in ours {
        if let Ok(key) = name.parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder
        .with_account(address.account())
        .with_container_name(address.container())
        .with_use_emulator(false)
        .with_endpoint("https://unused.invalid".to_owned())
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::Invalid,
                "the credential for Azure makes no sense",
            )
            .because(cause)
        })?;
    Ok(Arc::clone(store.credentials()))
}
