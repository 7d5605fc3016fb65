//! Whether a store will take an export or give an import, found out before any work is done, and with nothing left behind.
//!
//! What a SAS says of itself is read first; then each right is tried, by requests that cannot change anything. Whatever is
//! refused is told apart: people lose days on a bare 403.

mod clock;
mod refusal;
mod report;
mod sas;

use transship_oci::{ErrorKind, Result};

pub(super) use self::clock::skew;
pub use self::{
    refusal::Refusal,
    report::{Check, Preflight, Purpose, State, Topic},
};
use super::{Address, AzureStore, CloudSettings, GcsStore, S3Store};

/// A name that nobody uses, for requests about an object that is not there.
pub(super) const NOBODY: &str = "transship-doctor/there-is-no-such-object";

impl Address {
    /// Finds out what the credential may and may not do at the store. What is wrong is in the report.
    ///
    /// # Errors
    /// `Invalid` when the settings make no store.
    pub async fn preflight(&self, settings: &CloudSettings, purpose: Purpose) -> Result<Preflight> {
        let mut report = Preflight::new(self, purpose);
        match self {
            Self::Azure(azure) => {
                let store = AzureStore::open(azure, settings)?;
                if let Some(sas) = store.sas() {
                    let place = sas::Place {
                        purpose,
                        key: azure.key(),
                        https: store.is_https(),
                    };
                    report.extend(sas::check(sas.terms(), &place, settings.clock.now()));
                }
                report.extend(store.probe(settings.clock.now(), purpose).await);
            }
            Self::S3(bucket) => {
                let store = S3Store::open(bucket, settings)?;
                report.extend(store.probe(settings.clock.now(), purpose).await);
            }
            Self::Gcs(bucket) => {
                let store = GcsStore::open(bucket, settings)?;
                report.extend(store.probe(settings.clock.now(), purpose).await);
            }
            Self::File(_) => report.extend(folder(self, settings).await),
        }
        Ok(report)
    }
}

/// A folder: is it there, and how much does it take?
async fn folder(address: &Address, settings: &CloudSettings) -> Vec<Check> {
    let capacity = match address.open(settings) {
        Ok(store) => store.capacity().await,
        Err(error) => Err(error),
    };
    let capacity = match capacity {
        Ok(capacity) => capacity,
        Err(error) => return vec![Check::failed(Topic::Reach, &error)],
    };
    let mut checks = vec![Check::good(Topic::Reach, "the folder is there")];
    if let Some(free) = capacity.free {
        checks.push(Check::good(Topic::Space, format!("{free} bytes are free")));
    }
    if let Some(most) = capacity.max_object {
        let says = format!("no file may be longer than {most} bytes");
        let hint = format!("cut a longer archive with --volume-size {most}");
        checks.push(Check::doubtful(Topic::Space, says).hinting(hint));
    }
    checks
}

impl Check {
    /// Something that an error says.
    pub(super) fn failed(topic: Topic, error: &transship_oci::Error) -> Self {
        let state = if error.kind() == ErrorKind::RateLimited {
            State::Unknown
        } else {
            State::Bad
        };
        let check = Self::new(topic, state, error.to_string());
        match error.hint() {
            Some(hint) => check.hinting(hint),
            None => check,
        }
    }
}
