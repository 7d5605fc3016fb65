//! What is known of the far side: what it has, by its receipt, and what it asks for.

use std::collections::{BTreeMap, BTreeSet};

use transship_archive::{
    Holdings, Receipt, Request,
    receipt::{Reach, against},
};
use transship_oci::{Artifact, Digest, Error, Repository, Result, Side};

use crate::{app::App, args::Succession, files, letter, names::Destination};

/// What came back across the gap.
#[derive(Debug, Default)]
pub(super) struct Far {
    receipt: Option<Receipt>,
    pub(super) request: Option<Request>,
}

impl Far {
    /// Reads the receipt and the request that were named.
    ///
    /// # Errors
    /// As [`letter::read`]; `Corrupt` for what is neither.
    pub(super) fn read(app: &App, args: &Succession) -> Result<Self> {
        let at = |path: &std::path::Path| {
            let name = files::name(path);
            move |error: Error| error.on(Side::Local).at(name)
        };
        let mut far = Self::default();
        if let Some(path) = &args.against {
            let text = letter::read(app, path, &args.far_key)?;
            far.receipt = Some(Receipt::parse(&text).map_err(at(path))?);
        }
        if let Some(path) = &args.request {
            let text = letter::read(app, path, &args.far_key)?;
            far.request = Some(Request::parse(&text).map_err(at(path))?);
        }
        Ok(far)
    }

    /// The blobs that need not be carried.
    ///
    /// # Errors
    /// `Invalid` when the receipt names no place that artifacts can go to.
    pub(super) fn prerequisites(
        &self,
        artifacts: &[Artifact],
        targets: &BTreeMap<Repository, String>,
    ) -> Result<BTreeSet<Digest>> {
        let mut there = match &self.receipt {
            Some(receipt) => known(receipt, artifacts, targets)?,
            None => BTreeSet::new(),
        };
        if let Some(request) = &self.request {
            // What is asked for is carried, whatever a receipt says; what is not, is there by the same word.
            if self.receipt.is_none() {
                there = request.prerequisites(artifacts);
            }
            for missing in &request.missing {
                there.remove(&missing.digest);
            }
        }
        Ok(there)
    }
}

/// What the target has where each artifact will go.
fn known(
    receipt: &Receipt,
    artifacts: &[Artifact],
    targets: &BTreeMap<Repository, String>,
) -> Result<BTreeSet<Digest>> {
    let to = Destination::new(&receipt.target, None)?;
    let places = artifacts.iter().map(|artifact| {
        let source = &artifact.reference.repository;
        let path = targets.get(source).map_or(source.path(), String::as_str);
        Ok(to.of(source, path, &artifact.tags)?.0)
    });
    let places: Vec<Repository> = places.collect::<Result<_>>()?;
    let pairs = places.iter().zip(artifacts);
    let there = against(&Holdings::of(receipt), pairs, Reach::Repository);
    Ok(there.into_keys().collect())
}
