//! A look at a whole set before anything moves: from an archive into a registry.

use std::sync::Arc;

use futures::stream;
use transship_engine::{Engine, Job, Outcome, Report, Survey};
use transship_oci::{Descriptor, Digest, ErrorKind, Event, Placement, Side, Sink as _, Tag};
use transship_testkit::image::{Graph, Image, Index, layer, sample};

use crate::{
    carry::{order, vault},
    gather::{gather, rig},
    support::{Act, Demanding, Rig, Vault, Watched, block_on, digest_of, visible_tags},
};

/// The other side of the gap: an archive, and repositories to bring it to.
pub(crate) struct Far {
    pub(crate) vault: Arc<Vault>,
    pub(crate) rig: Rig,
}

impl Far {
    /// An archive of these tags without what is left out, and so many empty repositories of one registry.
    pub(crate) async fn new(
        graph: &Graph,
        tags: &[&str],
        left_out: &[Digest],
        targets: &[&str],
    ) -> Self {
        let near = rig(graph).await;
        let gathering = gather(&near, tags).await;
        assert!(gathering.failed.is_empty(), "{:?}", gathering.failed);
        let mut order = order(&gathering);
        order.retain(|blob| !left_out.contains(&blob.digest));
        let vault = Arc::new(vault(&gathering, &order, &Arc::default()));
        let engine = near.engine();
        let carried = engine.carry(&gathering, Arc::clone(&vault) as _, &order);
        carried.await.unwrap();
        let mut rig = Rig::new(&Graph::new(), 0).await;
        let at = |name: &&str| Watched::at_registry(name, &rig.writes);
        let targets = targets.iter().map(at).collect();
        rig.targets = targets;
        let vault = Arc::new(vault.reopened(&rig.reads));
        Self { vault, rig }
    }

    /// Brings a tag to all targets.
    pub(crate) fn job(&self, tag: &str) -> Job {
        let targets: Vec<usize> = (0..self.rig.targets.len()).collect();
        self.job_to(tag, &targets)
    }

    pub(crate) fn job_to(&self, tag: &str, targets: &[usize]) -> Job {
        let job = self.rig.job(tag);
        let target = |at: &usize| job.targets[*at].clone();
        Job {
            source: Arc::clone(&self.vault) as _,
            targets: targets.iter().map(target).collect(),
            ..job
        }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.rig.engine()
    }

    pub(crate) async fn survey(&self, jobs: Vec<Job>) -> Survey {
        self.engine().survey(stream::iter(jobs)).await
    }

    /// How much was asked for by HEAD.
    pub(crate) fn asked(&self) -> usize {
        let log = self.rig.writes.log();
        let asked = log.iter().filter_map(|call| call.strip_prefix("have "));
        asked.map(|count| count.parse::<usize>().unwrap()).sum()
    }

    /// Puts an artifact's blobs at a target, as another artifact would have brought them.
    pub(crate) async fn place(
        &self,
        graph: &Graph,
        at: usize,
        blobs: impl IntoIterator<Item = Digest>,
    ) {
        for digest in blobs {
            let bytes = graph.blobs()[&digest].clone();
            let node = Descriptor::new("", digest, bytes.len() as u64);
            let blob = transship_oci::MemoryBlob::new(node, bytes);
            let target = &self.rig.targets[at].inner;
            target.put_blob(&blob, &Placement::default()).await.unwrap();
        }
    }
}

pub(crate) fn texts(report: &Report) -> Vec<String> {
    let mut texts: Vec<String> = report
        .errors()
        .map(|(_, error)| error.to_string())
        .collect();
    texts.sort();
    texts
}

#[test]
fn an_archive_arrives_whole() {
    block_on(async {
        let graph = sample();
        let tags = ["1.4", "both", "chart"];
        let far = Far::new(&graph, &tags, &[], &["far.example/a", "far.example/b"]).await;
        let jobs = tags.iter().map(|tag| far.job(tag)).collect();
        let survey = far.survey(jobs).await;
        assert!(survey.problems().is_empty());
        assert_eq!(far.rig.reads.calls("blob "), 0, "nothing moves yet");
        assert_eq!(far.rig.writes.calls("put "), 0);
        let promised = survey.bytes();
        let report = survey.proceed().await;
        assert_eq!(
            (report.copied(), report.failed()),
            (6, 0),
            "{:?}",
            report.items
        );
        assert!(report.bytes() <= promised);
        for target in &far.rig.targets {
            for tag in tags {
                let root = digest_of(&graph, tag);
                graph.assert_complete(&root, &target.inner).await;
            }
        }
        let events = far.rig.recorder.events();
        assert_eq!(events.first(), Some(&Event::RunStarted { artifacts: 3 }));
        let ends = |event: &&Event| matches!(event, Event::RunFinished { copied: 6, .. });
        assert_eq!(events.iter().filter(ends).count(), 1);
    });
}

