use proptest::prelude::*;
use std::sync::Arc;
use transship_oci::{Descriptor, RawManifest};

use super::*;
use crate::store::{
    Expect,
    index::{Change, Entry},
};

#[test]
fn an_index_reads_as_it_was_written() {
    let mut index = Index::default();
    let mut put = |json: &'static str, tags: &[&str]| {
        let manifest = RawManifest::named(media_type::OCI_INDEX, json.into()).unwrap();
        let change = Change::Put {
            entry: Arc::new(Entry::of(&manifest).unwrap()),
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
            expect: Expect::Anything,
        };
        index.apply(&change).unwrap();
        manifest.digest()
    };
    let one = put(r#"{"manifests":[]}"#, &["2", "1"]);
    let two = put(r#"{"manifests":null}"#, &[]);
    let bytes = write(&index).unwrap();
    assert_eq!(
        String::from_utf8(bytes.clone()).unwrap(),
        format!(
            concat!(
                r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":["#,
                r#"{{"mediaType":"{kind}","digest":"{one}","size":16,"annotations":{{"{name}":"1"}}}},"#,
                r#"{{"mediaType":"{kind}","digest":"{one}","size":16,"annotations":{{"{name}":"2"}}}},"#,
                r#"{{"mediaType":"{kind}","digest":"{two}","size":18}}]}}"#
            ),
            one = one,
            two = two,
            kind = media_type::OCI_INDEX,
            name = REF_NAME,
        )
    );
    let listing = read(&bytes).unwrap();
    let tags = ["1", "2"].map(|tag| (tag.parse().unwrap(), one));
    assert_eq!(listing.tags, BTreeMap::from(tags));
    assert_eq!(listing.manifests.len(), 3);
}

#[test]
fn names_that_other_programs_write_are_understood() {
    for (name, expected) in [
        ("1.0", Some("1.0")),
        ("docker.io/library/app:1.0", Some("1.0")),
        ("localhost:5000/app", Some("app")),
        ("app@sha256:12", Some("app")),
        ("", None),
        ("bad tag", None),
    ] {
        let found = tag(name);
        assert_eq!(found.as_ref().map(Tag::as_str), expected, "{name}");
    }
}

#[test]
fn null_is_an_empty_list() {
    assert_eq!(read(br#"{"manifests":null}"#).unwrap(), Listing::default());
    assert_eq!(read(b"{}").unwrap(), Listing::default());
    assert_eq!(read(b"[").unwrap_err().kind(), ErrorKind::Corrupt);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>, name in "\\PC*") {
        let _ = read(&bytes);
        let _ = tag(&name);
        let descriptor = Descriptor::of("a/b", &bytes);
        let mut annotated = descriptor.clone();
        annotated.annotations.insert(REF_NAME.to_owned(), name);
        let json = serde_json::json!({ "manifests": [annotated] });
        let listing = read(json.to_string().as_bytes()).unwrap();
        prop_assert_eq!(listing.manifests, vec![descriptor]);
    }
}
