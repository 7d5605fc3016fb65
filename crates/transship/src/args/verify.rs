//! `verify`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use transship_oci::Reference;

use super::Who;

/// `verify REF`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("who").required(true).multiple(true)
    .args(["policy", "key", "certificate_identity", "certificate_identity_regexp"])))]
pub(crate) struct Verify {
    /// What to verify.
    #[arg(value_name = "REF", value_parser = super::value::reference)]
    pub(crate) reference: Reference,

    /// Everything that this policy wants must be there: our own form, or containers' policy.json.
    #[arg(long, value_name = "FILE", conflicts_with_all = Who::ALL, conflicts_with = "Flags")]
    pub(crate) policy: Option<PathBuf>,

    /// Who must have signed.
    #[command(flatten)]
    pub(crate) who: Who,

    /// What must have been signed.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// What must have been signed.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "Flags", multiple = true)]
pub(crate) struct Flags {
    /// A statement of this type must be there, instead of a signature: a URI, or a name such as slsaprovenance1,
    /// spdxjson, cyclonedx or vuln. Of several, all must be there.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,

    /// An annotation that must have been signed along; may be given several times.
    #[arg(
        long,
        short,
        value_name = "KEY=VALUE",
        value_parser = super::value::pair,
        conflicts_with = "types"
    )]
    pub(crate) annotations: Vec<(String, String)>,

    /// Every manifest below an index must be signed too.
    #[arg(long, short)]
    pub(crate) recursive: bool,

    /// Ask nobody, and print the policy that these flags mean.
    #[arg(long)]
    pub(crate) print_policy: bool,
}
