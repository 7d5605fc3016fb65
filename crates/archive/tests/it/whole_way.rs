//! The whole way: gathered at a registry, carried into a store, brought from there into another registry, by the engine;
//! and killed underway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::time::timeout;
use transship_archive::{
    Archive, ArchiveSink, Outline, OutlineOptions, WriteOptions,
    store::{Call, Capacity, FileStore, Memory, Watched},
    unsealed,
    uploader::journal::FileUploadJournal,
};
use transship_engine::{Engine, Gathering, Job, Options, Target};
use transship_oci::{
    Accept, Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer, Result,
    Source, Tag, Unobserved,
};
use transship_registry_server::Local;
use transship_testkit::image::{Graph, Image, layer, random_graph};

const KEY: &str = "app.oci.tar";
const REPOSITORY: &str = "registry.example/team/app";
const PART: u64 = 4096;

/// A repository that says it is at a registry. After so many bytes of blobs its streams hang: that is when the process is
/// killed.
#[derive(Debug)]
struct Mortal {
    inner: Local,
    location: Location,
    life: Arc<AtomicU64>,
}

#[async_trait]
impl Source for Mortal {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.inner.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.inner.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        Source::manifest(&self.inner, node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        let whole: Vec<Bytes> = self.inner.blob(node, from).await?.try_collect().await?;
        let pieces: Vec<_> = whole
            .concat()
            .chunks(1500)
            .map(Bytes::copy_from_slice)
            .collect();
        let life = Arc::clone(&self.life);
        let pieces = stream::iter(pieces).then(move |piece| {
            let life = Arc::clone(&life);
            async move {
                let size = piece.len() as u64;
                let spend = |left: u64| left.checked_sub(size);
                if life
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend)
                    .is_err()
                {
                    std::future::pending::<()>().await;
                }
                Ok(piece)
            }
        });
        Ok(pieces.boxed())
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        Source::referrers(&self.inner, subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.inner.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        self.inner.tags()
    }
}

struct World {
    graph: Graph,
    near: Local,
    store: Watched,
    journal: TempDir,
    volume_size: Option<u64>,
}

impl World {
    async fn new(graph: Graph, volume_size: Option<u64>) -> Self {
        let near = Local::memory("near");
        graph.push_to(&near).await.unwrap();
        let capacity = Capacity {
            min_part: 1,
            max_part: PART,
            max_parts: 10_000,
            max_object: None,
            free: None,
        };
        let memory = Memory::new("store").with_capacity(capacity);
        Self {
            graph,
            near,
            store: Watched::new(Arc::new(memory)),
            journal: TempDir::new().unwrap(),
            volume_size,
        }
    }

    fn engine() -> Engine {
        Engine::new(Options::default(), Arc::new(Unobserved), Arc::new(Accept))
    }

    /// The tags that are asked for: evidence comes by itself.
    fn tags(&self) -> impl Iterator<Item = &Tag> {
        let tags = self.graph.tags().iter().map(|(tag, _)| tag);
        tags.filter(|tag| tag.subject().is_none())
    }

    fn job(tag: &Tag, source: &Arc<dyn Source>, target: Option<&Local>) -> Job {
        let target = target.map(|sink| Target {
            label: format!("far:{tag}"),
            sink: Arc::new(sink.clone()),
            tags: vec![tag.clone()],
        });
        Job {
            label: format!("{REPOSITORY}:{tag}"),
            source: Arc::clone(source),
            name: Name::Tag(tag.clone()),
            targets: target.into_iter().collect(),
            expect: None,
        }
    }

    async fn gather(&self, life: u64) -> Gathering {
        let source: Arc<dyn Source> = Arc::new(Mortal {
            inner: self.near.clone(),
            location: Location::Registry(REPOSITORY.parse().unwrap()),
            life: Arc::new(AtomicU64::new(life)),
        });
        let jobs: Vec<_> = self
            .tags()
            .map(|tag| Self::job(tag, &source, None))
            .collect();
        let gathering = Self::engine().gather(stream::iter(jobs)).await;
        assert!(gathering.failed.is_empty(), "{:?}", gathering.failed);
        gathering
    }

