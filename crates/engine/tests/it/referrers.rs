//! What belongs beside an artifact: late, missing, unreadable, refused.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream;
use transship_engine::Engine;
use transship_oci::{Digest, ErrorKind, Event, Gate, Result, Side, Source, Verdict, Walked};
use transship_testkit::image::{Graph, Image, Index, layer, sample};

use crate::support::{Rig, block_on, digest_of, visible_tags};

#[test]
fn everything_travels_and_the_order_is_kept() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let report = rig.copied(&["1.4"]).await;
        let root = digest_of(&graph, "1.4");
        graph.assert_complete(&root, &rig.targets[0].inner).await;
        let log = rig.writes.log();
        let at = |what: &str| log.iter().position(|call| call.starts_with(what)).unwrap();
        let last = |what: &str| log.iter().rposition(|call| call.starts_with(what)).unwrap();
        assert!(last("put blob") < at("tag sha256-"));
        assert!(at(&format!("put manifest {root}")) < at("tag sha256-"));
        assert!(last("tag sha256-") < last("target list"));
        assert_eq!(log[log.len() - 2..], ["tag 1.4", "finish"]);
        let closure = graph.closure(&root);
        assert_eq!(
            report.items[0].moved.manifests,
            closure.manifests.len() as u64
        );
        assert_eq!(
            report.items[0].moved.referrers,
            closure.manifests.len() as u64 - 3
        );
        let read_back =
            |event: &Event| matches!(event, Event::ReadBack { digest, .. } if *digest == root);
        assert_eq!(
            rig.recorder
                .events()
                .iter()
                .filter(|event| read_back(event))
                .count(),
            1
        );
    });
}

#[test]
fn a_late_signature_is_added_to_what_is_there() {
    block_on(async {
        let mut graph = Graph::new();
        let child = graph.image(Image::new().layer(layer::noise(1, 100)));
        let root = graph.index(Index::of([child.clone()]));
        graph.tag("v", &root);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        let signature = graph.sign_in_tag(&child, &[b"late"]);
        graph.attach(&root, "application/spdx+json", b"late");
        graph.attach(&signature, "application/spdx+json", b"later still");
        graph.push_to(&rig.source.inner).await.unwrap();
        rig.clear();
        let report = rig.copied(&["v"]).await;
        assert_eq!(report.copied(), 1);
        graph
            .assert_complete(&root.digest, &rig.targets[0].inner)
            .await;
        assert_eq!(rig.writes.calls("tag v"), 0, "the tag stays");
        assert_eq!(
            rig.reads.calls(&format!("read {}", root.digest)),
            0,
            "and is not pulled again"
        );
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}

#[test]
fn a_referrer_that_cannot_be_read_stops_its_artifact() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let root = digest_of(&graph, "1.4");
        let listed = Source::referrers(&rig.source.inner, &root).await.unwrap();
        for referrer in listed {
            let digest = referrer.descriptor.digest;
            rig.source.tampering.lock().unwrap().unreadable = vec![digest];
            let report = rig.copy(&["1.4"]).await;
            let (_, error) = report.errors().next().unwrap();
            assert_eq!(
                (error.kind(), error.side()),
                (ErrorKind::NotFound, Some(Side::Source))
            );
            assert!(error.to_string().contains(&digest.to_string()), "{error}");
            assert!(visible_tags(&rig.targets[0].inner).await.is_empty());
            assert_eq!(rig.writes.calls("put "), 0);
        }
    });
}

#[test]
fn without_referrers_only_the_artifact_travels() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 1).await;
        rig.options.referrers = false;
        rig.copied(&["1.4"]).await;
        assert_eq!(rig.reads.calls("list ") + rig.reads.calls("may"), 0);
        let tags = visible_tags(&rig.targets[0].inner).await;
        assert_eq!(tags.len(), 1);
    });
}

#[derive(Debug, Default)]
struct Refuse {
    seen: std::sync::Mutex<Vec<Digest>>,
}

#[async_trait]
impl Gate for Refuse {
    async fn admit(&self, walked: &Walked, _: &dyn Source) -> Result<Verdict> {
        let referrers = walked.referrers.iter();
        *self.seen.lock().unwrap() = referrers.map(|(_, one)| one.descriptor.digest).collect();
        Ok(Verdict {
            refusal: Some(ErrorKind::SignatureMissing),
            reasons: vec!["no signature by acme".to_owned()],
        })
    }
}

#[test]
fn what_the_gate_refuses_moves_nothing() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 2).await;
        let gate = Arc::<Refuse>::default();
        let engine = Engine::new(rig.options.clone(), rig.recorder.clone(), gate.clone());
        let report = engine.run(stream::iter([rig.job("1.4")])).await;
        assert_eq!(report.failed(), 2);
        let root = digest_of(&graph, "1.4");
        for (_, error) in report.errors() {
            assert_eq!(error.kind(), ErrorKind::SignatureMissing);
            assert_eq!(
                error.message(),
                format!("{root} is refused: no signature by acme")
            );
        }
        assert_eq!(rig.writes.calls("put ") + rig.reads.calls("blob "), 0);
        let belongings = graph.closure(&root).manifests.len() - 3;
        assert_eq!(gate.seen.lock().unwrap().len(), belongings);
    });
}

#[test]
fn a_target_that_loses_a_referrer_gets_no_tag() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        rig.targets[0].tampering.lock().unwrap().forgetful = true;
        let report = rig.copy(&["1.4"]).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(
            (error.kind(), error.side()),
            (ErrorKind::Unavailable, Some(Side::Target))
        );
        assert_eq!(error.operation(), Some("read back"));
        assert!(
            error
                .message()
                .contains("is not listed among the referrers of sha256:"),
            "{error}"
        );
        let tags = visible_tags(&rig.targets[0].inner).await;
        assert!(
            tags.iter().all(|(tag, _)| tag.as_str() != "1.4"),
            "{tags:?}"
        );
        // Looked at again three times: some registries take a moment.
        assert!(rig.writes.calls("target list ") >= 4);
    });
}

#[test]
fn a_referrer_that_is_there_but_not_listed_is_put_again() {
    block_on(async {
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(layer::noise(1, 100)));
        // The index lists the image and what belongs to it, so that the target has both in any case.
        let sbom = graph.attach(&image, "application/spdx+json", b"{}");
        let root = graph.index(Index::of([image, sbom.clone()]));
        graph.tag("v", &root);
        let rig = Rig::new(&graph, 1).await;
        rig.copied(&["v"]).await;
        rig.clear();
        rig.targets[0].tampering.lock().unwrap().forgetful = true;
        let report = rig.copy(&["v"]).await;
        assert_eq!(
            rig.writes.calls(&format!("put manifest {}", sbom.digest)),
            1
        );
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(error.operation(), Some("read back"));
        rig.targets[0].tampering.lock().unwrap().forgetful = false;
        assert_eq!(rig.copied(&["v"]).await.unchanged(), 1);
    });
}
