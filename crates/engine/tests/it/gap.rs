//! Random graphs across a gap: gathered, carried into an archive, brought into a registry, and killed at every event and
//! call of both legs.

use std::sync::Arc;

use futures::stream;
use proptest::prelude::*;
use transship_engine::Gathering;
use transship_oci::{Descriptor, Digest, Error, Source as _};
use transship_registry_server::Local;
use transship_testkit::image::{Graph, Image, Index, layer, random_graph, sample};

use crate::{
    carry::{order, vault},
    gather::{gather, rig},
    support::{Act, Recorder, Rig, Trap, Vault, Watched, block_on, digest_of, visible_tags},
};

/// One side of the gap with everything in hand, and the archive that is to be filled.
struct Near {
    rig: Rig,
    gathering: Gathering,
    order: Vec<Descriptor>,
    vault: Arc<Vault>,
    trap: Arc<Trap>,
}

impl Near {
    async fn new(graph: &Graph, tags: &[&str]) -> Self {
        let rig = rig(graph).await;
        let gathering = gather(&rig, tags).await;
        assert!(gathering.failed.is_empty(), "{:?}", gathering.failed);
        let order = order(&gathering);
        let trap = Arc::<Trap>::default();
        Self {
            vault: Arc::new(vault(&gathering, &order, &trap)),
            rig,
            gathering,
            order,
            trap,
        }
    }

    async fn carry(&self) -> Result<(), Error> {
        let engine = self.rig.engine();
        let sink = Arc::clone(&self.vault) as _;
        engine.carry(&self.gathering, sink, &self.order).await?;
        Ok(())
    }

    async fn carry_until_killed(&self) {
        tokio::select! {
            biased;
            () = self.trap.killed() => {}
            carried = self.carry() => carried.unwrap(),
        }
    }

    /// The process is dead. Another takes the archive up and completes it.
    async fn complete(&mut self, graph: &Graph, when: &str) {
        self.vault.crash();
        let here = self.vault.kept().blobs.len();
        self.trap = Arc::default();
        self.vault = Arc::new(self.vault.reopened(&self.trap));
        self.rig.recorder = Recorder::new();
        self.rig.reads.clear();
        self.carry().await.unwrap();
        let kept = self.vault.kept();
        assert!(kept.finished, "{when}");
        let expected: Vec<Digest> = self.order.iter().map(|blob| blob.digest).collect();
        let digests: Vec<Digest> = kept.blobs.iter().map(|(digest, _)| *digest).collect();
        assert_eq!(digests, expected, "{when}");
        for (digest, bytes) in &kept.blobs {
            assert_eq!(&graph.blobs()[digest], bytes, "{when}: {digest}");
        }
        let read = self.rig.reads.calls("blob ");
        assert!(
            read <= self.order.len() - here,
            "{when}: {:?}",
            self.rig.reads.log()
        );
    }
}

async fn kill_the_first_leg(graph: &Graph, tags: &[&str], at: usize, act: Option<Act>) -> bool {
    let mut near = Near::new(graph, tags).await;
    if act.is_none() {
        // Events and calls share one trap: with the event everything stops.
        near.rig.recorder = Recorder::trapped(&near.trap);
    }
    near.trap.arm(at, act.unwrap_or(Act::Kill));
    near.carry_until_killed().await;
    let hit = near.trap.count() > at;
    let sealed = near.trap.calls("finish") > 0;
    assert!(sealed || !near.vault.kept().finished, "sealed too early");
    near.complete(graph, &format!("killed at {at}")).await;
    hit
}

/// The other side: the archive, and a registry that has nothing yet.
struct Beyond {
    vault: Arc<Vault>,
    rig: Rig,
}

impl Beyond {
    fn new(archive: &Arc<Vault>, target: Local) -> Self {
        let mut rig = Rig::from(Local::memory("unused"), 0);
        rig.targets = vec![Watched::new(target, &rig.writes)];
        let vault = Arc::new(archive.copied(&rig.reads));
        Self { vault, rig }
    }

    async fn import(&self, tags: &[&str]) -> (u64, u64) {
        let jobs: Vec<_> = tags
            .iter()
            .map(|tag| transship_engine::Job {
                source: Arc::clone(&self.vault) as _,
                ..self.rig.job(tag)
            })
            .collect();
        let engine = self.rig.engine();
        let survey = Box::pin(engine.survey(stream::iter(jobs))).await;
        assert!(survey.problems().is_empty(), "{:?}", survey.problems());
        let report = Box::pin(survey.proceed()).await;
        assert_eq!(report.failed(), 0, "{:?}", report.items);
        (report.copied(), report.unchanged())
    }
}

async fn kill_the_second_leg(
    graph: &Graph,
    archive: &Arc<Vault>,
    tags: &[&str],
    at: usize,
    act: Option<Act>,
) -> bool {
    let mut beyond = Beyond::new(archive, Local::memory("beyond"));
    if act.is_none() {
        beyond.rig.recorder = Recorder::trapped(&beyond.rig.writes);
    }
    beyond.rig.writes.arm(at, act.unwrap_or(Act::Kill));
    tokio::select! {
        biased;
        () = beyond.rig.writes.killed() => {}
        _ = beyond.import(tags) => {}
    }
    let hit = beyond.rig.writes.count() > at;
    let target = beyond.rig.targets[0].inner.clone();
    for (tag, digest) in visible_tags(&target).await {
        let whole = graph.complete(&digest, &target).await;
        whole.unwrap_or_else(|missing| panic!("killed at {at}: {tag} is visible, but {missing}"));
    }
    let again = Beyond::new(archive, target.clone());
    again.import(tags).await;
    for tag in tags {
        let name = transship_oci::Name::Tag(tag.parse().unwrap());
        let root = target.resolve(&name).await.unwrap().digest;
        assert_eq!(root, digest_of(graph, tag));
        graph.assert_complete(&root, &target).await;
    }
    let third = Beyond::new(archive, target);
    assert_eq!(third.import(tags).await, (0, tags.len() as u64));
    assert_eq!(third.rig.reads.calls("blob "), 0);
    hit
}

fn everywhere(graph: &Graph, tags: &[&str]) {
    block_on(async {
        for act in [None, Some(Act::KillAfter)] {
            let mut at = 0;
            while kill_the_first_leg(graph, tags, at, act).await {
                at += 1;
            }
            assert!(at > 3, "only {at} events and calls: nothing was tried");
        }
        let near = Near::new(graph, tags).await;
        near.carry().await.unwrap();
        for act in [None, Some(Act::KillAfter)] {
            let mut at = 0;
            while kill_the_second_leg(graph, &near.vault, tags, at, act).await {
                at += 1;
            }
            assert!(at > 3, "only {at} events and calls: nothing was tried");
        }
    });
}

#[test]
fn the_sample_crosses_over_whatever_is_killed() {
    everywhere(&sample(), &["1.4"]);
}

#[test]
fn artifacts_that_share_pieces_cross_over_whatever_is_killed() {
    let mut graph = Graph::new();
    let shared = graph.image(Image::new().layer(layer::noise(1, 3000)));
    let one = graph.index(Index::of([shared.clone()]).annotated("name", "one"));
    let two = graph.index(Index::of([shared.clone(), one.clone()]));
    graph.tag("one", &one);
    graph.tag("two", &two);
    graph.tag("shared", &shared);
    graph.attach(&shared, "application/spdx+json", b"{}");
    graph.sign_in_tag(&one, &[b"one"]);
    everywhere(&graph, &["one", "two", "shared"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_cross_over_whatever_is_killed(graph in random_graph()) {
        everywhere(&graph, &["latest"]);
    }
}
