//! Several targets, from one reading.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use transship_engine::Outcome;
use transship_oci::{Budget, Event, Name, Permit};
use transship_testkit::image::{Graph, Image, layer, sample};

use crate::support::{Act, Rig, Trap, Watched, block_on, digest_of, visible_tags};

/// Room for one transfer, and a note of everybody who took it.
#[derive(Debug)]
struct OneAtATime {
    host: &'static str,
    room: Arc<Semaphore>,
    taken: Arc<Mutex<Vec<&'static str>>>,
}

impl Budget for OneAtATime {
    fn key(&self) -> &str {
        self.host
    }

    fn acquire(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async {
            let held = Arc::clone(&self.room).acquire_owned().await.unwrap();
            self.taken.lock().unwrap().push(self.host);
            Permit::holding(held)
        })
    }
}

#[test]
fn three_targets_are_fed_from_one_reading() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 3).await;
        let report = rig.copied(&["1.4", "both", "docker"]).await;
        assert_eq!(report.copied(), 9);
        for target in &rig.targets {
            for tag in ["1.4", "both", "docker"] {
                graph
                    .assert_complete(&digest_of(&graph, tag), &target.inner)
                    .await;
            }
        }
        let read: Vec<String> = rig
            .reads
            .log()
            .into_iter()
            .filter(|call| call.starts_with("blob "))
            .collect();
        let mut once = read.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), read.len(), "a blob was read twice: {read:?}");
        assert!(read.len() > 10);
    });
}

#[test]
fn one_target_that_fails_does_not_hold_up_the_other() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 2).await;
        let bad = Arc::<Trap>::default();
        rig.targets[1] = Watched::new(rig.targets[1].inner.clone(), &bad);
        // The first call is the look at the tag, the second at the root; blobs come after that.
        bad.arm(3, Act::Fail);
        let report = rig.copy(&["1.4"]).await;
        assert_eq!(
            (report.copied(), report.failed()),
            (1, 1),
            "{:?}",
            report.items
        );
        let (item, error) = report.errors().next().unwrap();
        assert_eq!(item.target, "memory:target1:1.4");
        assert_eq!(error.side(), Some(transship_oci::Side::Target));
        assert!(
            error.to_string().starts_with("target memory:target1: "),
            "{error}"
        );
        graph
            .assert_complete(&digest_of(&graph, "1.4"), &rig.targets[0].inner)
            .await;
        assert!(visible_tags(&rig.targets[1].inner).await.is_empty());
    });
}

#[test]
fn a_target_that_stops_taking_bytes_is_left_behind() {
    block_on(async {
        let mut graph = Graph::new();
        let image = graph.image(Image::new().layer(layer::noise(1, 2_000_000)));
        graph.tag("v", &image);
        let mut rig = Rig::new(&graph, 2).await;
        let stuck = Arc::<Trap>::default();
        rig.targets[1] = Watched::new(rig.targets[1].inner.clone(), &stuck);
        rig.targets[1]
            .stall
            .store(true, std::sync::atomic::Ordering::SeqCst);
        let engine = rig.engine();
        let jobs = futures::stream::iter([rig.job("v")]);
        let run = tokio::spawn(async move { engine.run(jobs).await });
        let root = Name::Tag("v".parse().unwrap());
        // Time passes by itself while everybody waits.
        let good = rig.targets[0].inner.clone();
        while transship_oci::Source::resolve(&good, &root).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        graph.assert_complete(&digest_of(&graph, "v"), &good).await;
        assert!(!run.is_finished());
        run.abort();
    });
}

#[test]
fn what_is_in_one_repository_of_a_registry_is_mounted_into_the_next() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 0).await;
        let one = Watched::at_registry("registry.example/one", &rig.writes);
        let two = Watched::at_registry("registry.example/two", &rig.writes);
        two.mountable.lock().unwrap().push(Arc::clone(&one));
        one.mountable.lock().unwrap().push(Arc::clone(&two));
        rig.targets = vec![one, two];
        let plan = rig.plan(&["1.4"]).await.unwrap();
        let report = rig.copied(&["1.4"]).await;
        let closure = graph.closure(&digest_of(&graph, "1.4"));
        let mounted: u64 = report.items.iter().map(|item| item.moved.mounted).sum();
        let sent: u64 = report.items.iter().map(|item| item.moved.blobs).sum();
        assert_eq!(
            (mounted, sent),
            (closure.blobs.len() as u64, closure.blobs.len() as u64)
        );
        assert_eq!(report.bytes(), plan.totals.bytes);
        assert_eq!(rig.reads.calls("blob "), closure.blobs.len());
        for target in &rig.targets {
            graph
                .assert_complete(&digest_of(&graph, "1.4"), &target.inner)
                .await;
        }
    });
}