#[test]
fn what_is_there_under_its_tag_costs_two_looks() {
    block_on(async {
        let graph = sample();
        let far = Far::new(&graph, &["chart"], &[], &["far.example/a"]).await;
        far.survey(vec![far.job("chart")]).await.proceed().await;
        far.rig.clear();
        let report = far.survey(vec![far.job("chart")]).await.proceed().await;
        assert_eq!(report.unchanged(), 1);
        assert_eq!(far.rig.writes.log(), ["tagged chart", "finish"]);
        assert_eq!(far.rig.reads.count(), 0);
    });
}

#[test]
fn content_that_is_there_costs_one_question_a_piece_and_no_reading() {
    block_on(async {
        let graph = sample();
        let far = Far::new(&graph, &["1.4"], &[], &["far.example/a"]).await;
        let closure = graph.closure(&digest_of(&graph, "1.4"));
        far.place(&graph, 0, closure.blobs.clone()).await;
        let report = far.survey(vec![far.job("1.4")]).await.proceed().await;
        assert_eq!(
            (report.copied(), report.bytes()),
            (1, 0),
            "{:?}",
            report.items
        );
        assert_eq!(far.rig.reads.calls("blob "), 0);
        assert_eq!(far.rig.writes.calls("put blob "), 0);
        let pieces = closure.manifests.len() + closure.blobs.len();
        assert_eq!(far.asked(), pieces);
        graph
            .assert_complete(&digest_of(&graph, "1.4"), &far.rig.targets[0].inner)
            .await;
        // Another tag of what is there: the root is asked for, and no blob.
        far.rig.clear();
        let mut job = far.job("1.4");
        job.targets[0].tags = vec!["other".parse().unwrap()];
        let report = far.survey(vec![job]).await.proceed().await;
        assert_eq!((report.copied(), report.bytes()), (1, 0));
        assert_eq!(far.rig.reads.calls("blob "), 0);
        assert_eq!(far.asked(), 1 + 2, "the root, and what is below it");
    });
}

#[test]
fn the_name_that_an_archive_keeps_is_not_the_place_where_it_is() {
    block_on(async {
        let graph = sample();
        let far = Far::new(&graph, &["1.4", "chart"], &[], &["source.example/app"]).await;
        let target = &far.rig.targets[0];
        assert_eq!(
            target.location(),
            transship_oci::Source::location(&*far.vault)
        );
        let report = far
            .survey(vec![far.job("1.4"), far.job("chart")])
            .await
            .proceed()
            .await;
        assert_eq!(report.copied(), 2, "{:?}", report.items);
        assert!(report.items.iter().all(|item| item.moved.mounted == 0));
        for tag in ["1.4", "chart"] {
            graph
                .assert_complete(&digest_of(&graph, tag), &target.inner)
                .await;
        }
    });
}

/// Four images, of which some tags are taken at the target by something else.
async fn taken() -> (Graph, Far) {
    let mut graph = Graph::new();
    for (name, seed) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        let root = graph.image(Image::new().layer(layer::noise(seed, 300)));
        graph.tag(name, &root);
        if name != "c" {
            graph.sign_in_tag(&root, &[root.digest.to_string().as_bytes()]);
        }
    }
    let far = Far::new(&graph, &["a", "b", "c", "d"], &[], &["far.example/x"]).await;
    let mut other = Graph::new();
    let root = other.image(Image::new().layer(layer::noise(9, 300)));
    for name in ["a", "a2", "c"] {
        other.tag(name, &root);
    }
    other.push_to(&far.rig.targets[0].inner).await.unwrap();
    far.rig.clear();
    (graph, far)
}

fn jobs(far: &Far) -> Vec<Job> {
    let mut jobs: Vec<Job> = ["a", "b", "c", "d"].map(|tag| far.job(tag)).into();
    jobs[0].targets[0].tags.push("a2".parse().unwrap());
    jobs
}

