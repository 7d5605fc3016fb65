//! `sign`, `attest` and `key`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use transship_oci::Reference;

use super::{Forms, SignerKey, Storage};

/// `sign REF --key KEY`
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// What to sign. A tag is looked up once, and what it points at is signed.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// With what.
    #[command(flatten)]
    pub(crate) key: SigningKey,

    /// How to store the signature, and form of the result: bundle (as cosign 3, the default) or cosign (in a tag, as
    /// cosign 2 and podman read it), text or json. Both may be said: cosign,json.
    #[arg(id = "format", long = "format", value_name = "FORM", default_value = "bundle", value_parser = super::form::signing)]
    pub(crate) forms: Forms,

    /// Sign the children of an index too. podman and containers look at those.
    #[arg(long, short)]
    pub(crate) recursive: bool,

    /// Sign this along; may be given several times.
    #[arg(long = "annotation", short = 'a', value_name = "KEY=VALUE", value_parser = super::value::pair)]
    pub(crate) annotations: Vec<(String, String)>,

    /// Read what would be signed, and sign nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `attest REF --predicate FILE --type TYPE --key KEY`
#[derive(Debug, Args)]
pub(crate) struct Attest {
    /// What the statement is about.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// What is said of it: a JSON file; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) predicate: PathBuf,

    /// What kind of thing is said: a URI, or a name such as slsaprovenance1, spdxjson, cyclonedx, vuln or custom.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) predicate_type: String,

    /// With what.
    #[command(flatten)]
    pub(crate) key: SigningKey,

    /// How to store the attestation, and form of the result, as for sign.
    #[arg(id = "format", long = "format", value_name = "FORM", default_value = "bundle", value_parser = super::form::signing)]
    pub(crate) forms: Forms,

    /// Say it of the children of an index too.
    #[arg(long, short)]
    pub(crate) recursive: bool,

    /// Read what would be signed, and sign nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// The key to sign with, and where its passphrase is. There is no flag for the passphrase itself: every process can read
/// the command line.
#[derive(Debug, Clone, Args)]
pub(crate) struct SigningKey {
    /// The private key: a file as cosign or openssl wrote it, or `env://VARIABLE`.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: SignerKey,

    /// Read the key's passphrase from this file. Else `TRANSSHIP_KEY_PASSWORD` or `COSIGN_PASSWORD`, else it is asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

impl Sign {
    /// How to store the signature.
    pub(crate) fn storage(&self) -> Storage {
        self.forms.storage.unwrap_or_default()
    }
}

impl Attest {
    /// How to store the attestation.
    pub(crate) fn storage(&self) -> Storage {
        self.forms.storage.unwrap_or_default()
    }
}

/// `key`
#[derive(Debug, Args)]
pub(crate) struct KeyTool {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key pair: PREFIX.key under a passphrase, and PREFIX.pub. cosign reads both.
    Generate(GenerateKey),
}

/// `key generate`
#[derive(Debug, Args)]
pub(crate) struct GenerateKey {
    /// Where to write: PREFIX.key and PREFIX.pub. Nothing is ever overwritten.
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    pub(crate) output_key_prefix: PathBuf,

    /// Read the passphrase from this file. Else `TRANSSHIP_KEY_PASSWORD` or `COSIGN_PASSWORD`, else it is asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}
