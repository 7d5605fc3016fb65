//! An archive that counts on what the target is said to have.

use std::sync::Arc;

use futures::stream;
use transship_oci::{Descriptor, Digest, ErrorKind, Event, Side};
use transship_testkit::image::{Graph, Image, Index, layer};

use crate::{
    support::{Demanding, block_on, digest_of, visible_tags},
    survey::{Far, texts},
};

/// Two images over one base, and the digest of that.
fn updates() -> (Graph, Digest) {
    let mut graph = Graph::new();
    let base = layer::noise(1, 5000);
    for (name, seed) in [("v1", 2), ("v2", 3)] {
        let image = Image::new()
            .layer(base.clone())
            .layer(layer::noise(seed, 300));
        let child = graph.image(image);
        let root = graph.index(Index::of([child]));
        graph.sign_in_tag(&root, &[name.as_bytes()]);
        graph.tag(name, &root);
    }
    (graph, base.descriptor().digest)
}

#[test]
fn what_is_there_is_asked_for_once_and_not_read() {
    block_on(async {
        let (graph, base) = updates();
        let far = Far::new(&graph, &["v2"], &[base], &["far.example/a"]).await;
        far.place(&graph, 0, [base]).await;
        let survey = far.survey(vec![far.job("v2")]).await;
        assert!(survey.problems().is_empty(), "{:?}", survey.problems());
        let report = survey.proceed().await;
        assert_eq!(report.copied(), 1, "{:?}", report.items);
        assert_eq!(far.rig.reads.calls(&format!("blob {base}")), 0);
        assert_eq!(far.rig.writes.calls(&format!("put blob {base}")), 0);
        let closure = graph.closure(&digest_of(&graph, "v2"));
        let pieces = closure.manifests.len() + closure.blobs.len();
        assert_eq!(far.asked(), pieces);
        graph
            .assert_complete(&digest_of(&graph, "v2"), &far.rig.targets[0].inner)
            .await;
    });
}

#[test]
fn what_is_missing_is_named_before_anything_moves() {
    block_on(async {
        let (graph, base) = updates();
        let top = layer::noise(3, 300).descriptor().digest;
        let far = Far::new(
            &graph,
            &["v1", "v2"],
            &[base, top],
            &["far.example/a", "far.example/b"],
        )
        .await;
        far.place(&graph, 0, [base]).await;
        // The registry does not mount: nothing is near.
        let jobs = vec![far.job_to("v1", &[0]), far.job_to("v2", &[0])];
        let survey = far.survey(jobs).await;
        let missing: Vec<_> = survey
            .missing()
            .map(|(target, node)| (target.to_owned(), node.digest, node.size))
            .collect();
        assert_eq!(missing, [("memory:far.example/a:v2".to_owned(), top, 300)]);
        assert_eq!(far.rig.reads.calls("blob "), 0);
        assert_eq!(far.rig.writes.calls("put "), 0);
        let report = survey.proceed().await;
        assert_eq!(
            (report.copied(), report.failed()),
            (1, 1),
            "{:?}",
            report.items
        );
        assert_eq!(
            texts(&report),
            [format!(
                "target far.example/a: blob {top} was to be there already and is not"
            )]
        );
        assert_eq!(report.missing().count(), 1);
        let target = &far.rig.targets[0].inner;
        graph
            .assert_complete(&digest_of(&graph, "v1"), target)
            .await;
        let visible = visible_tags(target).await;
        assert!(visible.iter().all(|(tag, _)| tag.as_str() != "v2"));
    });
}

#[test]
fn all_that_is_missing_is_listed() {
    block_on(async {
        let (graph, base) = updates();
        let blobs: Vec<Digest> = graph
            .closure(&digest_of(&graph, "v2"))
            .blobs
            .into_iter()
            .collect();
        let far = Far::new(&graph, &["v2"], &blobs, &["far.example/a", "far.example/b"]).await;
        let survey = far.survey(vec![far.job("v2")]).await;
        assert_eq!(survey.missing().count(), 2 * blobs.len());
        assert!(survey.missing().any(|(_, node)| node.digest == base));
        let report = survey.proceed().await;
        assert_eq!(report.failed(), 2);
        let more = format!(
            ", and {} more, was to be there already and is not",
            blobs.len() - 1
        );
        assert!(
            texts(&report).iter().all(|text| text.ends_with(&more)),
            "{:?}",
            texts(&report)
        );
    });
}

#[test]
fn a_run_without_a_survey_names_it_too() {
    block_on(async {
        let (graph, base) = updates();
        let far = Far::new(&graph, &["v2"], &[base], &["far.example/a"]).await;
        let report = far.engine().run(stream::iter([far.job("v2")])).await;
        assert_eq!(report.failed(), 1);
        let missing: Vec<_> = report.missing().map(|(_, node)| node.digest).collect();
        assert_eq!(missing, [base]);
        assert_eq!(far.rig.writes.calls("put "), 0);
        let plan = far.engine().plan(stream::iter([far.job("v2")])).await;
        let error = plan.unwrap_err();
        assert_eq!(
            (error.kind(), error.side()),
            (ErrorKind::NotFound, Some(Side::Target))
        );
    });
}

/// Two repositories of a registry, which can mount from each other or not.
async fn two(graph: &Graph, base: Digest, mounts: bool) -> Far {
    let names = ["far.example/a", "far.example/b"];
    let far = Far::new(graph, &["v1", "v2"], &[base], &names).await;
    far.place(graph, 0, [base]).await;
    if mounts {
        let donor = Arc::clone(&far.rig.targets[0]);
        far.rig.targets[1].mountable.lock().unwrap().push(donor);
    }
    far
}

