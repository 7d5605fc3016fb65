//! `archive`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use transship_oci::Reference;

use super::{Amount, InventoryKey, Written};

/// `archive …`
#[derive(Debug, Args)]
pub(crate) struct ArchiveTool {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: ArchiveCommand,
}

/// What can be done with archives, beside making and importing them.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Show what an archive holds. Reads its head alone.
    Inspect(InspectArchive),
    /// Read every byte of an archive, and say which artifact a damage would cost.
    Verify(VerifyArchive),
    /// Show the artifacts of an archive as trees, with everything that belongs to each part of them.
    Tree(TreeArchive),
    /// Say what one archive has that the other has not.
    Diff(DiffArchives),
    /// Copy an archive from store to store: all volumes, with metadata and checksum.
    Copy(CopyArchive),
    /// Write a receipt of what a registry has, or would have with an archive, for `export --against`.
    Receipt(WriteReceipt),
    /// Make an incremental archive whole, with what a registry has.
    Expand(ExpandArchive),
    /// Cut an archive into volumes.
    Split(SplitArchive),
    /// Put the volumes of an archive together.
    Join(JoinArchive),
    /// List the trust files that travel in an archive, or write them to a folder.
    Trust(TrustFiles),
}

/// `archive inspect ARCHIVE`
#[derive(Debug, Args)]
pub(crate) struct InspectArchive {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// The inventory's own bytes, nothing added and nothing taken away.
    #[arg(long)]
    pub(crate) raw: bool,
}

/// `archive verify ARCHIVE`
#[derive(Debug, Args)]
pub(crate) struct VerifyArchive {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// A public key that must have signed the inventory: a file, `env://NAME`, or the PEM itself. Of several, one must have.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) archive_key: Vec<String>,

    /// The policy that the inventory must meet, in place of keys.
    #[arg(long, value_name = "FILE", conflicts_with = "archive_key")]
    pub(crate) archive_policy: Option<PathBuf>,

    /// Hold every artifact to this policy too.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
}

/// `archive tree ARCHIVE [REF]`
#[derive(Debug, Args)]
pub(crate) struct TreeArchive {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// Only this artifact, by the name it had at its source.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Option<Reference>,
}

/// `archive diff OLD NEW`
#[derive(Debug, Args)]
pub(crate) struct DiffArchives {
    /// The one.
    #[arg(value_name = "OLD")]
    pub(crate) old: Written,

    /// The other.
    #[arg(value_name = "NEW")]
    pub(crate) new: Written,

    /// Exit with 3 when there is no difference.
    #[arg(long)]
    pub(crate) exit_nothing: bool,
}

/// `archive copy FROM TO`
#[derive(Debug, Args)]
pub(crate) struct CopyArchive {
    /// The archive.
    #[arg(value_name = "FROM")]
    pub(crate) from: Written,

    /// Where to; with a / at the end it keeps its name.
    #[arg(value_name = "TO")]
    pub(crate) to: Written,

    /// Replace what is there.
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Read every byte back from the medium (folders only).
    #[arg(long)]
    pub(crate) verify_media: bool,
}

/// `archive receipt REGISTRY/REPOSITORY…`
#[derive(Debug, Args)]
pub(crate) struct WriteReceipt {
    /// What to scan: repositories of the target, with all tags, and what belongs to them.
    #[arg(value_name = "REPOSITORY", value_parser = super::value::repository)]
    pub(crate) repositories: Vec<transship_oci::Repository>,

    /// An archive that the target has taken.
    #[arg(long, value_name = "ARCHIVE", requires = "to")]
    pub(crate) archive: Option<Written>,

    /// Where that archive was imported to: HOST[/PREFIX].
    #[arg(long, value_name = "HOST[/PREFIX]")]
    pub(crate) to: Option<String>,

    /// The file to write; - for standard output.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,

    /// Who signs it.
    #[command(flatten)]
    pub(crate) signing: InventoryKey,
}

/// `archive expand ARCHIVE --from REGISTRY --to NEW`
#[derive(Debug, Args)]
pub(crate) struct ExpandArchive {
    /// The archive that counts on what a target has.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// Where what it counts on is: the registry it is meant for, with the prefix.
    #[arg(long, value_name = "HOST[/PREFIX]")]
    pub(crate) from: String,

    /// The archive to write.
    #[arg(long, value_name = "ARCHIVE")]
    pub(crate) to: Written,

    /// How to write it.
    #[command(flatten)]
    pub(crate) rewriting: Rewriting,
}

/// `archive split ARCHIVE --volume-size SIZE --to NEW`
#[derive(Debug, Args)]
pub(crate) struct SplitArchive {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// The most that a volume may have.
    #[arg(long, value_name = "SIZE")]
    pub(crate) volume_size: Amount,

    /// The archive to write.
    #[arg(long, value_name = "ARCHIVE")]
    pub(crate) to: Written,

    /// How to write it.
    #[command(flatten)]
    pub(crate) rewriting: Rewriting,
}

/// `archive join ARCHIVE --to NEW`
#[derive(Debug, Args)]
pub(crate) struct JoinArchive {
    /// The archive: any volume, or the name without the number.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// The archive to write.
    #[arg(long, value_name = "ARCHIVE")]
    pub(crate) to: Written,

    /// How to write it.
    #[command(flatten)]
    pub(crate) rewriting: Rewriting,
}

/// How an archive is written anew. Its inventory becomes another, and signatures of the old one do not fit it.
#[derive(Debug, Args)]
pub(crate) struct Rewriting {
    /// Replace an archive that is there.
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Read every byte back from the medium (folders only).
    #[arg(long)]
    pub(crate) verify_media: bool,

    /// A public key that must have signed the old inventory: a file, `env://NAME`, or the PEM itself.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) archive_key: Vec<String>,

    /// Who signs the new inventory.
    #[command(flatten)]
    pub(crate) signing: InventoryKey,
}

/// `archive trust ARCHIVE [--extract FOLDER]`
#[derive(Debug, Args)]
pub(crate) struct TrustFiles {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// Write the files into this folder. Nothing is ever overwritten.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) extract: Option<PathBuf>,
}
