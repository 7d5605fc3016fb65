//! What is done so far, for the moment when somebody presses Ctrl-C.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use transship_oci::{Event, Observer};

use crate::amount::{Bytes, Count};

/// Counts of the run under way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    running: AtomicBool,
    copied: AtomicU64,
    unchanged: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
}

impl Observer for Tally {
    fn on(&self, event: &Event) {
        match event {
            Event::RunStarted { .. } => self.running.store(true, Relaxed),
            Event::ArtifactDone { outcome, .. } if *outcome == "copied" => {
                self.copied.fetch_add(1, Relaxed);
            }
            Event::ArtifactDone { .. } => {
                self.unchanged.fetch_add(1, Relaxed);
            }
            Event::ArtifactFailed { .. } => {
                self.failed.fetch_add(1, Relaxed);
            }
            Event::BlobPlaced { sent, .. } => {
                self.bytes.fetch_add(*sent, Relaxed);
            }
            _ => {}
        }
    }
}

impl Tally {
    /// Did a run begin? Before that there is nothing to count.
    pub(super) fn is_running(&self) -> bool {
        self.running.load(Relaxed)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} copied, {} unchanged, {} failed; {} of whole blobs sent",
            Count(self.copied.load(Relaxed), "artifact"),
            self.unchanged.load(Relaxed),
            self.failed.load(Relaxed),
            Bytes(self.bytes.load(Relaxed)),
        )
    }
}
