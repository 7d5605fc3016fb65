//! The whole way with real archives in a store of small parts, killed at every call of the store, and counted.

use std::{collections::BTreeSet, sync::Arc};

use futures::{FutureExt as _, stream};
use tempfile::TempDir;
use tokio::sync::Notify;
use transship_archive::{
    Archive, ArchiveSink, Outline, OutlineOptions, WriteOptions,
    store::{Call, Capacity, Memory, Watched as WatchedStore},
    unsealed,
    uploader::journal::FileUploadJournal,
};
use transship_engine::{Gathering, Job, Report};
use transship_oci::{Artifact, Digest, RawManifest, Result, Source};
use transship_testkit::image::{Graph, Image, Index, layer, sample};

use crate::{
    gather::{gather, rig},
    support::{Rig, Watched, digest_of},
};

const KEY: &str = "app.oci.tar";
const PART: u64 = 16 * 1024;

/// Files are written by other threads: here time must pass as it does.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(future)
}

struct Export {
    rig: Rig,
    gathering: Gathering,
    outline: Arc<Outline>,
    memory: Memory,
    folder: TempDir,
}

impl Export {
    async fn new(graph: &Graph, tags: &[&str], prerequisites: BTreeSet<Digest>) -> Self {
        let rig = rig(graph).await;
        let gathering = gather(&rig, tags).await;
        assert!(gathering.failed.is_empty(), "{:?}", gathering.failed);
        let artifacts: Vec<Artifact> = gathering
            .gathered
            .iter()
            .map(|one| one.artifact.clone())
            .collect();
        let mut options = OutlineOptions::new("transship/test");
        options.prerequisites = prerequisites;
        let seal: &dyn Fn(&RawManifest) -> Result<Vec<_>> = &unsealed;
        let outline = Outline::of(&artifacts, &options, seal).unwrap();
        let memory = Memory::new("mem").with_capacity(Capacity {
            min_part: 1,
            max_part: PART,
            max_parts: 10_000,
            max_object: None,
            free: None,
        });
        Self {
            rig,
            gathering,
            outline: Arc::new(outline),
            memory,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn write(&self, store: WatchedStore) -> Result<Report> {
        let journal = Arc::new(FileUploadJournal::new(self.folder.path()));
        let outline = Arc::clone(&self.outline);
        let options = WriteOptions::default();
        let sink = ArchiveSink::open(Arc::new(store), KEY, outline, options, journal).await?;
        let order = self.outline.blobs().to_vec();
        let engine = self.rig.engine();
        engine.carry(&self.gathering, Arc::new(sink), &order).await
    }

    fn watched(&self) -> WatchedStore {
        WatchedStore::new(Arc::new(self.memory.clone()))
    }

    /// Writes until the call of this number, and dies there. Says whether there was one.
    async fn write_until(&self, at: usize) -> bool {
        let (died, count) = (Arc::<Notify>::default(), Arc::<Counter>::default());
        let (dying, counted) = (Arc::clone(&died), Arc::clone(&count));
        let store = self.watched().asking(move |_| {
            if counted.next() < at {
                return async { Ok(()) }.boxed();
            }
            dying.notify_one();
            std::future::pending().boxed()
        });
        tokio::select! {
            () = died.notified() => true,
            written = self.write(store) => {
                written.unwrap();
                false
            }
        }
    }
}

#[derive(Debug, Default)]
struct Counter(std::sync::atomic::AtomicUsize);

impl Counter {
    fn next(&self) -> usize {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }
}

/// A registry that takes what is in the archive.
struct Import {
    rig: Rig,
    store: WatchedStore,
}

impl Import {
    fn new(memory: &Memory) -> Self {
        let mut rig = Rig::from(transship_registry_server::Local::memory("unused"), 0);
        rig.targets = vec![Watched::at_registry("far.example/app", &rig.writes)];
        let store = WatchedStore::new(Arc::new(memory.clone()));
        Self { rig, store }
    }

    async fn run(&self, tags: &[&str]) -> Report {
        let archive = Archive::open(Arc::new(self.store.clone()), KEY)
            .await
            .unwrap();
        let name = archive.repositories().next().unwrap();
        let source: Arc<dyn Source> = archive.repository(name).unwrap();
        let jobs: Vec<Job> = tags
            .iter()
            .map(|tag| Job {
                source: Arc::clone(&source),
                ..self.rig.job(tag)
            })
            .collect();
        let survey = Box::pin(self.rig.engine().survey(stream::iter(jobs))).await;
        Box::pin(survey.proceed()).await
    }

    fn reads(&self) -> usize {
        self.store.count(|call| matches!(call, Call::Read(..)))
    }
}

const TAGS: [&str; 3] = ["1.4", "both", "odd"];

#[test]
fn the_sample_goes_all_the_way() {
    block_on(async {
        let graph = sample();
        let export = Export::new(&graph, &TAGS, BTreeSet::new()).await;
        let report = export.write(export.watched()).await.unwrap();
        assert_eq!(report.copied(), 3);
        let import = Import::new(&export.memory);
        let report = import.run(&TAGS).await;
        assert_eq!(
            (report.copied(), report.failed()),
            (3, 0),
            "{:?}",
            report.items
        );
        let target = &import.rig.targets[0].inner;
        for tag in TAGS {
            graph.assert_complete(&digest_of(&graph, tag), target).await;
        }
    });
}

#[test]
fn what_is_there_costs_the_head_and_no_more() {
    block_on(async {
        let graph = sample();
        let export = Export::new(&graph, &TAGS, BTreeSet::new()).await;
        export.write(export.watched()).await.unwrap();
        let first = Import::new(&export.memory);
        first.run(&TAGS).await;
        let mut second = Import::new(&export.memory);
        let there = Watched::new(first.rig.targets[0].inner.clone(), &second.rig.writes);
        second.rig.targets = vec![there];
        let report = second.run(&TAGS).await;
        assert_eq!(report.unchanged(), 3, "{:?}", report.items);
        assert_eq!(second.reads(), 1, "{:?}", second.store.calls());
        assert_eq!(second.rig.writes.calls("put "), 0);
        let asked = second.rig.writes.calls("have ");
        assert_eq!(asked, 0, "{:?}", second.rig.writes.log());
    });
}

#[test]
fn an_export_that_is_killed_at_every_call_is_gone_on_with() {
    block_on(async {
        let graph = sample();
        let whole = Export::new(&graph, &["1.4"], BTreeSet::new()).await;
        whole.write(whole.watched()).await.unwrap();
        let expected = whole.memory.get(KEY).unwrap();
        for at in 0.. {
            let export = Export::new(&graph, &["1.4"], BTreeSet::new()).await;
            let killed = export.write_until(at).await;
            assert_eq!(
                export.memory.get(KEY).is_some(),
                !killed,
                "nothing is seen early"
            );
            if !killed {
                assert!(at > 8, "only {at} calls");
                break;
            }
            let again = export.watched();
            export.write(again.clone()).await.unwrap();
            assert_eq!(export.memory.get(KEY).unwrap(), expected, "killed at {at}");
        }
    });
}

#[test]
fn an_archive_that_is_there_already_is_not_read_for_again() {
    block_on(async {
        let graph = sample();
        let export = Export::new(&graph, &["1.4"], BTreeSet::new()).await;
        export.write(export.watched()).await.unwrap();
        export.rig.clear();
        let again = export.watched();
        let report = export.write(again.clone()).await.unwrap();
        assert_eq!((report.copied(), report.bytes()), (1, 0));
        assert_eq!(export.rig.reads.count(), 0, "{:?}", export.rig.reads.log());
        assert_eq!(again.count(|call| matches!(call, Call::Put(..))), 0);
    });
}

#[test]
fn what_the_target_is_said_to_have_is_not_carried_and_not_read() {
    block_on(async {
        let mut graph = Graph::new();
        let base = layer::noise(1, 50_000);
        for (name, seed) in [("v1", 2), ("v2", 3)] {
            let image = Image::new()
                .layer(base.clone())
                .layer(layer::noise(seed, 300));
            let child = graph.image(image);
            let root = graph.index(Index::of([child]));
            graph.sign_in_tag(&root, &[name.as_bytes()]);
            graph.tag(name, &root);
        }
        let base = base.descriptor().digest;
        let export = Export::new(&graph, &["v2"], BTreeSet::from([base])).await;
        export.write(export.watched()).await.unwrap();
        assert_eq!(export.rig.reads.calls(&format!("blob {base}")), 0);
        assert!(export.memory.get(KEY).unwrap().len() < 50_000);

        let import = Import::new(&export.memory);
        let report = import.run(&["v2"]).await;
        let missing: Vec<Digest> = report.missing().map(|(_, node)| node.digest).collect();
        assert_eq!(missing, [base], "{:?}", report.items);
        assert_eq!(import.reads(), 1, "the head");

        let full = Export::new(&graph, &["v1"], BTreeSet::new()).await;
        full.write(full.watched()).await.unwrap();
        let before = Import::new(&full.memory);
        before.run(&["v1"]).await;
        let mut import = Import::new(&export.memory);
        let there = before.rig.targets[0].inner.clone();
        import.rig.targets = vec![Watched::new(there, &import.rig.writes)];
        let report = import.run(&["v2"]).await;
        assert_eq!(report.copied(), 1, "{:?}", report.items);
        let target = &import.rig.targets[0].inner;
        graph
            .assert_complete(&digest_of(&graph, "v2"), target)
            .await;
    });
}
