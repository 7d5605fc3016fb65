//! Requests that are not made.

use transship_testkit::image::{Graph, Image, Index, layer};

use crate::support::{Rig, block_on, digest_of};

fn images(count: u8) -> Graph {
    let mut graph = Graph::new();
    for number in 0..count {
        let image = Image::new()
            .annotated("number", &number.to_string())
            .layer(layer::noise(1, 5000))
            .layer(layer::noise(100 + u64::from(number), 300));
        let image = graph.image(image);
        graph.tag(&format!("v{number}"), &image);
    }
    graph
}

#[test]
fn a_new_image_costs_one_get_its_blobs_and_one_put() {
    block_on(async {
        let graph = images(1);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v0"]).await;
        let mut reads = rig.reads.log();
        reads.sort();
        assert_eq!(reads.len(), 5, "{reads:?}");
        assert_eq!(reads[4], "may");
        assert_eq!(reads[3], "fetch v0");
        assert_eq!(rig.reads.calls("blob "), 3);
        let writes = rig.writes.log();
        assert_eq!(writes[0], "tagged v0");
        assert_eq!(rig.writes.calls("put blob "), 3);
        assert_eq!(writes[4..], ["tag v0", "finish"]);
    });
}

#[test]
fn an_unchanged_image_costs_a_look_on_each_side() {
    block_on(async {
        let graph = images(3);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v0", "v1", "v2"]).await;
        rig.clear();
        let report = rig.copied(&["v0", "v1", "v2"]).await;
        assert_eq!(report.unchanged(), 3);
        assert_eq!(rig.reads.calls("resolve "), 3);
        assert_eq!(rig.reads.calls("may"), 3);
        assert_eq!(rig.reads.count(), 6, "{:?}", rig.reads.log());
        assert_eq!(rig.writes.calls("tagged "), 3);
        assert_eq!(rig.writes.count(), 4, "{:?}", rig.writes.log());
    });
}

#[test]
fn an_unchanged_signed_index_is_looked_up_at_the_target_not_pulled() {
    block_on(async {
        let mut graph = Graph::new();
        let child = graph.image(Image::new().layer(layer::noise(1, 100)));
        let root = graph.index(Index::of([child.clone()]));
        graph.sign_in_tag(&child, &[b"child"]);
        graph.attach(&root, "application/spdx+json", b"{}");
        graph.tag("v", &root);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        rig.clear();
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.unchanged(), 1, "{:?}", report.items);
        assert_eq!(
            rig.reads.calls("fetch ") + rig.reads.calls("read "),
            0,
            "{:?}",
            rig.reads.log()
        );
        assert_eq!(
            rig.writes.calls("target read "),
            1,
            "the index, for its children"
        );
        // Root, child, and the two that belong to them, none of which anything belongs to.
        assert_eq!(rig.reads.calls("list "), 4);
        assert_eq!(rig.writes.calls("target list "), 2);
    });
}

#[test]
fn a_layer_shared_by_many_tags_is_moved_once() {
    block_on(async {
        let graph = images(12);
        let rig = Rig::new(&graph, 1).await;
        let tags: Vec<String> = (0..12).map(|number| format!("v{number}")).collect();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let report = rig.copied(&tags).await;
        assert_eq!(report.copied(), 12);
        assert_eq!(report.bytes(), graph.blob_bytes());
        assert_eq!(rig.writes.calls("put blob "), graph.blobs().len());
        assert_eq!(rig.reads.calls("blob "), graph.blobs().len());
    });
}

#[test]
fn a_second_tag_of_an_artifact_that_is_there_moves_nothing() {
    block_on(async {
        let mut graph = Graph::new();
        let child = graph.image(Image::new().layer(layer::noise(1, 100)));
        let root = graph.index(Index::of([child]));
        graph.tag("one", &root);
        graph.tag("two", &root);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["one"]).await;
        rig.clear();
        let report = rig.copied(&["two"]).await;
        assert_eq!((report.copied(), report.bytes()), (1, 0));
        assert_eq!(rig.writes.calls("put "), 0, "{:?}", rig.writes.log());
        assert_eq!(rig.writes.calls("tag two"), 1);
    });
}

#[test]
fn a_target_that_lost_a_blob_is_filled_again_when_rechecked() {
    block_on(async {
        let mut graph = images(1);
        let base = graph.tagged("v0").unwrap().descriptor().clone();
        let root = graph.index(Index::of([base]));
        graph.tag("v", &root);
        let mut rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        let store = rig.targets[0].inner.repository().clone();
        let layer = transship_oci::Digest::sha256(&graph.blobs().values().next().unwrap().clone());
        assert!(store.delete_blob(&layer).await.unwrap());
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.unchanged(), 1, "what is below a manifest is trusted");
        rig.options.recheck = true;
        let plan = rig.plan(&["v"]).await.unwrap();
        assert_eq!(plan.totals.blobs, 1);
        rig.clear();
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.copied(), 1);
        assert_eq!(rig.writes.calls("put blob "), 1);
        assert_eq!(report.bytes(), plan.totals.bytes);
        graph
            .assert_complete(&digest_of(&graph, "v"), &rig.targets[0].inner)
            .await;
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}

#[test]
fn an_artifact_without_referrers_is_not_asked_about_when_there_can_be_none() {
    block_on(async {
        let graph = images(1);
        let rig = Rig::new(&graph, 1).await;
        rig.source.tampering.lock().unwrap().no_referrers = true;
        rig.copied(&["v0"]).await;
        assert_eq!(rig.reads.calls("list "), 0);
        assert_eq!(rig.writes.calls("target list "), 0);
    });
}
