//! Commands that look and change nothing: `inspect`, `tree`, `tags`, `doctor`.

use clap::{Args, ValueEnum};
use transship_oci::{Reference, Repository};

use super::Written;

/// `inspect REF`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// What to look at.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// The manifest's own bytes, nothing added and nothing taken away.
    #[arg(long, conflicts_with = "image_config")]
    pub(crate) raw: bool,

    /// The image configuration's own bytes.
    #[arg(long)]
    pub(crate) image_config: bool,
}

/// `tree REF`
#[derive(Debug, Args)]
pub(crate) struct Tree {
    /// What to look at.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,
}

/// `tags REPOSITORY`
#[derive(Debug, Args)]
pub(crate) struct Tags {
    /// The repository.
    #[arg(value_name = "REPOSITORY", value_parser = super::value::repository)]
    pub(crate) repository: Repository,

    /// Show the tags that hold signatures and referrers (sha256-…) too.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `doctor REGISTRY/REPOSITORY` or `doctor STORE`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The repository to try things in; it need not exist. Or the store of an archive: az://…, an https URL with its SAS,
    /// s3://…, gs://…, file:///… or a path that begins with / or a dot. Nothing is left behind.
    #[arg(value_name = "REPOSITORY|STORE", value_parser = patient)]
    pub(crate) patient: Patient,

    /// Try only what needs no right to write.
    #[arg(long, visible_alias = "dry-run")]
    pub(crate) read_only: bool,

    /// What a store is wanted for; both where nothing is said.
    #[arg(long = "for", value_enum, value_name = "ERRAND")]
    pub(crate) errand: Option<Errand>,
}

/// What a store is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Errand {
    /// To write an archive there.
    Export,
    /// To read one, and perhaps to delete it afterwards.
    Import,
}

/// What the doctor looks at.
#[derive(Debug, Clone)]
pub(crate) enum Patient {
    /// A repository at a registry.
    Repository(Repository),
    /// A store.
    Store(Written),
}

fn patient(text: &str) -> Result<Patient, String> {
    let is_url = text.contains("://") && !text.starts_with("docker://");
    if is_url || text.starts_with(['/', '.']) {
        let Ok(written) = text.parse();
        return Ok(Patient::Store(written));
    }
    super::value::repository(text).map(Patient::Repository)
}
