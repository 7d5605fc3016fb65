//! When an artifact was made, by its own word.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::Deserialize;
use transship_oci::{Children, Name, RawManifest, Result, Source, Tag, media_type};

use crate::read;

const CREATED: &str = "org.opencontainers.image.created";

#[derive(Deserialize)]
struct Config {
    created: Option<String>,
}

/// When the artifact under `tag` was made: its annotation, else its configuration's word, for an index that of its
/// first child. `None` when it does not say, or names the beginning of time as reproducible builds do.
pub(super) async fn created(source: &dyn Source, tag: &Tag) -> Result<Option<SystemTime>> {
    let manifest = source.fetch(&Name::Tag(tag.clone())).await?;
    let children = manifest.children()?;
    if let Some(said) = children.annotations.get(CREATED) {
        return Ok(instant(said));
    }
    match children.manifests.first() {
        Some(child) if media_type::is_index(manifest.media_type()) && child.is_manifest() => {
            let child = source.manifest(child).await?;
            let children = child.children()?;
            of_config(source, &child, &children).await
        }
        _ => of_config(source, &manifest, &children).await,
    }
}

async fn of_config(
    source: &dyn Source,
    manifest: &RawManifest,
    children: &Children,
) -> Result<Option<SystemTime>> {
    if let Some(said) = children.annotations.get(CREATED) {
        return Ok(instant(said));
    }
    let config = match children.blobs.first() {
        Some(config) if !media_type::is_index(manifest.media_type()) => config,
        _ => return Ok(None),
    };
    let bytes = read::blob(source, config).await?;
    let config: Option<Config> = serde_json::from_slice(&bytes).ok();
    Ok(config
        .and_then(|config| config.created)
        .and_then(|said| instant(&said)))
}

/// An RFC 3339 date, unless it is one of those that mean "no date": 1970, and 1980 as zip files have it.
fn instant(said: &str) -> Option<SystemTime> {
    /// The first second of 1981.
    const HONEST: u64 = 347_155_200;
    let said: Timestamp = said.parse().ok()?;
    let seconds = u64::try_from(said.as_second()).ok()?;
    (seconds >= HONEST).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn dates_that_mean_no_date_are_none() {
        for said in [
            "",
            "yesterday",
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "1980-01-01T00:00:01Z",
        ] {
            assert_eq!(instant(said), None, "{said}");
        }
        for said in [
            "2024-05-01T10:00:00Z",
            "2024-05-01T10:00:00.123456789Z",
            "2024-05-01T12:00:00+02:00",
        ] {
            assert!(instant(said).is_some(), "{said}");
        }
    }
}
