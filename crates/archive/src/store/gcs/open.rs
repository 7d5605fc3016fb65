//! From an address and settings to a bucket.

use std::sync::Arc;

use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{Bucket, GcsStore, sign::GcsSign};
use crate::store::{
    BucketAddress,
    cloud::{CloudSettings, Shared, Wire, client, secure_url, token_patience},
};

/// Where an emulator is, which wants no credential.
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";

impl GcsStore {
    /// The bucket that `address` names. Credentials are found where Google's own tools find them
    /// (`GOOGLE_APPLICATION_CREDENTIALS`, the login of `gcloud`, the machine's); `STORAGE_EMULATOR_HOST` needs none.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense.
    pub fn open(address: &BucketAddress, settings: &CloudSettings) -> Result<Self> {
        let http = client(settings)?;
        let emulator = settings.environment.first(&[EMULATOR]);
        let credentials = match emulator {
            Some(_) => None,
            None => Some(credentials(address, settings, Shared(http.clone()))?),
        };
        let endpoint =
            emulator.or_else(|| settings.environment.first(&["GOOGLE_STORAGE_ENDPOINT"]));
        let endpoint = endpoint_url(endpoint.unwrap_or("https://storage.googleapis.com"))?;
        let location = format!("gs://{}", address.bucket());
        let sign = Arc::new(GcsSign { credentials });
        let bucket = Bucket {
            wire: Wire::new(http, sign, settings.clone(), location),
            endpoint,
            name: address.bucket().to_owned(),
        };
        let bucket = Arc::new(bucket);
        Ok(Self { bucket })
    }
}

fn endpoint_url(text: &str) -> Result<Url> {
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    secure_url(&text, "STORAGE_EMULATOR_HOST or GOOGLE_STORAGE_ENDPOINT is")
}

fn credentials(
    address: &BucketAddress,
    settings: &CloudSettings,
    http: Shared,
) -> Result<object_store::gcp::GcpCredentialProvider> {
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_http_connector(http)
        .with_retry(token_patience());
    for (name, value) in settings.environment.below("GOOGLE_") {
        if let Ok(key) = name.parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder
        .with_bucket_name(address.bucket())
        .build()
        .map_err(|cause| {
            Error::new(
                ErrorKind::Invalid,
                "the credential for Google makes no sense",
            )
            .because(cause)
            .hinting("set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account")
        })?;
    Ok(Arc::clone(store.credentials()))
}
