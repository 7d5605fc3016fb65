//! Fills a source registry with images of random bytes, by the plainest HTTP there is: no code under test takes part.

use reqwest::{Client, StatusCode, header::LOCATION};
use serde_json::{Value, json};
use transship_oci::{Digest, media_type};

use super::Result;

/// The repository that everything is put into.
pub(crate) const REPOSITORY: &str = "bench/app";

/// Pushes to one repository of one registry.
pub(crate) struct Seeder {
    client: Client,
    base: String,
    random: u64,
}

impl Seeder {
    /// For the registry at `host`.
    pub(crate) fn new(host: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        Ok(Self {
            client,
            base: format!("http://{host}/v2/{REPOSITORY}"),
            random: 0x9e37_79b9_7f4a_7c15,
        })
    }

    /// Bytes that do not compress, the same in every run.
    pub(crate) fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            bytes.extend_from_slice(&self.random.to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    /// Puts a blob; returns its descriptor.
    pub(crate) async fn blob(&self, kind: &str, bytes: Vec<u8>) -> Result<Value> {
        let (digest, size) = (Digest::sha256(&bytes), bytes.len());
        let url = self.session().await?;
        let answer = self
            .client
            .put(commit(&url, &digest))
            .body(bytes)
            .send()
            .await?;
        expect(answer.status(), StatusCode::CREATED)?;
        Ok(json!({ "mediaType": kind, "digest": digest, "size": size }))
    }

    /// Puts a blob of `length` zero bytes without ever holding it.
    pub(crate) async fn zeros(&self, length: u64) -> Result<Value> {
        const PIECE: usize = 1 << 20;
        let piece = bytes::Bytes::from(vec![0; PIECE]);
        let mut hasher = transship_oci::Hasher::new(transship_oci::Algorithm::Sha256);
        let count = length / PIECE as u64;
        for _ in 0..count {
            hasher.update(&piece);
        }
        let digest = hasher.finish();
        let pieces = (0..count).map(move |_| Ok::<_, std::io::Error>(piece.clone()));
        let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let url = self.session().await?;
        let answer = self
            .client
            .put(commit(&url, &digest))
            .body(body)
            .send()
            .await?;
        expect(answer.status(), StatusCode::CREATED)?;
        Ok(json!({ "mediaType": media_type::OCI_LAYER, "digest": digest, "size": length }))
    }

    async fn session(&self) -> Result<String> {
        let answer = self
            .client
            .post(format!("{}/blobs/uploads/", self.base))
            .send()
            .await?;
        expect(answer.status(), StatusCode::ACCEPTED)?;
        let location = answer.headers().get(LOCATION).ok_or("no Location")?;
        Ok(location.to_str()?.to_owned())
    }

    /// Puts an image with `layers` under `name`, a tag or nothing for "by digest"; returns its descriptor.
    pub(crate) async fn image(
        &mut self,
        layers: Vec<Value>,
        architecture: &str,
        tag: Option<&str>,
    ) -> Result<Value> {
        let salt = Digest::sha256(&self.random(16)).short();
        let config = json!({ "architecture": architecture, "os": "linux", "author": salt, "rootfs": { "type": "layers", "diff_ids": [] } });
        let config = self
            .blob(media_type::OCI_CONFIG, config.to_string().into_bytes())
            .await?;
        let manifest = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": layers });
        self.manifest(media_type::OCI_MANIFEST, &manifest, tag)
            .await
    }

    /// Puts a manifest.
    pub(crate) async fn manifest(
        &self,
        kind: &str,
        manifest: &Value,
        tag: Option<&str>,
    ) -> Result<Value> {
        let bytes = manifest.to_string().into_bytes();
        let (digest, size) = (Digest::sha256(&bytes), bytes.len());
        let name = tag.map_or_else(|| digest.to_string(), ToOwned::to_owned);
        let request = self
            .client
            .put(format!("{}/manifests/{name}", self.base))
            .header("content-type", kind);
        expect(
            request.body(bytes).send().await?.status(),
            StatusCode::CREATED,
        )?;
        Ok(json!({ "mediaType": kind, "digest": digest, "size": size }))
    }
}

fn commit(session: &str, digest: &Digest) -> String {
    let mark = if session.contains('?') { '&' } else { '?' };
    format!("{session}{mark}digest={digest}")
}

fn expect(found: StatusCode, wanted: StatusCode) -> Result<()> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("the source registry answered {found}, not {wanted}").into())
    }
}
