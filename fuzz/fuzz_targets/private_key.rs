//! No text makes the readers of private keys and of records panic, or takes more memory than they may.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use transship_trust::{
    Judge, KeySigner, Signer, Tlog, sign::PrivateKey, statement::RunRecord,
};

fuzz_target!(|text: &str| {
    let _ = PrivateKey::from_pem(text, Some(&SecretString::from("")));
    let signer = Signer::Key(KeySigner {
        keys: Vec::new(),
        tlog: Tlog::Ignore,
        root: None,
    });
    let judge = Judge::new(jiff::Timestamp::UNIX_EPOCH);
    let (_, record) = RunRecord::verify(text.as_bytes(), &signer, &judge).expect("nothing is accepted");
    assert!(record.is_none());
});
