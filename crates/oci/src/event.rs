//! Events: what happens, as it happens, for every kind of onlooker.
//!
//! The JSON form is a contract: one object a line, `v` is the version of the schema, fields are only ever added.
//! `docs/events.md` describes it for readers.

use std::fmt::Debug;

use serde::Serialize;

use crate::Digest;

/// The version of the event schema, in every line's `v`.
pub const EVENT_VERSION: u32 = 1;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum Event {
    /// A run began with so many artifacts to look at.
    RunStarted {
        /// How many references the run was given.
        artifacts: u64,
    },
    /// A reference was resolved.
    Resolved {
        /// The source reference.
        source: String,
        /// What it points at.
        digest: Digest,
    },
    /// It is known what one artifact needs.
    Planned {
        /// The source reference.
        source: String,
        /// Bytes that will be sent, over all targets.
        bytes: u64,
        /// Blobs that will be sent, over all targets.
        blobs: u64,
        /// Manifests that will be put, referrers among them.
        manifests: u64,
        /// Referrers found, of the root, its children and of referrers.
        referrers: u64,
    },
    /// A blob is on its way to one target.
    BlobStarted {
        /// The source reference that it is sent for; others may wait for the same blob.
        source: String,
        /// The target repository.
        target: String,
        /// Which blob.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// More bytes of a blob were read from the source.
    BlobProgress {
        /// Which blob.
        digest: Digest,
        /// How many more since the last such event.
        bytes: u64,
    },
    /// A blob is at one target.
    BlobPlaced {
        /// The target repository.
        target: String,
        /// Which blob.
        digest: Digest,
        /// `present`, `mounted` or `sent`.
        how: &'static str,
        /// Bytes sent over the wire for it.
        sent: u64,
    },
    /// A manifest is at one target, by digest.
    ManifestPut {
        /// The target repository.
        target: String,
        /// Which manifest.
        digest: Digest,
        /// `child`, `root` or `referrer`.
        role: &'static str,
    },
    /// What belongs beside the root was read back at the target and is all there.
    ReadBack {
        /// The target repository.
        target: String,
        /// The root.
        digest: Digest,
        /// How many referrers were seen there.
        referrers: u64,
    },
    /// The gate has judged an artifact, at the source before anything moves and at a target before a tag is published.
    Judged {
        /// The source reference.
        source: String,
        /// The repository where it was judged.
        at: String,
        /// The root.
        digest: Digest,
        /// `admitted`, or the kind of the refusal: `policy-refused`, `signature-missing` or `cannot-check`.
        verdict: &'static str,
        /// Why, one sentence a reason.
        reasons: Vec<String>,
    },
    /// A tag is visible at one target.
    Tagged {
        /// The target reference.
        target: String,
        /// What it points at.
        digest: Digest,
    },
    /// A request is tried again.
    Retry {
        /// The host.
        host: String,
        /// Which attempt comes next, from 2.
        attempt: u32,
        /// Pause before it in milliseconds.
        wait_ms: u64,
        /// Why, in a few words.
        reason: String,
    },
    /// A host asked everybody to wait.
    Held {
        /// The host.
        host: String,
        /// For how long, in milliseconds.
        wait_ms: u64,
    },
    /// A host told what is left of its pull quota.
    Quota {
        /// The host.
        host: String,
        /// Pulls left in the window.
        remaining: u64,
        /// Pulls in a whole window.
        limit: u64,
    },
    /// Something that a person should know, though nothing failed.
    Notice {
        /// What it is about.
        about: String,
        /// What there is to know.
        message: String,
    },
    /// One artifact is done at one target.
    ArtifactDone {
        /// The source reference.
        source: String,
        /// The target reference.
        target: String,
        /// The root's digest.
        digest: Digest,
        /// `copied` or `unchanged`.
        outcome: &'static str,
    },
    /// One artifact is not done at one target.
    ArtifactFailed {
        /// The source reference.
        source: String,
        /// The target reference.
        target: String,
        /// The error's kind.
        kind: &'static str,
        /// The error in full.
        error: String,
        /// How to mend it.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// The run is over.
    RunFinished {
        /// Artifacts copied, counted once a target.
        copied: u64,
        /// Artifacts that were there already.
        unchanged: u64,
        /// Artifacts not done.
        failed: u64,
        /// Bytes of blobs sent.
        bytes: u64,
    },
}

impl Event {
    /// The event as one line of JSON, without the line's end.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            v: u32,
            #[serde(flatten)]
            event: &'a Event,
        }
        // Only texts and numbers: there is nothing in an event that JSON could refuse.
        serde_json::to_string(&Line {
            v: EVENT_VERSION,
            event: self,
        })
        .unwrap_or_default()
    }
}

/// Looks on. Progress bar, JSON lines, metrics and report are all observers.
pub trait Observer: Debug + Send + Sync {
    /// Takes note of `event`; must not block.
    fn on(&self, event: &Event);
}

/// The observer that looks away.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn on(&self, _: &Event) {}
}

#[cfg(test)]
mod tests;
