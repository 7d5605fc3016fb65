//! `inspect REF`

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::Value;
use transship_oci::{
    Children, Descriptor, Digest, Error, ErrorKind, RawManifest, Result, Source, media_type,
};

use super::suggest;
use crate::{amount::Bytes, app::App, args::Inspect, exit::Exit, output, read, tree::Kind};

/// What there is to say about one manifest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    reference: String,
    digest: Digest,
    media_type: String,
    size: u64,
    #[serde(flatten)]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Digest>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    manifests: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blobs: Vec<Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Value>,
}

pub(super) async fn run(app: &App, args: &Inspect) -> Result<Exit> {
    let source = app.source(&args.reference.repository)?;
    let manifest = match source.fetch(&args.reference.name()).await {
        Ok(manifest) => manifest,
        Err(error) => return Err(suggest::tag(&source, &args.reference, error).await),
    };
    if args.raw {
        output::bytes(manifest.bytes())?;
        return Ok(Exit::Done);
    }
    let children = manifest.children()?;
    if args.image_config {
        let config = config_of(&manifest, &children)?;
        output::bytes(&read::blob(&source, config).await?)?;
        return Ok(Exit::Done);
    }
    let config = match config_of(&manifest, &children) {
        Ok(config) if is_image_config(config) => parse(&read::blob(&source, config).await?),
        _ => None,
    };
    let facts = Facts::of(args.reference.to_string(), &manifest, children, config);
    app.output.result(&facts)?;
    Ok(Exit::Done)
}

fn config_of<'a>(manifest: &RawManifest, children: &'a Children) -> Result<&'a Descriptor> {
    let none = |message: &str| Error::new(ErrorKind::Invalid, message).at(manifest.digest());
    if media_type::is_index(manifest.media_type()) {
        return Err(none("an index has no configuration")
            .hinting("name one of its manifests by digest; `transship tree` lists them"));
    }
    children
        .blobs
        .first()
        .filter(|_| manifest.media_type() != media_type::OCI_ARTIFACT)
        .ok_or_else(|| none("the manifest has no configuration"))
}

fn is_image_config(config: &Descriptor) -> bool {
    matches!(
        config.media_type.as_str(),
        media_type::OCI_CONFIG | "application/vnd.docker.container.image.v1+json"
    )
}

/// A configuration that is no JSON is shown by `--image-config`; here it is left out.
fn parse(config: &[u8]) -> Option<Value> {
    serde_json::from_slice(config).ok()
}

impl Facts {
    fn of(
        reference: String,
        manifest: &RawManifest,
        children: Children,
        config: Option<Value>,
    ) -> Self {
        Self {
            reference,
            digest: manifest.digest(),
            media_type: manifest.media_type().to_owned(),
            size: manifest.descriptor().size,
            kind: Kind::of(manifest.descriptor(), &children),
            subject: children.subject_digest(),
            artifact_type: children.artifact_type,
            annotations: children.annotations,
            manifests: children.manifests,
            blobs: children.blobs.into_iter().chain(children.foreign).collect(),
            config,
        }
    }

    fn config_line(&self, key: &str) -> Option<&str> {
        let value = self.config.as_ref()?.get(key)?.as_str()?;
        Some(value).filter(|value| !value.is_empty())
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.reference)?;
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "  {name:<12}{value}");
        row("digest", &self.digest)?;
        row("kind", &self.kind)?;
        row("media type", &self.media_type)?;
        row("manifest", &Bytes(self.size))?;
        if let (Some(os), Some(cpu)) = (self.config_line("os"), self.config_line("architecture")) {
            row("platform", &format_args!("{os}/{cpu}"))?;
        }
        if let Some(created) = self.config_line("created") {
            row("created", &created)?;
        }
        if let Some(subject) = &self.subject {
            row("belongs to", subject)?;
        }
        for child in &self.manifests {
            match &child.platform {
                Some(platform) => row("child", &format_args!("{}  {platform}", child.digest))?,
                None => row("child", &child.digest)?,
            }
        }
        for blob in &self.blobs {
            let size = Bytes(blob.size);
            row(
                "blob",
                &format_args!("{}  {size:>9}  {}", blob.digest, blob.media_type),
            )?;
        }
        for (key, value) in &self.annotations {
            row("annotation", &format_args!("{key}={value}"))?;
        }
        Ok(())
    }
}
