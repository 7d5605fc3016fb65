//! Tells how far a blob is, now and then.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use transship_oci::{Digest, Event, Observer};

/// Bytes after which progress is told.
const STEP: u64 = 256 * 1024;
/// Time after which it is told though there are fewer.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts the bytes of one reading; a chunk is far too small to tell everybody about.
#[derive(Debug)]
pub(crate) struct Meter {
    observer: Arc<dyn Observer>,
    digest: Digest,
    untold: u64,
    told_at: Instant,
}

impl Meter {
    pub(crate) fn new(observer: Arc<dyn Observer>, digest: Digest) -> Self {
        Self {
            observer,
            digest,
            untold: 0,
            told_at: Instant::now(),
        }
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.untold += bytes as u64;
        if self.untold >= STEP || self.told_at.elapsed() >= PAUSE {
            self.tell();
        }
    }

    /// Tells what has not been told.
    pub(crate) fn tell(&mut self) {
        if self.untold > 0 {
            self.observer.on(&Event::BlobProgress {
                digest: self.digest,
                bytes: std::mem::take(&mut self.untold),
            });
        }
        self.told_at = Instant::now();
    }
}
