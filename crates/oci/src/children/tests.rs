use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const A: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const B: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn read(media_type: &str, text: &str) -> Result<Children> {
    let text = text.replace("@A", A).replace("@B", B);
    RawManifest::named(media_type, Bytes::from(text))
        .unwrap()
        .children()
}

fn digests(list: &[Descriptor]) -> Vec<String> {
    list.iter().map(|node| node.digest.to_string()).collect()
}

#[test]
fn whatever_a_registry_took_can_be_read() {
    // Served as, document; manifests, blobs.
    let table = [
        (media_type::OCI_MANIFEST, r"{}", 0, 0),
        (
            media_type::OCI_MANIFEST,
            r#"{"schemaVersion":2,"layers":null,"config":null,"annotations":null,"subject":null}"#,
            0,
            0,
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"config":{"digest":"@A","size":1},"layers":[]}"#,
            0,
            1,
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"config":{"digest":"@A","size":1},"layers":[{"digest":"@B","size":0},{"digest":"@B","size":0}]}"#,
            0,
            3,
        ),
        (
            media_type::DOCKER_MANIFEST,
            r#"{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"digest":"@A","size":1,"mediaType":"x"},"layers":[{"digest":"@B","size":0}]}"#,
            0,
            2,
        ),
        (media_type::OCI_INDEX, r#"{"manifests":null}"#, 0, 0),
        (
            media_type::OCI_INDEX,
            r#"{"manifests":[{"digest":"@A","size":1,"platform":{"os":"linux","architecture":"amd64","os.features":["x"]}}]}"#,
            1,
            0,
        ),
        (
            media_type::DOCKER_LIST,
            r#"{"manifests":[{"digest":"@A","size":1},{"digest":"@B","size":1}],"layers":null}"#,
            2,
            0,
        ),
        (
            media_type::OCI_ARTIFACT,
            r#"{"artifactType":"a/b","blobs":[{"digest":"@A","size":1}]}"#,
            0,
            1,
        ),
        // Says nothing of itself that contradicts how it was served.
        (
            media_type::OCI_MANIFEST,
            r#"{"mediaType":"","layers":[]}"#,
            0,
            0,
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"mediaType":"application/json","x":{"y":[1,2]},"layers":[]}"#,
            0,
            0,
        ),
        (
            "application/json",
            r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"@A","size":1}}"#,
            0,
            1,
        ),
    ];
    for (served_as, text, manifests, blobs) in table {
        let children = read(served_as, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (children.manifests.len(), children.blobs.len()),
            (manifests, blobs),
            "{text}"
        );
        assert!(children.foreign.is_empty(), "{text}");
    }
}

#[test]
fn what_breaks_its_own_rules_is_refused() {
    let table = [
        (media_type::OCI_MANIFEST, "", "the manifest cannot be read"),
        (
            media_type::OCI_MANIFEST,
            "[]x",
            "the manifest cannot be read",
        ),
        (
            media_type::OCI_MANIFEST,
            "[]",
            "the manifest cannot be read",
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"layers":{}}"#,
            "the manifest cannot be read",
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"layers":[{"digest":"md5:0","size":1}]}"#,
            "the manifest cannot be read",
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"layers":[{"digest":"@A","size":-1}]}"#,
            "the manifest cannot be read",
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"mediaType":"application/vnd.oci.image.index.v1+json"}"#,
            "the manifest says it is application/vnd.oci.image.index.v1+json, but it was served as application/vnd.oci.image.manifest.v1+json",
        ),
        (
            media_type::OCI_INDEX,
            r#"{"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json"}"#,
            "the manifest says it is application/vnd.docker.distribution.manifest.list.v2+json, but it was served as application/vnd.oci.image.index.v1+json",
        ),
        (
            media_type::OCI_INDEX,
            r#"{"manifests":[],"layers":[{"digest":"@A","size":1}]}"#,
            "the manifest has the fields of an image and of an index at once",
        ),
        (
            media_type::OCI_INDEX,
            r#"{"manifests":[],"config":{"digest":"@A","size":1}}"#,
            "the manifest has the fields of an image and of an index at once",
        ),
        (
            media_type::OCI_MANIFEST,
            r#"{"manifests":[{"digest":"@A","size":1}]}"#,
            "the manifest has the fields of an image and of an index at once",
        ),
    ];
    for (served_as, text, message) in table {
        let error = read(served_as, text).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Corrupt, message),
            "{text}"
        );
        assert!(
            error.place().is_some_and(|at| at.starts_with("sha256:")),
            "{error}"
        );
    }
}