#[test]
fn what_another_repository_of_the_registry_has_is_mounted() {
    block_on(async {
        let (graph, base) = updates();
        for first in [0, 1] {
            let far = two(&graph, base, true).await;
            let jobs = vec![far.job_to("v1", &[first]), far.job_to("v2", &[1 - first])];
            let survey = far.survey(jobs).await;
            assert!(survey.problems().is_empty(), "{:?}", survey.problems());
            let report = survey.proceed().await;
            assert_eq!(report.copied(), 2, "{:?}", report.items);
            assert_eq!(far.rig.reads.calls(&format!("blob {base}")), 0);
            let placed = |event: &&Event| matches!(event, Event::BlobPlaced { digest, how: "mounted", .. } if *digest == base);
            assert_eq!(far.rig.recorder.events().iter().filter(placed).count(), 1);
        }
    });
}

#[test]
fn a_mount_that_is_refused_leaves_it_missing() {
    block_on(async {
        let (graph, base) = updates();
        let far = two(&graph, base, false).await;
        let jobs = vec![far.job_to("v1", &[0]), far.job_to("v2", &[1])];
        let survey = far.survey(jobs).await;
        assert!(survey.problems().is_empty());
        let report = survey.proceed().await;
        assert_eq!(
            (report.copied(), report.failed()),
            (1, 1),
            "{:?}",
            report.items
        );
        let missing: Vec<_> = report.missing().map(|(_, node)| node.digest).collect();
        assert_eq!(missing, [base]);
        let wanted = format!("blob {base} was to be at the target already, and is not carried");
        assert!(texts(&report)[0].ends_with(&wanted), "{:?}", texts(&report));
        assert_eq!(far.rig.reads.calls(&format!("blob {base}")), 0);
        let visible = visible_tags(&far.rig.targets[1].inner).await;
        assert!(visible.is_empty(), "{visible:?}");
    });
}

/// An archive without the manifest of the first child.
async fn childless(graph: &Graph) -> (Far, Descriptor) {
    let root = graph.tagged("v2").unwrap();
    let child = root.children().unwrap().manifests[0].clone();
    let mut far = Far::new(graph, &["v2"], &[], &["far.example/a"]).await;
    let vault = far.vault.reopened(&far.rig.reads);
    far.vault = Arc::new(vault.without(&child.digest));
    (far, child)
}

#[test]
fn a_manifest_that_is_not_carried_is_read_at_the_target() {
    block_on(async {
        let (graph, _) = updates();
        let (far, child) = childless(&graph).await;
        let blobs = graph.closure(&child.digest).blobs;
        far.place(&graph, 0, blobs).await;
        let manifest = graph.manifest(&child.digest).unwrap();
        transship_oci::Sink::put_manifest(&far.rig.targets[0].inner, manifest)
            .await
            .unwrap();
        let report = far.survey(vec![far.job("v2")]).await.proceed().await;
        assert_eq!(report.copied(), 1, "{:?}", report.items);
        assert_eq!(
            far.rig
                .writes
                .calls(&format!("put manifest {}", child.digest)),
            0
        );
        graph
            .assert_complete(&digest_of(&graph, "v2"), &far.rig.targets[0].inner)
            .await;
    });
}

#[test]
fn a_manifest_that_nobody_has_is_named() {
    block_on(async {
        let (graph, _) = updates();
        let (far, child) = childless(&graph).await;
        let survey = far.survey(vec![far.job("v2")]).await;
        let missing: Vec<_> = survey.missing().map(|(_, node)| node.digest).collect();
        assert_eq!(missing, [child.digest]);
        let report = survey.proceed().await;
        assert_eq!(
            texts(&report),
            [format!(
                "target far.example/a: manifest {} was to be there already and is not",
                child.digest
            )]
        );
        assert_eq!(far.rig.writes.calls("put "), 0);
    });
}

/// Evidence that is counted on is judged as any other, by the bytes that the target has.
#[test]
fn evidence_that_is_not_carried_is_read_at_the_target() {
    block_on(async {
        let mut graph = Graph::new();
        let root = graph.image(Image::new().layer(layer::noise(1, 300)));
        let word = root.digest.to_string();
        let signature = graph.sign_in_tag(&root, &[word.as_bytes()]);
        graph.tag("v", &root);
        let word = Digest::sha256(word.as_bytes());
        let mut far = Far::new(&graph, &["v"], &[word], &["far.example/a"]).await;
        far.rig.gate = Demanding::new();
        let survey = far.survey(vec![far.job("v")]).await;
        let kinds: Vec<_> = survey
            .refuse()
            .errors()
            .map(|(_, error)| error.kind())
            .collect();
        assert_eq!(
            kinds,
            [ErrorKind::NotFound; 2],
            "it cannot be judged, and it is missing"
        );
        far.place(&graph, 0, [word]).await;
        let report = far.survey(vec![far.job("v")]).await.proceed().await;
        assert_eq!(report.copied(), 1, "{:?}", report.items);
        let there = far.rig.targets[0].inner.snapshot().await.unwrap();
        assert!(there.manifests.contains(&signature.digest));
        assert_eq!(
            far.rig.reads.calls(&format!("blob {word}")),
            1,
            "asked once, in vain"
        );
    });
}
