//! `copy` and `apply`.

use std::path::PathBuf;

use clap::Args;
use transship_oci::{Platform, Reference};

use super::{Record, value::TagTarget};

/// `copy SRC DST`
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// What to copy: registry/repository:tag, by digest, or tag@digest to pin the tag.
    #[arg(value_name = "SRC", value_parser = super::value::reference)]
    pub(crate) source: Reference,

    /// Where to. Without a tag it takes the source's; with a / at the end the source's last name too.
    #[arg(value_name = "DST")]
    pub(crate) target: TagTarget,

    /// One more target, fed by the same read; may be given several times.
    #[arg(long, value_name = "DST")]
    pub(crate) also: Vec<TagTarget>,

    /// Write the plan to FILE (- for standard output) and move nothing.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,

    /// Copy only these platforms. The index is written anew: its digest changes, and signatures of it no longer fit.
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(crate) platform: Vec<Platform>,

    /// How to copy.
    #[command(flatten)]
    pub(crate) choices: Choices,
}

/// Choices that `copy` and `sync` share.
#[derive(Debug, Clone, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags on a command line are booleans"
)]
pub(crate) struct Choices {
    /// Show what would be moved, and move nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Move tags that exist at the target and point at something else.
    #[arg(long)]
    pub(crate) move_tags: bool,

    /// Refuse an artifact that does not serve all of these platforms.
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(crate) require_platform: Vec<Platform>,

    /// Leave signatures, attestations, SBOMs and all other referrers behind.
    #[arg(long)]
    pub(crate) no_referrers: bool,

    /// Look at everything below what the target has already: a registry that lost blobs is filled again.
    #[arg(long)]
    pub(crate) recheck: bool,

    /// Copy foreign layers too, whose licence may forbid it.
    #[arg(long)]
    pub(crate) include_foreign: bool,

    /// Copy only what this policy lets pass: judged before anything moves, and again at the target before a tag is
    /// published. Our own form, or containers' policy.json.
    #[arg(long, value_name = "FILE", conflicts_with = "no_referrers")]
    pub(crate) policy: Option<PathBuf>,

    /// What to state of the run.
    #[command(flatten)]
    pub(crate) record: Record,

    /// Exit with 3 when there was nothing to do.
    #[arg(long)]
    pub(crate) exit_nothing: bool,
}

/// `apply PLAN`
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// A plan written by `copy --plan` or `sync --plan`; - for standard input.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// The policy that the plan was made under, if it is elsewhere now; or one to hold a plan to that was made without.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// What to state of the run.
    #[command(flatten)]
    pub(crate) record: Record,

    /// Compare the plan with the world as it is now, and move nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
