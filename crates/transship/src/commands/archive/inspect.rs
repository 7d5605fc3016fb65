//! `archive inspect ARCHIVE`: what its inventory says, from its head alone.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use transship_archive::{Archive, Inventory};
use transship_oci::{Digest, Name, Result};

use crate::{
    amount::{Bytes, Count},
    app::App,
    archives::{self, Opened},
    args::InspectArchive,
    exit::Exit,
    output, read,
};

pub(super) async fn run(app: &App, args: &InspectArchive) -> Result<Exit> {
    if args.raw {
        let (archive, _) = archives::own(app, &args.archive).await?;
        return raw(&archive).await;
    }
    let opened = archives::open(app, &args.archive).await?;
    app.progress.end();
    match opened {
        Opened::Own(archive, _) => {
            let source = archive.inventory_source();
            let seals = source.referrers(&archive.digest()).await?;
            app.output.result(&Shown {
                archive: archive.at(),
                digest: archive.digest(),
                size: None,
                signatures: seals.iter().map(|seal| seal.descriptor.digest).collect(),
                missing: archive.lost().iter().map(|lost| lost.volume).collect(),
                sums: Sums::of(archive.inventory()),
                inventory: archive.inventory(),
            })?;
        }
        Opened::Foreign(archive) => {
            let found = archive.found().iter().map(|found| Line {
                repository: found.repository.as_ref().map(ToString::to_string),
                tag: found.tag.as_ref().map(ToString::to_string),
                digest: found.root.digest,
            });
            app.output.result(&Foreign {
                archive: archive.at(),
                form: format!("{:?}", archive.form()).to_lowercase(),
                limits: archive.limits(),
                manifests: archive.manifests(),
                artifacts: found.collect(),
            })?;
        }
    }
    Ok(Exit::Done)
}

/// The inventory's own bytes, as they were signed.
async fn raw(archive: &Archive) -> Result<Exit> {
    let source = archive.inventory_source();
    let manifest = source.fetch(&Name::Digest(archive.digest())).await?;
    let children = manifest.children()?;
    if let Some(inventory) = children.blobs.first() {
        output::bytes(&read::blob(&*source, inventory).await?)?;
    }
    Ok(Exit::Done)
}

/// An archive of ours as a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    archive: &'a str,
    digest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// The manifests beside the inventory. None of them was judged.
    signatures: Vec<Digest>,
    /// Volumes that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<u32>,
    sums: Sums,
    inventory: &'a Inventory,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sums {
    artifacts: u64,
    manifests: u64,
    blobs: u64,
    bytes: u64,
    referrers: u64,
    prerequisites: u64,
}

impl Sums {
    fn of(inventory: &Inventory) -> Self {
        let referrers = inventory.artifacts.iter();
        Self {
            artifacts: inventory.artifacts.len() as u64,
            manifests: inventory.manifests.len() as u64,
            blobs: inventory.blobs.len() as u64,
            bytes: inventory.blobs.iter().map(|blob| blob.size).sum(),
            referrers: referrers.map(|it| it.referrers.len() as u64).sum(),
            prerequisites: inventory.prerequisites.len() as u64,
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inventory, sums) = (self.inventory, &self.sums);
        writeln!(f, "{}", self.archive)?;
        writeln!(f, "inventory  {}", self.digest)?;
        writeln!(f, "written by {}", inventory.generator)?;
        match self.signatures.len() {
            0 => writeln!(f, "signed     by nobody")?,
            count => writeln!(
                f,
                "signed     {}, not judged here",
                Count(count as u64, "signature")
            )?,
        }
        if let (Some(lineage), Some(sequence)) = (&inventory.lineage, inventory.sequence) {
            write!(f, "lineage    {lineage}, number {sequence}")?;
            match &inventory.predecessor {
                Some(predecessor) => writeln!(f, ", after {predecessor}")?,
                None => writeln!(f)?,
            }
        }
        writeln!(
            f,
            "content    {} in {}, {}",
            Bytes(sums.bytes),
            Count(sums.blobs, "blob"),
            Count(sums.manifests, "manifest"),
        )?;
        if inventory.volumes.len() > 1 {
            writeln!(f, "volumes    {}", inventory.volumes.len())?;
        }
        for volume in &self.missing {
            writeln!(f, "missing    volume {volume}")?;
        }
        if sums.prerequisites > 0 {
            let bytes = inventory.prerequisites.iter().map(|it| it.size).sum();
            let what = Count(sums.prerequisites, "blob");
            writeln!(f, "counts on  {what} at the target, {}", Bytes(bytes))?;
        }
        for file in &inventory.trust {
            writeln!(f, "trust file {}  {}", file.name, Bytes(file.size))?;
        }
        artifacts(f, inventory)
    }
}

fn artifacts(f: &mut fmt::Formatter<'_>, inventory: &Inventory) -> fmt::Result {
    let manifests: BTreeMap<_, _> = inventory
        .manifests
        .iter()
        .map(|manifest| (manifest.digest, manifest.media_type.as_str()))
        .collect();
    for carried in &inventory.artifacts {
        let path = carried.target.as_deref().unwrap_or(carried.source.path());
        let kind = manifests.get(&carried.digest).copied().unwrap_or_default();
        let tags: Vec<_> = carried.tags.iter().map(ToString::to_string).collect();
        let name = match tags.as_slice() {
            [] => String::new(),
            tags => format!(":{}", tags.join(",")),
        };
        writeln!(f, "{}{name} → {path}{name}", carried.source)?;
        let referrers = Count(carried.referrers.len() as u64, "referrer");
        writeln!(f, "  {}  {kind}, {referrers}", carried.digest)?;
    }
    Ok(())
}

/// An archive of another tool as a result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Foreign<'a> {
    archive: &'a str,
    form: String,
    limits: Vec<&'static str>,
    manifests: usize,
    artifacts: Vec<Line>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    digest: Digest,
}

impl fmt::Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.archive)?;
        writeln!(f, "form       {}, by another tool", self.form)?;
        for limit in &self.limits {
            writeln!(f, "note       {limit}")?;
        }
        writeln!(f, "content    {}", Count(self.manifests as u64, "manifest"))?;
        for line in &self.artifacts {
            let repository = line.repository.as_deref().unwrap_or("(no name)");
            match &line.tag {
                Some(tag) => writeln!(f, "{repository}:{tag}")?,
                None => writeln!(f, "{repository}")?,
            }
            writeln!(f, "  {}", line.digest)?;
        }
        Ok(())
    }
}
