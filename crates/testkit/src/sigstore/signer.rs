//! Somebody with a short-lived certificate.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use rcgen::{KeyPair, SigningKey as _, date_time_ymd};
use serde_json::{Value, json};
use transship_oci::{Digest, Repository};

use super::{Forge, Stamp, authority::Request};

const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The media type of a bundle.
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A signer at a [`Forge`], with a new key for each signature. Signs on 15 January 2026.
#[derive(Debug, Clone)]
pub struct Signer<'a> {
    forge: &'a Forge,
    request: Request,
    stamp: Stamp<'a>,
    logged_after: Duration,
    logged: bool,
    timed_by: Option<&'a Forge>,
}

/// A signature in cosign's first form: a layer's bytes and its annotations.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The payload of simple signing.
    pub payload: Bytes,
    /// Signature, certificate, chain and log entry.
    pub annotations: BTreeMap<String, String>,
}

impl<'a> Signer<'a> {
    pub(super) fn new(forge: &'a Forge, subject: &str, issuer: &str) -> Self {
        Self {
            forge,
            request: Request {
                subject: subject.to_owned(),
                issuer: issuer.to_owned(),
                claims: Vec::new(),
                lasting: false,
            },
            stamp: Stamp::Sound,
            logged_after: Duration::from_secs(5),
            logged: true,
            timed_by: None,
        }
    }

    /// Has the authority say more of the signer: the extension 1.3.6.1.4.1.57264.1.`number`.
    pub fn claiming(mut self, number: u64, value: &str) -> Self {
        self.request.claims.push((number, value.to_owned()));
        self
    }

    /// Signs so long after the certificate's start; it is good for ten minutes.
    pub fn logged_after(mut self, time: Duration) -> Self {
        self.logged_after = time;
        self
    }

    /// Has a certificate that is good until 2045, brings the chain along, and is in no log: as with an authority of one's
    /// own.
    pub fn private(mut self) -> Self {
        self.request.lasting = true;
        self.logged = false;
        self.stamp(Stamp::None)
    }

    /// Has a time stamp by this forge instead of an entry in a log; of the same time.
    pub fn timed_by(mut self, forge: &'a Forge) -> Self {
        self.timed_by = Some(forge);
        self
    }

    /// Has another word of the certificate log, or none, put into the certificate.
    pub fn stamp(mut self, stamp: Stamp<'a>) -> Self {
        self.stamp = stamp;
        self
    }

    /// A bundle that says that an artifact is meant, and no more: cosign 3's signature.
    pub fn sign(&self, subject: &Digest) -> Value {
        self.attest(subject, "https://sigstore.dev/cosign/sign/v1", &json!({}))
    }

    /// A bundle with a statement about an artifact.
    pub fn attest(&self, subject: &Digest, predicate_type: &str, predicate: &Value) -> Value {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {(subject.algorithm().as_str()): subject.hex()}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        });
        let payload = statement.to_string();
        let (length, size) = (IN_TOTO.len(), payload.len());
        let pae = format!("DSSEv1 {length} {IN_TOTO} {size} {payload}");
        let (certificate, signature) = self.certified(pae.as_bytes());
        let envelope = json!({
            "payload": BASE64_STANDARD.encode(&payload),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": signature}],
        });
        let body = format!(
            r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{{"algorithm":"sha256","value":"{}"}},"payloadHash":{{"algorithm":"sha256","value":"{}"}},"signatures":[{{"signature":"{signature}","verifier":"{}"}}]}}}}"#,
            Digest::sha256(envelope.to_string().as_bytes()).hex(),
            Digest::sha256(payload.as_bytes()).hex(),
            BASE64_STANDARD.encode(pem(&certificate)),
        );
        let material = self.material(&certificate, &signature, &body);
        json!({"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope})
    }

    /// What comes with a signature in a bundle.
    fn material(&self, certificate: &[u8], signature: &str, body: &str) -> Value {
        let [between, _] = self.forge.authority.chain();
        let raw = |der: &[u8]| json!({"rawBytes": BASE64_STANDARD.encode(der)});
        if let Some(forge) = self.timed_by {
            let bytes = BASE64_STANDARD.decode(signature).expect("our own base64");
            let stamp = forge.stamper.stamp(&bytes, &self.time());
            let stamp = json!({"signedTimestamp": BASE64_STANDARD.encode(stamp)});
            json!({"certificate": raw(certificate), "timestampVerificationData": {"rfc3161Timestamps": [stamp]}})
        } else if self.logged {
            let entry = self.forge.log.entry("dsse", body, self.seconds());
            json!({"certificate": raw(certificate), "tlogEntries": [entry]})
        } else {
            json!({"x509CertificateChain": {"certificates": [raw(certificate), raw(&between)]}})
        }
    }

    /// A signature in cosign's first form.
    pub fn layer(&self, subject: &Digest, name: &Repository) -> Layer {
        let payload = json!({"critical": {
            "identity": {"docker-reference": name.to_string()},
            "image": {"docker-manifest-digest": subject.to_string()},
            "type": "cosign container image signature",
        }, "optional": null})
        .to_string();
        let (certificate, signature) = self.certified(payload.as_bytes());
        let body = format!(
            r#"{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"sha256","value":"{}"}}}},"signature":{{"content":"{signature}","publicKey":{{"content":"{}"}}}}}}}}"#,
            Digest::sha256(payload.as_bytes()).hex(),
            BASE64_STANDARD.encode(pem(&certificate)),
        );
        let entry = self.forge.log.annotation(&body, self.seconds());
        let chain = self.forge.authority.chain();
        let mut annotations = vec![
            ("dev.cosignproject.cosign/signature", signature),
            ("dev.sigstore.cosign/certificate", pem(&certificate)),
            (
                "dev.sigstore.cosign/chain",
                chain.iter().map(|der| pem(der)).collect(),
            ),
        ];
        if self.logged {
            annotations.push(("dev.sigstore.cosign/bundle", entry.to_string()));
        }
        let annotations = annotations.into_iter();
        Layer {
            payload: payload.into(),
            annotations: annotations
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// A certificate for a new key, and what that key signed, in base64.
    fn certified(&self, message: &[u8]) -> (Vec<u8>, String) {
        let key = KeyPair::generate().expect("a key");
        let signature = key.sign(message).expect("a signature");
        let forge = self.forge;
        let certificate =
            forge
                .authority
                .certify(&key, &self.request, |bare, issuer_key, millis| {
                    self.stamp.of(forge, bare, issuer_key, millis)
                });
        (certificate, BASE64_STANDARD.encode(signature))
    }

    /// The same time as stamps have it.
    fn time(&self) -> String {
        let seconds = self.logged_after.as_secs();
        format!(
            "20260115{:02}{:02}{:02}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )
    }

    /// When it was logged, in seconds since 1970.
    fn seconds(&self) -> i64 {
        (date_time_ymd(2026, 1, 15) + self.logged_after).unix_timestamp()
    }
}

pub(super) fn pem(der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}
