use transship_oci::media_type;

use super::*;

fn manifest(name: &str, subject: Option<&Digest>) -> Arc<Entry> {
    let config = Digest::sha256(b"{}");
    let subject = subject.map_or_else(String::new, |subject| {
        format!(
            r#","subject":{{"mediaType":"{}","digest":"{subject}","size":1}}"#,
            media_type::OCI_MANIFEST
        )
    });
    let json = format!(
        r#"{{"schemaVersion":2,"artifactType":"a/{name}","config":{{"mediaType":"c/c","digest":"{config}","size":2}},"layers":[],"annotations":{{"n":"{name}"}}{subject}}}"#
    );
    let manifest = RawManifest::named(media_type::OCI_MANIFEST, json.into()).unwrap();
    Arc::new(Entry::of(&manifest).unwrap())
}

fn put(entry: &Arc<Entry>, tags: &[&str], expect: Expect) -> Change {
    Change::Put {
        entry: Arc::clone(entry),
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        expect,
    }
}

fn pointing(index: &Index, tag: &str) -> Option<Digest> {
    let name = Name::Tag(tag.parse().unwrap());
    index.find(&name).map(|found| found.digest)
}

#[test]
fn a_tag_moves_and_the_old_manifest_stays() {
    let (mut index, one, two) = (Index::default(), manifest("1", None), manifest("2", None));
    assert!(
        index
            .apply(&put(&one, &["t", "u"], Expect::Anything))
            .unwrap()
    );
    assert!(index.apply(&put(&two, &["t"], Expect::Anything)).unwrap());
    assert_eq!(pointing(&index, "t"), Some(two.descriptor.digest));
    assert_eq!(pointing(&index, "u"), Some(one.descriptor.digest));
    assert_eq!(index.manifests().count(), 2);
}

#[test]
fn what_is_so_already_is_no_change() {
    let (mut index, one) = (Index::default(), manifest("1", None));
    index.apply(&put(&one, &["t"], Expect::Anything)).unwrap();
    assert!(!index.apply(&put(&one, &["t"], Expect::Anything)).unwrap());
    assert!(!index.apply(&put(&one, &[], Expect::Anything)).unwrap());
    assert!(!index.apply(&Change::Untag("u".parse().unwrap())).unwrap());
}

#[test]
fn a_condition_that_does_not_hold_changes_nothing() {
    let (mut index, one, two) = (Index::default(), manifest("1", None), manifest("2", None));
    index.apply(&put(&one, &["t"], Expect::Absent)).unwrap();
    let error = index.apply(&put(&two, &["t"], Expect::Absent)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let wrong = Expect::Is(two.descriptor.digest);
    assert!(index.apply(&put(&two, &["t"], wrong)).is_err());
    assert!(!index.has(&two.descriptor.digest));
    let right = Expect::Is(one.descriptor.digest);
    assert!(index.apply(&put(&two, &["t"], right)).unwrap());
    assert_eq!(pointing(&index, "t"), Some(two.descriptor.digest));
}

#[test]
fn deleting_a_manifest_takes_its_tags_and_its_place_among_referrers() {
    let (mut index, root) = (Index::default(), manifest("root", None));
    let subject = root.descriptor.digest;
    let signature = manifest("sig", Some(&subject));
    // The referrer may come first.
    index
        .apply(&put(&signature, &["s"], Expect::Anything))
        .unwrap();
    index.apply(&put(&root, &["t"], Expect::Anything)).unwrap();
    let listed = index.referrers(&subject);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].artifact_type.as_deref(), Some("a/sig"));
    assert_eq!(listed[0].annotations["n"], "sig");

    let gone = Change::Delete(signature.descriptor.digest);
    assert!(index.apply(&gone).unwrap());
    assert!(!index.apply(&gone).unwrap());
    assert_eq!(index.referrers(&subject), []);
    assert!(!index.has_referrers());
    assert_eq!(pointing(&index, "s"), None);
    assert_eq!(pointing(&index, "t"), Some(subject));
}

#[test]
fn tags_are_paged_in_the_order_of_their_bytes() {
    let (mut index, one) = (Index::default(), manifest("1", None));
    let tags = ["b", "B", "a-1", "a", "a.1"];
    index.apply(&put(&one, &tags, Expect::Anything)).unwrap();
    let page = |after: Option<&str>, limit| {
        let tags = index.tags(after, limit);
        tags.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 9), ["B", "a", "a-1", "a.1", "b"]);
    assert_eq!(page(Some("a"), 2), ["a-1", "a.1"]);
    assert_eq!(page(Some("a-0"), 1), ["a-1"]);
    // Not a tag, but a text that has a place in the order.
    assert_eq!(page(Some("a~"), 9), ["b"]);
    assert_eq!(page(None, 0), Vec::<String>::new());
}