#[test]
fn every_tag_that_stands_in_the_way_is_named_and_nothing_is_written() {
    block_on(async {
        let (_, far) = taken().await;
        let before = far.rig.targets[0].inner.snapshot().await.unwrap();
        let survey = far.survey(jobs(&far)).await;
        let found: Vec<_> = survey
            .problems()
            .iter()
            .map(|item| match &item.outcome {
                Outcome::Failed(error) => {
                    assert_eq!(error.side(), Some(Side::Target));
                    assert_eq!(error.kind(), ErrorKind::Conflict);
                    let tag = error.message().split(' ').nth(1).unwrap().to_owned();
                    (item.source.as_str(), tag)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [("source:a", "a"), ("source:a", "a2"), ("source:c", "c")];
        assert_eq!(
            found,
            expected.map(|(source, tag)| (source, tag.to_owned()))
        );
        let report = survey.refuse();
        assert_eq!((report.copied(), report.failed()), (0, 3));
        assert_eq!(far.rig.targets[0].inner.snapshot().await.unwrap(), before);
        assert_eq!(far.rig.reads.calls("blob "), 0);
        let events = far.rig.recorder.events();
        let told = |event: &&Event| matches!(event, Event::ArtifactFailed { .. });
        assert_eq!(events.iter().filter(told).count(), 3);
    });
}

#[test]
fn what_nothing_stands_in_the_way_of_can_go_on() {
    block_on(async {
        let (graph, far) = taken().await;
        let report = far.survey(jobs(&far)).await.proceed().await;
        assert_eq!(
            (report.copied(), report.failed()),
            (2, 2),
            "{:?}",
            report.items
        );
        let target = &far.rig.targets[0].inner;
        for tag in ["b", "d"] {
            graph.assert_complete(&digest_of(&graph, tag), target).await;
        }
        let visible = visible_tags(target).await;
        for tag in ["a", "c"] {
            let at = visible
                .iter()
                .find(|(name, _)| name.as_str() == tag)
                .unwrap();
            assert_ne!(at.1, digest_of(&graph, tag), "left as it was");
        }
    });
}

#[test]
fn the_gate_is_heard_of_everything_also_of_what_a_tag_stands_in_the_way_of() {
    block_on(async {
        let (graph, mut far) = taken().await;
        far.rig.gate = Demanding::new();
        let survey = far.survey(jobs(&far)).await;
        let found: Vec<_> = survey
            .problems()
            .iter()
            .map(|item| match &item.outcome {
                Outcome::Failed(error) => (item.source.as_str(), error.kind()),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [
            ("source:a", ErrorKind::Conflict),
            ("source:a", ErrorKind::Conflict),
            ("source:c", ErrorKind::PolicyRefused),
            ("source:c", ErrorKind::Conflict),
        ];
        assert_eq!(found, expected);
        let report = survey.proceed().await;
        assert_eq!(
            (report.copied(), report.failed()),
            (2, 2),
            "{:?}",
            texts(&report)
        );
        let c = digest_of(&graph, "c");
        let there = far.rig.targets[0].inner.snapshot().await.unwrap();
        assert!(!there.manifests.contains(&c));
    });
}

#[test]
fn two_of_one_set_cannot_have_one_tag() {
    block_on(async {
        let (graph, far) = taken().await;
        let mut jobs = vec![far.job("b"), far.job("d"), far.job("b")];
        for job in &mut jobs {
            job.targets[0].tags = vec!["same".parse::<Tag>().unwrap()];
        }
        let survey = far.survey(jobs).await;
        assert_eq!(survey.problems().len(), 1);
        let report = survey.proceed().await;
        assert_eq!(report.failed(), 1);
        let (b, d) = (digest_of(&graph, "b"), digest_of(&graph, "d"));
        assert_eq!(
            texts(&report),
            [format!(
                "target far.example/x: tag same would be {d} here, and {b} for source:b"
            )]
        );
        let visible = visible_tags(&far.rig.targets[0].inner).await;
        assert!(visible.contains(&("same".parse().unwrap(), b)));
    });
}

#[test]
fn a_source_that_fails_is_a_problem_at_each_target() {
    block_on(async {
        let graph = sample();
        let far = Far::new(&graph, &["1.4"], &[], &["far.example/a", "far.example/b"]).await;
        let survey = far.survey(vec![far.job("none"), far.job("1.4")]).await;
        let targets = survey.problems().iter().map(|item| item.target.as_str());
        let targets: Vec<_> = targets.collect();
        assert_eq!(targets.len(), 2);
        assert_ne!(targets[0], targets[1]);
        let report = survey.proceed().await;
        assert_eq!((report.copied(), report.failed()), (2, 2));
    });
}

#[test]
fn what_is_held_for_a_survey_has_a_limit() {
    block_on(async {
        let (graph, mut far) = taken().await;
        let closure = graph.closure(&digest_of(&graph, "b"));
        let manifests = closure.manifests.iter();
        let bytes = |digest| graph.manifest(digest).unwrap().bytes().len() as u64;
        let limit: u64 = manifests.map(bytes).sum();
        far.rig.options.limits.gathered = limit;
        let survey = far.survey(vec![far.job("b"), far.job("d")]).await;
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
                "source source:d: its manifests and those of the artifacts before are more than {limit} bytes together"
            )]
        );
    });
}

/// Whatever fails while it goes on leaves no tag without what belongs to it.
#[test]
fn what_fails_after_the_survey_fails_in_good_order() {
    block_on(async {
        let mut graph = Graph::new();
        let child = graph.image(Image::new().layer(layer::noise(1, 300)));
        let root = graph.index(Index::of([child.clone()]));
        graph.attach(&child, "application/spdx+json", b"{}");
        graph.sign_in_tag(&root, &[b"signed"]);
        graph.tag("v", &root);
        for at in 0.. {
            let far = Far::new(&graph, &["v"], &[], &["far.example/a"]).await;
            let survey = far.survey(vec![far.job("v")]).await;
            assert!(survey.problems().is_empty());
            far.rig
                .writes
                .arm(far.rig.writes.count() + at, Act::FailAfter);
            let before = far.rig.writes.count();
            let report = survey.proceed().await;
            for (tag, digest) in visible_tags(&far.rig.targets[0].inner).await {
                let whole = graph.complete(&digest, &far.rig.targets[0].inner).await;
                whole.unwrap_or_else(|missing| panic!("{tag}: {missing}"));
            }
            if far.rig.writes.count() <= before + at {
                assert_eq!(report.copied(), 1);
                assert!(at > 8, "only {at} calls");
                break;
            }
        }
    });
}
