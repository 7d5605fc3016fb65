use std::{collections::BTreeSet, io::Read as _};

use proptest::prelude::*;
use transship_oci::{Digest, Tag, media_type};

use super::*;

#[test]
fn the_same_calls_make_the_same_bytes() {
    let (one, two) = (sample(), sample());
    assert_eq!(one.manifests(), two.manifests());
    assert_eq!(one.blobs(), two.blobs());
    assert_eq!(
        one.tagged("odd").unwrap().digest().to_string(),
        "sha256:e7942aafb7114eba23ec6e82985132a9b0d781fc40a7da0b407af4d564b26ac9"
    );
}

#[test]
fn layers_are_what_they_say() {
    let file = |tar: &[u8]| {
        let mut archive = tar::Archive::new(tar);
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        text
    };
    let gzip = layer::gzip("a/b", b"packed");
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&*gzip.bytes)
        .read_to_end(&mut tar)
        .unwrap();
    assert_eq!(file(&tar), "packed");
    let zstd = layer::zstd("a/b", b"packed");
    assert_eq!(file(&zstd::decode_all(&*zstd.bytes).unwrap()), "packed");
    assert_eq!(file(&layer::plain("a/b", b"packed").bytes), "packed");
    assert_eq!(gzip.media_type, media_type::OCI_LAYER_GZIP);
    assert_ne!(layer::noise_bytes(1, 99), layer::noise_bytes(2, 99));
    assert_eq!(
        layer::noise_bytes(1, 99),
        layer::noise_bytes(1, 200).slice(..99)
    );
}

#[test]
fn a_closure_has_everything_beside_and_below() {
    let graph = sample();
    let app = graph.tagged("1.4").unwrap().digest();
    let closure = graph.closure(&app);
    // Index, two children, SBOM, its signature, the child's signature, .sig of index and child, .att, .sbom.
    assert_eq!(closure.manifests.len(), 10);
    assert_eq!(closure.tags.len(), 4);
    assert!(closure.tags.contains(&Tag::legacy(&app)[0]));
    assert!(
        closure
            .blobs
            .iter()
            .all(|blob| graph.blobs().contains_key(blob))
    );
    let docker = graph.tagged("docker").unwrap().digest();
    assert_eq!(graph.closure(&docker).manifests.len(), 2);
}

#[test]
fn a_fallback_index_lists_the_referrers_of_one_subject() {
    let mut graph = sample();
    let app = graph.tagged("1.4").unwrap().descriptor().clone();
    let node = graph.fallback_index(&app);
    let listed = graph
        .manifest(&node.digest)
        .unwrap()
        .children()
        .unwrap()
        .manifests;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        listed[0].artifact_type.as_deref(),
        Some("application/spdx+json")
    );
    assert_eq!(listed[0].annotations["org.example.made-by"], "the test kit");
    assert_eq!(
        graph
            .tagged(Tag::fallback(&app.digest).as_str())
            .unwrap()
            .digest(),
        node.digest
    );
}

proptest! {
    #[test]
    fn random_graphs_can_be_pushed_in_order(graph in random_graph()) {
        let mut pushed: BTreeSet<Digest> = BTreeSet::new();
        for manifest in graph.manifests() {
            let children = manifest.children().unwrap();
            prop_assert!(children.manifests.iter().all(|child| pushed.contains(&child.digest)));
            prop_assert!(children.blobs.iter().all(|blob| graph.blobs().contains_key(&blob.digest)));
            prop_assert!(children.subject.is_none_or(|subject| pushed.contains(&subject.digest)));
            pushed.insert(manifest.digest());
        }
        prop_assert!(graph.tags().iter().all(|(_, digest)| pushed.contains(digest)));
        prop_assert!(graph.tagged("latest").is_some());
    }
}
