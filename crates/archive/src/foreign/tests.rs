use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt as _;
use serde_json::{Value, json};
use transship_oci::{
    Descriptor, Digest, ErrorKind, RawManifest, Referrer, Result, Tie, media_type,
};
use transship_testkit::image::{Graph, Image, layer};

use super::{
    Foreign, Form,
    name::{CONTAINERD, Called, REF_NAME, called},
};
use crate::{
    layout::blob_path,
    store::Memory,
    tar::{read::Limits, write},
};

/// Files in the order of a tar.
struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    /// The content of a graph as a layout without an index.
    fn of(graph: &Graph) -> Self {
        let version = br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec();
        let mut files = vec![("oci-layout".to_owned(), version)];
        let blobs = graph.blobs().iter();
        files.extend(blobs.map(|(digest, bytes)| (blob_path(digest), bytes.to_vec())));
        let manifests = graph.manifests().iter();
        files.extend(manifests.map(|it| (blob_path(&it.digest()), it.bytes().to_vec())));
        Self(files)
    }

    fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.0.retain(|(other, _)| other != path);
        self.0.push((path.to_owned(), content.into()));
        self
    }

    fn index(self, entries: &[Value]) -> Self {
        let index = json!({"schemaVersion": 2, "manifests": entries});
        self.with("index.json", index.to_string())
    }

    fn tar(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        for (path, content) in &self.0 {
            write::append(&mut tar, path, content);
        }
        tar
    }

    async fn open(&self) -> Result<Foreign> {
        open([self.tar(), write::END.to_vec()].concat()).await
    }

    async fn refusal(&self) -> (ErrorKind, String) {
        let error = self.open().await.expect_err("files that make no archive");
        assert_eq!(error.place(), Some("memory://store/x"));
        (error.kind(), error.message().to_owned())
    }
}

async fn open(tar: Vec<u8>) -> Result<Foreign> {
    let store = Memory::new("memory://store");
    store.insert("x", tar, BTreeMap::new());
    Foreign::tar(Arc::new(store), "x", Limits::default()).await
}

fn image() -> (Graph, Descriptor) {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::gzip("a", b"b")));
    (
        graph,
        Descriptor {
            platform: None,
            ..image
        },
    )
}

fn entry(node: &Descriptor, annotations: &[(&str, &str)]) -> Value {
    let mut entry = json!(node);
    let annotations: BTreeMap<_, _> = annotations.iter().copied().collect();
    entry["annotations"] = json!(annotations);
    entry
}

#[test]
fn names_are_understood_as_each_tool_means_them() {
    let node = Descriptor::of(media_type::OCI_MANIFEST, b"{}");
    let told = |annotations: &[(&str, &str)]| {
        let mut node = node.clone();
        for (key, value) in annotations {
            node.annotations
                .insert((*key).to_owned(), (*value).to_owned());
        }
        let Called { repository, tag } = called(&node);
        let repository = repository.map(|it| it.to_string()).unwrap_or_default();
        let tag = tag.map(|it| it.to_string()).unwrap_or_default();
        format!("{repository} {tag}")
    };
    let whole = "registry.example:5000/team/app:1.4";
    // ctr, docker, regctl, hauler; ours, skopeo; oras, regctl's folders; skopeo by a short name.
    assert_eq!(
        told(&[(CONTAINERD, whole), (REF_NAME, "1.4")]),
        "registry.example:5000/team/app 1.4"
    );
    assert_eq!(
        told(&[(REF_NAME, whole)]),
        "registry.example:5000/team/app 1.4"
    );
    assert_eq!(told(&[(REF_NAME, "1.4")]), " 1.4");
    assert_eq!(
        told(&[(REF_NAME, "alpine:3")]),
        "docker.io/library/alpine 3"
    );
    assert_eq!(
        told(&[(CONTAINERD, "docker.io/library/alpine:3"), (REF_NAME, "3")]),
        "docker.io/library/alpine 3"
    );
    let pinned = format!("registry.example/app@{}", node.digest);
    assert_eq!(told(&[(REF_NAME, &pinned)]), "registry.example/app ");
    for nothing in ["", "with space", "../../etc", "UPPER/case:1"] {
        assert_eq!(told(&[(REF_NAME, nothing)]), " ");
    }
    assert_eq!(told(&[]), " ");
}

#[tokio::test]
async fn many_names_for_one_large_index_do_not_fill_the_memory() {
    let mut graph = Graph::new();
    let shared = layer::noise(1, 10);
    let images = (0..400_u32).map(|number| {
        let config = layer::noise(u64::from(number) + 2, 10);
        graph.image(Image::new().layer(shared.clone()).layer(config))
    });
    let images: Vec<_> = images.collect();
    let index = graph.index(transship_testkit::image::Index::of(images));
    let named = |number: usize| {
        json!({
            "mediaType": media_type::OCI_INDEX,
            "digest": index.digest,
            "size": index.size,
            "annotations": {REF_NAME: format!("registry.example/app-{number}:1")},
        })
    };
    let few: Vec<Value> = (0..10).map(named).collect();
    let files = Files::of(&graph).index(&few);
    assert_eq!(files.open().await.unwrap().found().len(), 10);
    let many: Vec<Value> = (0..4_000).map(named).collect();
    let (kind, message) = files.index(&many).refusal().await;
    assert_eq!(kind, ErrorKind::Corrupt);
    assert_eq!(
        message,
        "its repositories name more than 4000000 things together"
    );
}

