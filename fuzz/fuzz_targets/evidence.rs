//! No bundle, envelope, annotation or signature file makes its reader or the judge panic, or is accepted by a key that has
//! signed nothing.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use transship_oci::Digest;
use transship_trust::{Demand, Evidence, Judge, Key, KeySigner, Outcome, Signer, Tlog};

/// A key whose private half was thrown away.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEl7lwhEGFu6THme9TjFVEzlNhQOor
puqCwhCGBgiJ2CK1S8dIc4XepqwaijNR+ImiW4DlDmbKQLmBd5mbJxSUrg==
-----END PUBLIC KEY-----";

fuzz_target!(|input: (&str, &str, &str, &[u8])| {
    let (signature, certificate, log, bytes) = input;
    let subject = Digest::sha256(b"an image");
    let annotations = BTreeMap::from(
        [
            ("dev.cosignproject.cosign/signature", signature),
            ("dev.sigstore.cosign/certificate", certificate),
            ("dev.sigstore.cosign/bundle", log),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let file = [b"\0sigstore-json\n", bytes].concat();
    let evidence = [
        Some(Evidence::bundle(subject, bytes)),
        Some(Evidence::envelope(subject, bytes, &annotations)),
        Some(Evidence::simple(
            subject,
            bytes.to_vec().into(),
            &annotations,
        )),
        Evidence::local(subject, &file),
    ];
    let judge = Judge::new(jiff::Timestamp::UNIX_EPOCH);
    let signer = Signer::Key(KeySigner {
        keys: Key::from_pem(KEY).unwrap_or_default(),
        tlog: Tlog::Ignore,
        root: None,
    });
    for evidence in evidence.iter().flatten() {
        let finding = judge.judge(evidence, &signer, &Demand::signature());
        assert_ne!(finding.outcome, Outcome::Accepted);
    }
});
