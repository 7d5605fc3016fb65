//! What is to be taken out of an archive, whoever wrote it.

use std::sync::Arc;

use transship_archive::{Archive, foreign::Foreign};
use transship_oci::{Digest, Error, ErrorKind, Repository, Result, Side, Source, Tag};

/// One artifact of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Cargo {
    /// Where it was read from; nothing for what does not say.
    pub(crate) source: Option<Repository>,
    /// What it is called behind the gap; nothing for what has no name.
    pub(crate) path: Option<String>,
    /// The tags it is to have.
    pub(crate) tags: Vec<Tag>,
    /// Its root.
    pub(crate) digest: Digest,
    /// Whence its content comes.
    pub(crate) from: Arc<dyn Source>,
}

impl Cargo {
    /// All artifacts of an archive of ours, in the order of its inventory.
    ///
    /// # Errors
    /// `Corrupt` when the archive has no repository that its inventory names.
    pub(crate) fn own(archive: &Archive) -> Result<Vec<Self>> {
        let artifacts = archive.inventory().artifacts.iter();
        let taken = artifacts.map(|carried| {
            let source = &carried.source;
            let from = archive
                .repository(source)
                .ok_or_else(|| lost(source, archive.at()))?;
            let path = carried.target.as_deref().unwrap_or(source.path());
            Ok(Self {
                path: Some(path.to_owned()),
                source: Some(source.clone()),
                tags: carried.tags.clone(),
                digest: carried.digest,
                from,
            })
        });
        taken.collect()
    }

    /// All artifacts of an archive of others.
    ///
    /// # Errors
    /// `Corrupt` when it has no repository that it names.
    pub(crate) fn foreign(archive: &Foreign) -> Result<Vec<Self>> {
        let found = archive.found().iter();
        let taken = found.map(|found| {
            let source = found.repository.clone();
            let from = archive.repository(source.as_ref()).ok_or_else(|| {
                Error::new(ErrorKind::Corrupt, "an artifact has no repository")
                    .on(Side::Source)
                    .at(archive.at())
            })?;
            Ok(Self {
                path: source.as_ref().map(|source| source.path().to_owned()),
                source,
                tags: found.tag.iter().cloned().collect(),
                digest: found.root.digest,
                from,
            })
        });
        taken.collect()
    }

    /// As people and events see it.
    pub(crate) fn label(&self) -> String {
        let place = self
            .source
            .as_ref()
            .map_or_else(|| self.from.location().to_string(), Repository::to_string);
        match self.tags.first() {
            Some(tag) => format!("{place}:{tag}"),
            None => format!("{place}@{}", self.digest),
        }
    }
}

fn lost(source: &Repository, at: &str) -> Error {
    let message = format!("the inventory names {source}, which is not there");
    Error::new(ErrorKind::Corrupt, message)
        .on(Side::Source)
        .at(at)
}
