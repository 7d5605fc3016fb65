//! Heads that are right, and each way in which one can be wrong.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::TryStreamExt as _;
use transship_oci::{ErrorKind, Location, Name, Tag, media_type};
use transship_testkit::image::{Graph, Image, layer, sample};

use super::{Draft, REPOSITORY, draft::Index, open, repository, stored};
use crate::{
    Archive,
    inventory::{Ownership, Volume},
    layout::{self, IMAGE_NAME, MANIFEST_SUBJECT, REF_NAME},
    store::{Call, Memory, Watched},
};

type ChangeIndex = fn(&mut Index);
type ChangeMembers = fn(&mut Vec<(String, Bytes)>);

fn set(index: &mut Index, key: &str, value: &str) {
    index.annotations.insert(key.to_owned(), value.to_owned());
}

fn name(index: &mut Index, keys: &[&str], value: &str) {
    for key in keys {
        let entry = &mut index.manifests[1];
        entry
            .annotations
            .insert((*key).to_owned(), value.to_owned());
    }
}

fn blob(bytes: &[u8]) -> String {
    layout::blob_path(&transship_oci::Digest::sha256(bytes))
}

fn small() -> Graph {
    let mut graph = Graph::new();
    let image = graph.image(Image::new().layer(layer::noise(1, 5000)));
    graph.tag("1", &image);
    graph.attach(&image, "application/spdx+json", br#"{"sbom":1}"#);
    graph.sign_in_tag(&image, &[b"signed"]);
    graph
}

fn draft() -> Draft {
    Draft::of(&small(), REPOSITORY)
}

async fn refusal(draft: &Draft) -> String {
    let error = open(draft).await.expect_err("a head that is wrong");
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let told = error.to_string();
    let told = told.strip_prefix("source memory://store/x.oci.tar: ");
    told.expect("the place").to_owned()
}

#[tokio::test]
async fn everything_is_there_under_its_old_name() {
    let graph = sample();
    let archive = open(&Draft::of(&graph, REPOSITORY))
        .await
        .expect("an archive");
    let names: Vec<_> = archive.repositories().collect();
    assert_eq!(names, [&repository()]);
    let source = archive.repository(&repository()).expect("a repository");
    assert_eq!(*source.location(), Location::Registry(repository()));
    graph.assert_in(&*source).await;
    for (_, digest) in graph.tags() {
        graph.assert_complete(digest, &*source).await;
    }
    let mut tags: Vec<Tag> = source.tags().try_collect().await.expect("tags");
    let mut wanted: Vec<Tag> = graph.tags().iter().map(|(tag, _)| tag.clone()).collect();
    tags.sort();
    wanted.sort();
    assert_eq!(tags, wanted);
    assert!(archive.lost().is_empty());
}

#[tokio::test]
async fn the_head_is_one_read() {
    let store = Watched::new(Arc::new(stored(&draft())));
    Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    assert_eq!(
        store.calls(),
        [Call::Read("x.oci.tar".to_owned(), 0..768 << 10)]
    );
}

#[tokio::test]
async fn a_long_head_is_two_reads() {
    let mut graph = Graph::new();
    for number in 0..3 {
        let long = "x".repeat(500_000);
        let image = Image::new().annotated("filling", &long);
        let image = graph.image(image.annotated("n", &number.to_string()));
        graph.tag(&format!("v{number}"), &image);
    }
    let draft = Draft::of(&graph, REPOSITORY);
    let store = Watched::new(Arc::new(stored(&draft)));
    let archive = Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    assert_eq!(archive.inventory().artifacts.len(), 3);
    assert_eq!(store.calls().len(), 2);
    let source = archive.repository(&repository()).expect("a repository");
    graph.assert_in(&*source).await;
}

#[tokio::test]
async fn the_inventory_is_an_artifact_with_its_signatures() {
    let mut draft = draft();
    draft.seals.push(Bytes::from_static(b"the signature"));
    draft.trust("vendor.pub", b"a key");
    let archive = open(&draft).await.expect("an archive");
    let source = archive.inventory_source();
    assert_eq!(
        *source.location(),
        Location::Local("memory://store/x.oci.tar".to_owned())
    );
    assert_eq!(archive.digest(), draft.artifact().digest());
    let root = source
        .fetch(&Name::Digest(archive.digest()))
        .await
        .expect("the inventory");
    let config = &root.children().expect("children").blobs[0];
    let json = super::read(&*source, config, 0)
        .await
        .expect("the inventory");
    assert_eq!(json, draft.inventory.to_json().expect("json"));
    let seals = source.referrers(&archive.digest()).await.expect("a list");
    assert_eq!(seals.len(), 1);
    let seal = source
        .manifest(&seals[0].descriptor)
        .await
        .expect("the signature");
    let blob = &seal.children().expect("children").blobs[1];
    assert_eq!(
        super::read(&*source, blob, 4).await.expect("bytes"),
        b"signature"
    );
    assert_eq!(archive.trust_file("vendor.pub").expect("a file"), "a key");
    assert_eq!(archive.trust_file("other.pub"), None);
}

#[tokio::test]
async fn neighbours_do_not_see_each_other() {
    let mut draft = draft();
    let mut other = Graph::new();
    let image = other.image(Image::new().layer(layer::noise(2, 100)));
    draft.carry(
        &other,
        &"registry.example/other".parse().unwrap(),
        Vec::new(),
        image.digest,
    );
    draft.lay(u64::MAX);
    let archive = open(&draft).await.expect("an archive");
    assert_eq!(archive.repositories().count(), 2);
    let (ours, theirs) = (repository(), "registry.example/other".parse().unwrap());
    let blob = &other.manifests()[0].children().unwrap().blobs[1];
    for (name, found) in [(&ours, false), (&theirs, true)] {
        let source = archive.repository(name).expect("a repository");
        assert_eq!(source.manifest(&image).await.is_ok(), found);
        assert_eq!(super::read(&*source, blob, 0).await.is_ok(), found);
        let tags: Vec<Tag> = source.tags().try_collect().await.expect("tags");
        assert_eq!(tags.is_empty(), found);
    }
    draft.index = |index| drop(index.manifests.pop());
    let told = refusal(&draft).await;
    assert_eq!(
        told,
        format!(
            "index.json does not list {}, which is in this volume",
            image.digest
        )
    );
}

#[tokio::test]
async fn another_tool_wrote_it() {
    let store = Memory::new("memory://store");
    let mut tar = Vec::new();
    crate::tar::write::append(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    crate::tar::write::append(
        &mut tar,
        "index.json",
        br#"{"schemaVersion":2,"manifests":[]}"#,
    );
    tar.extend([0; 1024]);
    store.insert("x.oci.tar", tar, BTreeMap::new());
    store.insert("text", "not a tar".repeat(1000), BTreeMap::new());
    let store = Arc::new(store);
    let error = Archive::open(store.clone(), "x.oci.tar")
        .await
        .expect_err("no inventory");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = Archive::open(store.clone(), "text")
        .await
        .expect_err("no tar");
    assert_eq!(
        error.to_string(),
        "source memory://store/text: the tar is damaged at byte 0: the checksum of the header is wrong"
    );
    for magic in [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd"] {
        let memory = Memory::new("memory://store");
        memory.insert("x", magic.repeat(1000), BTreeMap::new());
        let error = Archive::open(Arc::new(memory), "x").await;
        let error = error.expect_err("no tar");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let error = Archive::open(store, "nothing")
        .await
        .expect_err("nothing there");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn it_is_as_long_as_it_must_be() {
    let bytes = draft().volume(1);
    let told = async |bytes: Vec<u8>| {
        let store = Memory::new("memory://store");
        store.insert("x", bytes, BTreeMap::new());
        Archive::open(Arc::new(store), "x")
            .await
            .expect_err("another length")
            .message()
            .to_owned()
    };
    let length = bytes.len();
    assert_eq!(
        told(bytes[..length - 512].to_vec()).await,
        format!(
            "the file is cut short: it has {} bytes, and must have {length}",
            length - 512
        )
    );
    assert_eq!(
        told([bytes.clone(), vec![0; 512]].concat()).await,
        format!(
            "the file is too long: it has {} bytes, and must have {length}",
            length + 512
        )
    );
    assert_eq!(
        told(bytes[..2000].to_vec()).await,
        "member \"index.json\" of the tar claims 1072 bytes, but only 464 of the tar are left"
    );
}

#[tokio::test]
async fn a_head_of_a_hundred_gigabytes_is_not_believed() {
    let mut draft = draft();
    draft.index = |index| {
        let claimed = "000107374182400".to_owned();
        index.annotations.insert(layout::HEAD.to_owned(), claimed);
    };
    let length = draft.volume(1).len();
    assert_eq!(
        refusal(&draft).await,
        format!("index.json claims a head of 107374182400 bytes in a file of {length}")
    );
}

#[tokio::test]
async fn annotations_of_the_index_are_checked() {
    let cases: [(ChangeIndex, &str); 7] = [
        (
            |it| set(it, layout::HEAD, "1024"),
            "index.json says no length of the head in dev.transship.archive.head",
        ),
        (
            |it| set(it, layout::VOLUME, "2/1"),
            "index.json says no volume in dev.transship.archive.volume",
        ),
        (
            |it| set(it, layout::VOLUME, "0/1"),
            "index.json says no volume in dev.transship.archive.volume",
        ),
        (
            |it| set(it, layout::VOLUME, "1/2"),
            "index.json says that there are 2 volumes, the inventory lists 1",
        ),
        (
            |it| set(it, "more", "words"),
            "index.json is not of the form that is written",
        ),
        (
            |it| it.schema_version = 1,
            "index.json is not of the form that is written",
        ),
        (
            |it| it.media_type.push('x'),
            "index.json is not of the form that is written",
        ),
    ];
    for (change, wanted) in cases {
        let mut draft = draft();
        draft.index = change;
        let told = refusal(&draft).await;
        assert!(told.starts_with(wanted), "{told}");
    }
}

#[tokio::test]
async fn the_index_agrees_with_the_inventory() {
    let manifest = small().tagged("1").unwrap().digest();
    let cases: [(ChangeIndex, String); 9] = [
        (
            |it| drop(it.manifests.remove(1)),
            format!("index.json does not list {REPOSITORY}:1, which is in this volume"),
        ),
        (
            |it| name(it, &[REF_NAME, IMAGE_NAME], "registry.example/evil:1"),
            format!("index.json has a name that the inventory does not have for {manifest}"),
        ),
        (
            |it| name(it, &[IMAGE_NAME], "x:1"),
            format!("index.json has two names for one entry of {manifest}"),
        ),
        (
            |it| name(it, &[MANIFEST_SUBJECT], "x"),
            format!("index.json has a subject that the manifest does not name for {manifest}"),
        ),
        (
            |it| name(it, &["remark"], "x"),
            format!("index.json has unknown remarks about {manifest}"),
        ),
        (
            |it| it.manifests[1].size = 1,
            format!("index.json and the inventory differ about {manifest}"),
        ),
        (
            |it| it.manifests[1].media_type = media_type::OCI_INDEX.to_owned(),
            format!("index.json and the inventory differ about {manifest}"),
        ),
        (
            |it| it.manifests[1].artifact_type = Some("x".to_owned()),
            format!("index.json and the inventory differ about {manifest}"),
        ),
        (
            |it| it.manifests.push(it.manifests[1].clone()),
            format!("index.json lists {manifest} twice"),
        ),
    ];
    for (change, wanted) in cases {
        let mut draft = draft();
        draft.index = change;
        assert_eq!(refusal(&draft).await, wanted);
    }
}

#[tokio::test]
async fn members_of_the_head_are_what_they_say() {
    let stray = blob(b"stray");
    let cases: [(ChangeMembers, String); 6] = [
        (|it| it.swap(0, 1), "it has no inventory".to_owned()),
        (
            |it| it[0].1 = Bytes::from_static(b"{}"),
            "oci-layout is not that of an image layout 1.0.0".to_owned(),
        ),
        (
            |it| it.swap(2, 3),
            "index.json does not list the inventory".to_owned(),
        ),
        (
            |it| it.insert(4, (blob(b"stray"), Bytes::from_static(b"stray"))),
            format!("member {stray} of the head belongs to nothing"),
        ),
        (
            |it| it.insert(4, ("README".to_owned(), Bytes::new())),
            "member \"README\" has no place in the head".to_owned(),
        ),
        (
            |it| it.swap(4, 6),
            "the head does not end with the manifests that the inventory lists".to_owned(),
        ),
    ];
    for (change, wanted) in cases {
        let mut draft = draft();
        draft.members = change;
        let error = open(&draft).await.expect_err("a head that is wrong");
        assert!(error.message().starts_with(&wanted), "{error}");
    }
    let mut swapped = draft();
    swapped.members = |it| it[5].1 = Bytes::from_static(b"other bytes");
    let told = refusal(&swapped).await;
    assert!(
        told.starts_with("member blobs/sha256/") && told.contains(" hashes to sha256:"),
        "{told}"
    );
}

#[tokio::test]
async fn the_inventory_agrees_with_the_manifests() {
    let graph = small();
    let root = graph.tagged("1").unwrap().digest();
    let mut unlisted = draft();
    let gone = unlisted.inventory.blobs.pop().unwrap();
    unlisted.inventory.volumes[0].body -= 512 + gone.size.next_multiple_of(512);
    assert_eq!(
        refusal(&unlisted).await,
        format!(
            "blob {} is named by a manifest of {REPOSITORY} and not listed in the inventory",
            gone.digest
        )
    );
    let mut stray = draft();
    let bytes = Bytes::from_static(b"belongs to nothing");
    let digest = transship_oci::Digest::sha256(&bytes);
    stray.blobs.insert(digest, bytes);
    stray.lay(u64::MAX);
    assert_eq!(
        refusal(&stray).await,
        format!("the inventory lists {digest}, which belongs to no artifact")
    );
    let mut claimed = draft();
    let other = claimed
        .manifests
        .iter()
        .find(|it| it.digest() != root)
        .unwrap()
        .digest();
    claimed.inventory.artifacts[0].referrers = vec![Ownership {
        subject: root,
        digest: root,
        tag: None,
    }];
    assert_eq!(
        refusal(&claimed).await,
        format!("the inventory says that {root} belongs to {root}, its manifest does not")
    );
    let mut unowned = draft();
    unowned.inventory.artifacts[0].referrers.clear();
    let told = refusal(&unowned).await;
    assert!(told.ends_with("which belongs to no artifact"), "{told}");
    let mut two = draft();
    let mut second = two.inventory.artifacts[0].clone();
    second.digest = other;
    two.inventory.artifacts.push(second);
    let told = refusal(&two).await;
    assert!(
        told.starts_with(&format!("the inventory gives the name {REPOSITORY}:1 to ")),
        "{told}"
    );
    let mut longer = draft();
    longer.inventory.volumes.push(Volume { body: 512 });
    let told = refusal(&longer).await;
    assert!(told.contains("volume"), "{told}");
}

#[tokio::test]
async fn the_docker_form_agrees_too() {
    let mut draft = draft();
    let image = |config: &str, tag: &str, layers: &[String]| {
        let layers = serde_json::to_string(layers).unwrap();
        format!(r#"[{{"Config":"{config}","RepoTags":["{tag}"],"Layers":{layers}}}]"#)
    };
    let children = small().tagged("1").unwrap().children().unwrap();
    let blobs = children.blobs.iter();
    let paths: Vec<_> = blobs.map(|blob| layout::blob_path(&blob.digest)).collect();
    let name = format!("{REPOSITORY}:1");
    draft.docker = image(&paths[0], &name, &paths[1..]);
    open(&draft).await.expect("an archive");
    let wrong = [
        image("blobs/sha256/../../etc/passwd", &name, &paths[1..]),
        image(&paths[0], "registry.example/evil:1", &paths[1..]),
        image(&paths[0], &name, &[]),
        image(&paths[1], &name, &paths[1..]),
    ];
    for docker in wrong {
        draft.docker = docker;
        let told = refusal(&draft).await;
        assert!(told.ends_with(" otherwise than the inventory"), "{told}");
    }
    draft.docker = image(&paths[0], &name, &paths[1..]).replace(',', ", ");
    assert_eq!(
        refusal(&draft).await,
        "manifest.json is not of the form that is written"
    );
}

#[tokio::test]
async fn an_object_that_was_replaced_is_refused() {
    let graph = small();
    let draft = draft();
    let store = stored(&draft);
    let archive = Archive::open(Arc::new(store.clone()), "x.oci.tar")
        .await
        .expect("an archive");
    store.insert("x.oci.tar", draft.volume(1), BTreeMap::new());
    let source = archive.repository(&repository()).unwrap();
    let blob = &graph.tagged("1").unwrap().children().unwrap().blobs[1];
    let error = source
        .blob(blob, 0)
        .await
        .map(drop)
        .expect_err("another object");
    assert_eq!(error.kind(), ErrorKind::Drift);
}

#[tokio::test]
async fn what_the_target_is_to_have_is_known_by_name() {
    let graph = small();
    let layer = graph.tagged("1").unwrap().children().unwrap().blobs[1].clone();
    let mut draft = draft();
    draft.count_on(layer.digest);
    let archive = open(&draft).await.expect("an archive");
    let source = archive.repository(&repository()).unwrap();
    assert!(source.lacks(&layer));
    assert!(source.is_carried());
    let error = source
        .blob(&layer, 0)
        .await
        .map(drop)
        .expect_err("not carried");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.message(),
        format!(
            "blob {} is not carried: the archive counts on the target to have it",
            layer.digest
        )
    );
}
