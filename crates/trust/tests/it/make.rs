//! Makes signatures to be judged: every kind of key, every form.

use std::collections::BTreeMap;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use transship_oci::Digest;
use transship_trust::{Evidence, IN_TOTO, Key, KeySigner, SIGN, Signer, Tlog};

/// What a signature is made with.
pub(crate) enum Pen {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl Pen {
    pub(crate) fn p256() -> Self {
        Self::ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)
    }

    /// One of each kind of key and scheme.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("P-256", Self::p256()),
            ("P-384", Self::ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING)),
            (
                "Ed25519",
                Self::Ed25519(Ed25519KeyPair::generate().unwrap()),
            ),
            ("RSA", Self::rsa(&RSA_PKCS1_SHA256)),
            ("RSA-PSS", Self::rsa(&RSA_PSS_SHA256)),
        ]
    }

    fn ecdsa(kind: &'static EcdsaSigningAlgorithm) -> Self {
        Self::Ecdsa(EcdsaKeyPair::generate(kind).unwrap())
    }

    fn rsa(scheme: &'static dyn RsaEncoding) -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), scheme)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair, scheme) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*scheme, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// Its public key, in PEM.
    pub(crate) fn pem(&self) -> String {
        use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
        let der: PublicKeyX509Der<'_> = match self {
            Self::Ecdsa(pair) => pair.public_key().as_der().unwrap(),
            Self::Ed25519(pair) => pair.public_key().as_der().unwrap(),
            Self::Rsa(pair, _) => pair.public_key().as_der().unwrap(),
        };
        let base64 = STANDARD.encode(der.as_ref());
        format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n")
    }

    pub(crate) fn key(&self) -> Key {
        Key::from_pem(&self.pem()).unwrap().remove(0)
    }

    /// Whoever holds it, the log not asked for.
    pub(crate) fn signer(&self) -> Signer {
        self.signer_with(Tlog::Ignore)
    }

    pub(crate) fn signer_with(&self, tlog: Tlog) -> Signer {
        Signer::Key(KeySigner {
            keys: vec![self.key()],
            tlog,
            root: None,
        })
    }

    /// A bundle as cosign 3 writes it.
    pub(crate) fn bundle(&self, statement: &Value) -> Value {
        let payload = statement.to_string();
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": self.key().hint()}},
            "dsseEnvelope": self.envelope(&payload),
        })
    }

    pub(crate) fn envelope(&self, payload: &str) -> Value {
        let pae = format!(
            "DSSEv1 {} {IN_TOTO} {} {payload}",
            IN_TOTO.len(),
            payload.len()
        );
        json!({
            "payloadType": IN_TOTO,
            "payload": STANDARD.encode(payload),
            "signatures": [{"sig": STANDARD.encode(self.sign(pae.as_bytes()))}],
        })
    }

    /// A signature in cosign's first form: payload and annotations.
    pub(crate) fn simple(&self, subject: &Digest) -> (Bytes, BTreeMap<String, String>) {
        let payload = json!({
            "critical": {
                "identity": {"docker-reference": "registry.example/app"},
                "image": {"docker-manifest-digest": subject},
                "type": "cosign container image signature",
            },
            "optional": {"env": "prod"},
        });
        let payload = Bytes::from(payload.to_string());
        let signature = STANDARD.encode(self.sign(&payload));
        let name = "dev.cosignproject.cosign/signature".to_owned();
        (payload, BTreeMap::from([(name, signature)]))
    }

    /// All forms of a signature of `subject`.
    pub(crate) fn signatures(&self, subject: &Digest) -> Vec<(&'static str, Evidence)> {
        let (payload, annotations) = self.simple(subject);
        let bundle = self.bundle(&signature_of(subject));
        vec![
            ("simple", Evidence::simple(*subject, payload, &annotations)),
            (
                "bundle",
                Evidence::bundle(*subject, bundle.to_string().as_bytes()),
            ),
        ]
    }
}

/// The statement that is a signature.
pub(crate) fn signature_of(subject: &Digest) -> Value {
    let mut statement = statement(subject, SIGN, &json!({}));
    statement["subject"][0]["annotations"] = json!({"env": "prod"});
    statement
}

pub(crate) fn statement(subject: &Digest, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {subject.algorithm().as_str(): subject.hex()}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

/// An artifact to speak of.
pub(crate) fn subject() -> Digest {
    Digest::sha256(b"an image")
}
