//! The certificate authority: a root, an intermediate, and short-lived certificates for whoever says who he is.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
    SerialNumber, date_time_ymd,
};
use serde_json::{Value, json};

use super::{der, sct};

/// What Fulcio's own extensions start with.
const FULCIO: [u64; 8] = [1, 3, 6, 1, 4, 1, 57264, 1];

/// Somebody who issues certificates, with a certificate.
pub(super) type Issuer = CertifiedIssuer<'static, KeyPair>;

/// An authority.
pub(super) struct Authority {
    root: Issuer,
    between: Issuer,
}

/// A root of its own.
pub(super) fn root() -> Issuer {
    let key = KeyPair::generate().expect("a key");
    Issuer::self_signed(authority("root"), key).expect("a root certificate")
}

/// What a certificate is to say.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Further extensions of Fulcio's, by their last number.
    pub(super) claims: Vec<(u64, String)>,
    /// Until 2045, instead of for ten minutes.
    pub(super) lasting: bool,
}

impl Authority {
    pub(super) fn new() -> Self {
        let (root, key) = (root(), KeyPair::generate().expect("a key"));
        let between = Issuer::signed_by(authority("between"), key, &root)
            .expect("an intermediate certificate");
        Self { root, between }
    }

    /// Root and intermediate in DER, the intermediate first.
    pub(super) fn chain(&self) -> [Vec<u8>; 2] {
        [&self.between, &self.root].map(|issuer| issuer.der().to_vec())
    }

    /// How a trust root names it.
    pub(super) fn trusted(&self, since: &str) -> Value {
        let certificates = self
            .chain()
            .map(|der| json!({"rawBytes": BASE64_STANDARD.encode(der)}));
        json!({
            "subject": {"organization": "forge.example", "commonName": "root"},
            "uri": "https://fulcio.forge.example",
            "certChain": {"certificates": certificates},
            "validFor": {"start": since},
        })
    }

    /// A certificate in DER, valid for ten minutes from the start of 15 January 2026 on.
    /// `stamp` gives the certificate log's word on a certificate, its issuer's key and the time in milliseconds.
    pub(super) fn certify(
        &self,
        key: &KeyPair,
        request: &Request,
        stamp: impl FnOnce(&[u8], &[u8], u64) -> Option<Vec<u8>>,
    ) -> Vec<u8> {
        let mut params = leaf(request);
        let issue = |params: &CertificateParams| {
            let issued = params.signed_by(key, &self.between);
            issued.expect("a certificate").der().to_vec()
        };
        let bare = issue(&params);
        let seconds = u64::try_from(params.not_before.unix_timestamp()).expect("after 1970");
        let issuer_key = self.between.key().subject_public_key_info();
        let Some(stamp) = stamp(der::to_be_signed(&bare), &issuer_key, seconds * 1000) else {
            return bare;
        };
        let stamp = CustomExtension::from_oid_content(&sct::EXTENSION, stamp);
        params.custom_extensions.push(stamp);
        issue(&params)
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut who = DistinguishedName::new();
    who.push(DnType::OrganizationName, "forge.example");
    who.push(DnType::CommonName, name);
    params.distinguished_name = who;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2045, 1, 1);
    params
}

fn leaf(request: &Request) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    // The same with and without its stamp: a stamp is for all of the certificate but itself.
    params.serial_number = Some(SerialNumber::from(20_260_115));
    params.not_before = date_time_ymd(2026, 1, 15);
    params.not_after = if request.lasting {
        date_time_ymd(2045, 1, 1)
    } else {
        params.not_before + std::time::Duration::from_mins(10)
    };
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    let name = request.subject.as_str().try_into().expect("plain letters");
    params.subject_alt_names = vec![if request.subject.contains("://") {
        SanType::URI(name)
    } else {
        SanType::Rfc822Name(name)
    }];
    let issuer = [(1, &request.issuer), (8, &request.issuer)];
    let claims = request
        .claims
        .iter()
        .map(|(number, value)| (*number, value));
    params.custom_extensions = issuer
        .into_iter()
        .chain(claims)
        .map(|(number, value)| claim(number, value))
        .collect();
    params
}

/// The first seven are bare text, those that came later are of type `UTF8String`.
fn claim(number: u64, value: &str) -> CustomExtension {
    let content = if number < 8 {
        value.as_bytes().to_vec()
    } else {
        der::element(12, value.as_bytes())
    };
    let oid = [&FULCIO[..], &[number]].concat();
    CustomExtension::from_oid_content(&oid, content)
}
