//! Plans, and runs that are held to them.

use proptest::prelude::*;
use transship_engine::{Plan, TagAction};
use transship_oci::ErrorKind;
use transship_testkit::image::{Graph, Image, layer, random_graph, sample};

use crate::support::{Rig, block_on, digest_of, visible_tags};

#[test]
fn a_plan_writes_nothing_and_says_everything() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 2).await;
        let plan = rig.plan(&["1.4", "both"]).await.unwrap();
        assert_eq!(
            rig.writes.calls("put ") + rig.writes.calls("tag "),
            0,
            "{:?}",
            rig.writes.log()
        );
        assert_eq!(rig.reads.calls("blob "), 0);
        let text = plan.to_json().unwrap();
        assert_eq!(Plan::from_json(&text).unwrap(), plan);
        assert_eq!(
            rig.plan(&["1.4", "both"]).await.unwrap().to_json().unwrap(),
            text
        );
        let target = &plan.jobs[0].targets[1];
        assert_eq!(target.target, "memory:target1:1.4");
        assert_eq!(target.tags[0].action, TagAction::Create);
        assert_eq!(target.reasons[0], "tag 1.4 does not exist");
        assert_eq!(target.manifests.len(), 3);
        let closure = graph.closure(&digest_of(&graph, "1.4"));
        assert_eq!(target.referrers.len() + 3, closure.manifests.len());
        assert_eq!(target.legacy_tags.len(), closure.tags.len());
        assert_eq!(plan.jobs[0].referrers.len(), closure.manifests.len() - 3);
    });
}

#[test]
fn a_plan_costs_what_the_run_asks_of_the_source() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let plan = rig.plan(&["1.4"]).await.unwrap();
        rig.clear();
        rig.copied(&["1.4"]).await;
        let pulls = rig.reads.calls("read ") + rig.reads.calls("fetch ");
        assert_eq!(plan.totals.pulls, pulls as u64);
        // Whether there may be referrers is answered from what is read anyway.
        assert_eq!(
            plan.totals.source_requests,
            (rig.reads.count() - rig.reads.calls("may")) as u64
        );
    });
}

#[test]
fn what_was_planned_is_done() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 2).await;
        let tags = ["1.4", "both", "chart", "wasm"];
        let plan = rig.plan(&tags).await.unwrap();
        let report = rig.apply(&plan, &tags).await.unwrap();
        assert_eq!(report.copied(), 8, "{:?}", report.items);
        assert_eq!(report.bytes(), plan.totals.bytes);
        for tag in tags {
            graph
                .assert_complete(&digest_of(&graph, tag), &rig.targets[0].inner)
                .await;
        }
        let again = rig.plan(&tags).await.unwrap();
        assert_eq!((again.totals.bytes, again.totals.manifests), (0, 0));
        assert_eq!(again.jobs[0].targets[0].reasons, ["everything is there"]);
    });
}

#[test]
fn a_target_that_has_some_blobs_is_sent_the_rest() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        // Everything but the tags and the manifests: what a killed run leaves.
        for (digest, bytes) in graph.blobs().iter().take(3) {
            let node = transship_oci::Descriptor::new("", *digest, bytes.len() as u64);
            let blob = transship_oci::MemoryBlob::new(node, bytes.clone());
            let target = &rig.targets[0].inner;
            transship_oci::Sink::put_blob(target, &blob, &transship_oci::Placement::default())
                .await
                .unwrap();
        }
        let there: u64 = graph
            .blobs()
            .values()
            .take(3)
            .map(|bytes| bytes.len() as u64)
            .sum();
        let tags = ["1.4", "both", "docker", "chart", "wasm"];
        let plan = rig.plan(&tags).await.unwrap();
        let whole = Rig::new(&graph, 1).await.plan(&tags).await.unwrap();
        assert!(plan.totals.bytes < whole.totals.bytes);
        assert!(plan.totals.bytes + there >= whole.totals.bytes);
        let report = rig.apply(&plan, &tags).await.unwrap();
        assert_eq!(report.bytes(), plan.totals.bytes);
    });
}

