//! From an address and settings to a bucket.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use transship_oci::{Error, ErrorKind, Result};
use url::Url;

use super::{Bucket, S3Store, sign::S3Sign};
use crate::store::{
    BucketAddress,
    cloud::{CloudSettings, Shared, Wire, client, secure_url, token_patience},
};

/// Where an endpoint of one's own is named, the most particular first.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

impl S3Store {
    /// The bucket that `address` names, at `AWS_ENDPOINT_URL` or at Amazon in `AWS_REGION`. Credentials are found where
    /// Amazon's own tools find them: keys, a web identity, the container's, at last the machine's.
    ///
    /// # Errors
    /// `Invalid` when a setting makes no sense.
    pub fn open(address: &BucketAddress, settings: &CloudSettings) -> Result<Self> {
        let http = client(settings)?;
        let region = settings
            .environment
            .first(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
        let region = region.unwrap_or("us-east-1").to_owned();
        let url = bucket_url(address.bucket(), &region, settings)?;
        let endpoint = settings
            .environment
            .first(&ENDPOINTS)
            .unwrap_or(&region)
            .to_owned();
        let sign = S3Sign {
            credentials: credentials(address, settings, Shared(http.clone()))?,
            region,
        };
        let location = format!("s3://{}", address.bucket());
        let wire = Wire::new(http, Arc::new(sign), settings.clone(), location);
        let bucket = Arc::new(Bucket {
            wire,
            url,
            name: address.bucket().to_owned(),
            endpoint,
        });
        Ok(Self { bucket })
    }
}

/// The URL of the bucket; ends in a slash. An endpoint of one's own has buckets in its path; Amazon has them in the host's
/// name, unless a dot in them would be one too many for its certificate.
fn bucket_url(bucket: &str, region: &str, settings: &CloudSettings) -> Result<Url> {
    let text = match settings.environment.first(&ENDPOINTS) {
        Some(endpoint) => format!("{}/{bucket}/", endpoint.trim_end_matches('/')),
        None if bucket.contains('.') => format!("https://s3.{region}.amazonaws.com/{bucket}/"),
        None => format!("https://{bucket}.s3.{region}.amazonaws.com/"),
    };
    secure_url(&text, "AWS_ENDPOINT_URL or AWS_REGION makes")
}

fn credentials(
    address: &BucketAddress,
    settings: &CloudSettings,
    http: Shared,
) -> Result<object_store::aws::AwsCredentialProvider> {
    let mut builder = AmazonS3Builder::new()
        .with_http_connector(http)
        .with_retry(token_patience());
    for (name, value) in settings.environment.below("AWS_") {
        if let Ok(key) = name.parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder
        .with_bucket_name(address.bucket())
        .build()
        .map_err(|cause| {
            Error::new(ErrorKind::Invalid, "the credential for S3 makes no sense")
                .because(cause)
                .hinting("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, both or neither")
        })?;
    Ok(Arc::clone(store.credentials()))
}
