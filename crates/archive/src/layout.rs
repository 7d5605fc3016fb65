//! Where things lie in an archive: the paths of an OCI image layout (image-spec, image-layout.md), and ours.

use transship_oci::Digest;

/// Says that this is a layout, and of which version.
pub const OCI_LAYOUT: &str = "oci-layout";
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
