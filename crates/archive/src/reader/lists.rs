//! `index.json` and `manifest.json` against the inventory: other tools must see what is signed, and nothing else.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use transship_oci::{Descriptor, Digest, Result};

use super::head::{Head, canonical, corrupt};
use crate::{
    inventory::Carried,
    layout::{DOCKER_MANIFEST, IMAGE_NAME, INDEX, MANIFEST_SUBJECT, REF_NAME, blob_at},
    repository::Node,
};

/// Names and what they stand for.
pub(super) type Names = HashMap<String, Digest>;

impl Head {
    /// `whole` are the artifacts that this volume has all of.
    pub(super) fn check_index(&self, names: &Names, whole: &[&Carried]) -> Result<()> {
        let mut listed = HashSet::new();
        for entry in &self.entries {
            self.check_entry(entry, names)?;
            let keys = [REF_NAME, MANIFEST_SUBJECT].map(|key| entry.annotations.get(key));
            if !listed.insert((entry.digest, keys)) {
                return Err(corrupt(format!("{INDEX} lists {} twice", entry.digest)));
            }
        }
        let listed: HashSet<(Digest, Option<&String>)> = listed
            .into_iter()
            .map(|(digest, [name, _])| (digest, name))
            .collect();
        for artifact in whole {
            let tags = artifact.tags.iter();
            let names: Vec<_> = tags
                .map(|tag| format!("{}:{tag}", artifact.source))
                .collect();
            let mut wanted = names.iter().map(Some).collect::<Vec<_>>();
            if names.is_empty() {
                wanted.push(None);
            }
            let missing = wanted
                .into_iter()
                .find(|name| !listed.contains(&(artifact.digest, *name)));
            if let Some(name) = missing {
                let shown = name.cloned().unwrap_or_else(|| artifact.digest.to_string());
                return Err(corrupt(format!(
                    "{INDEX} does not list {shown}, which is in this volume"
                )));
            }
        }
        Ok(())
    }

    fn check_entry(&self, entry: &Descriptor, names: &Names) -> Result<()> {
        let refuse = |what: &str| Err(corrupt(format!("{INDEX} {what} {}", entry.digest)));
        let Some(node) = self.node(&entry.digest) else {
            return refuse("lists an unknown");
        };
        if !is_described(entry, node) {
            return refuse("and the inventory differ about");
        }
        let name = entry.annotations.get(REF_NAME);
        if entry.annotations.get(IMAGE_NAME) != name {
            return refuse("has two names for one entry of");
        }
        if name.is_some_and(|name| names.get(name) != Some(&entry.digest)) {
            return refuse("has a name that the inventory does not have for");
        }
        let subject = entry.annotations.get(MANIFEST_SUBJECT);
        let own = node
            .children
            .subject_digest()
            .map(|subject| subject.to_string());
        if subject.is_some() && subject != own.as_ref() {
            return refuse("has a subject that the manifest does not name for");
        }
        let known = usize::from(name.is_some()) * 2 + usize::from(subject.is_some());
        if entry.annotations.len() != known {
            return refuse("has unknown remarks about");
        }
        Ok(())
    }

    fn node(&self, digest: &Digest) -> Option<&Node> {
        let known = self.manifests.get(digest);
        let mut own = self.seals.iter().chain([&self.artifact]);
        known.or_else(|| own.find(|node| node.manifest.digest() == *digest))
    }

    /// `manifest.json` is the same in docker's words.
    pub(super) fn check_docker(&self, names: &Names) -> Result<()> {
        #[derive(Deserialize, Serialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        struct Image {
            config: String,
            repo_tags: Vec<String>,
            layers: Vec<String>,
        }
        let Some(docker) = &self.docker else {
            return Ok(());
        };
        let images: Vec<Image> = canonical(DOCKER_MANIFEST, docker)?;
        for image in images {
            let root = image.repo_tags.first().and_then(|tag| names.get(tag));
            let same = image.repo_tags.iter().all(|tag| names.get(tag) == root);
            let node = root
                .filter(|_| same)
                .and_then(|root| self.manifests.get(root));
            let paths = [&image.config].into_iter().chain(&image.layers);
            let listed = paths.map(|path| blob_at(path));
            let fits = |node: &Node| {
                let blobs = node.children.blobs.iter().map(|blob| Some(blob.digest));
                listed.eq(blobs)
            };
            if !node.is_some_and(fits) {
                let shown: String = image.config.chars().take(100).collect();
                let message =
                    format!("{DOCKER_MANIFEST} lists image {shown:?} otherwise than the inventory");
                return Err(corrupt(message));
            }
        }
        Ok(())
    }
}

/// Does an entry say of a manifest what is so, and nothing more?
fn is_described(entry: &Descriptor, node: &Node) -> bool {
    let known = node.manifest.descriptor();
    let kind = entry.artifact_type.is_none() || entry.artifact_type == node.children.artifact_type;
    let bare = entry.urls.is_empty() && entry.platform.is_none();
    kind && bare && entry.size == known.size && entry.media_type == known.media_type
}