#[test]
fn schema_1_is_refused_by_name() {
    for (served_as, text) in [
        (media_type::DOCKER_SCHEMA1, "{}"),
        (media_type::DOCKER_SCHEMA1_SIGNED, "{}"),
        (media_type::OCI_MANIFEST, r#"{"schemaVersion":1}"#),
    ] {
        let error = read(served_as, text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(
            error.message(),
            "docker schema 1 manifests cannot be copied byte for byte"
        );
    }
    let error = read(media_type::DOCKER_SCHEMA1, "{}").unwrap_err();
    assert_eq!(
        error.hint(),
        Some("push the image again with a current client")
    );
}

#[test]
fn configuration_comes_first_and_foreign_layers_apart() {
    let children = read(
        media_type::DOCKER_MANIFEST,
        r#"{"config":{"mediaType":"c","digest":"@B","size":0},"layers":[
            {"mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"@A","size":3,"urls":["https://x"]},
            {"mediaType":"l","digest":"@A","size":3}]}"#,
    )
    .unwrap();
    assert_eq!(digests(&children.blobs), [B, A]);
    assert_eq!(digests(&children.foreign), [A]);
    assert_eq!(children.foreign[0].urls, ["https://x"]);
    assert_eq!(children.artifact_type.as_deref(), Some("c"));
}

#[test]
fn a_referrer_says_its_subject_its_kind_and_its_annotations() {
    let children = read(
        media_type::OCI_MANIFEST,
        r#"{"artifactType":"a/b","config":{"mediaType":"c","digest":"@B","size":0},
            "subject":{"mediaType":"m","digest":"@A","size":3},"annotations":{"k":"v"}}"#,
    )
    .unwrap();
    assert_eq!(children.subject_digest(), Some(A.parse().unwrap()));
    assert_eq!(children.artifact_type.as_deref(), Some("a/b"));
    assert_eq!(children.annotations["k"], "v");
    let empty = read(
        media_type::OCI_MANIFEST,
        r#"{"artifactType":"","config":{"mediaType":"","digest":"@B","size":0}}"#,
    );
    assert_eq!(empty.unwrap().artifact_type, None);
    let index = read(
        media_type::OCI_INDEX,
        r#"{"subject":{"digest":"@A","size":3},"manifests":[]}"#,
    );
    assert_eq!(index.unwrap().subject_digest(), Some(A.parse().unwrap()));
}

#[test]
fn ten_thousand_entries_are_the_most() {
    let list = |count: usize| {
        let entries = vec![r#"{"digest":"@A","size":1}"#; count];
        format!(r#"{{"manifests":[{}]}}"#, entries.join(","))
    };
    let most = read(media_type::OCI_INDEX, &list(MAX_CHILDREN)).unwrap();
    assert_eq!(most.manifests.len(), MAX_CHILDREN);
    let error = read(media_type::OCI_INDEX, &list(MAX_CHILDREN + 1)).unwrap_err();
    assert_eq!(
        error.message(),
        "the manifest lists 10001 entries, more than the limit of 10000"
    );
}

#[test]
fn a_deep_document_is_no_way_to_exhaust_the_stack() {
    let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
    let unknown = format!(r#"{{"x":{open}{close}}}"#);
    assert_eq!(
        read(media_type::OCI_MANIFEST, &unknown).unwrap(),
        Children::default()
    );
    let known = format!(r#"{{"layers":{open}{close}}}"#);
    let error = read(media_type::OCI_MANIFEST, &known).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

proptest! {
    #[test]
    fn no_document_is_too_strange(text: String, index: bool) {
        let kind = if index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
        let _ = read(kind, &text);
    }
}
