//! Deleting (distribution-spec, "Content Management").

use http::Method;
use transship_oci::{Digest, ErrorKind, Name, Result, Tag};

use crate::{refusal::Refusal, repository::RemoteRepository, transport::Access};

impl RemoteRepository {
    /// Deletes a manifest by digest, and takes it out of its subject's fallback index if it stands in one. Tags that
    /// point at it go with it. Returns `false` when it was not there.
    ///
    /// # Errors
    /// `Unsupported` where the registry deletes nothing, `Denied` where we may not.
    pub async fn delete_manifest(&self, digest: &Digest) -> Result<bool> {
        let manifest = match self.get_manifest(&Name::Digest(*digest)).await {
            Ok(manifest) => manifest,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let deleted = self.delete(&format!("manifests/{digest}")).await?;
        let subject = manifest.children().ok().and_then(|c| c.subject_digest());
        if let Some(subject) = subject {
            self.drop_referrer(&subject, digest).await?;
        }
        Ok(deleted)
    }

    /// Removes a tag and leaves the manifest. Returns `false` when there was no such tag.
    ///
    /// # Errors
    /// `Unsupported` where the registry deletes no tags, `Denied` where we may not.
    pub async fn delete_tag(&self, tag: &Tag) -> Result<bool> {
        let deleted = self.delete(&format!("manifests/{tag}")).await?;
        self.listing().remove(tag);
        Ok(deleted)
    }

    /// Deletes a blob. Returns `false` when it was not there.
    ///
    /// # Errors
    /// `Unsupported` where the registry deletes no blobs, `Denied` where we may not.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<bool> {
        self.delete(&format!("blobs/{digest}")).await
    }

    /// Would a manifest be deleted at all? Asks for one that nobody has, so that nothing is needed to find out.
    ///
    /// # Errors
    /// As for [`RemoteRepository::delete_manifest`]; a plain "it is not there" is none.
    pub(crate) async fn would_delete(&self, nobodys: &Digest) -> Result<()> {
        self.delete(&format!("manifests/{nobodys}")).await?;
        Ok(())
    }

    async fn delete(&self, path: &str) -> Result<bool> {
        let op = format!("delete {path}");
        let call = self.call(op, Method::DELETE, self.url(path), Access::Delete);
        let answer = self.host().send(call).await?;
        match answer.status().as_u16() {
            200..=204 => Ok(true),
            404 => {
                // docker-registry without `delete.enabled` says 405; some say 404 with this code.
                let refusal = Refusal::read(answer).await;
                if refusal.says("(UNSUPPORTED") {
                    return Err(refusal.into_error());
                }
                Ok(false)
            }
            _ => Err(answer.into_error().await),
        }
    }
}
