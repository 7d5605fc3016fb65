//! Blobs into a sink that takes one after another, and everything that can go wrong on the way.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::{sync::oneshot, time::timeout};
use transship_engine::{Gathering, Report};
use transship_oci::{Budget, Descriptor, Error, ErrorKind, Event, Permit, Result, Side, Sink as _};
use transship_testkit::image::{Graph, Image, Index, layer, sample};

use crate::{
    gather::{gather, rig},
    support::{Act, PART, Rig, Trap, Vault, Watched, block_on, digest_of},
};

/// Room for one, given to whoever asked last; and a note of who took it.
#[derive(Debug)]
struct Unfair {
    host: &'static str,
    room: Arc<Mutex<Room>>,
    taken: Arc<Mutex<Vec<&'static str>>>,
}

#[derive(Debug, Default)]
struct Room {
    taken: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

/// Gives the room on when it is dropped.
struct Held(Arc<Mutex<Room>>);

impl Unfair {
    fn new(host: &'static str, taken: &Arc<Mutex<Vec<&'static str>>>) -> Arc<Self> {
        Arc::new(Self {
            host,
            room: Arc::default(),
            taken: Arc::clone(taken),
        })
    }

    /// Who must wait, and for what.
    fn ask(&self) -> Option<oneshot::Receiver<()>> {
        let mut room = self.room.lock().unwrap();
        if !room.taken {
            room.taken = true;
            return None;
        }
        let (turn, wait) = oneshot::channel();
        room.waiting.push(turn);
        Some(wait)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut room = self.0.lock().unwrap();
        while let Some(last) = room.waiting.pop() {
            if last.send(()).is_ok() {
                return;
            }
        }
        room.taken = false;
    }
}

impl Budget for Unfair {
    fn key(&self) -> &str {
        self.host
    }

    fn acquire(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async {
            if let Some(wait) = self.ask() {
                wait.await.unwrap();
            }
            self.taken.lock().unwrap().push(self.host);
            Permit::holding(Held(Arc::clone(&self.room)))
        })
    }
}

/// Every blob of all artifacts once.
pub(crate) fn order(gathering: &Gathering) -> Vec<Descriptor> {
    let mut order: Vec<Descriptor> = Vec::new();
    for blob in gathering
        .gathered
        .iter()
        .flat_map(|one| &one.artifact.blobs)
    {
        if order.iter().all(|other| other.digest != blob.digest) {
            order.push(blob.clone());
        }
    }
    order
}

pub(crate) fn vault(gathering: &Gathering, order: &[Descriptor], trap: &Arc<Trap>) -> Vault {
    let artifacts: Vec<_> = gathering.gathered.iter().map(|one| &one.artifact).collect();
    Vault::new(&artifacts, order.to_vec(), trap)
}

/// Carries, and fails the test where everybody waits for everybody.
async fn carry(
    rig: &Rig,
    gathering: &Gathering,
    vault: &Arc<Vault>,
    order: &[Descriptor],
) -> Result<Report> {
    let engine = rig.engine();
    let carried = engine.carry(gathering, Arc::clone(vault) as _, order);
    timeout(Duration::from_hours(1), carried).await.unwrap()
}

fn assert_holds(graph: &Graph, gathering: &Gathering, vault: &Vault, order: &[Descriptor]) {
    let kept = vault.kept();
    let digests: Vec<_> = kept.blobs.iter().map(|(digest, _)| *digest).collect();
    let expected: Vec<_> = order.iter().map(|blob| blob.digest).collect();
    assert_eq!(digests, expected);
    for (digest, bytes) in &kept.blobs {
        assert_eq!(&graph.blobs()[digest], bytes, "{digest}");
    }
    for one in &gathering.gathered {
        for manifest in &one.artifact.manifests {
            assert!(kept.manifests.contains(manifest));
        }
        for tag in &one.artifact.tags {
            let root = (tag.clone(), one.artifact.root.digest);
            assert!(kept.tags.contains(&root), "{tag}");
        }
    }
    assert!(kept.finished);
}

