//! Sigstore's trust root as it is today, by TUF (The Update Framework, specification 1.0.34 §5).
//!
//! Trust begins with a `root.json` that is known already, and is handed on by signatures: to younger roots, to the time
//! stamp, the snapshot and the targets, each for its time only. A [`Mirror`] may be anybody: what it says is believed only
//! as far as it is signed.
//!
//! Nothing is remembered from one call to the next. A mirror can therefore serve an older state than it served before, as
//! long as that state's time stamp has not expired.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use sigstore_trust_root::SigstoreInstance;
use sigstore_tuf::{Error as TufError, Repository, Updater, transport::FetchFuture};
use transship_oci::{Error, ErrorKind, Result};

use crate::TrustRoot;

/// The trust root's name among the targets.
const TARGET: &str = "trusted_root.json";

/// Where a TUF repository is read.
#[async_trait]
pub trait Mirror: fmt::Debug + Send + Sync {
    /// A file of at most `limit` bytes; `None` when it is not there. The path is relative, and of letters, digits, `-`,
    /// `_`, `.`, `%`, `~` and `/` only.
    async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>>;
}

/// A trust root that was fetched.
#[derive(Debug)]
pub struct Refreshed {
    /// Its bytes: a `trusted_root.json`.
    pub json: Vec<u8>,
    /// The same, read.
    pub root: TrustRoot,
    /// The version of the TUF root that vouches for it in the end.
    pub version: u64,
    /// Until when the mirror's word holds that there is nothing younger.
    pub fresh_until: Timestamp,
}

/// The repository of Sigstore's public instance.
pub fn public_mirror() -> &'static str {
    SigstoreInstance::PublicGood.tuf_url()
}

/// The TUF root of Sigstore's public instance as it was when this program was built.
pub fn public_root() -> &'static [u8] {
    SigstoreInstance::PublicGood.tuf_root()
}

/// Fetches the trust root from a mirror. `pinned` is a `root.json` that is trusted already.
///
/// # Errors
/// The mirror's; `Invalid` when `pinned` is no root; `Corrupt` when something has expired, has too few good signatures, or
/// is not what was signed; and as [`TrustRoot::from_json`].
pub async fn refresh(mirror: Arc<dyn Mirror>, pinned: &[u8], now: Timestamp) -> Result<Refreshed> {
    let failure = Failure::default();
    let checked = Checked {
        mirror,
        failure: failure.clone(),
    };
    let mut updater = Updater::new(checked, pinned).map_err(|cause| {
        let error = Error::new(
            ErrorKind::Invalid,
            "the TUF root to begin with cannot be used",
        );
        error.because(cause)
    })?;
    let fetched = fetch(&mut updater, now).await;
    let json = fetched.map_err(|cause| failure.or(cause))?;
    let root = TrustRoot::from_json(&json)?.obtained(now);
    let trusted = updater.trusted();
    let version = trusted.root().version;
    let until = trusted.timestamp().map(|stamp| stamp.expires.as_second());
    let fresh_until = until.and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(Refreshed {
        json,
        root,
        version,
        fresh_until: fresh_until.unwrap_or(now),
    })
}

async fn fetch(updater: &mut Updater, now: Timestamp) -> std::result::Result<Vec<u8>, TufError> {
    // The library has an older jiff: text is what both understand.
    let now = || now.to_string().parse();
    let unfit = |_| TufError::Malformed("the time of day is beyond the calendar".to_owned());
    updater.refresh(now().map_err(unfit)?).await?;
    updater.get_target(TARGET, now().map_err(unfit)?).await
}

/// A mirror whose paths are checked before they are asked for: delegations bring names of their own.
struct Checked {
    mirror: Arc<dyn Mirror>,
    failure: Failure,
}

impl Checked {
    fn get(&self, path: String, limit: u64) -> FetchFuture<'_> {
        Box::pin(async move {
            let read = if is_plain(&path) {
                self.mirror.read(&path, limit).await
            } else {
                let message = format!("the mirror's metadata names a file {path:?}");
                Err(Error::new(ErrorKind::Corrupt, message))
            };
            match read {
                Ok(Some(bytes)) if bytes.len() as u64 > limit => {
                    Err(TufError::transport("it is longer than asked for"))
                }
                Ok(found) => Ok(found),
                Err(error) => {
                    let message = error.to_string();
                    self.failure.keep(error);
                    Err(TufError::transport(message))
                }
            }
        })
    }
}

impl Repository for Checked {
    fn fetch_metadata<'a>(&'a self, name: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.get(name.to_owned(), max_length)
    }

    fn fetch_target<'a>(&'a self, path: &'a str, max_length: u64) -> FetchFuture<'a> {
        self.get(format!("targets/{path}"), max_length)
    }
}

/// The mirror's own error, which the library would only quote.
#[derive(Clone, Default)]
struct Failure(Arc<Mutex<Option<Error>>>);

impl Failure {
    fn keep(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn or(&self, cause: TufError) -> Error {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (TufError::Transport { .. }, Some(kept)) = (&cause, kept) {
            return kept;
        }
        let message = match &cause {
            TufError::Expired { role, expires } => {
                format!("the mirror's {role} has expired at {expires}")
            }
            TufError::ThresholdNotMet {
                role,
                found,
                threshold,
            } => {
                format!("the mirror's {role} has {found} good signatures of {threshold} wanted")
            }
            TufError::TargetNotFound(name) => format!("the mirror has no {name}"),
            _ => "what the mirror says cannot be trusted".to_owned(),
        };
        Error::new(ErrorKind::Corrupt, message).because(cause)
    }
}

/// No way out of the mirror, and nothing that a URL or a file system would read in its own way.
fn is_plain(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.%~/".contains(c);
    // To a URL, a dot that is written as a number is a dot.
    let dots = path.to_ascii_lowercase().replace("%2e", ".");
    path.chars().all(plain) && dots.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests;