#[tokio::test]
async fn what_holds_no_images_is_told_so() {
    let told = Files(Vec::new()).with("README", "hello").refusal().await;
    let message = "there is neither an index.json nor a manifest.json: this holds no images";
    assert_eq!(told, (ErrorKind::Unsupported, message.to_owned()));
}

#[tokio::test]
async fn a_layout_that_contradicts_itself_is_refused() {
    let (graph, node) = image();
    let files = || Files::of(&graph);
    let named = entry(&node, &[(REF_NAME, "1")]);
    files()
        .index(std::slice::from_ref(&named))
        .open()
        .await
        .expect("a layout");
    let absent = Descriptor::of(media_type::OCI_MANIFEST, b"nowhere");
    assert_eq!(
        files().index(&[json!(absent)]).refusal().await,
        (
            ErrorKind::Corrupt,
            format!(
                "index.json lists {}, which is not in the layout",
                absent.digest
            )
        )
    );
    let stranger = Descriptor {
        media_type: "text/plain".to_owned(),
        ..node.clone()
    };
    assert_eq!(
        files().index(&[json!(stranger)]).refusal().await,
        (
            ErrorKind::Unsupported,
            format!(
                "index.json lists {} of the type \"text/plain\", which is no manifest",
                node.digest
            )
        )
    );
    let (kind, told) = files()
        .with(&blob_path(&node.digest), "other bytes")
        .index(std::slice::from_ref(&named))
        .refusal()
        .await;
    assert_eq!(kind, ErrorKind::DigestMismatch);
    assert!(told.starts_with(&format!(
        "manifest {} was asked for, but the bytes hash to",
        node.digest
    )));
    let mut second = graph.clone();
    let other = second.image(Image::new().layer(layer::noise(2, 10)));
    let twice = entry(&other, &[(REF_NAME, "1")]);
    assert_eq!(
        Files::of(&second)
            .index(&[named.clone(), twice])
            .refusal()
            .await,
        (
            ErrorKind::Corrupt,
            "tag 1 is there twice, with different content".to_owned()
        )
    );
    assert_eq!(
        files()
            .with("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#)
            .index(&[named])
            .refusal()
            .await,
        (
            ErrorKind::Unsupported,
            "the image layout is of version \"2.0.0\"; 1.0.0 is known".to_owned()
        )
    );
    assert_eq!(
        files().with("index.json", "[]").refusal().await.0,
        ErrorKind::Corrupt
    );
    assert_eq!(
        files()
            .with("index.json", "{\"manifests\":null}")
            .open()
            .await
            .unwrap()
            .found(),
        []
    );
}

#[tokio::test]
async fn a_blob_is_as_long_as_its_manifest_says() {
    let (graph, node) = image();
    let blob = graph
        .manifest(&node.digest)
        .unwrap()
        .children()
        .unwrap()
        .blobs[1]
        .clone();
    let files = Files::of(&graph).with(&blob_path(&blob.digest), "short");
    let archive = files.index(&[json!(node)]).open().await.expect("a layout");
    let source = archive.repository(None).unwrap();
    let error = source
        .blob(&blob, 0)
        .await
        .map(drop)
        .expect_err("a short blob");
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let path = blob_path(&blob.digest);
    assert_eq!(
        error.message(),
        format!(
            "blob {} is {} bytes to its manifest, but {path} has 5",
            blob.digest, blob.size
        )
    );
    let files = Files::of(&graph);
    let gone = Files(files.0.into_iter().filter(|(it, _)| *it != path).collect());
    let archive = gone.index(&[json!(node)]).open().await.expect("a layout");
    let source = archive.repository(None).unwrap();
    let error = source.blob(&blob, 0).await.map(drop).expect_err("no blob");
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, &*format!("there is no {path}"))
    );
}

#[tokio::test]
async fn evidence_of_both_kinds_belongs_to_its_subject() {
    let (mut graph, node) = image();
    let sbom = graph.attach(&node, "application/spdx+json", b"{}");
    let signature = graph.sign_in_tag(&node, &[b"signed"]);
    let tag = format!("sha256-{}.sig", node.digest.hex());
    let whole = |tag: &str| format!("registry.example/app:{tag}");
    let entries = [
        entry(&node, &[(REF_NAME, &whole("1"))]),
        json!(sbom),
        entry(&signature, &[(REF_NAME, &whole(&tag))]),
    ];
    let archive = Files::of(&graph)
        .index(&entries)
        .open()
        .await
        .expect("a layout");
    let [found] = archive.found() else {
        panic!("one artifact: {:?}", archive.found())
    };
    assert_eq!(found.root, node);
    let repository = "registry.example/app".parse().unwrap();
    let source = archive.repository(Some(&repository)).unwrap();
    let mut listed: Vec<Referrer> = source.referrers(&node.digest).await.unwrap();
    listed.sort_by_key(|it| it.tie == Tie::Subject);
    let told: Vec<_> = listed
        .iter()
        .map(|it| (it.descriptor.digest, &it.tie))
        .collect();
    let tied = Tie::Tag(tag.parse().unwrap());
    assert_eq!(
        told,
        [(signature.digest, &tied), (sbom.digest, &Tie::Subject)]
    );
}