    /// One process that exports, from the beginning; it is killed after so many bytes were read.
    async fn export(&self, life: u64) -> Option<Outline> {
        let gathering = self.gather(life).await;
        let artifacts: Vec<_> = gathering
            .gathered
            .iter()
            .map(|it| it.artifact.clone())
            .collect();
        let options = OutlineOptions {
            volume_size: self.volume_size,
            ..OutlineOptions::new("transship/test")
        };
        let outline = Arc::new(Outline::of(&artifacts, &options, &unsealed).unwrap());
        let sink = ArchiveSink::open(
            Arc::new(self.store.clone()),
            KEY,
            Arc::clone(&outline),
            WriteOptions::default(),
            Arc::new(FileUploadJournal::new(self.journal.path())),
        );
        let sink = Arc::new(sink.await.unwrap());
        let engine = Self::engine();
        let carried = engine.carry(&gathering, sink, outline.blobs());
        // The clock stands still while anything but the hanging source has something to do.
        let carried = timeout(Duration::from_hours(1), carried).await.ok()?;
        carried.unwrap();
        Some(outline.as_ref().clone())
    }

    /// Brings everything into an empty registry.
    async fn import(&self, outline: &Outline) -> Local {
        let first = &outline.keys(KEY)[0];
        let archive = Archive::open(Arc::new(self.store.clone()), first)
            .await
            .unwrap();
        assert_eq!(archive.digest(), outline.inventory_manifest().digest());
        let source = archive.repository(&REPOSITORY.parse().unwrap()).unwrap();
        let far = Local::memory("far");
        let jobs: Vec<_> = self
            .tags()
            .map(|tag| Self::job(tag, &source, Some(&far)))
            .collect();
        let report = Self::engine().run(stream::iter(jobs)).await;
        assert_eq!(report.failed(), 0, "{:?}", report.items);
        far
    }

    async fn check(&self, lives: &[u64]) {
        for life in lives {
            self.export(*life).await;
        }
        let outline = self.export(u64::MAX).await.unwrap();
        let needed: u64 = outline
            .volumes()
            .iter()
            .map(|it| it.size().div_ceil(PART))
            .sum();
        let most = usize::try_from(needed).unwrap()
            + lives.len() * (1 + WriteOptions::default().parts_in_flight);
        let puts = self.store.count(|call| matches!(call, Call::Put(..)));
        assert!(puts <= most, "{puts} parts were sent, of at most {most}");
        let far = self.import(&outline).await;
        for tag in self.tags() {
            let root = self.graph.tagged(tag.as_str()).unwrap().digest();
            self.graph.assert_complete(&root, &far).await;
            let found = far.resolve(&Name::Tag(tag.clone())).await.unwrap();
            assert_eq!(found.digest, root);
        }
    }
}

fn check(mut graph: Graph, large: usize, volume_size: Option<u64>, lives: &[u64]) {
    let app = graph.image(Image::new().layers([layer::noise(7, large), layer::empty()]));
    graph.sign_in_tag(&app, &[b"payload"]);
    graph.tag("large", &app);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { World::new(graph, volume_size).await.check(lives).await });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_graph_arrives_whole(
        graph in random_graph(),
        large in 1_usize..300_000,
        volume_size in prop::option::of(150_000_u64..300_000),
        lives in prop::collection::vec(0_u64..300_000, 0..4),
    ) {
        check(graph, large, volume_size, &lives);
    }
}

#[test]
fn an_archive_that_is_there_is_not_read_again() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut graph = Graph::new();
        let app = graph.image(Image::new().layer(layer::noise(1, 20_000)));
        graph.tag("1", &app);
        let world = World::new(graph, None).await;
        world.export(u64::MAX).await.unwrap();
        let before = world.store.count(|call| matches!(call, Call::Put(..)));
        // Not a byte of a blob is read: the first would hang for ever.
        world.export(0).await.unwrap();
        assert_eq!(
            world.store.count(|call| matches!(call, Call::Put(..))),
            before
        );
    });
}

#[test]
fn it_goes_on_in_a_folder() {
    const LARGE: usize = 20 << 20;
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layers([layer::noise(1, LARGE), layer::noise(2, 1000)]));
    graph.tag("1", &app);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = TempDir::new().unwrap();
        let mut world = World::new(graph, None).await;
        world.store = Watched::new(Arc::new(FileStore::open(folder.path()).unwrap()));
        assert!(world.export(12 << 20).await.is_none());
        let outline = world.export(u64::MAX).await.unwrap();
        let puts = world.store.count(|call| matches!(call, Call::Put(..)));
        assert_eq!(puts, 3, "the first part was written once");
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1, "nothing is left beside it");
        let far = world.import(&outline).await;
        world.graph.assert_complete(&app.digest, &far).await;
    });
}
