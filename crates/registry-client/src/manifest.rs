//! Manifests, read side: what a name stands for, and the exact bytes.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, Method, StatusCode, header};
use transship_oci::{
    Descriptor, Digest, Error, ErrorKind, MAX_MANIFEST, Name, Presence, RawManifest, Result,
    media_type,
};

use crate::{
    repository::RemoteRepository,
    transport::{Access, Answer, Call},
};

/// How many of the nodes of one question are asked for at once. The host's budget has the last word.
const AT_ONCE: usize = 32;

impl RemoteRepository {
    /// What `name` stands for. A HEAD where the registry answers it in full, else a GET.
    pub(crate) async fn head_manifest(&self, name: &Name) -> Result<Descriptor> {
        let call = self.manifest_call("resolve", Method::HEAD, name);
        let answer = self.host().send(call).await?;
        let said = match answer.status() {
            StatusCode::OK => described(&answer, name)?,
            StatusCode::METHOD_NOT_ALLOWED => None,
            _ => return Err(answer.into_error().await),
        };
        // An answer holds room at the host; what may follow needs some of its own.
        drop(answer);
        match said {
            Some(descriptor) => Ok(descriptor),
            // Older registries leave the digest out of a HEAD: only the bytes tell.
            None => Ok(self.get_manifest(name).await?.descriptor().clone()),
        }
    }

    /// The manifest that `name` stands for.
    pub(crate) async fn get_manifest(&self, name: &Name) -> Result<RawManifest> {
        self.get_tagged(name).await.map(|(manifest, _)| manifest)
    }

    /// The manifest that `name` stands for, and its entity tag if the registry gave one.
    pub(crate) async fn get_tagged(
        &self,
        name: &Name,
    ) -> Result<(RawManifest, Option<HeaderValue>)> {
        let call = self.manifest_call("get manifest", Method::GET, name);
        let answer = self.host().send(call).await?;
        if answer.status() != StatusCode::OK {
            return Err(answer.into_error().await);
        }
        let served_as = content_type(&answer).to_owned();
        let said = digest_header(&answer)?;
        let etag = answer.headers().get(header::ETAG).cloned();
        let bytes = answer.bytes(MAX_MANIFEST).await?;
        let digest = match (name, said) {
            (Name::Digest(asked), said) => {
                check_said(*asked, said)?;
                *asked
            }
            (Name::Tag(_), Some(said)) => said,
            (Name::Tag(_), None) => Digest::sha256(&bytes),
        };
        let kind = kind_of(&served_as, &bytes);
        let expected = Descriptor::new(kind, digest, bytes.len() as u64);
        Ok((RawManifest::verified(&expected, bytes)?, etag))
    }

    /// The manifest that `node` describes, byte for byte.
    pub(crate) async fn get_exact(&self, node: &Descriptor) -> Result<RawManifest> {
        let name = Name::Digest(node.digest);
        let mut call = self.manifest_call("get manifest", Method::GET, &name);
        accept_also(&mut call, &node.media_type);
        let answer = self.host().send(call).await?;
        if answer.status() != StatusCode::OK {
            return Err(answer.into_error().await);
        }
        check_said(node.digest, digest_header(&answer)?)?;
        let served_as = content_type(&answer).to_owned();
        let bytes = answer.bytes(MAX_MANIFEST).await?;
        let mut expected = node.clone();
        if expected.media_type.is_empty() {
            expected.media_type = kind_of(&served_as, &bytes);
        }
        RawManifest::verified(&expected, bytes)
    }

    /// Which of `nodes` are there.
    pub(crate) async fn presence(&self, nodes: &[Descriptor]) -> Result<Vec<Presence>> {
        // Owned futures: a borrowing closure is not general enough for a stream inside a boxed future.
        let asked: Vec<_> = nodes.iter().map(|node| self.is_there(node)).collect();
        stream::iter(asked)
            .buffered(AT_ONCE)
            .map_ok(|there| {
                if there {
                    Presence::Present
                } else {
                    Presence::Absent
                }
            })
            .try_collect()
            .await
    }

