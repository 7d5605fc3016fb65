//! An archive does what every source and sink must do: what is pushed is written by the sink, and read from there.

use std::sync::Arc;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream::BoxStream};
use tokio::sync::OnceCell;
use transship_oci::{
    Algorithm, Budget, ByteStream, Descriptor, Digest, Location, Name, RawManifest, Referrer,
    Result, Source, Tag,
};
use transship_registry_server::Local;
use transship_testkit::{
    contract::{self, Pair},
    image::{Graph, Image, Layer},
};

use super::{REPOSITORY, read, repository};
use crate::{
    Archive, Outline, OutlineOptions, outline::unsealed, sink::tests::world::write_into,
    store::Memory,
};

#[tokio::test]
async fn archives_keep_the_contract() {
    contract::check(async || over(None)).await;
}

#[tokio::test]
async fn sets_of_volumes_keep_the_contract() {
    contract::check(async || over(Some(1 << 20))).await;
}

fn over(volume_size: Option<u64>) -> Pair {
    let local = Local::memory("contract");
    let pushed = local.clone();
    let source = move || -> Arc<dyn Source> {
        Arc::new(Written {
            local: local.clone(),
            volume_size,
            location: Location::Registry(repository()),
            read: OnceCell::new(),
        })
    };
    Pair::new(source, move || Arc::new(pushed.clone()))
}

/// What was pushed to a repository, written as an archive and read from there.
#[derive(Debug)]
struct Written {
    local: Local,
    volume_size: Option<u64>,
    location: Location,
    read: OnceCell<Arc<dyn Source>>,
}

impl Written {
    async fn read(&self) -> &dyn Source {
        let write = || write(self.local.clone(), self.volume_size).boxed();
        &**self.read.get_or_init(write).await
    }
}

async fn write(local: Local, volume_size: Option<u64>) -> Arc<dyn Source> {
    let mut graph = graph(&local).await;
    let artifacts = artifacts(&mut graph);
    let options = OutlineOptions {
        volume_size,
        ..OutlineOptions::new("transship/test")
    };
    let outline = Outline::of(&artifacts, &options, &unsealed).expect("an outline");
    let store = Memory::new("memory://store");
    let names = outline.keys("x.oci.tar");
    write_into(&store, "x.oci.tar", outline, graph.blobs()).await;
    let archive = Archive::open(Arc::new(store), &names[0])
        .await
        .expect("an archive");
    // Nothing was pushed, and so nothing is carried.
    archive
        .repository(&repository())
        .unwrap_or_else(|| Arc::new(local))
}

async fn graph(local: &Local) -> Graph {
    let snapshot = local.snapshot().await.expect("a snapshot");
    let mut graph = Graph::new();
    for digest in &snapshot.blobs {
        let size = local
            .repository()
            .size(digest)
            .await
            .expect("an answer")
            .expect("a size");
        let node = Descriptor::new("application/octet-stream", *digest, size);
        let bytes = read(local, &node, 0).await.expect("a blob");
        let layer = Layer::new("application/octet-stream", bytes);
        graph.blob(&match digest.algorithm() {
            Algorithm::Sha256 => layer,
            Algorithm::Sha512 => layer.sha512(),
        });
    }
    for digest in &snapshot.manifests {
        graph.add(
            local
                .fetch(&Name::Digest(*digest))
                .await
                .expect("a manifest"),
        );
    }
    for (tag, digest) in &snapshot.tags {
        let node = graph
            .manifest(digest)
            .expect("a manifest")
            .descriptor()
            .clone();
        graph.tag(tag.as_str(), &node);
    }
    graph
}

/// Everything in a graph: what has a tag, what has none, and blobs that nothing names.
fn artifacts(graph: &mut Graph) -> Vec<transship_oci::Artifact> {
    let named = |graph: &Graph| -> Vec<Digest> {
        let manifests = graph.manifests().iter();
        let blobs = manifests.flat_map(|it| it.children().unwrap().blobs);
        blobs.map(|blob| blob.digest).collect()
    };
    let known = named(graph);
    let orphans = graph
        .blobs()
        .iter()
        .filter(|(digest, _)| !known.contains(digest));
    let orphans: Vec<_> = orphans
        .map(|(digest, bytes)| {
            let layer = Layer::new("application/octet-stream", bytes.clone());
            match digest.algorithm() {
                Algorithm::Sha256 => layer,
                Algorithm::Sha512 => layer.sha512(),
            }
        })
        .collect();
    if !orphans.is_empty() {
        graph.image(Image::new().empty_config().layers(orphans));
    }
    let mut artifacts = graph.artifacts(REPOSITORY);
    for manifest in graph.manifests() {
        let digest = manifest.digest();
        let known = artifacts
            .iter()
            .any(|artifact| artifact.manifests.contains(manifest));
        if !known {
            artifacts.push(graph.artifact_at(REPOSITORY, None, &digest));
        }
    }
    artifacts
}

#[async_trait]
impl Source for Written {
    fn location(&self) -> &Location {
        &self.location
    }

    fn budget(&self) -> Option<Arc<dyn Budget>> {
        None
    }

    async fn resolve(&self, name: &Name) -> Result<Descriptor> {
        self.read().await.resolve(name).await
    }

    async fn fetch(&self, name: &Name) -> Result<RawManifest> {
        self.read().await.fetch(name).await
    }

    async fn manifest(&self, node: &Descriptor) -> Result<RawManifest> {
        self.read().await.manifest(node).await
    }

    async fn blob(&self, node: &Descriptor, from: u64) -> Result<ByteStream> {
        self.read().await.blob(node, from).await
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Referrer>> {
        self.read().await.referrers(subject).await
    }

    async fn may_have_referrers(&self) -> Result<bool> {
        self.read().await.may_have_referrers().await
    }

    fn tags(&self) -> BoxStream<'_, Result<Tag>> {
        futures::stream::once(async { Ok(self.read().await.tags()) })
            .try_flatten()
            .boxed()
    }
}
