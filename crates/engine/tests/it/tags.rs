//! Tags that exist, tags that move, and no tag at all.

use futures::stream;
use transship_engine::{Job, TagAction};
use transship_oci::{Digest, ErrorKind, Name, Side};
use transship_testkit::image::{Graph, Image, layer, sample};

use crate::support::{Rig, block_on, digest_of, visible_tags};

fn two_versions() -> (Graph, Graph) {
    let version = |seed| {
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(layer::noise(seed, 500)));
        graph.tag("v", &image);
        graph
    };
    (version(1), version(2))
}

#[test]
fn a_tag_that_points_elsewhere_is_left_there() {
    block_on(async {
        let (new, old) = two_versions();
        let rig = Rig::new(&new, 2).await;
        old.push_to(&rig.targets[0].inner).await.unwrap();
        let report = rig.copy(&["v"]).await;
        assert_eq!((report.copied(), report.failed()), (1, 1));
        let (item, error) = report.errors().next().unwrap();
        assert_eq!(item.target, "memory:target0:v");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let (old_digest, new_digest) = (digest_of(&old, "v"), digest_of(&new, "v"));
        assert_eq!(
            error.to_string(),
            format!(
                "target memory:target0: tag v is {old_digest} there, and would become {new_digest}"
            )
        );
        assert!(error.hint().unwrap().contains("--move-tags"));
        assert_eq!(visible_tags(&rig.targets[0].inner).await[0].1, old_digest);
        assert_eq!(visible_tags(&rig.targets[1].inner).await[0].1, new_digest);
    });
}

#[test]
fn a_tag_moves_when_that_is_asked_for() {
    block_on(async {
        let (new, old) = two_versions();
        let mut rig = Rig::new(&new, 1).await;
        old.push_to(&rig.targets[0].inner).await.unwrap();
        let plan = rig.plan(&["v"]).await.unwrap();
        assert_eq!(plan.jobs[0].targets[0].tags[0].action, TagAction::Refused);
        assert_eq!(plan.totals.bytes, 0);
        rig.options.move_tags = true;
        let plan = rig.plan(&["v"]).await.unwrap();
        let tag = &plan.jobs[0].targets[0].tags[0];
        assert_eq!(
            (tag.action, tag.current),
            (TagAction::Move, Some(digest_of(&old, "v")))
        );
        rig.copied(&["v"]).await;
        assert_eq!(
            visible_tags(&rig.targets[0].inner).await[0].1,
            digest_of(&new, "v")
        );
    });
}

#[test]
fn an_artifact_can_be_published_by_digest_only() {
    block_on(async {
        let graph = sample();
        let root = digest_of(&graph, "1.4");
        let rig = Rig::new(&graph, 1).await;
        let job = || {
            let mut job = rig.job("1.4");
            job.name = Name::Digest(root);
            job.targets[0].tags.clear();
            job
        };
        let report = rig.engine().run(stream::iter([job()])).await;
        assert_eq!(report.copied(), 1, "{:?}", report.items);
        graph.assert_complete(&root, &rig.targets[0].inner).await;
        let legacy = visible_tags(&rig.targets[0].inner).await;
        assert!(
            legacy.iter().all(|(tag, _)| tag.subject().is_some()),
            "{legacy:?}"
        );
        let report = rig.engine().run(stream::iter([job()])).await;
        assert_eq!(report.unchanged(), 1, "{:?}", report.items);
    });
}

#[test]
fn a_pinned_tag_that_was_moved_is_refused() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 1).await;
        let pinned = Digest::sha256(b"what it was");
        let job = Job {
            expect: Some(pinned),
            ..rig.job("1.4")
        };
        let report = rig.engine().run(stream::iter([job])).await;
        let (_, error) = report.errors().next().unwrap();
        assert_eq!(
            (error.kind(), error.side()),
            (ErrorKind::Drift, Some(Side::Source))
        );
        let found = digest_of(&graph, "1.4");
        assert_eq!(
            error.message(),
            format!("1.4 is {found}, and {pinned} was asked for")
        );
        assert_eq!(rig.writes.calls("put "), 0);
    });
}

#[test]
fn several_tags_are_set_in_one_request() {
    block_on(async {
        let (graph, _) = two_versions();
        let rig = Rig::new(&graph, 1).await;
        let mut job = rig.job("v");
        job.targets[0].tags = vec!["a".parse().unwrap(), "b".parse().unwrap()];
        let report = rig.engine().run(stream::iter([job])).await;
        assert_eq!(report.copied(), 1);
        assert_eq!(rig.writes.calls("tag a,b"), 1);
        assert_eq!(rig.writes.calls("put manifest"), 0);
    });
}

#[test]
fn a_source_that_is_not_there_says_so_for_every_target() {
    block_on(async {
        let rig = Rig::new(&Graph::new(), 2).await;
        let report = rig.copy(&["nothing"]).await;
        assert_eq!(report.failed(), 2);
        for (_, error) in report.errors() {
            assert_eq!(
                (error.kind(), error.side()),
                (ErrorKind::NotFound, Some(Side::Source))
            );
        }
        assert_eq!(
            rig.plan(&["nothing"]).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    });
}