#[test]
fn a_refused_mount_ends_in_an_upload() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 0).await;
        rig.targets = ["a", "b", "c"]
            .map(|name| Watched::at_registry(&format!("registry.example/{name}"), &rig.writes))
            .into();
        let report = rig.copied(&["1.4"]).await;
        assert_eq!(report.copied(), 3);
        let how = |event: &Event| matches!(event, Event::BlobPlaced { how: "sent", .. });
        let sent = rig
            .recorder
            .events()
            .iter()
            .filter(|event| how(event))
            .count();
        assert_eq!(
            sent,
            3 * graph.closure(&digest_of(&graph, "1.4")).blobs.len()
        );
    });
}

#[test]
fn the_events_add_up_to_the_report() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 2).await;
        let report = rig.copied(&["1.4", "chart"]).await;
        let events = rig.recorder.events();
        let sent: u64 = events
            .iter()
            .map(|event| match event {
                Event::BlobPlaced { sent, .. } => *sent,
                _ => 0,
            })
            .sum();
        assert_eq!(sent, report.bytes());
        let read: u64 = events
            .iter()
            .map(|event| match event {
                Event::BlobProgress { bytes, .. } => *bytes,
                _ => 0,
            })
            .sum();
        assert_eq!(read * 2, report.bytes(), "every byte is read once for both");
        assert_eq!(events.first(), Some(&Event::RunStarted { artifacts: 2 }));
        let last = Event::RunFinished {
            copied: 4,
            unchanged: 0,
            failed: 0,
            bytes: sent,
        };
        assert_eq!(events.last(), Some(&last));
        let done = |event: &&Event| {
            matches!(
                event,
                Event::ArtifactDone {
                    outcome: "copied",
                    ..
                }
            )
        };
        assert_eq!(events.iter().filter(done).count(), 4);
        assert!(matches!(report.items[0].outcome, Outcome::Copied));
    });
}

#[test]
fn another_tag_in_the_same_repository_is_only_a_tag() {
    block_on(async {
        let graph = sample();
        let mut rig = Rig::new(&graph, 0).await;
        rig.targets = vec![Arc::clone(&rig.source)];
        let mut job = rig.job("1.4");
        job.targets[0].tags = vec!["stable".parse().unwrap()];
        let report = rig.engine().run(futures::stream::iter([job])).await;
        assert_eq!(
            (report.copied(), report.bytes()),
            (1, 0),
            "{:?}",
            report.items
        );
        let log = rig.reads.log();
        assert_eq!(log[log.len() - 2..], ["tag stable", "finish"]);
        assert_eq!(rig.reads.calls("put "), 0);
    });
}

#[test]
fn room_is_taken_at_every_host_once_and_in_the_order_of_their_names() {
    block_on(async {
        let graph = sample();
        let rig = Rig::new(&graph, 2).await;
        let taken = Arc::<Mutex<Vec<&'static str>>>::default();
        let budget = |host| {
            Arc::new(OneAtATime {
                host,
                room: Arc::new(Semaphore::new(1)),
                taken: Arc::clone(&taken),
            }) as Arc<dyn Budget>
        };
        // The source and the second target are one host, with room for one: taking it twice would wait for ever.
        let shared = budget("b.example");
        *rig.source.budget.lock().unwrap() = Some(Arc::clone(&shared));
        *rig.targets[0].budget.lock().unwrap() = Some(budget("a.example"));
        *rig.targets[1].budget.lock().unwrap() = Some(shared);
        let report = rig.copied(&["1.4", "chart"]).await;
        assert_eq!(report.copied(), 4);
        let (one, two) = (digest_of(&graph, "1.4"), digest_of(&graph, "chart"));
        let mut blobs = graph.closure(&one).blobs;
        blobs.extend(graph.closure(&two).blobs);
        let taken = taken.lock().unwrap();
        let count = |host| taken.iter().filter(|taken| **taken == host).count();
        assert_eq!(count("a.example"), blobs.len());
        assert_eq!(count("b.example"), blobs.len());
        assert_eq!(taken[0], "a.example");
    });
}
