//! May we delete? And taking away what the other probes have pushed.

use transship_oci::{
    Blob as _, Descriptor, Digest, ErrorKind, Name, Placement, RawManifest, Result,
};

use super::{Finding, Made, Probe};
use crate::transport::Room;

/// What can be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleting {
    /// Manifests, by digest.
    pub manifests: Finding,
    /// Tags, without their manifest.
    pub tags: Finding,
    /// Blobs.
    pub blobs: Finding,
}

/// How a probe ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleanup {
    /// What could not be removed, by tag or digest.
    pub left_behind: Vec<String>,
}

impl Probe<'_> {
    /// May we delete? Asks for something that nobody has first; only where that is not refused it pushes a manifest
    /// under a tag, and removes the tag, the manifest and its blob.
    ///
    /// The probes that push more ask for this one first.
    pub async fn delete(&mut self) -> Deleting {
        if let Some(known) = &self.deleting {
            return known.clone();
        }
        let found = self.may_delete().await;
        self.deleting = Some(found.clone());
        found
    }

    async fn may_delete(&mut self) -> Deleting {
        let all = |finding: Finding| Deleting {
            manifests: finding.clone(),
            tags: finding.clone(),
            blobs: finding,
        };
        let nobodys = Digest::sha256(self.material.nonce().as_bytes());
        if let Err(error) = self.repository.would_delete(&nobodys).await
            && matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Denied)
        {
            return all(Finding::of(&error));
        }
        match self.push_tagged().await {
            Ok(manifest) => self.try_to_delete(&manifest).await,
            Err(error) => all(Finding::Unknown(error.to_string())),
        }
    }

    /// Takes away everything that was pushed and names what stays.
    pub async fn finish(mut self) -> Cleanup {
        let mut left_behind = Vec::new();
        while let Some(made) = self.made.pop() {
            if self.remove(&made).await.is_yes() {
                continue;
            }
            // A tag may have gone with its manifest, a blob with what used it.
            if let Some(name) = self.still_there(&made).await {
                left_behind.push((made, name));
            }
        }
        // What stood in the way a moment ago may be gone now.
        let mut names = Vec::new();
        for (made, name) in left_behind {
            if self.still_there(&made).await.is_some() {
                names.push(name);
            }
        }
        Cleanup { left_behind: names }
    }

    /// Puts the blob and `manifest` made of it; what was put is remembered.
    pub(super) async fn push_made(&mut self, manifest: &RawManifest) -> Result<http::HeaderMap> {
        let blob = self.material.blob();
        let digest = blob.descriptor().digest;
        if !self.made.contains(&Made::Blob(digest)) {
            let placement = Placement {
                mount_from: None,
                absent: true,
            };
            let placed = Box::pin(self.repository.place_blob(&blob, &placement));
            placed.await?;
            self.made.push(Made::Blob(digest));
        }
        let headers = self.repository.put_plainly(manifest).await?;
        self.made.push(Made::Manifest(manifest.digest()));
        Ok(headers)
    }

    async fn push_tagged(&mut self) -> Result<RawManifest> {
        let manifest = self.material.manifest("delete", None)?;
        let tag = self.material.tag()?;
        self.push_made(&manifest).await?;
        self.repository
            .push_tags(std::slice::from_ref(&tag), &manifest)
            .await?;
        self.made.push(Made::Tag(tag));
        Ok(manifest)
    }

    async fn try_to_delete(&mut self, manifest: &RawManifest) -> Deleting {
        let blob = self.material.blob().descriptor().digest;
        let mut found = [Finding::Yes, Finding::Yes, Finding::Yes];
        let tag = self.made.iter().find_map(|made| match made {
            Made::Tag(tag) => Some(Made::Tag(tag.clone())),
            _ => None,
        });
        let order = [
            tag,
            Some(Made::Manifest(manifest.digest())),
            Some(Made::Blob(blob)),
        ];
        for (made, finding) in order.iter().zip(&mut found) {
            let Some(made) = made else { continue };
            *finding = self.remove(made).await;
            if finding.is_yes() || self.still_there(made).await.is_none() {
                self.made.retain(|other| other != made);
            }
        }
        let [tags, manifests, blobs] = found;
        Deleting {
            manifests,
            tags,
            blobs,
        }
    }

    /// Removes one thing and looks whether it is gone: a registry may say yes and do nothing.
    async fn remove(&self, made: &Made) -> Finding {
        let removed = match made {
            Made::Tag(tag) => self.repository.delete_tag(tag).await,
            Made::Manifest(digest) => self.repository.delete_manifest(digest).await,
            Made::Blob(digest) => self.repository.delete_blob(digest).await,
        };
        match removed {
            Err(error) => Finding::of(&error),
            Ok(_) => match self.still_there(made).await {
                None => Finding::Yes,
                Some(name) => Finding::No(format!("{name} is still there after it was deleted")),
            },
        }
    }

    /// The name of what was made, if it is still there or that cannot be found out.
    async fn still_there(&self, made: &Made) -> Option<String> {
        let (found, name) = match made {
            Made::Tag(tag) => (self.has(&Name::Tag(tag.clone())).await, tag.to_string()),
            Made::Manifest(digest) => (self.has(&Name::Digest(*digest)).await, digest.to_string()),
            Made::Blob(digest) => {
                let size = self.material.blob().descriptor().size;
                let node = Descriptor::new("", *digest, size);
                (
                    self.repository.has_blob(&node, Room::Own).await,
                    digest.to_string(),
                )
            }
        };
        found.unwrap_or(true).then_some(name)
    }

    async fn has(&self, name: &Name) -> Result<bool> {
        match self.repository.head_manifest(name).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}
