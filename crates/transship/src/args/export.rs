//! `export`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use transship_oci::{Digest, Platform, Reference};

use super::{Amount, SignerKey, SigningKey, Written};
use crate::list::Template;

/// `export REF… --to ARCHIVE`
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("what").required(true).multiple(true).args(["references", "file", "request"])),
    after_help = "ARCHIVE is az://ACCOUNT/CONTAINER/KEY, an https URL of a blob with its SAS, s3://BUCKET/KEY, gs://BUCKET/KEY,\n\
                  file:///PATH or a path; env://VARIABLE reads it from a variable. Credentials: a SAS in the URL, `stores:` in\n\
                  the settings, or AZURE_*, AWS_* and GOOGLE_* variables.\n\
                  The same command again goes on where it stopped."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags on a command line are booleans"
)]
pub(crate) struct ExportArtifacts {
    /// What to export: registry/repository:tag, by digest, or tag@digest to pin the tag.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) references: Vec<Reference>,

    /// Export what this list (YAML) selects too: the list of `sync`, whose targets may be left out. - for standard input.
    #[arg(long, short, value_name = "LIST")]
    pub(crate) file: Option<PathBuf>,

    /// The archive to write: NAME.oci.tar in a store or a folder.
    #[arg(long, value_name = "ARCHIVE")]
    pub(crate) to: Written,

    /// Cut the archive into volumes of at most this size, such as 4GB or 650MiB. Each is an archive of its own.
    #[arg(long, value_name = "SIZE")]
    pub(crate) volume_size: Option<Amount>,

    /// Give artifacts other names behind the gap, such as `vendor/{repository}:{tag}`. Whoever imports puts a registry before it.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) map: Option<Template>,

    /// Export only these platforms. The index is written anew: its digest changes, and signatures of it no longer fit.
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(crate) platform: Vec<Platform>,

    /// Refuse an artifact that does not serve all of these platforms.
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(crate) require_platform: Vec<Platform>,

    /// Leave signatures, attestations, SBOMs and all other referrers behind.
    #[arg(long)]
    pub(crate) no_referrers: bool,

    /// Carry foreign layers too, whose licence may forbid it.
    #[arg(long)]
    pub(crate) include_foreign: bool,

    /// Export only what this policy lets pass. Our own form, or containers' policy.json.
    #[arg(long, value_name = "FILE", conflicts_with = "no_referrers")]
    pub(crate) policy: Option<PathBuf>,

    /// Carry this file along for the far side to look at: a public key, a trusted root, a policy; may be given several
    /// times. Carrying it does not make it trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_file: Vec<PathBuf>,

    /// Replace an archive that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Say that importers may move tags. It is their choice all the same.
    #[arg(long)]
    pub(crate) move_tags: bool,

    /// Leave out what cannot be had or is refused, and export the rest.
    #[arg(long)]
    pub(crate) continue_on_errors: bool,

    /// Show what would be written, to the byte, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Read every byte back from the medium (folders only).
    #[arg(long)]
    pub(crate) verify_media: bool,

    /// What the archive follows.
    #[command(flatten)]
    pub(crate) succession: Succession,

    /// Who signs the inventory.
    #[command(flatten)]
    pub(crate) signing: InventoryKey,
}

/// What an archive follows, and what it leaves out because the target has it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Succession")]
pub(crate) struct Succession {
    /// The line of archives that this one belongs to. Targets take the archives of a line in order.
    #[arg(long, value_name = "NAME", requires = "sequence")]
    pub(crate) lineage: Option<String>,

    /// Its place in the line, from 1. A target that has taken a later one refuses it.
    #[arg(long, value_name = "N", requires = "lineage", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) sequence: Option<u64>,

    /// The digest of the archive's predecessor, as its export printed it.
    #[arg(long, value_name = "DIGEST", requires = "lineage")]
    pub(crate) predecessor: Option<Digest>,

    /// Leave out what this receipt says the target has.
    #[arg(long, value_name = "RECEIPT")]
    pub(crate) against: Option<PathBuf>,

    /// Answer this request of an importer: carry what it says is missing, whatever a receipt says.
    #[arg(long, value_name = "REQUEST")]
    pub(crate) request: Option<PathBuf>,

    /// A public key that must have signed the receipt or the request (a PEM file); of several, one must have.
    #[arg(long, value_name = "FILE")]
    pub(crate) far_key: Vec<PathBuf>,
}

/// The key that signs an inventory.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signing")]
pub(crate) struct InventoryKey {
    /// Sign the inventory with this private key: a file as cosign or openssl wrote it, or `env://VARIABLE`.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: Option<SignerKey>,

    /// Read the key's passphrase from this file. Else `TRANSSHIP_KEY_PASSWORD` or `COSIGN_PASSWORD`, else it is asked for.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) password_file: Option<PathBuf>,
}

impl InventoryKey {
    /// The key, if there is one.
    pub(crate) fn given(&self) -> Option<SigningKey> {
        Some(SigningKey {
            key: self.key.clone()?,
            password_file: self.password_file.clone(),
        })
    }
}
