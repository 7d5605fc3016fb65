use proptest::prelude::*;
use transship_oci::{Digest, ErrorKind};

use super::{Incomplete, Missing, Request};

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn request() -> Request {
    let incomplete = |name: &str| Incomplete {
        source: name.parse().unwrap(),
        digest: digest(name),
    };
    let missing = |size: u64| Missing {
        digest: digest(&size.to_string()),
        size,
    };
    Request::new(
        "transship/test",
        "registry.corp.example/mirror",
        digest("archive"),
        [incomplete("r.example/b"), incomplete("r.example/a")],
        [missing(1), missing(2), missing(1)],
    )
    .unwrap()
}

#[test]
fn it_is_written_in_one_way_and_read_back() {
    let json = request().to_json().unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&json));
    assert_eq!(Request::parse(&json).unwrap(), request());
}

#[test]
fn the_schema_is_the_published_one() {
    let schema = serde_json::to_string_pretty(&Request::schema()).unwrap();
    let published = include_str!("../../schema/request.v1.schema.json");
    assert_eq!(
        schema + "\n",
        published,
        "write it with `cargo xtask schemas`"
    );
}

#[test]
fn what_breaks_the_rules_is_refused() {
    let json = String::from_utf8(request().to_json().unwrap()).unwrap();
    let sound = digest("archive").to_string();
    for (old, new, kind) in [
        ("request.v1", "request.v2", ErrorKind::Unsupported),
        (
            "\"schemaVersion\":1",
            "\"schemaVersion\":2",
            ErrorKind::Unsupported,
        ),
        (&*sound, "sha256:00", ErrorKind::Corrupt),
        ("transship/test", "a\\nb", ErrorKind::Corrupt),
        ("\"size\":1", "\"size\":-1", ErrorKind::Corrupt),
        ("\"target\"", "\"other\"", ErrorKind::Corrupt),
        ("r.example/a", "r.example/c", ErrorKind::Corrupt),
    ] {
        let changed = json.replace(old, new);
        assert_ne!(changed, json);
        let error = Request::parse(changed.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{new}: {error}");
    }
    let error = Request::parse(format!("{json}x").as_bytes()).unwrap_err();
    assert_eq!(error.message(), "something follows the request");
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Request::parse(&bytes).is_err());
    }
}
