//! Artifacts in hand, before anything moves.

use std::collections::BTreeMap;

use futures::stream;
use proptest::prelude::*;
use transship_engine::{Gathering, Job, Outcome};
use transship_oci::{Artifact, Digest, Error, ErrorKind, Event, Name, RawManifest, Side};
use transship_testkit::image::{Graph, Image, Index, layer, random_graph, sample};

use crate::support::{Demanding, Rig, Watched, block_on, digest_of};

/// A source at a registry, where names come from.
pub(crate) async fn rig(graph: &Graph) -> Rig {
    let mut rig = Rig::new(&Graph::new(), 0).await;
    rig.source = Watched::at_registry("source.example/app", &rig.reads);
    graph.push_to(&rig.source.inner).await.unwrap();
    rig
}

pub(crate) async fn gather(rig: &Rig, tags: &[&str]) -> Gathering {
    let jobs: Vec<Job> = tags.iter().map(|tag| rig.job(tag)).collect();
    rig.engine().gather(stream::iter(jobs)).await
}

async fn gathered(rig: &Rig, tags: &[&str]) -> Vec<Artifact> {
    let gathering = gather(rig, tags).await;
    assert!(gathering.failed.is_empty(), "{:?}", gathering.failed);
    let artifacts = gathering.gathered.into_iter();
    artifacts.map(|one| one.artifact).collect()
}

fn error(gathering: &Gathering) -> &Error {
    match &gathering.failed[..] {
        [item] => match &item.outcome {
            Outcome::Failed(error) => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// It is all there, once, and in an order in which it can be published.
fn assert_ordered(graph: &Graph, artifact: &Artifact) {
    let closure = graph.closure(&artifact.root.digest);
    let place: BTreeMap<Digest, usize> = artifact
        .manifests
        .iter()
        .enumerate()
        .map(|(place, manifest)| (manifest.digest(), place))
        .collect();
    assert_eq!(place.len(), artifact.manifests.len(), "each once");
    assert!(place.keys().eq(&closure.manifests));
    let mut blobs: Vec<Digest> = artifact.blobs.iter().map(|blob| blob.digest).collect();
    blobs.sort();
    assert!(blobs.iter().eq(&closure.blobs), "all, and each once");
    for manifest in &artifact.manifests {
        let here = place[&manifest.digest()];
        for child in manifest.children().unwrap().manifests {
            assert!(place[&child.digest] < here, "a child after its parent");
        }
    }
    for (subject, referrer) in &artifact.referrers {
        let (subject, referrer) = (place[subject], place[&referrer.descriptor.digest]);
        assert!(subject < referrer, "a referrer before its subject");
    }
}

#[test]
fn everything_of_the_sample_is_in_hand() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let tags = ["1.4", "docker", "both", "chart", "wasm", "artifact", "odd"];
        let artifacts = gathered(&rig, &tags).await;
        for (artifact, tag) in artifacts.iter().zip(tags) {
            assert_eq!(artifact.root.digest, digest_of(&graph, tag));
            assert_eq!(
                artifact.reference.to_string(),
                format!("source.example/app:{tag}")
            );
            assert_eq!(artifact.tags, [tag.parse().unwrap()]);
            assert_ordered(&graph, artifact);
        }
        assert_eq!(rig.reads.calls("blob "), 0, "no layer was touched");
        let foreign: Vec<usize> = artifacts.iter().map(|one| one.foreign.len()).collect();
        assert_eq!(foreign, [0, 1, 1, 0, 0, 0, 0]);
        assert_eq!(artifacts[0].referrers.len(), 7);
        assert_eq!(
            gathered(&rig, &tags).await,
            artifacts,
            "the same every time"
        );
    });
}

#[test]
fn configurations_and_evidence_come_before_layers() {
    block_on(async {
        let mut graph = Graph::new();
        let one = graph.image(
            Image::new()
                .platform("linux/amd64")
                .layer(layer::noise(1, 300)),
        );
        let two = graph.image(
            Image::new()
                .platform("linux/arm64")
                .layer(layer::noise(2, 300)),
        );
        let root = graph.index(Index::of([one, two]));
        graph.sign_in_tag(&root, &[b"signed"]);
        graph.attach(&root, "application/spdx+json", b"[]");
        graph.tag("v", &root);
        let rig = rig(&graph).await;
        let artifacts = gathered(&rig, &["v"]).await;
        let large = |blob: &&transship_oci::Descriptor| blob.size == 300;
        let blobs = &artifacts[0].blobs;
        assert_eq!(blobs.len(), 8);
        assert_eq!(blobs[6..].iter().filter(large).count(), 2, "{blobs:?}");
    });
}

#[test]
fn a_subset_of_platforms_is_a_root_of_its_own() {
    block_on(async {
        let mut graph = Graph::new();
        let one = graph.image(
            Image::new()
                .platform("linux/amd64")
                .layer(layer::noise(1, 300)),
        );
        let two = graph.image(
            Image::new()
                .platform("linux/arm64")
                .layer(layer::noise(2, 300)),
        );
        let root = graph.index(Index::of([one.clone(), two]));
        graph.sign_in_tag(&root, &[b"whole"]);
        graph.sign_in_tag(&one, &[b"one"]);
        graph.tag("v", &root);
        let mut rig = rig(&graph).await;
        rig.options.platforms = vec!["linux/amd64".parse().unwrap()];
        let gathering = gather(&rig, &["v"]).await;
        let gathered = &gathering.gathered[0];
        assert_eq!(gathered.found, root.digest);
        let artifact = &gathered.artifact;
        assert_ne!(artifact.root.digest, root.digest);
        assert_eq!(artifact.manifests.len(), 3, "root, child, its signature");
        let root = |manifest: &RawManifest| manifest.digest() == artifact.root.digest;
        assert!(artifact.manifests.iter().any(root), "the one made here");
        assert_eq!(artifact.referrers.len(), 1);
        assert_eq!(artifact.referrers[0].0, one.digest);
        let notices = rig.recorder.notices();
        assert_eq!(notices.len(), 1);
        assert!(
            notices[0].starts_with("platforms are left out: "),
            "{notices:?}"
        );

        rig.options.platforms = Vec::new();
        rig.options.require_platforms = vec!["linux/s390x".parse().unwrap()];
        let gathering = gather(&rig, &["v"]).await;
        assert_eq!(
            error(&gathering).message(),
            "platform linux/s390x is not there; there is linux/amd64, linux/arm64"
        );
    });
}

