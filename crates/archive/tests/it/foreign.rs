//! What other tools write is read, and every byte of it arrives.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::TryStreamExt as _;
use transship_archive::{
    foreign::{Foreign, Form},
    store::FileStore,
    tar::read::Limits,
};
use transship_oci::{Descriptor, Digest, Error, ErrorKind, Name, Reference, Source, Tag, Verifier};
use transship_testkit::{
    image::{Graph, Image, Index, Layer, layer},
    peers::{Containerd, DockerRegistry, Home, Options, Tool},
};

fn text(number: u32) -> Layer {
    layer::gzip("etc/motd", format!("hello {number}").as_bytes())
}

/// An image, and an index with evidence of both kinds.
fn graph() -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layers([text(1), text(2)]));
    graph.tag("image", &image);
    let amd = graph.image(Image::new().platform("linux/amd64").layer(text(3)));
    let arm = graph.image(Image::new().platform("linux/arm64").layer(text(4)));
    let index = graph.index(Index::of([amd, arm]));
    graph.tag("index", &index);
    let sbom = graph.attach(&index, "application/spdx+json", b"{}");
    graph.attach(&sbom, "application/vnd.example.signature", b"signed");
    graph.sign_in_tag(&index, &[b"payload"]);
    graph
}

struct Bench {
    home: Home,
    graph: Graph,
}

impl Bench {
    fn new() -> Self {
        let (home, graph) = (Home::new(), graph());
        graph.write_layout(&home.path().join("layout")).unwrap();
        Self { home, graph }
    }

