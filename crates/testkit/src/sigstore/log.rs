//! A log with a key: what it stamps, and what it says of an entry of its tree.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};
use transship_oci::Digest;

/// Where the forge's entries are in its tree of three.
const INDEX: u64 = 1;
const SIZE: u64 = 3;
const ORIGIN: &str = "log.forge.example";

/// A log.
#[derive(Debug)]
pub(super) struct Log {
    key: KeyPair,
}

impl Log {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        Self { key }
    }

    /// The digest of its key, by which it is known.
    pub(super) fn id(&self) -> Vec<u8> {
        Digest::sha256(&self.key.subject_public_key_info())
            .raw()
            .to_vec()
    }

    /// An ECDSA signature in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).expect("a signature")
    }

    /// How a trust root names it.
    pub(super) fn trusted(&self, since: &str) -> Value {
        json!({
            "baseUrl": format!("https://{ORIGIN}"),
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": BASE64_STANDARD.encode(self.key.subject_public_key_info()),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": since},
            },
            "logId": {"keyId": BASE64_STANDARD.encode(self.id())},
        })
    }

    /// An entry as a bundle has it, with the log's promise and its proof.
    pub(super) fn entry(&self, kind: &str, body: &str, seconds: i64) -> Value {
        json!({
            "logIndex": INDEX.to_string(),
            "logId": {"keyId": BASE64_STANDARD.encode(self.id())},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": seconds.to_string(),
            "inclusionPromise": {"signedEntryTimestamp": BASE64_STANDARD.encode(self.promise(body, seconds))},
            "inclusionProof": self.proof(body),
            "canonicalizedBody": BASE64_STANDARD.encode(body),
        })
    }

    /// The same as cosign's first form has it, in an annotation.
    pub(super) fn annotation(&self, body: &str, seconds: i64) -> Value {
        json!({
            "SignedEntryTimestamp": BASE64_STANDARD.encode(self.promise(body, seconds)),
            "Payload": {
                "body": BASE64_STANDARD.encode(body),
                "integratedTime": seconds,
                "logIndex": INDEX,
                "logID": hex(&self.id()),
            },
        })
    }

    /// The signed entry timestamp, over JSON in canonical form (RFC 8785).
    fn promise(&self, body: &str, seconds: i64) -> Vec<u8> {
        let (body, id) = (BASE64_STANDARD.encode(body), hex(&self.id()));
        let said = format!(
            r#"{{"body":"{body}","integratedTime":{seconds},"logID":"{id}","logIndex":{INDEX}}}"#
        );
        self.sign(said.as_bytes())
    }

    /// That the entry is in the tree (RFC 9162, section 2.1), and the signed word on which tree that is.
    fn proof(&self, body: &str) -> Value {
        let [before, after] = [&b"before"[..], b"after"].map(leaf);
        let root = node(&node(&before, &leaf(body.as_bytes())), &after);
        let root_hash = BASE64_STANDARD.encode(&root);
        let note = format!("{ORIGIN} - 1\n{SIZE}\n{root_hash}\n");
        let signature = [&self.id()[..4], &self.sign(note.as_bytes())].concat();
        let signature = BASE64_STANDARD.encode(signature);
        json!({
            "logIndex": INDEX.to_string(),
            "treeSize": SIZE.to_string(),
            "rootHash": root_hash,
            "hashes": [BASE64_STANDARD.encode(&before), BASE64_STANDARD.encode(&after)],
            "checkpoint": {"envelope": format!("{note}\n\u{2014} {ORIGIN} {signature}\n")},
        })
    }
}

fn leaf(content: &[u8]) -> Vec<u8> {
    Digest::sha256(&[&[0], content].concat()).raw().to_vec()
}

fn node(left: &[u8], right: &[u8]) -> Vec<u8> {
    Digest::sha256(&[&[1], left, right].concat()).raw().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
