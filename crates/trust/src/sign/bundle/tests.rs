use std::collections::BTreeMap;

use secrecy::SecretString;
use transship_oci::Descriptor;

use super::sign;
use crate::{Demand, Evidence, Judge, KeySigner, Outcome, Signer, Tlog, sign::PrivateKey};

/// Field by field what cosign 3.1.3 wrote for an image of this descriptor (the signature itself is another each time).
#[test]
fn the_manifest_is_the_one_that_cosign_writes() {
    let key = PrivateKey::generate().unwrap();
    let digest = "sha256:924f631fad5529ad8951a1974b7e7430c63a81132402f848551c9c693c82304f";
    let subject = Descriptor::new(
        "application/vnd.oci.image.manifest.v1+json",
        digest.parse().unwrap(),
        401,
    );
    let annotations = BTreeMap::from([("foo".to_owned(), "bar".to_owned())]);
    let created = "2026-11-24T19:10:20.5Z".parse().unwrap();
    let signed = sign(&key, &subject, &annotations, created).unwrap();
    let (layer, bundle) = &signed.blobs[1];
    assert_eq!(
        std::str::from_utf8(signed.manifest.bytes()).unwrap(),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}},"layers":[{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":{},"digest":"{}"}}],"annotations":{{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1","org.opencontainers.image.created":"2026-11-24T19:10:20Z"}},"subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":401,"digest":"{digest}"}},"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}}"#,
            layer.size, layer.digest
        )
    );
    let json: serde_json::Value = serde_json::from_slice(bundle).unwrap();
    assert_eq!(
        std::str::from_utf8(bundle).unwrap(),
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{{"publicKey":{{"hint":"{}"}}}},"dsseEnvelope":{{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiOTI0ZjYzMWZhZDU1MjlhZDg5NTFhMTk3NGI3ZTc0MzBjNjNhODExMzI0MDJmODQ4NTUxYzljNjkzYzgyMzA0ZiJ9LCJhbm5vdGF0aW9ucyI6eyJmb28iOiJiYXIifX1dLCJwcmVkaWNhdGVUeXBlIjoiaHR0cHM6Ly9zaWdzdG9yZS5kZXYvY29zaWduL3NpZ24vdjEiLCJwcmVkaWNhdGUiOnt9fQ==","payloadType":"application/vnd.in-toto+json","signatures":[{{"sig":"{}"}}]}}}}"#,
            key.public().hint(),
            json["dsseEnvelope"]["signatures"][0]["sig"]
                .as_str()
                .unwrap()
        )
    );
    assert_eq!(signed.tag, None);
}

#[test]
fn the_same_again_is_the_same_and_is_accepted() {
    let key = PrivateKey::generate().unwrap();
    let again = PrivateKey::from_pem(
        &key.to_encrypted_pem(&SecretString::from("x")).unwrap(),
        Some(&SecretString::from("x")),
    )
    .unwrap();
    let subject = Descriptor::of("application/vnd.oci.image.manifest.v1+json", b"{}");
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let first = sign(&key, &subject, &BTreeMap::new(), now).unwrap();
    let second = sign(&again, &subject, &BTreeMap::new(), now).unwrap();
    assert_eq!(first.manifest, second.manifest);
    let evidence = Evidence::bundle(subject.digest, &first.blobs[1].1);
    let signer = Signer::Key(KeySigner {
        keys: vec![key.public().clone()],
        tlog: Tlog::Optional,
        root: None,
    });
    let finding = Judge::new(now).judge(&evidence, &signer, &Demand::signature());
    assert_eq!(finding.outcome, Outcome::Accepted);
}