#[test]
fn the_sample_is_carried_in_the_order_given() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4", "both", "none", "chart"]).await;
        // Any order will do: the last comes first.
        let mut order = order(&gathering);
        order.reverse();
        let trap = Arc::default();
        let vault = Arc::new(vault(&gathering, &order, &trap));
        let report = carry(&rig, &gathering, &vault, &order).await.unwrap();
        assert_holds(&graph, &gathering, &vault, &order);
        assert_eq!((report.copied(), report.failed()), (3, 1));
        let total: u64 = order.iter().map(|blob| blob.size).sum();
        assert_eq!(report.bytes(), total, "each once");
        assert!(report.items.iter().all(|item| item.target == "vault"));
        let events = rig.recorder.events();
        let started: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                Event::BlobStarted { digest, .. } => Some(*digest),
                _ => None,
            })
            .collect();
        assert!(started.iter().eq(order.iter().map(|blob| &blob.digest)));
        let planned: u64 = events
            .iter()
            .map(|event| match event {
                Event::Planned { bytes, .. } => *bytes,
                _ => 0,
            })
            .sum();
        assert_eq!(planned, total);
        let last = Event::RunFinished {
            copied: 3,
            unchanged: 0,
            failed: 1,
            bytes: total,
        };
        assert_eq!(events.last(), Some(&last));
        let log = trap.log();
        assert_eq!(log.last().map(String::as_str), Some("finish"));
        let names = ["put blob ", "put manifest ", "tag ", "finish"];
        let rank = |line: &String| names.iter().position(|name| line.starts_with(name));
        assert!(log.is_sorted_by_key(rank), "{log:#?}");
    });
}

#[test]
fn signature_tags_are_set_before_the_tags_of_what_they_sign() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4"]).await;
        let order = order(&gathering);
        let trap = Arc::default();
        let vault = Arc::new(vault(&gathering, &order, &trap));
        carry(&rig, &gathering, &vault, &order).await.unwrap();
        let tags = trap.log();
        let tags: Vec<_> = tags
            .iter()
            .filter(|line| line.starts_with("tag "))
            .collect();
        assert_eq!(tags.len(), 5);
        assert_eq!(tags[4], "tag 1.4");
    });
}

#[test]
fn room_for_one_is_enough_whoever_it_is_given_to_first() {
    block_on(async {
        let graph = sample();
        let mut rig = rig(&graph).await;
        let taken = Arc::default();
        *rig.source.budget.lock().unwrap() = Some(Unfair::new("source", &taken));
        let gathering = gather(&rig, &["1.4", "both"]).await;
        for open in [1, 2, 8, 100] {
            rig.options.open_blobs = open;
            taken.lock().unwrap().clear();
            let order = order(&gathering);
            let mut vault = vault(&gathering, &order, &Arc::default());
            vault.budget = Some(Unfair::new("archive", &taken));
            let vault = Arc::new(vault);
            carry(&rig, &gathering, &vault, &order).await.unwrap();
            assert_holds(&graph, &gathering, &vault, &order);
            let taken = taken.lock().unwrap();
            assert_eq!(*taken, ["archive", "source"].repeat(order.len()));
        }
    });
}

#[test]
fn no_more_are_open_than_were_asked_for() {
    block_on(async {
        let mut graph = Graph::new();
        let layers = (0..40).map(|seed| layer::noise(seed, 100));
        let root = graph.image(Image::new().layers(layers));
        graph.tag("v", &root);
        let mut rig = rig(&graph).await;
        rig.options.open_blobs = 3;
        let gathering = gather(&rig, &["v"]).await;
        let mut order = order(&gathering);
        order.reverse();
        let vault = Arc::new(vault(&gathering, &order, &Arc::default()));
        carry(&rig, &gathering, &vault, &order).await.unwrap();
        let (mut open, mut most) = (0, 0);
        for event in rig.recorder.events() {
            match event {
                Event::BlobStarted { .. } => open += 1,
                Event::BlobPlaced { .. } => open -= 1,
                _ => {}
            }
            most = most.max(open);
        }
        assert_eq!(most, 3);
    });
}

