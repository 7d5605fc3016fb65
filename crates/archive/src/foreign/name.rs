//! What an entry of an index is called. Each tool has its own way.

use transship_oci::{Descriptor, Reference, Repository, Tag};

/// The name that containerd and those after it write: a whole reference.
pub(super) const CONTAINERD: &str = "io.containerd.image.name";
/// The name of the image specification (annotations.md): a tag with some tools, a whole reference with others.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What an artifact is called where it lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) repository: Option<Repository>,
    pub(super) tag: Option<Tag>,
}

/// Reads the name of an entry; empty for one that has none which a registry could take.
pub(super) fn called(entry: &Descriptor) -> Called {
    let value = |key| entry.annotations.get(key).map(String::as_str);
    let whole = |text: &str| text.contains('/').then(|| text.parse::<Reference>().ok())?;
    // The one with a repository says more than the one without.
    let whole = value(CONTAINERD)
        .and_then(whole)
        .or_else(|| value(REF_NAME).and_then(whole));
    if let Some(reference) = whole {
        return Called {
            tag: reference.published_tag(),
            repository: Some(reference.repository),
        };
    }
    let Some(text) = value(REF_NAME) else {
        return Called::default();
    };
    match text.parse::<Tag>() {
        Ok(tag) => Called {
            repository: None,
            tag: Some(tag),
        },
        // `alpine:3` is Docker Hub's to every tool that writes it.
        Err(_) => text.parse::<Reference>().map_or_else(
            |_| Called::default(),
            |reference| Called {
                tag: reference.published_tag(),
                repository: Some(reference.repository),
            },
        ),
    }
}
