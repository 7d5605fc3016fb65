//! A receipt as bytes, both ways, and what must be true of it whoever wrote it.

use std::collections::BTreeSet;

use transship_oci::{MAX_MANIFEST, Result};

use super::{Holding, RECEIPT_TYPE, Receipt};
use crate::{
    document::{check_order, check_text, check_type, corrupt, read, write},
    inventory::MAX_ENTRIES,
};

/// The largest receipt that is read, in bytes.
pub const MAX_RECEIPT: u64 = 256 * 1024 * 1024;
const WHAT: &str = "receipt";

impl Receipt {
    /// The bytes that are signed and carried.
    ///
    /// # Errors
    /// `Internal`, should it not be writable.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        write(WHAT, self)
    }

    /// Reads and checks a receipt; see [`Receipt::check`].
    ///
    /// # Errors
    /// `Corrupt` with the name of the field; `Unsupported` for another version than ours.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let receipt: Self = read(WHAT, json, MAX_RECEIPT)?;
        receipt.check()?;
        Ok(receipt)
    }

    /// Is it a receipt of ours, within its caps, in its order, and does it agree with itself?
    ///
    /// # Errors
    /// As for [`Receipt::parse`].
    pub fn check(&self) -> Result<()> {
        let said = (self.schema_version, &*self.media_type);
        check_type(WHAT, said, (1, RECEIPT_TYPE))?;
        check_text(WHAT, "generator", &self.generator)?;
        check_text(WHAT, "target", &self.target)?;
        let count = |holding: &Holding| {
            1 + holding.tags.len() + holding.manifests.len() + holding.blobs.len()
        };
        let count = self.taken.len() + self.repositories.iter().map(count).sum::<usize>();
        if count > MAX_ENTRIES {
            return Err(corrupt(format!(
                "the receipt lists {count} entries, more than the limit of {MAX_ENTRIES}"
            )));
        }
        check_order(WHAT, "taken", self.taken.iter().map(|it| &it.lineage))?;
        for taken in &self.taken {
            check_text(WHAT, "lineage", &taken.lineage)?;
            if taken.sequence == 0 {
                return Err(corrupt("the receipt has a sequence of 0"));
            }
        }
        let names = self.repositories.iter().map(|it| &it.repository);
        check_order(WHAT, "repositories", names)?;
        self.repositories.iter().try_for_each(check_holding)
    }
}

fn check_holding(holding: &Holding) -> Result<()> {
    let repository = &holding.repository;
    let list = |name: &str| format!("{name} of {repository}");
    check_order(WHAT, &list("tags"), holding.tags.iter().map(|it| &it.tag))?;
    let manifests = holding.manifests.iter().map(|it| it.digest);
    check_order(WHAT, &list("manifests"), manifests.clone())?;
    check_order(
        WHAT,
        &list("blobs"),
        holding.blobs.iter().map(|it| it.digest),
    )?;
    if let Some(large) = holding.manifests.iter().find(|it| it.size > MAX_MANIFEST) {
        return Err(corrupt(format!(
            "manifest {} of {repository} in the receipt is over the limit of {MAX_MANIFEST} bytes",
            large.digest
        )));
    }
    let manifests: BTreeSet<_> = manifests.collect();
    match holding
        .tags
        .iter()
        .find(|it| !manifests.contains(&it.digest))
    {
        Some(loose) => Err(corrupt(format!(
            "tag {} of {repository} in the receipt points at no manifest of it",
            loose.tag
        ))),
        None => Ok(()),
    }
}
