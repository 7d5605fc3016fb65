//! Platforms that are required, platforms that are left out, and layers that live elsewhere.

use std::collections::BTreeMap;

use transship_oci::{Descriptor, ErrorKind, Name, Platform, RawManifest, Source as _};
use transship_testkit::image::{Graph, Image, Index, layer};

use crate::support::{Rig, block_on, digest_of, visible_tags};

fn platforms(names: &[&str]) -> Vec<Platform> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Two platforms, signatures everywhere, and what `BuildKit` says about one of them.
fn graph() -> (Graph, Descriptor, Descriptor) {
    let mut graph = Graph::new();
    let image = |platform, seed| {
        Image::new()
            .platform(platform)
            .layer(layer::noise(seed, 100))
    };
    let amd = graph.image(image("linux/amd64", 1));
    let arm = graph.image(image("linux/arm64", 2));
    let about = |child: &Descriptor| {
        BTreeMap::from([(
            "vnd.docker.reference.digest".to_owned(),
            child.digest.to_string(),
        )])
    };
    let mut attested = Vec::new();
    for (child, seed) in [(&amd, 3), (&arm, 4)] {
        let made = graph.image(image("unknown/unknown", seed));
        attested.push(Descriptor {
            annotations: about(child),
            ..made
        });
    }
    let children = [amd.clone(), arm.clone()].into_iter().chain(attested);
    let root = graph.index(Index::of(children).annotated("kept", "as it is"));
    graph.tag("v", &root);
    graph.sign_in_tag(&root, &[b"root"]);
    graph.sign_in_tag(&amd, &[b"amd"]);
    graph.sign_in_tag(&arm, &[b"arm"]);
    let single = graph.image(image("linux/s390x", 5));
    graph.tag("single", &single);
    (graph, amd, arm)
}

#[test]
fn a_platform_that_is_missing_is_named_with_those_that_are_there() {
    block_on(async {
        let (graph, ..) = graph();
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.require_platforms = platforms(&["linux/amd64", "linux/riscv64"]);
        for (tag, there) in [("v", "linux/amd64, linux/arm64"), ("single", "linux/s390x")] {
            let report = rig.copy(&[tag]).await;
            let (_, error) = report.errors().next().unwrap();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            let missing = if tag == "v" {
                "linux/riscv64"
            } else {
                "linux/amd64, linux/riscv64"
            };
            let message = format!("platform {missing} is not there; there is {there}");
            assert_eq!(error.message(), message);
        }
        assert_eq!(rig.writes.calls("put "), 0);
        rig.options.require_platforms = platforms(&["linux/amd64", "linux/arm64/v8"]);
        rig.copied(&["v"]).await;
        rig.options.require_platforms = platforms(&["linux/s390x"]);
        rig.copied(&["single"]).await;
        assert_eq!(rig.copied(&["single"]).await.unchanged(), 1);
    });
}

#[test]
fn a_subset_is_a_new_index_and_said_to_be_one() {
    block_on(async {
        let (graph, amd, _) = graph();
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.platforms = platforms(&["linux/amd64"]);
        let plan = rig.plan(&["v"]).await.unwrap();
        assert_eq!(plan.jobs[0].digest, digest_of(&graph, "v"));
        assert_ne!(plan.jobs[0].publishes, plan.jobs[0].digest);
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.bytes(), plan.totals.bytes);
        let target = &rig.targets[0].inner;
        let index: RawManifest = target
            .fetch(&Name::Tag("v".parse().unwrap()))
            .await
            .unwrap();
        assert_eq!(index.digest(), plan.jobs[0].publishes);
        let children = index.children().unwrap();
        let listed: Vec<_> = children
            .manifests
            .iter()
            .map(|child| child.digest)
            .collect();
        assert_eq!(listed.len(), 2, "the image and what is said about it");
        assert_eq!(listed[0], amd.digest);
        assert_eq!(children.annotations["kept"], "as it is");
        graph.assert_complete(&amd.digest, target).await;
        let tags = visible_tags(target).await;
        assert_eq!(
            tags.len(),
            2,
            "the tag, and the signature of the child: {tags:?}"
        );
        let notices = rig.recorder.notices();
        let says = |words: &str| notices.iter().any(|notice| notice.contains(words));
        assert!(
            says("signatures of the whole index do not cover it"),
            "{notices:?}"
        );
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}

#[test]
fn a_subset_of_everything_changes_nothing() {
    block_on(async {
        let (graph, ..) = graph();
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.platforms = platforms(&["linux/amd64", "linux/arm64"]);
        rig.copied(&["v"]).await;
        graph
            .assert_complete(&digest_of(&graph, "v"), &rig.targets[0].inner)
            .await;
        assert!(rig.recorder.notices().is_empty());
        rig.options.platforms = platforms(&["windows/amd64"]);
        let report = rig.copy(&["v", "single"]).await;
        assert_eq!(report.failed(), 2);
        for (_, error) in report.errors() {
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    });
}

#[test]
fn a_foreign_layer_is_left_out_and_that_is_said() {
    block_on(async {
        let mut graph = Graph::new();
        let image = Image::docker()
            .layer(layer::noise(1, 100))
            .layer(layer::foreign(3));
        let image = graph.image(image);
        graph.tag("v", &image);
        let mut rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        graph
            .assert_complete(&image.digest, &rig.targets[0].inner)
            .await;
        let notices = rig.recorder.notices();
        assert_eq!(notices.len(), 1);
        assert!(notices[0].contains("--include-foreign"), "{notices:?}");
        // Here its bytes really are elsewhere.
        rig = Rig::new(&graph, 1).await;
        rig.options.include_foreign = true;
        let report = rig.copy(&["v"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_graph_that_is_too_deep_or_too_large_is_refused() {
    block_on(async {
        let mut graph = Graph::new();
        let mut node = graph.image(Image::new());
        for _ in 0..9 {
            node = graph.index(Index::of([node]));
        }
        graph.tag("deep", &node);
        let children: Vec<_> = (0..6)
            .map(|seed| graph.image(Image::new().layer(layer::noise(seed, 10))))
            .collect();
        let wide = graph.index(Index::of(children));
        graph.tag("wide", &wide);
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.limits.nodes = 5;
        let report = rig.copy(&["deep", "wide"]).await;
        assert_eq!(report.failed(), 2);
        let mut messages: Vec<String> = report
            .errors()
            .map(|(_, error)| error.to_string())
            .collect();
        messages.sort();
        assert!(
            messages
                .iter()
                .any(|message| message.contains("more than 5 manifests")),
            "{messages:?}"
        );
        rig.options.limits.nodes = 100;
        let report = rig.copy(&["deep", "wide"]).await;
        let (item, error) = report.errors().next().unwrap();
        assert_eq!((report.failed(), item.source.as_str()), (1, "source:deep"));
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.message().contains("the limit of 8"), "{error}");
    });
}