#[test]
fn a_source_that_breaks_in_the_middle_is_taken_up_where_it_broke() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        rig.source.tampering.lock().unwrap().cut_after = Some(70_000);
        let gathering = gather(&rig, &["1.4"]).await;
        let order = order(&gathering);
        let vault = Arc::new(vault(&gathering, &order, &Arc::default()));
        carry(&rig, &gathering, &vault, &order).await.unwrap();
        assert_holds(&graph, &gathering, &vault, &order);
        let again = rig.reads.log();
        let again: Vec<_> = again
            .iter()
            .filter(|call| call.ends_with(" 70000"))
            .collect();
        assert_eq!(again.len(), 1, "the layer of 100 000 bytes");
    });
}

fn assert_unfinished(vault: &Vault, trap: &Trap) {
    assert!(!vault.kept().finished);
    assert_eq!(trap.calls("put manifest "), 0, "{:?}", trap.log());
    assert_eq!(trap.calls("tag "), 0);
    assert_eq!(trap.calls("finish"), 0);
}

#[test]
fn wrong_bytes_end_it_all() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4", "chart"]).await;
        rig.source.tampering.lock().unwrap().flip = true;
        let order = order(&gathering);
        let trap = Arc::default();
        let vault = Arc::new(vault(&gathering, &order, &trap));
        let error = carry(&rig, &gathering, &vault, &order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DigestMismatch);
        assert_eq!(error.side(), Some(Side::Source));
        let start = |blob: &Descriptor| {
            let at = "source source.example/app";
            format!("{at}: carry blob {} of source:1.4: blob ", blob.digest)
        };
        let text = error.to_string();
        assert!(
            order.iter().any(|blob| text.starts_with(&start(blob))),
            "{text}"
        );
        assert_unfinished(&vault, &trap);
        let events = rig.recorder.events();
        let last = Event::RunFinished {
            copied: 0,
            unchanged: 0,
            failed: 2,
            bytes: 0,
        };
        assert_eq!(events.last(), Some(&last));
    });
}

#[test]
fn every_call_that_fails_ends_it_all_and_is_heard_of() {
    block_on(async {
        let graph = sample();
        for act in [Act::Fail, Act::FailAfter] {
            for at in 0.. {
                let rig = rig(&graph).await;
                let gathering = gather(&rig, &["1.4"]).await;
                let order = order(&gathering);
                let trap: Arc<Trap> = Arc::default();
                trap.arm(at, act);
                let vault = Arc::new(vault(&gathering, &order, &trap));
                let carried = carry(&rig, &gathering, &vault, &order).await;
                if trap.count() <= at {
                    carried.unwrap();
                    assert!(at > 20, "only {at} calls");
                    break;
                }
                let error: Error = carried.unwrap_err();
                assert!(error.message().starts_with("sprung at "), "{error}");
                assert_eq!(error.side(), Some(Side::Target));
                let sealed = trap.log().last().is_some_and(|call| call == "finish");
                assert_eq!(trap.calls("finish"), usize::from(sealed));
                // One that fails at the seal may have sealed.
                assert!(sealed || !vault.kept().finished);
            }
        }
    });
}

#[test]
fn what_can_be_read_before_it_is_finished_is_not_carried_into() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4"]).await;
        let target = Watched::at_registry("target.example/app", &rig.writes);
        assert!(target.reader().is_some());
        let order = order(&gathering);
        let error = rig.engine().carry(&gathering, target, &order).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(rig.writes.count(), 0);
    });
}

#[test]
fn a_blob_that_nobody_has_is_not_waited_for() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4"]).await;
        let mut order = order(&gathering);
        order.push(Descriptor::of("text/plain", b"strange"));
        let trap = Arc::default();
        let vault = Arc::new(vault(&gathering, &order, &trap));
        let error = carry(&rig, &gathering, &vault, &order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert_eq!(trap.count(), 0);
    });
}

/// One layer of 200 000 bytes, the last in the order.
async fn large() -> (Graph, Rig, Gathering, Vec<Descriptor>) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(6, 200_000)));
    let root = graph.index(Index::of([image]));
    graph.tag("v", &root);
    let rig = rig(&graph).await;
    let gathering = gather(&rig, &["v"]).await;
    let order = order(&gathering);
    (graph, rig, gathering, order)
}

