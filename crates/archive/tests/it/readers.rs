//! What other tools read of an archive of ours, without us.

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use serde_json::Value;
use transship_archive::{
    ArchiveSink, Outline, OutlineOptions, WriteOptions, store::Memory, unsealed,
    uploader::journal::NoUploadJournal,
};
use transship_oci::{Artifact, Descriptor, MemoryBlob, Placement, Sink as _};
use transship_testkit::{
    image::{Graph, Image, Index, Layer, layer},
    peers::{Containerd, DockerRegistry, Home, Options, Tool},
};

const REPOSITORY: &str = "registry.example/team/app";

/// An archive on disk: images, an index, a chart, and evidence of both kinds.
struct Fixture {
    home: Home,
    file: PathBuf,
    graph: Graph,
    alpha: Descriptor,
    beta: Descriptor,
    index: Descriptor,
}

fn text(number: u32) -> Layer {
    layer::gzip("etc/motd", format!("hello {number}").as_bytes())
}

fn graph() -> (Graph, [Descriptor; 3]) {
    let mut graph = Graph::new();
    let alpha = graph.image(Image::new().layers([text(1), text(2)]));
    graph.tag("alpha", &alpha);
    let beta = graph.image(Image::new().layers([text(1), text(3)]));
    graph.tag("beta", &beta);
    let amd = graph.image(Image::new().platform("linux/amd64").layer(text(4)));
    let arm = graph.image(Image::new().platform("linux/arm64").layer(text(5)));
    let index = graph.index(Index::of([amd, arm]));
    graph.tag("multi", &index);
    graph.attach(&index, "application/spdx+json", b"{}");
    graph.attach(&alpha, "application/vnd.example.signature", b"signed");
    graph.sign_in_tag(&alpha, &[b"payload"]);
    let chart = graph.helm_chart("chart");
    graph.tag("chart", &chart);
    (graph, [alpha, beta, index])
}

async fn fixture() -> Fixture {
    let (graph, [alpha, beta, index]) = graph();
    let home = Home::new();
    let bytes = write(&graph, &graph.artifacts(REPOSITORY)).await;
    let file = home.write("app.oci.tar", bytes);
    Fixture {
        home,
        file,
        graph,
        alpha,
        beta,
        index,
    }
}