    fn root(&self, tag: &str) -> Digest {
        self.graph.tagged(tag).unwrap().digest()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    async fn open(&self, name: &str) -> Result<Foreign, Error> {
        open(self.home.path(), name).await
    }
}

async fn open(folder: &Path, name: &str) -> Result<Foreign, Error> {
    let store = FileStore::open(folder)?;
    Foreign::tar(Arc::new(store), name, Limits::default()).await
}

fn repository(name: &str) -> transship_oci::Repository {
    name.parse::<Reference>().unwrap().repository
}

/// Reads everything below a root, and beside it, and checks every byte. Returns how many manifests there were.
async fn read_all(source: &dyn Source, root: &Digest) -> usize {
    let mut ahead = vec![source.resolve(&Name::Digest(*root)).await.unwrap()];
    let mut seen: Vec<Digest> = Vec::new();
    while let Some(node) = ahead.pop() {
        if seen.contains(&node.digest) {
            continue;
        }
        seen.push(node.digest);
        let manifest = source.manifest(&node).await.unwrap();
        let children = manifest.children().unwrap();
        for blob in &children.blobs {
            check(source, blob).await;
        }
        let beside = source.referrers(&node.digest).await.unwrap();
        ahead.extend(children.manifests);
        ahead.extend(beside.into_iter().map(|it| it.descriptor));
    }
    seen.len()
}

async fn check(source: &dyn Source, blob: &Descriptor) {
    let verifier = Verifier::new(blob.clone());
    let mut bytes = source.blob(blob, 0).await.unwrap();
    let mut offset = 0;
    while let Some(piece) = bytes.try_next().await.unwrap() {
        verifier.pass(offset, &piece).unwrap();
        offset += piece.len() as u64;
    }
    verifier.ended(offset).unwrap();
}

#[tokio::test]
async fn a_layout_in_a_folder_is_read() {
    let it = Bench::new();
    let archive = Foreign::folder(&it.path("layout")).await.unwrap();
    assert_eq!(archive.form(), Form::Layout);
    let source = archive.repository(None).expect("what has no name");
    it.graph.assert_in(&*source).await;
    for (_, digest) in it.graph.tags() {
        it.graph.assert_complete(digest, &*source).await;
    }
    let tags: Vec<_> = archive
        .found()
        .iter()
        .map(|found| found.tag.as_ref().unwrap().as_str())
        .collect();
    assert_eq!(tags, ["image", "index"]);
}

#[tokio::test]
async fn a_link_in_a_folder_is_not_followed() {
    let it = Bench::new();
    let image = it.graph.tagged("image").unwrap();
    let blob = image.children().unwrap().blobs[1].clone();
    let path = it
        .path("layout")
        .join("blobs/sha256")
        .join(blob.digest.hex());
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    let archive = Foreign::folder(&it.path("layout")).await.unwrap();
    let source = archive.repository(None).unwrap();
    let error = source.blob(&blob, 0).await.map(drop).unwrap_err();
    assert_eq!(
        error.message(),
        format!("blobs/sha256/{} is no plain file", blob.digest.hex())
    );
}

#[tokio::test]
async fn what_skopeo_writes_as_oci_archive_is_read() {
    let it = Bench::new();
    let Some(skopeo) = Tool::new("skopeo", &it.home) else {
        return;
    };
    let name = "registry.example/team/app:1";
    for (file, called) in [("named.tar", true), ("bare.tar", false)] {
        let to = if called {
            format!("oci-archive:{file}:{name}")
        } else {
            format!("oci-archive:{file}")
        };
        skopeo.ok(["copy", "oci:layout:image", &to]).await;
        let archive = it.open(file).await.unwrap();
        assert_eq!(archive.found().len(), 1);
        let found = &archive.found()[0];
        assert_eq!(found.root.digest, it.root("image"));
        assert_eq!(found.repository, called.then(|| repository(name)));
        assert_eq!(found.tag.as_ref().map(Tag::as_str), called.then_some("1"));
        let source = archive.repository(found.repository.as_ref()).unwrap();
        assert_eq!(read_all(&*source, &found.root.digest).await, 1);
    }
    skopeo
        .ok([
            "copy",
            "--all",
            "oci:layout:index",
            "oci-archive:all.tar:registry.example/team/app:2",
        ])
        .await;
    let archive = it.open("all.tar").await.unwrap();
    let source = archive.repository(Some(&repository(name))).unwrap();
    assert_eq!(read_all(&*source, &it.root("index")).await, 3);
}

#[tokio::test]
async fn what_skopeo_writes_as_docker_archive_is_read() {
    let it = Bench::new();
    let Some(skopeo) = Tool::new("skopeo", &it.home) else {
        return;
    };
    let name = "registry.example/team/app:1";
    skopeo
        .ok([
            "copy",
            "oci:layout:image",
            &format!("docker-archive:x.tar:{name}"),
        ])
        .await;
    let archive = it.open("x.tar").await.unwrap();
    assert_eq!(archive.form(), Form::Docker);
    let [found] = archive.found() else {
        panic!("one image")
    };
    assert_eq!(found.repository, Some(repository(name)));
    let source = archive.repository(found.repository.as_ref()).unwrap();
    assert_eq!(read_all(&*source, &found.root.digest).await, 1);
    // The layers are those of the configuration, unpacked; and so the digest is another.
    let manifest = source.manifest(&found.root).await.unwrap();
    let layers: Vec<Digest> = manifest.children().unwrap().blobs[1..]
        .iter()
        .map(|it| it.digest)
        .collect();
    let wanted = [1, 2].map(|number| layer::tar("etc/motd", format!("hello {number}").as_bytes()));
    assert_eq!(layers, wanted.map(|tar| Digest::sha256(&tar)));
    assert_ne!(found.root.digest, it.root("image"));
    assert_eq!(archive.limits().len(), 3);
    // The same file makes the same manifest.
    let again = it.open("x.tar").await.unwrap();
    assert_eq!(again.found(), archive.found());
}

#[tokio::test]
async fn what_regctl_exports_is_read() {
    let it = Bench::new();
    let Some(regctl) = Tool::new("regctl", &it.home) else {
        return;
    };
    for (tag, manifests) in [("image", 1), ("index", 3)] {
        let file = format!("{tag}.tar");
        regctl
            .ok(["image", "export", &format!("ocidir://layout:{tag}"), &file])
            .await;
        let archive = it.open(&file).await.unwrap();
        assert_eq!(archive.form(), Form::Layout);
        let [found] = archive.found() else {
            panic!("one image: {:?}", archive.found())
        };
        assert_eq!(found.root.digest, it.root(tag));
        let source = archive.repository(found.repository.as_ref()).unwrap();
        assert_eq!(read_all(&*source, &found.root.digest).await, manifests);
    }
}

/// The graph in a registry, by oras: with what refers to it.
async fn registry(it: &Bench) -> Option<(DockerRegistry, Tool)> {
    let registry = DockerRegistry::start(&Options::default()).await?;
    let oras = Tool::new("oras", &it.home)?;
    for tag in ["image", "index"] {
        let to = format!("{}/team/app:{tag}", registry.host());
        oras.ok([
            "cp",
            "-r",
            "--from-oci-layout",
            "--to-plain-http",
            &format!("layout:{tag}"),
            &to,
        ])
        .await;
    }
    Some((registry, oras))
}

#[tokio::test]
async fn what_oras_backs_up_is_read() {
    let it = Bench::new();
    let Some((registry, oras)) = registry(&it).await else {
        return;
    };
    let from = format!("{}/team/app", registry.host());
    oras.ok([
        "backup",
        "--plain-http",
        "--include-referrers",
        "--output",
        "x.tar",
        &format!("{from}:image,index"),
    ])
    .await;
    let archive = it.open("x.tar").await.unwrap();
    let mut tags: Vec<_> = archive
        .found()
        .iter()
        .map(|found| found.tag.as_ref().unwrap().as_str())
        .collect();
    tags.sort_unstable();
    assert_eq!(tags, ["image", "index"]);
    let source = archive.repository(None).unwrap();
    // The index with two children, the SBOM and its signature.
    assert_eq!(read_all(&*source, &it.root("index")).await, 5);
    assert_eq!(read_all(&*source, &it.root("image")).await, 1);
}

#[tokio::test]
async fn what_crane_pulls_is_read() {
    let it = Bench::new();
    let Some((registry, _)) = registry(&it).await else {
        return;
    };
    let Some(crane) = Tool::new("crane", &it.home) else {
        return;
    };
    let from = format!("{}/team/app:image", registry.host());
    crane
        .ok(["pull", "--insecure", "--format", "tarball", &from, "x.tar"])
        .await;
    let archive = it.open("x.tar").await.unwrap();
    assert_eq!(archive.form(), Form::Docker);
    let [found] = archive.found() else {
        panic!("one image")
    };
    assert_eq!(found.repository, Some(repository(&from)));
    let source = archive.repository(found.repository.as_ref()).unwrap();
    assert_eq!(read_all(&*source, &found.root.digest).await, 1);
    crane
        .ok([
            "pull",
            "--insecure",
            "--format",
            "oci",
            "--annotate-ref",
            &from,
            "pulled",
        ])
        .await;
    let archive = Foreign::folder(&it.path("pulled")).await.unwrap();
    let [found] = archive.found() else {
        panic!("one image")
    };
    assert_eq!(
        (found.root.digest, &found.repository),
        (it.root("image"), &Some(repository(&from)))
    );
}

#[tokio::test]
async fn what_containerd_exports_is_read() {
    let it = Bench::new();
    let (Some(skopeo), Some(containerd)) = (
        Tool::new("skopeo", &it.home),
        Containerd::start(&it.home).await,
    ) else {
        return;
    };
    let name = "registry.example/team/app:1";
    skopeo
        .ok([
            "copy",
            "oci:layout:image",
            &format!("oci-archive:in.tar:{name}"),
        ])
        .await;
    let (input, output) = (it.path("in.tar"), it.path("out.tar"));
    let imported = containerd
        .ctr(&["image", "import", "--no-unpack", input.to_str().unwrap()])
        .await;
    assert!(imported.status.success(), "{imported:?}");
    let exported = containerd
        .ctr(&["image", "export", output.to_str().unwrap(), name])
        .await;
    assert!(exported.status.success(), "{exported:?}");
    let archive = it.open("out.tar").await.unwrap();
    let [found] = archive.found() else {
        panic!("one image: {:?}", archive.found())
    };
    assert_eq!(
        (found.root.digest, &found.repository),
        (it.root("image"), &Some(repository(name)))
    );
    let source = archive.repository(found.repository.as_ref()).unwrap();
    assert_eq!(read_all(&*source, &found.root.digest).await, 1);
}

#[tokio::test]
async fn what_is_compressed_as_a_whole_is_unpacked_first() {
    let it = Bench::new();
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_dir_all(".", it.path("layout")).unwrap();
    let tar = tar.into_inner().unwrap();
    let scratch = it.path("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar).unwrap();
    let packed = [
        zstd::encode_all(&tar[..], 1).unwrap(),
        gzip.finish().unwrap(),
    ];
    for bytes in &packed {
        it.home.write("haul.tar.zst", bytes);
        let error = it.open("haul.tar.zst").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let archive = unpacked(&it, &scratch).await.unwrap();
        let source = archive.repository(None).unwrap();
        it.graph.assert_in(&*source).await;
        assert!(archive.at().ends_with("haul.tar.zst"));
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 1);
        drop((archive, source));
        assert_eq!(
            std::fs::read_dir(&scratch).unwrap().count(),
            0,
            "nothing is left"
        );
        // One that was cut has no end.
        it.home.write("haul.tar.zst", &bytes[..bytes.len() / 2]);
        let error = unpacked(&it, &scratch).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
    it.home.write("haul.tar.zst", &tar);
    unpacked(&it, &scratch)
        .await
        .expect("one that is not compressed");
}

#[tokio::test]
async fn a_bomb_does_not_fill_the_disk() {
    let it = Bench::new();
    let scratch = it.path("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let zeros = std::io::Read::take(std::io::repeat(0), (256 << 20) + 1);
    it.home
        .write("haul.tar.zst", zstd::encode_all(zeros, 1).unwrap());
    let error = unpacked(&it, &scratch).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(
        error.message(),
        "it unpacks to more than 268435456 bytes, which no archive of its size does"
    );
    assert_eq!(
        std::fs::read_dir(&scratch).unwrap().count(),
        0,
        "nothing is left"
    );
}

async fn unpacked(it: &Bench, scratch: &Path) -> Result<Foreign, Error> {
    let store = FileStore::open(it.home.path())?;
    Foreign::unpacked(Arc::new(store), "haul.tar.zst", Limits::default(), scratch).await
}
