//! Random graphs, killed at every event and at every call to a target. Afterwards no tag may be visible without what
//! belongs to it, and a second run must complete.

use std::sync::Arc;

use futures::stream;
use proptest::prelude::*;
use transship_oci::Source as _;
use transship_registry_server::{Disk, Local, Store as _};
use transship_testkit::image::{Graph, Image, Index, layer, random_graph, sample};

use crate::support::{Act, Recorder, Rig, Trap, Watched, block_on, digest_of, visible_tags};

/// No tag may be seen at any target unless everything that belongs to it is there.
pub(crate) async fn assert_whole(graph: &Graph, rig: &Rig, when: &str) {
    for target in &rig.targets {
        for (tag, digest) in visible_tags(&target.inner).await {
            if let Err(missing) = graph.complete(&digest, &target.inner).await {
                let at = target.inner.location();
                panic!(
                    "{when}: tag {tag} is visible at {at}, but {missing}\n{:#?}",
                    rig.writes.log()
                );
            }
        }
    }
}

/// A second run, with nothing in its way, completes all targets.
pub(crate) async fn assert_completes(graph: &Graph, rig: &Rig, tags: &[&str]) {
    let again = Rig {
        source: Watched::new(rig.source.inner.clone(), &Arc::default()),
        targets: rig
            .targets
            .iter()
            .map(|target| Watched::new(target.inner.clone(), &Arc::default()))
            .collect(),
        reads: Arc::default(),
        writes: Arc::default(),
        options: rig.options.clone(),
        recorder: Recorder::new(),
        gate: rig.gate.clone(),
    };
    again.copied(tags).await;
    for target in &again.targets {
        let visible = visible_tags(&target.inner).await;
        for tag in tags {
            let root = digest_of(graph, tag);
            let seen = visible
                .iter()
                .any(|(name, digest)| name.as_str() == *tag && *digest == root);
            assert!(seen, "{tag} is not there");
            graph.assert_complete(&root, &target.inner).await;
        }
    }
    let third = again.copied(tags).await;
    assert_eq!(
        third.unchanged(),
        (tags.len() * again.targets.len()) as u64,
        "{:?}",
        third.items
    );
}

pub(crate) async fn run_until_killed(rig: &Rig, trap: &Trap, tags: &[&str]) {
    let engine = rig.engine();
    let jobs: Vec<_> = tags.iter().map(|tag| rig.job(tag)).collect();
    tokio::select! {
        biased;
        () = trap.killed() => {}
        _ = engine.run(stream::iter(jobs)) => {}
    }
}

/// Kills at the `at`-th event. Says whether there was one.
async fn kill_at_event(graph: &Graph, tags: &[&str], at: usize) -> bool {
    let mut rig = Rig::new(graph, 2).await;
    // Events and calls share one trap: with the event everything stops.
    rig.recorder = Recorder::trapped(&rig.writes);
    rig.writes.arm(at, Act::Kill);
    run_until_killed(&rig, &rig.writes, tags).await;
    assert_whole(graph, &rig, &format!("killed at {at}")).await;
    assert_completes(graph, &rig, tags).await;
    rig.writes.count() > at
}

async fn kill_after_call(graph: &Graph, tags: &[&str], at: usize) -> bool {
    let rig = Rig::new(graph, 2).await;
    rig.writes.arm(at, Act::KillAfter);
    run_until_killed(&rig, &rig.writes, tags).await;
    assert_whole(graph, &rig, &format!("killed after call {at}")).await;
    assert_completes(graph, &rig, tags).await;
    rig.writes.count() > at
}

fn everywhere(graph: &Graph, tags: &[&str]) {
    block_on(async {
        let mut at = 0;
        while kill_at_event(graph, tags, at).await {
            at += 1;
        }
        assert!(at > 8, "only {at} events and calls: nothing was tried");
        let mut at = 0;
        while kill_after_call(graph, tags, at).await {
            at += 1;
        }
        assert!(at > 3, "only {at} calls: nothing was tried");
    });
}

#[test]
fn the_sample_survives_every_kill() {
    everywhere(&sample(), &["1.4"]);
}

#[test]
fn artifacts_that_share_pieces_survive_every_kill() {
    let mut graph = Graph::new();
    let shared = graph.image(Image::new().layer(layer::noise(1, 300)));
    let one = graph.index(Index::of([shared.clone()]).annotated("name", "one"));
    let two = graph.index(Index::of([shared.clone(), one.clone()]));
    graph.tag("one", &one);
    graph.tag("two", &two);
    graph.tag("shared", &shared);
    graph.attach(&shared, "application/spdx+json", b"{}");
    graph.sign_in_tag(&one, &[b"one"]);
    everywhere(&graph, &["one", "two", "shared"]);
}

/// What belongs to a signature may be listed by the root as well, closer to it than the signature is.
#[test]
fn what_belongs_to_a_signature_comes_before_it_however_far_off_it_is() {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 300)));
    let inner = graph.index(Index::of([image.clone()]));
    let signature = graph.sign_in_tag(&image, &[b"signed"]);
    let sbom = graph.attach(&signature, "application/spdx+json", b"{}");
    graph.sign_in_tag(&sbom, &[b"signed too"]);
    let root = graph.index(Index::of([inner, sbom]));
    graph.tag("v", &root);
    everywhere(&graph, &["v"]);
}

#[test]
fn folders_survive_every_kill() {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 300)));
    let root = graph.index(Index::of([image.clone()]));
    graph.tag("v", &root);
    graph.attach(&image, "application/spdx+json", b"{}");
    graph.sign_in_tag(&root, &[b"signed"]);
    // Files are read and written by other threads: here time must pass as it does.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let store = Disk::open(folder.path()).await.unwrap();
            let mut rig = Rig::new(&graph, 0).await;
            let target = Local::new(store.create("target").await.unwrap(), "folder");
            rig.targets = vec![Watched::new(target, &rig.writes)];
            rig.writes.arm(at, Act::KillAfter);
            run_until_killed(&rig, &rig.writes, &["v"]).await;
            assert_whole(&graph, &rig, &format!("killed after call {at}")).await;
            assert_completes(&graph, &rig, &["v"]).await;
            if rig.writes.count() <= at {
                assert!(at > 10, "only {at} calls: nothing was tried");
                break;
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_graphs_survive_every_kill(graph in random_graph()) {
        everywhere(&graph, &["latest"]);
    }
}
