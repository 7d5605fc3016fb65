use proptest::prelude::*;
use serde_json::{Value, json};
use transship_oci::{Digest, ErrorKind, media_type};

use super::*;
use crate::tar::write;

fn digest(content: &str) -> Digest {
    Digest::sha256(content.as_bytes())
}

fn manifest(content: &str) -> Manifest {
    Manifest {
        media_type: media_type::OCI_MANIFEST.to_owned(),
        digest: digest(content),
        size: content.len() as u64,
    }
}

fn blob(content: &str, pieces: &[(u32, u64, u64)]) -> Blob {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|&(volume, offset, size)| Piece {
            volume,
            offset,
            size,
        })
        .collect();
    Blob {
        digest: digest(content),
        size: pieces.iter().map(|piece| piece.size).sum(),
        pieces,
    }
}

/// Two volumes: a small blob, and one that is cut.
fn inventory() -> Inventory {
    Inventory {
        schema_version: 1,
        media_type: INVENTORY_TYPE.to_owned(),
        generator: "transship/0.1.0".to_owned(),
        lineage: Some("nightly".to_owned()),
        sequence: Some(7),
        predecessor: Some(digest("before")),
        tag_policy: TagPolicy::CreateOnly,
        artifacts: vec![Carried {
            source: "registry.example/team/app".parse().unwrap(),
            target: Some("mirror/app".to_owned()),
            tags: vec!["1.4".parse().unwrap()],
            digest: digest("app"),
            referrers: vec![Ownership {
                subject: digest("app"),
                digest: digest("signature"),
                tag: Some("sha256-0.sig".parse().unwrap()),
            }],
            foreign: vec![digest("foreign")],
        }],
        manifests: vec![manifest("app"), manifest("signature")],
        blobs: vec![
            blob("config", &[(1, 512, 100)]),
            blob("layer", &[(1, 1536, 1024), (2, 512, 3)]),
        ],
        prerequisites: vec![Prerequisite {
            digest: digest("base"),
            size: 1,
        }],
        volumes: vec![Volume { body: 2560 }, Volume { body: 1024 }],
        trust: vec![TrustFile {
            name: "vendor.pub".to_owned(),
            digest: digest("key"),
            size: 3,
        }],
    }
}

/// The inventory as JSON, changed at `pointer`, as a reader sees it.
fn changed(pointer: &str, to: Value) -> (ErrorKind, String) {
    let mut value = serde_json::to_value(inventory()).unwrap();
    *value.pointer_mut(pointer).unwrap() = to;
    let error = Inventory::parse(value.to_string().as_bytes()).unwrap_err();
    (error.kind(), error.to_string())
}

fn refused(change: impl FnOnce(&mut Inventory)) -> String {
    let mut inventory = inventory();
    change(&mut inventory);
    let error = inventory.check().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    error.to_string()
}

#[test]
fn it_is_written_in_one_way() {
    let json = inventory().to_json().unwrap();
    insta::assert_snapshot!(String::from_utf8(json.clone()).unwrap());
    assert_eq!(Inventory::parse(&json).unwrap(), inventory());
}

