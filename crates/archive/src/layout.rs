//! Where things lie in an archive: the paths of an OCI image layout (image-spec, image-layout.md), and ours.

use transship_oci::Digest;

/// Says that this is a layout, and of which version.
pub const OCI_LAYOUT: &str = "oci-layout";
/// Its content.
pub const OCI_LAYOUT_CONTENT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// The list of what the layout holds.
pub const INDEX: &str = "index.json";
/// The same for those who know docker's form only.
pub const DOCKER_MANIFEST: &str = "manifest.json";
/// The checksums of what was cut at the end of a volume: the last member, in the form of `sha256sum`.
pub const CHECKSUMS: &str = "transship/checksums";

/// Annotation of `index.json`: the bytes of the head, fifteen digits. By it an archive of ours is known.
pub const HEAD: &str = "dev.transship.archive.head";
/// Annotation of `index.json`: which volume this is and of how many, both from 1, as `3/12`. Files may be renamed; also an
/// archive that is not cut has it (`1/1`).
pub const VOLUME: &str = "dev.transship.archive.volume";
/// The annotation of an entry of `index.json` that says its tag (image-spec, annotations.md).
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The same for containerd, which calls the image so.
pub const IMAGE_NAME: &str = "io.containerd.image.name";
/// The annotation by which containerd knows that an entry is a referrer, and whose.
pub const MANIFEST_SUBJECT: &str = "io.containerd.manifest.subject";

/// Where the content of `digest` lies.
pub fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}

/// The digest of the content at `path`, where it lies as [`blob_path`] says.
pub fn blob_at(path: &str) -> Option<Digest> {
    let (algorithm, hex) = path.strip_prefix("blobs/")?.split_once('/')?;
    format!("{algorithm}:{hex}").parse().ok()
}

/// Where one part of a blob lies that no volume has room for. Parts are counted from 1.
pub fn part_path(digest: &Digest, part: u32) -> String {
    let (algorithm, hex) = (digest.algorithm().as_str(), digest.hex());
    format!("transship/parts/{algorithm}/{hex}.{part:04}")
}

/// The name of one volume of `count`, counted from 1: `NAME.oci.v003of012.tar` where the whole is `NAME.oci.tar`.
/// An archive that is not cut keeps its name.
pub fn volume_key(key: &str, volume: u32, count: u32) -> String {
    if count <= 1 {
        return key.to_owned();
    }
    let stem = key.strip_suffix(".tar").unwrap_or(key);
    format!("{stem}.v{volume:03}of{count:03}.tar")
}

/// The reverse of [`volume_key`]: the name of the whole, the volume, and how many there are. `None` for what is not named
/// like one volume of several.
pub fn parse_volume_key(key: &str) -> Option<(String, u32, u32)> {
    let (stem, numbers) = key.strip_suffix(".tar")?.rsplit_once(".v")?;
    let (volume, count) = numbers.split_once("of")?;
    let whole = format!("{stem}.tar");
    let (volume, count) = (volume.parse().ok()?, count.parse().ok()?);
    // As it would be written: no signs, no other number of zeros.
    let ours = (1..=count).contains(&volume) && volume_key(&whole, volume, count) == key;
    (ours && count > 1).then_some((whole, volume, count))
}

#[cfg(test)]
mod tests;