async fn write(graph: &Graph, artifacts: &[Artifact]) -> bytes::Bytes {
    let options = OutlineOptions::new("transship/test");
    let outline = Arc::new(Outline::of(artifacts, &options, &unsealed).unwrap());
    let memory = Memory::new("memory");
    let sink = ArchiveSink::open(
        Arc::new(memory.clone()),
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
    memory.get("app.oci.tar").unwrap()
}

impl Fixture {
    fn path(&self) -> &str {
        self.file.to_str().unwrap()
    }

    fn named(&self, tag: &str) -> String {
        format!("{}:{REPOSITORY}:{tag}", self.path())
    }

    /// The same as a folder.
    fn untarred(&self) -> PathBuf {
        let folder = self.home.path().join("layout");
        fs::create_dir_all(&folder).unwrap();
        let mut tar = Command::new("tar");
        let status = tar
            .arg("-xf")
            .arg(&self.file)
            .arg("-C")
            .arg(&folder)
            .status()
            .unwrap();
        assert!(status.success());
        folder
    }
}

#[tokio::test]
async fn skopeo_reads_every_name() {
    let it = fixture().await;
    let Some(skopeo) = Tool::new("skopeo", &it.home) else {
        return;
    };
    for (tag, digest) in it.graph.tags() {
        let from = format!("oci-archive:{}", it.named(tag.as_str()));
        let raw = skopeo.ok(["inspect", "--raw", &from]).await;
        assert_eq!(
            raw.as_bytes(),
            it.graph.manifest(digest).unwrap().bytes(),
            "{tag}"
        );
    }
    let from = format!("oci-archive:{}", it.named("multi"));
    let to = it.home.path().join("copied");
    skopeo
        .ok(["copy", "--all", &from, &format!("dir:{}", to.display())])
        .await;
    let copied = fs::read(to.join("manifest.json")).unwrap();
    assert_eq!(
        copied,
        **it.graph.manifest(&it.index.digest).unwrap().bytes()
    );
    for layer in [text(4), text(5)] {
        let layer = layer.descriptor();
        let copied = fs::read(to.join(layer.digest.hex())).unwrap();
        assert_eq!(copied, it.graph.blobs()[&layer.digest]);
    }
}

#[tokio::test]
async fn skopeo_reads_images_in_docker_form_too() {
    let it = fixture().await;
    let Some(skopeo) = Tool::new("skopeo", &it.home) else {
        return;
    };
    for tag in ["alpha", "beta"] {
        let from = format!("docker-archive:{}", it.named(tag));
        let to = it.home.path().join(tag);
        skopeo
            .ok(["copy", &from, &format!("dir:{}", to.display())])
            .await;
        // Layers come out unpacked, so the digest is another, but what is in them is the same.
        let manifest: Value =
            serde_json::from_slice(&fs::read(to.join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 2);
    }
    let other = format!("docker-archive:{}", it.named("multi"));
    assert_ne!(
        skopeo.run(["inspect", &other]).await.code(),
        0,
        "docker's form has no indexes"
    );
}

#[tokio::test]
async fn oras_copies_by_digest_with_referrers() {
    let it = fixture().await;
    let (Some(oras), Some(registry)) = (
        Tool::new("oras", &it.home),
        DockerRegistry::start(&Options::default()).await,
    ) else {
        return;
    };
    let tags = oras.ok(["repo", "tags", "--oci-layout", it.path()]).await;
    let mut listed: Vec<_> = tags.lines().collect();
    listed.sort_unstable();
    let mut wanted: Vec<_> = it
        .graph
        .tags()
        .iter()
        .map(|(tag, _)| format!("{REPOSITORY}:{tag}"))
        .collect();
    wanted.sort_unstable();
    assert_eq!(listed, wanted);
    for (name, node) in [("alpha", &it.alpha), ("multi", &it.index)] {
        let from = format!("{}@{}", it.path(), node.digest);
        let to = format!("{}/app:{name}", registry.host());
        oras.ok([
            "cp",
            "-r",
            "--from-oci-layout",
            "--to-plain-http",
            &from,
            &to,
        ])
        .await;
        let found = oras
            .ok(["discover", "--plain-http", "--format", "json", &to])
            .await;
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!(found["digest"], node.digest.to_string());
        assert_eq!(found["referrers"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn regctl_imports_by_name() {
    let it = fixture().await;
    let (Some(regctl), Some(registry)) = (
        Tool::new("regctl", &it.home),
        DockerRegistry::start(&Options::default()).await,
    ) else {
        return;
    };
    it.home.plain_http(registry.host());
    for (tag, digest) in it.graph.tags() {
        let to = format!("{}/app:{tag}", registry.host());
        let name = format!("{REPOSITORY}:{tag}");
        regctl
            .ok(["image", "import", &to, it.path(), "--name", &name])
            .await;
        assert_eq!(
            regctl.ok(["image", "digest", &to]).await,
            digest.to_string()
        );
    }
}

#[tokio::test]
async fn crane_pushes_the_folder() {
    let it = fixture().await;
    let (Some(crane), Some(registry)) = (
        Tool::new("crane", &it.home),
        DockerRegistry::start(&Options::default()).await,
    ) else {
        return;
    };
    let folder = it.untarred();
    let to = format!("{}/app:all", registry.host());
    let folder = folder.to_str().unwrap();
    crane
        .ok(["push", "--insecure", "--index", folder, &to])
        .await;
    for manifest in it.graph.manifests() {
        let to = format!("{}/app@{}", registry.host(), manifest.digest());
        let found = crane.ok(["manifest", "--insecure", &to]).await;
        assert_eq!(found.as_bytes(), manifest.bytes());
    }
}

#[tokio::test]
async fn umoci_unpacks_from_the_folder() {
    let it = fixture().await;
    let Some(umoci) = Tool::new("umoci", &it.home) else {
        return;
    };
    let folder = it.untarred();
    let listed = umoci.ok(["ls", "--layout", folder.to_str().unwrap()]).await;
    assert_eq!(listed.lines().count(), it.graph.tags().len());
    let image = format!("{}:{REPOSITORY}:beta", folder.display());
    let to = it.home.path().join("unpacked");
    umoci
        .ok([
            "raw",
            "unpack",
            "--rootless",
            "--image",
            &image,
            to.to_str().unwrap(),
        ])
        .await;
    assert_eq!(fs::read(to.join("etc/motd")).unwrap(), b"hello 3");
}

#[tokio::test]
async fn podman_loads_all_images() {
    let it = fixture().await;
    let Some(podman) = Tool::new("podman", &it.home) else {
        return;
    };
    let folder = it.home.path().display();
    let root = format!("--root={folder}/root");
    let run = format!("--runroot={folder}/run");
    let own = [
        root.as_str(),
        &run,
        "--storage-driver=vfs",
        "--events-backend=file",
        "--cgroup-manager=cgroupfs",
    ];
    let call = |rest: &[&'static str]| {
        own.iter()
            .copied()
            .chain(rest.iter().copied())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut load = call(&["load", "-i"]);
    load.push(it.path().to_owned());
    let loaded = podman.ok(load).await;
    for tag in ["alpha", "beta"] {
        assert!(
            loaded.contains(&format!("Loaded image: {REPOSITORY}:{tag}")),
            "{loaded}"
        );
    }
    let ids = podman.ok(call(&["images", "-q", "--no-trunc"])).await;
    for root in [&it.alpha, &it.beta] {
        let config = it
            .graph
            .manifest(&root.digest)
            .unwrap()
            .children()
            .unwrap()
            .blobs[0]
            .digest;
        assert!(ids.contains(&config.to_string()), "{ids}");
    }
}

#[tokio::test]
async fn containerd_imports_every_name_and_unpacks_every_image() {
    let it = fixture().await;
    let Some(containerd) = Containerd::start(&it.home).await else {
        return;
    };
    let names = |list: &str| {
        let mut names: Vec<_> = list.lines().map(str::to_owned).collect();
        names.sort_unstable();
        names
    };
    let mut wanted: Vec<_> = it
        .graph
        .tags()
        .iter()
        .map(|(tag, _)| format!("{REPOSITORY}:{tag}"))
        .collect();
    wanted.sort_unstable();
    let import = ["image", "import", "--no-unpack", it.path()];
    let run = containerd.ctr(&import).await;
    assert_eq!(run.code(), 0, "{}", run.stderr);
    let list = containerd.ctr(&["image", "ls", "-q"]).await;
    assert_eq!(names(&list.stdout), wanted);
    // Told to unpack, it stops at what is no image; by then all images are unpacked.
    let run = containerd.ctr(&["image", "import", it.path()]).await;
    for tag in ["alpha", "beta", "multi"] {
        let line = run
            .stdout
            .lines()
            .find(|line| line.contains(&format!(":{tag} ")));
        assert!(
            line.is_some_and(|line| line.ends_with("...done")),
            "{}",
            run.stdout
        );
    }
}