/// Carries until the line breaks for good, and gives what is left after the crash.
async fn cut(rig: &Rig, gathering: &Gathering, order: &[Descriptor]) -> Arc<Vault> {
    rig.source.tampering.lock().unwrap().cut_after = Some(50_250);
    let first = Arc::new(vault(gathering, order, &Arc::default()));
    let engine = rig.engine();
    let carried = engine.carry(gathering, Arc::clone(&first) as _, order);
    // The line breaks, and the process dies in the pause before the next try.
    assert!(timeout(Duration::from_millis(1), carried).await.is_err());
    assert_eq!(first.kept().blobs.len(), 1, "the configuration");
    assert_eq!(first.kept().partial.len(), 50_250);
    first.crash();
    assert_eq!(first.kept().partial.len(), 49 * PART);
    rig.source.tampering.lock().unwrap().cut_after = None;
    rig.clear();
    first
}

#[test]
fn a_crash_costs_no_more_than_a_part_and_a_piece() {
    block_on(async {
        let (graph, rig, gathering, order) = large().await;
        let first = cut(&rig, &gathering, &order).await;
        let trap = Arc::default();
        let second = Arc::new(first.reopened(&trap));
        let report = carry(&rig, &gathering, &second, &order).await.unwrap();
        assert_holds(&graph, &gathering, &second, &order);
        assert_eq!(report.bytes(), 200_000 - 49 * PART as u64);
        // The piece that filled the last part began at 50 100: from there on it is hashed again.
        assert_eq!(rig.reads.log(), [format!("blob {} 50100", order[1].digest)]);
    });
}

#[test]
fn after_a_crash_every_byte_is_looked_at_all_the_same() {
    block_on(async {
        let (_, rig, gathering, order) = large().await;
        let first = cut(&rig, &gathering, &order).await;
        rig.source.tampering.lock().unwrap().flip = true;
        let trap = Arc::default();
        let second = Arc::new(first.reopened(&trap));
        let error = carry(&rig, &gathering, &second, &order).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DigestMismatch);
        assert_unfinished(&second, &trap);
    });
}

#[test]
fn without_a_note_the_whole_is_read_again_and_only_the_rest_sent() {
    block_on(async {
        let (graph, rig, gathering, order) = large().await;
        let first = cut(&rig, &gathering, &order).await;
        first.kept().note = None;
        let second = Arc::new(first.reopened(&Arc::default()));
        let report = carry(&rig, &gathering, &second, &order).await.unwrap();
        assert_holds(&graph, &gathering, &second, &order);
        assert_eq!(report.bytes(), 200_000 - 49 * PART as u64);
        assert_eq!(rig.reads.log(), [format!("blob {} 0", order[1].digest)]);
    });
}

#[test]
fn what_is_not_in_the_order_is_not_carried() {
    block_on(async {
        let graph = sample();
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["1.4"]).await;
        let mut order = order(&gathering);
        let left = order.pop().unwrap();
        let vault = Arc::new(vault(&gathering, &order, &Arc::default()));
        carry(&rig, &gathering, &vault, &order).await.unwrap();
        assert_holds(&graph, &gathering, &vault, &order);
        assert_eq!(rig.reads.calls(&format!("blob {}", left.digest)), 0);
        assert_eq!(
            vault.kept().tags.last().map(|(_, digest)| *digest),
            Some(digest_of(&graph, "1.4"))
        );
    });
}

#[test]
fn sources_are_open_before_their_turn_has_come() {
    block_on(async {
        let mut graph = Graph::new();
        let layers = (0..20).map(|seed| layer::noise(seed, 100));
        let root = graph.image(Image::new().layers(layers));
        graph.tag("v", &root);
        let rig = rig(&graph).await;
        let gathering = gather(&rig, &["v"]).await;
        let order = order(&gathering);
        let mut vault = vault(&gathering, &order, &Arc::default());
        vault.patient = Some((Arc::clone(&rig.reads), 8));
        let vault = Arc::new(vault);
        carry(&rig, &gathering, &vault, &order).await.unwrap();
        assert_holds(&graph, &gathering, &vault, &order);
    });
}
