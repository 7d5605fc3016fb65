mod limits;
mod volumes;

use std::{collections::BTreeMap, io::Read as _};

use transship_oci::{ErrorKind, media_type};
use transship_testkit::image::{Graph, Image, Index, Layer, layer, sample};

use super::*;
use crate::{inventory::TagPolicy, store::Capacity, tar::write};

/// Every byte of every volume, from blobs that are in hand.
pub(crate) fn write_out(outline: &Outline, blobs: &BTreeMap<Digest, Bytes>) -> Vec<Vec<u8>> {
    let volumes = outline.volumes().iter().map(|volume| {
        let mut tar: Vec<u8> = volume.head().into_iter().flatten().copied().collect();
        let mut lines = String::new();
        for stowed in volume.stowed() {
            let blob = &blobs[&outline.blobs()[stowed.blob].digest];
            let at = |byte: u64| usize::try_from(byte).unwrap();
            let content = &blob[at(stowed.from)..at(stowed.from + stowed.size)];
            write::append(&mut tar, &stowed.path, content);
            if stowed.part {
                lines += &volume::checksum_line(&stowed.path, &Digest::sha256(content));
            }
        }
        if !lines.is_empty() {
            write::append(&mut tar, crate::layout::CHECKSUMS, lines.as_bytes());
        }
        tar.extend_from_slice(&write::END);
        tar
    });
    volumes.collect()
}

/// The files of a tar in order: path, where the content begins, content.
pub(crate) fn members(tar: &[u8]) -> Vec<(String, u64, Vec<u8>)> {
    let mut archive = ::tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, entry.raw_file_position(), content)
    });
    entries.collect()
}

fn options() -> OutlineOptions {
    OutlineOptions::new("transship/test")
}

fn outline(graph: &Graph, options: &OutlineOptions) -> Outline {
    let artifacts = graph.artifacts("registry.example/team/app");
    Outline::of(&artifacts, options, &unsealed).unwrap()
}

/// A seal that is none, but has the form of one; as large as asked.
fn sealed(size: usize) -> impl Fn(&RawManifest) -> Result<Vec<Sealed>> {
    move |inventory| {
        let mut graph = Graph::new();
        let content = vec![b's'; size];
        let node = graph.attach(
            inventory.descriptor(),
            "application/vnd.example.seal",
            &content,
        );
        let manifest = graph.manifest(&node.digest).unwrap().clone();
        let blobs = graph.blobs().values();
        let blobs = blobs.map(|bytes| (Descriptor::of("", bytes), bytes.clone()));
        Ok(vec![Sealed {
            manifest,
            blobs: blobs.collect(),
        }])
    }
}

/// Everything that must hold of an archive, whatever is in it.
fn check(graph: &Graph, outline: &Outline, volume_size: Option<u64>) {
    let inventory = outline.inventory();
    let json = inventory.to_json().unwrap();
    assert_eq!(Inventory::parse(&json).unwrap(), *inventory);
    let tars = write_out(outline, graph.blobs());
    assert_eq!(tars.len(), inventory.volumes.len());
    for (tar, volume) in tars.iter().zip(outline.volumes()) {
        assert_eq!(tar.len() as u64, volume.size());
        assert!(volume_size.is_none_or(|most| volume.size() <= most));
        check_volume(graph, outline, volume, tar);
    }
    check_pieces(graph, outline, &tars);
}

fn check_volume(graph: &Graph, outline: &Outline, volume: &VolumeOutline, tar: &[u8]) {
    let members = members(tar);
    let mut paths: Vec<_> = members.iter().map(|(path, ..)| path).collect();
    paths.sort_unstable();
    let count = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), count, "no file is there twice");
    let find = |path: &str| members.iter().find(|(other, ..)| other == path);
    // Every manifest and the inventory, in the head.
    let own = [outline.inventory_manifest()];
    for manifest in outline.manifests().iter().chain(own) {
        let (_, at, content) = find(&layout::blob_path(&manifest.digest())).unwrap();
        assert_eq!(content, manifest.bytes());
        assert!(*at < volume.head_len());
    }
    let (_, _, index) = find(layout::INDEX).unwrap();
    let index: serde_json::Value = serde_json::from_slice(index).unwrap();
    let said = index["annotations"][layout::HEAD].as_str().unwrap();
    assert_eq!(said, format!("{:015}", volume.head_len()));
    // What has a name can be read here alone.
    for entry in index["manifests"].as_array().unwrap() {
        let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
        let Some(manifest) = graph.manifest(&digest) else {
            continue;
        };
        for blob in manifest.children().unwrap().blobs {
            let path = layout::blob_path(&blob.digest);
            let (_, _, content) = find(&path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(content, &graph.blobs()[&blob.digest]);
        }
    }
}

