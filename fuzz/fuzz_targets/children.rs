//! No document makes the reader of manifests panic, or list more than it may.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_oci::{MAX_CHILDREN, RawManifest, media_type};

fuzz_target!(|bytes: &[u8]| {
    for kind in media_type::ACCEPT_MANIFESTS {
        let Ok(manifest) = RawManifest::named(kind, bytes.to_vec().into()) else {
            continue;
        };
        let Ok(children) = manifest.children() else {
            continue;
        };
        let listed = children.manifests.len() + children.blobs.len() + children.foreign.len();
        // The configuration is not in a list.
        assert!(listed <= MAX_CHILDREN + 1);
        assert!(children.manifests.is_empty() || children.blobs.is_empty());
    }
});