    async fn is_there(&self, node: &Descriptor) -> Result<bool> {
        if !node.is_manifest() {
            return self.has_blob(node, crate::transport::Room::Own).await;
        }
        match self.head_manifest(&Name::Digest(node.digest)).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn manifest_call(&self, op: &str, method: Method, name: &Name) -> Call {
        let url = self.url(&format!("manifests/{name}"));
        let mut call = self.call(format!("{op} {name}"), method, url, Access::Pull);
        // Joined: some registries look at the first `Accept` line only.
        let accept = HeaderValue::from_static(ACCEPT);
        call.headers.insert(header::ACCEPT, accept);
        call
    }
}

/// [`media_type::ACCEPT_MANIFESTS`] as one header.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.oci.artifact.manifest.v1+json";

/// A manifest of a type that nobody here has heard of is asked for by that type too.
fn accept_also(call: &mut Call, media_type: &str) {
    if media_type.is_empty() || media_type::is_manifest(media_type) {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&format!("{media_type}, {ACCEPT}")) {
        call.headers.insert(header::ACCEPT, value);
    }
}

/// What the answer to a HEAD says in full; `None` when it leaves something out.
fn described(answer: &Answer, name: &Name) -> Result<Option<Descriptor>> {
    let said = digest_header(answer)?;
    let digest = match name {
        Name::Digest(asked) => {
            check_said(*asked, said)?;
            Some(*asked)
        }
        Name::Tag(_) => said,
    };
    let size = answer
        .header("content-length")
        .and_then(|length| length.parse::<u64>().ok())
        .filter(|size| *size > 0);
    let kind = content_type(answer);
    let (Some(digest), Some(size), true) = (digest, size, says_something(kind)) else {
        return Ok(None);
    };
    if size > MAX_MANIFEST {
        let message =
            format!("manifest {name} of {size} bytes is over the limit of {MAX_MANIFEST}");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(Some(Descriptor::new(kind, digest, size)))
}

/// The media type without its parameters.
fn content_type(answer: &Answer) -> &str {
    let value = answer.header("content-type").unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Does a media type say more than that there are bytes?
fn says_something(media_type: &str) -> bool {
    !matches!(
        media_type,
        "" | "application/json" | "application/octet-stream" | "text/plain" | "text/html"
    )
}

/// The media type of a manifest: as it was served, else as it says itself, else by its shape. Docker's manifests
/// always name their own type, so one that does not is OCI's (image-spec, "mediaType").
fn kind_of(served_as: &str, bytes: &Bytes) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        media_type: Option<String>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    if says_something(served_as) {
        return served_as.to_owned();
    }
    let kind = match serde_json::from_slice::<Shape>(bytes) {
        Ok(Shape {
            media_type: Some(kind),
            ..
        }) => return kind,
        Ok(Shape {
            manifests: Some(_), ..
        }) => media_type::OCI_INDEX,
        Ok(_) => media_type::OCI_MANIFEST,
        Err(_) => served_as,
    };
    kind.to_owned()
}

/// `Docker-Content-Digest`, where there is one that can be computed here.
///
/// # Errors
/// `Corrupt` for one that is no digest at all.
pub(crate) fn digest_header(answer: &Answer) -> Result<Option<Digest>> {
    use transship_oci::DigestError;
    let Some(text) = answer.header("docker-content-digest") else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(digest) => Ok(Some(digest)),
        Err(DigestError::UnknownAlgorithm(_)) => Ok(None),
        Err(cause) => Err(Error::new(
            ErrorKind::Corrupt,
            "the registry sent a Docker-Content-Digest that is none",
        )
        .because(cause)),
    }
}

/// Compares what was asked for or sent with what the registry says it is. Digests of two algorithms cannot be
/// compared: docker-registry answers SHA-256 whatever it was given.
pub(crate) fn check_said(asked: Digest, said: Option<Digest>) -> Result<()> {
    match said {
        Some(said) if said.algorithm() == asked.algorithm() && said != asked => Err(Error::new(
            ErrorKind::DigestMismatch,
            format!("{asked} is what we mean, but the registry says that it is {said}"),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
