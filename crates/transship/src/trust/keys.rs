//! Rules that a command line makes of keys alone.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use transship_oci::{Digest, Result};
use transship_trust::{
    Tlog,
    policy::{Policy, PolicyFile, RuleFile, Rules, SignedByFile, SignerFile, Words},
};

use super::rules::beside;
use crate::app::App;

/// Rules that want a signature of one of these keys (files, `env://NAME` or PEM) beside whatever they are asked about.
/// What is signed with a key for another network has no log entry, so none is asked for.
///
/// # Errors
/// `Invalid` for what is no key.
pub(crate) fn by_keys(app: &App, keys: &[String]) -> Result<Arc<dyn Rules>> {
    const NAME: &str = "the given key";
    let signer = SignerFile {
        key: Some(Words::Many(keys.to_vec())),
        tlog: Some(Tlog::Ignore),
        ..SignerFile::default()
    };
    let file = PolicyFile {
        version: 1,
        trust_root: None,
        max_trust_root_age_days: None,
        signers: BTreeMap::from([(NAME.to_owned(), signer)]),
        default: RuleFile {
            signed_by: Some(SignedByFile::One(NAME.to_owned())),
            ..RuleFile::default()
        },
        rules: Vec::new(),
        denied: Vec::new(),
    };
    let digest = Digest::sha256(file.to_yaml()?.as_bytes());
    let materials = beside(app, Path::new(""));
    Ok(Arc::new(Policy::resolve(&file, digest, &materials)?))
}