/// Each byte of each blob lies where the inventory says, and nowhere else.
fn check_pieces(graph: &Graph, outline: &Outline, tars: &[Vec<u8>]) {
    for blob in &outline.inventory().blobs {
        let mut found = Vec::new();
        for piece in &blob.pieces {
            let volume = piece.volume as usize - 1;
            let start = outline.volumes()[volume].head_len() + piece.offset;
            let start = usize::try_from(start).unwrap();
            let size = usize::try_from(piece.size).unwrap();
            found.extend_from_slice(&tars[volume][start..start + size]);
        }
        assert_eq!(found, graph.blobs()[&blob.digest]);
    }
    let listed: Vec<_> = outline
        .inventory()
        .blobs
        .iter()
        .map(|it| it.digest)
        .collect();
    let blobs: Vec<_> = outline.blobs().iter().map(|it| it.digest).collect();
    assert_eq!(listed, blobs);
}

#[test]
fn one_volume_has_everything_in_its_order() {
    let mut graph = Graph::new();
    let (one, two) = (layer::noise(1, 1000), layer::noise(2, 600));
    let amd = graph.image(
        Image::new()
            .platform("linux/amd64")
            .layers([one.clone(), two.clone()]),
    );
    let arm = graph.image(Image::new().platform("linux/arm64").layer(two.clone()));
    let app = graph.index(Index::of([amd, arm]));
    graph.attach(&app, "application/spdx+json", b"listed");
    graph.sign_in_tag(&app, &[b"payload"]);
    graph.tag("1.4", &app);
    let outline = outline(&graph, &options());
    check(&graph, &outline, None);
    let tar = &write_out(&outline, graph.blobs())[0];
    let paths: Vec<_> = members(tar).into_iter().map(|(path, ..)| path).collect();
    assert_eq!(paths[..2], ["oci-layout", "index.json"]);
    let manifest = layout::blob_path(&outline.inventory_manifest().digest());
    assert_eq!(paths[2], manifest, "an index has no form that docker knows");
    assert_eq!(paths[4], layout::blob_path(&empty().0.digest));
    let manifests = graph
        .manifests()
        .iter()
        .map(|it| layout::blob_path(&it.digest()));
    assert_eq!(paths[5..10], manifests.collect::<Vec<_>>());
    // Two configs, the list and the payload with its config come before the layers.
    let layers = [one, two].map(|layer| layout::blob_path(&layer.descriptor().digest));
    assert_eq!(paths.len(), 10 + 5 + 2);
    assert_eq!(paths[15..], layers);
}

#[test]
fn the_index_says_what_is_there() {
    let mut graph = Graph::new();
    let app = graph.image(Image::new().layer(layer::noise(1, 10)));
    graph.attach(&app, "application/spdx+json", b"listed");
    graph.sign_in_tag(&app, &[b"payload"]);
    graph.tag("1.4", &app);
    let mut artifacts = graph.artifacts("registry.example/team/app");
    let lonely = graph.image(Image::new().layer(layer::noise(2, 10)));
    artifacts.push(graph.artifact_at("registry.example/team/app", None, &lonely.digest));
    let outline = Outline::of(&artifacts, &options(), &sealed(10)).unwrap();
    let tar = write_out(&outline, graph.blobs()).remove(0);
    let members = members(&tar);
    insta::assert_snapshot!("index", String::from_utf8_lossy(&members[1].2));
    assert_eq!(members[2].0, "manifest.json");
    insta::assert_snapshot!("docker", String::from_utf8_lossy(&members[2].2));
}

#[test]
fn everything_there_is_can_be_carried() {
    let graph = sample();
    check(&graph, &outline(&graph, &options()), None);
}

