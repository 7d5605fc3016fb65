//! `archive diff OLD NEW`: from both inventories, without a look at any blob.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;
use transship_archive::Inventory;
use transship_oci::{Digest, Result};

use crate::{
    amount::{Bytes, Count},
    app::App,
    archives,
    args::DiffArchives,
    exit::Exit,
};

pub(super) async fn run(app: &App, args: &DiffArchives) -> Result<Exit> {
    let (old, _) = archives::own(app, &args.old).await?;
    let (new, _) = archives::own(app, &args.new).await?;
    app.progress.end();
    let diff = Diff::of(old.inventory(), new.inventory());
    let same = diff.is_same();
    app.output.result(&diff)?;
    Ok(if same && args.exit_nothing {
        Exit::Nothing
    } else {
        Exit::Done
    })
}

/// What two archives have that the other has not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Diff {
    added: Vec<Named>,
    removed: Vec<Named>,
    changed: Vec<Changed>,
    same: u64,
    blobs: Blobs,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    name: String,
    digest: Digest,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    name: String,
    old: Digest,
    new: Digest,
    /// The artifact is the same, and what belongs to it is not.
    referrers_only: bool,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Blobs {
    added: u64,
    added_bytes: u64,
    removed: u64,
    removed_bytes: u64,
    same: u64,
}

/// A root, and what belongs to it.
type Content = (Digest, BTreeSet<Digest>);

impl Diff {
    fn of(old: &Inventory, new: &Inventory) -> Self {
        let (before, after) = (names(old), names(new));
        let mut diff = Self {
            added: only(&after, &before),
            removed: only(&before, &after),
            changed: Vec::new(),
            same: 0,
            blobs: Blobs::of(old, new),
        };
        for (name, (was, was_beside)) in &before {
            match after.get(name) {
                Some((is, beside)) if is == was && beside == was_beside => diff.same += 1,
                Some((is, _)) => diff.changed.push(Changed {
                    name: name.clone(),
                    old: *was,
                    new: *is,
                    referrers_only: is == was,
                }),
                None => {}
            }
        }
        diff
    }

    fn is_same(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Blobs {
    fn of(old: &Inventory, new: &Inventory) -> Self {
        let sizes = |inventory: &Inventory| -> BTreeMap<Digest, u64> {
            let blobs = inventory.blobs.iter();
            blobs.map(|blob| (blob.digest, blob.size)).collect()
        };
        let (before, after) = (sizes(old), sizes(new));
        let mut blobs = Self::default();
        for (digest, size) in &after {
            if before.contains_key(digest) {
                blobs.same += 1;
            } else {
                blobs.added += 1;
                blobs.added_bytes += size;
            }
        }
        let gone = before
            .iter()
            .filter(|(digest, _)| !after.contains_key(digest));
        for (_, size) in gone {
            blobs.removed += 1;
            blobs.removed_bytes += size;
        }
        blobs
    }
}

/// Every artifact by every name that it has.
fn names(inventory: &Inventory) -> BTreeMap<String, Content> {
    let mut names = BTreeMap::new();
    for carried in &inventory.artifacts {
        let beside: BTreeSet<Digest> = carried.referrers.iter().map(|it| it.digest).collect();
        let tags = carried
            .tags
            .iter()
            .map(|tag| format!("{}:{tag}", carried.source));
        let mut called: Vec<String> = tags.collect();
        if called.is_empty() {
            called.push(format!("{}@{}", carried.source, carried.digest));
        }
        for name in called {
            names.insert(name, (carried.digest, beside.clone()));
        }
    }
    names
}

fn only(here: &BTreeMap<String, Content>, there: &BTreeMap<String, Content>) -> Vec<Named> {
    let only = here.iter().filter(|(name, _)| !there.contains_key(*name));
    only.map(|(name, (digest, _))| Named {
        name: name.clone(),
        digest: *digest,
    })
    .collect()
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for named in &self.added {
            writeln!(f, "+ {}  {}", named.name, named.digest)?;
        }
        for named in &self.removed {
            writeln!(f, "- {}  {}", named.name, named.digest)?;
        }
        for changed in &self.changed {
            if changed.referrers_only {
                writeln!(f, "~ {}  other referrers", changed.name)?;
            } else {
                writeln!(f, "~ {}  {} → {}", changed.name, changed.old, changed.new)?;
            }
        }
        let blobs = &self.blobs;
        writeln!(
            f,
            "{} the same; {} added, {}; {} removed, {}; {} the same",
            Count(self.same, "artifact"),
            Count(blobs.added, "blob"),
            Bytes(blobs.added_bytes),
            Count(blobs.removed, "blob"),
            Bytes(blobs.removed_bytes),
            Count(blobs.same, "blob"),
        )
    }
}
