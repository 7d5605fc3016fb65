//! A time stamper (RFC 3161): what it says of a signature, as CMS (RFC 5652).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{
    CertificateParams, CustomExtension, KeyPair, KeyUsagePurpose, SigningKey as _, date_time_ymd,
};
use serde_json::{Value, json};
use transship_oci::Digest;

use super::{
    authority::{self, Issuer},
    der::{element, nth, of, to_be_signed},
};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const OID: u8 = 6;
const TIME: u8 = 0x18;
const FIRST: u8 = 0xa0;

/// Object identifiers, encoded: `id-signedData`, `id-ct-TSTInfo`, SHA-256, ECDSA with SHA-256, the attributes, a policy.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 4];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const CERTIFICATE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 2, 0x2f];
const POLICY: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 2];
const STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

/// A stamper with a certificate by a root of its own.
pub(super) struct Stamper {
    root: Issuer,
    key: KeyPair,
    certificate: Vec<u8>,
}

impl Stamper {
    pub(super) fn new() -> Self {
        let (root, key) = (authority::root(), KeyPair::generate().expect("a key"));
        let mut params = CertificateParams::default();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date_time_ymd(2025, 1, 1);
        params.not_after = date_time_ymd(2045, 1, 1);
        params.use_authority_key_identifier_extension = true;
        // For nothing else, and critical (RFC 3161, section 2.3).
        let usage = of(SEQUENCE, [&element(OID, STAMPING)]);
        let mut usage = CustomExtension::from_oid_content(&[2, 5, 29, 37], usage);
        usage.set_criticality(true);
        params.custom_extensions.push(usage);
        let certificate = params.signed_by(&key, &root).expect("a certificate");
        Self {
            certificate: certificate.der().to_vec(),
            root,
            key,
        }
    }

    /// How a trust root names it.
    pub(super) fn trusted(&self, since: &str) -> Value {
        let certificates = [&self.certificate[..], self.root.der()]
            .map(|der| json!({"rawBytes": BASE64_STANDARD.encode(der)}));
        json!({
            "subject": {"organization": "forge.example", "commonName": "stamper"},
            "uri": "https://time.forge.example",
            "certChain": {"certificates": certificates},
            "validFor": {"start": since},
        })
    }

    /// That the signature was there at a time, written as `20260115000005Z`.
    pub(super) fn stamp(&self, signature: &[u8], time: &str) -> Vec<u8> {
        let sha256 = of(SEQUENCE, [&element(OID, SHA256)]);
        let imprint = element(OCTETS, Digest::sha256(signature).raw());
        let said = of(
            SEQUENCE,
            [
                &element(INTEGER, &[1]),
                &element(OID, POLICY),
                &of(SEQUENCE, [&sha256, &imprint]),
                &element(INTEGER, &[7]),
                &element(TIME, time.as_bytes()),
            ],
        );
        let by = self.signed(&said, &sha256);
        let content = of(FIRST, [&element(OCTETS, &said)]);
        let signed = of(
            SEQUENCE,
            [
                &element(INTEGER, &[3]),
                &of(SET, [&sha256]),
                &of(SEQUENCE, [&element(OID, TST_INFO), &content]),
                &element(FIRST, &self.certificate),
                &of(SET, [&by]),
            ],
        );
        let token = of(
            SEQUENCE,
            [&element(OID, SIGNED_DATA), &of(FIRST, [&signed])],
        );
        let granted = of(SEQUENCE, [&element(INTEGER, &[0])]);
        of(SEQUENCE, [&granted, &token])
    }

    /// `SignerInfo`: which certificate, and the signature over what it attests.
    fn signed(&self, said: &[u8], sha256: &[u8]) -> Vec<u8> {
        let attribute =
            |name: &[u8], value: &[u8]| of(SEQUENCE, [&element(OID, name), &of(SET, [value])]);
        let this = element(OCTETS, Digest::sha256(&self.certificate).raw());
        let this = of(SEQUENCE, [&of(SEQUENCE, [&of(SEQUENCE, [&this])])]);
        let mut attributes = [
            attribute(CONTENT_TYPE, &element(OID, TST_INFO)),
            attribute(MESSAGE_DIGEST, &element(OCTETS, Digest::sha256(said).raw())),
            attribute(CERTIFICATE, &this),
        ];
        // The order of a SET OF in DER.
        attributes.sort();
        let attributes = attributes.concat();
        let signature = self.key.sign(&element(SET, &attributes));
        let body = to_be_signed(&self.certificate);
        let (serial, issuer) = (nth(body, 1), nth(body, 3));
        of(
            SEQUENCE,
            [
                &element(INTEGER, &[1]),
                &of(SEQUENCE, [issuer, serial]),
                sha256,
                &element(FIRST, &attributes),
                &of(SEQUENCE, [&element(OID, ECDSA)]),
                &element(OCTETS, &signature.expect("a signature")),
            ],
        )
    }
}

impl std::fmt::Debug for Stamper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamper")
    }
}
