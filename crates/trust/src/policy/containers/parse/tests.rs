use proptest::prelude::*;
use serde_json::json;

use super::{File, Requirement};

fn refused(json: &str) -> String {
    let error = File::parse(json.as_bytes()).unwrap_err();
    assert_eq!(error.kind(), transship_oci::ErrorKind::Invalid);
    match error.operation() {
        Some(op) => format!("{op}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

fn requirement(fields: &serde_json::Value) -> Result<Requirement, String> {
    let file = json!({ "default": [fields] });
    match File::parse(file.to_string().as_bytes()) {
        Ok(mut file) => Ok(file.default.remove(0)),
        Err(error) => Err(error.message().to_owned()),
    }
}

#[test]
fn what_is_unknown_or_said_twice_refuses_the_file() {
    for (json, why) in [
        ("[]", "it is no JSON object"),
        (r#"[[{"type":"reject"}],{}]"#, "it is no JSON object"),
        (
            r#"{"default":[["reject"]]}"#,
            "default: a requirement is not of the form that it must have",
        ),
        (
            r#"{"default":[{"type":"sigstoreSigned","keyPath":"/k","signedIdentity":["matchExact"]}]}"#,
            "default: a requirement is not of the form that it must have",
        ),
        (
            r#"{"default":[{"type":"sigstoreSigned","keyPath":"/k","keyData":null}]}"#,
            "default: a requirement is not of the form that it must have",
        ),
        ("{}", "missing field `default`"),
        (
            r#"{"default":[]}"#,
            "default: a list of requirements is empty",
        ),
        (
            r#"{"default":[{"type":"reject"}],"more":1}"#,
            "unknown field `more`, expected `default` or `transports`",
        ),
        (
            r#"{"default":[{"type":"reject"}],"transports":{"docker":{"a.b":[]}}}"#,
            "transports.docker.\"a.b\": a list of requirements is empty",
        ),
        (
            r#"{"default":[{"type":"reject"}],"transports":{"dir":{"a":[{"type":"reject"}]}}}"#,
            "transports.dir.\"a\": the scope is no absolute path in its shortest form",
        ),
        (
            r#"{"default":[{"type":"reject"}],"transports":{"dir":{"/":[{"type":"reject"}]}}}"#,
            "transports.dir.\"/\": the scope is no absolute path in its shortest form",
        ),
    ] {
        assert_eq!(refused(json), why, "{json}");
    }
    let twice =
        refused(r#"{"default":[{"type":"reject"}],"default":[{"type":"insecureAcceptAnything"}]}"#);
    assert!(
        twice.starts_with("key \"default\" is there twice"),
        "{twice}"
    );
    let twice = refused(r#"{"default":[{"type":"reject","type":"insecureAcceptAnything"}]}"#);
    assert!(twice.starts_with("key \"type\" is there twice"), "{twice}");
    let twice = refused(
        r#"{"default":[{"type":"reject"}],"transports":{"docker":{"a.b":[{"type":"reject"}],"a.b":[{"type":"reject"}]}}}"#,
    );
    assert!(twice.starts_with("key \"a.b\" is there twice"), "{twice}");
}

#[test]
fn what_each_requirement_must_say() {
    let key = json!("LS0tLS1CRUdJTg==");
    let exact = json!({"type": "matchExact"});
    for good in [
        json!({"type": "insecureAcceptAnything"}),
        json!({"type": "reject"}),
        json!({"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}),
        json!({"type": "signedBy", "keyType": "signedByX509CAs", "keyPaths": ["/k"], "signedIdentity": exact}),
        json!({"type": "signedBaseLayer", "baseLayerIdentity": exact}),
        json!({"type": "sigstoreSigned", "keyPath": "/k"}),
        json!({"type": "sigstoreSigned", "keyDatas": [key], "rekorPublicKeyDatas": [key]}),
        json!({"type": "sigstoreSigned", "fulcio": {"caPath": "/c", "oidcIssuer": "i", "subjectEmail": "a@b"}, "rekorPublicKeyPath": "/r"}),
        json!({"type": "sigstoreSigned", "pki": {"caRootsPath": "/c", "subjectHostname": "h"}}),
        json!({"type": "sigstoreSigned", "keyData": key, "signedIdentity": {"type": "remapIdentity", "prefix": "a.b", "signedPrefix": "c.d/e"}}),
        json!({"type": "sigstoreSigned", "keyData": key, "signedIdentity": {"type": "exactReference", "dockerReference": "a.b/c:1"}}),
        json!({"type": "sigstoreSigned", "keyData": key, "signedIdentity": {"type": "exactRepository", "dockerRepository": "c"}}),
    ] {
        let read = requirement(&good).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), good);
    }
    for bad in [
        json!({}),
        json!({"type": "rejekt"}),
        json!({"type": "reject", "keyPath": "/k"}),
        json!({"type": "insecureAcceptAnything", "reason": "x"}),
        json!({"type": "signedBy", "keyPath": "/k"}),
        json!({"type": "signedBy", "keyType": "gpgkeys", "keyPath": "/k"}),
        json!({"type": "signedBy", "keyType": "GPGKeys"}),
        json!({"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k", "keyData": key}),
        json!({"type": "signedBy", "keyType": "GPGKeys", "keyPaths": []}),
        json!({"type": "signedBy", "keyType": "GPGKeys", "keyData": "*"}),
        json!({"type": "signedBaseLayer"}),
        json!({"type": "sigstoreSigned"}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "keyPaths": ["/k"]}),
        json!({"type": "sigstoreSigned", "keyDatas": []}),
        json!({"type": "sigstoreSigned", "keyDatas": ["*"]}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "rekorPublicKeyPath": "/r", "rekorPublicKeyData": key}),
        json!({"type": "sigstoreSigned", "fulcio": {"caPath": "/c", "oidcIssuer": "i", "subjectEmail": "a@b"}}),
        json!({"type": "sigstoreSigned", "fulcio": {"caPath": "/c", "oidcIssuer": "", "subjectEmail": "a@b"}, "rekorPublicKeyPath": "/r"}),
        json!({"type": "sigstoreSigned", "fulcio": {"oidcIssuer": "i", "subjectEmail": "a@b"}, "rekorPublicKeyPath": "/r"}),
        json!({"type": "sigstoreSigned", "pki": {"caRootsPath": "/c", "subjectHostname": "h"}, "rekorPublicKeyPath": "/r"}),
        json!({"type": "sigstoreSigned", "pki": {"caRootsPath": "/c"}}),
        json!({"type": "sigstoreSigned", "pki": {"caRootsPath": "/c", "caRootsData": key, "subjectEmail": "a@b"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "matchAll"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "matchExact", "prefix": "a.b"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "exactReference", "dockerReference": "a.b/c"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "exactRepository", "dockerRepository": "A"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "remapIdentity", "prefix": "a.b/", "signedPrefix": "c.d"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "remapIdentity", "prefix": "a.b"}}),
        json!({"type": "sigstoreSigned", "keyPath": "/k", "unknown": 1}),
    ] {
        assert!(requirement(&bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(json in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = File::parse(&json);
    }
}
