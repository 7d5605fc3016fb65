//! The plan: what a run would do, for people to read and for [`Engine::apply`](crate::Engine::apply) to hold it to.

use serde::{Deserialize, Serialize};
use transship_oci::{Digest, Error, ErrorKind, Result};

/// The version of the plan's JSON form.
pub const PLAN_VERSION: u32 = 1;

/// What a run would do. Bytes are exact; the same world gives the same plan, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// One entry a job, in the order given.
    pub jobs: Vec<PlannedJob>,
    /// The sums.
    pub totals: Totals,
}

/// What would be done for one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedJob {
    /// The source reference.
    pub source: String,
    /// What it pointed at when the plan was made.
    pub digest: Digest,
    /// What would be published: the same digest, unless platforms are left out.
    pub publishes: Digest,
    /// Everything that belongs to the artifact, its children, and what belongs to them.
    pub referrers: Vec<PlannedReferrer>,
    /// What there is to know besides, one sentence each.
    pub notices: Vec<String>,
    /// One entry a target, in the order given.
    pub targets: Vec<PlannedTarget>,
}

/// A referrer as the source has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedReferrer {
    /// What it belongs to.
    pub subject: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// The tag that ties it to the subject; absent when its manifest names the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// What would be done at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedTarget {
    /// The target reference.
    pub target: String,
    /// The tags asked for.
    pub tags: Vec<PlannedTag>,
    /// Blobs that would be sent.
    pub blobs: Vec<Piece>,
    /// Blobs that the registry would be asked to mount from another of its repositories; sent if it refuses.
    pub mounts: Vec<Piece>,
    /// Manifests that would be put: children and the root.
    pub manifests: Vec<Piece>,
    /// Manifests that would be put because they belong to one of those: referrers, and what is below them.
    pub referrers: Vec<Piece>,
    /// Signature tags (`sha256-….sig` and the like) that would be written.
    pub legacy_tags: Vec<PlannedTag>,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
}

/// One piece of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Piece {
    /// Which.
    pub digest: Digest,
    /// Length in bytes.
    pub size: u64,
}

/// One tag at a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedTag {
    /// Its name.
    pub tag: String,
    /// What would become of it.
    pub action: TagAction,
    /// What it points at now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Digest>,
}

/// What becomes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagAction {
    /// It does not exist and is made.
    Create,
    /// It points elsewhere and is moved, as asked.
    Move,
    /// It points there already.
    Unchanged,
    /// It points elsewhere and is left there: the artifact is refused at this target.
    Refused,
}

/// The sums of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Totals {
    /// Bytes of blobs to send, over all targets.
    pub bytes: u64,
    /// Blobs to send, over all targets.
    pub blobs: u64,
    /// Manifests to put, over all targets, referrers among them.
    pub manifests: u64,
    /// Requests to sources, where each takes one: an estimate, retries and redirects come on top.
    pub source_requests: u64,
    /// Requests to targets: an estimate, as above.
    pub target_requests: u64,
    /// Manifests fetched from sources: what registries with a pull quota count.
    pub pulls: u64,
}

impl Plan {
    /// The plan as JSON that is pleasant to read.
    ///
    /// # Errors
    /// `Internal`, if it cannot be written; nothing in a plan is of that kind.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map_err(|cause| {
            Error::new(ErrorKind::Internal, "the plan has no JSON form").because(cause)
        })
    }

    /// Reads a plan back.
    ///
    /// # Errors
    /// `Invalid` when it is none, or is of another version.
    pub fn from_json(text: &str) -> Result<Self> {
        let invalid = |message: &str| {
            Error::new(ErrorKind::Invalid, message.to_owned())
                .hinting("make a new plan with `transship copy --plan`")
        };
        let versioned: Versioned = serde_json::from_str(text)
            .map_err(|cause| invalid("this is not a plan").because(cause))?;
        if versioned.version != PLAN_VERSION {
            let message = format!(
                "the plan has version {}, and this program reads version {PLAN_VERSION}",
                versioned.version
            );
            return Err(invalid(&message));
        }
        serde_json::from_str(text)
            .map_err(|cause| invalid("the plan cannot be read").because(cause))
    }
}

/// What every version of a plan has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}