#[test]
fn the_same_blob_lies_there_once() {
    let mut graph = Graph::new();
    let shared = layer::noise(1, 100);
    for (tag, other) in [("1", 2), ("2", 3)] {
        let app = graph.image(Image::new().layers([shared.clone(), layer::noise(other, 10)]));
        graph.tag(tag, &app);
    }
    let outline = outline(&graph, &options());
    check(&graph, &outline, None);
    assert_eq!(outline.blobs().len(), 5);
}

#[test]
fn what_lies_in_the_head_is_no_blob() {
    // A manifest, the empty descriptor and the trust file are named as layers too.
    let mut graph = Graph::new();
    let inner = graph.image(Image::new().empty_config());
    let bytes = graph.manifest(&inner.digest).unwrap().bytes().clone();
    let key = Layer::new("application/x-pem-file", &b"key"[..]);
    let odd = Image::new()
        .empty_config()
        .layer(Layer::new(media_type::OCI_MANIFEST, bytes))
        .layer(key);
    let odd = graph.image(odd);
    let index = graph.index(Index::of([odd, inner]));
    graph.tag("odd", &index);
    let mut options = options();
    options.trust = vec![TrustMaterial {
        name: "vendor.pub".to_owned(),
        bytes: Bytes::from_static(b"key"),
    }];
    let outline = outline(&graph, &options);
    check(&graph, &outline, None);
    assert_eq!(outline.blobs(), []);
}

#[test]
fn prerequisites_are_listed_and_not_carried() {
    let mut graph = Graph::new();
    let (base, own) = (layer::noise(1, 100), layer::noise(2, 10));
    let app = graph.image(Image::new().layers([base.clone(), own.clone()]));
    graph.tag("1", &app);
    let mut options = options();
    let base = base.descriptor();
    options.prerequisites = [base.digest, Digest::sha256(b"nobody needs this")].into();
    let outline = outline(&graph, &options);
    let listed = &outline.inventory().prerequisites;
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].digest, listed[0].size), (base.digest, 100));
    assert_eq!(outline.blobs().len(), 2);
    let paths = members(&write_out(&outline, graph.blobs())[0]);
    assert!(
        paths
            .iter()
            .all(|(path, ..)| *path != layout::blob_path(&base.digest))
    );
    assert!(
        paths.iter().all(|(path, ..)| path != "manifest.json"),
        "docker cannot load it"
    );
}

#[test]
fn what_is_asked_for_is_said() {
    let mut graph = Graph::new();
    let app = graph.image(
        Image::new()
            .layer(layer::noise(1, 10))
            .layer(layer::foreign(1)),
    );
    graph.tag("1", &app);
    let mut options = options();
    let predecessor = Digest::sha256(b"before");
    options.lineage = Some(Lineage {
        name: "nightly".to_owned(),
        sequence: 7,
        predecessor: Some(predecessor),
    });
    options.tag_policy = TagPolicy::Overwrite;
    let source: transship_oci::Repository = "registry.example/team/app".parse().unwrap();
    options
        .targets
        .insert(source.clone(), "mirror/app".to_owned());
    let outline = outline(&graph, &options);
    check(&graph, &outline, None);
    let inventory = outline.inventory();
    let lineage = (
        inventory.lineage.as_deref(),
        inventory.sequence,
        inventory.predecessor,
    );
    assert_eq!(lineage, (Some("nightly"), Some(7), Some(predecessor)));
    let artifact = &inventory.artifacts[0];
    assert_eq!(
        (&artifact.source, artifact.target.as_deref()),
        (&source, Some("mirror/app"))
    );
    assert_eq!(artifact.foreign.len(), 1);
    assert_eq!(inventory.tag_policy, TagPolicy::Overwrite);
    options.lineage.as_mut().unwrap().name = "a\nb".to_owned();
    let artifacts = graph.artifacts("registry.example/team/app");
    let error = Outline::of(&artifacts, &options, &unsealed).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn the_fingerprint_is_of_the_head() {
    let graph = sample();
    let outline = outline(&graph, &options());
    let volume = &outline.volumes()[0];
    let head: Vec<u8> = volume.head().into_iter().flatten().copied().collect();
    assert_eq!(volume.fingerprint(), Digest::sha256(&head));
}
