//! The report: what a run did.

use transship_oci::{Descriptor, Digest, Error, ErrorKind, Event};

use crate::context::Run;

/// What became of every artifact at every target.
#[derive(Debug, Default)]
pub struct Report {
    /// One entry an artifact and target, in the order in which they ended.
    pub items: Vec<Item>,
}

/// What became of one artifact at one target.
#[derive(Debug)]
pub struct Item {
    /// The source reference.
    pub source: String,
    /// The target reference.
    pub target: String,
    /// What the source reference pointed at, where that came to be known.
    pub found: Option<Digest>,
    /// The digest published, where it came to be known. Another than what was found for a subset of platforms only.
    pub digest: Option<Digest>,
    /// Everything that belongs to it, to what is below it or to another referrer, in order; at the target when it is done.
    pub referrers: Vec<Digest>,
    /// How it ended.
    pub outcome: Outcome,
    /// What was moved.
    pub moved: Moved,
    /// What kept it from being done: manifests and blobs that the source counts on at the target, and that are not
    /// there. Somebody can be asked for just these.
    pub missing: Vec<Descriptor>,
}

/// How it ended.
#[derive(Debug)]
pub enum Outcome {
    /// Something was missing at the target, and is there now.
    Copied,
    /// Everything was there.
    Unchanged,
    /// It is not done. No tag points at anything incomplete.
    Failed(Error),
}

/// What was moved to one target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Bytes of blobs sent.
    pub bytes: u64,
    /// Blobs sent.
    pub blobs: u64,
    /// Blobs mounted from another repository of the registry.
    pub mounted: u64,
    /// Manifests put, referrers among them.
    pub manifests: u64,
    /// Referrers put.
    pub referrers: u64,
}

impl Report {
    /// Artifacts copied, counted once a target.
    pub fn copied(&self) -> u64 {
        self.count(|outcome| matches!(outcome, Outcome::Copied))
    }

    /// Artifacts that were there already.
    pub fn unchanged(&self) -> u64 {
        self.count(|outcome| matches!(outcome, Outcome::Unchanged))
    }

    /// Artifacts not done.
    pub fn failed(&self) -> u64 {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// Bytes of blobs sent.
    pub fn bytes(&self) -> u64 {
        self.items.iter().map(|item| item.moved.bytes).sum()
    }

    /// The errors, with the entries that they ended.
    pub fn errors(&self) -> impl Iterator<Item = (&Item, &Error)> {
        self.items.iter().filter_map(|item| match &item.outcome {
            Outcome::Failed(error) => Some((item, error)),
            Outcome::Copied | Outcome::Unchanged => None,
        })
    }

    /// What is missing, with the target references where it is; the same piece may be missing at several.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &Descriptor)> {
        self.items.iter().flat_map(|item| {
            let target = item.target.as_str();
            item.missing.iter().map(move |node| (target, node))
        })
    }

    /// Tells that the run is over.
    pub(crate) fn tell_end(&self, run: &Run) {
        run.tell(&Event::RunFinished {
            copied: self.copied(),
            unchanged: self.unchanged(),
            failed: self.failed(),
            bytes: self.bytes(),
        });
    }

    fn count(&self, which: impl Fn(&Outcome) -> bool) -> u64 {
        self.items
            .iter()
            .filter(|item| which(&item.outcome))
            .count() as u64
    }
}

impl Item {
    /// The entry of an artifact of which nothing is known but that it is not done.
    pub(crate) fn lost(source: String, target: String, error: Error) -> Self {
        Self {
            source,
            target,
            found: None,
            digest: None,
            referrers: Vec::new(),
            outcome: Outcome::Failed(error),
            moved: Moved::default(),
            missing: Vec::new(),
        }
    }

    /// The entry as those who look on are told of it.
    pub(crate) fn event(&self) -> Event {
        let (source, target) = (self.source.clone(), self.target.clone());
        let outcome = match &self.outcome {
            Outcome::Copied => "copied",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed(error) => return failure(source, target, error),
        };
        match self.digest {
            Some(digest) => Event::ArtifactDone {
                source,
                target,
                digest,
                outcome,
            },
            // Nothing is done without a digest.
            None => failure(
                source,
                target,
                &Error::new(ErrorKind::Internal, "an artifact without a digest"),
            ),
        }
    }
}

fn failure(source: String, target: String, error: &Error) -> Event {
    Event::ArtifactFailed {
        source,
        target,
        kind: error.kind().as_str(),
        error: error.to_string(),
        hint: error.hint().map(str::to_owned),
    }
}