/// What old `docker save` writes: a configuration and layers in folders.
fn docker(layers: &[&[u8]], listed: &Value) -> Files {
    let ids: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer)).collect();
    let config = json!({"rootfs": {"type": "layers", "diff_ids": ids}});
    let mut files = Files(Vec::new()).with("config.json", config.to_string());
    for (number, layer) in layers.iter().enumerate() {
        files = files.with(&format!("{number}/layer.tar"), *layer);
    }
    files.with("manifest.json", listed.to_string())
}

#[tokio::test]
async fn old_docker_archives_are_understood() {
    let layers = ["0/layer.tar", "1/layer.tar"];
    let listed = json!([{"Config": "config.json", "RepoTags": ["alpine:3", "registry.example/a:1"], "Layers": layers}]);
    let archive = docker(&[b"one", b"two"], &listed)
        .open()
        .await
        .expect("an archive");
    assert_eq!(archive.form(), Form::Docker);
    let names: Vec<_> = archive
        .found()
        .iter()
        .map(|it| it.repository.clone().unwrap().to_string())
        .collect();
    assert_eq!(names, ["docker.io/library/alpine", "registry.example/a"]);
    let unnamed = json!([{"Config": "config.json", "RepoTags": null, "Layers": layers}]);
    let archive = docker(&[b"one", b"two"], &unnamed)
        .open()
        .await
        .expect("an archive");
    assert_eq!(archive.found().len(), 1);
    let source = archive.repository(None).unwrap();
    let root = &archive.found()[0].root;
    let manifest: RawManifest = source.manifest(root).await.unwrap();
    let blobs = manifest.children().unwrap().blobs;
    for (blob, wanted) in blobs[1..].iter().zip([&b"one"[..], b"two"]) {
        let bytes: Vec<_> = source
            .blob(blob, 1)
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(bytes.concat(), wanted[1..]);
    }
}

#[tokio::test]
async fn docker_archives_that_contradict_themselves_are_refused() {
    let list = |config: &str, layers: &[&str]| json!([{"Config": config, "RepoTags": [], "Layers": layers}]);
    let refusal = async |layers: &[&[u8]], listed: Value| docker(layers, &listed).refusal().await;
    let corrupt = |message: &str| (ErrorKind::Corrupt, message.to_owned());
    assert_eq!(
        refusal(&[b"one"], list("../config.json", &["0/layer.tar"])).await,
        corrupt("manifest.json names \"../config.json\", which is not there")
    );
    assert_eq!(
        refusal(&[b"one"], list("config.json", &["/etc/passwd"])).await,
        corrupt("manifest.json names \"/etc/passwd\", which is not there")
    );
    assert_eq!(
        refusal(&[b"one", b"two"], list("config.json", &["0/layer.tar"])).await,
        corrupt("config.json has 2 layers, but manifest.json lists 1")
    );
    assert_eq!(
        refusal(&[], list("manifest.json", &[])).await,
        corrupt("manifest.json cannot be read")
    );
    let named =
        json!([{"Config": "config.json", "RepoTags": ["../../x"], "Layers": ["0/layer.tar"]}]);
    assert_eq!(
        refusal(&[b"one"], named).await,
        corrupt("manifest.json names an image that no registry could have")
    );
    let told = refusal(
        &[b"\x1f\x8bcompressed"],
        list("config.json", &["0/layer.tar"]),
    )
    .await;
    assert_eq!(told.0, ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_name_that_stands_for_a_file_is_followed_once() {
    let link = |path: &str, target: &str| {
        let mut block = write::header(path, 0);
        block[156] = b'2';
        block[157..157 + target.len()].copy_from_slice(target.as_bytes());
        block[148..156].copy_from_slice(b"        ");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    };
    let listed =
        |layer: &str| json!([{"Config": "config.json", "RepoTags": [], "Layers": [layer]}]);
    let with = async |layer: &str| {
        let files = docker(&[b"one"], &listed(layer));
        let links = [
            link("a/layer.tar", "../0/layer.tar"),
            link("b/layer.tar", "../a/layer.tar"),
        ];
        open([files.tar(), links.concat(), write::END.to_vec()].concat()).await
    };
    let archive = with("a/layer.tar").await.expect("a link to a file");
    let source = archive.repository(None).unwrap();
    let blob = Descriptor::new("", Digest::sha256(b"one"), 3);
    let bytes: Vec<_> = source
        .blob(&blob, 0)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(bytes.concat(), b"one");
    let error = with("b/layer.tar").await.expect_err("a link to a link");
    assert_eq!(
        error.message(),
        "manifest.json names \"b/layer.tar\", which is not there"
    );
}
