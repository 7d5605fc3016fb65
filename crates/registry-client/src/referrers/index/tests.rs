use proptest::prelude::*;

use super::*;

fn subject() -> Digest {
    Digest::sha256(b"subject")
}

fn manifest(kind: &str, text: &str) -> RawManifest {
    RawManifest::named(kind, text.to_owned().into()).unwrap()
}

fn read(text: &str) -> std::result::Result<Fallback, NoFallback> {
    Fallback::read(&manifest(media_type::OCI_INDEX, text), &subject())
}

fn referrer(name: &str) -> Descriptor {
    Descriptor::of(media_type::OCI_MANIFEST, name.as_bytes())
}

fn text(index: &Fallback) -> String {
    String::from_utf8(index.to_manifest().unwrap().bytes().to_vec()).unwrap()
}

#[test]
fn the_subject_itself_is_no_list() {
    let image = manifest(media_type::OCI_INDEX, r#"{"manifests":[]}"#);
    assert_eq!(
        Fallback::read(&image, &image.digest()),
        Err(NoFallback::Subject)
    );
}

#[test]
fn an_image_is_no_list() {
    let image = manifest(media_type::OCI_MANIFEST, "{}");
    assert_eq!(Fallback::read(&image, &subject()), Err(NoFallback::NoIndex));
    assert_eq!(read("<html>"), Err(NoFallback::NoIndex));
    assert_eq!(read(r#"{"manifests":{}}"#), Err(NoFallback::NoIndex));
}

#[test]
fn the_index_of_an_image_is_no_list() {
    let image = r#"{"manifests":[{"platform":{"os":"linux","architecture":"arm64"}}]}"#;
    assert_eq!(read(image), Err(NoFallback::Image));
}

#[test]
fn what_we_do_not_know_is_written_back() {
    let old =
        r#"{"annotations":{"a":"b"},"manifests":[{"digest":"sha256:zz","odd":[1,2.50]}],"x":null}"#;
    let mut index = read(old).unwrap();
    assert!(index.add(&referrer("sig")).unwrap());
    let new = text(&index);
    assert!(
        new.starts_with(
            r#"{"annotations":{"a":"b"},"manifests":[{"digest":"sha256:zz","odd":[1,2.5]},{"#
        ),
        "{new}"
    );
    assert!(new.ends_with(r#"}],"x":null}"#), "{new}");
}

#[test]
fn nothing_is_listed_twice() {
    let mut index = Fallback::empty();
    assert!(index.add(&referrer("sig")).unwrap());
    let before = text(&index);
    assert!(!index.add(&referrer("sig")).unwrap());
    assert_eq!(text(&index), before);
    assert!(index.lists(&referrer("sig").digest));
}

#[test]
fn the_first_entry_makes_a_whole_index() {
    let mut index = Fallback::empty();
    index.add(&referrer("sig")).unwrap();
    let digest = referrer("sig").digest;
    assert_eq!(
        text(&index),
        format!(
            r#"{{"manifests":[{{"digest":"{digest}","mediaType":"{}","size":3}}],"mediaType":"{}","schemaVersion":2}}"#,
            media_type::OCI_MANIFEST,
            media_type::OCI_INDEX
        )
    );
    assert_eq!(index.entries().unwrap(), [referrer("sig")]);
}

#[test]
fn an_entry_that_is_taken_out_leaves_the_others() {
    let mut index = Fallback::empty();
    index.add(&referrer("one")).unwrap();
    index.add(&referrer("two")).unwrap();
    assert!(index.remove(&referrer("one").digest));
    assert!(!index.remove(&referrer("one").digest));
    assert_eq!(index.entries().unwrap(), [referrer("two")]);
}

#[test]
fn an_entry_that_cannot_be_read_is_an_error() {
    let index = read(r#"{"manifests":[{"digest":"md5:00","size":1}]}"#).unwrap();
    let error = index.entries().unwrap_err();
    assert_eq!(error.message(), "the list of referrers cannot be read");
}

#[test]
fn artifact_type_and_all_annotations_are_pulled_up() {
    let manifest = manifest(
        media_type::OCI_MANIFEST,
        &format!(
            r#"{{"config":{{"mediaType":"application/x.config","digest":"{0}","size":7}},
               "subject":{{"mediaType":"m","digest":"{0}","size":7}},"annotations":{{"a":"1","b":"2"}}}}"#,
            subject()
        ),
    );
    let children = manifest.children().unwrap();
    let entry = entry(&manifest, &children);
    assert_eq!(entry.artifact_type.as_deref(), Some("application/x.config"));
    assert_eq!(entry.annotations, children.annotations);
    assert_eq!(entry.annotations.len(), 2);
    assert_eq!(
        (entry.digest, entry.size),
        (manifest.digest(), manifest.descriptor().size)
    );
}

proptest! {
    #[test]
    fn no_document_breaks_it(bytes in any::<Vec<u8>>()) {
        let manifest = RawManifest::named(media_type::OCI_INDEX, bytes.into()).unwrap();
        if let Ok(index) = Fallback::read(&manifest, &subject()) {
            _ = index.entries();
        }
    }
}