async fn drift(rig: &Rig, plan: &Plan, tags: &[&str]) -> String {
    rig.clear();
    let error = rig.apply(plan, tags).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drift);
    assert_eq!(rig.writes.calls("put ") + rig.writes.calls("tag "), 0);
    error.message().to_owned()
}

#[test]
fn a_source_that_moved_is_drift() {
    block_on(async {
        let mut graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let plan = rig.plan(&["1.4"]).await.unwrap();
        let was = digest_of(&graph, "1.4");
        let other = graph.image(Image::new().layer(layer::noise(77, 10)));
        graph.tag("1.4", &other);
        graph.push_to(&rig.source.inner).await.unwrap();
        let expected = format!(
            "source:1.4 was {was} when the plan was made, and is {} now",
            other.digest
        );
        assert_eq!(drift(&rig, &plan, &["1.4"]).await, expected);
        assert!(visible_tags(&rig.targets[0].inner).await.is_empty());
    });
}

#[test]
fn a_target_tag_that_moved_is_drift() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.move_tags = true;
        let plan = rig.plan(&["1.4"]).await.unwrap();
        let mut other = Graph::new();
        let image = other.image(Image::new().layer(layer::noise(77, 10)));
        other.tag("1.4", &image);
        other.push_to(&rig.targets[0].inner).await.unwrap();
        let expected = format!(
            "memory:target0:1.4: tag 1.4 was absent when the plan was made, and is {} now",
            image.digest
        );
        assert_eq!(drift(&rig, &plan, &["1.4"]).await, expected);
    });
}

#[test]
fn a_new_signature_and_a_blob_that_came_are_drift() {
    block_on(async {
        let mut graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let plan = rig.plan(&["chart"]).await.unwrap();
        let chart = graph.tagged("chart").unwrap().descriptor().clone();
        let signature = graph.attach(&chart, "application/spdx+json", b"new");
        graph.push_to(&rig.source.inner).await.unwrap();
        let expected = format!(
            "source:chart: {} now belongs to {}",
            signature.digest, chart.digest
        );
        assert_eq!(drift(&rig, &plan, &["chart"]).await, expected);
        let plan = rig.plan(&["chart"]).await.unwrap();
        let blob = plan.jobs[0].targets[0].blobs[0];
        let bytes = graph.blobs()[&blob.digest].clone();
        let node = transship_oci::Descriptor::new("", blob.digest, blob.size);
        let put = transship_oci::MemoryBlob::new(node, bytes);
        let target = &rig.targets[0].inner;
        transship_oci::Sink::put_blob(target, &put, &transship_oci::Placement::default())
            .await
            .unwrap();
        let expected = format!(
            "memory:target0:chart: blob {} was to be sent and need not be any more",
            blob.digest
        );
        assert_eq!(drift(&rig, &plan, &["chart"]).await, expected);
    });
}

#[test]
fn what_is_no_plan_is_refused() {
    let invalid = |text: &str| Plan::from_json(text).unwrap_err();
    assert_eq!(invalid("no").message(), "this is not a plan");
    assert_eq!(invalid("{}").kind(), ErrorKind::Invalid);
    let newer = invalid(r#"{"version": 99}"#);
    assert_eq!(
        newer.message(),
        "the plan has version 99, and this program reads version 1"
    );
    let strange = r#"{"version":1,"jobs":[],"totals":{},"extra":1}"#;
    assert_eq!(invalid(strange).message(), "the plan cannot be read");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_bytes_of_a_plan_are_the_bytes_of_the_run(graph in random_graph()) {
        block_on(async {
            let rig = Rig::new(&graph, 2).await;
            let plan = rig.plan(&["latest"]).await.unwrap();
            let report = rig.copied(&["latest"]).await;
            assert_eq!(report.bytes(), plan.totals.bytes);
            let manifests: u64 = report.items.iter().map(|item| item.moved.manifests).sum();
            assert_eq!(manifests, plan.totals.manifests);
            let blobs: u64 = report.items.iter().map(|item| item.moved.blobs).sum();
            assert_eq!(blobs, plan.totals.blobs);
            let held = Rig::new(&graph, 2).await;
            let report = held.apply(&plan, &["latest"]).await.unwrap();
            assert_eq!(report.bytes(), plan.totals.bytes);
        });
    }
}
