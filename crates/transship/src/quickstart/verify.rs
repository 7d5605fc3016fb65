//! What the story is checked by: the same digests at both ends, and a policy that wants the key made on the spot.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use transship_oci::{Digest, Error, ErrorKind, Result};
use transship_trust::{
    Tlog,
    policy::{Beside, Level, Policy, PolicyFile, RuleFile, Rules, SignedByFile, SignerFile},
    sign::PrivateKey,
};

use crate::tree::Node;

/// The policy: everything is signed with `key`, the index and every image below it.
///
/// # Errors
/// None that is not a defect.
pub(super) fn policy(key: &PrivateKey) -> Result<Arc<dyn Rules>> {
    let signer = SignerFile {
        key: Some(key.public_pem().into()),
        tlog: Some(Tlog::Ignore),
        ..SignerFile::default()
    };
    let file = PolicyFile {
        version: 1,
        trust_root: None,
        max_trust_root_age_days: None,
        signers: BTreeMap::from([("quickstart".to_owned(), signer)]),
        default: RuleFile {
            signed_by: Some(SignedByFile::One("quickstart".to_owned())),
            at: Some(Level::Both),
            ..RuleFile::default()
        },
        rules: Vec::new(),
        denied: Vec::new(),
    };
    let digest = Digest::sha256(file.to_yaml()?.as_bytes());
    Ok(Arc::new(Policy::resolve(&file, digest, &Beside::new(""))?))
}

/// Checks that two trees hold the same manifests; returns how many.
///
/// # Errors
/// `Internal` when they do not.
pub(super) fn same(one: &Node, other: &Node) -> Result<u64> {
    let (one, other) = (digests(one), digests(other));
    if one != other {
        return Err(Error::new(
            ErrorKind::Internal,
            "the copy does not have the digests of the source",
        ));
    }
    Ok(one.len() as u64)
}

fn digests(node: &Node) -> BTreeSet<Digest> {
    let below = node
        .children
        .iter()
        .chain(&node.referrers)
        .flat_map(digests);
    below.chain([node.digest]).collect()
}
