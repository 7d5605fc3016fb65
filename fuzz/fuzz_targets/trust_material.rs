//! No text makes the readers of keys, authorities and trust roots panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use transship_trust::{Authorities, Key, TrustRoot};

fuzz_target!(|text: &str| {
    if let Ok(keys) = Key::from_pem(text) {
        assert!(!keys.is_empty());
    }
    if let Ok(authorities) = Authorities::from_pem(text, Some(text)) {
        assert!(!authorities.roots().is_empty());
    }
    let _ = Key::from_spki(text.as_bytes());
    let _ = TrustRoot::from_json(text.as_bytes());
});
