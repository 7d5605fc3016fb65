//! A registry over an archive, without unpacking it: other tools pull from the tar.

use std::sync::Arc;

use transship_archive::{
    Archive, ArchiveSink, Outline, OutlineOptions, WriteOptions,
    store::{Call, Memory, Watched},
    unsealed,
    uploader::journal::NoUploadJournal,
};
use transship_oci::{MemoryBlob, Placement, Sink as _};
use transship_registry_server::{Registry, Server, SourceRepository, Sources};
use transship_testkit::{
    image::{Graph, Image, Index, layer},
    peers::{Home, Tool},
};

const REPOSITORY: &str = "registry.example/team/app";

fn graph() -> Graph {
    let mut graph = Graph::new();
    let image = |platform: &str, size| {
        let layers = [
            layer::gzip("etc/motd", platform.as_bytes()),
            layer::noise(size, 70_000),
        ];
        Image::new().platform(platform).layers(layers)
    };
    let amd = graph.image(image("linux/amd64", 1));
    let arm = graph.image(image("linux/arm64", 2));
    let index = graph.index(Index::of([amd, arm]));
    graph.tag("1", &index);
    graph.attach(&index, "application/spdx+json", b"{}");
    graph.sign_in_tag(&index, &[b"payload"]);
    graph
}

/// The graph as an archive in volumes, so that layers are cut.
async fn archive(graph: &Graph) -> (Archive, Watched) {
    let options = OutlineOptions {
        volume_size: Some(130_000),
        ..OutlineOptions::new("transship/test")
    };
    let artifacts = graph.artifacts(REPOSITORY);
    let outline = Arc::new(Outline::of(&artifacts, &options, &unsealed).unwrap());
    assert!(outline.volumes().len() > 1);
    let store = Memory::new("memory://store");
    let sink = ArchiveSink::open(
        Arc::new(store.clone()),
        "app.oci.tar",
        Arc::clone(&outline),
        WriteOptions::default(),
        Arc::new(NoUploadJournal),
    );
    let sink = sink.await.unwrap();
    for node in outline.blobs() {
        let blob = MemoryBlob::new(node.clone(), graph.blobs()[&node.digest].clone());
        sink.put_blob(&blob, &Placement::default()).await.unwrap();
    }
    sink.finish().await.unwrap();
    let store = Watched::new(Arc::new(store));
    let key = &outline.keys("app.oci.tar")[0];
    let archive = Archive::open(Arc::new(store.clone()), key).await.unwrap();
    (archive, store)
}

async fn serve(archive: &Archive) -> Server {
    let mut repositories = Vec::new();
    for name in archive.repositories() {
        let source = archive.repository(name).unwrap();
        let repository = SourceRepository::open(source).await.unwrap();
        repositories.push((name.path().to_owned(), repository));
    }
    let app = Registry::new(Sources::new(repositories)).router();
    Server::bind(([127, 0, 0, 1], 0).into(), app).await.unwrap()
}

#[tokio::test]
async fn tools_pull_from_the_tar() {
    let graph = graph();
    let (archive, store) = archive(&graph).await;
    let heads = store.calls().len();
    let server = serve(&archive).await;
    // All that a registry says of manifests is in the head.
    assert_eq!(store.calls().len(), heads);
    let home = Home::new();
    let from = format!("{}/team/app:1", server.local_addr());
    if let Some(crane) = Tool::new("crane", &home) {
        let digest = crane.ok(["digest", "--insecure", &from]).await;
        assert_eq!(digest, graph.tagged("1").unwrap().digest().to_string());
        crane
            .ok(["pull", "--insecure", "--format", "oci", &from, "crane"])
            .await;
    }
    if let Some(skopeo) = Tool::new("skopeo", &home) {
        let source = format!("docker://{from}");
        skopeo
            .ok([
                "copy",
                "--all",
                "--preserve-digests",
                "--src-tls-verify=false",
                &source,
                "oci:skopeo:1",
            ])
            .await;
    }
    if let Some(oras) = Tool::new("oras", &home) {
        oras.ok([
            "cp",
            "-r",
            "--from-plain-http",
            "--to-oci-layout",
            &from,
            "oras:1",
        ])
        .await;
    }
    for (tool, referrers) in [("crane", false), ("skopeo", false), ("oras", true)] {
        let folder = home.path().join(tool);
        if folder.exists() {
            assert_pulled(&graph, &folder, referrers);
        }
    }
    let ranges = store.count(|call| matches!(call, Call::Read(_, range) if range.start > 0));
    assert!(ranges > 0);
    server.shutdown().await;
}

/// Every byte of every blob is in the folder, those of what refers to the index too where the tool asks for it.
fn assert_pulled(graph: &Graph, folder: &std::path::Path, referrers: bool) {
    let index = graph.tagged("1").unwrap();
    let children = index.children().unwrap().manifests;
    let mut wanted: Vec<_> = children.iter().map(|child| child.digest).collect();
    if referrers {
        let refers = |digest: &transship_oci::Digest| {
            let children = graph.manifest(digest).unwrap().children().unwrap();
            children.subject_digest() == Some(index.digest())
        };
        let all = graph
            .manifests()
            .iter()
            .map(transship_oci::RawManifest::digest);
        wanted.extend(all.filter(refers));
        assert_eq!(wanted.len(), 3);
    }
    for digest in wanted {
        let manifest = graph.manifest(&digest).unwrap();
        let read = |digest: &transship_oci::Digest| {
            std::fs::read(folder.join("blobs/sha256").join(digest.hex()))
        };
        let found = read(&digest)
            .unwrap_or_else(|cause| panic!("{digest} in {}: {cause}", folder.display()));
        assert_eq!(found, manifest.bytes()[..]);
        for blob in manifest.children().unwrap().blobs {
            assert_eq!(read(&blob.digest).unwrap(), graph.blobs()[&blob.digest]);
        }
    }
}
