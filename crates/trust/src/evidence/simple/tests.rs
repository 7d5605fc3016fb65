use proptest::prelude::*;
use serde_json::json;

use super::*;

fn payload() -> Value {
    json!({
        "critical": {
            "identity": {"docker-reference": "registry.example/app"},
            "image": {"docker-manifest-digest": "sha256:00"},
            "type": "cosign container image signature",
        },
        "optional": {"a": "b", "n": 1},
    })
}

fn parse(value: &Value) -> Result<SimpleSigning, String> {
    SimpleSigning::parse(value.to_string().as_bytes())
}

#[test]
fn a_payload_says_what_is_meant() {
    let said = parse(&payload()).unwrap();
    assert_eq!(said.reference, "registry.example/app");
    assert_eq!(said.digest, "sha256:00");
    assert_eq!(said.annotations["n"], 1);
    let mut bare = payload();
    bare["optional"] = Value::Null;
    assert!(parse(&bare).unwrap().annotations.is_empty());
    bare.as_object_mut().unwrap().remove("optional");
    assert!(parse(&bare).is_ok());
}

#[test]
fn what_is_critical_must_be_understood() {
    for pointer in ["", "/critical", "/critical/identity", "/critical/image"] {
        let mut more = payload();
        more.pointer_mut(pointer).unwrap()["more"] = json!(1);
        let error = parse(&more).unwrap_err();
        assert!(error.contains("unknown field `more`"), "{pointer}: {error}");
    }
    let mut other = payload();
    other["critical"]["type"] = json!("atomic container signature");
    assert_eq!(
        parse(&other).unwrap_err(),
        "the payload is of type \"atomic container signature\", not \"cosign container image signature\""
    );
    let twice = payload()
        .to_string()
        .replacen("{\"critical\"", "{\"optional\":{},\"critical\"", 1);
    assert!(
        SimpleSigning::parse(twice.as_bytes())
            .unwrap_err()
            .contains("duplicate field")
    );
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = SimpleSigning::parse(&payload);
    }
}
