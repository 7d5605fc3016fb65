mod plan;
mod scanned;

use proptest::prelude::*;
use transship_oci::{Descriptor, Digest, ErrorKind, RawManifest, Repository, Result};

use super::{Held, Holding, Holdings, Receipt};

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn repository(path: &str) -> Repository {
    format!("r.example/{path}").parse().unwrap()
}

fn held(name: &str, size: u64) -> Held {
    Held {
        digest: digest(name),
        size,
    }
}

fn sorted(mut held: Vec<Held>) -> Vec<Held> {
    held.sort();
    held
}

fn receipt() -> Receipt {
    let mut holdings = Holdings::default();
    holdings.add(&Holding {
        repository: repository("b"),
        tags: vec![super::HeldTag {
            tag: "1".parse().unwrap(),
            digest: digest("m"),
        }],
        manifests: vec![held("m", 500)],
        blobs: sorted(vec![held("one", 1), held("two", 2)]),
    });
    holdings.add(&Holding {
        repository: repository("a"),
        tags: Vec::new(),
        manifests: Vec::new(),
        blobs: vec![held("one", 1)],
    });
    holdings.took("weekly", 5, digest("inventory"));
    holdings.took("weekly", 4, digest("old"));
    holdings.receipt("transship/test", "r.example").unwrap()
}

#[test]
fn it_is_written_in_one_way_and_read_back() {
    let json = receipt().to_json().unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&json));
    let read = Receipt::parse(&json).unwrap();
    assert_eq!(read, receipt());
    let again = Holdings::of(&read)
        .receipt("transship/test", "r.example")
        .unwrap();
    assert_eq!(again, read);
}

#[test]
fn the_schema_is_the_published_one() {
    let schema = serde_json::to_string_pretty(&Receipt::schema()).unwrap();
    let published = include_str!("../../schema/receipt.v1.schema.json");
    assert_eq!(
        schema + "\n",
        published,
        "write it with `cargo xtask schemas`"
    );
}

#[test]
fn what_breaks_the_rules_is_refused() {
    let refuse = |change: fn(&mut Receipt)| {
        let mut receipt = receipt();
        change(&mut receipt);
        let json = receipt.to_json().unwrap();
        Receipt::parse(&json).unwrap_err()
    };
    for (change, message) in [
        (
            (|it| it.repositories.reverse()) as fn(&mut Receipt),
            "repositories of the receipt are not in order",
        ),
        (
            |it| it.repositories[1].blobs.reverse(),
            "blobs of r.example/b of the receipt are not in order",
        ),
        (
            |it| it.repositories[1].blobs[1] = it.repositories[1].blobs[0],
            "blobs of r.example/b of the receipt are not in order",
        ),
        (
            |it| it.repositories[1].manifests.clear(),
            "tag 1 of r.example/b in the receipt points at no manifest of it",
        ),
        (
            |it| it.taken[0].sequence = 0,
            "the receipt has a sequence of 0",
        ),
        (
            |it| it.target = "a\u{1b}[2J".to_owned(),
            "target of the receipt is not a text of 1 to 255 bytes without control characters",
        ),
    ] {
        let error = refuse(change);
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Corrupt, message)
        );
    }
    let large = refuse(|it| it.repositories[1].manifests[0].size = 5 << 20);
    assert!(
        large
            .message()
            .ends_with("is over the limit of 4194304 bytes"),
        "{large}"
    );
    let other = refuse(|it| it.media_type = "application/json".to_owned());
    assert_eq!(other.kind(), ErrorKind::Unsupported);
    let version = refuse(|it| it.schema_version = 2);
    assert_eq!(version.kind(), ErrorKind::Unsupported);
}

#[test]
fn unknown_fields_are_refused_with_their_place() {
    let json = String::from_utf8(receipt().to_json().unwrap()).unwrap();
    let changed = json.replacen("\"tags\":", "\"tagz\":", 1);
    let error = Receipt::parse(changed.as_bytes()).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the receipt cannot be read at repositories[1]"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Receipt::parse(&bytes).is_err());
    }
}

/// An image manifest with these layers.
fn image(layers: &[Descriptor]) -> Result<RawManifest> {
    let config = Descriptor::of("application/vnd.oci.image.config.v1+json", b"{}");
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": transship_oci::media_type::OCI_MANIFEST,
        "config": config,
        "layers": layers,
    });
    let bytes = serde_json::to_vec(&manifest).unwrap();
    RawManifest::named(transship_oci::media_type::OCI_MANIFEST, bytes.into())
}
