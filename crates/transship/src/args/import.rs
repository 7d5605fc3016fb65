//! `import`.

use std::path::PathBuf;

use clap::Args;

use super::{Record, SignerKey, SigningKey, Written};
use crate::list::Template;

/// `import ARCHIVE --to HOST[/PREFIX]`
#[derive(Debug, Args)]
#[command(
    after_help = "ARCHIVE is az://ACCOUNT/CONTAINER/KEY, an https URL of a blob with its SAS, s3://BUCKET/KEY, gs://BUCKET/KEY,\n\
                  file:///PATH or a path; env://VARIABLE reads it from a variable. Of an archive in volumes, any one, or the name\n\
                  without the number. Archives of others are read too: oci-archive:FILE, docker-archive:FILE, oci:FOLDER, and a\n\
                  haul (.tar.zst).\n\
                  The same command again goes on where it stopped."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags on a command line are booleans"
)]
pub(crate) struct ImportArchive {
    /// The archive.
    #[arg(value_name = "ARCHIVE")]
    pub(crate) archive: Written,

    /// The registry, with whatever is to stand before the names in the archive.
    #[arg(long, value_name = "HOST[/PREFIX]")]
    pub(crate) to: String,

    /// Other names, such as `mirror/{name}:{tag}`, in place of those in the archive. --to stands before it.
    #[arg(long, value_name = "TEMPLATE")]
    pub(crate) map: Option<Template>,

    /// Move tags that exist at the target and point at something else.
    #[arg(long)]
    pub(crate) overwrite_tags: bool,

    /// Leave out what is refused, incomplete or in the way, and import the rest.
    #[arg(long)]
    pub(crate) continue_on_errors: bool,

    /// Delete the archive once all of it is at the target and was read back there.
    #[arg(long)]
    pub(crate) delete_source_on_success: bool,

    /// Look at everything below what the target has already: a registry that lost blobs is filled again.
    #[arg(long)]
    pub(crate) recheck: bool,

    /// Read the archive and ask the target, and move nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// What lets artifacts and the archive pass.
    #[command(flatten)]
    pub(crate) admission: Admission,

    /// What goes back to whoever made the archive.
    #[command(flatten)]
    pub(crate) reply: Reply,

    /// What to state of the run.
    #[command(flatten)]
    pub(crate) record: Record,
}

/// What must hold of an archive and of what is in it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Admission")]
pub(crate) struct Admission {
    /// A public key that must have signed the inventory: a file, `env://NAME`, or the PEM itself. Of several, one must have.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) archive_key: Vec<String>,

    /// The policy that the inventory must meet, in place of keys.
    #[arg(long, value_name = "FILE", conflicts_with = "archive_key")]
    pub(crate) archive_policy: Option<PathBuf>,

    /// Import only what this policy lets pass, by the names that artifacts had at their sources: judged before any layer
    /// moves, and again at the target before a tag is published.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// Take an archive that comes before one that the target has taken already.
    #[arg(long)]
    pub(crate) allow_rollback: bool,
}

/// What goes back across the gap.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reply")]
pub(crate) struct Reply {
    /// Write a receipt of what the target has now, for `export --against`.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,

    /// Write a request for what is missing, if anything is, for `export --request`.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,

    /// Sign the receipt and the request with this private key: a file, or `env://VARIABLE`.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) receipt_key: Option<SignerKey>,

    /// Read the passphrase of that key from this file.
    #[arg(long, value_name = "FILE", requires = "receipt_key")]
    pub(crate) receipt_password_file: Option<PathBuf>,
}

impl Reply {
    /// The key, if there is one.
    pub(crate) fn key(&self) -> Option<SigningKey> {
        Some(SigningKey {
            key: self.receipt_key.clone()?,
            password_file: self.receipt_password_file.clone(),
        })
    }
}