#[test]
fn what_cannot_be_read_is_named() {
    let cases = [
        (
            "/artifacts/0/digest",
            json!("sha256:0"),
            "artifacts[0].digest",
        ),
        (
            "/artifacts/0/source",
            json!("registry.example/A"),
            "artifacts[0].source",
        ),
        ("/artifacts/0/tags/0", json!("a b"), "artifacts[0].tags[0]"),
        (
            "/blobs/1/pieces/0/offset",
            json!(-1),
            "blobs[1].pieces[0].offset",
        ),
        ("/tagPolicy", json!("whatever"), "tagPolicy"),
    ];
    for (pointer, to, field) in cases {
        let (kind, message) = changed(pointer, to);
        assert_eq!(kind, ErrorKind::Corrupt);
        let wanted = format!("the inventory cannot be read at {field}: ");
        assert!(message.starts_with(&wanted), "{message}");
    }
    let unknown = String::from_utf8(inventory().to_json().unwrap()).unwrap();
    let unknown = unknown.replacen("\"artifacts\"", "\"surprise\":1,\"artifacts\"", 1);
    let message = Inventory::parse(unknown.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(message.contains("unknown field `surprise`"), "{message}");
    let mut behind = inventory().to_json().unwrap();
    behind.extend_from_slice(b"{}");
    let message = Inventory::parse(&behind).unwrap_err().to_string();
    assert!(
        message.starts_with("something follows the inventory"),
        "{message}"
    );
}

#[test]
fn another_version_is_not_guessed_at() {
    let (kind, message) = changed("/schemaVersion", json!(2));
    assert_eq!(kind, ErrorKind::Unsupported);
    assert_eq!(message, "inventory version 2 is not known here");
    let (kind, _) = changed("/mediaType", json!("application/json"));
    assert_eq!(kind, ErrorKind::Unsupported);
}

#[test]
fn pieces_lie_where_the_writer_puts_them() {
    let layer = digest("layer");
    let at = |volume: u32, offset: u64| {
        format!("blob {layer} of the inventory cannot lie at byte {offset} of volume {volume}")
    };
    // One over another, a gap between, another volume than there is room in.
    assert_eq!(refused(|it| it.blobs[1].pieces[0].offset = 600), at(1, 600));
    assert_eq!(
        refused(|it| it.blobs[1].pieces[0].offset = 2048),
        at(1, 2048)
    );
    assert_eq!(refused(|it| it.blobs[1].pieces[1].volume = 1), at(1, 512));
    assert_eq!(refused(|it| it.blobs[1].pieces[0].volume = 0), at(0, 1536));
    let end = |volume: u32| {
        format!("volume {volume} of the inventory does not end where its last piece does")
    };
    assert_eq!(refused(|it| it.volumes[0].body = 2559), end(1));
    assert_eq!(refused(|it| it.volumes[1].body += 512), end(2));
    assert_eq!(refused(|it| it.blobs[1].pieces[1].volume = 3), end(2));
    assert_eq!(
        refused(|it| it.blobs[1].pieces[1].volume = u32::MAX),
        end(2)
    );
    assert_eq!(
        refused(|it| it.volumes.push(Volume { body: 0 })),
        "the inventory lists volumes behind its last blob"
    );
    assert_eq!(
        refused(|it| it.volumes.clear()),
        "the inventory lists no volume"
    );
}

#[test]
fn every_blob_is_complete() {
    let layer = digest("layer");
    let wanted = format!("the pieces of blob {layer} of the inventory are not 1027 bytes together");
    assert_eq!(refused(|it| it.blobs[1].pieces[1].size = 4), wanted);
    assert_eq!(refused(|it| it.blobs[1].pieces[0].size = u64::MAX), wanted);
    assert_eq!(refused(|it| it.blobs[1].pieces.clear()), wanted);
}

#[test]
fn nothing_is_listed_twice() {
    let (app, config) = (digest("app"), digest("config"));
    assert_eq!(
        refused(|it| it.manifests.push(manifest("app"))),
        format!("the inventory lists manifest {app} twice")
    );
    assert_eq!(
        refused(|it| it.blobs.push(blob("config", &[(2, 1536, 100)]))),
        format!("the inventory lists blob {config} twice")
    );
    assert_eq!(
        refused(|it| it.manifests.push(manifest("config"))),
        format!("the inventory lists {config} as a manifest and as a blob")
    );
    assert_eq!(
        refused(|it| it.prerequisites[0].digest = config),
        format!("the inventory lists {config} as carried and as a prerequisite")
    );
    let twice = refused(|it| it.trust.push(it.trust[0].clone()));
    assert_eq!(twice, "the inventory lists trust file vendor.pub twice");
}

#[test]
fn what_an_artifact_names_is_there() {
    let nowhere = digest("nowhere");
    let wanted = |what: &str| {
        format!("artifacts[0] of the inventory names {what} {nowhere}, which is no manifest of it")
    };
    assert_eq!(
        refused(|it| it.artifacts[0].digest = nowhere),
        wanted("root")
    );
    let referrer = |it: &mut Inventory| it.artifacts[0].referrers[0].digest = nowhere;
    assert_eq!(refused(referrer), wanted("referrer"));
    let subject = |it: &mut Inventory| it.artifacts[0].referrers[0].subject = nowhere;
    assert_eq!(refused(subject), wanted("subject"));
    for target in ["", "/app", "../app", "App", "a//b"] {
        let message = refused(|it| it.artifacts[0].target = Some(target.to_owned()));
        let wanted =
            "artifacts[0] of the inventory is meant for a repository that no registry takes";
        assert_eq!(message, wanted);
    }
}

#[test]
fn texts_and_counts_are_capped() {
    for text in ["", "a\u{1b}[2J", &"a".repeat(256)] {
        let message = refused(|it| it.lineage = Some(text.to_owned()));
        assert!(
            message.starts_with("lineage of the inventory is not a text"),
            "{message}"
        );
    }
    for name in [
        "",
        "../key",
        "a/b",
        "a\\b",
        ".hidden",
        "a b",
        &"a".repeat(101),
    ] {
        let message = refused(|it| it.trust[0].name = name.to_owned());
        assert!(message.ends_with("is not a plain file name"), "{message}");
    }
    let many = refused(|it| it.volumes = vec![Volume { body: 0 }; MAX_VOLUMES + 1]);
    assert_eq!(
        many,
        "the inventory lists 10000 volumes, more than the limit of 9999"
    );
    let large = refused(|it| it.manifests[0].size = 5 << 20);
    assert!(
        large.ends_with("is over the limit of 4194304 bytes"),
        "{large}"
    );
    let alone = refused(|it| it.sequence = None);
    assert_eq!(
        alone,
        "the inventory has a lineage without a sequence from 1 on, or the reverse"
    );
    assert_eq!(refused(|it| it.sequence = Some(0)), alone);
    assert_eq!(refused(|it| it.lineage = None), alone);
}

#[test]
fn a_layer_above_eight_gibibytes_has_its_place() {
    let mut large = inventory();
    large.blobs = vec![blob("layer", &[(1, 1536, 9 << 30)])];
    large.volumes = vec![Volume {
        body: 1536 + (9 << 30),
    }];
    large.check().unwrap();
    assert_eq!(write::header_len("blobs/x", 9 << 30), 1536);
}

#[test]
fn the_schema_is_the_published_one() {
    let schema = serde_json::to_string_pretty(&Inventory::schema()).unwrap();
    let published = include_str!("../../schema/inventory.v1.schema.json");
    assert_eq!(
        schema + "\n",
        published,
        "write it with `cargo xtask schemas`"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(json in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Inventory::parse(&json).is_err());
    }

    #[test]
    fn a_changed_number_is_noticed_or_is_free(index in any::<prop::sample::Index>(), to in any::<u32>()) {
        let json = String::from_utf8(inventory().to_json().unwrap()).unwrap();
        let digits: Vec<usize> = json
            .match_indices("\":")
            .map(|(at, _)| at + 2)
            .filter(|at| json.as_bytes()[*at].is_ascii_digit())
            .collect();
        let at = digits[index.index(digits.len())];
        let end = at + json[at..].find(|c: char| !c.is_ascii_digit()).unwrap();
        let changed = format!("{}{to}{}", &json[..at], &json[end..]);
        let field = json[..at - 2].rsplit('"').next().unwrap();
        // The size of a manifest or of a prerequisite and the sequence are not tied to anything else in here.
        if let Ok(read) = Inventory::parse(changed.as_bytes()) {
            prop_assert!(["size", "sequence"].contains(&field) || read == inventory(), "{}", changed);
            prop_assert_eq!(read.blobs, inventory().blobs);
            prop_assert_eq!(read.volumes, inventory().volumes);
        }
    }
}
