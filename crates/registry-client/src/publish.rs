//! Manifests, write side: put by digest, tagged last.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, HeaderValue, Method, header};
use transship_oci::{Error, ErrorKind, Name, RawManifest, Result, Tag};

use crate::{
    manifest::{check_said, digest_header},
    refusal::Refusal,
    repository::RemoteRepository,
    transport::{Access, Answer, Body, Call},
};

/// How many tags one request names: what every registry that knows multi-tag PUT should take
/// (distribution-spec, "Pushing Manifests").
const TAGS_A_REQUEST: usize = 10;
/// How many tags are put at once, one request each.
const AT_ONCE: usize = 8;
/// With this a registry says that it has taken note of a manifest's subject.
const OCI_SUBJECT: &str = "oci-subject";

impl RemoteRepository {
    /// Puts `manifest` under its digest, and sees to it that it is listed for its subject.
    pub(crate) async fn push_manifest(&self, manifest: &RawManifest) -> Result<()> {
        let children = manifest.children()?;
        let headers = self.put_plainly(manifest).await?;
        let claimed = headers.contains_key(OCI_SUBJECT);
        self.keep_referrer(manifest, &children, claimed).await
    }

    /// Puts `manifest` under its digest and does nothing about its subject; returns the headers of the answer.
    pub(crate) async fn put_plainly(&self, manifest: &RawManifest) -> Result<HeaderMap> {
        let digest = manifest.digest().to_string();
        let call = self.put_call(&format!("put manifest {digest}"), &digest, manifest);
        let answer = self
            .send_put(call, manifest)
            .await
            .map_err(Refusal::into_error)?;
        Ok(answer.headers().clone())
    }

    /// Puts `manifest` under `tags`. What the registry does not confirm is not taken for done.
    pub(crate) async fn push_tags(&self, tags: &[Tag], manifest: &RawManifest) -> Result<()> {
        if tags.is_empty() {
            return self.push_manifest(manifest).await;
        }
        let children = manifest.children()?;
        let mut claimed = false;
        let mut left: Vec<&Tag> = tags.iter().collect();
        if left.len() > 1 {
            left = self.put_together(left, manifest, &mut claimed).await?;
        }
        let puts: Vec<_> = left
            .into_iter()
            .map(|tag| self.put_tag(tag, manifest))
            .collect();
        let mut puts = stream::iter(puts).buffered(AT_ONCE);
        while let Some(said) = puts.try_next().await? {
            claimed |= said;
        }
        self.keep_referrer(manifest, &children, claimed).await
    }

    /// The call that puts `manifest` at `manifests/<at>`.
    pub(crate) fn put_call(&self, op: &str, at: &str, manifest: &RawManifest) -> Call {
        let url = self.url(&format!("manifests/{at}"));
        let mut call = self.call(op.to_owned(), Method::PUT, url, Access::Push);
        call.body = Body::Bytes(manifest.bytes().clone());
        // A media type that is no header value was never served as one: nothing that was read gets here.
        let kind = HeaderValue::from_str(manifest.media_type())
            .unwrap_or(HeaderValue::from_static("application/octet-stream"));
        call.headers.insert(header::CONTENT_TYPE, kind);
        call
    }

    async fn send_put(&self, call: Call, manifest: &RawManifest) -> Result<Answer, Refusal> {
        let answer = self.host().send(call).await?;
        if answer.status().as_u16() == 413 {
            let size = manifest.descriptor().size;
            self.host().learned().learn_too_large(size);
        }
        accepted(answer, manifest).await
    }

    /// Several tags with one request each ten; returns the ones that still have to be put.
    async fn put_together<'a>(
        &self,
        tags: Vec<&'a Tag>,
        manifest: &RawManifest,
        claimed: &mut bool,
    ) -> Result<Vec<&'a Tag>> {
        let mut left = Vec::new();
        for some in tags.chunks(TAGS_A_REQUEST) {
            if !self.host().learned().multi_tag() {
                left.extend_from_slice(some);
                continue;
            }
            let query: Vec<String> = some.iter().map(|tag| format!("tag={tag}")).collect();
            let at = format!("{}?{}", manifest.digest(), query.join("&"));
            let op = format!("tag {} and {} more", some[0], some.len() - 1);
            match self
                .send_put(self.put_call(&op, &at, manifest), manifest)
                .await
            {
                Ok(answer) => {
                    *claimed |= claims_subject(&answer);
                    let done = confirmed(&answer);
                    if done.is_empty() {
                        self.host().learned().learn_no_multi_tag();
                    }
                    for tag in some {
                        if done.iter().any(|name| name == tag.as_str()) {
                            self.listing().add(tag);
                        } else {
                            left.push(*tag);
                        }
                    }
                }
                // One of the tags may be immutable, or the address too long: one by one it comes out.
                Err(refusal) if refusal.status().is_some_and(|status| status < 500) => {
                    if matches!(refusal.status(), Some(404 | 405 | 414 | 431)) {
                        self.host().learned().learn_no_multi_tag();
                    }
                    left.extend_from_slice(some);
                }
                Err(refusal) => return Err(refusal.into_error()),
            }
        }
        Ok(left)
    }

    /// Puts one tag; returns whether the registry claims to have processed a subject.
    async fn put_tag(&self, tag: &Tag, manifest: &RawManifest) -> Result<bool> {
        let call = self.put_call(&format!("tag {tag}"), tag.as_str(), manifest);
        match self.send_put(call, manifest).await {
            Ok(answer) => {
                self.listing().add(tag);
                Ok(claims_subject(&answer))
            }
            Err(refusal) if refusal.may_be_about_the_tag() => {
                self.settle_refusal(tag, manifest, refusal).await?;
                Ok(false)
            }
            Err(refusal) => Err(refusal.into_error()),
        }
    }

    /// A registry may refuse to put a tag that is immutable. If it points where it should, all is well.
    async fn settle_refusal(
        &self,
        tag: &Tag,
        manifest: &RawManifest,
        refusal: Refusal,
    ) -> Result<()> {
        match self.head_manifest(&Name::Tag(tag.clone())).await {
            Ok(there) if there.digest == manifest.digest() => Ok(()),
            Ok(there) if refusal.says_immutable() => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "tag {tag} is immutable at the registry and points at {}",
                    there.digest
                ),
            )
            .because(refusal.into_error())
            .hinting("copy to another tag, or have the registry's owner lift the immutability")),
            _ => Err(refusal.into_error()),
        }
    }
}

/// Judges the answer to a PUT of `manifest`. 201 is what the specification wants; Quay has sent 202.
pub(crate) async fn accepted(answer: Answer, manifest: &RawManifest) -> Result<Answer, Refusal> {
    if !matches!(answer.status().as_u16(), 200..=202) {
        return Err(Refusal::read(answer).await);
    }
    let said = digest_header(&answer)?;
    check_said(manifest.digest(), said)?;
    Ok(answer)
}

fn claims_subject(answer: &Answer) -> bool {
    answer.headers().contains_key(OCI_SUBJECT)
}

/// The tags that `OCI-Tag` confirms: several headers, or several tags in one.
fn confirmed(answer: &Answer) -> Vec<String> {
    answer
        .headers()
        .get_all("oci-tag")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().to_owned())
        .collect()
}
