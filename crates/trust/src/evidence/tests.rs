use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn subject() -> Digest {
    Digest::sha256(b"x")
}

fn why(evidence: &Evidence) -> (Outcome, &str) {
    match &evidence.content {
        Content::Unreadable { outcome, why } => (*outcome, why),
        Content::Signature(signature) => match &signature.log_problem {
            Some((outcome, why)) => (*outcome, why),
            None => (Outcome::Accepted, "read"),
        },
    }
}

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// Annotations beside a good signature annotation.
fn simple(name: &str, value: &str) -> Evidence {
    let annotations = [(SIGNATURE, "YWJj"), (name, value)];
    let annotations = annotations.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Evidence::simple(subject(), Bytes::from_static(b"{}"), &annotations.into())
}

#[test]
fn what_is_broken_in_the_first_form_is_named() {
    let certificate = "dev.sigstore.cosign/certificate";
    let log = "dev.sigstore.cosign/bundle";
    let stamp = "dev.sigstore.cosign/rfc3161timestamp";
    let body = |body: &Value| {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        json!({
            "SignedEntryTimestamp": "YWJj",
            "Payload": {
                "body": STANDARD.encode(body.to_string()), "integratedTime": 1, "logIndex": 2, "logID": subject().hex(),
            },
        })
        .to_string()
    };
    let known = body(&json!({"kind": "hashedrekord", "apiVersion": "0.0.1"}));
    let old = body(&json!({"kind": "intoto", "apiVersion": "0.0.1"}));
    for (name, value, outcome, text) in [
        ("x", "y", Outcome::Accepted, "read"),
        (
            SIGNATURE,
            "",
            Outcome::BadSignature,
            "there is no annotation",
        ),
        (
            SIGNATURE,
            "?",
            Outcome::BadSignature,
            "the bundle cannot be read",
        ),
        (
            certificate,
            "-----BEGIN A",
            Outcome::BadSignature,
            "a PEM block has no proper first line",
        ),
        (
            log,
            "{",
            Outcome::LogEntry,
            "annotation dev.sigstore.cosign/bundle cannot be read",
        ),
        (log, &known, Outcome::Accepted, "read"),
        (log, &old, Outcome::UnsupportedFormat, "a log entry of kind"),
        (
            log,
            &known.replace("logID\":\"", "logID\":\"0"),
            Outcome::LogEntry,
            "the log's id",
        ),
        (
            stamp,
            "{}",
            Outcome::BadSignature,
            "annotation dev.sigstore.cosign/rfc3161timestamp",
        ),
    ] {
        let evidence = simple(name, value);
        let (found, said) = why(&evidence);
        assert_eq!(found, outcome, "{name} {value}: {said}");
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn base64_with_line_breaks_is_read_as_go_reads_it() {
    assert_eq!(why(&simple(SIGNATURE, "YW\r\nJj\n")).0, Outcome::Accepted);
}

#[test]
fn signature_files_are_told_apart() {
    let read = |file: &[u8]| Evidence::local(subject(), file);
    let openpgp = read(b"\x85\x01").unwrap();
    assert_eq!(openpgp.form, Form::OpenPgp);
    assert_eq!(why(&openpgp).0, Outcome::UnsupportedFormat);
    assert_eq!(why(&read(b"").unwrap()).0, Outcome::UnsupportedFormat);
    assert_eq!(
        why(&read(b"\0other\n").unwrap()).0,
        Outcome::UnsupportedFormat
    );
    assert_eq!(
        why(&read(b"\0sigstore-json\n{").unwrap()).0,
        Outcome::BadSignature
    );
    let other = br#"{"mimeType":"text/plain","payload":"","annotations":null}"#;
    assert!(read(&[b"\0sigstore-json\n", &other[..]].concat()).is_none());
}

#[test]
fn a_bundle_of_an_unknown_kind_is_not_called_damaged() {
    let of = |media_type: Value| {
        Evidence::bundle(
            subject(),
            json!({"mediaType": media_type}).to_string().as_bytes(),
        )
    };
    assert_eq!(
        why(&of(json!("application/vnd.dev.sigstore.bundle.v0.9+json"))),
        (
            Outcome::UnsupportedFormat,
            "a bundle of type \"application/vnd.dev.sigstore.bundle.v0.9+json\" is not known to this version"
        )
    );
    let damaged = of(json!("application/vnd.dev.sigstore.bundle.v0.3+json"));
    assert_eq!(why(&damaged).0, Outcome::BadSignature);
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,100}") {
        let _ = Evidence::bundle(subject(), &bytes);
        let _ = Evidence::local(subject(), &bytes);
        let _ = Evidence::local(subject(), &[b"\0sigstore-json\n", &bytes[..]].concat());
        for name in ["dev.sigstore.cosign/certificate", "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp"] {
            let annotations = BTreeMap::from([(SIGNATURE.to_owned(), text.clone()), (name.to_owned(), text.clone())]);
            let _ = Evidence::simple(subject(), bytes.clone().into(), &annotations);
            let _ = Evidence::envelope(subject(), &bytes, &annotations);
        }
    }

    #[test]
    fn no_json_of_the_right_shape_makes_it_panic(
        media in "application/vnd.dev.sigstore.bundle(\\+json;version=0.[0-4]|.v0.3\\+json)",
        base64 in "[A-Za-z0-9+/=]{0,40}",
        number in "-?[0-9]{0,20}",
    ) {
        let json = json!({
            "mediaType": media,
            "verificationMaterial": {
                "certificate": {"rawBytes": base64},
                "tlogEntries": [{
                    "logIndex": number, "logId": {"keyId": base64}, "integratedTime": number,
                    "kindVersion": {"kind": "dsse", "version": "0.0.1"}, "canonicalizedBody": base64,
                    "inclusionProof": {"logIndex": number, "rootHash": base64, "treeSize": number, "hashes": [base64], "checkpoint": {"envelope": base64}},
                }],
            },
            "messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": base64}, "signature": base64},
        });
        let evidence = Evidence::bundle(subject(), json.to_string().as_bytes());
        let _ = evidence.predicate_type();
    }
}
