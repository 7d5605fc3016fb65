use std::collections::BTreeMap;

use serde_json::{Value, json};
use transship_oci::{ErrorKind, RawManifest, Repository, media_type};

use super::{LegacySignature, sign_legacy};
use crate::sign::{PrivateKey, Signed};

const DIGEST: &str = "sha256:924f631fad5529ad8951a1974b7e7430c63a81132402f848551c9c693c82304f";

fn signed(
    key: &PrivateKey,
    annotations: &[(&str, &str)],
    existing: Option<&RawManifest>,
) -> Signed {
    let name: Repository = "127.0.0.1:5931/app".parse().unwrap();
    let annotations: BTreeMap<String, String> = annotations
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let signature = LegacySignature {
        subject: DIGEST.parse().unwrap(),
        name: &name,
        annotations: &annotations,
    };
    sign_legacy(key, &signature, existing).unwrap()
}

fn text(signed: &Signed, blob: usize) -> &str {
    std::str::from_utf8(&signed.blobs[blob].1).unwrap()
}

fn layers(manifest: &RawManifest) -> Vec<Value> {
    let fields: Value = serde_json::from_slice(manifest.bytes()).unwrap();
    fields["layers"].as_array().unwrap().clone()
}

/// Payload and configuration are byte for byte what cosign 2.6.5 wrote.
#[test]
fn the_payload_is_the_one_that_cosign_writes() {
    let key = PrivateKey::generate().unwrap();
    let first = signed(&key, &[("foo", "bar")], None);
    assert_eq!(first.blobs[1].0.size, 243);
    assert_eq!(
        first.blobs[1].0.digest.to_string(),
        "sha256:937918b7bd9cc3d1ed5ab59e39f8929fa5f247935838afd57bd4faf1b3762bc2"
    );
    assert_eq!(first.blobs[0].0.size, 233);
    assert_eq!(
        first.blobs[0].0.digest.to_string(),
        "sha256:2fc08ba2c8a0ba7d548fe96c9bb6f212e20c3efa9493a422b201e16b7f18116f"
    );
    assert_eq!(
        first.tag.as_ref().unwrap().as_str(),
        "sha256-924f631fad5529ad8951a1974b7e7430c63a81132402f848551c9c693c82304f.sig"
    );
    assert!(text(&signed(&key, &[], None), 1).ends_with(r#""optional":null}"#));
}

#[test]
fn what_was_there_stays_as_it_was() {
    let key = PrivateKey::generate().unwrap();
    let first = signed(&key, &[("n", "1")], None);
    let mut fields: Value = serde_json::from_slice(first.manifest.bytes()).unwrap();
    fields["layers"][0]["unknown"] = json!({"kept": true});
    fields["annotations"] = json!({"also": "kept"});
    let json = fields.to_string();
    let existing = RawManifest::named(media_type::OCI_MANIFEST, json.into()).unwrap();
    let second = signed(&key, &[("n", "2")], Some(&existing));
    let found = layers(&second.manifest);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], fields["layers"][0]);
    let all: Value = serde_json::from_slice(second.manifest.bytes()).unwrap();
    assert_eq!(all["annotations"], fields["annotations"]);
    let config: Value = serde_json::from_str(text(&second, 0)).unwrap();
    assert_eq!(
        config["rootfs"]["diff_ids"],
        json!([found[0]["digest"], found[1]["digest"]])
    );
    assert_eq!(config["history"].as_array().unwrap().len(), 2);
}

#[test]
fn the_same_again_changes_nothing() {
    let key = PrivateKey::generate().unwrap();
    let first = signed(&key, &[], None);
    let again = signed(&key, &[], Some(&first.manifest));
    assert_eq!(again.manifest, first.manifest);
    let other = signed(&PrivateKey::generate().unwrap(), &[], Some(&first.manifest));
    assert_eq!(layers(&other.manifest).len(), 2);
}

#[test]
fn what_is_no_manifest_of_signatures_is_not_overwritten() {
    let key = PrivateKey::generate().unwrap();
    let name: Repository = "reg.example/app".parse().unwrap();
    let signature = LegacySignature {
        subject: DIGEST.parse().unwrap(),
        name: &name,
        annotations: &BTreeMap::new(),
    };
    for (kind, json) in [
        (
            media_type::OCI_INDEX,
            r#"{"schemaVersion":2,"manifests":[]}"#,
        ),
        (media_type::OCI_MANIFEST, r#"{"schemaVersion":2}"#),
    ] {
        let existing = RawManifest::named(kind, json.into()).unwrap();
        let error = sign_legacy(&key, &signature, Some(&existing)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
    }
    let long = LegacySignature {
        subject: format!("sha512:{}", "0".repeat(128)).parse().unwrap(),
        ..signature
    };
    let error = sign_legacy(&key, &long, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
