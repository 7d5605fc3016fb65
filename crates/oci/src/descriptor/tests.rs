use super::*;

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

#[test]
fn go_s_nulls_are_nothing() {
    let text = format!(
        r#"{{"mediaType":null,"digest":"{DIGEST}","size":2,"urls":null,"annotations":null,"platform":null,"artifactType":null,"x":1}}"#
    );
    let found: Descriptor = serde_json::from_str(&text).unwrap();
    assert_eq!(found, Descriptor::new("", DIGEST.parse().unwrap(), 2));
    let bare: Descriptor =
        serde_json::from_str(&format!(r#"{{"digest":"{DIGEST}","size":2}}"#)).unwrap();
    assert_eq!(bare, found);
}

#[test]
fn nothing_is_not_written() {
    let plain = Descriptor::of("a/b", b"{}");
    let text = format!(r#"{{"mediaType":"a/b","digest":"{DIGEST}","size":2}}"#);
    assert_eq!(serde_json::to_string(&plain).unwrap(), text);
    let full = Descriptor {
        urls: vec!["https://a".to_owned()],
        annotations: [("k".to_owned(), "v".to_owned())].into(),
        platform: Some("linux/arm/v7".parse().unwrap()),
        artifact_type: Some("t".to_owned()),
        ..plain
    };
    let text = format!(
        r#"{{"mediaType":"a/b","digest":"{DIGEST}","size":2,"urls":["https://a"],"annotations":{{"k":"v"}},"platform":{{"os":"linux","architecture":"arm","variant":"v7"}},"artifactType":"t"}}"#
    );
    assert_eq!(serde_json::to_string(&full).unwrap(), text);
    assert_eq!(serde_json::from_str::<Descriptor>(&text).unwrap(), full);
}

#[test]
fn what_matters_must_be_there() {
    for text in [
        r#"{"size":2}"#.to_owned(),
        format!(r#"{{"digest":"{DIGEST}"}}"#),
        format!(r#"{{"digest":"{DIGEST}","size":-1}}"#),
        format!(r#"{{"digest":"{DIGEST}","size":1.5}}"#),
        r#"{"digest":"md5:0","size":2}"#.to_owned(),
    ] {
        assert!(serde_json::from_str::<Descriptor>(&text).is_err(), "{text}");
    }
}

#[test]
fn media_types_tell_manifests_and_foreign_layers() {
    let manifest = |kind: &str| Descriptor::of(kind, b"").is_manifest();
    assert!(
        media_type::ACCEPT_MANIFESTS
            .iter()
            .all(|kind| manifest(kind))
    );
    assert!(
        !manifest(media_type::OCI_LAYER_GZIP) && !manifest(media_type::OCI_EMPTY) && !manifest("")
    );
    for kind in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ] {
        assert!(Descriptor::of(kind, b"").is_foreign(), "{kind}");
    }
    assert!(!Descriptor::of(media_type::OCI_LAYER, b"").is_foreign());
}
