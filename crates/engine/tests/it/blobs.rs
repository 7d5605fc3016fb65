//! Bytes on their way: wrong ones, and lines that break.

use transship_oci::{ErrorKind, Side};
use transship_testkit::image::{Graph, Image, layer};

use crate::support::{Rig, block_on, digest_of, visible_tags};

fn graph() -> Graph {
    let mut graph = Graph::new();
    let image = Image::new()
        .layer(layer::noise(1, 10_000))
        .layer(layer::empty());
    let image = graph.image(image);
    graph.tag("v", &image);
    graph
}

#[test]
fn wrong_bytes_are_an_error_of_the_source() {
    block_on(async {
        for targets in [1, 2] {
            let graph = graph();
            let rig = Rig::new(&graph, targets).await;
            rig.source.tampering.lock().unwrap().flip = true;
            let report = rig.copy(&["v"]).await;
            assert_eq!(report.failed(), targets as u64);
            for (_, error) in report.errors() {
                assert_eq!(error.kind(), ErrorKind::DigestMismatch);
                assert_eq!(error.side(), Some(Side::Source));
                assert!(
                    error
                        .message()
                        .contains("came with bytes that hash to sha256:"),
                    "{error}"
                );
            }
            for target in &rig.targets {
                assert!(visible_tags(&target.inner).await.is_empty());
            }
        }
    });
}

#[test]
fn a_line_that_breaks_is_taken_up_where_it_broke() {
    block_on(async {
        for targets in [1, 2] {
            let graph = graph();
            let rig = Rig::new(&graph, targets).await;
            rig.source.tampering.lock().unwrap().cut_after = Some(3000);
            let report = rig.copied(&["v"]).await;
            assert_eq!(report.bytes(), graph.blob_bytes() * targets as u64);
            let layer = transship_oci::Digest::sha256(
                graph
                    .blobs()
                    .values()
                    .find(|bytes| bytes.len() == 10_000)
                    .unwrap(),
            );
            for from in [0, 3000, 6000, 9000] {
                assert_eq!(
                    rig.reads.calls(&format!("blob {layer} {from}")),
                    1,
                    "{:?}",
                    rig.reads.log()
                );
            }
            graph
                .assert_complete(&digest_of(&graph, "v"), &rig.targets[0].inner)
                .await;
        }
    });
}

#[test]
fn a_line_that_brings_nothing_is_given_up() {
    block_on(async {
        let graph = graph();
        let rig = Rig::new(&graph, 1).await;
        rig.source.tampering.lock().unwrap().cut_after = Some(0);
        let report = rig.copy(&["v"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.message(), "the line was cut");
        assert_eq!(error.side(), Some(Side::Source));
        // Two blobs have bytes; each is opened once and five times more.
        assert!(rig.reads.calls("blob ") <= 12);
        assert!(rig.reads.calls("blob ") >= 6);
    });
}

#[test]
fn a_line_that_drips_is_given_up() {
    block_on(async {
        let graph = graph();
        let rig = Rig::new(&graph, 1).await;
        // At this rate the large layer would take a hundred openings.
        rig.source.tampering.lock().unwrap().cut_after = Some(100);
        let report = rig.copy(&["v"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(error.message(), "the line was cut");
        assert!(rig.reads.calls("blob ") <= 12, "{:?}", rig.reads.log());
    });
}

#[test]
fn an_empty_layer_is_not_asked_for() {
    block_on(async {
        let graph = graph();
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        assert_eq!(rig.reads.calls("blob "), 2, "{:?}", rig.reads.log());
        assert_eq!(rig.writes.calls("put blob "), 3);
    });
}