#[test]
fn what_is_refused_is_refused_before_a_layer_moves_and_the_rest_is_gathered() {
    block_on(async {
        let mut graph = Graph::new();
        for (name, seed) in [("good", 1), ("bad", 2), ("also", 3)] {
            let root = graph.image(Image::new().layer(layer::noise(seed, 300)));
            graph.tag(name, &root);
            if name != "bad" {
                graph.sign_in_tag(&root, &[root.digest.to_string().as_bytes()]);
            }
        }
        let mut rig = rig(&graph).await;
        rig.gate = Demanding::new();
        let gathering = gather(&rig, &["good", "bad", "none", "also"]).await;
        let labels: Vec<&str> = gathering
            .gathered
            .iter()
            .map(|one| one.label.as_str())
            .collect();
        assert_eq!(labels, ["source:good", "source:also"]);
        let failed: Vec<_> = gathering
            .failed
            .iter()
            .map(|item| match &item.outcome {
                Outcome::Failed(error) => (item.source.as_str(), error.kind(), error.side()),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("source:bad", ErrorKind::PolicyRefused, None),
            ("source:none", ErrorKind::NotFound, Some(Side::Source)),
        ];
        assert_eq!(failed, expected);
        assert_eq!(rig.reads.calls("blob "), 2, "the words of the good ones");
        let told = |event: &&Event| matches!(event, Event::ArtifactFailed { .. });
        assert_eq!(rig.recorder.events().iter().filter(told).count(), 2);
        assert_eq!(
            rig.recorder.events().first(),
            Some(&Event::RunStarted { artifacts: 4 })
        );
    });
}

#[test]
fn a_pinned_digest_holds() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let mut job = rig.job("1.4");
        job.expect = Some(digest_of(&graph, "chart"));
        let gathering = rig.engine().gather(stream::iter([job])).await;
        assert_eq!(error(&gathering).kind(), ErrorKind::Drift);
        let mut job = rig.job("1.4");
        job.name = Name::Digest(digest_of(&graph, "1.4"));
        let gathering = rig.engine().gather(stream::iter([job])).await;
        let artifact = &gathering.gathered[0].artifact;
        assert!(artifact.tags.is_empty());
        assert_eq!(
            artifact.reference.to_string(),
            format!("source.example/app@{}", digest_of(&graph, "1.4"))
        );
    });
}

#[test]
fn what_has_no_name_is_not_gathered() {
    block_on(async {
        let rig = Rig::new(&sample(), 0).await;
        let gathering = gather(&rig, &["1.4"]).await;
        assert_eq!(
            error(&gathering).to_string(),
            "source memory:source: what has no name at a registry cannot be gathered"
        );
    });
}

#[test]
fn manifests_have_a_limit_together_and_count_once() {
    block_on(async {
        let mut graph = Graph::new();
        let large = "x".repeat(5000);
        for (name, seed) in [("one", 1), ("two", 2), ("three", 3)] {
            let image = Image::new()
                .annotated("text", &large)
                .layer(layer::noise(seed, 10));
            let root = graph.image(image);
            graph.tag(name, &root);
            graph.tag(&format!("{name}-again"), &root);
        }
        let small = graph.image(Image::new().layer(layer::noise(4, 10)));
        graph.tag("small", &small);
        let mut rig = rig(&graph).await;
        rig.options.limits.gathered = 12_000;
        let tags = ["one", "one-again", "two", "two-again", "three", "small"];
        let gathering = gather(&rig, &tags).await;
        assert_eq!(gathering.gathered.len(), 5);
        assert_eq!(gathering.failed[0].source, "source:three");
        assert_eq!(
            error(&gathering).to_string(),
            "source source.example/app:three: its manifests and those of the artifacts before are more than 12000 bytes together"
        );
        let bytes = |at: usize| -> *const u8 {
            let manifests: &Vec<RawManifest> = &gathering.gathered[at].artifact.manifests;
            manifests[0].bytes().as_ptr()
        };
        assert_eq!(bytes(0), bytes(1), "held once");
    });
}

#[test]
fn a_referrer_that_cannot_be_read_is_an_error() {
    block_on(async {
        let mut graph = Graph::new();
        let root = graph.image(Image::new().layer(layer::noise(1, 300)));
        let sbom = graph.attach(&root, "application/spdx+json", b"{}");
        graph.tag("v", &root);
        let rig = rig(&graph).await;
        rig.source.tampering.lock().unwrap().unreadable = vec![sbom.digest];
        let gathering = gather(&rig, &["v"]).await;
        assert_eq!(
            error(&gathering).message(),
            format!("manifest {} is not here", sbom.digest)
        );
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_are_gathered_whole_and_in_order(graph in random_graph()) {
        block_on(async {
            let rig = rig(&graph).await;
            let artifacts = gathered(&rig, &["latest"]).await;
            assert_ordered(&graph, &artifacts[0]);
        });
    }
}
