//! The manifest under a tag of cosign's first form: one layer a signature or statement, of whoever made it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use transship_oci::{Descriptor, Error, ErrorKind, RawManifest, Result, Tag, media_type};

use super::{
    Signed,
    key_file::internal,
    manifest::{Annotations, Entry, Manifest},
};

/// Layers, byte for byte as they were read, and what is said of all of them.
#[derive(Default)]
struct Stack {
    layers: Vec<Box<RawValue>>,
    annotations: Annotations,
}

impl Stack {
    fn read(manifest: &RawManifest) -> Result<Self> {
        let foreign = || {
            Error::new(
                ErrorKind::Conflict,
                format!(
                    "{} lies where signatures belong, and is no manifest of signatures",
                    manifest.digest()
                ),
            )
            .hinting("look at it with `transship inspect`; nothing was overwritten")
        };
        if manifest.media_type() != media_type::OCI_MANIFEST {
            return Err(foreign());
        }
        let fields: Layers = serde_json::from_slice(manifest.bytes()).map_err(|_| foreign())?;
        Ok(Self {
            layers: fields.layers,
            annotations: manifest.children()?.annotations,
        })
    }

    /// Adds a layer; tells whether it was missing.
    fn add(&mut self, layer: Box<RawValue>) -> bool {
        let said = value(&layer);
        let missing = !self.layers.iter().any(|known| value(known) == said);
        if missing {
            self.layers.push(layer);
        }
        missing
    }

    /// The manifest, and the configuration that it names.
    fn build(self) -> Result<(RawManifest, (Descriptor, Bytes))> {
        let config = config(&self.layers)?;
        let descriptor = Descriptor::of(media_type::OCI_CONFIG, &config);
        let mut manifest = Manifest::new(Entry::of(&descriptor));
        manifest.layers = self.layers;
        manifest.annotations = self.annotations;
        Ok((manifest.raw()?, (descriptor, config)))
    }
}

/// `existing` with one more layer, unless it has it.
pub(super) fn appended(
    existing: Option<&RawManifest>,
    media_type: &str,
    blob: Bytes,
    annotations: Annotations,
    tag: Tag,
) -> Result<Signed> {
    let layer = Descriptor::of(media_type, &blob);
    let mut entry = Entry::of(&layer);
    entry.annotations = annotations;
    let mut stack = existing.map_or_else(|| Ok(Stack::default()), Stack::read)?;
    let missing = stack.add(entry.raw()?);
    if let (Some(existing), false) = (existing, missing) {
        return Ok(Signed {
            manifest: existing.clone(),
            blobs: vec![(layer, blob)],
            tag: Some(tag),
        });
    }
    let (manifest, config) = stack.build()?;
    Ok(Signed {
        manifest,
        blobs: vec![config, (layer, blob)],
        tag: Some(tag),
    })
}

/// What is there with those layers of `ours` that it lacks; nothing when it lacks none.
pub(super) fn united(
    there: &RawManifest,
    ours: &RawManifest,
) -> Result<Option<(RawManifest, (Descriptor, Bytes))>> {
    let mut stack = Stack::read(there)?;
    let mut changed = false;
    for layer in Stack::read(ours)?.layers {
        changed |= stack.add(layer);
    }
    if changed {
        stack.build().map(Some)
    } else {
        Ok(None)
    }
}

#[derive(Deserialize)]
struct Layers {
    layers: Vec<Box<RawValue>>,
}

/// What a layer says, in whatever order it says it.
fn value(layer: &RawValue) -> Value {
    serde_json::from_str(layer.get()).unwrap_or_default()
}

#[derive(Serialize)]
struct ImageConfig {
    architecture: &'static str,
    created: &'static str,
    history: Vec<History>,
    os: &'static str,
    rootfs: RootFs,
    config: Nothing,
}

#[derive(Serialize)]
struct History {
    created: &'static str,
}

#[derive(Serialize)]
struct RootFs {
    r#type: &'static str,
    diff_ids: Vec<Value>,
}

#[derive(Serialize)]
struct Nothing {}

/// The configuration that makes an image of it; containers/image looks at its list of layers.
fn config(layers: &[Box<RawValue>]) -> Result<Bytes> {
    const NEVER: &str = "0001-01-01T00:00:00Z";
    let digests = layers.iter().map(|layer| value(layer)["digest"].clone());
    let config = ImageConfig {
        architecture: "",
        created: NEVER,
        history: layers.iter().map(|_| History { created: NEVER }).collect(),
        os: "",
        rootfs: RootFs {
            r#type: "layers",
            diff_ids: digests.collect(),
        },
        config: Nothing {},
    };
    let json = serde_json::to_vec(&config);
    json.map(Bytes::from)
        .map_err(|_| internal("the configuration cannot be written"))
}
