//! Trying what a credential may do, by requests that leave nothing behind.

use std::time::SystemTime;

use http::Method;

use super::S3Store;
use crate::store::{
    Upload as _, UploadSpec,
    cloud::Call,
    preflight::{Check, NOBODY, Purpose, Refusal, State, Topic, skew},
};

impl S3Store {
    /// Tries everything that `purpose` needs.
    pub(in crate::store) async fn probe(&self, now: SystemTime, purpose: Purpose) -> Vec<Check> {
        let bucket = &self.bucket;
        let call = Call::new(
            Method::GET,
            bucket.whole("list-type=2&max-keys=1"),
            "try to list",
        );
        let answer = match bucket.wire.send(&call).await {
            Ok(answer) => answer,
            Err(error) => return vec![Check::failed(Topic::Reach, &error)],
        };
        let mut checks = vec![Check::good(Topic::Reach, "the store answers")];
        checks.extend(skew(answer.headers(), now));
        if answer.status().is_success() {
            checks.push(Check::good(Topic::List, "it may list the bucket"));
        } else {
            let fault = answer.fault().await;
            let error = bucket.wire.error(&fault);
            let check = Check::failed(Topic::List, &error).refused(Refusal::of(&fault.code));
            checks.push(check);
        }
        checks.push(match bucket.stat(NOBODY).await {
            Ok(_) => Check::good(Topic::Read, "it may read objects"),
            Err(error) => Check::failed(Topic::Read, &error),
        });
        checks.push(match purpose {
            Purpose::Export => self.try_to_write().await,
            Purpose::Import => Check::new(
                Topic::Delete,
                State::Unknown,
                "deleting cannot be tried without leaving a mark in a bucket that keeps versions",
            )
            .hinting("allow s3:DeleteObject if archives are to be deleted after import"),
        });
        checks
    }

    /// Begins an upload and gives it up.
    async fn try_to_write(&self) -> Check {
        let spec = UploadSpec {
            size: 1,
            part_size: 5 << 20,
            overwrite: true,
            metadata: std::collections::BTreeMap::new(),
            session: None,
        };
        let begun = super::begin(std::sync::Arc::clone(&self.bucket), NOBODY, &spec).await;
        let outcome = match begun {
            Ok(upload) => upload.abort().await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => Check::good(
                Topic::Write,
                "it may write objects, and give up what it began",
            ),
            Err(error) => Check::failed(Topic::Write, &error),
        }
    }
}
